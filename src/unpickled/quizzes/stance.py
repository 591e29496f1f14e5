"""Fifth step: the stance of an answer towards one claim in it, read from the words around the claim's head."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from unpickled.quizzes.letters import CODE
from unpickled.quizzes.lexicon import Hit
from unpickled.quizzes.mood import mood
from unpickled.quizzes.reading import Reading, Sentence, Stance

__all__ = ["stance"]

_AUXILIARIES = frozenset({"be", "do", "can", "could", "will", "would", "should", "have"})
_TURNS = frozenset({"but", "so", "though", "although", "practice", "reality", "fact"})
_SUBJECTS = frozenset({"it", "they", "i", "we", "you", "he", "she", "that", "this"})
_SPEAKERS = frozenset({"i", "we"})
_REASONS = frozenset({"that", "this", "those", "these", "it", "they"})
_NEGATIVE = frozenset({"no", "not", "nothing", "without"})
_ENDINGS: tuple[list[str], ...] = ([], [","], ["thanks"], ["thank"])
"""What may follow a "no" that turns down what stands before it."""
REACH = 9
"""Tokens after a claim within which "… is useless" still speaks of it."""


def stance(
    reading: Reading, sentence: Sentence, head: Hit, *, rivals: Sequence[Hit] | None = None
) -> Stance:
    """Return how the answer stands to the claim carried by `head`.

    Args:
        reading: the whole answer, for retractions after the claim.
        sentence: the sentence of the claim.
        head: the claim's own word.
        rivals: where other candidates stand, for a question that asks for one choice: there "better than" turns
            down what follows it, and "… is unsafe" what stands next to it.
    """
    local = _local(reading, sentence, head, rivals)
    if local is Stance.REPORTED and _owned(reading, sentence):
        local = Stance.SAID
    if local is not Stance.SAID:
        return local
    if _taken_back(reading, sentence, head):
        return Stance.TAKEN_BACK
    return Stance.DENIED if _pronoun_denial(reading, sentence, head) else local


def _local(reading: Reading, sentence: Sentence, head: Hit, rivals: Sequence[Hit] | None) -> Stance:
    unheard = _unheard(sentence, head)
    if unheard is not None:
        return unheard
    denied = (_denials(sentence, head, rivals) + sentence.asks) % 2
    if denied or _turned_at_the_end(sentence, head) or _framed(sentence, head, "deny"):
        return Stance.DENIED
    unreal = mood(reading, sentence, head)
    if unreal is Stance.PAST:
        return unreal
    if _reported(sentence, head):
        return Stance.REPORTED
    return unreal or Stance.SAID


def _unheard(sentence: Sentence, head: Hit) -> Stance | None:
    """Return the stance of what claims nothing; None where something is claimed."""
    if _to_grader(sentence, head):
        return Stance.TO_GRADER
    words = [i for i in range(head.start, head.end) if sentence.tokens[i].text[:1].isalnum()]
    if sentence.echo.issuperset(words or [head.start]):
        return Stance.ECHOED
    if sentence.lists or head.start in sentence.bare:
        return Stance.LISTED
    return Stance.ASKED if sentence.asks and not _rhetorical(sentence) else None


def _denials(sentence: Sentence, head: Hit, rivals: Sequence[Hit] | None) -> int:
    """Count what turns the claim round: one "not", each "without", a predicate such as "is useless"."""
    start, _ = sentence.bounds(head)
    if sentence.tokens[head.start].text in _NEGATIVE:  # "no disk and no network": side by side
        start = head.start
    inside = range(start, head.start)
    turns = sentence.hits("except", "than") if rivals is not None else sentence.hits("except")
    count = len({hit.start for hit in turns if hit.start in inside})
    count += any(hit.start in inside for hit in sentence.hits("no"))
    if count and _reasoned(sentence, head):
        return count
    turned = _useless(sentence, head, inside, rivals) or _elliptic(sentence, head)
    return count + (turned or _fronted(sentence, head))


def _reasoned(sentence: Sentence, head: Hit) -> bool:
    """Tell whether what follows a denied head only says why: "not this, that's useless" denies once, not twice."""
    rest = [token.text for token in sentence.tokens[head.end : head.end + 3]]
    return any(one == "," and other in _REASONS for one, other in pairwise(rest))


def _useless(sentence: Sentence, head: Hit, inside: range, rivals: Sequence[Hit] | None) -> bool:
    """Tell whether the head is called useless, after it or, as in "it is pointless to …", before it."""
    _, end = sentence.bounds(head)
    counted = {hit.start for hit in sentence.hits("no") if hit.start < head.end}
    names = ("useless",) if rivals is None else ("useless", "unsafe")
    for hit in sentence.hits(*names):
        if hit.start in counted or _nearer(sentence, head, hit, rivals or ()):
            continue
        if head.end <= hit.start < _reach(sentence, hit, head, end):
            return True
        if hit.start in inside and sentence.quote(hit.end, hit.end + 1) == "to":
            return True
    return False


def _nearer(sentence: Sentence, head: Hit, predicate: Hit, rivals: Sequence[Hit]) -> bool:
    """Tell whether another candidate, after a comma, stands between the head and what is said of one."""
    return any(
        head.end < other.start < predicate.start
        and "," in {token.text for token in sentence.tokens[head.end : other.start]}
        for other in rivals
    )


def _owned(reading: Reading, sentence: Sentence) -> bool:
    """Tell whether the speaker takes the side of those who say it, there or in the next sentence."""
    beside = reading.sentences[sentence.index : sentence.index + 2]
    return any(other.has("agree") for other in beside)


def _reported(sentence: Sentence, head: Hit) -> bool:
    """Tell whether others say it: "many tutorials claim", "one might say that", or only a word "about" it."""
    if any(0 <= head.start - hit.end <= 2 for hit in sentence.hits("about")):
        return True
    if sentence.has("source"):
        return False
    if _framed(sentence, head, "report") or _framed(sentence, head, "claiming"):
        return True
    start, _ = sentence.segment(head)
    speakers = [hit.start for hit in sentence.hits("reporter")]
    ours = [i for i, token in enumerate(sentence.tokens) if token.text == "our"]
    speakers = [place for place in speakers if not any(0 < place - i <= 2 for i in ours)]
    return any(
        start <= verb.start < head.start and any(0 < verb.start - place <= 3 for place in speakers)
        for verb in sentence.hits("saying")
    )


def _elliptic(sentence: Sentence, head: Hit) -> bool:
    """Tell whether the clause ends in "… is not", "… no" or, after something useless, "… too" right after the head."""
    rest = [token.text for token in sentence.tokens[head.end : head.end + 6]]
    ends = rest.index(",") if "," in rest else len(rest)
    closed = ends < len(rest) or head.end + ends == len(sentence.tokens)
    words = rest[:ends]
    if words[-1:] in (["either"], ["neither"]):
        words = words[:-1]
    if rest[:2] in ([",", "no"], [",", "nope"], [":", "no"]) and rest[2:3] in _ENDINGS:
        return True
    if not closed or not 0 < len(words) < 5:
        return False
    if words[-1] == "too" and len(words) < 3:
        return any(hit.end <= head.start for hit in sentence.hits("useless"))
    return words[-1] in {"not", "no", "nope"}


def _fronted(sentence: Sentence, head: Hit) -> bool:
    """Tell whether the head opens its clause and the speaker then turns it down: "containers I would skip"."""
    start, end = sentence.bounds(head)
    if head.start - start > 1 or sentence.quote(head.end, head.end + 1) not in _SPEAKERS:
        return False
    turns = sentence.hits("no", "dismissal", "useless")
    return any(head.end < hit.start < min(end, head.end + 5) for hit in turns)


def _turned_at_the_end(sentence: Sentence, head: Hit) -> bool:
    """Tell whether the sentence ends in "but it does not", "in practice it never does" or the like, after the head."""
    words = [token.base for token in sentence.tokens]
    tail, last = words[head.end :], words[-3:]
    if len(tail) < 4 or last[0] not in _SUBJECTS:
        return False
    first, second = last[1:]
    denies = second == "not" and first in _AUXILIARIES
    denies |= first in {"never", "hardly"} and second in _AUXILIARIES
    return denies and not _TURNS.isdisjoint(tail)


def _reach(sentence: Sentence, predicate: Hit, head: Hit, end: int) -> int:
    """Return how far a predicate after the head may stand: to the clause's end, or the sentence's after "it"."""
    subject = {
        token.base
        for token in sentence.tokens[max(head.end, predicate.start - 3) : predicate.start]
    }
    it = not subject.isdisjoint({"it", "they", "that"})
    before = sentence.tokens[max(head.end, predicate.start - 2) : predicate.start]
    shared = any(token.text in {"but", "and", "yet", "or"} for token in before)
    if (it or shared) and predicate.concept == "useless":
        return len(sentence.tokens)
    return min(end, head.end + REACH)


def _framed(sentence: Sentence, head: Hit, frame: str) -> bool:
    """Tell whether a frame, as "some say" or "it is false that", stands over the head."""
    for hit in sentence.hits(frame):
        start, end = sentence.segment(hit)
        if frame == "deny" and ":" in {t.text for t in sentence.tokens[hit.end : head.start]}:
            continue
        if start <= head.start < end and (hit.start < head.start or frame == "report"):
            return True
    return False


def _to_grader(sentence: Sentence, head: Hit) -> bool:
    """Tell whether the head stands in talk to the grader: within its brackets, or anywhere where it has none."""
    code = any(token.text == CODE for token in sentence.tokens)
    for hit in sentence.hits("grader"):
        if code and sentence.tokens[hit.start].text == "=":
            continue
        before = [token.text for token in sentence.tokens[: hit.start]]
        if sum(text in "([{" for text in before) <= sum(text in ")]}" for text in before):
            start, end = 0, len(sentence.tokens)
            if any(text in ")]}" for text in before):
                start = max(i for i, text in enumerate(before) if text in ")]}")
        else:
            start = max(i for i, text in enumerate(before) if text in "([{")
            rest = range(hit.end, len(sentence.tokens))
            end = next((i for i in rest if sentence.tokens[i].text in ")]}"), len(sentence.tokens))
        if start <= head.start < end:
            return True
    return False


def _rhetorical(sentence: Sentence) -> bool:
    opening = [token.base for token in sentence.tokens[:2]]
    return opening[:1] in (["why"], ["who"]) and opening[1:] in (["would"], ["should"], ["use"])


def _taken_back(reading: Reading, sentence: Sentence, head: Hit) -> bool:
    """Tell whether a later retraction reaches the head; one with "but" reaches no further than what it follows."""
    for index, start in reading.taken_back:
        if (index, start) <= (sentence.index, head.start):
            continue
        but = reading.sentences[index].tokens[start].text == "but"
        if not but or sentence.index == index or (start == 0 and sentence.index == index - 1):
            return True
    return False


def _own_subject(sentence: Sentence, hit: Hit) -> bool:
    """Tell whether what is turned down has its own name: "a …", or an act, as in "switching isn't worth it"."""
    before = [token for token in sentence.tokens[: hit.start] if token.base != "be"]
    act = bool(before) and before[-1].text.endswith("ing") and len(before) > 1
    return act or (hit.start > 4 and sentence.tokens[0].text in {"a", "an", "the"})


def _stands(sentence: Sentence, word: Hit) -> bool:
    """Tell whether a pronoun is what the verb before it governs; "its", read as "it is", begins something else."""
    return sentence.quote(word.end, word.end + 1) != "is"


def _pronoun_denial(reading: Reading, sentence: Sentence, head: Hit) -> bool:
    """Tell whether "skip both" or "no point in it", after the head or in the next sentence, speaks of the head."""
    for other in reading.sentences[sentence.index : sentence.index + 2]:
        if any(hit > head or other is not sentence for hit in other.hits("neither")):
            return True
        words = other.hits("them")
        for hit in other.hits("dismissal"):
            if other is sentence and hit.start < head.end:
                continue
            if other is not sentence and _own_subject(other, hit):
                continue
            if any(0 <= word.start - hit.end <= 1 for word in words if _stands(other, word)):
                return True
    return False
