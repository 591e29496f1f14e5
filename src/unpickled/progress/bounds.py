"""What one record of a progress file may be: the bounds, and what is wrong with a record that breaks one.

The numbers are far above what a learner comes to, and low enough that a file at every bound can still be written and
read: `MOST` records of the longest texts, as `document.encode` writes them, stay below its `LARGEST`. An exercise that
this course does not know is kept like any other, since a newer course may have it.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

__all__ = ["END", "HINTS", "LONGEST", "MOST", "ROOM", "TRIES", "fault", "one_line", "shown"]

MOST = 4_000  # records; the course has some thirty exercises
ROOM = 1_000  # of them are left free by files that are taken in: for the learner's own answers
LONGEST = 80  # bytes of an id, a version, a fingerprint, in UTF-8
TRIES = 1_000_000
HINTS = 1_000
_JOINERS = "\u200c\u200d"  # zero width non-joiner and joiner
_SHOWN = 40  # letters of an id in a message
END = "2100"  # moments from this year on come from a broken clock or a forged file


def fault(key: str, entry: Any) -> str:
    """Return what is wrong with a record and where, as part of a sentence; empty if it is sound."""
    problem = _problem(key, entry)
    return f"{shown(key)}: {problem}" if problem else ""


def shown(text: str) -> str:
    """Return the beginning of a text from a file in quotes, whatever is in it, as plain ASCII."""
    return json.dumps(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def one_line(text: str, most: int) -> str:
    """Return at most so many letters of a text on one line, without what is not printed: it might turn the line.

    Joiners stay: names in Persian, Sinhala and others are not spelt without them.
    """
    seen = "".join(
        letter for letter in text if letter.isprintable() or letter.isspace() or letter in _JOINERS
    )
    line = " ".join(seen.split())
    return line[:most] if line.strip(f"{_JOINERS} ") else ""


def _problem(key: str, entry: Any) -> str:
    if not _is_short(key) or not key:
        return "its id is no short text"
    if not isinstance(entry, dict):
        return "it is no record"
    if entry.get("state") not in ("done", "tried"):
        return '"state" is neither "done" nor "tried"'
    for name, most in (("tries", TRIES), ("hints", HINTS)):
        if type(entry.get(name)) is not int or not 0 <= entry[name] <= most:
            return f'"{name}" is no number from 0 to {most:,}'
    if not _is_moment(entry.get("when")):
        return '"when" is no moment as in 2026-11-29T10:00:00+00:00'
    long = [name for name in ("version", "item") if not _is_short(entry.get(name, ""))]
    return f'"{long[0]}" is no short text' if long else ""


def _is_short(text: Any) -> bool:
    """Whether it is a text that can be shown and written anywhere; half a surrogate pair, say, is none."""
    return isinstance(text, str) and text.isprintable() and len(text.encode()) <= LONGEST


def _is_moment(text: Any) -> bool:
    """Whether it is what our own writer writes, to the letter: so the order of texts is that of moments."""
    if not isinstance(text, str):
        return False
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return False
    in_utc = found.utcoffset() == timedelta(0)
    return in_utc and found.isoformat(timespec="seconds") == text and text < END
