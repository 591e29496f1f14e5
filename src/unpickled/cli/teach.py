"""`unpickled teach`: the instructor's commands, each imported only when it is called."""

from __future__ import annotations

import click

from unpickled.cli.lazy import lazy_group

__all__ = ["STEPS", "teach"]

STEPS = {
    "init": (
        "unpickled.cli.teach_course:init",
        "Make an nbgrader course folder, ready to release.",
    ),
    "release": ("unpickled.cli.teach_course:release", "Make the bundle that learners get."),
    "roster": ("unpickled.cli.teach_course:roster", "Import the students from a CSV file."),
    "collect": ("unpickled.cli.teach_course:collect", "Take in a folder of submissions."),
    "grade": ("unpickled.cli.teach_grade:grade", "Grade what was handed in."),
    "worker": (
        "unpickled.cli.teach_worker:worker",
        "Lend this machine to a class that is graded elsewhere.",
    ),
    "status": ("unpickled.cli.teach_grades:status", "Who handed in what, late, graded, to review."),
    "feedback": (
        "unpickled.cli.teach_grades:feedback",
        "Write a feedback page for each submission.",
    ),
    "export": ("unpickled.cli.teach_grades:export", "Grades as CSV, or for Canvas or Moodle."),
    "score": ("unpickled.cli.score:score", "Score short answers of the graded quiz from a file."),
}
"""Commands in the order in which they are used: where each lives, and what it does."""


@click.group(
    cls=lazy_group(STEPS),
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="A course from beginning to end:\n\n  unpickled teach init ../my-class\n\n"
    "  unpickled teach release ../bundle\n\n  unpickled teach roster ../my-class students.csv\n\n"
    "  unpickled teach collect ../my-class L4.8 downloads\n\n  unpickled teach grade ../my-class\n\n"
    "  unpickled teach feedback ../my-class\n\n  unpickled teach export ../my-class --to grades.csv",
)
def teach() -> None:
    """Release, collect, grade, return and export lab and quiz, with nbgrader underneath."""
