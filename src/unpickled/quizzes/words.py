"""Second step of reading an answer: words to base forms, misspelled ones to the nearest word that the lexicon knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from unpickled.quizzes.letters import SPELLING, unleet

__all__ = ["Vocabulary", "tokenise"]

_TOKEN = re.compile(
    r"[a-z0-9]+(?:'[^\W_]+)?(?![^\W_\u1100-\uffff])|[^\W_]+(?:'[^\W_]+)?|->|=>|>+|[^\w\s']|\n"
)
_SHORT: dict[str, str] = SPELLING["short"]
_IRREGULAR: dict[str, str] = {
    form: base for base, forms in SPELLING["irregular"].items() for form in forms.split()
}
_VERBAL = ("ing", "ed", "s")
_ENDINGS = {"'s": " is", "'re": " are", "'m": " am", "'ve": " have", "'ll": " will", "'d": " would"}
_REWRITES = (
    (re.compile(r"(?:https?|ftp)://\S+|\bwww\.\S+"), " "),
    (
        re.compile(r"\b([ldnsjcmt]|qu|dall|dell|all|un)'(?=[a-z]{3})"),
        r"\1 ",
    ),  # French and Italian elision
    (re.compile(r"\\n"), " "),
    (re.compile(r"\bw/o\b"), "without"),
    (re.compile(r"\bw/ ?(?=[a-z])"), "with "),
    (re.compile(r"\be\.\s?g\.?"), "for example "),
    (re.compile(r"\bi\.\s?e\.?(?=\W)"), "that is "),
    (re.compile(r"\betc\b\.?"), "etc "),
    (re.compile(r"(?<=[a-z0-9_\]])\.(?=[a-z_])|(?<![a-z])\.(?=[a-z])"), " "),
    (re.compile(r"(?<=\d)\.(?=\d)"), " "),
    (
        re.compile(r", (?:of course|obviously|what else|right|no|[a-z]+n't (?:it|they|that))\s*\?"),
        " . ",
    ),
    (re.compile(r"[:;][-']?[)(dp](?!\w)"), " . "),
    (re.compile(r"(?<=\w)-(?=\w)"), " "),
    (re.compile(r"isation"), "ization"),
    (re.compile(r"(?<=[a-z]{4})is(e[sd]?|ers?|ing)\b"), r"iz\1"),
    (re.compile(r"(?:^|\n)\s*(?:[-+]|\(?[0-9a-d][).:](?!\d))\s"), " \n "),
    (re.compile(r"\.{2,}"), " . "),
)


def tokenise(text: str) -> list[str]:
    """Return the words and signs of a folded answer, contractions opened, dotted names and identifiers split."""
    for pattern, plain in _REWRITES:
        text = pattern.sub(plain, text)
    return [piece for found in _TOKEN.finditer(text) for piece in _open(found[0])]


def _open(word: str) -> list[str]:
    if word in _SHORT:
        return _SHORT[word].split()
    if "'" not in word or len(word) < 3:
        return [word]
    if word.endswith("n't"):
        return [{"ca": "can", "wo": "will", "ai": "is"}.get(word[:-3], word[:-3]), "not"]
    bare, _, end = word.partition("'")
    return [bare, *_ENDINGS.get(f"'{end}", "").split()]


class Vocabulary:
    """The words that the lexicon knows, with a search that forgives one slip, or two in a long word.

    Args:
        words: the words of all phrases, in base form.
        guarded: common words in base form, which are never taken for a slip.
    """

    def __init__(self, words: Iterable[str], guarded: Iterable[str]) -> None:
        self._words = set(words)
        self._guarded = set(guarded)
        self._near: dict[str, set[str]] = {}
        self._bases: dict[str, str] = {}
        for word in self._words:
            if len(word) >= 4 and word.isascii():
                for shorter in _deletions(word, _slips(word)):
                    self._near.setdefault(shorter, set()).add(word)

    def base(self, word: str) -> str:
        """Return the base form; that of the nearest known word for a slip, the word itself where none is near."""
        known = self._bases.get(word)
        if known is None:
            known = self._find(word)
            if len(self._bases) < 50_000 and len(word) < 40:
                self._bases[word] = known
        return known

    def also(self, word: str) -> tuple[str, ...]:
        """Return the known verb or noun of which a known word is a form too: "run" for "running"."""
        if word not in self._words or word.endswith("ss") or not word.endswith(_VERBAL):
            return ()
        return tuple(dict.fromkeys(f for f in _forms(word) if f != word and f in self._words))

    def real(self, word: str) -> bool:
        """Tell whether a word, in whatever form, is a common one or one that the lexicon knows."""
        return any(form in self._guarded or form in self._words for form in _forms(word))

    def _find(self, word: str) -> str:
        if word in _IRREGULAR:
            return _IRREGULAR[word]
        forms = tuple(_forms(word))
        for form in forms:
            if form in self._words:
                return form
        if not self._guarded.isdisjoint(forms) or not 3 <= len(word) <= 24:
            return word
        if not word.isalpha():
            return self._figures(word)
        return next(self._corrections(word), word)

    def _figures(self, word: str) -> str:
        if word.isdigit():
            return word
        for letters in unleet(word):
            found = self._find(letters) if letters.isalpha() else ""
            if found in self._words or found in self._guarded:
                return found
        return word

    def _corrections(self, word: str) -> Iterator[str]:
        for form in _forms(word):
            nearest = ("", 9)
            for shorter in _deletions(form, _slips(form)):
                for known in sorted(self._near.get(shorter, ())):
                    slips = _distance(form, known)
                    if slips < nearest[1] and slips <= min(_slips(form), _slips(known)):
                        if len(form) < 5 and (sorted(form) != sorted(known) or form[0] != known[0]):
                            continue
                        nearest = (known, slips)
            if nearest[0]:
                yield nearest[0]


def _slips(word: str) -> int:
    return 1 if len(word) < 8 else 2


def _deletions(word: str, slips: int) -> set[str]:
    found = layer = {word}
    for _ in range(slips):
        layer = {one[:i] + one[i + 1 :] for one in layer for i in range(len(one))}
        found = found | layer
    return found


def _distance(one: str, other: str) -> int:
    """Return the number of slips: a letter too many, missing, wrong, or two swapped."""
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(row[-1] + 1, rows[-1][j] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def _forms(word: str) -> Iterator[str]:
    """Yield the word and what it may be a form of, likeliest first."""
    yield word
    if len(word) < 4:
        return
    if word.endswith("ies"):
        yield word[:-3] + "y"
    for end in ("s", "es", "d", "ed", "ing", "ings", "ly", "r", "er", "ers", "rs"):
        if word.endswith(end) and len(word) - len(end) >= 3:
            stem = word[: -len(end)]
            yield stem
            if end in {"ing", "ings", "er", "ers"}:
                yield stem + "e"
            if end in {"ed", "ing", "er", "ers"} and len(stem) > 3 and stem[-1] == stem[-2]:
                yield stem[:-1]
            if end in {"d", "ed"} and stem.endswith("i"):
                yield stem[:-1] + "y"
