"""Practice answers judged by the item's own key: forgiving about typing, strict about meaning.

The quiz card judges in the browser by the same rule (`normalise`), so that it works with no kernel; this module is
the rule's definition, and a test holds the two together.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from unpickled.content.model import Item

__all__ = ["Judgement", "judge", "normalise"]

SPACES = re.compile(r"\s+")
LONGEST = 500  # characters of a typed answer that are looked at


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether an answer is right, and the reply that teaches; the reply may be empty for an unforeseen answer."""

    right: bool
    why: str


def normalise(answer: str) -> str:
    """Reduce a typed answer to what counts.

    In this order: the first 500 characters, Unicode NFKC, lower case, runs of white space to one space, then
    quotes, backticks and spaces off both ends and a final . , ; ! ? off the end.
    """
    text = unicodedata.normalize("NFKC", answer[:LONGEST]).lower()
    text = SPACES.sub(" ", text).strip(" \"'`")
    return text.rstrip(".,;!?").strip(" \"'`")


def judge(item: Item, answer: str) -> Judgement:
    """Judge one answer.

    Args:
        item: a practice item.
        answer: a choice's text, or what was typed.
    """
    if item.kind == "choice":
        found = next((choice for choice in item.choices if choice.text == answer), None)
        return Judgement(found.right, found.why) if found else Judgement(False, "")
    given = normalise(answer)
    if given in {normalise(text) for text in item.accepted}:
        return Judgement(True, item.explain)
    for wrong in item.wrong:
        if given in {normalise(text) for text in wrong.match}:
            return Judgement(False, wrong.why)
    return Judgement(False, "")
