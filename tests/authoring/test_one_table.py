"""One table: the lesson, the slide, the practice cards and the graded quiz rest on the same formats.toml."""

from __future__ import annotations

import json
import tomllib

import pytest

from unpickled.authoring.checks import unknown_specimens
from unpickled.authoring.notebooks import Builder
from unpickled.authoring.slides import html_slides
from unpickled.content import check, load_deck, load_formats

TABLE = "course/data/formats.toml"


def page(written):
    builder = Builder(written)
    source = next(one for one in builder.sources() if one.stem == "03-weight-formats")
    cells = json.loads(builder.notebook(source))["cells"]
    return "".join("".join(cell["source"]) for cell in cells)


def test_a_changed_row_changes_lesson_and_slide(written, edit):
    """What a row says is read from the file by both; neither has a copy."""
    edit(
        "Binary container of llama.cpp and Ollama", "Binary container of somebody's programs", TABLE
    )
    said = "Binary container of somebody's programs"
    assert said in page(written)
    assert said.replace("'", "&#39;") in html_slides(written, load_deck("L4.4.2", written)).decode()


@pytest.mark.parametrize("row", [row.id for row in load_formats()])
def test_a_row_under_another_id_is_missed_by_its_practice_card(written, edit, row):
    """The cards are held against the rows by id, so none speaks of a row that is not there."""
    edit(f'id = "{row}"', f'id = "{row}x"', TABLE)
    faults = " ".join(map(str, check(written)))
    assert f'covers "{row}", which is neither an objective nor a table row' in faults
    assert f'no item for the table row "{row}x"' in faults


def test_the_graded_quiz_asks_for_the_one_row_without_risk(root):
    """The key of the question for the safe default is the row whose risk is "none", and there is one."""
    (safe,) = [row for row in load_formats(root) if row.risk == "none"]
    quiz = tomllib.loads((root / "quizzes/L4.4.2/quiz.toml").read_text("utf-8"))
    (asked,) = [one for one in quiz["item"] if "safe default" in one["prompt"]]
    assert asked["key"].strip(".") == safe.id == safe.name.strip(".")


def test_an_experiment_with_an_unknown_specimen_is_a_fault(written, edit):
    """At the experiment's line, with where to look."""
    line = edit('specimen = "npz-canary"', 'specimen = "npz-kanari"', TABLE)
    (fault,) = unknown_specimens(written)
    assert fault.place == f"{TABLE}:{line - 2}"
    assert 'experiment "npz-objects-default" loads the specimen "npz-kanari"' in fault.problem
