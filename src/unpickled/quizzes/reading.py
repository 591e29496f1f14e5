"""Fourth step of reading an answer: sentences, their concepts, and where clauses part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from unpickled.quizzes.letters import CODE, LIMIT, fold
from unpickled.quizzes.lexicon import Hit, Lexicon, Token

__all__ = ["Reading", "Sentence", "Stance", "read"]

_STOPS = frozenset(".!?\n;…")
_PAUSES = frozenset(':()[]{}<=|"')
_ROW = 6
"""So many words in a row, all of them terms and none to join them, are a list and no claim."""
_INTERJECTIONS = frozenset({"no", "nope"})
_FINITE = frozenset({"is", "are", "was", "were"})
_DENYING = frozenset({"not", "no", "never"})
_INTO = frozenset({"in", "inside", "within"})
_RELATIVE = frozenset({"which", "that", "who", "where"})
_SAYING = frozenset(
    {"say", "think", "believe", "know", "mean", "claim", "sure", "so", "guess", "suppose", ","}
)
_COMMA = Token(",", ",", known=True)
_LONG = 160
"""Words after which a sentence without a full stop is cut, which bounds the work."""


class Stance(StrEnum):
    """How an answer stands to a claim that it mentions."""

    SAID = "said"
    DENIED = "denied"
    REPORTED = "reported"
    ASKED = "asked"
    LISTED = "listed"
    ECHOED = "echoed"
    SUPPOSED = "supposed"
    PAST = "past"
    TAKEN_BACK = "taken back"
    TO_GRADER = "to the grader"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer.

    Attributes:
        index: its place in the answer.
        tokens: its words and signs.
        concepts: where each concept stands, by name.
        asks: whether it ends in a question mark.
        lists: whether it calls its words terms, topics or the like, claiming nothing.
        bare: tokens that stand in a mere row of words.
        echo: tokens that repeat the question.
        breaks: tokens at which a clause ends or another begins.
    """

    index: int
    tokens: tuple[Token, ...]
    concepts: dict[str, list[Hit]]
    asks: bool
    lists: bool
    bare: frozenset[int]
    echo: frozenset[int]
    breaks: frozenset[int]

    def hits(self, *names: str) -> list[Hit]:
        """Return where these concepts stand."""
        return [hit for name in names for hit in self.concepts.get(name, ())]

    def has(self, *names: str) -> bool:
        """Tell whether one of these concepts stands in the sentence."""
        return any(self.concepts.get(name) for name in names)

    def quote(self, start: int, end: int) -> str:
        """Return the folded words from token `start` to `end`, exclusive."""
        return " ".join(token.text for token in self.tokens[start:end])

    def bounds(self, hit: Hit) -> tuple[int, int]:
        """Return the clause around a hit: what a "not" in it may deny."""
        start, end = hit.start, hit.end
        while start > 0 and start - 1 not in self.breaks:
            start -= 1
        while end < len(self.tokens) and end not in self.breaks:
            end += 1
        return start, end

    def segment(self, hit: Hit) -> tuple[int, int]:
        """Return the stretch around a hit between "but", "however" and the like."""
        cuts = [other.start for other in self.hits("contrast")]
        start = max((cut for cut in cuts if cut < hit.start), default=0)
        end = min((cut for cut in cuts if cut > hit.start), default=len(self.tokens))
        return start, end


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole answer, read.

    Attributes:
        sentences: in the answer's order.
        taken_back: (sentence, token) of each retraction: what stands before it no longer counts.
        strange: share of words, 0 to 1, that neither the lexicon nor the look of English knows.
        cut: whether the answer was longer than what was read.
        glossed: whether words of a script without spaces or of another alphabet were read through a word list.
    """

    sentences: tuple[Sentence, ...]
    taken_back: tuple[tuple[int, int], ...]
    strange: float
    cut: bool
    glossed: bool = False

    def words(self) -> int:
        """Return how many words were read."""
        return sum(token.text[:1].isalnum() for s in self.sentences for token in s.tokens)


def read(text: str, lexicon: Lexicon, prompt: str = "") -> Reading:
    """Read an answer.

    Args:
        text: the answer as typed.
        lexicon: the concepts to look for.
        prompt: the question, whose own words earn nothing when they are repeated.
    """
    asked = [token.base for token in lexicon.tokens(fold(prompt)) if token.text[:1].isalnum()]
    plain = lexicon.gloss(text[: LIMIT * 2])
    glossed = plain != text[: LIMIT * 2]
    tokens = lexicon.tokens(fold(plain if glossed else text))
    sentences = tuple(
        _sentence(index, part, mark, lexicon, asked)
        for index, (part, mark) in enumerate(_joined(_split(tokens), lexicon))
    )
    if glossed:  # a gloss leaves out the little words that tell a sentence from a row of terms
        sentences = tuple(replace(sentence, bare=frozenset()) for sentence in sentences)
    own = [sentence for sentence in sentences if not sentence.has("grader")]
    if len(own) > 2 and all(_fragment(sentence) for sentence in own):
        sentences = tuple(replace(sentence, lists=True) for sentence in sentences)
    return Reading(
        sentences,
        tuple((s.index, hit.start) for s in sentences for hit in s.hits("retract")),
        _strange(tokens),
        len(text) > LIMIT,
        glossed,
    )


def _split(tokens: Sequence[Token]) -> Iterator[tuple[list[Token], str]]:
    part: list[Token] = []
    for token in tokens:
        if token.text not in _STOPS:
            part.append(token)
            if len(part) < _LONG:
                continue
        if part:
            yield part, token.text
        part = []
    if part:
        yield part, ""


def _joined(
    parts: Iterator[tuple[list[Token], str]], lexicon: Lexicon
) -> Iterator[tuple[list[Token], str]]:
    """Yield sentences; one goes on in the next: "a container? Sure", "an X is there. Take that"."""
    held: tuple[list[Token], str] | None = None
    for part, mark in parts:
        if held and not _goes_on(part, lexicon, asked=held[1] == "?"):
            yield held
            held = None
        held = ([*held[0], _COMMA, *part] if held else part), mark
    if held:
        yield held


def _goes_on(part: list[Token], lexicon: Lexicon, *, asked: bool) -> bool:
    if part[0].text == "→":
        return True
    hits = lexicon.hits(part[:6])
    names = ("takeit", "affirm", "tested") if asked else ("takeit",)
    return any(hit.start == 0 for name in names for hit in hits.get(name, ()))


def _sentence(
    index: int, tokens: list[Token], mark: str, lexicon: Lexicon, asked: list[str]
) -> Sentence:
    concepts = lexicon.hits(tokens)
    bare = _bare(tokens, concepts)
    return Sentence(
        index,
        tuple(tokens),
        concepts,
        mark == "?" and not _guessed(concepts),
        bool(concepts.get("listing")),
        bare,
        _echo(tokens, asked, concepts),
        _breaks(tokens, concepts),
    )


def _breaks(tokens: list[Token], concepts: dict[str, list[Hit]]) -> frozenset[int]:
    """Return where clauses part: what a "not" before such a place does not reach."""
    marks = {hit.start for name in ("contrast", "clause") for hit in concepts.get(name, ())}
    starts = {hit.start for hit in concepts.get("start", ())}
    negations = sorted({hit.start for name in ("no", "except") for hit in concepts.get(name, ())})
    for i, token in enumerate(tokens):
        if token.text == ",":
            parts = i + 1 in starts or any(i < at < i + 4 for at in negations)
            parts |= _condition(tokens, concepts, negations, i)
            parts |= i > 0 and tokens[i - 1].text in _INTERJECTIONS
            parts |= _each_denied(tokens, i)
        elif token.text == "and":
            parts = _new_clause(tokens, negations, i)
        elif token.text in _INTO:
            parts = i > 2 and tokens[i - 2].text == "without" and tokens[i - 1].text[-3:] != "ing"
        elif token.text in _FINITE:
            parts = _main_verb(tokens, negations, i)
        else:
            parts = token.text in _PAUSES or token.text == "→"
        if parts:
            marks.add(i)
    return frozenset(marks)


def _condition(
    tokens: list[Token], concepts: dict[str, list[Hit]], negations: list[int], at: int
) -> bool:
    """Tell whether a comma ends a condition, as "if there is none, …", whose "not" goes no further."""
    opened = max(
        (hit.start for hit in concepts.get("conditional", ()) if hit.start < at), default=at
    )
    inner = {token.text for token in tokens[opened:at]}
    return "," not in inner and any(opened < place < at for place in negations)


def _each_denied(tokens: list[Token], at: int) -> bool:
    """Tell whether a comma ends a row of which each member is denied by itself: "not this, not that, …"."""
    commas = [-1, *(i for i in range(at) if tokens[i].text == ",")]
    starts = [comma + 1 for comma in commas[-2:]]
    return (
        len(starts) > 1
        and all(tokens[start].text in _DENYING for start in starts)
        and at + 1 < len(tokens)
        and tokens[at + 1].text not in _DENYING | {"or", "nor", "and"}
    )


def _main_verb(tokens: list[Token], negations: list[int], at: int) -> bool:
    """Tell whether an "is" ends a relative clause that denies: "the one which cannot have macros is called …"."""
    before = [place for place in negations if place < at - 1]
    if not before:
        return False
    last = before[-1]
    pronoun = next(
        (i for i in range(last - 1, max(0, last - 4), -1) if tokens[i].text in _RELATIVE), 0
    )
    inner = {token.text for token in tokens[last:at]}
    return pronoun > 0 and tokens[pronoun - 1].base not in _SAYING and "that" not in inner


def _new_clause(tokens: list[Token], negations: list[int], at: int) -> bool:
    """Tell whether an "and" opens a clause that an earlier "is not" does not reach."""
    before = [place for place in negations if place < at]
    return (
        bool(before)
        and at - before[-1] > 1
        and tokens[before[-1] - 1 if before[-1] else 0].base == "be"
    )


def _bare(tokens: list[Token], concepts: dict[str, list[Hit]]) -> frozenset[int]:
    """Return the tokens that stand in a mere row of words: around them no little word that would join them."""
    signs = [token.text for token in tokens]
    if CODE in signs or signs.count("=") == 1:  # "unpickling = code execution" is a claim
        return frozenset()
    words = [i for i, token in enumerate(tokens) if token.text[:1].isalnum()]
    glue = {hit.start for hit in concepts.get("glue", ())}
    glue |= {hit.start for name in ("no", "except") for hit in concepts.get(name, ())}
    marked = {hit.start for name, hits in concepts.items() if name not in _FRAME for hit in hits}
    if len(words) >= 3 and len(glue) * 8 <= len(words) and len(marked) >= 2:
        return frozenset(range(len(tokens)))
    bare: set[int] = set()
    for at in range(len(words) - _ROW + 1):
        row = words[at : at + _ROW]
        if glue.isdisjoint(row) and len(marked.intersection(row)) == _ROW:
            bare.update(row)
    return frozenset(bare)


def _guessed(concepts: dict[str, list[Hit]]) -> bool:
    """Tell whether a question only says "I am not sure", as "I think X?", or asks for the thing itself."""
    if any(hit.start == 0 for hit in concepts.get("asking", ())):
        return bool(concepts.get("request"))
    return bool(concepts.get("guess") or concepts.get("request"))


def _fragment(sentence: Sentence) -> bool:
    """Tell whether a sentence is no more than a word or two."""
    return len(sentence.tokens) <= 2 and not sentence.has("glue")


_FRAME = frozenset(
    {"no", "plain", "glue", "start", "clause", "contrast", "then", "first", "getting"}
    | {"adds_nothing", "asked_so"}
)


def _echo(tokens: list[Token], asked: list[str], concepts: dict[str, list[Hit]]) -> frozenset[int]:
    """Return the tokens in a run of words, three or more, from the question; all where no other word is added.

    Little words add nothing, nor does the concept `adds_nothing`. With the concept `asked_so`, the question's own turn
    of phrase, no run is needed.
    """
    adds_nothing = [*concepts.get("glue", ()), *concepts.get("adds_nothing", ())]
    small = {place for hit in adds_nothing for place in range(hit.start, hit.end)}
    runs = {tuple(asked[i : i + 3]) for i in range(len(asked) - 2)}
    places = [i for i, token in enumerate(tokens) if token.text[:1].isalnum()]
    echoed: set[int] = set()
    for first, second, third in zip(places, places[1:], places[2:], strict=False):
        if (tokens[first].base, tokens[second].base, tokens[third].base) in runs:
            echoed.update((first, second, third))
    taken_over = echoed or concepts.get("asked_so")
    if taken_over and all(_asked(tokens[i], asked) or i in small for i in places):
        echoed.update(places)
    return frozenset(echoed)


def _asked(token: Token, asked: list[str]) -> bool:
    return token.base in asked or token.text in asked or token.text.removesuffix("s") in asked


def _strange(tokens: Sequence[Token]) -> float:
    words = [token for token in tokens if token.text[:1].isalpha()]
    if not words:
        return 0.0
    return sum(not token.known for token in words) / len(words)
