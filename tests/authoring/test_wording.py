"""Spelling, readability and links of what people read: a planted fault of each kind, with its message."""

from __future__ import annotations

import pytest

from unpickled.authoring import wording
from unpickled.authoring.checks import check
from unpickled.authoring.links import link_faults
from unpickled.authoring.retyped import retyped
from unpickled.content import load_deck
from unpickled.errors import SetupError

PAGE = "course/L4.4.2/08-key-terms.py"


def add(course, line):
    page = course / PAGE
    text = page.read_text("utf-8").rstrip("\n")
    page.write_text(f"{text}\n\n# %% [markdown]\n# {line}\n", "utf-8")
    return text.count("\n") + 4


def test_a_slip_is_told_with_its_line_and_the_right_word(written, edit):
    """codespell's list is what decides."""
    line = edit("L4.4.3: Model-card lies", "L4.4.3: Teh model-card lies")
    (fault,) = wording.spelling(written, ["course/L4.4.2/deck.md"])
    assert str(fault) == f'course/L4.4.2/deck.md:{line}: "Teh" is misspelt. Write "The".'


def test_no_files_have_no_slips(written):
    """Nothing is read that was not named."""
    assert wording.spelling(written, []) == []


def test_what_is_committed_has_no_slip_and_no_broken_link(root):
    """All that people read, the documents too."""
    findings = check(root, browser=False)
    assert findings.faults == ()
    assert findings.unchecked == ()


@pytest.mark.parametrize(("tool", "call"), [
    ("codespell_lib", lambda root: wording.spelling(root, ["README.md"])),
    ("textstat", lambda root: wording.grade(load_deck("L4.4.2", root))),
])  # fmt: skip
def test_a_missing_tool_is_named_with_the_command_that_mends_it(root, monkeypatch, tool, call):
    """An author without the developers' environment learns how to get it."""
    monkeypatch.setattr(wording, "find_spec", lambda name: None if name == tool else object())
    with pytest.raises(SetupError, match=r"it is not installed\. Run: tools/setup\.sh dev"):
        call(root)


def test_a_tool_that_fails_is_no_clean_bill(root, monkeypatch):
    """What codespell could not read has not been checked."""
    monkeypatch.setattr(wording.sys, "executable", "/bin/false")
    with pytest.raises(SetupError, match="codespell: it fails"):
        wording.spelling(root, ["README.md"])


def test_readability_is_reported_for_each_slide_and_in_all(root):
    """A number for each, and plain speech has a low one."""
    deck = load_deck("L4.4.2", root)
    grades = wording.grade(deck)
    assert set(grades) == {slide.id for slide in deck.slides} | {"L4.4.2"}
    assert 2 < grades["L4.4.2"] < 9


def test_long_words_raise_the_grade(written, edit):
    """The grade is of what is said, not of what is shown."""
    before = wording.grade(load_deck("L4.4.2", written))["next"]
    edit(
        "Next lesson: model-card lies",
        "Subsequently: organizational misrepresentation notwithstanding, model-card lies",
    )
    assert wording.grade(load_deck("L4.4.2", written))["next"] > before + 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("See [the page](09 references.ipynb).", 'has a link that does not come out: "[the page]("'),
        ("See [the page]().", "has a link to nothing"),
        ("See [it](http://example.org/a).", 'has a link to "http://example.org/a", which is not https'),
        ("See [it](htps://example.org).", 'has a link to "htps://example.org", which is not https'),
        ("See [it](https:///a).", 'has a link to "https:///a", which names no host'),
        ("![a picture]()", "has a link to nothing"),
    ],
)  # fmt: skip
def test_a_link_that_is_not_well_formed_is_told(written, text, problem):
    """With the line on which it stands."""
    line = add(written, text)
    (fault,) = link_faults(written)
    assert (fault.place, fault.problem) == (f"{PAGE}:{line}", problem)


@pytest.mark.parametrize(
    "text",
    [
        "[a](https://example.org/a_(b)) and [b](09-references.ipynb#x) and <https://example.org>",
        "`[no](link here)` and [a footnote] (in brackets)",
        "[made]({{ page.references }}) and <mailto:a@example.org>",
        "Call `weights[0](x)`, or http://127.0.0.1:8888/lab in words",
    ],
)
def test_what_is_well_formed_is_left_alone(written, text):
    """Code, macros and words in brackets are no links."""
    add(written, text)
    assert link_faults(written) == []


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("| .gguf | No | low |", ".gguf"),
        ("| `.SafeTensors` | No | none |", ".SafeTensors"),
        ("> | **.h5 / Keras** | No |", None),
        ("| Widget | Keys |", None),
        ("A .gguf file | and a bar |", None),
    ],
)
def test_a_row_of_the_format_table_is_not_typed_again(written, row, name):
    """Lesson, slide and speech take the table from one file; a copy by hand would not change with it."""
    line = add(written, row)
    found = [str(fault) for fault in retyped(written)]
    if name is None:
        assert found == []
    else:
        assert found == [
            f'{PAGE}:{line}: types a row of the format table by hand: "{name}". '
            "Write {{ table_formats() }}, or show the widget; both follow course/data/formats.toml."
        ]
