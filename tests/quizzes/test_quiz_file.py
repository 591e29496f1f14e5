from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from unpickled import quizzes
from unpickled.errors import ContentError
from unpickled.quizzes import load_quiz
from unpickled.quizzes.lexicon import Lexicon, language
from unpickled.quizzes.words import Vocabulary

TERMS = (
    "safetensor",
    "picklescan",
    "modelscan",
    "sandbox",
    "docker",
    "bytecode",
    "opcode",
    "os.system",
    "subprocess",
)


def test_the_quiz_has_the_three_items_and_six_criteria(quiz):
    """Items, criteria and points are those of the rubric."""
    assert {q.id: [c.id for c in q.criteria] for q in quiz.questions.values()} == {
        "q1": ["executes", "arbitrary_calls"],
        "q2": ["safetensors"],
        "q3": ["scan_first", "isolate", "prefer_safetensors"],
    }
    assert [q.max for q in quiz.questions.values()] == [2, 1, 3]


def test_the_key_and_the_words_that_earn_points_are_not_in_the_package():
    """What installs with the learner's bundle holds the scorer's grammar and nothing of the answers."""
    for path in Path(quizzes.__file__).parent.iterdir():
        if path.is_file():
            text = path.read_text("utf-8").lower()
            assert [term for term in TERMS if term in text] == [], path.name


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("quiz", 'kind = "order"', 'kind = "sorted"', "unknown kind"),
        ("quiz", "points = 1", "points = 0", "no points"),
        ("quiz", 'means = "Commits', 'meant = "Commits', "no means"),
        ("quiz", 'id = "isolate"', 'id = "scan_first"', "same id"),
        ("quiz", "[[item]]", "[[item", "not TOML"),
        ("meaning", 'head = ["isolation"]', 'head = ["isolatoin"]', "unknown concept"),
        (
            "meaning",
            'criterion = "isolate"',
            'criterion = "isolated"',
            'no rule earns criterion "isolate"',
        ),
        ("meaning", 'name = "any callable"', 'nane = "any callable"', "no name"),
    ],
)
def test_a_fault_in_the_files_is_named(file, old, new, told, root, tmp_path):  # noqa: PLR0917 - a table of faults
    """A broken quiz is refused with the file and what is wrong, before anything is scored."""
    shutil.copytree(root / "quizzes", tmp_path / "quizzes")
    path = tmp_path / "quizzes" / "L4.4.2" / f"{file}.toml"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(ContentError, match=told):
        load_quiz("L4.4.2", tmp_path)


def test_a_lesson_without_a_quiz_is_named(root):
    """The path that is missing is told."""
    with pytest.raises(ContentError, match=r"quizzes/L9/quiz\.toml"):
        load_quiz("L9", root)


def test_a_slip_is_forgiven_and_a_real_word_is_not_bent():
    """One slip in a short word, two in a long one; never where the word typed is a real one."""
    words = Vocabulary(
        ["execute", "container", "scan", "load"], ["firewall", "contain", "lead", "scant"]
    )
    assert [words.base(word) for word in ("exceutes", "contianers", "scna", "l0ad", "loading")] == [
        "execute", "container", "scan", "load", "load",
    ]  # fmt: skip
    assert [words.base(word) for word in ("lead", "contain", "scant", "firewall")] == [
        "lead", "contain", "scant", "firewall",
    ]  # fmt: skip


def test_a_longer_phrase_hides_what_lies_within_it():
    """ "not only" denies nothing, and a "container format" isolates nothing."""
    lexicon = Lexicon({"no": "not", "plain": "not only"}, {"plain": ["no"]}, [])
    assert "no" not in {
        n for n, hits in lexicon.hits(lexicon.tokens("not only this")).items() if hits
    }
    assert lexicon.hits(lexicon.tokens("not this"))["no"]


def test_hides_name_known_concepts():
    """A misspelled name in the list of hidden concepts would silently hide nothing."""
    general = language()
    for name, hidden in general.hides.items():
        assert {name, *hidden} <= general.concepts.keys() | {"than", "inert"}
