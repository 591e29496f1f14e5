"""Every cell of every page, in the site's own Pyodide: under Node, where one start serves all pages."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from filelock import FileLock

from unpickled.content import load_course

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(400)]


@pytest.fixture(scope="session")
def told(site, root):
    """What came of each page, by its name; run once for all workers, and again when the site has changed."""
    programs = [Path(__file__).with_name(name) for name in ("pages.mjs", "pages.txt")]
    made_from = [path.read_bytes() for path in (site / "made-from.txt", *programs)]
    kept = (
        root / "build" / f"site-pages-{hashlib.sha256(b''.join(made_from)).hexdigest()[:16]}.json"
    )
    with FileLock(root / "build" / "site-pages.lock"):
        if not kept.exists():
            lines = run_pages(programs[0], site)
            for older in kept.parent.glob("site-pages-*.json"):
                older.unlink()
            kept.write_text("\n".join(lines))
    found = [json.loads(line) for line in kept.read_text().splitlines()]
    return {one["page"].removesuffix(".ipynb"): one for one in found}


def run_pages(program, site):
    node = shutil.which("node")
    if node is None:
        lacking = pytest.fail if os.environ.get("CI") else pytest.skip
        lacking("no Node.js on PATH: sudo apt-get install nodejs")
    ran = subprocess.run([node, program, site], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return [line for line in ran.stdout.splitlines() if line.startswith("{")]


def test_every_cell_runs_or_has_its_recorded_run(told, root):
    """No page has a cell that fails, and every page of the course is there."""
    assert {name: one["failed"] for name, one in told.items() if one["failed"]} == {}
    course = load_course(root)
    assert {*told} == {"start", *(page.id for lesson in course.lessons for page in lesson.pages)}


def test_the_search_finds_what_is_on_the_pages(told, root):
    """It reads the pages that the site brings along; of the references it reads none."""
    pages = [page.title for lesson in load_course(root).lessons for page in lesson.pages]
    assert {*pages} - {*told["start"]["found"]} <= {"References"}


def test_what_cannot_run_says_so(told, root):
    """The words that a learner meets: for a cell, for a scanner, for an experiment and for the board."""
    assert "needs PyTorch, which no browser has" in told["06-the-30-second-test"]["said"]
    assert "needs a command line, which no browser has" in told["05-maximum-bar"]["said"]
    assert "modelscan cannot run in a browser" in told["07-real-world-example"]["said"]
    assert "torch cannot run in a browser" in told["03b-the-table-proved"]["said"]
    recorded = json.loads((root / "site" / "recorded.json").read_text())
    day = date.fromisoformat(recorded["date"])
    assert told["06b-the-scoreboard"][
        "board"
    ] == {  # what its head shows: tests/widgets/test_board.py
        "isolation": f"recorded on {day.day} {day:%B %Y} on a machine",
        "python": recorded["boards"]["course"]["python"],
    }
    for name in ("01-pickle-in-90-seconds", "02-why-this-matters", "08-key-terms"):
        assert "Recorded on" not in told[name]["said"], name
