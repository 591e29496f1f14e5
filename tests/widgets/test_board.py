"""The scoreboard as people see it: counts in words, files on demand, nothing by colour alone, nothing fetched."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from unpickled.scoreboard import Board, Cell, Column, File, Opinion, Row, judge
from unpickled.widgets import BoardView, board_page

from .conftest import Show

pytestmark = pytest.mark.browser

WARNS = Opinion(
    says="warns", word="dangerous", reason="It names <b>os.mkdir</b>.", exit=1, seconds=1
)
QUIET = Opinion(says="quiet", word="clean", exit=0)
SILENT = Opinion(says="nothing", word="skipped", reason="It did not look inside.", exit=0)
NONE = Opinion(says="nothing", word="failed")


def board() -> Board:
    rows = (
        Row("bad", "Function on no list", "calls code"),
        Row("good", "Bare pickles", "plain data"),
        Row("torn", "Cut off", "nobody can judge"),
    )
    files = (
        File("a", "a.pkl", "bad", "It teaches <i>this</i>."),
        File("b", "b.pkl", "bad", "And that."),
        File("c", "c.pkl", "good", "Data."),
        File("d", "d.pkl", "torn", "Broken."),
    )
    answers = {
        "picklescan": (WARNS, QUIET, WARNS, SILENT),
        "weights_only": (WARNS, WARNS, QUIET, NONE),
    }
    truths = {row.id: row.truth for row in rows}
    cells = tuple(
        Cell(file.id, name, judge(truths[file.row], given[at].says), given[at])
        for at, file in enumerate(files)
        for name, given in answers.items()
    )
    asked = [Column(id=name, title=name, works="it looks", version="1.0") for name in answers]
    lacking = Column(
        id="x", title="other", works="so", absent="not installed", remedy="pip install x"
    )
    return Board(rows=rows, files=files, columns=(*asked, lacking), cells=cells, seconds=12)


def test_counts_stand_in_words(show: Show) -> None:
    """A cell says how many of what; the bar beside it repeats that and is hidden from a screen reader."""
    page = show(BoardView(board()))
    row = page.locator("tr", has=page.get_by_role("button", name="Function on no list"))
    assert row.locator("td").all_inner_texts() == ["2", "● 1 caught\n✖ 1 missed", "● 2 caught"]
    card = page.locator(".unp-cards > section").first
    expect(card).to_contain_text("not judged")
    expect(card).to_contain_text("1 of them with exit 0")
    expect(page.locator(".unp-card-absent")).to_contain_text(
        "Not asked: not installed. To have it asked: pip install x"
    )
    assert page.locator(".unp-bar-of:not([aria-hidden=true])").count() == 0


def test_a_class_opens_to_its_files(show: Show) -> None:
    """Each file's answers come with the tool's own word, exit code and reason, as text and never as markup."""
    page = show(BoardView(board()))
    toggle = page.get_by_role("button", name="Function on no list")
    detail = page.locator(f"[id='{toggle.get_attribute('aria-controls')}']")
    expect(detail).to_be_hidden()
    toggle.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    expect(detail).to_contain_text("a.pkl It teaches <i>this</i>.")
    expect(detail).to_contain_text("● caught (dangerous, exit 1) It names <b>os.mkdir</b>.")
    assert detail.locator("i, b").count() == 0
    toggle.press("Enter")
    expect(detail).to_be_hidden()


def test_jupyterlabs_own_lists_do_not_squeeze_it(show: Show) -> None:
    """JupyterLab's pages float the terms of a list; the board's stand beside what they tell, whole."""
    page = show(BoardView(board(), shown=["bad"]))
    page.evaluate("document.querySelector('main').className = 'lab'")
    page.add_style_tag(
        content=".lab dl dt { float: left; width: 20%; margin-right: 9em }"
        ".lab dl dd { float: left; width: 70%; margin-left: 9em }"
    )
    term = page.locator(".unp-file-list dt").first
    told = page.locator(".unp-file-list dd").first
    assert term.evaluate("node => node.scrollWidth <= node.clientWidth && node.clientHeight < 30")
    first, second = term.bounding_box(), told.bounding_box()
    assert first is not None
    assert second is not None
    assert second["x"] - (first["x"] + first["width"]) < 60


def test_open_classes_stay_open_in_a_saved_page(show: Show) -> None:
    page = show(BoardView(board(), shown=["good"]))
    expect(page.locator(".unp-detail:visible")).to_contain_text("c.pkl")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_of_its_own_is_sound(browser_app: Browser, tmp_path: Path, theme: str) -> None:
    """One file, one h1, no request, no violation of any rule; at no width does the page scroll sideways."""
    (tmp_path / "board.html").write_text(board_page(board(), theme=theme), encoding="utf-8")
    context = browser_app.new_context(offline=True, reduced_motion="reduce")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "board.html").as_uri())
    page.get_by_role("button", name="Function on no list").click()
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    assert len(asked) == 1
    for width in (1280, 800, 500, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    context.close()
