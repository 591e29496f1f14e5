"""A class of odd submissions from init to export: each ends with points or with a reason, whoever grades it."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from unpickled.cli.main import run
from unpickled.grading import CourseFolder, standings

from .made import GOOD, LEAKS, TOLD_IN_CODE, Notebook, the_class

NAMES = [
    "right", "blank", "wrong", "raising", "raising-after", "endless", "unstoppable", "exits", "exits-late",
    "no-notebook", "cut", "empty", "no-text", "a-list", "deep", "odd-cell", "deleted", "all-deleted", "twice",
    "renamed", "old-metadata", "no-sense", "flood", "other-kernel", "skips-tests", "edits-tests", "noisy",
    "negative",    "shows-nothing",
]  # fmt: skip
TRIED_WITH_STOCK = [
    "right", "wrong", "exits-late", "no-notebook", "cut", "deleted", "twice", "renamed", "old-metadata", "flood",
    "other-kernel", "noisy", "negative",
]  # fmt: skip


def teach_a_class(base):
    """Run every command of the instructor's way once on the class below `base`; keeps the exit codes."""
    place, inbox = base / "my-class", base / "downloads"
    codes = {"init": run(["teach", "init", str(place), "--due", "L4.8=2026-12-04 23:59 UTC"])}
    config = place / "nbgrader_config.py"
    config.write_text(config.read_text().replace("timeout = 60 ", "timeout = 2 "))
    roster, rows = base / "students.csv", ""
    for name, data, *_ in the_class(place / "release" / "L4.8"):
        rows += f"{name},{name.title()},Of Class,{name}@example.org\n"
        # `collect` leaves a folder without a notebook; nbgrader's exchange and people's hands do not
        folder = inbox / name if data is not None else place / "submitted" / name / "L4.8"
        folder.mkdir(parents=True)
        if data is None:
            (folder / "notes.txt").write_text("see my e-mail")
        else:
            (folder / "L4.8.ipynb").write_bytes(data)
    roster.write_text(f"id,first_name,last_name,email\n{rows}absent,Ab,Sent,absent@example.org\n")
    codes["roster"] = run(["teach", "roster", str(place), str(roster)])
    codes["collect"] = run(["teach", "collect", str(place), "L4.8", str(inbox)])
    codes["grade"] = run(["teach", "grade", str(place), "--json"])
    codes["feedback"] = run(["teach", "feedback", str(place)])
    codes["export"] = run(["teach", "export", str(place), "--to", str(base / "grades.csv")])
    (base / "codes.json").write_text(json.dumps(codes))


@pytest.fixture(scope="module")
def graded(checkout, once):
    """The class after the instructor's whole way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNPICKLED_COURSE", str(checkout))
        base = once("class", teach_a_class)
        course = CourseFolder.open(base / "my-class")
        yield SimpleNamespace(
            course=course,
            members={row[0]: row for row in the_class(course.path / "release" / "L4.8")},
            codes=json.loads((base / "codes.json").read_text()),
            exported=list(csv.DictReader((base / "grades.csv").open())),
            standings={row.student: row for row in standings(course, "L4.8")},
        )


def test_the_class_is_the_one_that_the_cases_name(graded):
    """No case is left out of the table above."""
    assert list(graded.members) == NAMES


def test_exit_codes_tell_what_happened(graded):
    """Nothing left over is 0; a submission that could not be graded, and so has no page, is 1."""
    assert graded.codes == {
        "init": 0, "roster": 0, "collect": 0, "grade": 1, "feedback": 1, "export": 0,
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_each_submission_ends_graded_or_named_with_a_reason(graded, name):
    """What one learner does costs that learner alone, and the instructor reads why."""
    _, _, state, points, word = graded.members[name]
    row = graded.standings[name]
    assert (row.state, row.score, row.maximum) == (state, points, 5)
    assert word in row.reason
    assert (state == "graded") == (not row.reason)
    page = graded.course.path / "feedback" / name / "L4.8" / "L4.8.html"
    assert page.is_file() == (state != "failed")


def test_everybody_is_in_the_export(graded):
    """The failed and the absent are rows too, not holes."""
    rows = {row["student_id"]: row for row in graded.exported if row["assignment"] == "L4.8"}
    assert set(rows) == {*NAMES, "absent"}
    assert (rows["absent"]["state"], rows["absent"]["score"]) == ("missing", "")
    assert (rows["cut"]["state"], rows["cut"]["score"]) == ("failed", "0.0")
    assert "damaged" in rows["cut"]["reason"]


def test_platforms_get_no_score_that_is_not_final(graded, capsys):
    """In the Canvas and Moodle layouts an open score stays empty; --proposed fills in what is to be looked at."""
    place = str(graded.course.path)
    for layout, key in (("canvas", "SIS Login ID"), ("moodle", "Username")):
        shown = []
        for more in ([], ["--proposed"]):
            assert run(["teach", "export", place, "--layout", layout, *more]) == 0
            rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
            shown.append({row[key]: row["L4.8"] for row in rows})
        plain, proposed = shown
        assert (plain["right"], plain["negative"], plain["cut"], plain["absent"]) == (
            "5.0",
            "",
            "",
            "",
        )
        assert (proposed["negative"], proposed["cut"]) == ("3.0", "")


def test_no_hidden_line_is_in_any_feedback(graded):
    """Neither a failed hidden test's traceback nor its message's number reaches a learner through the page's source."""
    pages = list((graded.course.path / "feedback").rglob("*"))
    for page in (path for path in pages if path.is_file()):
        text = page.read_text()
        assert "8284270" not in text, page
        assert "held_out" not in text, page
        assert "<script" not in text, page
        assert "cdnjs" not in text, page
    assert {path.suffix for path in pages if path.is_file()} == {".html"}


@pytest.mark.long
def test_stock_nbgrader_gives_the_same_scores(graded, stock, tmp_path):
    """`nbgrader autograde` in the course folder writes what `teach grade` wrote, point for point."""
    place = tmp_path / "stock"
    shutil.copytree(graded.course.path, place)
    for name in ("autograded", "feedback"):
        shutil.rmtree(place / name)
    with closing(
        sqlite3.connect(place / "gradebook.db")
    ) as book:  # so that only stock has said anything
        book.execute("DELETE FROM unpickled_outcome")
        book.commit()
    for name in set(NAMES) - set(TRIED_WITH_STOCK):
        shutil.rmtree(place / "submitted" / name)
    stock(place, "autograde", "L4.8", "--force")
    theirs = {row.student: row for row in standings(CourseFolder.open(place), "L4.8")}
    for name in TRIED_WITH_STOCK:
        ours = graded.standings[name]
        if ours.state == "failed":
            assert theirs[name].state == "waiting", name
        else:
            assert (theirs[name].state, theirs[name].score) == (ours.state, ours.score), name
    stock(place, "generate_feedback", "L4.8", "--student", "wrong")
    page = (place / "feedback" / "wrong" / "L4.8" / "L4.8.html").read_text()
    assert "8284270" not in page
    assert "<script" not in page
    done = stock(place, "export", "--to", str(tmp_path / "stock.csv"))
    assert done.returncode == 0
    rows = list(csv.DictReader((tmp_path / "stock.csv").open()))
    scores = {row["student_id"]: float(row["score"]) for row in rows if row["assignment"] == "L4.8"}
    assert scores == {name: row.score or 0.0 for name, row in graded.standings.items()}


def test_a_second_run_grades_nothing_again(graded, capsys):
    """What is graded stays as it is, and the outcome is told again."""
    place = str(graded.course.path)
    before = (
        (graded.course.path / "autograded" / "right" / "L4.8" / "L4.8.ipynb").stat().st_mtime_ns
    )
    capsys.readouterr()
    assert run(["teach", "grade", place, "L4.8", "--student", "right", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(row["student"], row["state"], row["score"]) for row in told] == [
        ("right", "graded", 5.0)
    ]
    after = (graded.course.path / "autograded" / "right" / "L4.8" / "L4.8.ipynb").stat().st_mtime_ns
    assert after == before


def test_what_a_submission_prints_of_hidden_tests_stays_out_of_its_feedback(course):
    """A function that prints the notebook's input history while a hidden test runs hands its learner nothing."""
    lab = Notebook(course.path / "release" / "L4.8" / "L4.8.ipynb").answer(LEAKS)
    lab.write(course.submitted("L4.8", "eve"), "L4.8.ipynb")
    assert run(["teach", "grade", str(course.path)]) == 0
    assert run(["teach", "feedback", str(course.path)]) == 0
    kept = (course.path / "autograded" / "eve" / "L4.8" / "L4.8.ipynb").read_text()
    assert "held_out" in kept  # the instructor sees it
    for page in (course.path / "feedback").rglob("*.html"):
        assert "8284270" not in page.read_text()
        assert "held_out" not in page.read_text()
    assert not (course.path / "autograded" / "eve" / "L4.8" / "kept.txt").exists()


def page_of(course, student):
    """Grade what there is, and return the text of one learner's page."""
    assert run(["teach", "grade", str(course.path)]) == 0
    assert run(["teach", "feedback", str(course.path)]) == 0
    return (course.path / "feedback" / student / "L4.8" / "L4.8.html").read_text()


def test_hidden_tests_in_any_code_stay_out_of_feedback(course):
    """Encoded, reversed, upper-cased, as a picture or an exception's name: nothing that own cells put out is shown."""
    path = course.path / "release" / "L4.8" / "L4.8.ipynb"
    lab = Notebook(path).answer(f"{GOOD}print('mine' * 2)").add(TOLD_IN_CODE)
    lab.add("class Refused(Exception):\n    pass\nraise Refused('tell')")
    lab.write(course.submitted("L4.8", "eve"), "L4.8.ipynb")
    page = page_of(course, "eve")
    kept = (course.path / "autograded" / "eve" / "L4.8" / "L4.8.ipynb").read_text()
    known = "held_out = 4142135"
    codes = [known, known[::-1], known.upper(), known.encode().hex(), "aGVsZF9vdX", "4142135"]
    for code in codes[:4]:
        assert code in kept  # the instructor sees it
    assert not [code for code in codes if code in page]
    assert page.count("what this cell printed is left out") == 1  # before the hidden test
    assert page.count("what cells of your own do is left out") == 2
    assert "minemine" not in page
    assert page.count("Refused") == 2  # in the source
    assert "right" in page  # what the check said stays


def test_behind_a_hidden_test_a_page_says_the_same_whatever_a_cell_did(course):
    """What a learner's code knows of a hidden input cannot be told by a name, or by whether it prints or raises."""
    path = course.path / "release" / "L4.8" / "L4.8.ipynb"
    seen = "seen = []\ndef double(x):\n    seen.append(x); return 2 * x\n"
    raised = "# n0 n1 n2 n3\nraise type(f'n{seen[-1] % 4}', (Exception,), {})"
    odd, even = "if seen[-1] % 2: print(1)", "if seen[-1] % 2 == 0: raise KeyError"
    lab = Notebook(path).answer(seen).add(raised, at=0).add("raise KeyError", at=0)
    for told in (raised, odd, even, "pass"):
        lab.add(told)
    lab.write(course.submitted("L4.8", "eve"), "L4.8.ipynb")
    cells = BeautifulSoup(page_of(course, "eve"), "html.parser").select(".code_cell")
    before, after = cells[:2], cells[-4:]
    assert "KeyError" in before[0].select_one(".output_wrapper").get_text()
    said = {cell.select_one(".output_wrapper").get_text().strip() for cell in after}
    assert len(said) == 1
    assert "is left out from here on" in said.pop()


def test_a_page_shows_pasted_pictures_and_does_without_lost_ones(course):
    """PNG and JPEG stand in the page; a picture that could run, or is not there, ends no page."""
    path = course.path / "release" / "L4.8" / "L4.8.ipynb"
    lab = Notebook(path).answer(GOOD)
    lab.add("![a](attachment:a.png) ![b](attachment:b.svg) ![c](attachment:c.png)", kind="markdown")
    lab.data["cells"][-1]["attachments"] = {
        "a.png": {"image/png": "iVBORw0KGgo="},
        "b.svg": {"image/svg+xml": "PHN2Zz4="},
    }
    lab.write(course.submitted("L4.8", "eve"), "L4.8.ipynb")
    page = BeautifulSoup(page_of(course, "eve"), "html.parser")
    pictures = [one["src"] for one in page.find_all("img")]
    assert pictures == ["data:image/png;base64,iVBORw0KGgo="]
    assert page.get_text().count("(a picture that is not there)") == 2


def test_text_in_a_checks_own_message_is_cut(course):
    """What a function prints while a check calls it is at most some hundred characters."""
    told = f"{GOOD}def double(x):\n    print('z' * 9000)\n    return 2 * x\n"
    path = course.path / "release" / "L4.8" / "L4.8.ipynb"
    Notebook(path).answer(told).write(course.submitted("L4.8", "eve"), "L4.8.ipynb")
    assert "z" * 300 in (page := page_of(course, "eve"))
    assert "z" * 401 not in page
