"""The terminal picture: both scanners really run; a run that is known is not made again."""

from __future__ import annotations

import subprocess

import pytest

from unpickled.authoring.slides import terminal
from unpickled.errors import ContentError, SetupError

PLACE = "course/L9.9/deck.md:7"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    return folder, terminal.run("torch-bin-canary", PLACE, cache=folder)


def test_what_is_shown_was_printed_by_the_scanners(kept):
    pickle, model = kept[1]
    assert (pickle.exit_code, model.exit_code) == (1, 1)
    assert "torch-canary.bin:archive/data.pkl: dangerous import 'os mkdir' FOUND" in pickle.lines
    assert "  - Description: Use of unsafe operator 'mkdir' from module 'os'" in model.lines
    assert terminal.CUT in model.lines
    assert not any(
        "/" in line and "unpickled-slides-" in line for line in (*pickle.lines, *model.lines)
    )
    assert model.words.startswith("Terminal: modelscan -p torch-canary.bin prints: ")
    assert model.words.endswith("Exit code 1.")


def test_a_known_run_is_not_made_again(kept, monkeypatch):
    folder, before = kept
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("it ran a scanner again"))
    assert terminal.run("torch-bin-canary", PLACE, cache=folder) == before


def test_what_is_kept_and_cannot_be_read_is_made_anew(kept, tmp_path):
    folder, before = kept
    for file in folder.iterdir():
        (tmp_path / file.name).write_text('{"printed": 1')
    assert terminal.run("torch-bin-canary", PLACE, cache=tmp_path) == before


def test_another_specimen_is_another_run(kept):
    folder, before = kept
    other = terminal.run("torch-bin", PLACE, cache=folder)
    assert [session.exit_code for session in other] == [0, 0]
    assert other != before


def test_an_unknown_specimen_is_told():
    with pytest.raises(
        ContentError,
        match=r'course/L9\.9/deck\.md:7: there is no specimen "nothing"\. Choose from: ',
    ):
        terminal.run("nothing", PLACE)


def test_a_scanner_that_is_missing_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(terminal.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(SetupError, match=r"scan: it is not installed\. Run: tools/setup\.sh dev"):
        terminal.run("torch-bin", PLACE)


def test_lines_break_at_words_and_stay_indented():
    line = "  - Description: Use of unsafe operator 'mkdir' from module 'os'"
    assert terminal.wrapped(line, 40) == [
        "  - Description: Use of unsafe operator",
        "    'mkdir' from module 'os'",
    ]
    assert terminal.wrapped("short") == ["short"]
    assert terminal.wrapped("x" * 50, 48) == ["x" * 48, "  xx"]


@pytest.mark.parametrize(
    ("line", "alarm"),
    [
        ("Infected files: 1", True),
        ("Infected files: 0", False),
        ("Dangerous globals: 0", False),
        ("    - CRITICAL: 1", True),
    ],
)
def test_an_alarming_line_is_told_from_the_others(line, alarm):
    assert terminal.alarming(line) is alarm
