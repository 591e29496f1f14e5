"""One pickle out of a file: the whole file, the `data.pkl` of a PyTorch archive, or the member that was asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from mmap import ACCESS_READ, mmap
from typing import NamedTuple

from unpickled.errors import CourseError
from unpickled.weights.files import open_regular
from unpickled.weights.inside import Piece, inside, pieces

__all__ = ["Reading", "read_pickle", "read_pickle_in"]

LARGEST = 1 << 30  # bytes of a pickle that are read; more than a tracer's limits ever allow
_MAIN = (
    "data.pkl"  # the object itself in a PyTorch archive, in whatever case; the others are numbers
)
_SHAPELESS = {"unknown", "text", "empty"}  # anything else has a format that is not pickle's
_READ = (
    16 << 20
)  # bytes; a larger file without a known shape is mapped: its trace mostly ends at once


class Reading(NamedTuple):
    """The bytes of a pickle, and where it was.

    Attributes:
        data: the pickle, and what follows it, up to the number of bytes that was asked for.
        size: how many bytes there are in truth.
        where: the archive's members joined by ` > `; empty for the file itself.
        others: where the file holds other pickles.
        text: whether no pickle was recognised, and the file looks like plain text.
    """

    data: bytes | mmap
    size: int
    where: str
    others: tuple[str, ...] = ()
    text: bool = False


def read_pickle(
    path: str | os.PathLike[str],
    member: str | None = None,
    *,
    first: bool = False,
    most: int = LARGEST,
) -> Reading:
    """Read the pickle in a file without loading it.

    Args:
        path: any file; archives and compression are looked into. Where nothing is recognised, the bytes are
            returned as they are, so that a trace can tell where they stop making sense.
        member: the end of a member's name (`data.pkl`), where the file holds several pickles.
        first: take the first of several pickles where none of them is the archive's `data.pkl`.
        most: bytes to read.

    Raises:
        CourseError: it is a format without pickles, what is inside cannot be opened, there is no member of that
            name, two have the same, or there is more than one and none was chosen.
        ScanError: the file is missing or cannot be read.
    """

    def start() -> bytes | mmap:
        with open_regular(path) as file:
            size = min(os.fstat(file.fileno()).st_size, most)
            return (
                file.read(size) if size <= _READ else mmap(file.fileno(), size, access=ACCESS_READ)
            )

    return _read(inside(path), os.fspath(path), start, _Wish(member, first, most))


def read_pickle_in(
    data: bytes, name: str, member: str | None = None, *, first: bool = False, most: int = LARGEST
) -> Reading:
    """Read the pickle in `data`, as `read_pickle` does in a file called `name`.

    Raises:
        CourseError: as `read_pickle`.
    """
    return _read(pieces(data, name), name, lambda: data[:most], _Wish(member, first, most))


class _Wish(NamedTuple):
    member: str | None
    first: bool
    most: int


def _read(
    found: Iterable[Piece], place: str, start: Callable[[], bytes | mmap], wish: _Wish
) -> Reading:
    """Choose among the pieces; `start` gives the file's own first bytes, for want of a pickle."""
    pickles: dict[str, Reading] = {}
    rest: list[Piece] = []
    for piece in found:
        if piece.kind == "pickle":
            if piece.where in pickles:
                problem = f"it has the member {piece.where[:60]!r} twice"
                raise CourseError(
                    place, problem, "Loaders differ in which one they read: use none."
                )
            data = bytes(piece.data[piece.start : piece.start + wish.most])
            pickles[piece.where] = Reading(data, len(piece.data) - piece.start, piece.where)
        else:
            rest.append(piece)
    if not pickles:
        _require_shapeless(rest, place, wish.member)
        whole = start()
        return Reading(whole, len(whole), "", text=any(piece.format == "text" for piece in rest))
    if wish.member is None:
        _require_main(rest, place, next(iter(pickles)))
    chosen = _chosen(list(pickles), wish.member)
    if wish.first:
        chosen = chosen[:1]
    if len(chosen) == 1:
        others = tuple(where for where in pickles if where != chosen[0])
        return pickles[chosen[0]]._replace(others=others)
    names = ", ".join(pickles)
    if not chosen:
        has = f"It has: {names}" if names else "It is no archive, but a pickle itself."
        raise CourseError(place, f'no member "{wish.member}" in it holds a pickle', has)
    problem = f"it holds {len(pickles)} pickles: {names}"
    raise CourseError(place, problem, f"Choose one: --member {chosen[0]}")


def _require_shapeless(rest: list[Piece], place: str, member: str | None) -> None:
    """Refuse a file without a pickle, unless it may be one that is too damaged to be recognised."""
    look = "See what it is: unpickled check FILE"
    for piece in rest:
        if piece.kind == "closed":
            told = " ".join(filter(None, [piece.where, piece.problem]))
            raise CourseError(place, f"what is in it cannot be opened ({told})", look)
    for piece in rest:
        if piece.where or piece.format not in _SHAPELESS:
            problem = f"there is no pickle in it; its format is {piece.format}"
            raise CourseError(place, problem, look)
    if member is not None:
        raise CourseError(place, f'no member "{member}" in it holds a pickle', "It is no archive.")


def _require_main(rest: list[Piece], place: str, other: str) -> None:
    """Refuse to show another pickle in the place of a `data.pkl` that cannot be opened."""
    for piece in rest:
        if piece.kind == "closed" and _is_main(piece.where):
            problem = f"what is in it cannot be opened ({piece.where} {piece.problem})"
            raise CourseError(place, problem, f"To see another: --member {other}")


def _is_main(where: str) -> bool:
    return where.rpartition("/")[2].lower() == _MAIN


def _chosen(found: list[str], member: str | None) -> list[str]:
    if member is not None:
        exact = [where for where in found if where == member]
        return exact or [where for where in found if where.endswith(member)]
    main = [where for where in found if _is_main(where)]
    if len(main) > 1:  # PyTorch's own stands right below the root, and an extra file's deeper
        main = [where for where in main if where.rpartition(" > ")[2].count("/") == 1]
    return main if len(main) == 1 else found
