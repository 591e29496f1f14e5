"""The bounds that hostile input meets before anything else in `pickles`."""

from __future__ import annotations

from typing import NamedTuple

from unpickled.errors import TraceError

__all__ = ["RECORD", "CutShortError", "Limits", "OverLimitError"]


class Limits(NamedTuple):
    """How much of a pickle is read, and how much of it is kept.

    Reading stops with an `OverLimitError` at the first four; the others only shorten what is kept and
    shown. Memory is bounded by `stack`, `memo` and `items`, not by the number of opcodes read.

    Args:
        bytes: bytes read from the input, from its start.
        opcodes: opcodes read, over all pickles of the input together.
        stack: entries on the stack at once, marks counted.
        memo: entries in the memo of one pickle.
        items: entries kept of each list, dict, set, tuple and call result; the rest are only counted.
        text: characters or bytes kept of each string and byte string.
        digits: characters of a number written out as text, and bytes of a binary integer, that are read.
    """

    bytes: int = 1 << 30
    opcodes: int = 20_000_000
    stack: int = 1_000_000
    memo: int = 1_000_000
    items: int = 16
    text: int = 1_000
    digits: int = 4_300


RECORD = Limits(opcodes=250_000, stack=250_000, memo=250_000, items=250_000)
"""What `record` allows: it keeps every step, so it reads less, and keeps containers whole."""


class OverLimitError(TraceError):
    """The pickle may be fine; reading it further would break a limit."""


class CutShortError(TraceError):
    """The bytes end before the pickle does, and made sense up to there."""
