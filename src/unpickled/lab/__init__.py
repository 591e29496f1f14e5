"""The lab bench: the few names that the course's notebooks use. `from unpickled import lab`.

Widgets: `stepper`, `what_if`, `header_panel`, `format_table`, `card`, `scan_panel`, `rail`, `scoreboard`, `search`.
Material: `workspace`, `specimen`. Looking without loading: `trace`, `identify`, `scan`, `deeds`. A real load of a
harmless file: `load_in_child`; what a row of the format table says, tried: `experiment`; made safetensors of:
`convert`. Progress: `progress`, `progress_file`, `reset`. The lesson as one page: `take_away`. Graded work: `check`,
`award`.
"""

from __future__ import annotations

from unpickled import here
from unpickled.lab.board import scoreboard
from unpickled.lab.cells import bring_magic
from unpickled.lab.checks import award, check, deeds, load_in_child
from unpickled.lab.converting import convert
from unpickled.lab.elsewhere import take_away
from unpickled.lab.experiments import experiment
from unpickled.lab.looking import identify, scan, trace
from unpickled.lab.session import specimen, workspace
from unpickled.lab.showing import (
    card,
    format_table,
    header_panel,
    progress,
    progress_file,
    rail,
    reset,
    scan_panel,
    search,
    stepper,
    what_if,
)

__all__ = [
    "award",
    "card",
    "check",
    "convert",
    "deeds",
    "experiment",
    "format_table",
    "header_panel",
    "identify",
    "load_in_child",
    "progress",
    "progress_file",
    "rail",
    "reset",
    "scan",
    "scan_panel",
    "scoreboard",
    "search",
    "specimen",
    "stepper",
    "take_away",
    "trace",
    "what_if",
    "workspace",
]

here.stand_in()
bring_magic()
