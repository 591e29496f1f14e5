"""How a value of the pickle machine reads as text; the stepper's JavaScript follows the same rules.

The rules, for `text(value, step)`, which shows a value as it was after `step` (-1: before the first):

1.  An atom is its Python `repr`. A string or byte string longer than 160 is the `repr` of its first
    160, then `… (1000 characters)` or `… (1000 bytes)`. A cropped integer is `integer of 5000 bytes`.
2.  The mark is `MARK`. A global is `module.name`. An extension is `extension code 240`, a buffer
    `buffer 0`.
3.  A tuple is `()`, `(a,)` or `(a, b)`; a list `[a, b]`; a dict `{k: v, k: v}`; a set `set()` or
    `{a, b}`; a frozenset `frozenset()` or `frozenset({a, b})`.
4.  A persistent id is `persistent id ` and the text of the id; a read-only view `read-only ` and the
    text of what it shows.
5.  A result is `result of ` and its call: the texts of callable and arguments as they were just before
    the call, `os.mkdir('x')`. That text never changes, so the widget is given it ready-made. What the
    pickle did to the result up to `step` follows as ` with {…}`: `state v` for a state, `v` for an
    item added, `k: v` for an item set.
6.  Of a log, only the entries made at or before `step` are there. Of more than 8 entries the first 8
    are shown, then `… 5 more`.
7.  Depth: the value itself is at depth 0, its entries at 1, and so on; the inside of rule 4 is one
    deeper too. Whatever holds others (rules 3, 4 and 5, empty or not) is `…` at depth 4 and deeper.
    The text of a call begins at depth 0 for itself: its arguments are at depth 1, and so is its
    callable where that is not a global (then it stands in parentheses).
    Inside a call, the call of a nested result is part of it, at its own depth; a result that is itself
    the callable, or whose method is called, is shown there without its ` with {…}`.
8.  The whole is at most 200 characters (code points, not UTF-16 units): a longer one is its first 199
    and `…`. A call is `callable(arguments)`, with each of the two cut by this rule, and the whole
    again.

The arguments of a call are the entries of its tuple, joined by `, `, with rule 6 (`5 more`); `*` and
the text, if they are no tuple; then `, **` and the text of the keywords, if there are any keywords.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from unpickled.pickles.values import (
    ATOMS,
    Buffer,
    Call,
    Cropped,
    Dict,
    Extension,
    Frozen,
    Import,
    List,
    Log,
    Mark,
    Persistent,
    ReadOnly,
    Set,
    additions,
)

__all__ = [
    "DEPTH",
    "ENTRIES",
    "LENGTH",
    "arguments_text",
    "atom_text",
    "call_text",
    "callable_text",
    "text",
]

DEPTH = 4  # containers nested this deep are an ellipsis
ENTRIES = 8  # of each container
LENGTH = 200  # characters in all
STRING = 160  # characters of one string


class _Place(NamedTuple):
    """Where a value is shown: as it was after which step, how deep, and whether inside a call."""

    step: int
    depth: int
    in_call: bool

    def inside(self) -> _Place:
        return _Place(self.step, self.depth + 1, self.in_call)


def text(value: object, step: int) -> str:
    """Return the text of a value as it was after `step`: at most `LENGTH` characters."""
    if type(value) in ATOMS:
        return _cut((atom_text(value),))
    return _cut(_pieces(value, _Place(step, 0, False)))


def call_text(call: Call) -> str:
    """Return `callable(arguments)`: at most `LENGTH` characters."""
    return _cut((callable_text(call), "(", arguments_text(call), ")"))


def callable_text(call: Call) -> str:
    """Return what is called, such as `os.mkdir` or `collections.Counter.__new__`."""
    return _cut(_callable(call, 0))


def arguments_text(call: Call) -> str:
    """Return what stands between the parentheses of a call."""
    return _cut(_arguments(call, 0))


def atom_text(value: Any) -> str:
    """Return the text of a value that holds no others."""
    flat = _FLAT.get(type(value))
    if flat is not None:
        return flat(value)
    if type(value) is Cropped:
        if value.kind == "int":
            return f"integer of {value.total} bytes"
        shown = value.kept if value.kind != "bytearray" else bytearray(value.kept)
        return _long_text(shown, value.total)
    if type(value) in (str, bytes, bytearray) and len(value) > STRING:
        return _long_text(value, len(value))
    return repr(value)


def _long_text(kept: str | bytes | bytearray, total: int) -> str:
    unit = "characters" if isinstance(kept, str) else "bytes"
    return f"{kept[:STRING]!r}… ({total} {unit})"


def _cut(pieces: Iterable[str]) -> str:
    """Join pieces, but never read more of them than can be shown."""
    whole = ""
    for piece in pieces:
        whole += piece
        if len(whole) > LENGTH:
            return whole[: LENGTH - 1] + "…"
    return whole


def _pieces(value: Any, at: _Place) -> Iterator[str]:
    """Yield the text of a value in pieces, of which nearly none are empty: `_cut` always ends soon."""
    write = _WRITERS.get(type(value))
    if type(value) is Cropped and value.kind == "tuple":
        write = _cropped
    if write is None:
        yield atom_text(value)
    elif at.depth >= DEPTH:
        yield "…"
    else:
        yield from write(value, at)


def _tuple(value: tuple[object, ...], at: _Place) -> Iterator[str]:
    yield "("
    yield from _entries(_plain(value), len(value), at)
    yield ",)" if len(value) == 1 else ")"


def _cropped(value: Cropped, at: _Place) -> Iterator[str]:
    yield "("
    yield from _entries(_plain(value.kept), value.total, at)
    yield ")"


def _frozenset(value: Frozen, at: _Place) -> Iterator[str]:
    yield "frozenset("
    if value.total:
        yield "{"
        yield from _entries(_plain(value.items), value.total, at)
        yield "}"
    yield ")"


def _list(value: List, at: _Place) -> Iterator[str]:
    yield "["
    yield from _logged(value, at)
    yield "]"


def _dict(value: Dict, at: _Place) -> Iterator[str]:
    yield "{"
    yield from _logged(value, at)
    yield "}"


def _set(value: Set, at: _Place) -> Iterator[str]:
    if not _seen(value, at.step):
        yield "set()"
        return
    yield "{"
    yield from _logged(value, at)
    yield "}"


def _result(call: Call, at: _Place) -> Iterator[str]:
    if at.in_call:
        yield from _nested_call(call, at.depth)
    else:
        yield f"result of {call_text(call)}"
    seen = _seen(call.log, at.step)
    if seen:
        entries = [
            ("state " if kind == "state" else "", *rest)
            for kind, *rest in _kept(call.log, seen, ENTRIES)
        ]
        yield " with {"
        yield from _entries(entries, call.log[3 * seen - 1], at)
        yield "}"


def _persistent(value: Persistent, at: _Place) -> Iterator[str]:
    yield "persistent id "
    yield from _pieces(value.id, at.inside())


def _read_only(value: ReadOnly, at: _Place) -> Iterator[str]:
    yield "read-only "
    yield from _pieces(value.value, at.inside())


def _nested_call(call: Call, depth: int) -> Iterator[str]:
    yield "result of "
    yield from _callable(call, depth)
    yield "("
    yield from _arguments(call, depth)
    yield ")"


def _callable(call: Call, depth: int) -> Iterator[str]:
    if type(call.function) is Import:
        yield f"{call.function.module}.{call.function.name}"
    else:
        yield "("
        if type(call.function) is Call and depth + 1 < DEPTH:
            yield from _nested_call(call.function, depth + 1)  # without what was done to it since
        else:
            yield from _pieces(call.function, _before(call, depth + 1))
        yield ")"
    if call.method:
        yield f".{call.method}"


def _arguments(call: Call, depth: int) -> Iterator[str]:
    arguments, at = call.arguments, _before(call, depth)
    if type(arguments) is tuple:
        yield from _entries(_plain(arguments), len(arguments), at)
    elif type(arguments) is Cropped and arguments.kind == "tuple":
        yield from _entries(_plain(arguments.kept), arguments.total, at)
    else:
        yield "*"
        yield from _pieces(arguments, at.inside())
    if call.keywords is not None:
        yield "**" if arguments == () else ", **"
        yield from _pieces(call.keywords, at.inside())


def _before(call: Call, depth: int) -> _Place:
    return _Place(call.step - 1, depth, True)


def _seen(log: list[Any], step: int) -> int:
    """Count the additions to a log that were made at or before `step`."""
    places = range(len(log) // 3)
    return bisect_right(places, step, key=lambda number: _when(log[3 * number]))


def _when(step: int) -> int:
    """Return the step of an addition, which of a single value is written inverted."""
    return step if step >= 0 else ~step


def _logged(log: Log, at: _Place) -> Iterator[str]:
    seen = _seen(log, at.step)
    if seen:
        width = 2 if type(log) is Dict else 1
        values = _kept(log, seen, ENTRIES * width)
        entries = [("", *values[n : n + width]) for n in range(0, len(values), width)]
        yield from _entries(entries, log[3 * seen - 1] // width, at)


def _kept(log: list[Any], seen: int, most: int) -> list[Any]:
    """Return the first values of the first `seen` additions to a log."""
    values: list[Any] = []
    for _, added, _ in islice(additions(log), seen):
        values += added[:most]
        if len(values) >= most:
            break
    return values[:most]


def _plain(values: tuple[object, ...]) -> list[tuple[Any, ...]]:
    return [("", value) for value in values[:ENTRIES]]


def _entries(entries: list[tuple[Any, ...]], total: int, at: _Place) -> Iterator[str]:
    """Yield at most `ENTRIES` entries, joined; each is `(prefix, value)` or `(prefix, key, value)`."""
    separator = ""
    for prefix, *key, value in entries:
        yield separator + prefix
        if key:
            yield from _pieces(key[0], at.inside())
            yield ": "
        yield from _pieces(value, at.inside())
        separator = ", "
    if total > len(entries):
        yield f"{separator}… {total - len(entries)} more"


_FLAT: dict[type, Callable[[Any], str]] = {
    Mark: lambda _: "MARK",
    Import: lambda value: f"{value.module}.{value.name}",
    Extension: lambda value: f"extension code {value.code}",
    Buffer: lambda value: f"buffer {value.number}",
}

_WRITERS: dict[type, Callable[[Any, _Place], Iterator[str]]] = {
    tuple: _tuple,
    Frozen: _frozenset,
    List: _list,
    Set: _set,
    Dict: _dict,
    Call: _result,
    Persistent: _persistent,
    ReadOnly: _read_only,
}
"""What holds other values, and so is subject to the rule of depth."""
