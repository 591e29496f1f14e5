"""The canary: a real load of a file whose only deed, proved by tracing it, is to make a folder."""

from __future__ import annotations

from unpickled.canary.loading import Job, Loaded, load_each, load_in_child
from unpickled.canary.proving import LOADERS, Loader

__all__ = ["LOADERS", "Job", "Loaded", "Loader", "load_each", "load_in_child"]
