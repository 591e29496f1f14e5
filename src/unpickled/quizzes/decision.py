"""Seventh step: from findings to one decision a criterion, with how sure it is and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from unpickled.quizzes.doubt import SURE, UNMET, certainty
from unpickled.quizzes.quiz import Criterion
from unpickled.quizzes.reading import Reading, Sentence, Stance
from unpickled.quizzes.rules import Finding
from unpickled.quizzes.stance import stance

__all__ = ["Decision", "comes_late", "decide", "hinted", "in_order", "inert_after"]


_AGAINST = frozenset({Stance.DENIED, Stance.TAKEN_BACK, Stance.SUPPOSED, Stance.PAST})
_DOUBTFUL = frozenset({Stance.REPORTED, Stance.SUPPOSED, Stance.PAST})


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a criterion is met, whether a person should look, and the reasons."""

    met: bool
    review: bool
    why: tuple[str, ...]


def decide(reading: Reading, found: Sequence[Finding], doubted_by: Sequence[str] = ()) -> Decision:
    """Weigh the findings of one criterion: what is said and not denied later counts.

    Args:
        reading: the answer.
        found: where the criterion's rules fit.
        doubted_by: concepts that, said anywhere, make a credit less sure.
    """
    said = [one for one in found if one.stance is Stance.SAID]
    against = [one for one in found if one.stance in {Stance.DENIED, Stance.TAKEN_BACK}]
    why = tuple(f"{one.stance}: “{one.quote}” ({one.rule})" for one in found[:6])
    if not said:
        doubtful = any(one.stance in _DOUBTFUL for one in found)
        return Decision(met=False, review=doubtful and not against, why=why)
    if against and max(one.place for one in against) > max(one.place for one in said):
        outweighed = len({one.place for one in said}) >= 3 * len({one.place for one in against})
        return Decision(met=outweighed, review=True, why=why)
    sure = certainty(reading, said, against, doubted_by)
    best = max(one.strength for one in said)
    if sure.chance < SURE:
        why = (*why, f"sure to {sure.chance:.2f}" + "".join(f", {sign}" for sign in sure.signs))
    return Decision(
        met=best >= 0.5 and sure.chance >= UNMET,
        review=sure.chance < SURE or _clash(said, against),
        why=why,
    )


def hinted(
    reading: Reading, found: Sequence[Finding], criterion: Criterion, decision: Decision
) -> Decision:
    """Have a person look at what no rule found but a hint suggests: what it implies is met, and nothing denies it.

    Of 5 answers with a dangerous call by name all meant it, which is proposed; of 15 with any call 9 did.
    """
    against = [one for one in found if one.criterion == criterion.id and one.stance in _AGAINST]
    closed = {*criterion.denied_by, *criterion.doubted_by}
    if decision.met or decision.review or against or any(s.has(*closed) for s in reading.sentences):
        return decision
    for met, concepts in ((True, criterion.hinted_by), (False, criterion.perhaps_by)):
        for sentence in reading.sentences:
            for hit in sentence.hits(*concepts):
                if stance(reading, sentence, hit) is Stance.SAID:
                    why = f"hinted: “{sentence.quote(hit.start, hit.end)}”"
                    return Decision(met=met, review=True, why=(*decision.why, why))
    return decision


def _clash(said: Sequence[Finding], against: Sequence[Finding]) -> bool:
    """Tell whether what was denied is denied in the very sentence that also says it."""
    return any(one.sentence == other.sentence for one in said for other in against)


def inert_after(reading: Reading, found: Sequence[Finding], *concepts: str) -> bool:
    """Tell whether the answer says last that the thing is harmless, after having said the claim."""
    said = [one.place for one in found if one.stance is Stance.SAID]
    if not said:
        return False
    for sentence in reading.sentences:
        for hit in sentence.hits(*concepts):
            if (sentence.index, hit.start) <= max(said) or sentence.has("contra"):
                continue
            if stance(reading, sentence, hit) is Stance.SAID:
                return True
    return False


# ---------------------------------------------------------------- order of two acts

_SIGNS = (
    ("after", "A"), ("before", "B"), ("until", "U"), ("then", "T"), ("first", "F"), ("loadif", "LU"),
)  # fmt: skip
_BEFORE = re.compile(
    r"S[FT,]*B"  # scan before …
    r"|B,?L[^.S]*S|(?:^|[.,])B[^L.S]*S|NL[^.S]*BS"  # before loading, scan
    r"|F,?S|S,?F"  # first scan
    r"|A,?S[^.]*L|(?<!S)L[^.S]*A,?S(?!L)"  # load after scanning
    r"|[NL][^.S]*U[^.L]*S|S[^.L]*U[^.S]*L"  # do not load until, unless, without
    r"|S[^L]*T[^.S]*L|SL?U"  # scan, then load
)
_AFTER = re.compile(
    r"AL[^S]*S|S[F,]*AL"  # after loading, scan
    r"|L[,.]*T[^L.]*S"  # load, then scan
    r"|F,?L[^SN]*S"  # first load
    r"|(?<!N)(?<!N,)L[^.NBUFS]*BS"  # load before scanning
    r"|L[^S.]*S,?[TA](?![^.]*L)"  # load … scan it after
    r"|X[^.NB]*S"  # load it first, and then scan
)

_LOAD_FIRST = re.compile(r"(?<![NB])LF(?=[,AT])")
"""Load it first, and then …: here "first" is said of the load that stands before it."""
_LATE = re.compile(r"AL[^S.]*,[^S.]*S|^[^SABU]*L[^SF.]*,T,?S")


def in_order(reading: Reading, found: Sequence[Finding], act: str) -> str:
    """Tell whether what was found comes before the act: "before", "after" or "open".

    The sentences become a row of letters: S what was found, L the act, B "before", A "after", U "until", T "then",
    F "first", N "not", LU "load only if", and two patterns are looked for in it.
    """
    heads = {one.place for one in found if one.stance is Stance.SAID}
    row = ".".join(_row(sentence, heads, act) for sentence in reading.sentences)
    row = re.sub(r"(S,?)+S", "S", re.sub(r"([LATUF])\1+", r"\1", row))
    row = _LOAD_FIRST.sub("X", row)
    before, after = _BEFORE.search(row), _AFTER.search(row)
    if before and after:
        sure = "N" in row[: after.end()] or before.start() < after.start() or "B" in before[0]
        return "before" if sure else "open"
    if before or after:
        return "before" if before else "after"
    return "open" if 0 <= row.find("L") < row.find("S") and "N" not in row else "before"


def comes_late(reading: Reading, found: Sequence[Finding], act: str) -> bool:
    """Tell whether all that was found comes when the act is done: "after loading, …", "load it, then …"."""
    heads = {one.place for one in found if one.stance is Stance.SAID}
    return all(
        _LATE.search(_row(reading.sentences[at], heads, act)) for at in {at for at, _ in heads}
    )


def _row(sentence: Sentence, heads: set[tuple[int, int]], act: str) -> str:
    marks = {hit.start: "L" for hit in sentence.hits(act)}
    marks.update({hit.start: "N" for hit in sentence.hits("no")})
    signs = [(hit.end, hit.start, sign) for name, sign in _SIGNS for hit in sentence.hits(name)]
    marks.update({start: sign for _, start, sign in sorted(signs, key=lambda one: one[0])})
    marks.update({place: "S" for index, place in heads if index == sentence.index})
    marks.update({i: "," for i, token in enumerate(sentence.tokens) if token.text == ","})
    return "".join(marks[place] for place in sorted(marks))
