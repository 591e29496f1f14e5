"""Many files hashed at once: each streams through SHA-256 in a thread, which leaves Python's lock alone meanwhile."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event
from typing import TypeAlias

from unpickled.defence.folder import Changed, File, open_file, stamp

__all__ = ["Advance", "Digest", "hash_files"]

Advance: TypeAlias = Callable[[int], object]
"""Told how many more bytes were hashed; called from several threads."""

Digest: TypeAlias = str | OSError | Changed
"""64 hexadecimal digits; or why there are none."""

_CHUNK = 1 << 18  # as hashlib.file_digest: it stays in the processor's cache
_THREADS = 8


def hash_files(files: Iterable[File], advance: Advance = lambda _: None) -> dict[str, Digest]:
    """Hash files in parallel, the largest first.

    Args:
        files: what a listing found.
        advance: told of each chunk.

    Returns:
        By name, the SHA-256, or the error for a file that cannot be read or that changed while it was read. Ctrl-C
        ends the threads before it goes on.
    """
    found: dict[str, Digest] = {}
    stop = Event()
    threads = ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1))
    try:
        waiting = {
            threads.submit(_digest, file, advance, stop): file.name
            for file in sorted(files, key=lambda file: -file.size)
        }
        for done in as_completed(waiting):
            found[waiting[done]] = done.result()
    finally:
        stop.set()
        threads.shutdown(cancel_futures=True)
    return found


def _digest(file: File, advance: Advance, stop: Event) -> Digest:
    digest, chunk = hashlib.sha256(), bytearray(_CHUNK)
    view = memoryview(chunk)
    try:
        with open_file(file) as stream:
            left = file.size  # a file that grows is not followed for ever
            while left > 0 and not stop.is_set():
                size = stream.readinto(chunk)
                if not size:
                    break
                digest.update(view[:size])
                left -= size
                advance(size)
            if left or stamp(os.fstat(stream.fileno())) != file.stamp:
                return Changed()
    except (Changed, OSError) as error:
        return error
    return digest.hexdigest()
