"""The sandbox: one way to run what nobody vouches for, behind a wall, with bounds, and dead with all it started."""

from __future__ import annotations

from unpickled.errors import SandboxError
from unpickled.sandbox.child import run, run_python
from unpickled.sandbox.limits import PLAIN, WALLED, Excuse, Limits, Outcome, Stop
from unpickled.sandbox.wall import problem

__all__ = [
    "PLAIN",
    "WALLED",
    "Excuse",
    "Limits",
    "Outcome",
    "SandboxError",
    "Stop",
    "problem",
    "run",
    "run_python",
]
