"""The lab bench: the few names that the course's notebooks use. `from unpickled import lab`.

Widgets: `stepper`, `format_table`, `card`, `scan_panel`, `rail`. Material: `workspace`, `specimen`. Looking without
loading: `trace`, `identify`, `scan`. Progress: `progress`, `reset`.
"""

from __future__ import annotations

from unpickled.lab.looking import identify, scan, trace
from unpickled.lab.session import specimen, workspace
from unpickled.lab.showing import card, format_table, progress, rail, reset, scan_panel, stepper

__all__ = [
    "card",
    "format_table",
    "identify",
    "progress",
    "rail",
    "reset",
    "scan",
    "scan_panel",
    "specimen",
    "stepper",
    "trace",
    "workspace",
]
