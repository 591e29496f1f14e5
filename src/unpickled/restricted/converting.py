"""`convert`: a PyTorch file becomes a safetensors file in one child, and is proved equal in another, without torch."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from unpickled.restricted.children import Job, load_and_write, prove_equal, proved
from unpickled.restricted.drafts import check_draft, check_target, draft_of, put_in_place
from unpickled.restricted.loading import as_seen
from unpickled.restricted.refusals import ConvertError, RefusedError
from unpickled.sandbox import Excuse
from unpickled.weights import identify, reading_problem

__all__ = ["Conversion", "Stage", "Stamp", "check_request", "convert", "stamp"]

Stage: TypeAlias = Literal["loading", "proving"]
Stamp: TypeAlias = tuple[int, ...]

_FORMATS = {"torch-zip", "torch-legacy"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """A file that was converted and proved equal.

    Attributes:
        model: the PyTorch file, as it was given.
        out: the safetensors file, as it was given.
        tensors: how many tensors there are; each was compared.
        bytes: of their numbers together.
        part: the key of the model's part that was taken; empty for the whole.
        left: what is not in the new file, as `name: type`; the first of it.
        left_total: how much of that there is.
        tied: pairs of names: the first is the same tensor as the second in the model, and a copy of it in the file.
        tied_bytes: the room that these copies take.
        isolation: in what kind of child it was loaded.
        seconds: how long both children took.
        memory: the most memory that a child was seen to use, in bytes; what it maps of files does not count.
    """

    model: str
    out: str
    tensors: int
    bytes: int
    part: str
    left: tuple[str, ...]
    left_total: int
    tied: tuple[tuple[str, str], ...]
    tied_bytes: int
    isolation: str
    seconds: float
    memory: int


def stamp(path: str | os.PathLike[str]) -> Stamp:
    """Tell a file's identity, size and time of change apart.

    Raises:
        ScanError: it is missing or may not be looked at.
    """
    try:
        found = Path(path).stat()
    except OSError as error:
        raise reading_problem(os.fspath(path), error) from error
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def check_request(
    model: str | os.PathLike[str], out: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Refuse, before any work is done, a model that needs no conversion or has none, and a target that cannot be.

    Raises:
        ScanError: the model is missing, or no regular file.
        ConvertError: it is of another format, or `out` cannot be written.
    """
    form, place = identify(model), os.fspath(model)
    if form.id == "safetensors":
        remedy = "There is nothing to convert: use it as it is."
        raise ConvertError(place, "it is a safetensors file already", remedy)
    if form.id == "torchscript":
        remedy = "Where it comes from, save model.state_dict() with torch.save."
        raise RefusedError(place, "it is a TorchScript program, not a state dict", remedy)
    if form.id == "torch-tar":
        remedy = (
            "If you trust where it comes from, load it there without weights_only, and save its state dict anew with "
            "torch.save."
        )
        raise ConvertError(
            place, "it is a tar, PyTorch's first format: too old to be converted", remedy
        )
    if form.id not in _FORMATS:
        remedy = "Give it a file that torch.save wrote. See what it is: unpickled check FILE"
        raise ConvertError(place, f"it is no PyTorch file: {form.label}", remedy)
    check_target(Path(out), Path(model), overwrite=overwrite)


def convert(  # noqa: PLR0913 - each is named at the call
    model: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    part: str = "",
    everything: bool = False,
    overwrite: bool = False,
    without_wall: Excuse = "none",
    since: Stamp | None = None,
    notify: Callable[[Stage, Path], object] = lambda *_: None,
) -> Conversion:
    """Write a PyTorch file's tensors as safetensors, and prove them equal before the new file gets its name.

    The file is not scanned here: that is for whoever calls. It is loaded with `weights_only=True`, in a sandboxed child
    that sees it and can write to nothing but the draft's folder.

    Args:
        model: a file that `torch.save` wrote, zip or legacy.
        out: the file to write.
        part: the key of the part of the model to take; empty to have it chosen (see `naming`).
        everything: take the whole, even of a checkpoint.
        overwrite: replace `out` if it is there.
        without_wall: why it may be done where there is no bubblewrap, with limits only (see `sandbox.run`).
        since: the model's stamp when it was scanned; a file that was changed since is not converted.
        notify: is told when each child starts, with the draft's path.

    Raises:
        RefusedError: the restricted unpickler refuses the model.
        ConvertError: it cannot be converted, or not be proved equal; nothing was written.
        SandboxError: there is no bubblewrap that works, and no excuse.
        ScanError: the model is missing, or no regular file.
    """
    place, target = os.fspath(model), Path(out)
    check_request(model, out, overwrite=overwrite)
    before = since or stamp(model)
    with draft_of(target) as draft:
        job = Job(as_seen(model), place, draft, part, everything, without_wall, before[2])
        notify("loading", draft)
        loaded = load_and_write(job)
        check_draft(draft, target)
        notify("proving", draft)
        compared = prove_equal(job)
        told = proved(compared, place)
        if stamp(model) != before:
            raise ConvertError(place, "it was changed meanwhile", "Convert it again.")
        put_in_place(draft, target, overwrite=overwrite)
    return Conversion(
        model=place,
        out=os.fspath(out),
        **told,
        isolation=loaded.isolation,
        seconds=loaded.seconds + compared.seconds,
        memory=max(loaded.memory, compared.memory),
    )
