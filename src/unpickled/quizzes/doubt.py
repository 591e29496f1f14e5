"""How sure a credit is: what its evidence is worth, and what in the words around it speaks against it.

The figures come from answers that the scorer had not seen, or of whose phrases it knew only those that other files use
(docs/quiz-scoring.md): a rule's strength is how often it was right where it alone gave the credit; a sign's factor
is how much greater the odds of a wrong credit were where it stood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from unpickled.quizzes.lexicon import Hit
from unpickled.quizzes.reading import Reading, Sentence, Stance
from unpickled.quizzes.rules import Finding
from unpickled.quizzes.stance import stance

__all__ = ["SURE", "UNMET", "Certainty", "certainty"]

SURE = 0.85
"""Below this a person looks."""
UNMET = 0.65
"""Below this the criterion is proposed as unmet."""
_LEAST = 0.02
"""What a strong rule leaves open, so that signs have something to multiply."""
_LEAST_OF_ALL = 0.01
"""What all rules together leave open: they often read the same words, and then agree in the same mistake."""
_SHORT = 2
"""So many words ask nothing of their own: "why?", "how far?"."""
_MODALS = frozenset({"would", "might"})
_OWN = frozenset({"i", "we"})
_FACTORS = {
    "would": 7.0,
    "the opposite is said": 20.0,
    "denied elsewhere": 3.0,
    "a spoiler elsewhere": 3.0,
    "a question": 2.5,
    "a guess": 2.0,
}


@dataclass(frozen=True, slots=True)
class Certainty:
    """The chance that a credit is right, and the signs that lowered it."""

    chance: float
    signs: tuple[str, ...]


def certainty(
    reading: Reading, said: Sequence[Finding], against: Sequence[Finding], doubted_by: Sequence[str]
) -> Certainty:
    """Weigh what was said: rules and places that agree make it surer, signs around them less sure."""
    strengths = {(one.rule, one.place): one.strength for one in said}
    open_ = prod(1 - min(max(strength, _LEAST), 1 - _LEAST) for strength in strengths.values())
    spoilers = {name for one in said for name in one.spoilers}
    signs = {
        "would": all(_modal(reading.sentences[one.sentence], one.head) for one in said),
        "the opposite is said": _opposed(reading, doubted_by),
        "denied elsewhere": bool(against),
        "a spoiler elsewhere": any(
            sentence.has(*spoilers) for sentence in reading.sentences if spoilers
        ),
        "a question": any(_open_question(sentence) for sentence in reading.sentences),
        "a guess": any(sentence.has("hedge") for sentence in reading.sentences),
    }
    return _doubted(
        max(open_, _LEAST_OF_ALL), tuple(name for name, stands in signs.items() if stands)
    )


def _doubted(open_: float, signs: tuple[str, ...]) -> Certainty:
    """Return the chance that is left when each sign multiplies the odds of being wrong."""
    odds = open_ / (1 - open_) * prod(_FACTORS[name] for name in signs)
    return Certainty(1 / (1 + odds), signs)


def _opposed(reading: Reading, doubted_by: Sequence[str]) -> bool:
    """Tell whether the answer also says what does not go with the claim, as "it isn't the same", of pickles."""
    return any(
        stance(reading, sentence, hit) is Stance.SAID
        for sentence in reading.sentences
        if not sentence.has("contra")
        for hit in sentence.hits(*doubted_by)
    )


def _open_question(sentence: Sentence) -> bool:
    """Tell whether a sentence asks something of its own: not "why?", nor the question repeated."""
    return sentence.asks and not sentence.echo and len(sentence.tokens) > _SHORT


def _modal(sentence: Sentence, head: Hit) -> bool:
    """Tell whether the head stands among words of what would or might be, other than of what the speaker would do."""
    start, end = sentence.segment(head)
    words = [token.text for token in sentence.tokens[start:end]]
    pairs = zip(["", *words], words, strict=False)
    return any(word in _MODALS and before not in _OWN for before, word in pairs)
