"""What a progress file says: its schema, its records, and what can be saved of a damaged one.

Format: `{"schema": 1, "exercises": {id: {"state": "done" | "tried", "tries": int, "hints": int, "when": ISO 8601,
"version": content version, "item": fingerprint of the exercise}}}`. Keys that are not known here are kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["LARGEST", "SCHEMA", "Document", "Record", "empty", "parse", "record", "status"]

SCHEMA = 1
LARGEST = 4_000_000  # bytes of a progress file that is read at all; a real one has a few thousand

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


def parse(raw: bytes) -> tuple[Document, str]:
    """Return what is usable of a progress file's bytes, and what is wrong with them, empty if nothing is."""
    if len(raw) > LARGEST:
        return empty(), "it is far too large"
    try:
        document = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return empty(), "it is not UTF-8 text"
    except (ValueError, RecursionError):
        return empty(), "it is not JSON"
    if not isinstance(document, dict) or not isinstance(document.get("exercises"), dict):
        return empty(), "it holds something else"
    schema = document.get("schema")
    if schema != SCHEMA or isinstance(schema, bool):
        newer = isinstance(schema, int) and schema > SCHEMA
        return (
            empty(),
            "a newer version of the course wrote it" if newer else "its schema is unknown",
        )
    good = {key: entry for key, entry in document["exercises"].items() if _is_record(entry)}
    bad = len(document["exercises"]) - len(good)
    return {**document, "exercises": good}, f"{bad} of its records cannot be read" if bad else ""


def _is_record(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.get("state") in ("done", "tried")
        and all(type(entry.get(key)) is int and entry[key] >= 0 for key in ("tries", "hints"))
        and isinstance(entry.get("when"), str)
        and all(isinstance(entry.get(key, ""), str) for key in ("version", "item"))
    )
