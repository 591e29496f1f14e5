"""Weight files as data: what format a file is, and what inside it could be unpickled; nothing is ever loaded."""

from __future__ import annotations

from unpickled.weights.files import NotAFileError, reading_problem, what_it_is
from unpickled.weights.formats import KINDS, Format, Kind
from unpickled.weights.identify import identify
from unpickled.weights.inside import Piece, inside, pieces
from unpickled.weights.reading import Reading, read_pickle, read_pickle_in

__all__ = [
    "KINDS",
    "Format",
    "Kind",
    "NotAFileError",
    "Piece",
    "Reading",
    "identify",
    "inside",
    "pieces",
    "read_pickle",
    "read_pickle_in",
    "reading_problem",
    "what_it_is",
]
