"""The decision for a criterion that asks for one choice among rivals: named, committed to, and alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from unpickled.quizzes.decision import Decision
from unpickled.quizzes.lexicon import Hit
from unpickled.quizzes.reading import Reading, Sentence, Stance
from unpickled.quizzes.stance import stance

__all__ = ["choose"]

_LINKS = frozenset(
    {"and", "or", ",", "/", "&", "+", "|", "also", "a", "the", "as", "well", "else"} | {"plus"}
)


_TURNS = frozenset({"unless", "although", "though", "whereas", "while"})
"""What stands after them is conceded, not what stands before."""


@dataclass(frozen=True, slots=True)
class _Mention:
    """A candidate named somewhere: target or rival, and how the answer stands to it."""

    sentence: Sentence
    hit: Hit
    target: bool
    stance: Stance
    opening: bool  # whether its sentence is the first that is not talk to the grader

    @property
    def place(self) -> tuple[int, int]:
        return self.sentence.index, self.hit.start


def choose(reading: Reading, target: str, rival: str) -> Decision:
    """Decide whether the answer commits to the target.

    Args:
        reading: the answer.
        target: concept of the right choice.
        rival: concept of all others.
    """
    mentions = sorted(_mentions(reading, target, rival), key=lambda one: one.place)
    right = [one for one in mentions if one.target]
    why = tuple(f"{one.stance}: “{_around(one)}”" for one in mentions[:6])
    said = [one for one in right if one.stance is Stance.SAID]
    rivals = [one for one in mentions if not one.target and one.stance is Stance.SAID]
    marks = 0 if right or rivals else _marks(reading)
    if marks:
        return Decision(met=marks > 1, review=True, why=("described, not named",))
    if not said:
        return Decision(met=False, review=_doubtful(reading, right, rivals), why=why)
    if right[-1].stance is Stance.DENIED:
        return Decision(met=False, review=True, why=why)
    named = len(right) < len(mentions) or not any(_committed(one) for one in said)
    if named and _undecided(reading, said, rivals):
        chosen = any(_committed(one) for one in said)
        return Decision(met=False, review=chosen, why=(*why, "no choice is made"))
    return _against(said, rivals, why)


def _mentions(reading: Reading, target: str, rival: str) -> list[_Mention]:
    found = []
    own = [sentence for sentence in reading.sentences if not sentence.has("grader")]
    for sentence in reading.sentences:
        opening = sentence is own[0] if own else False
        for name, other in ((target, rival), (rival, target)):
            others = sentence.hits(other)
            for hit in sentence.hits(name):
                how = stance(reading, sentence, hit, rivals=others)
                if how is Stance.SAID and _past(sentence, hit):
                    how = Stance.PAST
                unsure = how is Stance.ASKED and _unsure(reading, sentence, hit)
                mere = how is Stance.LISTED and _alone(reading, sentence, rival)
                if name == target and (mere or unsure):
                    asks = sentence.asks and not unsure
                    plain = replace(sentence, bare=frozenset(), lists=False, asks=asks)
                    how = stance(reading, plain, hit, rivals=others)
                found.append(_Mention(sentence, hit, name == target, how, opening))
    return found


def _alone(reading: Reading, sentence: Sentence, rival: str) -> bool:
    """Tell whether a mere word is the answer: with no rival beside it, nor in a row of words like it."""
    others = [other for other in reading.sentences if other.lists]
    if sum(token.text == "," for token in sentence.tokens) > 2:
        return False
    return not any(other.has(rival) for other in [sentence, *others])


def _unsure(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Tell whether a question is no more than the hit, and the end of the answer: unsure, and yet an answer."""
    words = sum(token.text[:1].isalnum() for token in sentence.tokens)
    return sentence is reading.sentences[-1] and words == hit.end - hit.start


def _marks(reading: Reading) -> int:
    """Return how many of the target's marks are said: one asks for a person, two describe it."""
    marks = {
        sentence.quote(hit.start, hit.end)
        for sentence in reading.sentences
        for hit in sentence.hits("described")
        if stance(reading, sentence, hit) in {Stance.SAID, Stance.LISTED}
    }
    return len(marks)


def _past(sentence: Sentence, hit: Hit) -> bool:
    start, _ = sentence.bounds(hit)
    if start and sentence.tokens[start - 1].text == ":":
        start = 0
    if any(hit.end <= other.start <= hit.end + 1 for other in sentence.hits("was")):
        return sentence.has("contrast", "until")
    return any(start <= other.start < hit.start for other in sentence.hits("past"))


def _doubtful(reading: Reading, right: list[_Mention], rivals: list[_Mention]) -> bool:
    asked = any(one.stance in {Stance.ASKED, Stance.REPORTED} for one in right)
    return asked and not rivals and not any(s.has("unsure") for s in reading.sentences)


def _against(said: list[_Mention], rivals: list[_Mention], why: tuple[str, ...]) -> Decision:
    alone = [one for one in said if not _paired(one, rivals)]
    if not alone:
        return Decision(met=False, review=False, why=why)
    objection = _objection(alone, rivals)
    if objection:
        return Decision(met=False, review=True, why=(*why, objection))
    strong = [one for one in rivals if _committed(one)]
    if any(
        one.sentence.has("equal") and not _conceded(one)
        for one in [*strong, *rivals]
        if _with(one, alone)
    ):
        return Decision(met=False, review=False, why=why)
    if not strong:
        chosen = any(_committed(one) for one in alone) or all(_conceded(one) for one in rivals)
        return Decision(met=True, review=not chosen, why=why)
    last = max(strong, key=lambda one: one.place)
    mine = [one for one in alone if _committed(one)]
    met = bool(mine) and max(one.place for one in mine) > last.place
    return Decision(met=met, review=bool(mine), why=why)


def _objection(said: list[_Mention], rivals: list[_Mention]) -> str:
    """Return why the target, though named, may not be what is chosen; "" where nothing speaks against it."""
    if any(_shared(one) for one in said) and any(_shared(one) for one in rivals):
        return "one for this, another for that"
    if all(_conceded(one) for one in said) and not all(_conceded(one) for one in rivals):
        return "only conceded"
    if all(_second(one) for one in said):
        return "as the second choice"
    if rivals and _led(said, rivals):
        return "another is named first, this as its reason"
    return ""


def _second(one: _Mention) -> bool:
    """Tell whether the mention is the answer's second choice."""
    start, end = _clause(one)
    return any(start <= hit.start < end for hit in one.sentence.hits("runner_up"))


def _led(said: list[_Mention], rivals: list[_Mention]) -> bool:
    """Tell whether a rival opens the answer, and the target stands only in what explains it: "X, since it …"."""
    first = min(rivals, key=lambda one: one.place)
    return first.opening and all(
        one.sentence is first.sentence
        and any(
            first.hit.end <= hit.start < one.hit.start and not first.sentence.has("contrast")
            for hit in one.sentence.hits("reason")
        )
        for one in said
    )


def _undecided(reading: Reading, said: list[_Mention], rivals: list[_Mention]) -> bool:
    """Tell whether the answer refuses the choice, and does not make it after that, or makes it beside another."""
    refusals = [(s.index, hit.start) for s in reading.sentences for hit in s.hits("undecided")]
    choices = [one for one in said if _committed(one)]
    beside = any(_with(one, rivals) and "for" in _words(one.sentence) for one in choices)
    return bool(refusals) and (not choices or beside or max(refusals) > choices[-1].place)


def _words(sentence: Sentence) -> set[str]:
    return {token.text for token in sentence.tokens}


def _shared(one: _Mention) -> bool:
    """Tell whether the mention has but a part: "this for that", "for that this"."""
    after = one.sentence.tokens[one.hit.end : one.hit.end + 1]
    before = one.sentence.tokens[max(0, one.hit.start - 3) : one.hit.start]
    if _conceded(one) and not one.sentence.has("equal"):
        return False
    return any(token.text == "for" for token in after) or (
        bool(before) and before[0].text == "for" and not one.target
    )


def _with(one: _Mention, others: list[_Mention]) -> bool:
    return any(one.sentence is other.sentence for other in others)


def _paired(one: _Mention, rivals: list[_Mention]) -> bool:
    """Tell whether the target stands in one row with a rival, as "this or that", with no concession for the rival."""
    for rival in rivals:
        if rival.sentence is not one.sentence or _conceded(rival):
            continue
        first, second = sorted((one.hit, rival.hit))
        between = one.sentence.tokens[first.end : second.start]
        if not 0 < len(between) <= 3 or any(token.text not in _LINKS for token in between):
            continue
        if between[0].text == "," and len(between) == 1 and _predicated(rival):
            continue
        return True
    return False


def _predicated(one: _Mention) -> bool:
    """Tell whether something is said of the mention right after it, so that it is no mere member of a row."""
    after = one.sentence.tokens[one.hit.end : one.hit.end + 3]
    return any(token.base in {"be", "have", "use", "do", "can"} for token in after)


def _clause(one: _Mention) -> tuple[int, int]:
    start, end = one.hit.start, one.hit.end
    marks = {i for i, token in enumerate(one.sentence.tokens) if token.text in {",", ":", "(", ")"}}
    marks |= {hit.start for hit in one.sentence.hits("contrast", "clause")}
    while start > 0 and start - 1 not in marks:
        start -= 1
    while end < len(one.sentence.tokens) and end not in marks:
        end += 1
    return start, end


def _conceded(one: _Mention) -> bool:
    start, end = _clause(one)
    return any(
        start - 2 <= hit.start < end
        or (hit.start == end and one.sentence.tokens[end].text not in _TURNS)
        for hit in one.sentence.hits("concede")
    )


def _committed(one: _Mention) -> bool:
    if _conceded(one):
        return False
    start, end = _clause(one)
    if start == 0 and end - start <= one.hit.end - one.hit.start + 1 and one.opening:
        return True  # it stands alone at the beginning: that is the answer
    if _concluded(one):
        return True
    return any(hit.start < end and hit.end > start for hit in one.sentence.hits("commit"))


def _concluded(one: _Mention) -> bool:
    """Tell whether the mention stands at the end of a conclusion: "therefore this", "so it's this"."""
    before = [
        token.base for token in one.sentence.tokens[max(0, one.hit.start - 2) : one.hit.start]
    ]
    return before[-1:] in (["therefore"], ["hence"], ["thus"], ["so"]) or before == ["it", "be"]


def _around(one: _Mention) -> str:
    return one.sentence.quote(max(0, one.hit.start - 3), one.hit.end + 3)
