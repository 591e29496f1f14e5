"""Arguments of opcodes as a person types them: in the form that pickletools prints, read with clear errors."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from unpickled.pickles.steps import Step
from unpickled.pickles.values import Cropped, Names

__all__ = ["KINDS", "LONGEST", "Kind", "argument_text", "read_argument"]

LONGEST = 300
"""Characters of an argument's text, as it is shown for editing and as it is taken."""

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_TEXT = re.compile(r"""(['"]).*\1""", re.DOTALL)
_BYTES = re.compile(r"""b(['"]).*\1""", re.DOTALL)
_BYTEARRAY = re.compile(r"bytearray\((.*)\)", re.DOTALL)


class Kind(NamedTuple):
    """One kind of argument.

    Args:
        hint: what it is, in a few words that can follow "It takes".
        example: one that is right.
        read: makes the value of its text, or raises a ValueError whose text is a sentence for the learner.
    """

    hint: str
    example: str
    read: Callable[[str], Any]


def read_argument(kind: str, text: str) -> Any:
    """Return the value that stands in `text`, for an opcode whose argument is of this `kind`; nothing is evaluated.

    Raises:
        ValueError: it cannot be one; the message is one or two sentences for the learner.
    """
    if len(text) > LONGEST:
        raise ValueError(f"{len(text)} characters are too many: at most {LONGEST} are taken here.")
    return KINDS[kind].read(text.strip())


def argument_text(step: Step) -> str | None:
    """Return a step's argument as `read_argument` takes it: "" if there is none, None if it is too long for that."""
    if step.arg is None:
        return ""
    if isinstance(step.arg, Cropped):
        return None
    text = repr(step.arg)
    return text if len(text) <= LONGEST else None


def _whole(text: str, least: int | None = None, most: int | None = None) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError("That is no whole number. Write digits only, such as 7.")
    value = int(text)
    if least is not None and most is not None and not least <= value <= most:
        raise ValueError(
            f"{value} does not fit: the bytes that hold it have room for {least} to {most}."
        )
    return value


def _whole_or_truth(text: str) -> int:
    return text == "True" if text in ("True", "False") else _whole(text)


def _floating(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("That is no number. Write one such as 0.25.") from None


def _literal(text: str) -> Any:
    """Read what is in quotes, as Python's own literals are read; that builds constants and runs nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an odd escape, which stays as it is
            return ast.literal_eval(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        problem = "What is in the quotes cannot be read. Look at quotes and backslashes in it."
        raise ValueError(problem) from None


def _text(text: str, encoding: str = "utf-8", most: int | None = None) -> str:
    value = _literal(text) if _TEXT.fullmatch(text) else None
    if not isinstance(value, str):
        raise ValueError("Put the text into quotes, such as 'abc'.")
    try:
        size = len(value.encode(encoding, "surrogatepass" if encoding == "utf-8" else "strict"))
    except UnicodeEncodeError:
        known = "ASCII" if encoding == "ascii" else "single bytes"
        raise ValueError(f"This opcode's text is {known}: leave out rarer characters.") from None
    _check_size(size, most)
    return value


def _line(text: str, encoding: str) -> str:
    value = _text(text, encoding)
    if "\n" in value:
        raise ValueError("This argument ends at a newline, so none can be in it.")
    return value


def _bytes(text: str, most: int | None = None) -> bytes:
    inner = _BYTEARRAY.fullmatch(text)
    given = inner[1] if inner else text
    value = _literal(given) if _BYTES.fullmatch(given) else None
    if not isinstance(value, bytes):
        raise ValueError("Write bytes as b'abc', with \\x00 for what is no letter.")
    _check_size(len(value), most)
    return value


def _check_size(size: int, most: int | None) -> None:
    if most is not None and size > most:
        raise ValueError(f"That takes {size} bytes, and one byte of length counts to {most} only.")


def _names(text: str, encoding: str) -> Names:
    value = _line(text, encoding)
    module, space, name = value.partition(" ")
    if not (module and space and name):
        raise ValueError(
            "Write a module and a name with a space between, such as 'collections OrderedDict'."
        )
    return Names.of(module, name)


def _number(least: int, most: int, what: str = "a whole number") -> Kind:
    return Kind(f"{what} from {least} to {most}", "7", partial(_whole, least=least, most=most))


def _textual(
    encoding: str, most: int | None = None, what: str = "text in quotes", example: str = "'abc'"
) -> Kind:
    told = f"{what}, at most {most} bytes" if most else what
    return Kind(told, example, partial(_text, encoding=encoding, most=most))


def _bytestring(most: int | None = None) -> Kind:
    told = f"bytes, at most {most}" if most else "bytes"
    return Kind(told, "b'abc'", partial(_bytes, most=most))


_OLD = "a Python 2 string in quotes"
_NAMED = "a module and a name, in quotes, with a space between"
_PAIR = "'collections OrderedDict'"

KINDS: dict[str, Kind] = {
    "uint1": _number(0, 255),
    "uint2": _number(0, (1 << 16) - 1),
    "uint4": _number(0, (1 << 32) - 1),
    "int4": _number(-(1 << 31), (1 << 31) - 1),
    "protocol": _number(0, 255, "a protocol's number: there are 0 to 5, and the byte has room"),
    "frame": _number(0, (1 << 64) - 1, "a number of bytes"),
    "long1": Kind("a whole number", "7", _whole),
    "long4": Kind("a whole number", "7", _whole),
    "long": Kind("a whole number", "7", _whole),
    "index": Kind("the number of an entry in the memo", "0", _whole),
    "integer": Kind("a whole number, True or False", "7", _whole_or_truth),
    "decimal": Kind("a number", "0.25", _floating),
    "float8": Kind("a number", "0.25", _floating),
    "bytes1": _bytestring(255),
    "bytes4": _bytestring(),
    "bytes8": _bytestring(),
    "latin1": _textual("latin-1", 255, _OLD),
    "latin4": _textual("latin-1", what=_OLD),
    "quoted": _textual("latin-1", what=_OLD),
    "text1": _textual("utf-8", 255),
    "text4": _textual("utf-8"),
    "text8": _textual("utf-8"),
    "unicode": _textual("utf-8"),
    "names": Kind(_NAMED, _PAIR, partial(_names, encoding="utf-8")),
    "ascii_names": Kind(_NAMED, _PAIR, partial(_names, encoding="ascii")),
    "ascii": Kind("text in quotes, on one line", "'abc'", partial(_line, encoding="ascii")),
}
"""Every kind of argument that the opcode table names."""
