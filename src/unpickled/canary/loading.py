"""Real loads, in a child, of files that were proved harmless first."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unpickled import here
from unpickled.canary.proving import LARGEST, Loader, proved
from unpickled.errors import CourseError
from unpickled.sandbox import Limits, run_python
from unpickled.weights import reading_problem

__all__ = ["Job", "Loaded", "load_each", "load_in_child"]

# torch maps 0.7 GB and starts threads; what a file may do was settled before.
_LIMITS = {"memory": 3 << 30, "processes": 64}
_SCRIPT = Path(__file__).with_name("load_one.txt")
_LINES, _LINE = 12, 300  # of what a loader found


@dataclass(frozen=True, slots=True)
class Job:
    """One load.

    Attributes:
        path: the file.
        home: the temporary folder in which marker folders may appear.
        allowed: what is given to the loader's one argument, `weights_only` or `allow_pickle`.
    """

    path: Path
    home: Path
    allowed: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """What happened.

    Attributes:
        loaded: whether the loader came back with an object.
        made: whether a marker folder appeared.
        error: the class of the exception that ended the load; empty if there was none.
        message: its text, in one line.
        isolation: where the child was.
        found: what the loader handed over, in a few lines: names and types, texts as they stand in the file.
        tool: which loader it was, with its version: "torch 2.13.0".
    """

    loaded: bool
    made: bool
    error: str
    message: str
    isolation: str
    found: tuple[str, ...] = ()
    tool: str = ""

    @property
    def recorded(self) -> bool:
        """Whether nothing was loaded here: what is told was recorded on a machine (`here`)."""
        return self.isolation.startswith(here.RECORDED)


def load_in_child(  # noqa: PLR0913 - each is named at the call
    path: str | os.PathLike[str],
    *,
    home: Path,
    loader: Loader = "pickle",
    weights_only: bool = True,
    allow_pickle: bool = False,
    seconds: int = 60,
) -> Loaded:
    """Load a file in a child, if all that it would do is make a folder in `home`.

    Args:
        path: the file.
        home: the temporary folder in which marker folders may appear.
        loader: whose `load` is called; "keras" reads a model's architecture as Keras would and brings no layer to
            life.
        weights_only: the argument of `torch.load`.
        allow_pickle: the argument of `numpy.load`.
        seconds: how long the child may take.

    Raises:
        CourseError: the file would do anything else or cannot be read to its end; nothing was loaded.
    """
    allowed = {"torch": weights_only, "numpy": allow_pickle}.get(loader, False)
    (found,) = load_each([Job(Path(path), home, allowed)], loader=loader, seconds=seconds)
    return found


def load_each(jobs: Sequence[Job], *, loader: Loader, seconds: int = 60) -> list[Loaded]:
    """Load several files by one loader, in one child: PyTorch alone takes seconds to start.

    Args:
        jobs: what to load; the folders that their files would make must not be the same.
        loader: whose `load` is called.
        seconds: how long the child may take, for all of them.

    Raises:
        CourseError: one of the files would do anything but make a folder in its own home; nothing was loaded.
    """
    with tempfile.TemporaryDirectory(prefix="unpickled-load-") as folder:
        copies, markers, writable = [], [], set()
        for number, job in enumerate(jobs):
            home, data = job.home.resolve(), _read(job.path)
            # What was examined is what is loaded: a copy that nobody else writes to.
            copy = Path(folder).resolve() / str(number) / job.path.name
            copy.parent.mkdir()
            copy.write_bytes(data)
            copies.append(copy)
            markers.append(proved(data, copy, loader, home))
            # `home` by the names that the file has for it, too
            writable |= {home, *(marker.parent for marker in markers[-1])}
        if len({marker for each in markers for marker in each}) < sum(map(len, markers)):
            problem = "two of the files would make the same folder"
            raise CourseError(jobs[0].path.name, problem, "Give each a home of its own.")
        before = {marker for each in markers for marker in each if marker.exists()}
        options = ["yes" if job.allowed else "no" for job in jobs]
        ran = run_python(
            _SCRIPT,
            [
                loader,
                *(word for pair in zip(copies, options, strict=True) for word in map(str, pair)),
            ],
            limits=Limits(seconds=seconds, **_LIMITS),
            readable=copies,
            writable=[*writable],
            without_wall="proved harmless",  # the one way in which files are loaded without bubblewrap too
        )
    made = [any(one.is_dir() for one in each if one not in before) for each in markers]
    lines = [line for line in ran.text.splitlines() if line.startswith("{")]
    return [
        _told(lines[at] if at < len(lines) else "", ran.code, made=one, isolation=ran.isolation)
        for at, one in enumerate(made)
    ]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise reading_problem(str(path), error) from error
    if len(data) > LARGEST:
        raise CourseError(path.name, f"it is larger than {LARGEST >> 20} MB", "Load a smaller one.")
    return data


def _told(line: str, code: int | None, *, made: bool, isolation: str) -> Loaded:
    try:
        told = json.loads(line)
        found = tuple(_text(line) for line in told["found"][:_LINES])
        words = (_text(told["error"]), _text(told["message"]))
        return Loaded(told["loaded"] is True, made, *words, isolation, found, _text(told["tool"]))
    except (ValueError, KeyError, TypeError):
        if code is None:
            return Loaded(False, made, "TimeoutError", "the child took too long", isolation)
        return Loaded(False, made, "ChildProcessError", f"the child ended with {code}", isolation)


def _text(value: Any) -> str:
    """Return a text of the child's, cut: what it prints is not ours."""
    if not isinstance(value, str):
        raise TypeError(value)
    return value if len(value) <= 2 * _LINE else f"{value[: 2 * _LINE]}…"
