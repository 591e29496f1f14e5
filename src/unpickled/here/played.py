"""A child that is none: a program played by this page's own Python, its output, folder and environment kept apart.

A browser has no processes. The wall around what is played is the browser's own, the one around every page. Nothing
holds its time, and a module that it imports stays imported.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from types import CodeType
from typing import Any

__all__ = ["Played", "play"]


@dataclass(frozen=True, slots=True)
class Played:
    """How it ended.

    Attributes:
        code: the exit code that a process would have had.
        out: what it wrote to stdout.
        err: what it wrote to stderr, a traceback included.
        missed: top-level modules that it looked for and that are not there.
    """

    code: int
    out: str
    err: str
    missed: frozenset[str]


class _Missed(MetaPathFinder):
    """Stands last on the way of every import and notes the names that nobody had."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:  # noqa: ARG002 - as Python asks
        """Note a name, and find nothing."""
        self.names.add(name.partition(".")[0])


def play(  # noqa: PLR0913 - each is named at the call
    source: str,
    arguments: Sequence[str] = (),
    *,
    name: str = "-c",
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
) -> Played:
    """Run a program's text as `python NAME ARGUMENTS` would.

    Args:
        source: its text.
        arguments: what stands behind its name in `sys.argv`.
        name: its file; "-c" for none.
        stdin: what it reads.
        env: its whole environment; this one's when None.
        cwd: its folder; this one's when None.
    """
    out, err = io.StringIO(), io.StringIO()
    with _apart(out, err, [name, *map(str, arguments)], stdin, env, cwd) as missed:
        code = _code(source, name, err)
    return Played(code, out.getvalue(), err.getvalue(), frozenset(missed.names))


def _code(source: str, name: str, err: io.StringIO) -> int:
    try:
        compiled: CodeType = compile(source, name, "exec")
        exec(compiled, {"__name__": "__main__", "__file__": name})  # noqa: S102 - that is what playing is
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        err.write(f"{ended.code}\n")
        return 1
    except BaseException:  # noqa: BLE001 - a process would have died of it alone
        err.write(traceback.format_exc())
        return 1
    return 0


@contextlib.contextmanager
def _apart(  # noqa: PLR0913, PLR0917
    out: io.StringIO,
    err: io.StringIO,
    argv: list[str],
    stdin: bytes,
    env: Mapping[str, str] | None,
    cwd: str | os.PathLike[str] | None,
) -> Iterator[_Missed]:
    missed = _Missed()
    before = sys.argv, sys.stdin, dict(os.environ), os.getcwd(), logging.root.handlers[:]  # noqa: PTH109
    sys.argv, sys.stdin = argv, io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    logging.root.handlers[
        :
    ] = []  # a handler that it hangs up would write to an output that is gone
    sys.meta_path.append(missed)
    try:
        if env is not None:
            _environment(env)
        if cwd is not None:
            os.chdir(cwd)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield missed
    finally:
        sys.meta_path.remove(missed)
        sys.argv, sys.stdin = before[0], before[1]
        _environment(before[2])
        os.chdir(before[3])
        logging.root.handlers[:] = before[4]


def _environment(variables: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)
