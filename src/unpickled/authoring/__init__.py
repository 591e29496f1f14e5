"""Authoring: from one source to everything that readers open.

`outputs` computes each generated file as bytes; `write` puts those that differ on disk, `stale` lists them.
"""

from __future__ import annotations

from unpickled.authoring.outputs import Output, outputs, stale, write

__all__ = ["Output", "outputs", "stale", "write"]
