"""Authoring: from one source to everything that readers open.

`build` makes what is not up to date, `stale_files` tells what is not, `outputs` computes each generated file in memory.
What somebody edited by hand in a notebook is kept beside the new one. Whatever needs a large library is imported when
it is called: a build that has nothing to do needs none.
"""

from __future__ import annotations

from unpickled.authoring.building import Report, Stale, build, stale_files
from unpickled.authoring.files import Output, edited, stale, write
from unpickled.authoring.units import Unit, outputs, units

__all__ = [
    "Output",
    "Report",
    "Stale",
    "Unit",
    "build",
    "edited",
    "outputs",
    "stale",
    "stale_files",
    "units",
    "write",
]
