"""One pickle out of a file: the whole file, the `data.pkl` of a PyTorch archive, or the member that was asked for."""

from __future__ import annotations

import os
from typing import NamedTuple

from unpickled.errors import CourseError
from unpickled.weights.files import open_regular
from unpickled.weights.inside import inside

__all__ = ["Reading", "read_pickle"]

LARGEST = (
    1 << 30
)  # bytes of a file that nothing was recognised in, read to see where it stops making sense


class Reading(NamedTuple):
    """The bytes of a pickle, and where it was.

    Attributes:
        data: the pickle, and what follows it.
        where: the archive's members joined by ` > `; empty for the file itself.
        others: where the file holds other pickles.
    """

    data: bytes
    where: str
    others: tuple[str, ...] = ()


def read_pickle(path: str | os.PathLike[str], member: str | None = None) -> Reading:
    """Read the pickle in a file without loading it.

    Args:
        path: any file; archives and compression are looked into. Where nothing is recognised, the bytes are
            returned as they are, so that a trace can tell where they stop making sense.
        member: the end of a member's name (`data.pkl`), where the file holds several pickles.

    Raises:
        CourseError: it is a format without pickles, what is inside cannot be opened, there is no member of that
            name, or there is more than one and none was chosen.
        ScanError: the file is missing or cannot be read.
    """
    found: dict[str, bytes] = {}
    closed = other = ""
    for piece in inside(path):
        if piece.kind == "pickle":
            found[piece.where] = bytes(piece.data[piece.start :])
        elif piece.kind == "closed":
            closed = closed or " ".join(filter(None, [piece.where, piece.problem]))
        elif piece.kind in {"array", "model"}:
            other = piece.format
    place = os.fspath(path)
    if not found:
        return Reading(_raw(path, member, closed, other), "")
    chosen = _chosen(found, member)
    if len(chosen) == 1:
        others = tuple(where for where in found if where != chosen[0])
        return Reading(found[chosen[0]], chosen[0], others)
    names = ", ".join(found)
    if not chosen:
        raise CourseError(place, f'no member "{member}" in it holds a pickle', f"It has: {names}")
    problem = f"it holds {len(found)} pickles: {names}"
    raise CourseError(place, problem, f"Choose one: --member {chosen[0]}")


def _raw(path: str | os.PathLike[str], member: str | None, closed: str, other: str) -> bytes:
    """Return the bytes of a file in which no pickle was found, unless it is plain why there is none."""
    place = os.fspath(path)
    look = "See what it is: unpickled check FILE"
    if closed:
        raise CourseError(place, f"what is in it cannot be opened ({closed})", look)
    if other:
        raise CourseError(place, f"there is no pickle in it; its format is {other}", look)
    if member is not None:
        raise CourseError(place, f'no member "{member}" in it holds a pickle', "It is no archive.")
    with open_regular(path) as file:
        return file.read(LARGEST)


def _chosen(found: dict[str, bytes], member: str | None) -> list[str]:
    if member is not None:
        exact = [where for where in found if where == member]
        return exact or [where for where in found if where.endswith(member)]
    if len(found) <= 1:
        return list(found)
    main = [where for where in found if where.rpartition("/")[2] == "data.pkl"]
    return main if len(main) == 1 else list(found)
