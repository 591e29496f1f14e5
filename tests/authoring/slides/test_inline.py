"""Inline text as runs: strong, code, and citations left to the foot of the slide."""

from __future__ import annotations

import pytest

from unpickled.authoring.slides.inline import Run, cited, plain, runs, step


def test_runs_know_how_they_look():
    assert runs("A **b `c`** d [@e].") == (
        Run("A "), Run("b ", strong=True), Run("c", strong=True, code=True), Run(" d."),
    )  # fmt: skip
    assert plain("A **b `c`** d [@e].") == "A b c d."


def test_marks_inside_code_are_code():
    assert runs("`a ** b`") == (Run("a ** b", code=True),)


def test_sources_are_told_once_and_in_order():
    assert cited(["x [@b; @a]", "y [@a]", "z [@c]"]) == ("b", "a", "c")


@pytest.mark.parametrize(
    ("item", "head", "rest"),
    [
        ("**Scan it.** picklescan does [@p]", "Scan it", "picklescan does"),
        ("**Verify it**, where you can", "Verify it", "Where you can"),
        ("**Alone**", "Alone", ""),
        ("none", "none", ""),
    ],
)
def test_a_step_is_what_to_do_and_the_rest(item, head, rest):
    assert step(item) == (head, rest)
