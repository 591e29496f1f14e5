"""What `inspect` tells about a file: metadata, tensors, and what would be risky in it; plain data, bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from unpickled.weights.formats import Format

__all__ = ["RISKS", "Contents", "Inspection", "Risk", "RiskKind", "Tensor"]

RiskKind: TypeAlias = Literal[
    "pickle",  # a member that a loader unpickles
    "objects",  # an array of Python objects, which is a pickle as well
    "lambda",  # a Keras layer that carries Python code
    "code",  # a program: TorchScript, an operator that the runtime does not bring along
    "external",  # data in another file, which the file names
    "template",  # a chat template, which a runtime executes
    "closed",  # something that was not looked into
    "name",  # the file's name promises another format
]
RISKS: tuple[str, ...] = get_args(RiskKind)


@dataclass(frozen=True, slots=True)
class Tensor:
    """One array of numbers, as the header describes it.

    Attributes:
        name: its name in the file.
        dtype: element type, in the format's own word.
        shape: dimensions.
        bytes: how much room its numbers take; None where the header does not tell.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Risk:
    """Something in the file that a loader, or its user, should know of.

    Attributes:
        kind: what sort of thing.
        where: its place in the file; empty for the whole.
        text: one sentence.
    """

    kind: RiskKind
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What a parser found.

    Attributes:
        metadata: names and values, in the order of the file; long values are cut.
        tensors: the tensors, as many as are listed.
        total: how many tensors there are.
        risks: what stands out.
    """

    metadata: tuple[tuple[str, str], ...]
    tensors: tuple[Tensor, ...]
    total: int
    risks: tuple[Risk, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """A file, described without being loaded.

    Attributes:
        path: as it was given.
        size: of the file, in bytes.
        format: by content.
        contents: what its header says.
        isolation: in what kind of child the parser ran.
    """

    path: str
    size: int
    format: Format
    contents: Contents
    isolation: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        found = self.contents
        return {
            "path": self.path,
            "size": self.size,
            "format": self.format.id,
            "label": self.format.label,
            "note": self.format.note,
            "matches_name": self.format.matches_name,
            "metadata": dict(found.metadata),
            "tensors": [
                {"name": t.name, "dtype": t.dtype, "shape": list(t.shape), "bytes": t.bytes}
                for t in found.tensors
            ],
            "tensors_in_all": found.total,
            "risks": [{"kind": r.kind, "where": r.where, "text": r.text} for r in found.risks],
            "isolation": self.isolation,
        }
