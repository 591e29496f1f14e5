"""What passes between us and a terminal or pipe: text from a file made safe to print, and standard input."""

from __future__ import annotations

import os
import sys
import unicodedata
from typing import BinaryIO

from unpickled.errors import CourseError

__all__ = [
    "is_plain",
    "never_fail_on_a_letter",
    "open_what_is_closed",
    "printable",
    "standard_input",
]

_OBEYED_OR_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def printable(text: str, *, plain: bool = False) -> str:
    """Make a text from a file safe to print: control, formatting and lone surrogate characters become escapes.

    Args:
        text: any text, a file's name or a name in a pickle.
        plain: escape everything that is not ASCII.
    """
    shown = text if text.isprintable() else "".join(map(_escape, text))
    return shown.encode("ascii", "backslashreplace").decode("ascii") if plain else shown


def _escape(letter: str) -> str:
    if unicodedata.category(letter) not in _OBEYED_OR_HIDDEN:
        return letter
    return ascii(letter)[1:-1]


def is_plain() -> bool:
    """Tell whether standard output may lack letters: what it is to show is better written in ASCII."""
    return not (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")


def open_what_is_closed() -> None:
    """Keep the numbers 0 to 2 for the standard streams, and say nothing where standard error is closed.

    Else the next file or pipe gets such a number, and a child takes it for its input or output.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as long as we run


def never_fail_on_a_letter() -> None:
    r"""Have standard output write `\xe9` for a letter that its encoding lacks, as standard error does.

    A name in a file must not end a report. JSON is written in ASCII, since `\xe9` is none of its escapes.
    """
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def standard_input() -> BinaryIO:
    """Return the bytes that are piped in.

    Raises:
        CourseError: it is closed, as by `<&-` or in a program without a terminal.
    """
    if sys.stdin is None:
        remedy = "Give the name of a file, or send something in: cat FILE | unpickled …"
        raise CourseError("standard input", "it is closed", remedy)
    return sys.stdin.buffer
