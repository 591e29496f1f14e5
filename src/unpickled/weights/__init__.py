"""Weight files as data: what format a file is, and what inside it could be unpickled; nothing is ever loaded."""

from __future__ import annotations

from unpickled.weights.files import NotAFileError, reading_problem, what_it_is
from unpickled.weights.formats import KINDS, Format, Kind
from unpickled.weights.identify import identify
from unpickled.weights.inside import Piece, inside, pieces
from unpickled.weights.inspecting import inspect
from unpickled.weights.reading import Reading, read_pickle, read_pickle_in
from unpickled.weights.report import Contents, Inspection, Risk, Tensor

__all__ = [
    "KINDS",
    "Contents",
    "Format",
    "Inspection",
    "Kind",
    "NotAFileError",
    "Piece",
    "Reading",
    "Risk",
    "Tensor",
    "identify",
    "inside",
    "inspect",
    "pieces",
    "read_pickle",
    "read_pickle_in",
    "reading_problem",
    "what_it_is",
]
