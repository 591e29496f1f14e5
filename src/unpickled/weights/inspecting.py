"""`inspect`: what a file's header says, read in a child with limits; nothing is loaded, no other file is opened."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unpickled.errors import ScanError
from unpickled.weights.damaged import damage
from unpickled.weights.files import open_regular
from unpickled.weights.formats import Format
from unpickled.weights.identify import describe
from unpickled.weights.parsers import PARSERS
from unpickled.weights.report import RISKS, Contents, Inspection, Risk, Tensor

if TYPE_CHECKING:
    from unpickled.sandbox import Outcome

__all__ = ["MEMORY", "inspect"]

MEMORY = 512 << 20  # bytes that a parser may use
_SECONDS = 15
_PACKAGE = Path(__file__).resolve().parents[1]
_CHILD = Path(__file__).with_name("parsers") / "child.py"
_NO_HEADER = "There is no header to read. See what it is: unpickled check FILE"
_UNTRUSTED = "Do not load it."


def inspect(path: str | os.PathLike[str]) -> Inspection:
    """Describe a weight file by its header.

    The parser, the format's own library, runs in a child that sees this file and no other. Where there is no
    bubblewrap the child is a plain one with limits: it parses, and loads nothing. `isolation` says which it was.

    Args:
        path: the file; its name does not matter.

    Raises:
        ScanError: it is missing, may not be read, is no regular file, is empty, has no format with a header, is
            damaged, or its header is over a limit.
    """
    from unpickled.sandbox import Limits, run_python  # noqa: PLC0415 - those who only identify need no child

    place = os.fspath(path)
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        form = describe(file, Path(path).name)
        likely = None if form.id in PARSERS else damage(file, Path(path).name, form.id)
    if not size:
        raise ScanError(place, "it is empty", "Get the file again.")
    if likely:
        problem = f"it is most likely {likely.label}, {likely.problem}"
        raise ScanError(place, problem, _UNTRUSTED)
    if form.id not in PARSERS:
        raise ScanError(place, f"what it holds is no weight format: {form.label}", _NO_HEADER)
    # The wall shows it under its name alone, in which `link/../file` is another one.
    file_path = Path(path).resolve()
    ended = run_python(
        _CHILD,
        [form.id, str(file_path)],
        limits=Limits(
            seconds=_SECONDS,
            memory=MEMORY,
            processes=16,
            output=32 << 20,
            disk=(64 << 20)
            + size,  # of a copy that is mostly a hole; what it truly takes counts as memory
            address_space=(2 << 30) + size,  # a map of the file counts as well
        ),
        readable=[_PACKAGE, file_path],
        without_wall="headers only",
    )
    return Inspection(place, size, form, _contents(ended, form, place), ended.isolation)


def _contents(ended: Outcome, form: Format, place: str) -> Contents:
    stopped = {
        "memory": f"reading its header takes more than {MEMORY >> 20} MB of memory",
        "time": f"reading its header takes longer than {_SECONDS} seconds",
    }
    if ended.stopped_by:
        told = stopped.get(ended.stopped_by, "its header is over the limits")
        raise ScanError(place, told, _UNTRUSTED)
    try:
        answer = json.loads(ended.out)
        refused = answer.get("refused")
        found = None if refused is not None else _checked(answer, form)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        problem = f"the reader for {form.label} broke on it (exit code {ended.code})"
        raise ScanError(place, problem, _UNTRUSTED) from error
    if found is None:
        raise ScanError(place, f"{form.label}: {refused}", _UNTRUSTED)
    return found


def _checked(answer: dict[str, Any], form: Format) -> Contents:
    """Turn a child's answer into records; a child that was taken over must not choose their types.

    Raises:
        ValueError: it is no such answer.
    """
    metadata = tuple((_text(name), _text(value)) for name, value in answer["metadata"])
    tensors = tuple(
        Tensor(
            _text(name),
            _text(dtype),
            tuple(map(_number, shape)),
            None if size is None else _number(size),
        )
        for name, dtype, shape, size in answer["tensors"]
    )
    risks = [
        Risk(kind, _text(where), _text(text))
        for kind, where, text in answer["risks"]
        if kind in RISKS
    ]
    if not form.matches_name:
        risks.append(Risk("name", "", form.note))
    return Contents(metadata, tensors, _number(answer["total"]), tuple(risks))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _number(value: Any) -> int:
    if type(value) is not int:
        raise ValueError("no number")
    return value
