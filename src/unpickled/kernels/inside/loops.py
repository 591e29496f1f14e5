"""A notebook's event loop, which is there as ipykernel's is: in cells, between them, and for what a check calls."""

from __future__ import annotations

import asyncio
from asyncio.events import _set_running_loop  # made for those who drive a loop, as here
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["go_on", "new_loop", "running"]

_MOMENT = 0.02  # seconds, about what stock's kernel has between two cells


def new_loop() -> asyncio.AbstractEventLoop:
    """Make an event loop, and let it be the one that cells find."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


def go_on(loop: asyncio.AbstractEventLoop) -> None:
    """Let the tasks that cells have begun go on until they are done, but no longer than for a moment.

    What one of them raises is its own: whoever awaits it gets it.
    """
    if begun := asyncio.all_tasks(loop):
        loop.run_until_complete(asyncio.wait(begun, timeout=_MOMENT))


@contextmanager
def running(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let what is called in here find the loop running, as it does in a check cell.

    A task can be begun there, and `asyncio.run` refuses, as learners see it in their own notebooks.
    """
    _set_running_loop(loop)
    try:
        yield
    finally:
        _set_running_loop(None)
