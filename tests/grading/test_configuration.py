"""A configuration in which something is wrong stops grading and feedback; it is never just left out."""

from __future__ import annotations

import pytest

from unpickled.cli.main import run
from unpickled.grading import GradingError, init, queue
from unpickled.grading.configuration import sound_for_grading

from .made import GOOD, Notebook

FAULTS = {
    "a quote is broken": (
        'penalty_method = "none"',
        'penalty_method = "none',
        "SyntaxError: unterminated",
    ),
    "a module is missing": ("c = get_config()", "import nosuchmodule", "No module named"),
    "it ends the process": ("c = get_config()", "raise SystemExit('off')", "SystemExit: off"),
    "a trait refuses": (
        "c.CourseDirectory.course_id =",
        "c.CourseDirectory.root = 7 #",
        "TraitError: The 'root' trait",
    ),
}
OF_GRADING = {
    "a value is misspelt": ('"none"', '"zeros"', "penalty_method"),
    "a name is misspelt": ("penalty_method", "penalty_metod", "`penalty_metod` not recognized"),
    "a plugin is gone": (
        "c.LateSubmissionPlugin.penalty_method",
        'c.AssignLatePenalties.plugin_class = "no.such.Plugin" #',
        "cannot be used",
    ),
    "cells are not restored": ('"unpickled.grading.restoring.RestoreCells",', "", "RestoreCells"),
    "nothing is bounded": (
        '"unpickled.grading.jailed.JailedExecute"',
        '"nbgrader.preprocessors.Execute"',
        "JailedExecute",
    ),
    "nothing is jailed": (
        '"unpickled.grading.jailed.JailedExecute"',
        '"unpickled.grading.execution.BoundedExecute"',
        "JailedExecute, or it is not enabled. Run in the checkout: unpickled teach init ",
    ),
    "pages are not cleaned": (
        'c.HTMLExporter.preprocessors = ["unpickled.grading.cleaning.CleanCells"]',
        "",
        "CleanCells, or it is not enabled. Run in the checkout: unpickled teach init ",
    ),
    "stock scores": (
        '"unpickled.grading.scores.SaveScores"',
        '"nbgrader.preprocessors.SaveAutoGrades"',
        "SaveScores",
    ),
    "scores are off": (
        "c.Execute.shutdown_kernel",
        "c.SaveScores.enabled = False\nc.Execute.shutdown_kernel",
        "SaveScores",
    ),
    "it configures nothing": (
        "c = get_config()",
        "from traitlets.config import Config\nc = Config()",
        "JailedExecute",
    ),
}
OF_FEEDBACK = {
    "tests are not hidden": (
        '"unpickled.grading.feedback_page.HideTests",',
        "",
        "HideTests",
    ),
    "a page of nbgrader's": (
        "c.GenerateFeedback.exporter_class",
        "c.GenerateFeedback.not_that",
        "FeedbackPage",
    ),
}
CASES = [
    *(("grade", name) for name in (FAULTS | OF_GRADING)),
    *(("feedback", name) for name in (FAULTS | OF_FEEDBACK)),
]


@pytest.mark.parametrize(("command", "fault"), CASES)
def test_a_wrong_configuration_is_told_once_and_nothing_is_done(course, capsys, command, fault):
    """Place, problem and remedy before the first submission, exit code 2, no grade and no page."""
    config = course.path / "nbgrader_config.py"
    before, after, says = (FAULTS | OF_GRADING | OF_FEEDBACK)[fault]
    assert before in config.read_text()
    config.write_text(config.read_text().replace(before, after, 1))
    lab = Notebook(course.path / "release" / "L4.8" / "L4.8.ipynb").answer(GOOD)
    lab.write(course.submitted("L4.8", "ada"), "L4.8.ipynb")
    (course.path / "autograded" / "ada" / "L4.8").mkdir(parents=True)
    assert run(["teach", command, str(course.path)]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert str(config) in told
    assert "Traceback" not in told
    assert list((course.path / "feedback").iterdir()) == []
    assert list((course.path / "autograded" / "ada" / "L4.8").iterdir()) == []


def test_the_command_that_is_named_mends_a_course_from_before_the_jail(course, checkout):
    """And changes nothing else of what is the instructor's."""
    config = course.path / "nbgrader_config.py"
    fresh = config.read_text()
    clean = 'c.HTMLExporter.preprocessors = ["unpickled.grading.cleaning.CleanCells"]\n'
    old = fresh.replace("jailed.JailedExecute", "execution.BoundedExecute").replace(clean, "")
    old = old.replace("timeout = 60 ", "timeout = 7 ")
    config.write_text(old)
    with pytest.raises(GradingError, match="JailedExecute"):
        sound_for_grading(course, ["L4.8"])
    init(course.path, checkout)
    sound_for_grading(course, ["L4.8"])
    mended = config.read_text().splitlines()
    assert [line for line in mended if line not in fresh.splitlines()] == [
        "c.Execute.timeout = 7  # seconds for one cell"
    ]
    init(course.path, checkout)
    assert config.read_text().splitlines() == mended


def test_an_assignment_that_was_never_released_is_told(course, capsys):
    """One that is being written stops nothing; one that somebody handed in is named with the remedy."""
    (course.path / "source" / "mine").mkdir()
    assert run(["teach", "status", str(course.path)]) == 0
    course.submitted("mine", "ada").mkdir(parents=True)
    assert queue(course) == [("mine", "ada")]
    for command in ("status", "grade"):
        capsys.readouterr()
        assert run(["teach", command, str(course.path)]) == 2
        told = capsys.readouterr().err
        assert "mine: source/ has this assignment, and the gradebook does not know it" in told
        assert "nbgrader generate_assignment" in told
