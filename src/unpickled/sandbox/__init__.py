"""The sandbox: one way to run what nobody vouches for, behind a wall, with bounds, and dead with all it started."""

from __future__ import annotations

from unpickled.errors import SandboxError
from unpickled.sandbox.child import run, run_python
from unpickled.sandbox.limits import PLAIN, WALLED, Excuse, Limits, Outcome, Stop
from unpickled.sandbox.nest import Fork, Nest
from unpickled.sandbox.wall import problem
from unpickled.sandbox.watching import Usage, over

__all__ = [
    "PLAIN",
    "WALLED",
    "Excuse",
    "Fork",
    "Limits",
    "Nest",
    "Outcome",
    "SandboxError",
    "Stop",
    "Usage",
    "over",
    "problem",
    "run",
    "run_python",
]
