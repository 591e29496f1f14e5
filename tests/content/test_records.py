"""The course as it stands: what the lesson promised is kept, and what it got wrong is corrected in the open."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, replace
from datetime import date
from pathlib import Path

import pytest

from unpickled import content
from unpickled.content import (
    check,
    course_root,
    judge,
    load_course,
    load_errata,
    load_formats,
    load_glossary,
    load_incidents,
    load_practice,
    load_sources,
    normalise,
    practice_item,
)
from unpickled.errors import ContentError

CHECKOUT = Path(__file__).resolve().parents[2]


def test_the_course_of_this_checkout_has_no_fault() -> None:
    """Everything that learners read passes every check."""
    assert [str(fault) for fault in check(CHECKOUT)] == []


def test_the_table_keeps_the_lessons_rows_in_their_order() -> None:
    """Seven rows, labelled as in the lesson's text."""
    assert [row.name for row in load_formats(CHECKOUT)] == [
        ".pt / .bin / .pth (PyTorch native)",
        ".safetensors",
        ".gguf",
        ".onnx",
        ".h5 / Keras",
        ".joblib",
        "numpy .npy",
    ]


def test_the_lesson_keeps_its_id_objectives_and_sections() -> None:
    """Two objectives, nine sections under the lesson's own headings, and its tags as numbered today."""
    (lesson,) = load_course(CHECKOUT).lessons
    assert (lesson.id, lesson.status, lesson.stated_minutes) == ("L4.4.2", "Mandatory", 5)
    assert len(lesson.objectives) == 2
    assert list(dict.fromkeys(page.section for page in lesson.pages)) == [
        "Python pickle in 90 seconds",
        "Why this matters in 2026",
        "Weight-file format safety: a comparison",
        "The minimum-bar defense",
        "The maximum-bar defense",
        "The 30-second test you should always run",
        "Real-world example",
        "Key terms",
        "References",
    ]
    assert {"LLM04:2026", "LLM03:2025", "AML.T0010"} <= {tag.id for tag in lesson.tags}


def test_every_error_of_the_lesson_that_we_know_has_its_erratum() -> None:
    """Eighteen corrections, each dated; the two ways to say where one stands are both used."""
    errata = load_errata(CHECKOUT)
    assert len(errata) == 18
    assert {erratum.checked for erratum in errata} == {date(2026, 11, 23)}
    said = " ".join(erratum.lesson_said for erratum in errata)
    for word in (
        "Trail of Bits",
        "LLM05",
        "AML.T0010",
        "torch.load",
        "Ollama",
        ".h5",
        ".gguf",
        "580",
    ):
        assert word in said


def test_the_timeline_is_whole() -> None:
    """Sixteen points from 2019 to 2026, oldest first, of four kinds."""
    incidents = load_incidents(CHECKOUT)
    assert len(incidents) == 16
    assert [incident.date for incident in incidents] == sorted(
        incident.date for incident in incidents
    )
    assert {incident.kind for incident in incidents} == {
        "incident",
        "vulnerability",
        "defence",
        "scanner-bypass",
    }


def test_the_glossary_begins_with_the_lessons_key_terms() -> None:
    """The three terms of the lesson come first, wherever they stand in the file."""
    terms = load_glossary(CHECKOUT)
    assert [term.term for term in terms[:3]] == [
        "Pickle deserialization",
        "safetensors",
        "picklescan / modelscan",
    ]
    assert not any(term.key for term in terms[3:])


def test_cve_sources_lead_to_their_own_record() -> None:
    """A CVE's address is the record of that very number."""
    for source in load_sources(CHECKOUT).values():
        if source.id.startswith("cve-"):
            number = source.id.upper()
            assert source.url == f"https://www.cve.org/CVERecord?id={number}"
            assert source.short == number


def test_every_cve_that_a_row_names_is_among_its_sources() -> None:
    """A number in a cell can be followed to its record from the same row."""
    rows = [
        *(
            (row.id, f"{row.detail} {row.risk_text} {row.notes}", row.sources)
            for row in load_formats(CHECKOUT)
        ),
        *((row.id, row.text, row.sources) for row in load_incidents(CHECKOUT)),
        *((row.id, f"{row.true_today} {row.notes}", row.sources) for row in load_errata(CHECKOUT)),
    ]
    for identity, text, sources in rows:
        named = {number.lower() for number in re.findall(r"CVE-\d{4}-\d+", text)}
        assert named <= set(sources), identity


GRADED = [
    "loading a pickle file from an untrusted source equivalent to running arbitrary code",
    "which weight-file format is the modern safe default",
    "what's the minimum-bar defense",
    "executing bytecode that can include arbitrary",
    "scan with picklescan or modelscan first",
]


@pytest.mark.parametrize("phrase", GRADED)
def test_practice_does_not_give_the_graded_quiz_away(phrase: str) -> None:
    """No graded question, and no line of its key, stands among the practice items."""
    text = (CHECKOUT / "quizzes" / "L4.4.2" / "practice.toml").read_text().lower()
    assert phrase not in text


def test_each_practice_item_can_be_solved_and_failed() -> None:
    """Every accepted answer and right choice is right, every foreseen wrong one is wrong, each with a reply."""
    for item in load_practice(CHECKOUT):
        for answer in (*item.accepted, *(choice.text for choice in item.choices if choice.right)):
            judgement = judge(item, answer)
            assert judgement.right, (item.id, answer)
            assert judgement.why
        foreseen = [text for wrong in item.wrong for text in wrong.match]
        for answer in (*foreseen, *(choice.text for choice in item.choices if not choice.right)):
            judgement = judge(item, answer)
            assert not judgement.right, (item.id, answer)
            assert judgement.why
        assert not judge(item, "something else entirely").right


@pytest.mark.parametrize(
    ("typed", "counts_as"),
    [
        ("  REDUCE. ", "reduce"),
        ("`Reduce`", "reduce"),
        ('"the  REDUCE\topcode"!', "the reduce opcode"),
        ("(1,\u00a02)", "(1, 2)"),
        ("".join(chr(ord(c) + 0xFEE0) for c in "REDUCE"), "reduce"),
        ("...", ""),
        ("x" * 1000, "x" * 500),
        ("", ""),
    ],
)
def test_typing_is_forgiven(typed: str, counts_as: str) -> None:
    """Case, width, spaces, quotes and a last full stop do not decide."""
    assert normalise(typed) == counts_as


def test_a_fingerprint_follows_the_question_and_not_the_hints() -> None:
    """Better hints keep what was solved; another question or key is another exercise."""
    item = practice_item("p-predict-tuple", CHECKOUT)
    assert re.fullmatch(r"[0-9a-f]{12}", item.fingerprint)
    assert replace(item, hints=("a", "b"), explain="new").fingerprint == item.fingerprint
    assert replace(item, prompt="Another?").fingerprint != item.fingerprint
    assert replace(item, accepted=("x",)).fingerprint != item.fingerprint
    choice = practice_item("p-clean-means", CHECKOUT)
    turned = tuple(replace(c, right=not c.right) for c in choice.choices)
    assert replace(choice, choices=turned).fingerprint != choice.fingerprint


def test_records_are_frozen() -> None:
    """Nobody changes a fact on the way from the file to the page."""
    row = load_formats(CHECKOUT)[0]
    with pytest.raises(FrozenInstanceError):
        row.risk = "none"  # type: ignore[misc]


def test_an_unknown_card_says_where_to_look() -> None:
    """A typo in lab.card is told with the file that holds the ids."""
    with pytest.raises(ContentError, match=r"no such practice item. See quizzes/\*/practice.toml"):
        practice_item("p-nothing", CHECKOUT)


def test_the_course_is_found_from_below_by_name_and_from_anywhere(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable wins, then the folders above, then the package's own checkout."""
    monkeypatch.delenv("UNPICKLED_COURSE", raising=False)
    assert course_root(course / "course" / "L4.4.2") == course
    assert course_root(Path("/")) == CHECKOUT
    monkeypatch.setenv("UNPICKLED_COURSE", str(course))
    monkeypatch.chdir(tmp_path)
    assert course_root() == course
    monkeypatch.setenv("UNPICKLED_COURSE", str(tmp_path / "none"))
    with pytest.raises(ContentError, match="Correct or unset the variable"):
        course_root()


def test_no_course_anywhere_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package with no course around says where it looked."""
    monkeypatch.delenv("UNPICKLED_COURSE", raising=False)
    monkeypatch.setattr("unpickled.content.root.CHECKOUT", tmp_path)
    with pytest.raises(ContentError, match="Change into the course's folder"):
        course_root(tmp_path)


def test_the_public_face_is_what_it_says() -> None:
    """`__all__` is complete, sorted as ruff sorts it, and each name exists."""
    assert len(set(content.__all__)) == len(content.__all__)
    assert all(hasattr(content, name) for name in content.__all__)
