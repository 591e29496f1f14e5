"""One file as the header panel shows it: what it is, what its header says, which byte is what, and the pickle's trace.

Nothing is loaded: the header is read by `weights.inspect` in a child, the pickle is traced, the bytes are cut out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from mmap import mmap
from pathlib import Path
from typing import Any

from unpickled.errors import CourseError
from unpickled.weights import Format, Reading, identify, inspect, read_pickle
from unpickled.weights.files import mapped, open_regular
from unpickled.weights.layout import Region, lay_out

from .material import MOST, Shown, from_reading
from .told import reason, told_by_inspection, without_place
from .windows import of_pickle, of_regions, windows

__all__ = ["sheet"]

_SHAPELESS = {"text", "unknown", "empty"}
_TRIED = 8  # pickles of a file that are traced before the first is shown
_NAMED = 20  # foreign functions of a pickle that are told
_NAME = 80  # characters of one
_PROBE = 4096  # bytes by which a pickle is found in the file
_AFTER = {
    "torch-legacy": "numbers of the tensors",
    "joblib": "numbers of an array, which joblib keeps inside the pickle",
}


@dataclass(frozen=True, slots=True)
class _Inner:
    """The pickle of a file: as it was read, its trace, and where it lies in the file (-1 where it is compressed)."""

    reading: Reading
    shown: Shown
    base: int = -1


def sheet(path: Path) -> dict[str, Any]:
    """Describe a file for the panel.

    Raises:
        ScanError: it is missing, may not be read, or is no regular file.
    """
    form = identify(path)
    found, problem = reason(lambda: inspect(path), path)
    inner, none = _pickle(path, form)
    with open_regular(path) as file, mapped(file) as view:
        plan = lay_out(file, form.id, len(view))
        if inner:
            inner = replace(inner, base=_place(view, plan.regions, inner))
        regions = tuple(_marked(plan.regions, inner, form.id))
        return {
            "name": path.name,
            "size": len(view),
            "label": form.label,
            "matches": form.matches_name,
            "note": form.note,
            "contents": found and told_by_inspection(found),
            "problem": problem,
            "regions": [_plain(region) for region in regions],
            "damage": plan.problem,
            "windows": windows(view, _spans(regions, inner)),
            "pickle": inner and _traced(inner),
            "none": none,
        }


def _pickle(path: Path, form: Format) -> tuple[_Inner | None, str]:
    """Trace the file's pickle; without one, say why."""
    if form.id in _SHAPELESS:
        return (
            None,
            "The file is empty." if form.id == "empty" else "No pickle is recognised in it.",
        )
    try:
        reading = read_pickle(path, first=True, most=MOST)
        inner = _Inner(reading, from_reading(reading, path.name))
        return _worst(path, inner), ""
    except CourseError as error:
        said = without_place(error.problem, path)
        return None, f"{said[:1].upper()}{said[1:]}."


def _worst(path: Path, inner: _Inner) -> _Inner:
    """Of several pickles, the first that calls something foreign, among the first few; for want of one, that calls.

    A quiet one must not stand before it.
    """
    seen = [inner]
    for where in inner.reading.others[:_TRIED]:
        if seen[-1].shown.foreign:
            break
        reading = read_pickle(path, where, first=True, most=MOST)
        seen.append(_Inner(reading, from_reading(reading, path.name)))
    return max(seen, key=lambda one: (bool(one.shown.foreign), bool(one.shown.rebuilding)))


def _place(view: bytes | mmap, regions: tuple[Region, ...], inner: _Inner) -> int:
    """Find the pickle's own bytes in the file; -1 where they are compressed, or in more than one piece."""
    data, end = inner.reading.data, max(inner.shown.end, 1)
    member = inner.reading.where.split(" > ")[0]
    for region in regions:
        if region.where == member and not region.fields and region.role != "rest":
            at = view.find(bytes(data[: min(end, _PROBE)]), region.start, region.end)
            if at >= 0 and at + end <= region.end and view[at : at + end] == data[:end]:
                return at
    return -1


def _marked(regions: tuple[Region, ...], inner: _Inner | None, kind: str) -> Iterator[Region]:
    """The regions, with the pickle as one of its own, up to where it was read."""
    for region in regions:
        if inner is None or not region.start <= inner.base < region.end:
            yield region
            continue
        start, end = inner.base, inner.base + inner.shown.end
        if start > region.start:
            yield Region(region.start, start, "text", f"{region.where}: header before the pickle")
        name = f"{region.where}: pickle" if region.where else "pickle"
        yield Region(start, end, "pickle", name)
        if end < region.end:
            yield _rest(end, region.end, inner, kind)


def _rest(start: int, end: int, inner: _Inner, kind: str) -> Region:
    """What follows the pickle: numbers, in the formats that put some there; else bytes that nobody reads."""
    if kind in _AFTER:
        return Region(start, end, "data", _AFTER[kind])
    broken = inner.shown.trace["columns"]["error"]
    label = "not read: here the pickle breaks off" if broken else "after the pickle: not read"
    return Region(start, end, "rest", label)


def _spans(regions: tuple[Region, ...], inner: _Inner | None) -> Iterator[tuple[int, int]]:
    if inner is None or inner.base < 0:
        yield from of_regions(regions)
        return
    own = next((region for region in regions if region.start == inner.base), None)
    yield from of_regions(regions, own)
    yield from of_pickle(inner.shown.trace["columns"], inner.base, inner.shown.end)


def _traced(inner: _Inner) -> dict[str, Any]:
    trace, notice = inner.shown.trace, inner.shown.notice
    told = {key: trace[key] for key in ("size", "label", "columns")}
    told |= {
        "base": inner.base,
        "notice": notice,
        "where": inner.reading.where,
        "end": inner.shown.end,
        "rebuilding": list(inner.shown.rebuilding),
        "foreign": [
            name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
            for name in inner.shown.foreign[:_NAMED]
        ],
    }
    if inner.base < 0:
        spans = of_pickle(trace["columns"], 0, inner.shown.end)
        told["windows"] = windows(inner.reading.data, spans)
    return told


def _plain(region: Region) -> dict[str, Any]:
    return {
        "start": region.start,
        "end": region.end,
        "role": region.role,
        "label": region.label,
        "fields": [list(field) for field in region.fields],
    }
