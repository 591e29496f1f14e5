"""One pickle out of a file: the whole file, the `data.pkl` of a PyTorch archive, or the member that was asked for."""

from __future__ import annotations

import os
from typing import NamedTuple

from unpickled.errors import CourseError
from unpickled.weights.inside import inside

__all__ = ["Reading", "read_pickle"]


class Reading(NamedTuple):
    """The bytes of a pickle, and where in the file they were: members joined by ` > `, empty for the file itself."""

    data: bytes
    where: str


def read_pickle(path: str | os.PathLike[str], member: str | None = None) -> Reading:
    """Read the pickle in a file without loading it.

    Args:
        path: any file; archives and compression are looked into.
        member: the end of a member's name (`data.pkl`), where the file holds several pickles.

    Raises:
        CourseError: there is no pickle in it, no member of that name, or more than one and none was chosen.
        ScanError: the file is missing or cannot be read.
    """
    found = {
        piece.where: bytes(piece.data[piece.start :])
        for piece in inside(path)
        if piece.kind == "pickle"
    }
    chosen = _chosen(found, member)
    if len(chosen) == 1:
        return Reading(found[chosen[0]], chosen[0])
    place = os.fspath(path)
    if not found:
        raise CourseError(place, "there is no pickle in it", "See what it is: unpickled check FILE")
    names = ", ".join(found)
    if not chosen:
        raise CourseError(place, f'no member "{member}" in it holds a pickle', f"It has: {names}")
    problem = f"it holds {len(found)} pickles: {names}"
    raise CourseError(place, problem, f"Choose one: --member {chosen[0]}")


def _chosen(found: dict[str, bytes], member: str | None) -> list[str]:
    if member is not None:
        exact = [where for where in found if where == member]
        return exact or [where for where in found if where.endswith(member)]
    if len(found) <= 1:
        return list(found)
    main = [where for where in found if where.rpartition("/")[2] == "data.pkl"]
    return main if len(main) == 1 else list(found)
