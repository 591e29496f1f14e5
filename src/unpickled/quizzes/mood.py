"""What an answer claims of no present world: what was once, what would be, what would be more than is asked."""

from __future__ import annotations

from unpickled.quizzes.lexicon import Hit
from unpickled.quizzes.reading import Reading, Sentence, Stance

__all__ = ["mood"]

_COMPLEMENT = frozenset({"a", "an", "like", "just", "really", "merely", "code", "not", "plain"})
_MODALS = frozenset({"would", "could", "might"})


def mood(reading: Reading, sentence: Sentence, head: Hit) -> Stance | None:
    """Return PAST or SUPPOSED where a claim is made of another time or world than this; None where of this one."""
    if _formerly(sentence, head) or _outgrown(reading, sentence, head):
        return Stance.PAST
    if (
        _wished(sentence, head)
        or _counterfactual(sentence, head)
        or _luxury(reading, sentence, head)
    ):
        return Stance.SUPPOSED
    return None


def _formerly(sentence: Sentence, head: Hit) -> bool:
    """Tell whether "used to" or "I thought" stands before the head in a sentence that goes on with "but"."""
    turns = [hit.start for hit in sentence.hits("contrast") if hit.start > head.start]
    if turns and any(hit.start < head.start for hit in sentence.hits("thought")):
        return sentence.segment(head)[0] <= sentence.hits("thought")[0].start
    before = [token.text for token in sentence.tokens[max(0, head.start - 3) : head.start]]
    if before[-2:] != ["used", "to"] or before[:1] in (["is"], ["are"], ["be"]):
        return False
    return sentence.has("contrast")


def _outgrown(reading: Reading, sentence: Sentence, head: Hit) -> bool:
    """Tell whether the claim is made of old versions, and the answer goes on to say that it is otherwise now."""
    start, end = sentence.segment(head)
    if not any(start <= hit.start < end for hit in sentence.hits("older")):
        return False
    beside = reading.sentences[sentence.index : sentence.index + 2]
    return any(
        hit.start > head.start or other is not sentence
        for other in beside
        for hit in other.hits("nowadays")
    )


def _wished(sentence: Sentence, head: Hit) -> bool:
    """Tell whether it is said that it would be nice, or what would be "as if" it were so."""
    if any(hit.start > head.start for hit in sentence.hits("hypothetical")[:1]):
        return True
    start, _ = sentence.bounds(head)
    return any(start - 1 <= hit.start < head.start for hit in sentence.hits("supposing"))


def _counterfactual(sentence: Sentence, head: Hit) -> bool:
    """Tell whether a sentence says what would be if something were what it is not: "if it were a script, …"."""
    words = [token.text for token in sentence.tokens]
    if _MODALS.isdisjoint(words):
        return False
    for at, word in enumerate(words):
        if word != "if" or "there" in words[at : at + 3]:
            continue
        for verb in range(at + 2, min(at + 5, len(words) - 1)):
            if words[verb] in {"were", "was"} and words[verb + 1] in _COMPLEMENT:
                return not _parted(sentence, head, at)
    return False


def _parted(sentence: Sentence, head: Hit, at: int) -> bool:
    """Tell whether the head stands in another part of the sentence than the condition, parted from it by "but"."""
    cuts = [hit.start for hit in sentence.hits("contrast")]
    low, high = sorted((at, head.start))
    return any(low < cut < high for cut in cuts)


def _luxury(reading: Reading, sentence: Sentence, head: Hit) -> bool:
    """Tell whether it is more than is asked: "… would be the gold standard, but the minimum is …"."""
    start, end = sentence.segment(head)
    if not any(start <= hit.start < end for hit in sentence.hits("ideal")):
        return False
    return any(
        other is not sentence or hit.start > head.start
        for other in reading.sentences
        for hit in other.hits("minimum")
    )
