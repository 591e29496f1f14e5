"""Grading: an nbgrader course from this checkout, and every submission to a grade or to a reason why it has none.

`init` makes the course folder, `import_roster` and `collect` fill it, `grade`, `give_feedback`, `standings` and
`as_csv` take it from there, `make_bundle` makes what learners get. nbgrader is imported only where it is used; the
steps that its configuration names are in `restoring`, `execution`, `scores` and `feedback_page`.
"""

from __future__ import annotations

from unpickled.grading.arriving import watch
from unpickled.grading.bundle import Bundle, make_bundle
from unpickled.grading.collecting import Collected, collect
from unpickled.grading.exporting import LAYOUTS, as_csv
from unpickled.grading.outcomes import Outcome
from unpickled.grading.places import Assignment, CourseFolder, GradingError, assignments
from unpickled.grading.returning import Page, give_feedback
from unpickled.grading.roster import Changes, import_roster
from unpickled.grading.running import Manner, grade, queue
from unpickled.grading.setting_up import init, write_text
from unpickled.grading.standing import STATES, Standing, standings

__all__ = [
    "LAYOUTS",
    "STATES",
    "Assignment",
    "Bundle",
    "Changes",
    "Collected",
    "CourseFolder",
    "GradingError",
    "Manner",
    "Outcome",
    "Page",
    "Standing",
    "as_csv",
    "assignments",
    "collect",
    "give_feedback",
    "grade",
    "import_roster",
    "init",
    "make_bundle",
    "queue",
    "standings",
    "watch",
    "write_text",
]
