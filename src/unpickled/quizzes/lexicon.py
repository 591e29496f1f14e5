"""Third step of reading an answer: which concepts its words stand for; the concepts come from TOML, not from here."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from unpickled.quizzes.tongues import Tongue, translated
from unpickled.quizzes.words import Vocabulary, tokenise

__all__ = ["Hit", "Lexicon", "Token", "language"]

_ENDING = "[\u0430-\u044f]*"
"""What may follow the beginning of a Russian word."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word or sign of the answer: as folded, its base form, and whether the lexicon knows it."""

    text: str
    base: str
    known: bool


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A concept found at tokens `start` to `end` (exclusive)."""

    start: int
    end: int
    concept: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Language:
    """What the scorer knows of English whatever the question."""

    concepts: Mapping[str, str]
    hides: Mapping[str, tuple[str, ...]]
    guarded: frozenset[str]


@lru_cache(maxsize=1)
def language() -> Language:
    """Return the general concepts that ship with the package."""
    data = tomllib.loads((files(__package__) / "language.toml").read_text("utf-8"))
    lines = (files(__package__) / "guarded.txt").read_text("utf-8").splitlines()
    guarded = (line for line in lines if not line.startswith("#"))
    return Language(
        data["concepts"],
        {name: tuple(hidden) for name, hidden in data["hides"].items()},
        frozenset(guarded),
    )


@dataclass(slots=True)
class _Node:
    """A place in the tree of phrases: the concepts whose phrase ends here, and the words that may follow."""

    names: list[str] = field(default_factory=list)
    next: dict[str, _Node] = field(default_factory=dict)


class Lexicon:
    """Concepts as lists of phrases, matched against tokens; the longest phrase of a concept wins.

    Args:
        concepts: name of the concept to its phrases, separated by commas. `run` matches every form of the word,
            `=was` that form only, `comma` the sign, `befehl*` whatever begins so.
        hides: a phrase of the key concept hides phrases of the listed concepts that lie within it.
        guarded: real words that must not be taken for misspelled ones.
        glosses: parts of words in other scripts, and the English that is read in their place.
        tongues: for each other language the English words, and the words that are read as them.
    """

    def __init__(
        self,
        concepts: Mapping[str, str],
        hides: Mapping[str, Iterable[str]],
        guarded: Iterable[str],
        glosses: Mapping[str, str] | None = None,
        tongues: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._tongues = [Tongue(words) for words in (tongues or {}).values()]
        self._glosses = dict(glosses or {})
        longest = sorted(self._glosses, key=len, reverse=True)
        self._foreign = re.compile(f"({'|'.join(map(re.escape, longest)) or '(?!)'}){_ENDING}")
        self._hides = {name: frozenset(hidden) for name, hidden in hides.items()}
        phrases = {
            name: [
                _words(phrase) for phrase in text.replace("\n", " ").split(",") if phrase.strip()
            ]
            for name, text in concepts.items()
        }
        plain = {
            word
            for group in phrases.values()
            for phrase in group
            for word in phrase
            if word.isalpha()
        }
        self.vocabulary = Vocabulary(plain, guarded)
        self._known = plain
        self._tree = _Node()
        self._prefixes: set[str] = set()
        self._keys: dict[str, tuple[str, ...]] = {}
        for name, group in phrases.items():
            for phrase in group:
                self._add(name, phrase)

    def _add(self, name: str, phrase: list[str]) -> None:
        node = self._tree
        for word in phrase:
            exact = word.endswith("*") or (word[0] == "=" and len(word) > 1)
            if word.endswith("*"):
                self._prefixes.add(word[:-1])
            key = word if exact else self.vocabulary.base(word)
            node = node.next.setdefault(key, _Node())
        node.names.append(name)

    def gloss(self, text: str) -> str:
        """Return the answer with what it says in another script put into English, word for word."""
        if text.isascii():
            return text
        seen = "".join(char for char in text if unicodedata.category(char) != "Cf")
        plain = unicodedata.normalize("NFC", seen).lower()
        glossed = self._foreign.sub(lambda found: f" {self._glosses[found[1]]} ", plain)
        return text if glossed == plain else glossed

    def tokens(self, folded: str) -> list[Token]:
        """Return the tokens of a folded answer."""
        words = translated(tokenise(folded), self._tongues, self.vocabulary.real)
        return [self._token(word) for word in words]

    def _token(self, word: str) -> Token:
        base = self.vocabulary.base(word)
        return Token(word, base, base in self._known or not word[:1].isalpha())

    def hits(self, tokens: list[Token]) -> dict[str, list[Hit]]:
        """Return where each concept stands, in order; phrases that another one hides are left out."""
        found: dict[str, dict[int, Hit]] = {}
        for start in range(len(tokens)):
            for end, name in self._from(self._tree, tokens, start):
                found.setdefault(name, {})[start] = Hit(start, end, name)
        kept = {name: _apart(hits) for name, hits in found.items()}
        for name, hidden in self._hides.items():
            for longer in kept.get(name, ()):
                for other in hidden & kept.keys():
                    kept[other] = [hit for hit in kept[other] if not _inside(hit, longer)]
        return kept

    def _from(self, node: _Node, tokens: list[Token], at: int) -> Iterator[tuple[int, str]]:
        """Yield the end and the concept of each phrase that goes on from a node, shorter ones first."""
        for name in node.names:
            yield at, name
        if at < len(tokens):
            for key in self._keys_of(tokens[at]):
                if key in node.next:
                    yield from self._from(node.next[key], tokens, at + 1)

    def _keys_of(self, token: Token) -> tuple[str, ...]:
        """Return the keys under which the tree may hold a token."""
        keys = self._keys.get(token.text)
        if keys is None:
            begun = (prefix + "*" for prefix in self._prefixes if token.text.startswith(prefix))
            also = self.vocabulary.also(token.text)
            keys = (token.base, "=" + token.text, *also, *sorted(begun))
            if len(self._keys) < 50_000:
                self._keys[token.text] = keys
        return keys


def _words(phrase: str) -> list[str]:
    """Return the words of a phrase; "comma" stands for the sign, which parts the phrases."""
    return ["," if word == "comma" else word for word in phrase.split()]


def _apart(hits: dict[int, Hit]) -> list[Hit]:
    kept: list[Hit] = []
    for hit in sorted(hits.values()):
        if kept and hit.start < kept[-1].end:
            continue
        kept.append(hit)
    return kept


def _inside(hit: Hit, longer: Hit) -> bool:
    return (
        longer.start <= hit.start
        and hit.end <= longer.end
        and hit.end - hit.start < longer.end - longer.start
    )
