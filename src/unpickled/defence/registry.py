"""What any registry is to publisher and puller: blobs by digest, and manifests that a curator has let in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from unpickled.defence.artifact import Blob, Reference
from unpickled.defence.reading import LARGEST
from unpickled.defence.refusals import GuardError, RefusedError

__all__ = ["Entry", "Registry", "not_there", "other_bytes", "verified", "whole"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One artifact of a registry: which, how large its manifest is, and when it was admitted."""

    reference: Reference
    size: int
    admitted: str


class Registry(Protocol):
    """A folder, or a server."""

    def entries(
        self, curator: Path, name: str = "", *, left_out: Callable[[GuardError], object] = ...
    ) -> tuple[Entry, ...]:
        """Return what this curator has let in, or of that what has this name; `left_out` is told of the unreadable."""

    def manifest(self, reference: Reference, curator: Path) -> bytes:
        """Return a manifest, verified by its digest."""

    def read(self, blob: Blob, reference: Reference) -> bytes:
        """Return a small blob, verified."""

    def pieces(self, blob: Blob, reference: Reference) -> Iterator[bytes]:
        """Yield a blob's bytes; where they are not its own, the end is an error."""

    def held(self, waits: Callable[[], object] = ...) -> AbstractContextManager[Path]:
        """Hold the registry for one publisher, and give a folder for unfinished things; `waits` is told of another."""

    def keep(self, staged: Path, blob: Blob, name: str) -> None:
        """Keep a whole file as a blob."""

    def add(self, reference: Reference, manifest: bytes, when: str, key: Path) -> None:
        """Name an artifact whose blobs are all kept: the one step that lets it in."""


def verified(pieces: Iterable[bytes], blob: Blob, reference: Reference) -> Iterator[bytes]:
    """Pass bytes on, never more than the blob has, and raise in the end if they were others.

    Raises:
        RefusedError: they are longer, shorter, or have another digest.
    """
    digest, left = hashlib.sha256(), blob.size
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            break
        digest.update(piece)
        yield piece
    if left or f"sha256:{digest.hexdigest()}" != blob.digest:
        raise other_bytes(blob, reference)


def whole(pieces: Iterable[bytes], blob: Blob, reference: Reference) -> bytes:
    """Return all bytes of a small blob.

    Raises:
        GuardError: it is too large to be one.
    """
    if blob.size > LARGEST:
        problem = f"a part of over {LARGEST >> 20} MB is not read"
        raise GuardError(str(reference), problem, "Ask the curator.")
    return b"".join(pieces)


def other_bytes(blob: Blob, reference: Reference) -> RefusedError:
    """Return the error for a registry that lies about a digest."""
    remedy = "It was tampered with, or its disk or the line fails: tell the curator."
    problem = f"the registry gives other bytes for {blob.digest}"
    return RefusedError(str(reference), problem, remedy)


def not_there(reference: Reference) -> RefusedError:
    """Return the error for what nobody let in."""
    remedy = "unpickled guard list tells what was. Nothing was taken."
    return RefusedError(str(reference), "nobody has let it into this registry", remedy)
