"""Recipes for files that are not what they seem: cut off, broken, nested, empty."""

from __future__ import annotations

from unpickled.pickles import assemble
from unpickled.specimens.pickled import call, canary, plain
from unpickled.specimens.torch_files import stored

__all__ = ["broken", "cut_off", "empty", "nested", "polyglot", "words", "zipped"]

_NOT_AN_OPCODE = b"\xff"


def cut_off(marker: str) -> bytes:
    """The canary's pickle without its last third: it ends inside the argument."""
    data = canary(marker)
    return data[: len(data) * 2 // 3]


def broken(marker: str, *, harmful: bool = True) -> bytes:
    """A byte that is no opcode stands before STOP: a loader has already made the call when it gets there."""
    if harmful:
        return (
            assemble([("PROTO", 4), *call("os", "mkdir", marker, 4)])
            + _NOT_AN_OPCODE
            + assemble(["STOP"])
        )
    return plain(marker)[:-1] + _NOT_AN_OPCODE + assemble(["STOP"])


def zipped(marker: str, *, harmful: bool = True) -> bytes:
    """An ordinary zip with the canary in it, or with plain data."""
    inner = canary(marker) if harmful else plain(marker)
    return stored({"readme.txt": b"Two files.\n", "model.pkl": inner})


def nested(marker: str, *, harmful: bool = True) -> bytes:
    """A zip in a zip, with the canary or plain data inside the inner one."""
    inner = zipped(marker, harmful=harmful)
    return stored({"readme.txt": b"One more archive inside.\n", "inner.zip": inner})


def polyglot(marker: str) -> bytes:
    """A pickle with a harmless zip behind it: a pickle to a loader, a zip to whoever looks at the end first."""
    return canary(marker) + stored({"readme.txt": b"Nothing here.\n"})


def words(marker: str) -> bytes:  # noqa: ARG001 - every recipe is given the marker
    """Plain text."""
    return b"Hello! There is no model in this file.\n"


def empty(marker: str) -> bytes:  # noqa: ARG001
    """No bytes at all."""
    return b""
