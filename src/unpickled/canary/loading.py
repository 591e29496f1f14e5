"""A real load, in a child, of a file that was proved harmless first."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from unpickled.checking.harmless import deeds, first_pickle
from unpickled.errors import CourseError
from unpickled.sandbox import Limits, run_python
from unpickled.weights import identify, reading_problem

__all__ = ["Loaded", "Loader", "load_in_child"]

Loader: TypeAlias = Literal["pickle", "torch"]

# torch maps 0.7 GB and starts threads; what a file may do was settled before.
_LIMITS = {"memory": 3 << 30, "processes": 64}
_SCRIPT = Path(__file__).with_name("load_one.txt")
_LARGEST = 64 << 20
_FORMATS = {"pickle": {"pickle"}, "torch": {"pickle", "torch-zip", "torch-legacy"}}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What happened.

    Attributes:
        loaded: whether the loader came back with an object.
        made: whether a marker folder appeared.
        error: the class of the exception that ended the load; empty if there was none.
        message: its text, in one line.
        isolation: where the child was.
    """

    loaded: bool
    made: bool
    error: str
    message: str
    isolation: str


def load_in_child(
    path: str | os.PathLike[str],
    *,
    home: Path,
    loader: Loader = "pickle",
    weights_only: bool = True,
    seconds: int = 60,
) -> Loaded:
    """Load a file in a child, if all that it would do is make a folder in `home`.

    Args:
        path: the file.
        home: the temporary folder in which marker folders may appear.
        loader: whose `load` is called.
        weights_only: the argument of `torch.load`.
        seconds: how long the child may take.

    Raises:
        CourseError: the file would do anything else or cannot be read to its end; nothing was loaded.
    """
    home = home.resolve()
    data = _read(Path(path))
    with tempfile.TemporaryDirectory(prefix="unpickled-load-") as folder:
        # What was examined is what is loaded: a copy that nobody else writes to.
        copy = Path(folder).resolve() / Path(path).name
        copy.write_bytes(data)
        markers = _proved(data, copy, loader, home)
        before = {marker for marker in markers if marker.exists()}
        arguments = [str(copy), loader, "yes" if weights_only else "no"]
        ran = run_python(
            _SCRIPT,
            arguments,
            limits=Limits(seconds=seconds, **_LIMITS),
            readable=[copy],
            # `home` by the names that the file has for it, too
            writable=[*{home, *(marker.parent for marker in markers)}],
            without_wall="proved harmless",  # the one file that is loaded without bubblewrap too
        )
    made = any(marker.is_dir() for marker in markers if marker not in before)
    return _told(ran.text, ran.code, made=made, isolation=ran.isolation)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise reading_problem(str(path), error) from error
    if len(data) > _LARGEST:
        raise CourseError(
            path.name, f"it is larger than {_LARGEST >> 20} MB", "Load a smaller one."
        )
    return data


def _proved(data: bytes, copy: Path, loader: Loader, home: Path) -> list[Path]:
    """Return the folders that a load would make, all of them in `home`."""
    form = identify(copy)
    if loader not in _FORMATS:
        raise CourseError(str(loader), "there is no such loader", 'Choose "pickle" or "torch".')
    if form.id not in _FORMATS[loader]:
        problem = f"it is not for this loader: {form.label}"
        raise CourseError(copy.name, problem, "Nothing was loaded. Give it a file of its own kind.")
    told = [deeds(data, copy.name)]
    if form.id == "pickle":
        told.append(first_pickle(data))  # whatever else there is, this one is loaded
    problems = [problem for one in told for problem in one.problems]
    folders = {Path(folder) for one in told for folder in one.folders}
    if problems:
        raise _refusal(copy.name, problems[0])
    for folder in folders:
        if not folder.is_absolute() or ".." in folder.parts or folder.parent.resolve() != home:
            raise _refusal(copy.name, f"it would make the folder {folder}")
    return sorted(folders)


def _refusal(name: str, problem: str) -> CourseError:
    remedy = (
        "Nothing was loaded. Here only the harmless canary is: "
        "os.mkdir of one folder directly in lab.workspace()."
    )
    return CourseError(name, problem, remedy)


def _told(out: str, code: int | None, *, made: bool, isolation: str) -> Loaded:
    if code is None:
        return Loaded(False, made, "TimeoutError", "the child took too long", isolation)
    try:
        told = json.loads(out)
        return Loaded(told["loaded"], made, told["error"], told["message"], isolation)
    except (ValueError, KeyError, TypeError):
        return Loaded(False, made, "ChildProcessError", f"the child ended with {code}", isolation)
