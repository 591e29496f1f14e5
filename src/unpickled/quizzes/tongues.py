"""Beside the words: an answer in another European language, put into English word for word, order and all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

__all__ = ["Tongue", "translated"]

_SHARE = 0.5
"""Of the words that could tell the language, so many must belong to it."""


class Tongue:
    """One language: words, and beginnings of words, that are read as English ones.

    Args:
        words: English words to the foreign ones that stand for them, separated by spaces; `befehl*` is a beginning.
    """

    def __init__(self, words: Mapping[str, str]) -> None:
        pairs = [(of, english) for english, several in words.items() for of in several.split()]
        self._whole = {of: english.split() for of, english in pairs if not of.endswith("*")}
        self._begun = {of[:-1]: english.split() for of, english in pairs if of.endswith("*")}

    def of(self, word: str) -> list[str] | None:
        """Return the English words for a folded word, None for one that is not of this language."""
        for form in (word, _plain(word)):
            if form in self._whole:
                return self._whole[form]
            for end in range(len(form), 2, -1):
                if form[:end] in self._begun:
                    return self._begun[form[:end]]
        return None


def translated(
    words: Sequence[str], tongues: Sequence[Tongue], english: Callable[[str], bool]
) -> list[str]:
    """Return the words of an answer in English; just as they are unless most of them are of one language.

    Args:
        words: folded words and signs.
        tongues: the languages to try.
        english: whether a word is English, or a name that is the same in all: such a word tells nothing.
    """
    telling = {word for word in words if word.isalpha() and not english(word)}
    best, most = None, 1
    for tongue in tongues:
        known = sum(tongue.of(word) is not None for word in telling)
        if known > most and known >= _SHARE * len(telling):
            best, most = tongue, known
    if best is None:
        return list(words)
    return [one for word in words for one in best.of(word) or (word,)]


def _plain(word: str) -> str:
    """Return a German word typed without umlauts as it is folded with them: "pruefen" as "prufen"."""
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")
