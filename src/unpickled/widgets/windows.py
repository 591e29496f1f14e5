"""Which bytes of a file go to the browser: headers and pickle; of long stretches only the beginning and the end."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from itertools import pairwise
from mmap import mmap
from typing import Any

from unpickled.weights.layout import Region

__all__ = ["of_pickle", "of_regions", "windows"]

Span = tuple[int, int]

_LINE = 16  # bytes; windows begin and end on whole lines
_BUDGET = 1 << 20  # bytes of one file in all
_CLOSE = 64  # bytes; a shorter hole is not worth a fold
_ENDS = {"text": (2048, 128), "data": (192, 64), "rest": (96, 32), "pickle": (192, 64)}
_FIELD = (768, 64)
_STEP = (192, 32)


def windows(data: bytes | mmap, spans: Iterable[Span]) -> list[dict[str, Any]]:
    """Cut the spans out of the data: `[{start, bytes}]`, bytes in base64, in order, as far as the budget goes."""
    found = []
    left = _BUDGET
    for start, end in _joined(spans, len(data)):
        cut = bytes(data[start : min(end, start + left)])
        left -= len(cut)
        if cut:
            found.append({"start": start, "bytes": base64.b64encode(cut).decode("ascii")})
    return found


def of_regions(regions: Iterable[Region], leave: Region | None = None) -> Iterator[Span]:
    """What to show of the regions; of `leave` nothing, since somebody else sees to it."""
    for region in regions:
        if region is leave:
            continue
        for field in region.fields:
            yield from _ends(field.start, field.end, *_FIELD)
        if not region.fields:
            yield from _ends(region.start, region.end, *_ENDS.get(region.role, _FIELD))


def of_pickle(columns: dict[str, Any], base: int, end: int) -> Iterator[Span]:
    """What to show of a traced pickle at offset `base`: each opcode; of long arguments, the beginning and the end."""
    offsets = [*columns["steps"]["offset"], end]
    for start, stop in pairwise(offsets):
        yield from _ends(base + start, base + stop, *_STEP)
    if columns["error"]:
        yield base + end, base + max(end, columns["error"]["offset"]) + 2 * _LINE


def _ends(start: int, end: int, head: int, tail: int) -> Iterator[Span]:
    if end - start <= head + tail:
        yield start, end
    else:
        yield start, start + head
        yield end - tail, end


def _joined(spans: Iterable[Span], size: int) -> Iterator[Span]:
    """The spans in order, on whole lines, without overlaps and small holes."""
    last: Span | None = None
    for start, end in sorted(spans):
        first, stop = start - start % _LINE, min(size, end + -end % _LINE)
        if last and first <= last[1] + _CLOSE:
            last = last[0], max(last[1], stop)
        else:
            if last:
                yield last
            last = first, stop
    if last:
        yield last
