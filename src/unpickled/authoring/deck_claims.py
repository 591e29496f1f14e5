"""What a slide claims, in numbers and names, held against what is so: sources, the format table, steps and times.

A fact that is said and shown can be right in one place and wrong in the other. Each check here reads the sentence and
compares it with the data or with a count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from unpickled.content import RISKS, Format, Incident, Slide, prose
from unpickled.content.deck import Steps

__all__ = ["Fault", "citations", "lesson_time", "steps", "table", "title_time", "unsourced"]

Fault = tuple[int, str, str]
"""Line, problem (after 'slide "id"') and remedy."""

NUMBERS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
WORTH = {
    **{word: value for value, word in enumerate(NUMBERS, 1)},
    **{word: value * 10 for value, word in enumerate(TENS, 2)},
    "hundred": 100,
}
WORD = rf"\b(?:{'|'.join(WORTH)})\b"
NUMBER = rf"(?P<number>(?<![\d.,])\d[\d,]*(?:\.\d+)?|{WORD}(?:[\s-](?:and\s)?{WORD})*)"
TIME = re.compile(
    rf"{NUMBER}[\s-](?P<unit>minutes?|words|(?<=-)word)\b(?!\s(?:a|per)\sminute)", re.IGNORECASE
)
IN_TIME = re.compile(rf"\bin (?:about )?{NUMBER}[\s-](?P<unit>seconds?|minutes?)\b", re.IGNORECASE)
TIMED = re.compile(
    rf"{NUMBER}[\s-](?P<unit>seconds?|minutes?)[\s-](?:guide|introduction|intro|lesson|look|overview|summary|tour|view)\b",
    re.IGNORECASE,
)
"""A title of this kind promises how long its slide takes; "The 30-second test" is a test's name."""
THINGS = re.compile(
    rf"{NUMBER} (?:more )?(?:things|steps|measures|more|defen[cs]es)\b", re.IGNORECASE
)
RISK = re.compile(rf"\b({'|'.join(RISKS)})\b", re.IGNORECASE)
NO_PICKLE = re.compile(
    r"\b(?:(?:is|are)\s+)?(?:not?|never)\s+(?:really\s+)?(?:an?\s+)?pickles?\b|\b(?:is|are)n't (?:an?\s+)?pickles?\b",
    re.IGNORECASE,
)
PICKLE = re.compile(
    r"\b(?:is|are)\s+(?:(?:also|always|just|often|only|simply|still|usually)\s+)?(?:an?\s+)?pickles?\b",
    re.IGNORECASE,
)
CVE = re.compile(r"\bCVE-\d{4}-\d{4,}\b")
CITE = "Cite one on the slide, as [@source-id]; the ids are in course/data/sources.toml."


def citations(slide: Slide) -> Iterator[tuple[int, str]]:
    """Yield every source id that a slide cites, with its line."""
    for line, text in slide.texts:
        for match in prose.CITATION.finditer(text):
            yield from ((line, word.strip().lstrip("@")) for word in match[1].split(";"))


def unsourced(
    slide: Slide, formats: Sequence[Format], incidents: Sequence[Incident]
) -> Iterator[Fault]:
    """Find claims (years, CVE numbers, percentages, counts) that nothing on the slide vouches for.

    A text that is shown cites its own source. What is said may rest on anything that its slide cites or draws.
    """
    vouched = {source for _, source in citations(slide)}
    for name, rows in (("formats", formats), ("timeline", incidents)):
        if slide.data(name):
            vouched.update(source for row in rows for source in row.sources)
    spoken = list(zip(slide.spoken_lines, slide.spoken, strict=True))
    for line, text in slide.texts:
        what = prose.claim(text)
        if what:
            yield line, f'states {what} without a source: "{_begin(text)}"', CITE
    for line, text in spoken:
        what = prose.claim(text)
        if what and not vouched:
            yield line, f'says {what}, and shows no source: "{_begin(text)}"', CITE
    for line, text in (*slide.texts, *spoken):
        for number in CVE.findall(text):
            if vouched and number.lower() not in vouched:
                yield line, f"names {number}, which no source on it is about", CITE


def table(slide: Slide, formats: Sequence[Format]) -> Iterator[Fault]:
    """Hold what is said beside the format table against it: every row, in its order, with its risk and its pickle."""
    said = " ".join(slide.spoken)
    line = slide.spoken_lines[0] if slide.spoken_lines else slide.line
    first: list[tuple[int, Format]] = []
    for row in formats:
        places = {name: _find(said, name) for name in re.findall(r"\.\w+", row.name)}
        for name in (name for name, place in places.items() if place < 0):
            problem = f'shows the row "{row.name}" and does not say "{name}"'
            yield line, problem, "Say it, with its risk."
        if places:
            first.append((min(places.values()), row))
    if not first or min(first, key=lambda one: one[0])[0] < 0:
        return  # where one row ends and the next begins cannot be told
    for (here, one), (after, other) in pairwise(first):
        if after < here:
            problem = f'says "{other.name}" before "{one.name}", against the table\'s order'
            yield line, problem, "Say the rows as they stand, so that eyes can follow."
            return
    ends = [place for place, _ in first[1:]]
    for (start, row), end in zip(first, [*ends, _paragraph(slide, first)], strict=True):
        yield from _risk(line, row, said[start:end])
        yield from _pickle(line, row, said[start:end])


def steps(slide: Slide) -> Iterator[Fault]:
    """Hold "three things" in what is said against the number of steps that are shown."""
    shown = sum(len(part.items) for part in slide.parts if isinstance(part, Steps))
    for line, text in zip(slide.spoken_lines, slide.spoken, strict=True) if shown else ():
        for match in THINGS.finditer(text):
            if _value(match["number"]) != shown:
                problem = f'says "{match[0]}" and shows {shown} steps'
                yield line, problem, "Make them the same."


def title_time(slide: Slide, seconds: float) -> Iterator[Fault]:
    """Hold a title such as "Pickle in 90 seconds" against the time that it takes: no more, and at least half."""
    match = IN_TIME.search(slide.title) or TIMED.search(slide.title)
    if match:
        promised = _value(match["number"]) * (60 if match["unit"].lower().startswith("m") else 1)
        if not promised / 2 <= seconds <= promised:
            problem = f'promises "{match[0]}" in its title, and takes {round(seconds)} seconds'
            yield slide.line, problem, "Shorten what is spoken, or correct the title."


def lesson_time(texts: Iterable[tuple[int, str]], minutes: float, words: int) -> Iterator[Fault]:
    """Hold the minutes and words that texts announce of a lesson, shown or said, against the counted ones."""
    for line, text in texts:
        for match in TIME.finditer(text):
            claimed = _value(match["number"])
            if match["unit"].lower().startswith("word"):
                if abs(claimed - words) > words / 20:
                    problem = f'announces "{match[0]}", and there are {words}'
                    yield line, problem, f"Say {round(words, -1)} words."
            elif abs(claimed - minutes) > 0.5:
                problem = f'announces "{match[0]}", and it takes {minutes:.1f}'
                yield line, problem, f"Say {round(minutes)} minutes."


def _risk(line: int, row: Format, said: str) -> Iterator[Fault]:
    found = {word.lower() for word in RISK.findall(said)}
    if found != {row.risk}:
        words = ", ".join(sorted(found)) or "none of the table's words"
        problem = f'says the risk of "{row.name}" as {words}, and the table says {row.risk}'
        yield line, problem, f'Write {{{{ risk(format="{row.id}") }}}}, which follows the table.'


def _pickle(line: int, row: Format, said: str) -> Iterator[Fault]:
    """Hold "is a pickle" and "is no pickle" against the column; a row that is one in part may say both."""
    denied, affirmed = NO_PICKLE.search(said), PICKLE.search(NO_PICKLE.sub("", said))
    wrong = {"Yes": denied, "No": affirmed}.get(row.pickle)
    if wrong:
        problem = f'says "{wrong[0]}" of "{row.name}", and the table says {row.pickle} to pickle'
        yield line, problem, "Say what the table says, or correct the row."


def _paragraph(slide: Slide, first: Sequence[tuple[int, Format]]) -> int:
    """Return where the paragraph of the last row ends, in all that is said."""
    end = -1
    for text in slide.spoken:
        end += len(text) + 1
        if end > first[-1][0]:
            break
    return end


def _find(said: str, name: str) -> int:
    match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said)
    return match.start() if match else -1


def _value(number: str) -> float:
    """Return what "580", "1,200" or "five hundred and eighty" is worth."""
    if number[0].isdigit():
        return float(number.replace(",", ""))
    total = 0
    for word in re.findall(WORD, number.lower()):
        total = max(1, total) * 100 if word == "hundred" else total + WORTH[word]
    return total


def _begin(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
