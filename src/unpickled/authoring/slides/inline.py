"""Inline text of a slide: `**strong**`, `` `code` `` and `[@source]` as runs that every writer draws its own way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from unpickled.content.prose import CITATION

__all__ = ["Run", "cited", "plain", "runs", "step"]

TOKEN = re.compile(r"`([^`]+)`|(\*\*)")
STEP = re.compile(r"\*\*(.+?)\*\*\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Run:
    """Some words that look alike."""

    text: str
    strong: bool = False
    code: bool = False


def runs(text: str) -> tuple[Run, ...]:
    """Split inline text into runs; citations are left out, since they stand at the foot of the slide."""
    return tuple(run for run in _runs(_without_citations(text)) if run.text)


def plain(text: str) -> str:
    """Return the words alone."""
    return "".join(run.text for run in runs(text))


def cited(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the ids that are cited, each once, in their order."""
    found = (
        word.strip().lstrip("@")
        for text in texts
        for match in CITATION.finditer(text)
        for word in match[1].split(";")
    )
    return tuple(dict.fromkeys(found))


def step(item: str) -> tuple[str, str]:
    """Split an item of a checklist into what to do and the rest, which may be empty.

    A rest that went on with the sentence gets a capital, since it stands alone then.
    """
    match = STEP.fullmatch(_without_citations(item))
    head, rest = (match[1], match[2]) if match else (_without_citations(item), "")
    goes_on = rest[:1] in (",", ";", ":")
    rest = rest.lstrip(",;: ")
    return head.rstrip(".:, "), rest[:1].upper() + rest[1:] if goes_on else rest


def _without_citations(text: str) -> str:
    return re.sub(r"\s+([.,;:])", r"\1", CITATION.sub("", text)).strip()


def _runs(text: str) -> Iterator[Run]:
    strong, end = False, 0
    for match in TOKEN.finditer(text):
        yield Run(text[end : match.start()], strong)
        end = match.end()
        if match[2]:
            strong = not strong
        else:
            yield Run(match[1], strong, code=True)
    yield Run(text[end:], strong)
