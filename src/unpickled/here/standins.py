"""What stands in for processes in a browser: `subprocess.run` for the few programs that the course's cells start.

A Python program given as `-c TEXT` is played, the scanner that is there is called, and what can be neither has its
recorded run, or is refused in a sentence. `stand_in` puts them in their places once; on a machine it does nothing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import PurePath
from typing import Any

from unpickled.here.place import in_browser, on_a_machine
from unpickled.here.played import Played, play
from unpickled.here.runs import key, remembered
from unpickled.here.telling import tell_recorded

__all__ = ["run", "stand_in", "which"]

_COMMANDS = ("picklescan", "modelscan", "unpickled")
_PLAYED = ("picklescan",)
_CALL = "import sys\nfrom importlib.metadata import entry_points\n" + (
    'found = entry_points(group="console_scripts", name=sys.argv[0])\nsys.exit(next(iter(found)).load()())'
)


def stand_in() -> None:
    """Let the course's cells start their programs as on a machine; does nothing outside of a browser."""
    if in_browser() and subprocess.run is not run:
        subprocess.run = run  # type: ignore[assignment]
        shutil.which = which(shutil.which)


def which(ask: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `shutil.which` that also knows the commands that stand in; `ask` is asked first."""

    def found(cmd: str, *rest: Any, **options: Any) -> Any:
        return ask(cmd, *rest, **options) or (cmd if cmd in _COMMANDS else None)

    return found


def run(  # noqa: PLR0913 - as subprocess.run, of which it takes what the cells use
    args: Sequence[Any],
    *,
    input: str | bytes | None = None,  # noqa: A002
    env: Any = None,
    cwd: Any = None,
    text: bool = False,
    check: bool = False,
    capture_output: bool = False,
    timeout: float | None = None,  # noqa: ARG001 - a page has one thread: nothing could end it
) -> subprocess.CompletedProcess[Any]:
    """Do what `subprocess.run` would, for a program that can be played or was recorded.

    Raises:
        NotHereError: it is neither.
        CalledProcessError: it failed, and `check` is set.
    """
    words = [str(word) for word in args]
    given = input.encode() if isinstance(input, str) else input or b""
    ended = _ended(words, given, env, cwd)
    if not capture_output:
        sys.stdout.write(ended.out)
        sys.stderr.write(ended.err)
    told = (ended.out, ended.err) if text else (ended.out.encode(), ended.err.encode())
    shown: tuple[Any, Any] = told if capture_output else (None, None)
    if check and ended.code:
        raise subprocess.CalledProcessError(ended.code, words, *shown)
    return subprocess.CompletedProcess(words, ended.code, *shown)


def _ended(words: list[str], stdin: bytes, env: Any, cwd: Any) -> Played:
    """Play it; where something is missing in the page, say what came of it elsewhere."""
    played = _played(words, stdin, env, cwd)
    if played and not (played.code and played.missed):
        return played
    found = remembered(key(plain_words(words), stdin=stdin, cwd=cwd))
    if found is None:
        raise on_a_machine(_name(words, played))
    tell_recorded(_name(words, played))
    found.leave()
    return Played(found.code, found.out, found.err, frozenset())


def plain_words(words: Sequence[str]) -> list[str]:
    """Return the words of a command without the place of its program, which differs from machine to machine."""
    first = "python" if words[0] == sys.executable else PurePath(words[0]).name
    return [first, *words[1:]]


def _played(words: list[str], stdin: bytes, env: Any, cwd: Any) -> Played | None:
    if words[0] == sys.executable and words[1:2] == ["-c"]:
        return play(words[2], words[3:], stdin=stdin, env=env, cwd=cwd)
    if words[0] in _PLAYED and _there(words[0]):
        return play(_CALL, words[1:], name=words[0], stdin=stdin, env=env, cwd=cwd)
    return None


def _there(command: str) -> bool:
    try:
        metadata.version(command)
    except metadata.PackageNotFoundError:
        return False
    return True


def _name(words: Sequence[str], played: Played | None) -> str:
    missed = sorted(played.missed) if played else []
    return missed[0] if missed else PurePath(words[0]).name or "another program"
