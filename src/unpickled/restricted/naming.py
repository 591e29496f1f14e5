"""Which tensors of a loaded object go into a safetensors file, and under which names: one rule for both children.

A state dict keeps its names. Of a checkpoint, a dict without tensors of its own, the state dict is taken. Everything
else is written with dots between the keys. What has no name, and a name that comes twice, is refused: nothing is lost
unsaid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

__all__ = ["NamingError", "Reader", "Taken", "take"]

STATE_DICTS = ("state_dict", "model_state_dict", "model", "module")
ALONE = "tensor"  # the name of a tensor that is the whole object
_RESERVED = "__metadata__"  # of the format itself
_DEPTH = 40
_VALUES = 300_000
_NAME = 1_000  # characters


class NamingError(Exception):
    """The object cannot be written as tensors with names; the message is part of a sentence for readers."""


class Reader(NamedTuple):
    """How to look at a value: the real object in one child, what our tracer makes of it in the other.

    Attributes:
        is_tensor: whether it is a tensor.
        attributes: what is kept on it beside its entries, by name.
        kind: the name of its type.
    """

    is_tensor: Callable[[Any], bool]
    attributes: Callable[[Any], Mapping[str, Any]]
    kind: Callable[[Any], str]


class Taken(NamedTuple):
    """What is written.

    Attributes:
        part: the key under which it was found; empty for the whole.
        tensors: by name, in the order of the file.
        left: what is not written, as `name: type`.
    """

    part: str
    tensors: dict[str, Any]
    left: list[str]


def take(root: Any, reader: Reader, *, part: str = "", everything: bool = False) -> Taken:
    """Choose a part of an object, and name its tensors.

    Args:
        root: what was loaded.
        reader: how to look at it.
        part: the key of the part to take; empty to have it chosen.
        everything: take the whole, even of a checkpoint.

    Raises:
        NamingError: there is no such part or no tensor in it, a tensor has no name that can be written, or two have
            the same.
    """
    chosen = part or ("" if everything else _state_dict(root, reader))
    tensors: dict[str, Any] = {}
    left: list[str] = []
    if chosen and (not isinstance(root, dict) or chosen not in root):
        keys = ", ".join(str(key)[:60] for key in list(root)[:20]) if isinstance(root, dict) else ""
        raise NamingError(f"it has no part {chosen!r}" + (f"; it has {keys}" if keys else ""))
    for name, value in _leaves(root[chosen] if chosen else root, reader):
        if not reader.is_tensor(value):
            left.append(f"{_shown(name)}: {reader.kind(value)}")
        else:
            tensors[_checked(name, tensors)] = value
    if not tensors:
        raise NamingError(f"there is no tensor in {repr(chosen) if chosen else 'it'}")
    others = [] if not chosen else [key for key in root if key != chosen]
    left += [f"{_shown((key,))}: {_summary(root[key], reader)}" for key in others]
    return Taken(chosen, tensors, left)


def _state_dict(root: Any, reader: Reader) -> str:
    """Return the key of a checkpoint's state dict; empty where the object is to be taken as a whole."""
    if not isinstance(root, dict) or any(map(reader.is_tensor, root.values())):
        return ""
    for key in STATE_DICTS:
        found = root.get(key)
        if isinstance(found, dict) and any(map(reader.is_tensor, found.values())):
            return key
    return ""


def _leaves(root: Any, reader: Reader) -> Iterator[tuple[tuple[object, ...], Any]]:
    """Yield tensors and other single values with the keys that lead to them.

    Raises:
        NamingError: there are too many, or they are nested too deep.
    """
    waiting: list[tuple[tuple[object, ...], Any]] = [((), root)]
    seen = 0
    while waiting:
        keys, value = waiting.pop()
        seen += 1
        if len(keys) > _DEPTH or seen > _VALUES:
            raise NamingError("it holds too many values, or they are nested too deep")
        inner = None if reader.is_tensor(value) else _entries(value)
        if inner is None:
            yield keys, value
        waiting += reversed([((*keys, key), one) for key, one in inner or ()])
        for name, one in reader.attributes(value).items():
            found = [below for below in _leaves(one, reader) if reader.is_tensor(below[1])]
            yield from [
                ((*keys, _Nameless(f"attribute {name}")), one)
                for _, one in found[:1] or [((), one)]
            ]


class _Nameless(NamedTuple):
    """A place without a key: what stands there can be told, and not be written."""

    what: str


def _entries(value: Any) -> Iterator[tuple[object, Any]] | None:
    """Return keys and values of a container; None for a single value."""
    if isinstance(value, dict):
        return iter(value.items())
    if isinstance(value, list | tuple):
        return iter(enumerate(value))
    if isinstance(value, set | frozenset):
        return iter([(_Nameless("member of a set"), one) for one in value])
    return None


def _checked(keys: tuple[object, ...], taken: Mapping[str, Any]) -> str:
    """Return the name that keys make.

    Raises:
        NamingError: they make none.
    """
    odd = next((key for key in keys if type(key) not in {str, int}), "")
    if odd != "":
        what = odd.what if type(odd) is _Nameless else f"key of type {type(odd).__name__}"
        raise NamingError(f"a tensor stands in {_shown(keys)}: {what}, which gives it no name")
    name = ".".join(map(str, keys)) if keys else ALONE
    if name in taken:
        raise NamingError(f"two tensors would have the name {name[:80]!a}")
    if name == _RESERVED or len(name) > _NAME or not _is_text(name):
        raise NamingError(f"safetensors has no room for the name {name[:80]!a}")
    return name


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _shown(keys: tuple[object, ...]) -> str:
    parts = [f"({key.what})" if isinstance(key, _Nameless) else str(key) for key in keys]
    return ".".join(parts)[:_NAME] or "(the object itself)"


def _summary(value: Any, reader: Reader) -> str:
    """Name the type of a part that was not taken, and how many tensors are in it."""
    try:
        count = sum(reader.is_tensor(one) for _, one in _leaves(value, reader))
    except NamingError:
        return reader.kind(value)
    return reader.kind(value) + (f" with {count} tensor{'s' * (count != 1)}" if count else "")
