"""The terminal picture: picklescan and modelscan really run on a specimen when the slides are built.

Each runs in a temporary folder as a child process, from its own console script. What it prints is kept word for word,
but for the folder's name, empty lines, and boilerplate, for which an ellipsis stands.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from unpickled.errors import ContentError, SetupError, SpecimenError
from unpickled.specimens import write

__all__ = ["COLUMNS", "CUT", "Session", "alarming", "run", "wrapped"]

COLUMNS = 48
CUT = "⋯"
TOOLS = ("picklescan", "modelscan")
BOILERPLATE = re.compile(
    r"No settings file detected|Scanning \S+ using|--- |Total Issues By Severity|\s+- [A-Z]+: 0$|Total skipped:"
)
ALARM = re.compile(r"FOUND|[Dd]angerous (?:import|globals: [1-9])|Infected files: [1-9]|CRITICAL|Unsafe|unsafe")
SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One command, what it printed, and how it ended."""

    tool: str
    command: str
    lines: tuple[str, ...]
    exit_code: int

    @property
    def words(self) -> str:
        """The picture in words: all that was kept of the output."""
        said = " / ".join(line.strip() for line in self.lines if line != CUT)
        return f"Terminal: {self.command} prints: {said}. Exit code {self.exit_code}."


@cache
def run(name: str, place: str) -> tuple[Session, ...]:
    """Run both scanners on a specimen, side by side.

    Args:
        name: the specimen's id.
        place: file and line to name in an error.

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
            return tuple(pool.map(lambda tool: _session(tool, file), TOOLS))


def wrapped(line: str, columns: int = COLUMNS) -> list[str]:
    """Break a line as a terminal of that many columns does."""
    return [line[start : start + columns] for start in range(0, len(line), columns)] or [""]


def alarming(line: str) -> bool:
    """Tell whether a line says that something was found."""
    return ALARM.search(line) is not None


def _session(tool: str, file: Path) -> Session:
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
    lines = tuple(_kept(printed, cut=tool == "modelscan"))
    return Session(tool=tool, command=f"{tool} -p {file.name}", lines=lines, exit_code=done.returncode)


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
        yield line.rstrip()
    if cutting:
        yield CUT
