"""The recorded runs: what came of a child, a scanner or a cell of the course on a machine where it can run.

They lie in `kit/recorded.json` of the site, which is `site/recorded.json` of the checkout. A child is found again by
what it was asked: its words, with every file among them by name and content, never by the place that it lay in. So
whatever a learner changes has no recorded run, and is told so.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from unpickled.here.place import kit

__all__ = ["FILE", "Run", "key", "recorded", "recorded_on", "remembered", "shown_date"]

FILE = "recorded.json"
_WHOLE = frozenset(
    {tempfile.gettempdir()}
)  # of a folder elsewhere, a disk perhaps, only the name counts
_LARGEST = 8 << 20  # of a file that is asked about; the course's have some kilobytes


@dataclass(frozen=True, slots=True)
class Run:
    """How a child ended, and what it left behind.

    Attributes:
        code: its exit code.
        out: what it wrote to stdout.
        err: what it wrote to stderr.
        left: folders (None) and files (their bytes in base64) that were new afterwards, by their absolute path.
    """

    code: int
    out: str
    err: str
    left: Mapping[str, str | None] = field(default_factory=dict)

    def leave(self) -> None:
        """Make the folders and files anew that the child left behind."""
        for path, data in sorted(self.left.items()):
            if data is None:
                Path(path).mkdir(parents=True, exist_ok=True)
            else:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).write_bytes(base64.b64decode(data))


def key(
    words: Sequence[str],
    *,
    stdin: bytes = b"",
    files: Iterable[str | os.PathLike[str]] = (),
    cwd: str | os.PathLike[str] | None = None,
) -> str:
    """Return what a child is found by: what it was asked, and the content of the files that it was asked about.

    Args:
        words: program and arguments; those that name a file or folder stand for its content.
        stdin: what it reads.
        files: further files that words or `stdin` may speak of by their whole path.
        cwd: the folder from which the words name files.
    """
    named = {os.fspath(one): _content(Path(one)) for one in files if Path(one).is_file()}
    asked = [_word(str(word), named, Path(cwd) if cwd else None) for word in words]
    asked.append(_replaced(stdin.decode("utf-8", "replace"), named))
    return hashlib.sha256("\0".join(asked).encode("utf-8", "replace")).hexdigest()[:24]


def _word(word: str, named: Mapping[str, str], cwd: Path | None) -> str:
    if len(word) < 1000 and "\n" not in word:
        path = cwd / word if cwd else Path(word)
        if path.is_file():
            return _content(path)
        if word and path.is_dir() and _WHOLE.intersection(map(str, path.parents)):
            return " ".join(_content(one) for one in sorted(path.rglob("*")) if one.is_file())
    return _replaced(word, named)


def _replaced(text: str, named: Mapping[str, str]) -> str:
    for path in sorted(named, key=len, reverse=True):
        text = text.replace(path, named[path])
    return text


def _content(path: Path) -> str:
    with path.open("rb") as file:
        return f"<{path.name} {hashlib.sha256(file.read(_LARGEST)).hexdigest()}>"


@functools.cache
def _all() -> dict[str, Any]:
    folder = kit()
    if folder is None or not (folder / FILE).is_file():
        return {}
    found: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return found


def recorded(kind: str) -> Mapping[str, Any]:
    """Return all recorded things of a kind, by what each is found by; empty outside of the site.

    Args:
        kind: "children", "scans", "cells", "boards" or "files".
    """
    found: Mapping[str, Any] = _all().get(kind, {})
    return found


def remembered(found: str) -> Run | None:
    """Return the recorded run of a child by its `key`; None if there is none."""
    told = recorded("children").get(found)
    return Run(**told) if told else None


def recorded_on() -> str:
    """Return the day on which the runs were recorded, ISO 8601; empty outside of the site."""
    return str(_all().get("date", ""))


def shown_date() -> str:
    """Return that day in words: "29 November 2026"."""
    day = date.fromisoformat(recorded_on())
    return f"{day.day} {day:%B %Y}"
