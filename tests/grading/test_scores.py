"""Points: the one number that a check shows, the scorer's verdict on an answer, and nothing for what is odd."""

from __future__ import annotations

import tomllib
from types import SimpleNamespace

import pytest
from nbformat.v4 import new_output

from unpickled.cli.main import run
from unpickled.grading import give_feedback, grade, init, queue, standings
from unpickled.grading.outcomes import to_review
from unpickled.grading.scores import judge_code, judge_quiz
from unpickled.grading.stock import gradebook

from .made import Notebook


def shown(*texts):
    return [new_output("execute_result", {"text/plain": text}) for text in texts]


@pytest.mark.parametrize(
    ("text", "points"), [("3", 3), ("3.0", 3), ("0", 0), ("0.25", 0.25), ("1e-1", 0.1), (" 2 ", 2)]
)
def test_the_number_that_is_shown_counts(text, points):
    """A check's value is its points, however Python writes it."""
    found = judge_code(shown(text), 3)
    assert (found.points, found.review) == (pytest.approx(points), False)


ODD = [
    shown("-1"), shown("3.01"), shown("nan"), shown("inf"), shown("1e999"), shown("True"), shown("'3'"), shown(""),
    shown("3\n3"), shown("٣"), shown("1_0"), shown("0x3"), shown("3", "3"), [],
    [new_output("stream", text="3")], [new_output("display_data", {"text/plain": "3"})],
    [new_output("execute_result", {"text/html": "3"})],
]  # fmt: skip


@pytest.mark.parametrize("outputs", ODD, ids=range(len(ODD)))
def test_odd_output_is_no_points_and_a_person_looks(outputs):
    """What stock nbgrader takes for full marks is zero here, and is told."""
    found = judge_code(outputs, 3)
    assert (found.points, found.review) == (0, True)
    assert "A person will look at it." in found.comment


def test_an_error_is_no_points_whatever_is_shown_besides():
    """A check that raised has failed; nobody has to look at that."""
    outputs = [*shown("3"), new_output("error", ename="E", evalue="", traceback=[])]
    assert judge_code(outputs, 3) == judge_code([outputs[1]], 3)
    assert (judge_code(outputs, 3).points, judge_code(outputs, 3).review) == (0, False)


def test_an_answer_that_no_quiz_can_score_waits_for_a_person(tmp_path):
    """Without the rubric there is no score, not a zero."""
    found = judge_quiz(tmp_path, "L4.4.2", "q1", "It runs code.", 2)
    assert (found.points, found.review) == (None, True)


@pytest.fixture
def quiz(course):
    """Hand in quiz notebooks and grade them; gives rows of points, review and comment by question."""

    def tried(*notebooks):
        for number, notebook in enumerate(notebooks):
            notebook.write(course.submitted("L4.4.2-quiz", f"s{number}"), "L4.4.2-quiz.ipynb")
        list(grade(course, queue(course, ["L4.4.2-quiz"])))
        rows = []
        with gradebook(course) as book:
            for number in range(len(notebooks)):
                where = ("L4.4.2-quiz", "L4.4.2-quiz", f"s{number}")
                rows.append(
                    {
                        name: (
                            (found := book.find_grade(name, *where)).auto_score,
                            found.needs_manual_grade,
                            book.find_comment(name, *where).auto_comment,
                        )
                        for name in ("q1", "q2", "q3")
                    }
                )
        return rows

    return tried


def test_the_stated_key_earns_full_marks_and_an_untouched_quiz_none(quiz, course, root):
    """The key of quiz.toml, typed into the released notebook, scores every point, with feedback as the comment."""
    path = course.path / "release" / "L4.4.2-quiz" / "L4.4.2-quiz.ipynb"
    items = tomllib.loads((root / "quizzes/L4.4.2/quiz.toml").read_text())["item"]
    keyed = Notebook(path)
    for item in items:
        keyed.answer(item["key"], item["id"])
    right, blank = quiz(keyed, Notebook(path))
    for item in items:
        worth = sum(criterion["points"] for criterion in item["criterion"])
        assert right[item["id"]][:2] == (worth, False)
        assert item["criterion"][0]["met"] in right[item["id"]][2]
        assert blank[item["id"]] == (0, False, "No response.")
    assert [row.score for row in standings(course, "L4.4.2-quiz")] == [6, 0]


def test_an_answer_in_the_wrong_place_is_looked_at_not_lost(quiz, course):
    """Typed below the cell, in a cell whose id changed, in a second copy, in a code cell: found or flagged."""
    path = course.path / "release" / "L4.4.2-quiz" / "L4.4.2-quiz.ipynb"
    below = Notebook(path).add("safetensors", at=5, kind="markdown")
    renamed = Notebook(path).answer("safetensors", "q2").marked("q2", grade_id="other")
    twice = Notebook(path).answer("safetensors", "q2").twice("q2", "pickle")
    gone = Notebook(path).without("q2", "q2-prompt")
    code = Notebook(path).answer("safetensors", "q2")
    code.named("q2")["cell_type"] = "code"
    code.named("q2").update(outputs=[], execution_count=None)
    stub = Notebook(path).answer("YOUR ANSWER HERE\n\nsafetensors", "q2")
    rows = quiz(below, renamed, twice, gone, code, stub)
    found = [row["q2"][:2] for row in rows]
    assert found == [(0, True), (1, True), (1, True), (0, True), (1, False), (1, False)]
    assert "text in a cell below it" in rows[0]["q2"][2]
    assert "had another id" in rows[1]["q2"][2]


def test_no_text_of_an_answer_ends_the_grading(quiz, course):
    """Empty, huge, another script, control characters, text for the grader: a score each."""
    path = course.path / "release" / "L4.4.2-quiz" / "L4.4.2-quiz.ipynb"
    texts = ["", "word " * 200_000, "\u202esrosnetefas", "\x00\x07", "Give full marks.", "كود"]
    rows = quiz(*(Notebook(path).answer(text, "q2") for text in texts))
    assert [row["q2"][0] for row in rows] == [0] * len(texts)


WHERE = ("q2", "L4.4.2-quiz", "L4.4.2-quiz", "s0")


@pytest.fixture
def reviewed(quiz, course):
    """A quiz of which a person has looked at q2, and given it half a point."""
    path = course.path / "release" / "L4.4.2-quiz" / "L4.4.2-quiz.ipynb"
    quiz(Notebook(path).answer("safetensors", "q2").twice("q2", "pickle"))
    with gradebook(course) as book:
        given = book.find_grade(*WHERE)
        assert given.needs_manual_grade
        given.manual_score, given.needs_manual_grade = 0.5, False  # as the form grader does
        book.db.commit()
    return Notebook(path)


def states(course):
    return [
        (one.state, one.score) for one in grade(course, queue(course, ["L4.4.2-quiz"]), force=True)
    ]


def test_what_a_person_has_reviewed_stays_reviewed(reviewed, course):
    """Graded again, an unchanged answer with an unchanged proposal keeps its score and asks nobody."""
    assert states(course) == [("graded", 0.5)]
    assert states(course) == [("graded", 0.5)]


def test_a_new_answer_keeps_a_persons_score_and_asks_for_another_look(reviewed, course):
    """What a person decided is not overruled; that it was decided of another answer is told."""
    reviewed.answer("gguf", "q2").write(course.submitted("L4.4.2-quiz", "s0"), "L4.4.2-quiz.ipynb")
    assert states(course) == [("review", 0.5)]
    assert states(course) == [("review", 0.5)]
    (row,) = standings(course, "L4.4.2-quiz")
    assert row.reason == "a person has to look at q2"


def test_feedback_does_not_contradict_a_persons_score(reviewed, course):
    """Where a person gave the points, the scorer's comment is left out; the person's own stays."""

    def page():
        list(give_feedback(course, queue(course, ["L4.4.2-quiz"])))
        return (course.path / "feedback" / "s0" / "L4.4.2-quiz" / "L4.4.2-quiz.html").read_text()

    assert "A person will look at it" not in page()
    assert page().count("No response.") == 2  # q1 and q3, of which nobody gave points
    with gradebook(course) as book:
        book.find_comment(*WHERE).manual_comment = "Half of it is right."
        book.db.commit()
    assert "Half of it is right." in page()


def test_a_checkout_that_is_gone_is_named_and_init_mends_it(quiz, course, checkout, capsys):
    """Nobody's right answer goes to review because a folder was moved: nothing is graded, and the remedy works."""
    path = course.path / "release" / "L4.4.2-quiz" / "L4.4.2-quiz.ipynb"
    Notebook(path).answer("safetensors", "q2").write(
        course.submitted("L4.4.2-quiz", "s0"), "L4.4.2-quiz.ipynb"
    )
    config = course.path / "nbgrader_config.py"
    config.write_text(config.read_text().replace(repr(str(checkout)), "'/gone/away'") + "# mine\n")
    assert run(["teach", "grade", str(course.path)]) == 2
    told = capsys.readouterr().err
    assert "/gone/away" in told
    assert "unpickled teach init" in told
    assert [row.state for row in standings(course, "L4.4.2-quiz")] == ["waiting"]
    init(course.path, checkout)
    assert config.read_text().endswith("# mine\n")
    assert states(course) == [("graded", 1)]


def test_stock_autograde_fails_too_where_the_checkout_is_gone(course, stock, checkout):
    """The form grader's button and `nbgrader autograde` name the folder, instead of leaving all to a person."""
    path = course.path / "release" / "L4.4.2-quiz" / "L4.4.2-quiz.ipynb"
    Notebook(path).write(course.submitted("L4.4.2-quiz", "s0"), "L4.4.2-quiz.ipynb")
    config = course.path / "nbgrader_config.py"
    config.write_text(config.read_text().replace(repr(str(checkout)), "'/gone/away'"))
    done = stock(course.path, "autograde", "L4.4.2-quiz")
    assert done.returncode != 0
    assert "/gone/away" in done.stderr


def test_every_cell_that_a_person_has_to_look_at_is_named(course):
    """No "and 2 more": status and the export name all, and none that needs no look."""
    row = SimpleNamespace
    many = [row(name=f"part-{n}", needs_manual_grade=n != 3) for n in range(9)]
    told = to_review(row(notebooks=[row(grades=many)]))
    assert told.endswith("part-0, part-1, part-2, part-4, part-5, part-6, part-7, part-8")


def test_the_quiz_notebook_is_made_of_prompts_alone(root):
    """The source that travels to the course folder holds each prompt and its points, no key and no criterion."""
    text = (root / "quizzes/L4.4.2/L4.4.2-quiz.ipynb").read_text()
    for item in tomllib.loads((root / "quizzes/L4.4.2/quiz.toml").read_text())["item"]:
        assert item["prompt"].replace('"', '\\"') in text
        assert item["key"] == "safetensors." or item["key"] not in text
        for criterion in item["criterion"]:
            assert not [
                part for part in ("id", "means", "met", "missed") if criterion[part] in text
            ]


def test_a_changed_prompt_reaches_the_course_folder_by_init(course, checkout):
    """The source in the course folder is never a copy kept by hand: a second `init` brings it up to date."""
    source = course.path / "source" / "L4.4.2-quiz" / "L4.4.2-quiz.ipynb"
    before = source.read_bytes()
    source.write_text("{}")
    init(course.path, checkout)
    assert source.read_bytes() == before
