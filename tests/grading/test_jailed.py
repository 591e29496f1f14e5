"""Stock `nbgrader autograde`, and with it the form grader's button, in a course folder of ours: as safe as ours."""

from __future__ import annotations

import json

import pytest

from unpickled import sandbox
from unpickled.grading import CourseFolder, init, standings

from . import made_port, red_team
from .made_port import port_checkout

TRIED = ("honest", "reads-gradebook", "forges-ast", "forges-lab", "writes-others", "hijacks-pipe")


@pytest.mark.long
def test_stock_autograde_runs_submissions_in_the_jail_too(root, tmp_path, stock):
    """The same points as `teach grade` for who reads, writes and forges; no secret in what they put out."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())
    port_checkout(tmp_path / "checkout", root)
    place = tmp_path / "course"
    init(place, tmp_path / "checkout")
    members = {name: one for name, one in red_team.everyone(place).items() if name in TRIED}
    for name, one in members.items():
        red_team.hand_in(place, name, one)
    handed_in = (place / "submitted/honest/L4.8/L4.8.ipynb").read_bytes()
    done = stock(place, "autograde", "L4.8")
    assert done.returncode == 0, done.stderr[-3000:]
    rows = {row.student: row.score for row in standings(CourseFolder.open(place), "L4.8")}
    assert rows == {name: one.points for name, one in members.items()}
    assert (place / "submitted/honest/L4.8/L4.8.ipynb").read_bytes() == handed_in
    graded = json.loads((place / "autograded/reads-gradebook/L4.8/L4.8.ipynb").read_text())
    assert made_port.SECRET not in json.dumps([cell.get("outputs") for cell in graded["cells"]])
    assert "Between notebook and grader" in done.stderr
