"""The port inside the learner's own kernel: for visible checks, and for stock nbgrader.

It keeps honest work honest. It cannot hold against a learner who rewrites it, since both share one process; grades
that must not be forged are given from outside.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unpickled.checking.plain import LARGEST, Plain, plain
from unpickled.checking.port import File, inner_name
from unpickled.errors import StudentError

__all__ = ["InKernel"]

_TEXT = 300  # characters of an exception's message that are passed on


class InKernel:
    """A student whose notebook runs in this process.

    Args:
        namespace: the notebook's names.
        folder: the notebook's folder.
    """

    def __init__(self, namespace: Mapping[str, Any], folder: Path) -> None:
        self._namespace = namespace
        self._folder = folder

    def value(self, name: str) -> Plain:
        """Return the value of a name as plain data."""
        return _told(f"the value of {name}", self._named(name))

    def call(self, function: str, *args: Plain | File) -> Plain:
        """Call a function with plain data and the paths of files; what it prints is not shown."""
        called = self._named(function)
        if not callable(called):
            raise StudentError(
                f"the name {function} is no function's", f"Write def {function}(…):."
            )
        with _put(args) as given:
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    result = called(*given)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001
                # The function is the learner's: SystemExit is an answer as wrong as any other.
                raise _raised(function, error) from None
            return _told(f"what {function} returns", result)

    def file(self, name: str) -> bytes:
        """Return a file of the notebook's folder; links out of it are not followed."""
        path = self._folder / inner_name(name)
        try:
            inside = path.resolve(strict=True).is_relative_to(self._folder.resolve())
            if not inside or not path.is_file():
                raise StudentError(
                    f"there is no file {name} in the notebook's folder", "Write one."
                )
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except OSError:
            remedy = "Run the cell that writes it, and write it beside the notebook."
            raise StudentError(f"there is no file {name} that can be read", remedy) from None
        if len(data) > LARGEST:
            raise StudentError(
                f"the file {name} is larger than {LARGEST >> 20} MB", "Make it smaller."
            )
        return data

    def _named(self, name: str) -> Any:
        try:
            return self._namespace[name]
        except KeyError:
            remedy = "Keep the name that the cell gives, and run its cell first."
            raise StudentError(f"there is no {name} yet", remedy) from None


def _told(what: str, value: object) -> Plain:
    """Turn a value into plain data, and name it where that fails."""
    try:
        return plain(value)
    except StudentError as error:
        problem = f"{what} cannot be read: {error.problem}"
        raise StudentError(problem, error.remedy, raised=error.raised) from None


def _raised(function: str, error: BaseException) -> StudentError:
    """Tell what a call raised. A problem never begins with a learner's name: its first letter is made a capital."""
    name = type(error).__name__
    try:
        text = " ".join(str(error).split())[:_TEXT]
    except BaseException:  # noqa: BLE001 - an exception of the learner's own may fail even at this
        text = ""
    said = f": {text}" if text else ""
    return StudentError(f"calling {function} raised {name}{said}", "", raised=name)


@contextlib.contextmanager
def _put(args: tuple[Plain | File, ...]) -> Iterator[list[Any]]:
    """Put files into a temporary folder and give their paths; the folder goes when the call is over."""
    with tempfile.TemporaryDirectory(prefix="unpickled-given-") as folder:
        given: list[Any] = []
        for number, arg in enumerate(args):
            if not isinstance(arg, File):
                given.append(arg)
                continue
            place = Path(folder).resolve() / str(number)
            place.mkdir()
            path = place / inner_name(arg.name)
            path.write_bytes(arg.data)
            given.append(str(path))
        yield given
