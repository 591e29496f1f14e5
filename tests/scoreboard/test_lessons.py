"""Lessons are computed: a sentence has the run's own numbers, and is not there where it would not be true."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from unpickled.scoreboard import Board, Opinion, lessons, words
from unpickled.specimens import classes

from .conftest import made

module = import_module("unpickled.scoreboard.lessons")  # the package has a function of that name
WARNS = Opinion(says="warns", word="bad", exit=1)
QUIET = Opinion(says="quiet", word="clean", exit=0)
SILENT = Opinion(says="nothing", word="skipped", exit=0)
LOUD = Opinion(says="nothing", word="skipped", exit=3)

BOARD = made(
    {
        "one": {"a": WARNS, "b": QUIET, "c": SILENT, "d": WARNS, "e": QUIET},
        "two": {"a": QUIET, "b": QUIET, "c": LOUD, "d": QUIET, "e": QUIET},
    },
    {"a": "bad", "b": "bad", "c": "bad", "d": "good", "e": "good"},
    absent="three",
)


def said(monkeypatch: pytest.MonkeyPatch, board: Board = BOARD, **template: Any) -> list[str]:
    monkeypatch.setattr(module, "_templates", lambda: ({"id": "t", **template},))
    return [lesson.text for lesson in lessons(board)]


MISSED = {"n": {"classes": ["bad"], "outcome": "missed"}}


def test_a_sentence_is_said_for_each_scanner_with_its_own_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = said(
        monkeypatch, scanners=["one", "two"], text="{scanner}: {n} of {n_of}", counts=MISSED
    )
    assert found == ["one: 1 of 3", "two: 2 of 3"]


def test_scanners_of_which_the_same_is_true_share_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = {"n": {"classes": ["bad"], "outcome": "not judged"}}
    found = said(
        monkeypatch, scanners=["one", "two"], text="{scanner}: {n} of {n_of}", counts=counts
    )
    assert found == ["one and two: 1 of 3"]


def test_a_scanner_that_was_not_asked_is_not_spoken_of(monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(monkeypatch, scanners=["three", "four"], text="{scanner}", counts=MISSED) == []
    assert said(monkeypatch, together=["one", "three"], text="{n}", counts=MISSED) == []


@pytest.mark.parametrize(
    ("outcome", "condition", "holds"),
    [
        ("missed", "some", True),
        ("caught", "none", False),
        ("missed", "all", False),
        ("false alarm", "some", False),
        ("false alarm", "none", True),
        ("silent", "some", True),
        ("no answer", "some", False),
        ("missed", "many", True),
        ("missed", "few", False),
        ("false alarm", "few", True),
        ("false alarm", "many", False),
    ],
)
def test_a_condition_decides_whether_it_is_said(
    outcome: str, condition: str, holds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"n": {"truths": ["calls code"], "outcome": outcome}}
    found = said(monkeypatch, scanners=["one"], text="so", counts=counts, **{condition: ["n"]})
    assert found == (["so"] if holds else [])


def test_nothing_is_said_about_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """ "0 of 0 files" would be true and worth nothing."""
    counts = {"n": {"classes": ["torn"], "outcome": "missed"}}
    assert said(monkeypatch, scanners=["one"], text="{n}", none=["n"], counts=counts) == []


def test_two_together_catch_what_either_catches_and_miss_what_both_miss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = {
        "caught": {"truths": ["calls code"], "outcome": "caught", "by": "any"},
        "missed": {"truths": ["calls code"], "outcome": "missed", "by": "every"},
    }
    found = said(
        monkeypatch, together=["one", "two"], text="{caught} {missed} of {missed_of}", counts=counts
    )
    assert found == ["1 1 of 3"]


def test_the_rest_is_what_two_counts_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file about which one said nothing and nobody warned is neither caught nor missed, and is told."""
    counts = {
        "caught": {"truths": ["calls code"], "outcome": "caught", "by": "any"},
        "missed": {"truths": ["calls code"], "outcome": "missed", "by": "every"},
        "rest": {"rest": ["caught", "missed"]},
    }
    found = said(monkeypatch, together=["one", "two"], text="{rest} of {rest_of}", counts=counts)
    assert found == ["1 of 3"]


def test_a_count_may_be_among_what_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its whole is the files judged, in the sentence as in its conditions."""
    board = made(
        {"one": {"a": WARNS, "b": QUIET, "c": SILENT, "d": SILENT}},
        dict.fromkeys("abcd", "good"),
    )
    counts = {"n": {"truths": ["plain data"], "outcome": "false alarm"}}
    told = {"scanners": ["one"], "text": "{n} of {n_of}", "counts": counts, "many": ["n"]}
    assert said(monkeypatch, board, **told) == []
    counts["n"]["among"] = "judged"
    assert said(monkeypatch, board, **told) == ["1 of 2"]


@pytest.mark.parametrize(
    ("scanner", "told"),
    [
        (
            "weights_only",
            "Of 3 files that call code, weights_only refused 1, let 0 through and did not judge 2.",
        ),
        (
            "weights_only",
            "Of 3 files of plain data, weights_only loaded 1, refused 1, which is its price, "
            "and did not judge 1.",
        ),
        (
            "fickling",
            "Of 3 files that call code, fickling caught 1 and did not judge 2. "
            "It warned about 1 of the 2 files",
        ),
    ],
)
def test_a_lesson_names_what_was_not_judged(scanner: str, told: str) -> None:
    """ "Missed none" and "caught 1" are half of the truth where files were not opened."""
    answers = (WARNS, SILENT, LOUD, WARNS, QUIET, SILENT)
    board = made(
        {scanner: dict(zip("abcdef", answers, strict=True))},
        dict.fromkeys("abc", "bad") | dict.fromkeys("def", "good"),
    )
    assert any(lesson.text.startswith(told) for lesson in lessons(board))


def test_none_warned_about_is_said_of_what_was_judged() -> None:
    board = made({"modelscan": {"d": QUIET, "e": SILENT}}, dict.fromkeys("de", "good"))
    found = [lesson.text for lesson in lessons(board) if lesson.id.startswith("no-alarm")]
    assert found == [
        "modelscan warned about none of the 1 files of plain data that it judged; 1 more it did not judge."
    ]


WORDS = Path(str(module.__file__)).with_name("words.toml")
TEMPLATES = tomllib.loads(WORDS.read_text())["lesson"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one["id"])
def test_a_template_names_what_there_is(template: dict[str, Any]) -> None:
    """Classes, outcomes, conditions and numbers of a template are known, and none of its numbers is typed."""
    known = {row.id for row in classes()}
    truths = {row.truth for row in classes()}
    names = set(template["counts"])
    for rule in template["counts"].values():
        if "rest" in rule:
            assert set(rule["rest"]) <= names
            continue
        assert rule.get("among", "judged") == "judged"
        assert set(rule.get("classes", ())) <= known
        assert set(rule.get("truths", ())) <= truths
        assert ("by" in rule) == ("together" in template)
    conditions = {"some", "all", "none", "many", "few"}
    for key in conditions & template.keys():
        assert set(template[key]) <= names
    assert conditions & template.keys()
    assert set(template) <= {"id", "text", "scanners", "together", "counts"} | conditions
    words = {key: "x" for name in names for key in (name, f"{name}_of")}
    text = template["text"].format(scanner="x", **words)
    digits = [
        letter
        for letter in text.replace("exit code 0", "").replace("with 1,", "")
        if letter.isdigit()
    ]
    assert digits == list("30") * ("30-second" in text)


def test_the_legend_tells_that_what_cannot_be_parsed_is_not_judged() -> None:
    """Whoever reads the board learns the rule that its numbers follow, as the page's readers do."""
    assert "could not parse a file has not judged it" in words()["outcome"]["not judged"]
