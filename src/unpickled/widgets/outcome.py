"""Two traces of a pickle, before and after one change, held against each other row by row and in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from unpickled.pickles import Trace

__all__ = ["ending", "outcome"]

_TOP = 8  # entries of the stack by which two rows are compared
_SHOWN = 12  # entries of the stack at the end that are shown
_NAMED = 3  # calls or imports named in one sentence

Sentence = dict[str, Any]
"""`kind`, and `parts`: text as strings, code as lists of one string."""

Part = str | list[str]


def outcome(before: Trace, after: Trace, index: int, frames: dict[int, tuple[int, int]]) -> Any:
    """Return what a change of step `index` did: a word for each row, sentences, and how it ends now.

    A row is `changed`, a `frame` whose length followed, `effect` if it leaves another top of the stack or reaches for
    something else, `deeper` if only what lies below differs, `broken` if the new trace breaks at it, `gone` or `new` if
    one of the traces alone has it, or `same`. The rows of both traces are the same opcodes,
    since how many bytes an opcode takes does not depend on what came before it.
    """
    return {
        "rows": [*_rows(before, after, index, frames)],
        "said": [*_said(before, after), *_framed(before, frames)],
        "end": ending(after),
    }


def ending(trace: Trace) -> dict[str, Any]:
    """Return how a trace ends: where it broke if it did, and the stack that the last opcode found, top first."""
    last = len(trace.steps) - 1
    ended = last >= 0 and trace.steps[last].opcode == "STOP"
    seen = last - ended
    stack = trace.stack(seen) if seen >= 0 else ()
    return {
        "ended": ended,
        "broke": trace.error and {"at": trace.error.offset, "why": trace.error.problem},
        "remedy": trace.error.remedy if trace.error else "",
        "stack": list(stack[::-1][:_SHOWN]),
        "deeper": max(len(stack) - _SHOWN, 0),
        "imports": [*dict.fromkeys(one.text for one in trace.imports)],
        "calls": [one.text for one in trace.calls],
    }


def _rows(before: Trace, after: Trace, index: int, frames: Iterable[int]) -> Iterator[str]:
    for row in range(max(len(before), len(after))):
        if row >= len(after):
            yield "broken" if after.error and row == len(after) else "gone"
        elif row >= len(before):
            yield "new"
        elif row == index:
            yield "changed"
        elif row in frames:
            yield "frame"
        elif _left(before, row) == _left(after, row):
            yield "same"
        else:
            yield "effect" if _left(before, row)[0] != _left(after, row)[0] else "deeper"


def _left(trace: Trace, row: int) -> tuple[object, object]:
    """What a row leaves behind, as far as it is compared: what is shown of it, and what lies below."""
    step, stack = trace.steps[row], trace.stack(row, top=_TOP)
    reached = (step.imports and step.imports.text, step.calls and step.calls.text)
    return (*reached, stack[-1:]), (step.depth, stack)


def _said(before: Trace, after: Trace) -> Iterator[Sentence]:
    was, now = ending(before), ending(after)
    yield from _reached("call", "call", was["calls"], now["calls"])
    yield from _reached("imports", "import", was["imports"], now["imports"])
    yield from _ended(was, now)


def _reached(kind: str, verb: str, was: list[str], now: list[str]) -> Iterator[Sentence]:
    come = [one for one in now if one not in was]
    left = [one for one in was if one not in now]
    if come:
        more: tuple[Part, ...] = (", no longer ", *_listed(left)) if left else ()
        yield _sentence(kind, f"Now it would {verb} ", *_listed(come), *more, ".")
    elif left:
        yield _sentence("fine", f"It would no longer {verb} ", *_listed(left), ".")
    elif now and verb == "call":
        yield _sentence(kind, f"It would still {verb} ", *_listed(now), ".")


def _ended(was: dict[str, Any], now: dict[str, Any]) -> Iterator[Sentence]:
    if now["broke"] and now["ended"]:  # programs that load pickles disagree on it, and some go on
        at, why = now["broke"]["at"], now["broke"]["why"]
        yield _sentence(
            "wrong", f"It runs to its STOP here, but at byte {at} {why}. {now['remedy']}"
        )
    elif now["broke"]:
        still = "It still" if was["broke"] == now["broke"] else "Now it"
        place = f"{still} breaks at byte {now['broke']['at']}: {now['broke']['why']}."
        yield _sentence("wrong", place)
        if now["calls"]:
            yield _sentence("call", "Breaking comes too late: what is called before has been done.")
    elif was["broke"]:
        yield _sentence("fine", "Now it runs to its STOP.")
    elif was["stack"][:1] != now["stack"][:1]:
        yield _sentence(
            "result", "What comes out is ", _result(now), ", no longer ", _result(was), "."
        )
    else:
        yield _sentence("result", "What comes out is still ", _result(now), ".")


def _result(end: dict[str, Any]) -> Part:
    return [end["stack"][0]] if end["stack"] else "nothing"


def _framed(before: Trace, frames: dict[int, tuple[int, int]]) -> Iterator[Sentence]:
    for number, (was, now) in frames.items():
        place = f"The FRAME at byte {before.steps[number].offset} counts the bytes that follow it."
        follow = f"Its length was put right, from {was} to {now}. Change the FRAME itself to see what a wrong one does."
        yield _sentence("frame", f"{place} {follow}")


def _listed(names: list[str]) -> Iterator[Part]:
    for number, name in enumerate(names[:_NAMED]):
        yield from (", ", [name]) if number else ([name],)
    if len(names) > _NAMED:
        yield f" and {len(names) - _NAMED} more"


def _sentence(kind: str, *parts: Part) -> Sentence:
    return {"kind": kind, "parts": list(parts)}
