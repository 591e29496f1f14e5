"""The two children of a conversion, one with torch that writes, one without that compares, and what they answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from unpickled.errors import SetupError
from unpickled.restricted.answers import one_line
from unpickled.restricted.refusals import ConvertError, RefusedError
from unpickled.sandbox import Excuse, Limits, Outcome, run_python

__all__ = ["Job", "load_and_write", "prove_equal", "proved"]

_HERE = Path(__file__).resolve().parent
_PACKAGE = _HERE.parent
_START = 120  # seconds for torch to be imported on a busy machine
_SPEED = 10 << 20  # bytes a second at the least
_TORCH = 2 << 30  # bytes of memory beside the tensors
_MAPPED = 2 << 30  # bytes of address space for libraries
_ROOM = 64 << 20  # bytes that a small file may become
_WHOLE_MODEL = (
    "Only tensors and plain values can be converted. Where the file comes from, save "
    "model.state_dict() instead of the model."
)
_TOLD = 16 << 20  # bytes of an answer, which lists tied names
_FROM_TORCH = "Nothing was written. Save it from PyTorch, as safetensors."


class Job(NamedTuple):
    """What both children are asked for.

    Attributes:
        model: the PyTorch file.
        place: its name as it was given, for messages.
        draft: the file to write, in a folder of its own.
        part: as in `naming.take`.
        everything: as in `naming.take`.
        excuse: why it may run without bubblewrap, if it may.
        size: of the model, in bytes.
    """

    model: Path
    place: str
    draft: Path
    part: str
    everything: bool
    excuse: Excuse
    size: int

    @property
    def most(self) -> int:
        """Return how large the new file may be."""
        return 2 * self.size + _ROOM


def load_and_write(job: Job) -> Outcome:
    """Run the child that loads and writes.

    Raises:
        ConvertError: it did not write the draft.
    """
    helper = _HERE / "load_each.txt"
    memory = _TORCH + 2 * job.size + job.most
    asked = {"model": str(job.model), "draft": str(job.draft), "most": job.most}
    ran = _run(job, "convert_one.txt", [str(helper)], asked, memory, writable=[job.draft.parent])
    told = _answer(ran, job.place)
    outcome, message = told.get("outcome"), one_line(str(told.get("message", ""))).rstrip(".")
    if outcome == "refused":
        problem = f"PyTorch's restricted unpickler refuses it: {message}"
        raise RefusedError(job.place, problem, _WHOLE_MODEL)
    if outcome == "cannot":
        raise _cannot(told, job.place)
    if outcome == "too large":
        problem = f"written out, its tensors take {int(told['size']):,} bytes, and the file has {job.size:,}"
        raise ConvertError(job.place, problem, _FROM_TORCH)
    if outcome == "unnamed":
        raise ConvertError(job.place, message, "Take a part of it (--part), or save a state dict.")
    if outcome != "written":
        raise _failed(message, job)
    return ran


def prove_equal(job: Job) -> Outcome:
    """Run the child that compares; it sees the model and the draft, and can write to neither."""
    asked = {"model": str(job.model), "draft": str(job.draft)}
    return _run(job, "prove_one.py", [], asked, _TORCH, readable=[job.draft])


def _run(  # noqa: PLR0913 - the two children differ in all of it
    job: Job,
    script: str,
    arguments: Sequence[str],
    asked: dict[str, Any],
    memory: int,
    *,
    readable: Sequence[Path] = (),
    writable: Sequence[Path] = (),
) -> Outcome:
    given = {**asked, "part": job.part, "everything": job.everything}
    return run_python(
        _HERE / script,
        arguments,
        limits=Limits(
            seconds=_START + job.size / _SPEED,
            memory=memory,
            address_space=memory + _MAPPED + 2 * job.size + job.most,
            processes=64,
            disk=job.most + _ROOM,
            output=_TOLD,
        ),
        readable=[_PACKAGE, job.model, *readable],
        writable=list(writable),
        stdin=json.dumps(given).encode("ascii"),
        without_wall=job.excuse,
    )


def proved(ran: Outcome, place: str) -> dict[str, Any]:
    """Return what the second child proved, with the types that it has to have.

    Raises:
        ConvertError: it proved nothing.
    """
    told = _answer(ran, place)
    if "unproved" in told:
        problem = f"it was not proved that nothing changed: {one_line(str(told['unproved']))}"
        raise ConvertError(
            place, problem, "Nothing was written. Save it from PyTorch, as safetensors."
        )
    try:
        return {
            **{name: int(told[name]) for name in ("tensors", "bytes", "left_total", "tied_bytes")},
            "part": one_line(str(told["part"])),
            "left": tuple(one_line(str(one)) for one in told["left"]),
            "tied": tuple(
                (one_line(str(one)), one_line(str(other))) for one, other in told["tied"]
            ),
        }
    except (KeyError, TypeError, ValueError) as error:
        raise ConvertError(place, "the child that compares broke on it", "") from error


def _answer(ran: Outcome, place: str) -> dict[str, Any]:
    """Return a child's answer.

    Raises:
        ConvertError: a limit ended it, or it gave none.
        SetupError: torch is missing.
    """
    if ran.stopped_by:
        problem = f"it is over a limit: {ran.stopped_by}"
        raise ConvertError(
            place, problem, "Nothing was written. Save it from PyTorch, as safetensors."
        )
    try:
        told = json.loads(ran.out)
    except (ValueError, RecursionError):
        told = None
    if isinstance(told, dict):
        return told
    last = (ran.err.decode("utf-8", "replace").strip().splitlines() or [""])[-1]
    if "No module named 'torch'" in last:
        raise SetupError("torch", "it is not installed", "Set it up anew: make learn")
    problem = f"the child ended with {ran.code}" + (f": {one_line(last)}" if last else "")
    raise ConvertError(place, problem, "Nothing was written.")


def _cannot(told: dict[str, Any], place: str) -> ConvertError:
    listed = told.get("cannot")
    names = [one_line(str(one)) for one in listed] if isinstance(listed, list) else []
    more = int(told.get("total", 0)) - len(names)
    shown = ", ".join(names) + (f" and {more} more" if more > 0 else "")
    remedy = "Nothing was written. Turn them into plain tensors of a type that it has, in PyTorch."
    return ConvertError(place, f"safetensors cannot hold {shown}", remedy)


def _failed(message: str, job: Job) -> ConvertError:
    if "No space left" in message or "os error 28" in message:
        return ConvertError(
            str(job.draft.parent.parent), "the disk is full", "Make room. Nothing was written."
        )
    return ConvertError(job.place, message or "it cannot be loaded", "Nothing was written.")
