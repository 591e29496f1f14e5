"""Sixth step: the rules of a quiz, applied to a reading; each finding keeps its words, which explain the score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from unpickled.quizzes.lexicon import Hit
from unpickled.quizzes.reading import Reading, Sentence, Stance
from unpickled.quizzes.stance import stance

__all__ = ["Finding", "Rule", "findings", "spared", "terse"]


_CLOSE = 6
"""Tokens before a retraction within which a denial is what it means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What earns a criterion: a head concept with others near it.

    Attributes:
        criterion: what it earns.
        name: what it looks for, for people.
        head: concepts that carry the claim.
        near: groups of concepts; one of each group must stand near the head.
        before, after: the same, before and after the head.
        within: how many tokens away the others may stand.
        link: concepts of which one must stand in this sentence or one beside it: what the claim is about.
        unless: concepts that spoil the rule when they stand in the sentence.
        denies: whether a "not" before the head speaks against the criterion; if false, it only earns nothing.
        strength: how often it is right where it alone speaks; under 0.5 it only adds to what others say.
    """

    criterion: str
    name: str
    head: tuple[str, ...]
    near: tuple[tuple[str, ...], ...] = ()
    before: tuple[tuple[str, ...], ...] = ()
    after: tuple[tuple[str, ...], ...] = ()
    within: int = 9
    link: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    denies: bool = True
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that fits at one place of the answer."""

    rule: str
    criterion: str
    sentence: int
    head: Hit
    quote: str
    stance: Stance
    strength: float
    spoilers: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[int, int]:
        """Return where it stands, for comparing: sentence and token."""
        return self.sentence, self.head.start


def findings(rules: tuple[Rule, ...], reading: Reading) -> Iterator[Finding]:
    """Yield every place where a rule fits, whatever the stance."""
    for sentence in reading.sentences:
        for rule in rules:
            if _linked(rule, reading, sentence):
                yield from _fits(rule, reading, sentence)


def spared(reading: Reading, found: list[Finding]) -> list[Finding]:
    """Give back what a retraction does not mean: "no wait, forget the scan" takes back the scan alone.

    For questions whose criteria stand side by side; where one follows from the other, all is taken back.
    """
    named: dict[tuple[int, int], set[str]] = {}
    for place in reading.taken_back:
        denied = {
            one.criterion
            for one in found
            if one.stance is Stance.DENIED and one.sentence == place[0] and _meant(one.place, place)
        }
        named[place] = denied
    return [replace(one, stance=Stance.SAID) if _spared(one, named) else one for one in found]


def _meant(denied: tuple[int, int], retraction: tuple[int, int]) -> bool:
    """Tell whether a retraction speaks of what is denied: after it, or right before it."""
    return denied > retraction or retraction[1] - denied[1] <= _CLOSE


def terse(reading: Reading, found: list[Finding]) -> list[Finding]:
    """Give back what is said without a verb, as "a padded cell, far away": things of one kind are no list of terms.

    For questions whose criteria stand side by side; where one follows from the other, any row would be of one kind.
    """
    if any(sentence.lists for sentence in reading.sentences):
        return found
    kinds = {one.criterion for one in found if one.stance in {Stance.LISTED, Stance.SAID}}
    listed = {one.sentence: set[str]() for one in found}
    for one in found:
        listed[one.sentence].add(one.criterion)
    return [
        replace(one, stance=_unlisted(reading, one))
        if one.stance is Stance.LISTED and (len(kinds) == 1 or len(listed[one.sentence]) == 1)
        else one
        for one in found
    ]


def _unlisted(reading: Reading, one: Finding) -> Stance:
    plain = replace(reading.sentences[one.sentence], bare=frozenset())
    return stance(reading, plain, one.head)


def _spared(one: Finding, named: dict[tuple[int, int], set[str]]) -> bool:
    if one.stance is not Stance.TAKEN_BACK:
        return False
    return all(of and one.criterion not in of for place, of in named.items() if place > one.place)


def _linked(rule: Rule, reading: Reading, sentence: Sentence) -> bool:
    if not rule.link:
        return True
    beside = reading.sentences[max(0, sentence.index - 1) : sentence.index + 2]
    return any(other.has(*rule.link) for other in beside)


def _fits(rule: Rule, reading: Reading, sentence: Sentence) -> Iterator[Finding]:
    spoilers = sentence.hits(*rule.unless)
    simile = _simile(sentence) if spoilers else 0
    for head in sentence.hits(*rule.head):
        if any(hit.end > simile or head.start < simile for hit in spoilers):
            continue
        span = _span(rule, sentence, head)
        if span is None:
            continue
        how = stance(reading, sentence, head)
        if how is Stance.DENIED and not rule.denies:
            continue
        quote = sentence.quote(span[0], span[1])
        yield Finding(
            rule.name,
            rule.criterion,
            sentence.index,
            head,
            quote,
            how,
            rule.strength,
            rule.unless,
        )


def _simile(sentence: Sentence) -> int:
    """Return where a likeness that opens the sentence ends, as "like an installer from a stranger: …"; 0 without one.

    What spoils a rule there says nothing of the claim after it.
    """
    if not any(hit.start < 3 for hit in sentence.hits("like")):
        return 0
    return next((i for i, token in enumerate(sentence.tokens) if token.text == ":"), 0)


def _span(rule: Rule, sentence: Sentence, head: Hit) -> tuple[int, int] | None:
    used = [head]
    for groups, side in ((rule.near, 0), (rule.before, -1), (rule.after, 1)):
        for group in groups:
            free = [hit for hit in sentence.hits(*group) if _free(sentence, hit, used)]
            gaps = [(gap, hit) for hit in free if (gap := _gap(head, hit, side)) <= rule.within]
            if not gaps:
                return None
            used.append(min(gaps)[1])
    return min(hit.start for hit in used), max(hit.end for hit in used)


def _free(sentence: Sentence, hit: Hit, used: list[Hit]) -> bool:
    """Tell whether a hit shares no token with those used, and does not echo the question together with the head."""
    if hit.start in sentence.echo and used[0].start in sentence.echo:
        return False
    return not any(hit.start < other.end and other.start < hit.end for other in used)


def _gap(head: Hit, hit: Hit, side: int) -> int:
    """Return how many tokens lie between; very many where the hit is on the wrong side."""
    if side and (hit.start > head.start) != (side > 0):
        return 10**9
    return head.start - hit.end if hit.end <= head.start else hit.start - head.end
