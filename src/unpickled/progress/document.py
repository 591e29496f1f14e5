"""What a progress file says: its schema, its records, and what can be saved of a damaged one.

Format: `{"schema": 1, "exercises": {id: {"state": "done" | "tried", "tries": int, "hints": int, "when": ISO 8601,
"version": content version, "item": fingerprint of the exercise}}}`. Keys that are not known here are kept. What a
record may hold is bounded in `bounds`; a file is sound when `parse` finds nothing, and no other is ever written.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from unpickled.progress.bounds import MOST, fault

__all__ = [
    "LARGEST",
    "NEWER",
    "SCHEMA",
    "Document",
    "Record",
    "decode",
    "empty",
    "encode",
    "is_schema",
    "parse",
    "record",
    "status",
]

SCHEMA = 1
LARGEST = 4_000_000  # bytes of a progress file that is read at all; a real one has a few thousand
NEWER = "a newer version of the course wrote it"
_TOO_LARGE = "it is far too large"
_DEEPEST = 20  # objects and lists within one another; a real one has three
_SWELLS = 24  # times that `encode` makes a file larger, at most: two bytes, `0,`, become a line indented by _DEEPEST

Document: TypeAlias = "dict[str, Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of one exercise.

    Attributes:
        state: "done" once it was solved, else "tried".
        tries: answers given, right and wrong.
        hints: how many tiers of hints were opened.
        when: moment of the last change, ISO 8601 in UTC.
        version: the course's content version at that moment.
        item: fingerprint of the exercise as it was then; empty where none was given.
    """

    state: str
    tries: int
    hints: int
    when: str
    version: str = ""
    item: str = ""


def status(found: Record | None, *, item: str = "") -> str:
    """Return "new", "tried", "done" or "changed" for a record and the exercise's present fingerprint."""
    if found is None:
        return "new"
    if found.state == "done" and item and found.item and item != found.item:
        return "changed"
    return found.state


def empty() -> Document:
    """Return the document of a learner who has done nothing yet."""
    return {"schema": SCHEMA, "exercises": {}}


def record(entry: Mapping[str, Any]) -> Record:
    """Return a stored entry as a record."""
    return Record(
        state=entry["state"],
        tries=entry["tries"],
        hints=entry["hints"],
        when=entry["when"],
        version=entry.get("version", ""),
        item=entry.get("item", ""),
    )


def encode(document: Document) -> bytes:
    """Return the bytes of a document: the same for the same document, and plain ASCII."""
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


def decode(raw: bytes) -> tuple[Any, str]:
    """Return what a file's bytes say, and why they are not taken, empty if they are.

    What is taken can be written again: a compact file counts with the size that `encode` would give it.
    """
    if len(raw) > LARGEST:
        return None, _TOO_LARGE
    try:
        value = json.loads(raw.removeprefix(codecs.BOM_UTF8).decode("utf-8"))
    except UnicodeDecodeError:
        return None, "it is not UTF-8 text"
    except (ValueError, RecursionError):
        return None, "it is not JSON"
    if not _is_shallow(value, _DEEPEST):
        return None, "it is nested too deeply"
    small = len(raw) * _SWELLS <= LARGEST  # as all real ones are: no need to write it out to know
    return (value, "") if small or len(encode(value)) <= LARGEST else (None, _TOO_LARGE)


def is_schema(found: Any) -> bool:
    """Whether it is the number of our schema: 1, and neither true nor 1.0, which Python calls equal to it."""
    return type(found) is int and found == SCHEMA


def parse(raw: bytes) -> tuple[Document, str]:
    """Return what is usable of a progress file's bytes, and what is wrong with them, empty if nothing is."""
    document, damage = decode(raw)
    damage = damage or _misfit(document)
    if damage:
        return empty(), damage
    exercises = document["exercises"]
    faults = {key: problem for key, entry in exercises.items() if (problem := fault(key, entry))}
    good = {key: entry for key, entry in exercises.items() if key not in faults}
    if faults:
        damage = f"{len(faults)} of its records cannot be read; {next(iter(faults.values()))}"
    return {**document, "exercises": good}, damage


def _misfit(document: Any) -> str:
    """Return why this is no progress that can be read here, empty if it is one."""
    if not isinstance(document, dict) or not isinstance(document.get("exercises"), dict):
        return "it holds something else"
    schema = document.get("schema")
    if not is_schema(schema):
        newer = isinstance(schema, int) and schema > SCHEMA
        return NEWER if newer else "its schema is unknown"
    count = len(document["exercises"])
    return f"it has {count:,} records, more than the {MOST:,} that are read" if count > MOST else ""


def _is_shallow(value: Any, levels: int) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels > 0 and all(_is_shallow(one, levels - 1) for one in inside)
