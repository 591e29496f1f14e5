"""The canary: a real load of a file whose only deed, proved by tracing it, is to make a folder."""

from __future__ import annotations

from unpickled.canary.loading import Loaded, load_in_child
from unpickled.canary.proving import LOADERS, Loader

__all__ = ["LOADERS", "Loaded", "Loader", "load_in_child"]
