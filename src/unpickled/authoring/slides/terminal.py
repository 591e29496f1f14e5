"""The terminal picture: picklescan and modelscan really run on a specimen when the slides are built.

Each runs in a temporary folder as a child process, from its own console script. What it prints is kept word for word,
but for the folder's name, empty lines, emoji (no font is there for them), and boilerplate, for which an ellipsis
stands. What a scanner printed may be kept in a folder, under a key of the specimen's bytes and the scanner's version:
the same run need not be made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from unpickled.errors import ContentError, SetupError, SpecimenError
from unpickled.specimens import write

__all__ = ["COLUMNS", "CUT", "Session", "alarming", "run", "wrapped"]

COLUMNS = 48
CUT = "\N{HORIZONTAL ELLIPSIS}"
TOOLS = ("picklescan", "modelscan")
BOILERPLATE = re.compile(
    r"No settings file detected|Scanning \S+ using|--- |Total Issues By Severity|\s+- [A-Z]+: 0$|Total skipped:"
)
ALARM = re.compile(
    r"FOUND|[Dd]angerous (?:import|globals: [1-9])|Infected files: [1-9]|CRITICAL|Unsafe|unsafe"
)
EMOJI = re.compile("[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]")
SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One command, what it printed, and how it ended."""

    tool: str
    version: str
    command: str
    lines: tuple[str, ...]
    exit_code: int

    @property
    def words(self) -> str:
        """The picture in words: all that was kept of the output."""
        said = " / ".join(line.strip() for line in self.lines if line != CUT)
        return f"Terminal: {self.command} prints: {said}. Exit code {self.exit_code}."


def run(name: str, place: str, *, cache: Path | None = None) -> tuple[Session, ...]:
    """Run both scanners on a specimen, side by side.

    Args:
        name: the specimen's id.
        place: file and line to name in an error.
        cache: a folder that keeps what they printed; None to run them in any case.

    Raises:
        ContentError: there is no such specimen.
        SetupError: a scanner is not installed beside this Python, or does not end.
    """
    with tempfile.TemporaryDirectory(prefix="unpickled-slides-") as folder:
        try:
            file = write(name, folder)
        except SpecimenError as error:
            raise ContentError(place, f'there is no specimen "{name}"', error.remedy) from error
        with ThreadPoolExecutor(len(TOOLS)) as pool:
            return tuple(pool.map(lambda tool: _session(tool, file, cache), TOOLS))


def wrapped(line: str, columns: int = COLUMNS) -> list[str]:
    """Break a line at words, what follows indented as it is; a longer word is cut."""
    indent = line[: len(line) - len(line.lstrip())]
    broken = textwrap.wrap(
        line, columns, subsequent_indent=f"{indent}  ", drop_whitespace=True, break_on_hyphens=False
    )
    return broken or [""]


def alarming(line: str) -> bool:
    """Tell whether a line says that something was found."""
    return ALARM.search(line) is not None


def _session(tool: str, file: Path, cache: Path | None) -> Session:
    number = _version(tool)
    data = file.read_bytes() if file.is_file() else b""
    key = hashlib.sha256(f"{tool} {number} {file.name} ".encode() + data).hexdigest()[:24]
    kept = cache / f"{tool}-{key}.json" if cache else None
    known = _recall(kept)
    if known is None:
        known = _printed(tool, file)
        _keep(kept, known)
    lines = tuple(_kept(known[0], cut=tool == "modelscan"))
    command = f"{tool} -p {file.name}"
    return Session(tool=tool, version=number, command=command, lines=lines, exit_code=known[1])


def _version(tool: str) -> str:
    try:
        return version(tool)
    except PackageNotFoundError as error:
        raise SetupError(tool, "it is not installed", "Run: tools/setup.sh dev") from error


def _printed(tool: str, file: Path) -> tuple[str, int]:
    """Run one scanner; return what it printed, without the folder's name, and its exit code."""
    script = Path(sys.executable).with_name(tool)
    try:
        done = subprocess.run(
            [str(script), "-p", file.name],
            cwd=file.parent,
            env=os.environ | {"NO_COLOR": "1", "COLUMNS": "400", "PYTHONUTF8": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise SetupError(tool, "it is not installed", "Run: tools/setup.sh dev") from error
    except subprocess.TimeoutExpired as error:
        raise SetupError(tool, f"it did not end within {SECONDS} s", "Try again.") from error
    printed = done.stdout + done.stderr
    for folder in (file.parent.resolve(), file.parent):
        printed = printed.replace(f"{folder}{os.sep}", "")
    return printed, done.returncode


def _recall(kept: Path | None) -> tuple[str, int] | None:
    """Return what was printed before; None where nothing is kept, or nothing that can be read."""
    try:
        found = json.loads(kept.read_text(encoding="utf-8")) if kept else None
        return (str(found["printed"]), int(found["exit_code"])) if found else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(kept: Path | None, known: tuple[str, int]) -> None:
    """Keep what was printed; a folder that cannot be written only costs the next build a second."""
    if kept is None:
        return
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps({"printed": known[0], "exit_code": known[1]}), encoding="utf-8")
        draft.replace(kept)


def _kept(printed: str, *, cut: bool) -> Iterator[str]:
    """Yield the lines to show; one ellipsis for each stretch that is cut out."""
    cutting = False
    for line in printed.splitlines():
        if not line.strip():
            continue
        if cut and BOILERPLATE.match(line):
            cutting = True
            continue
        if cutting:
            yield CUT
        cutting = False
        yield EMOJI.sub("", line).rstrip()
    if cutting:
        yield CUT
