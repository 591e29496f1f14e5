"""The video script: what is said to each slide, with its words and minutes, as Markdown.

Narrators read it, so it stands as it is said ("dot p t"), with what is on the screen above it; reviewers read it, so
times and budgets are in one table on top.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from unpickled.authoring.spoken import Pace, SpokenForms, clock, pace
from unpickled.content import Deck, Slide, load_formats, load_incidents
from unpickled.content.deck import Bullets, Data, Part, Steps
from unpickled.content.prose import CITATION

__all__ = ["plain", "script"]


def script(root: Path, deck: Deck, forms: SpokenForms) -> str:
    """Write a deck's script.

    Args:
        root: the course's folder; what a slide shows of its data is told in words.
        deck: the slides, in order.
        forms: how what is written is said.

    Returns:
        Markdown, ending in a newline.
    """
    paces = pace(deck, forms)
    blocks = [
        f"# Script {deck.lesson}: {deck.title}",
        f"<!-- Made from {deck.place} by `unpickled author build`: edit that. -->",
        _summary(deck, paces),
        _table(paces),
        *(block for one in paces for block in _slide(root, one, forms)),
        *_pronounced(deck, forms),
    ]
    return "\n\n".join(blocks) + "\n"


def plain(text: str) -> str:
    """Take the marks out of a slide's text: bold, code and citations."""
    return re.sub(r"\*\*|`", "", CITATION.sub("", text)).strip()


def _summary(deck: Deck, paces: Iterable[Pace]) -> str:
    words = sum(one.words for one in paces)
    total = clock(words * 60 / max(1, deck.words_per_minute))
    return (
        f"{len(deck.slides)} slides, {words} words as they are said, **{total}** at "
        f"{deck.words_per_minute} words a minute. Target {clock(deck.target_minutes * 60)}, "
        f"cap {clock(deck.cap_minutes * 60)}."
    )


def _table(paces: Iterable[Pace]) -> str:
    rows = ["| Slide | From | Takes | At most | Words |", "|---|---:|---:|---:|---:|"]
    rows += [
        f"| {one.slide.number} · {one.slide.title} | {clock(one.start)} | {clock(one.seconds)} | "
        f"{clock(one.slide.seconds)} | {one.words} |"
        for one in paces
    ]
    return "\n".join(rows)


def _slide(root: Path, one: Pace, forms: SpokenForms) -> Iterator[str]:
    slide = one.slide
    yield f"## {slide.number} · {slide.title}"
    yield f"*{clock(one.start)} to {clock(one.end)} · {one.words} words*"
    shown = [line for part in slide.parts for line in _shown(root, part)]
    if shown:
        yield "\n".join(["**On the screen**", "", *shown])
    yield "**Said**"
    yield from (f"> {forms.say(paragraph)}" for paragraph in slide.spoken)


def _shown(root: Path, part: Part) -> Iterator[str]:
    """Tell what a viewer sees, as lines of a Markdown list."""
    if isinstance(part, Bullets):
        yield from (f"- {plain(item)}" for item in part.items)
    elif isinstance(part, Steps):
        yield from (f"- Step {n}: {plain(item)}" for n, item in enumerate(part.items, 1))
    elif isinstance(part, Data):
        yield from _data(root, part)
    else:
        yield f"- {plain(part.text)}"


def _data(root: Path, part: Data) -> Iterator[str]:
    specimen = part.options.get("specimen", "")
    if part.name == "formats":
        yield "- The table of formats:"
        for row in load_formats(root):
            yield f"  - `{row.name}`, pickle: {row.pickle}, risk: **{row.risk}**. {row.risk_text}. {row.notes}."
    elif part.name == "timeline":
        yield "- The timeline:"
        yield from (f"  - {row.date}, {row.kind}: {row.title}" for row in load_incidents(root))
    elif part.name == "disassembly":
        trick = part.options["highlight"]
        yield f"- The specimen `{specimen}`, disassembled, with its {trick} trick in red"
    elif part.name == "terminal":
        yield f"- A terminal in which picklescan and modelscan look at the specimen `{specimen}`"


def _pronounced(deck: Deck, forms: SpokenForms) -> Iterator[str]:
    """List each written form that the script says otherwise, in the order in which it comes."""
    slides: tuple[Slide, ...] = deck.slides
    used = dict.fromkeys(form for s in slides for text in s.spoken for form in forms.used(text))
    if used:
        yield "## How it is said"
        rows = [f"| `{written}` | {forms[written]} |" for written in used]
        yield "\n".join(["| Written | Said |", "|---|---|", *rows])
