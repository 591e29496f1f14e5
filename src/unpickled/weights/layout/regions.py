"""What the bytes of a file are: stretches with a role and a label, and in headers the fields of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["Field", "Layout", "Region", "Role"]

Role: TypeAlias = Literal[
    "magic",  # a signature, by which the format is known
    "number",  # a length, a count, a version, a place
    "text",  # names, JSON, a header in words
    "data",  # weights, or anything compressed
    "pickle",  # what a loader would unpickle
    "rest",  # padding, and what no part of the format claims
]


class Field(NamedTuple):
    """One value of a header: bytes from `start` up to `end`, what they are, and how they read."""

    start: int
    end: int
    role: Role
    label: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """One stretch of a file.

    Attributes:
        start: offset of its first byte.
        end: offset behind its last.
        role: what sort of bytes; of a header, that of most of its fields.
        label: what it is, in the format's own words.
        where: the archive's member that it belongs to; empty for none.
        fields: its values, in order; they may leave bytes out.
    """

    start: int
    end: int
    role: Role
    label: str
    where: str = ""
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """A file's regions: in order, without a hole, from its first byte to its last.

    Attributes:
        regions: the stretches.
        problem: why the rest could not be told apart; empty if all was.
    """

    regions: tuple[Region, ...]
    problem: str = ""
