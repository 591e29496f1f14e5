"""First step of reading an answer: odd letters to plain ones, so that a disguise or a keyboard slip costs nothing.

Look-alikes, full-width and small-capital letters, invisible characters, accents, spaced-out words: all become
lower-case ASCII where they can. Letters of other scripts stay as they are. Tags of HTML go, and so does what is struck
through.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from importlib.resources import files
from typing import Any

__all__ = ["CODE", "LIMIT", "SPELLING", "fold", "unleet"]

LIMIT = 12_000
"""Characters that are read; of a longer answer its beginning and its end, and a person sees the rest."""

CODE = "§"
"""Stands at the beginning of a sentence that was a block of code."""
SPELLING: dict[str, Any] = tomllib.loads((files(__package__) / "spelling.toml").read_text("utf-8"))
_PAIRS = SPELLING["lookalikes"].replace("\n", "")
_LOOKALIKE = {ord(odd): plain for odd, plain in zip(_PAIRS[::2], _PAIRS[1::2], strict=True)}
_SIGNS = str.maketrans(SPELLING["signs"])
_LEET = str.maketrans("0134578@$!9", "oieastbasig")
_LEET_L = str.maketrans("0134578@$!9", "oleastbasig")
_SPACED = re.compile(r"(?<![\w'])(?:[a-z0-9][ .\-_*|]{1,3}){4,}[a-z0-9](?![\w'])")
_FENCED = re.compile(r"```[^\s`]*\n(.*?)(?:```|\Z)", re.DOTALL)
_CODE_LINES = re.compile(
    r"(?m)(?:^[^\n]*(?:"
    r"(?:^|[;&|$] ?)[\w./]+ (?:[^\n;&|]* )?-{1,2}[a-z][\w-]*"  # a command with an option
    r"|\b(?:def \w+ ?\(|class \w+ ?[(:]|from \w[\w.]* import \w|import \w+$)"
    r"|\w\.\w+\([^)\n]*[\"'=\w]|\w = \w[\w.]*\(|\w+_\w+=(?:true|false)\b|\bpython3? [\w./]+\.py\b"
    r")[^\n]*(?:\n|\Z))+"
)
_STRUCK = re.compile(r"~~[^~]+~~|<(s|del|strike)>.*?</\1>", re.DOTALL)
_TAG = re.compile(
    r"</?(?:[abipu]|br|code|div|em|h[1-6]|kbd|li|mark|ol|span|strong|su[bp]|tt|ul)\b[^<>]{0,200}>"
)
_NEXT_SENTENCE = re.compile(r"(?<=[\w)])\. +[a-z]+ +[a-z]")
_STOPS = re.compile(r"[\n;!?…]|\.(?![a-z_])")
_WORD = re.compile(r"[^\W\u1100-\uffff]+")
_WITHIN = re.compile(r"(?<=[a-z]) \. (?=[a-z])")
"""A picture between two letters: part of a word, as is a hyphen."""
_CYRILLIC = re.compile("[\u0400-\u04ff]")


def fold(text: str) -> str:
    """Return the answer in lower case with plain letters; at most `LIMIT` characters of it are read.

    Args:
        text: any text, also with lone surrogates or control characters.
    """
    if len(text) > LIMIT:
        text = text[: LIMIT * 3 // 4] + "\n" + text[-LIMIT // 4 :]
    if not text.isascii():
        text = _plain(text)
    text = _TAG.sub(" ", _STRUCK.sub(" ", text.translate(_SIGNS).lower()))
    text = _FENCED.sub(_one_line, text)
    if CODE not in text:
        text = _CODE_LINES.sub(_unfenced, text)
    text = text.replace("`", " ")
    text = re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", " ", text)
    return _SPACED.sub(lambda found: re.sub(r"[^a-z0-9]", "", found[0]), text)


def _one_line(block: re.Match[str]) -> str:
    """Return a block of code as one sentence between two marks: its lines belong together."""
    return _marked(block[1])


def _marked(code: str) -> str:
    """Return code as one sentence: its stops end nothing."""
    return f". {CODE} {_STOPS.sub(' ', code)} . "


def _unfenced(lines: re.Match[str]) -> str:
    """Return lines that look like code or commands as a block, unless there are more words than code in them."""
    words = re.findall(r"(?<![\w./=\"'(-])[a-z]{2,}(?![\w./=\"'(:])", lines[0])
    if len(words) > 10 or lines[0].rstrip().endswith("?") or _NEXT_SENTENCE.search(lines[0]):
        return lines[0]
    return _marked(lines[0])


def unleet(word: str) -> tuple[str, str]:
    """Return the word with figures read as letters, 1 as i and 1 as l."""
    return word.translate(_LEET), word.translate(_LEET_L)


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.translate(_SIGNS))
    kept = []
    for char in unicodedata.normalize("NFKD", text):
        kind = unicodedata.category(char)
        if kind in {"Cf", "Mn", "Me", "Cs", "Co", "Cn"}:
            continue
        kept.append(" . " if kind == "So" else char)
    plain = _WITHIN.sub("", "".join(kept).lower())
    foreign = any(_CYRILLIC.search(_plainly(word)) for word in _WORD.findall(plain))
    return _WORD.sub(lambda found: _unmask(found[0], foreign=foreign), plain)


def _plainly(word: str) -> str:
    return word if word.isascii() else word.translate(_LOOKALIKE)


def _unmask(word: str, *, foreign: bool) -> str:
    """Return a word in look-alike letters in plain ones.

    A word of a foreign script is left alone; among Russian words, so is one that could be both.
    """
    plain = _plainly(word)
    disguised = not foreign or re.search("[a-z]", word) is not None
    return plain if plain.isascii() and disguised else word
