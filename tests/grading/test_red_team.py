"""A class of hostile submissions beside an honest one: each earns what its answers do, and nothing else happens."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from unpickled import sandbox
from unpickled.cli.main import run
from unpickled.grading import CourseFolder, init, standings

from . import made_port, red_team

pytestmark = pytest.mark.long


def digests(place: Path) -> dict[str, str]:
    """What every file of the course holds, but for what grading writes."""
    return {
        str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for part in ("source", "release", "submitted", "nbgrader_config.py")
        for path in ([place / part] if (place / part).is_file() else sorted((place / part).rglob("*")))
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 50 << 20
    }  # fmt: skip


def attack(base: Path, root: Path) -> None:
    """Let the whole class hand in, and grade it."""
    made_port.port_checkout(base / "checkout", root)
    place = base / "course"
    init(place, base / "checkout")
    config = place / "nbgrader_config.py"
    config.write_text(config.read_text().replace("timeout = 60 ", "timeout = 2 "))
    for name, one in red_team.everyone(place).items():
        red_team.hand_in(place, name, one)
    package = Path(sys.modules["unpickled"].__file__ or "")
    before = {**digests(place), "package": hashlib.sha256(package.read_bytes()).hexdigest()}
    code = run(["teach", "grade", str(place), "--jobs", "4"])
    after = {**digests(place), "package": hashlib.sha256(package.read_bytes()).hexdigest()}
    shown = [
        "shows-script",
        "reads-memory",
        "hijacks-pipe",
        "tells-hidden-inputs",
        "half-pairs",
        "odd-cells",
        "clicks",
    ]
    told_back = run(["teach", "feedback", str(place), *(f"--student={name}" for name in shown)])
    told = {"code": code, "same": before == after, "files": len(before), "feedback": told_back}
    (base / "told.json").write_text(json.dumps(told))
    (place / "submitted" / "200-mb" / "L4.8" / "L4.8.ipynb").unlink()


@pytest.fixture(scope="module")
def attacked(root, once):
    """The course after the attack."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())
    base = once("red-team", lambda base: attack(base, root))
    course = CourseFolder.open(base / "course")
    return SimpleNamespace(
        course=course,
        told=json.loads((base / "told.json").read_text()),
        rows={row.student: row for row in standings(course, "L4.8")},
        members=red_team.everyone(base / "course"),
    )


NAMES = list(red_team.everyone(Path("/nowhere")))


def test_there_are_enough_of_them():
    """Forty at least, and none is dropped on the way."""
    assert len(NAMES) > 40


@pytest.mark.parametrize("name", NAMES)
def test_each_earns_what_its_answers_do(attacked, name):
    """Points for right answers, whatever else the submission did; a reason where it cannot be graded."""
    one, row = attacked.members[name], attacked.rows[name]
    assert (row.state, row.score) == (one.state, one.points), row.reason
    assert one.reason in row.reason


def outputs(course, name):
    path = course.path / "autograded" / name / "L4.8" / "L4.8.ipynb"
    return json.dumps([cell.get("outputs", []) for cell in json.loads(path.read_text())["cells"]])


def test_no_secret_is_found_by_any_way(attacked):
    """No text of a hidden test, no other's work and no line of the machine is in what the readers put out."""
    for name in (name for name, one in attacked.members.items() if one.kind == "read"):
        said = outputs(attacked.course, name)
        for secret in (made_port.SECRET, "8284270", "root:", "HIDDEN"):
            assert secret not in said, name


def test_feedback_tells_no_input_of_a_hidden_check(attacked):
    """Whatever the learner's function says when it is asked: the page has none of it, the instructor's copy has."""
    assert attacked.told["feedback"] == 0
    said = outputs(attacked.course, "tells-hidden-inputs")
    assert "asked 4142135" in said
    page = attacked.course.path / "feedback" / "tells-hidden-inputs" / "L4.8" / "L4.8.html"
    text = page.read_text()
    assert "an exception was raised" in text
    assert not {"4142135", "5312414"} & set(re.findall(r"\d+", text))


def test_every_graded_notebook_is_one(attacked):
    """As nbformat has it, whatever stood in the cells that were handed in: so every tool can open it."""
    for path in attacked.course.path.glob("autograded/*/L4.8/L4.8.ipynb"):
        nbformat.validate(nbformat.read(path, as_version=nbformat.NO_CONVERT))


def test_nothing_outside_is_changed(attacked):
    """Sources, configuration, others' work, the package: byte for byte as before; no file is left elsewhere."""
    assert attacked.told["same"]
    assert attacked.told["files"] > 60
    assert not Path("/tmp/unpickled-red-team").exists()
    assert not list(attacked.course.path.rglob("escaped.txt"))


def test_nothing_outlives_its_jail():
    """No process of theirs is left anywhere on the machine."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert red_team.TITLE.encode() not in process.read_bytes()
        except OSError:
            continue


def test_what_tries_the_channel_is_kept_as_evidence(attacked):
    """For the instructor, and not punished by itself."""
    from unpickled.grading.outcomes import load_outcomes

    known = load_outcomes(attacked.course)
    for name, one in attacked.members.items():
        evidence = " ".join(known["L4.8", name].evidence)
        assert one.evidence in evidence, name
        assert bool(one.evidence) == bool(evidence), name


def test_the_run_as_a_whole_ends_as_usual(attacked):
    """Some could not be graded: that is exit code 1; nobody is missing."""
    assert attacked.told["code"] == 1
    assert set(attacked.rows) == set(NAMES)
    assert {row.state for row in attacked.rows.values()} == {"graded", "failed"}


@pytest.mark.browser
def test_hostile_feedback_runs_nothing_in_a_browser(attacked, browser):
    """The page's title stays what it was; nothing is asked of the network."""
    page_file = attacked.course.path / "feedback" / "shows-script" / "L4.8" / "L4.8.html"
    asked = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(page_file.as_uri())
    page.wait_for_timeout(300)
    assert page.title() == "L4.8"
    assert page.locator("script, iframe, svg, [onerror], [onload]").count() == 0
    assert all(url.startswith("file:") for url in asked)
