"""Values made plain: records to the JSON that a widget's traits hold, and any text to what UTF-8 can hold."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["plain", "utf8"]


def plain(value: Any) -> Any:
    """Turn dataclasses, mappings and sequences, at any depth, into dicts and lists; the rest stays or becomes text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(entry) for entry in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)


def utf8(value: Any) -> Any:
    r"""Return a value of JSON with half surrogate pairs written out, `\ud800`, since Jupyter's channel refuses them.

    A pickle can hold them, and so can a file's name. The same value comes back where there are none.
    """
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return _written_out(value)
    return value


def _written_out(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_written_out(key): _written_out(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_written_out(entry) for entry in value]
    return value
