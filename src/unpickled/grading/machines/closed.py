"""Dask's processes without pickle: whatever an unpickler in them asks for, it is not given.

Dask's messages are msgpack, and any of them may hold a pickle, which is loaded as it is read; no setting of Dask's
turns that off (`deserializers=["msgpack"]` does not reach what is marked `__Pickled__`). The veto does: a pickle that
can look up no name can call nothing. The stock scheduler takes it as a preload:
`dask scheduler --preload unpickled.grading.machines.closed`.
"""

from __future__ import annotations

import logging

from unpickled.defence import set_tripwire

__all__ = ["close", "dask_setup"]


def close() -> None:
    """Let nothing be looked up by a pickle in this process from now on; what tries is logged."""
    set_tripwire(_log, veto=True)


def dask_setup(_: object) -> None:
    """Close a stock Dask scheduler or worker that names this module as a preload."""
    close()


def _log(name: str) -> None:
    logging.getLogger("distributed.unpickled").error("a pickle asked for %.200s: refused", name)
