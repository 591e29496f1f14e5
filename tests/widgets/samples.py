"""Pickles and course records that the widget tests share."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from unpickled.pickles import assemble

ITEM = {
    "id": "p-which",
    "kind": "choice",
    "prompt": "Which call reads `notes.pkl` without running it?\n\n    first\n    second\n\nThink.",
    "choices": [
        {"text": "`pickle.load`", "right": False, "why": "It runs the file."},
        {"text": "pickletools.dis", "right": True, "why": "It only reads."},
        {"text": "torch.load", "right": False, "why": "It may run the file."},
    ],
    "hints": ["One of them builds nothing.", "It ends in tools."],
    "explain": "Disassembling is not loading.",
}
TYPED = {
    "id": "p-typed",
    "kind": "text",
    "prompt": "Which opcode calls?",
    "expects": "the name of one opcode",
    "accepted": ["reduce", "the reduce opcode"],
    "wrong": [{"match": ["global"], "why": "That one imports."}],
    "hints": ["It takes a tuple."],
    "explain": "REDUCE calls.",
}


class Canary:
    """Unpickled, it would make a folder; here it is only ever pickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("/tmp/unpickled-canary",)


def canary() -> bytes:
    """A dict-like object with a list of weights and one hidden call."""
    return pickle.dumps(OrderedDict(w=[0.1, 0.2, 0.3], bias=Canary()), 4)


def stacked() -> bytes:
    """Three pickles, one after the other, in three protocols."""
    return pickle.dumps([1, 2], 2) + pickle.dumps({"a": (1,)}, 4) + pickle.dumps(3, 0)


def long_one(opcodes: int) -> bytes:
    """A plain list pickle of about so many opcodes, memo and all."""
    ops: list[object] = [("PROTO", 4), "EMPTY_LIST", "MEMOIZE"]
    for number in range((opcodes - 5) // 3):
        ops += [("SHORT_BINUNICODE", f"layer.{number}.weight"), "MEMOIZE", "APPEND"]
    return assemble([*ops, "STOP"])  # type: ignore[arg-type]


def by_id(records: Iterable[Any]) -> dict[str, Any]:
    """Course records under their ids."""
    return {record.id: record for record in records}


def outcomes(formats: Iterable[Any], *, odd: str = "pt-canary-open") -> dict[str, dict[str, Any]]:
    """What the experiments of these rows might have shown: all as expected but one, and the last row not tried."""
    seen = {"tool": "torch 2.13.0", "when": "2026-11-29T12:00:00+00:00"}
    tried = [one for row in list(formats)[:-1] for one in row.experiments if one.expect != "told"]
    return {one.id: {**seen, "happened": one.expect, "expected": one.id != odd} for one in tried}
