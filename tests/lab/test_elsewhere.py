"""The start page leads to slides, script and the lesson as one page: nothing dead, and what makes what is not made."""

from __future__ import annotations

import json
import re

import pytest

from unpickled.lab.elsewhere import MADE_BY, take_away

LINK = re.compile(r"\]\(((?!https:)[^)#]+)\)")


@pytest.fixture
def course(root, tmp_path, monkeypatch):
    """A course with nothing made in it."""
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "course.toml").symlink_to(root / "course" / "course.toml")
    monkeypatch.setenv("UNPICKLED_COURSE", str(tmp_path))
    return tmp_path


def test_a_checkout_names_the_command_that_makes_the_page(course, monkeypatch):
    """By its place in the checkout, since a terminal of JupyterLab need not have it by name; no dead link."""
    (course / "course" / "start.py").touch()
    told = take_away().data
    assert f"`{MADE_BY}`" in told
    assert "](" not in told
    monkeypatch.setattr("sys.prefix", str(course / ".venv"))
    assert "`.venv/bin/unpickled author build --html`" in take_away().data


def test_a_bundle_without_the_page_names_no_command(course):
    """Without sources none would make it: whoever made the bundle does."""
    told = take_away().data
    assert MADE_BY not in told
    assert "ask whoever gave you the folder" in told
    assert "](" not in told


def test_the_site_says_that_it_has_the_notebooks(course, monkeypatch):
    """There is no terminal, and nobody gave the learner a folder."""
    monkeypatch.setattr("unpickled.here.kit", lambda: course)
    told = take_away().data
    assert "this site" in told
    assert MADE_BY not in told
    assert "](" not in told


def test_a_page_that_is_there_is_linked(course):
    """By an address that leads there from the start page."""
    page = course / "build" / "html" / "L4.4.2.html"
    page.parent.mkdir(parents=True)
    page.write_bytes(b"x" * 1_250_000)
    told = take_away().data
    assert "1.2 MB" in told
    (address,) = LINK.findall(told)
    assert (course / "course" / address).resolve() == page.resolve()


def test_every_file_that_the_start_page_links_is_there(root):
    """Slides to read and to present, the script, the learners' page, and all pages."""
    cells = json.loads((root / "course" / "start.ipynb").read_text())["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    linked = LINK.findall(text)
    for address in linked:
        assert (root / "course" / address).is_file(), address
    for name in ("slides.pdf", "slides.html", "script.md", "for-learners.md"):
        assert [one for one in linked if one.endswith(name)], name
