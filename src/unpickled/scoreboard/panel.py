"""The scanners of the board: how each is found, asked, and what its column is called."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path

from unpickled import sandbox
from unpickled.errors import ScanError
from unpickled.restricted import weights_only
from unpickled.sandbox import Excuse
from unpickled.scanners import scan
from unpickled.scanners.workshop import Workshop
from unpickled.scoreboard import readers
from unpickled.scoreboard.commands import Ended, Script, find, run_script
from unpickled.scoreboard.results import Column, Opinion
from unpickled.specimens import default_marker, write

__all__ = ["OPTIONAL", "SCANNERS", "Setting", "Task", "columns", "tasks"]

_WORDS = Path(__file__).with_name("words.toml")
SCANNERS = ("picklescan", "modelscan", "weights_only", "fickling", "modelaudit")
OPTIONAL = frozenset({"fickling", "modelaudit"})  # not part of what a learner installs
_BEHIND_A_WALL = frozenset({"weights_only", "fickling", "modelaudit"})
_CHUNK = {"picklescan": 42, "modelscan": 21, "fickling": 42, "modelaudit": 41}  # files a child
_WALL = "apt install bubblewrap, or accept the risk: --unsafe-no-sandbox"
_SECONDS = 60  # for one command on one file
# Its telemetry is off three times: by its own two variables, and because behind the wall there is no network.
_QUIET = {"PROMPTFOO_DISABLE_TELEMETRY": "1", "NO_ANALYTICS": "1"}
_COMMANDS = {
    "picklescan": ("-p", "{file}"),
    "modelscan": ("-p", "{file}", "-r", "json", "-o", "{answer}"),
    "fickling": ("--check-safety", "--json-output", "{answer}", "{file}"),
    "modelaudit": (
        "scan",
        "--format",
        "json",
        "--no-cache",
        "--quiet",
        "--output",
        "{answer}",
        "{file}",
    ),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a run takes place: the folder of the specimens, and whether the user does without the wall."""

    folder: Path
    unsafe_no_sandbox: bool = False

    @property
    def excuse(self) -> Excuse:
        """The reason that `sandbox.run` is given."""
        return "the user said so" if self.unsafe_no_sandbox else "none"


@dataclass(frozen=True, slots=True)
class Task:
    """Some files for one scanner, asked together; `run` yields their opinions in order, as they come."""

    column: str
    paths: tuple[Path, ...]
    run: Callable[[], Iterator[Opinion]]


@cache
def _titles() -> dict[str, Column]:
    with _WORDS.open("rb") as file:
        return {entry["id"]: Column(**entry) for entry in tomllib.load(file)["column"]}


def columns(names: Sequence[str] = (), *, unsafe_no_sandbox: bool = False) -> tuple[Column, ...]:
    """Describe the scanners, in the board's order: what is there has a version, and the rest says what it lacks.

    Args:
        names: which; all of `SCANNERS` by default.
        unsafe_no_sandbox: whether they may run where there is no bubblewrap.

    Raises:
        ScanError: a name is unknown.
    """
    unknown = [name for name in names if name not in SCANNERS]
    if unknown:
        raise ScanError(
            unknown[0], "there is no such scanner", f"Choose from: {', '.join(SCANNERS)}."
        )
    wall = "" if unsafe_no_sandbox else sandbox.problem()
    return tuple(_column(name, wall) for name in SCANNERS if not names or name in names)


def _column(name: str, no_wall: str) -> Column:
    column = _titles()[name]
    version = _version(name)
    if not version:
        return replace(column, absent="not installed", remedy=f"pip install {name}")
    if no_wall and name in _BEHIND_A_WALL:
        return replace(column, absent="no sandbox", remedy=_WALL)
    return replace(column, version=version)


def _version(name: str) -> str:
    if name in OPTIONAL:
        script = find(name)
        return script.version if script else ""
    try:
        if name == "weights_only":
            return f"torch {metadata.version('torch')}"
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def tasks(column: str, paths: Sequence[Path], setting: Setting) -> Iterator[Task]:
    """Split the files among children of one scanner."""
    size = _CHUNK.get(column, len(paths))
    for at in range(0, len(paths), size):
        some = tuple(paths[at : at + size])
        yield Task(column, some, _runner(column, some, setting))


def _runner(
    column: str, paths: tuple[Path, ...], setting: Setting
) -> Callable[[], Iterator[Opinion]]:
    if column == "weights_only":
        return lambda: _restricted(paths, setting)
    if column in OPTIONAL:
        return lambda: _command(column, paths, setting)
    return lambda: _own(column, paths, setting)


def _own(name: str, paths: tuple[Path, ...], setting: Setting) -> Iterator[Opinion]:
    """Ask one of the course's two scanners for its verdict, and its command for the exit code."""
    # They read these files and load nothing, and each of these files was proved harmless: no wall is needed.
    excuse: Excuse = setting.excuse if setting.unsafe_no_sandbox else "proved harmless"
    script = Script(name, _version(name), sys.executable)
    ended, _ = run_script(
        script, _jobs(name, paths), readable=[setting.folder], without_wall=excuse, seconds=_SECONDS
    )
    workshop = Workshop()
    try:
        for path, end in zip(paths, ended, strict=True):
            yield readers.from_report(scan(path, scanners=(name,), workshop=workshop), end)
    finally:
        workshop.close()


def _restricted(paths: tuple[Path, ...], setting: Setting) -> Iterator[Opinion]:
    found = weights_only(paths, unsafe_no_sandbox=setting.unsafe_no_sandbox)
    yield from map(readers.from_weights_only, found)


def _command(name: str, paths: tuple[Path, ...], setting: Setting) -> Iterator[Opinion]:
    script = find(name)
    if script is None:  # it was there a moment ago
        raise ScanError(name, "it is not installed any more", f"pip install {name}")
    # fickling has all its libraries when it is loaded; modelaudit takes two seconds more for its first file.
    warm = _jobs(name, [_plain_file(setting.folder)])[0] if name == "modelaudit" else []
    ended, _ = run_script(
        script,
        _jobs(name, paths),
        readable=[setting.folder],
        warm=warm,
        variables=_QUIET if name == "modelaudit" else {},
        without_wall=setting.excuse,
        seconds=_SECONDS,
    )
    read = readers.from_fickling if name == "fickling" else readers.from_modelaudit
    for path, end in zip(paths, ended, strict=True):
        yield read(_without_paths(end, path))


def _plain_file(folder: Path) -> Path:
    """Return a specimen of plain data, in a folder of its own."""
    home = folder / "warm"
    home.mkdir(exist_ok=True)
    return write("plain-4", home)


def _without_paths(ended: Ended, path: Path) -> Ended:
    """Take this machine's paths out of what a tool says: the file's, and the folder's that its canary would make."""
    said = ended.answer.replace(str(path), "the file").replace(str(default_marker()), "a folder")
    return replace(ended, answer=said)


def _jobs(name: str, paths: Sequence[Path]) -> list[list[str]]:
    return [[word.replace("{file}", str(path)) for word in _COMMANDS[name]] for path in paths]
