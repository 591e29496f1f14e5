"""A small file, whole and bounded: a lock, a signature, a policy."""

from __future__ import annotations

from pathlib import Path

from unpickled.defence.refusals import GuardError
from unpickled.errors import ScanError
from unpickled.weights.files import open_regular

__all__ = ["LARGEST", "read_small"]

LARGEST = 64 << 20
"""Bytes; a lock of half a million files is that large."""


def read_small(path: Path, remedy: str) -> bytes:
    """Return all bytes of a file.

    Raises:
        GuardError: it is missing, no plain file, or too large.
    """
    try:
        with open_regular(path) as file:
            data = file.read(LARGEST + 1)
    except ScanError as error:
        raise GuardError(error.place, error.problem, error.remedy) from error
    if len(data) > LARGEST:
        raise GuardError(str(path), f"a file of over {LARGEST >> 20} MB is not read", remedy)
    return data
