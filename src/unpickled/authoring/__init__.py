"""Authoring: from one source to everything that readers open.

`outputs` computes each generated file as bytes; `write` puts those that differ on disk, `stale` lists them.
What somebody edited by hand in a notebook is kept beside the new one.
"""

from __future__ import annotations

from unpickled.authoring.outputs import Output, edited, outputs, stale, write

__all__ = ["Output", "edited", "outputs", "stale", "write"]
