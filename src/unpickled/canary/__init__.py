"""The canary: a real load of a file whose only deed, proved by tracing it, is to make a folder."""

from __future__ import annotations

from unpickled.canary.loading import Loaded, Loader, load_in_child

__all__ = ["Loaded", "Loader", "load_in_child"]
