"""What came of one file: the record, made from a child's line of JSON that is checked like any other hostile input."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["Result", "WeightsOnly", "failed", "one_line", "read_answer"]

Result: TypeAlias = Literal["loaded", "refused", "failed"]

_MESSAGE = 300
_NAME = 200
_OTHERS = 50
_SECRET = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class WeightsOnly:
    """What `torch.load(path, weights_only=True)` made of one file.

    Attributes:
        path: as it was given.
        outcome: `loaded`; `refused`, where the restricted unpickler met a name or an opcode that it does not take;
            `failed` for everything else: no PyTorch file, damaged, over a limit.
        error: class of the exception; empty if there was none.
        message: the reason in one line; empty if there was none.
        named: the global that was refused, `os.mkdir`; empty if it was none.
        tensors: how many tensors came back.
        others: where values are that are no tensors, and their types, up to fifty.
        isolation: in what kind of child it was loaded; empty if it was not tried.
        seconds: how long the load took, without the import of torch.
    """

    path: str
    outcome: Result
    error: str = ""
    message: str = ""
    named: str = ""
    tensors: int = 0
    others: tuple[str, ...] = ()
    isolation: str = ""
    seconds: float = 0.0


def failed(
    path: str, error: str, message: str, isolation: str = "", seconds: float = 0.0
) -> WeightsOnly:
    """Return the record of a file of which nothing came."""
    return WeightsOnly(
        path, "failed", error, one_line(message), isolation=isolation, seconds=seconds
    )


def read_answer(line: bytes, path: str, isolation: str) -> WeightsOnly:
    """Build the record from a child's line.

    Raises:
        ValueError: it is no such answer.
    """
    told = json.loads(line)
    if not isinstance(told, dict) or told.get("outcome") not in {"loaded", "refused", "failed"}:
        raise ValueError("no answer")
    others = told.get("others")
    if not isinstance(others, list):
        raise ValueError("no list")
    return WeightsOnly(
        path,
        told["outcome"],
        error=_text(told.get("error"), _NAME),
        message=_text(told.get("message"), _MESSAGE),
        named=_text(told.get("named"), _NAME),
        tensors=_number(told.get("tensors")),
        others=tuple(_text(other, _NAME) for other in others[:_OTHERS]),
        isolation=isolation,
        seconds=float(_number(told.get("seconds"))),
    )


def one_line(text: str, most: int = _MESSAGE) -> str:
    """Write a text that others chose on one line of at most so many characters, all of them visible."""
    shown = "".join(
        ascii(letter)[1:-1] if unicodedata.category(letter) in _SECRET else letter
        for letter in " ".join(text[: 4 * most].split())
    )
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return one_line(value, most)


def _number(value: Any) -> Any:
    if type(value) not in {int, float} or not 0 <= value < 1 << 48:
        raise ValueError("no number")
    return value
