"""A class to try grading on by hand: `python -m tests.grading.class_of FOLDER 100` makes it and what it hands in.

Two in three are honest, of every kind; the others are the red team. `unpickled teach grade FOLDER/course` grades them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from unpickled.grading import init

from . import red_team
from .made_port import port_checkout
from .test_whole_gradebook import LAB, hand_in

ROOT = Path(__file__).resolve().parents[2]


def make_class(folder: Path, count: int) -> Path:
    """Make a course in `folder` with `count` students; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    port_checkout(folder / "checkout", ROOT)
    course = folder / "course"
    init(course, folder / "checkout", due={LAB: "2026-12-04 23:59 UTC"})
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text().replace("timeout = 60 ", "timeout = 5 "))
    hostile = [*red_team.everyone(course).items()]
    for number in range(count):
        if number % 3 < 2:
            hand_in(course, number)
        else:
            name, one = hostile[number // 3 % len(hostile)]
            red_team.hand_in(course, name, one, f"s{number:03}-{name}")
    return course


if __name__ == "__main__":
    print(make_class(Path(sys.argv[1]).resolve(), int(sys.argv[2])))  # noqa: T201 - a program
