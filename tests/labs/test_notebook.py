"""The generated notebook, through stock nbgrader: no answers in the release, and the grades that it should give."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from unpickled.authoring.assignments import notebook
from unpickled.authoring.lab_files import load_lab
from unpickled.errors import ContentError

pytestmark = pytest.mark.long

NAME = "L4.8"


@pytest.fixture(scope="module")
def made(root):
    return load_lab(root / "labs" / NAME)


def test_two_builds_give_the_same_bytes(made):
    """The notebook on disk is what its sources give, each time."""
    assert notebook(made) == notebook(made) == made.notebook.read_bytes()


def test_cells_are_what_nbgrader_expects(made):
    """Answers can be edited, everything else is locked; ids are unique; each check is worth its points."""
    book = nbformat.reads(made.notebook.read_text(), as_version=4)
    nbformat.validate(book)
    held = [cell.metadata.nbgrader for cell in book.cells]
    assert len({one.grade_id for one in held}) == len({cell.id for cell in book.cells}) == len(held)
    for one in held:
        assert one.schema_version == 3
        assert one.solution is one.grade_id.endswith("-answer")
        assert one.locked is not one.solution
    points = {one.grade_id: one.points for one in held if one.grade}
    assert points == {
        f"{exercise.id}-{kind}": worth
        for exercise in made.exercises
        for kind, worth in (("check", exercise.visible), ("hidden", exercise.hidden))
    }


def test_hints_are_closed_and_stand_between_task_and_answer(made):
    """Each hint in a fold of its own, below all that an exercise says, in the cell just before its answer."""
    cells = json.loads(made.notebook.read_text())["cells"]
    names = [cell["metadata"]["nbgrader"]["grade_id"] for cell in cells]
    for exercise in made.exercises:
        hints = "".join(cells[names.index(f"{exercise.id}-answer") - 1]["source"])
        folds = re.findall(
            r"<details><summary>(Hint .)</summary>\n\n(.+?)\n\n</details>", hints, re.DOTALL
        )
        assert folds == [(f"Hint {tier}", hint) for tier, hint in enumerate(exercise.hints, 1)]
        assert len(folds) == 3
    text = "".join("".join(cell["source"]) for cell in cells)
    assert text.count("<details>") == 3 * len(made.exercises)


def broken(folder, what):
    """Return a copy of the lab with one fault in it."""
    text = (folder / f"{NAME}.py").read_text()
    if what == "no end of a solution":
        text = text.replace("### END SOLUTION", "", 1)
    elif what == "an unknown exercise":
        text = text.replace('exercise="convert" role="answer"', 'exercise="convrt" role="answer"')
    elif what == "no checks":
        text = text.replace('# %% exercise="convert" role="checks"\n', "")
    elif what == "an unknown macro":
        text = text.replace('{{ exercise("convert") }}', '{{ excercise("convert") }}')
    elif what == "no hidden check":
        (folder / "hidden" / "convert.py").unlink()
    elif what in ("no function check", "three quotes", "no Python"):
        path = folder / "hidden" / "convert.py"
        changed = {
            "no function check": path.read_text().replace("def check(", "def chekc("),
            "three quotes": path.read_text() + "\n_text = '''a'''\n",
            "no Python": path.read_text() + "\ndef (\n",
        }
        path.write_text(changed[what])
    elif what == "no points":
        path = folder / "lab.toml"
        path.write_text(path.read_text().replace("hidden = 7", "hidden = 0"))
    elif what == "no such stage":
        path = folder / "lab.toml"
        path.write_text(path.read_text().replace('stage = "watch"', 'stage = "wait"'))
    (folder / f"{NAME}.py").write_text(text)


@pytest.mark.parametrize(
    "what",
    ["no end of a solution", "an unknown exercise", "no checks", "an unknown macro", "no hidden check",
     "no function check", "three quotes", "no Python", "no points", "no such stage"],
)  # fmt: skip
def test_an_authors_slip_is_named(root, tmp_path, what):
    """A solution that would be released, a check that would be lost: the build stops and says where."""
    folder = tmp_path / NAME
    shutil.copytree(root / "labs" / NAME, folder)
    notebook(load_lab(folder))
    broken(folder, what)
    with pytest.raises(ContentError, match=NAME):
        notebook(load_lab(folder))


@pytest.fixture(scope="module")
def graded(made, tmp_path_factory):
    """A stock course: the reference and the untouched release, handed in and graded."""
    folder = tmp_path_factory.mktemp("course")
    source = folder / "source" / NAME
    source.mkdir(parents=True)
    for path in (made.notebook, made.folder / "checks.py"):
        shutil.copy(path, source)
    (folder / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "lab"\n'
        'c.Execute.shutdown_kernel = "immediate"\nc.ExecutePreprocessor.timeout = 120\n'
    )
    stock(folder, "generate_assignment", NAME)
    shutil.copytree(source, folder / "submitted" / "reference" / NAME)
    shutil.copytree(folder / "release" / NAME, folder / "submitted" / "untouched" / NAME)
    stock(folder, "autograde", NAME)
    return folder


def stock(folder, *arguments):
    tools = str(Path(sys.executable).parent)
    env = {**os.environ, "PATH": tools + os.pathsep + os.environ["PATH"]}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_release_holds_no_answer_and_no_hidden_test(made, graded):
    """No line of a solution or of a hidden check is in what learners get."""
    release = graded / "release" / NAME
    assert {path.name for path in release.iterdir()} == {f"{NAME}.ipynb", "checks.py"}
    book = nbformat.reads((release / f"{NAME}.ipynb").read_text(), as_version=4)
    cells = {cell.metadata.nbgrader.grade_id: cell.source for cell in book.cells}
    given = "\n".join(text for text in cells.values()) + (release / "checks.py").read_text()
    source = nbformat.reads(made.notebook.read_text(), as_version=4)
    secret = set()
    for cell in source.cells:
        for begin, end in (("SOLUTION", "SOLUTION"), ("HIDDEN TESTS", "HIDDEN TESTS")):
            for part in re.findall(
                rf"### BEGIN {begin}\n(.*?)### END {end}", cell.source, re.DOTALL
            ):
                secret |= {line.strip() for line in part.splitlines()}
    shared = {line for line in secret if line.startswith(("import ", "from ", "@", "return tally"))}
    lines = {line.strip() for line in given.splitlines()}
    found = {line for line in secret - shared if len(line) > 30 and line in lines}
    assert len(secret) > 150
    assert found == set()
    for exercise in made.exercises:
        assert "NotImplementedError" in cells[f"{exercise.id}-answer"]
        assert cells[f"{exercise.id}-hidden"] == "# More checks run here when you hand in."
        assert cells[f"{exercise.id}-check"] == f'lab.check("{exercise.id}")'


def test_run_all_goes_on_behind_unanswered_exercises(made, graded, tmp_path):
    """JupyterLab stops at the first error, but for cells that are tagged: run so, every check of the release speaks."""
    for path in (graded / "release" / NAME).iterdir():
        shutil.copy(path, tmp_path)
    book = nbformat.reads((tmp_path / f"{NAME}.ipynb").read_text(), as_version=4)
    tagged = {c.metadata.nbgrader.grade_id for c in book.cells if c.metadata.get("tags")}
    assert tagged == {f"{exercise.id}-answer" for exercise in made.exercises}
    place = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(book, kernel_name="python3", timeout=60, resources=place).execute()
    cells = {cell.metadata.nbgrader.grade_id: cell for cell in book.cells}
    for exercise in made.exercises:
        assert "so far" in cells[f"{exercise.id}-check"].outputs[0].text
        assert cells[f"{exercise.id}-answer"].outputs[0].ename == "NotImplementedError"


def scores(folder, student):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        handed_in = book.find_submission_notebook(NAME, NAME, student)
        return {grade.name: (grade.auto_score, grade.max_score, grade.needs_manual_grade)
                for grade in handed_in.grades}  # fmt: skip


def test_stock_autograde_gives_the_reference_full_marks(made, graded):
    """Every graded cell has all its points, none waits for a person, and no cell raised."""
    found = scores(graded, "reference")
    assert len(found) == 2 * len(made.exercises)
    assert {
        name for name, (score, most, manual) in found.items() if score != most or manual
    } == set()
    done = graded / "autograded" / "reference" / NAME / f"{NAME}.ipynb"
    book = nbformat.reads(done.read_text(), as_version=4)
    errors = [
        out for cell in book.cells for out in cell.get("outputs", []) if out.output_type == "error"
    ]
    assert errors == []


def test_stock_autograde_gives_the_untouched_release_nothing(graded):
    """A notebook that nobody worked on has no points anywhere, not even where nbgrader fails open."""
    assert {score for score, _, _ in scores(graded, "untouched").values()} == {0}
