"""The sandbox: a small fixed script in a child process, as far away from the learner's files as the machine allows."""

from __future__ import annotations

from unpickled.sandbox.child import PLAIN, WALLED, Ran, run, wall
from unpickled.sandbox.loading import Loaded, Loader, load_in_child

__all__ = ["PLAIN", "WALLED", "Loaded", "Loader", "Ran", "load_in_child", "run", "wall"]
