"""The lesson's deck and its page, made once; and decks of a few lines for single rules."""

from __future__ import annotations

import shutil

import pytest

from unpickled.authoring.slides import html_slides, pptx_slides
from unpickled.content import load_deck

HEAD = """+++
lesson = "L9.9"
title = "A lesson"
target_minutes = 1
cap_minutes = 2
words_per_minute = 130
+++

"""


@pytest.fixture(scope="session")
def deck(root):
    return load_deck("L4.4.2", root)


@pytest.fixture(scope="session")
def page(root, deck):
    return html_slides(root, deck)


@pytest.fixture(scope="session")
def powerpoint(root, deck):
    return pptx_slides(root, deck)


@pytest.fixture
def course(root, tmp_path):
    """Make a course of its own with one deck, out of its slides: `course(text)` is its folder and the deck."""

    def make(slides: str):
        shutil.copytree(root / "course" / "data", tmp_path / "course" / "data", dirs_exist_ok=True)
        (tmp_path / "course" / "L9.9").mkdir(exist_ok=True)
        (tmp_path / "course" / "L9.9" / "deck.md").write_text(HEAD + slides, encoding="utf-8")
        return tmp_path, load_deck("L9.9", tmp_path)

    return make
