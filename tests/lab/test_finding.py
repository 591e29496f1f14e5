"""What the search looks through: every part of every page, plain words, and addresses that lead there."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from urllib.parse import unquote

import pytest
from nbconvert.filters import markdown2html

from unpickled.content import load_course, load_glossary
from unpickled.lab.finding import entries


@pytest.fixture(scope="module")
def found(root):
    return entries(root, "start")


def test_every_page_and_every_term_is_in_it(root, found):
    """But the list of sources, which is of other people's words."""
    where = {one["where"] for one in found}
    assert where == {page.title for page in load_course(root).pages} - {"References"}
    terms = [one["title"] for one in found if one["kind"] == "term"]
    assert terms == [term.term for term in load_glossary(root)]


def test_it_holds_words_and_no_markup(found):
    """No asterisk, no link, no citation, no border of a table; no rail and no way to the neighbours."""
    for one in found:
        whole = f"{one['title']} {one['text']}"
        assert not re.search(r"\]\(|\[@|\*\*|`|\|| {2}|---|&#|\.ipynb\)", whole), whole
        assert "←" not in one["title"]


def test_each_address_is_that_of_a_heading(root, found):
    """As JupyterLab names its headings: the words with hyphens."""
    for one in found:
        path, _, place = one["href"].partition("#")
        notebook = root / "course" / path
        cells = json.loads(notebook.read_text())["cells"]
        if place:
            html = markdown2html(
                "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
            )
            ids = {unquote(unescape(name)) for name in re.findall(r'<h\d id="([^"]*)"', html)}
            assert unquote(place) in ids


def test_from_a_page_of_the_lesson_the_addresses_are_relative_to_it(root):
    """Start is a folder up; a neighbour lies beside it."""
    addresses = {
        one["where"]: one["href"].partition("#")[0] for one in entries(root, "04-minimum-bar")
    }
    assert addresses["Start here"] == "../start.ipynb"
    assert addresses["Real-world example"] == "07-real-world-example.ipynb"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"cells": 3}', '{"cells": [{}]}'])
def test_a_page_that_cannot_be_read_is_left_out(root, tmp_path, damage):
    """A learner may have spoilt one; the others are still found."""
    shutil.copytree(root / "course", tmp_path / "course")
    (tmp_path / "course" / "L4.4.2" / "04-minimum-bar.ipynb").write_text(damage)
    where = {one["where"] for one in entries(tmp_path, "start")}
    assert "The minimum-bar defense" not in where
    assert "Real-world example" in where
