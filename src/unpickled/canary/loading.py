"""A real load, in a child, of a file that was proved harmless first."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unpickled.canary.proving import LARGEST, Loader, proved
from unpickled.errors import CourseError
from unpickled.sandbox import Limits, run_python
from unpickled.weights import reading_problem

__all__ = ["Loaded", "load_in_child"]

# torch maps 0.7 GB and starts threads; what a file may do was settled before.
_LIMITS = {"memory": 3 << 30, "processes": 64}
_SCRIPT = Path(__file__).with_name("load_one.txt")
_LINES, _LINE = 12, 300  # of what a loader found


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
    home = home.resolve()
    data = _read(Path(path))
    with tempfile.TemporaryDirectory(prefix="unpickled-load-") as folder:
        # What was examined is what is loaded: a copy that nobody else writes to.
        copy = Path(folder).resolve() / Path(path).name
        copy.write_bytes(data)
        markers = proved(data, copy, loader, home)
        before = {marker for marker in markers if marker.exists()}
        allowed = {"torch": weights_only, "numpy": allow_pickle}.get(loader, False)
        arguments = [str(copy), loader, "yes" if allowed else "no"]
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
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise reading_problem(str(path), error) from error
    if len(data) > LARGEST:
        raise CourseError(path.name, f"it is larger than {LARGEST >> 20} MB", "Load a smaller one.")
    return data


def _told(out: str, code: int | None, *, made: bool, isolation: str) -> Loaded:
    if code is None:
        return Loaded(False, made, "TimeoutError", "the child took too long", isolation)
    try:
        told = json.loads(out)
        found = tuple(_text(line) for line in told["found"][:_LINES])
        words = (_text(told["error"]), _text(told["message"]))
        return Loaded(told["loaded"] is True, made, *words, isolation, found, _text(told["tool"]))
    except (ValueError, KeyError, TypeError):
        return Loaded(False, made, "ChildProcessError", f"the child ended with {code}", isolation)


def _text(value: Any) -> str:
    """Return a text of the child's, cut: what it prints is not ours."""
    if not isinstance(value, str):
        raise TypeError(value)
    return value if len(value) <= 2 * _LINE else f"{value[: 2 * _LINE]}…"
