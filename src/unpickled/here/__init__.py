"""Where this Python runs, and what stands in for what it cannot do there: on a machine, or in a browser's page.

The one place that asks for the platform. In a browser there are no processes, no PyTorch and no modelscan; what
stands in for them is here, too: a child that the page's own Python plays (`played`), and what came of the same thing
where it can run, written down when the site was made (`runs`).
"""

from __future__ import annotations

from unpickled.here.place import (
    DRIVE,
    KIT,
    PLACE,
    RECORDED,
    in_browser,
    kit,
    lacking,
    not_kept,
    on_a_machine,
)
from unpickled.here.played import Played, play
from unpickled.here.runs import Run, recorded, recorded_on, remembered, shown_date
from unpickled.here.standins import stand_in
from unpickled.here.telling import note, tell_recorded

__all__ = [
    "DRIVE",
    "KIT",
    "PLACE",
    "RECORDED",
    "Played",
    "Run",
    "in_browser",
    "kit",
    "lacking",
    "not_kept",
    "note",
    "on_a_machine",
    "play",
    "recorded",
    "recorded_on",
    "remembered",
    "shown_date",
    "stand_in",
    "tell_recorded",
]
