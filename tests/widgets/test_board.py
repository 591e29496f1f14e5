"""The scoreboard as people see it: counts in words, files on demand, nothing by colour alone, nothing fetched."""

from __future__ import annotations

import json
import platform
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from unpickled import here, lab
from unpickled.here import runs
from unpickled.scoreboard import Board, Cell, Column, File, Opinion, Row, from_dict, judge
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


def test_a_run_that_shows_nothing_has_no_heading_for_it(show: Show) -> None:
    """One file that nobody judged teaches nothing."""
    whole = board()
    cells = tuple(
        Cell("d", column, judge("nobody can judge", "nothing"), NONE)
        for column in ("picklescan", "weights_only")
    )
    page = show(BoardView(replace(whole, files=whole.files[3:], rows=whole.rows[2:], cells=cells)))
    expect(page.get_by_role("heading", name="By class of file")).to_be_visible()
    expect(page.get_by_role("heading", name="What this run shows")).to_have_count(0)
    expect(
        show(BoardView(whole)).get_by_role("heading", name="What this run shows")
    ).to_be_visible()


def test_a_recorded_run_says_when_and_where(
    show: Show, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a browser the head tells the recorded day and Python, never the Python that draws it."""
    told = json.loads((root / "site" / "recorded.json").read_text())
    told |= {"date": "2026-11-09"}
    told["boards"]["course"] |= {"python": "3.9.77"}
    (tmp_path / runs.FILE).write_text(json.dumps(told))
    monkeypatch.setattr(here, "in_browser", lambda: True)
    monkeypatch.setattr(runs, "kit", lambda: tmp_path)
    runs._all.cache_clear()
    try:
        head = show(lab.scoreboard()).locator(".unp-board-head")
    finally:
        runs._all.cache_clear()
    expect(head).to_contain_text(
        "Recorded on 9 November 2026 on a machine. Not every scanner can run in a browser."
    )
    expect(head).to_contain_text("3 scanners · Python 3.9.77 ·")
    expect(head).not_to_contain_text(platform.python_version())


def test_a_run_of_here_is_not_called_recorded(show: Show) -> None:
    """And where a record does not say its Python, none is made up."""
    mine = replace(board(), isolation="bubblewrap: no network", python="3.11.7")
    head = show(BoardView(mine)).locator(".unp-board-head")
    expect(head).to_contain_text("2 scanners · Python 3.11.7 · 12 seconds")
    expect(head.locator(".unp-board-recorded")).to_have_count(0)
    head = show(BoardView(replace(mine, python=""))).locator(".unp-board-head")
    expect(head).to_contain_text("2 scanners · 12 seconds")


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


TALLY = """row => [...row.querySelectorAll('.unp-heat-cell')].map(cell => {
  const box = cell.getBoundingClientRect()
  return [...cell.querySelectorAll('.unp-heat-band')].map(band => {
    const {width, height} = band.getBoundingClientRect()
    const {backgroundColor, backgroundImage} = getComputedStyle(band)
    return [band.dataset.outcome, Math.round(100 * height / box.height), width / box.width > 0.95,
      backgroundColor, backgroundImage.startsWith('repeating-linear-gradient')]
  })
})"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_outcome_colours_nothing_but_itself(show: Show, theme: str) -> None:
    """Half caught is not green: each outcome has a band of its own, and they fill the cell; not judged is hatched."""
    page = show(BoardView(board()), theme=theme)

    def cells(title: str) -> list[list[list[object]]]:
        row = page.locator("tr", has=page.get_by_role("button", name=title))
        found: list[list[list[object]]] = row.evaluate(TALLY)
        return found

    mixed, whole = cells("Function on no list")
    assert [band[0] for band in mixed] == ["caught", "missed"]
    assert mixed[0][3] != mixed[1][3]
    assert all(band[2] and 35 < int(str(band[1])) < 65 for band in mixed)
    assert whole[0][0] == "caught"
    assert int(str(whole[0][1])) > 95  # it fills a cell that is as tall as its neighbour
    assert whole[0][3] == mixed[0][3]
    for cell in cells("Cut off"):
        assert [(band[0], band[4]) for band in cell] == [("not judged", True)]
    assert page.locator(".unp-heat-cell[data-outcome]").count() == 0


@pytest.mark.parametrize("width", [1280, 800, 500])
def test_no_heading_breaks_inside_a_word(show: Show, width: int) -> None:
    """Five scanners, long titles: the frame scrolls before a word is cut; `weights_only=True` breaks at its joints."""
    made = board()
    longer = {"picklescan": "weights_only=True", "weights_only": "modelaudit"}
    columns = tuple(replace(one, title=longer.get(one.id, one.title)) for one in made.columns)
    rows = (replace(made.rows[0], title="Compressed by cloudpickle"), *made.rows[1:])
    page = show(BoardView(replace(made, columns=columns, rows=rows)), width=width)
    page.evaluate("""() => document.querySelectorAll('.unp-heat tr').forEach(row => {
      const cell = row.querySelector('.unp-heat-cell') || row.querySelector('thead th:last-child')
      if (cell) for (let at = 0; at < 3; at++) row.append(cell.cloneNode(true))
    })""")
    broken = page.evaluate("""() => [...document.querySelectorAll('.unp-heat th')].flatMap(head => {
      const walk = document.createTreeWalker(head, NodeFilter.SHOW_TEXT), found = []
      for (let node = walk.nextNode(); node; node = walk.nextNode())
        for (const word of node.data.matchAll(/\\S+/g)) {
          const range = document.createRange()
          range.setStart(node, word.index)
          range.setEnd(node, word.index + word[0].length)
          if (new Set([...range.getClientRects()].map(box => box.top)).size > 1) found.push(word[0])
        }
      return found
    })""")
    assert broken == []


SQUEEZED = """() => [...document.querySelectorAll('.unp-heat-cell')].flatMap(cell => {
  const before = getComputedStyle(cell, '::before')
  if (before.content === 'none' || before.content === 'normal') return []  // the map is a table here
  const probe = document.createElement('span')
  probe.style.cssText = `position: absolute; white-space: nowrap; font: ${before.font}`
  probe.textContent = cell.dataset.title
  document.body.append(probe)
  const needs = probe.getBoundingClientRect().width + parseFloat(before.paddingLeft)
  probe.remove()
  const has = parseFloat(getComputedStyle(cell).gridTemplateColumns)
  const left = of => cell.querySelector(of)?.getBoundingClientRect().left ?? Infinity
  const under = left('.unp-bar-of') < left('.unp-heat-bands') - 1
  return needs > has || under ? [`${cell.dataset.title}: ${needs} in ${has}`] : []
})"""
OVERLAPPING = """() => {
  const edge = document.querySelector('.unp-board').getBoundingClientRect(), seen = [], found = []
  const walk = document.createTreeWalker(document.querySelector('.unp-board'), NodeFilter.SHOW_TEXT)
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (!node.data.trim()) continue
    const range = document.createRange()
    range.selectNodeContents(node)
    for (const box of range.getClientRects()) {
      const over = seen.find(one => Math.min(box.right, one.box.right) - Math.max(box.left, one.box.left) > 2
        && Math.min(box.bottom, one.box.bottom) - Math.max(box.top, one.box.top) > 4)
      if (over) found.push(`"${node.data}" on "${over.text}"`)
      if (box.left < edge.left || box.right > edge.right) found.push(`"${node.data}" sticks out`)
      seen.push({box, text: node.data})
    }
  }
  return found
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [800, 560, 390])
def test_nothing_runs_into_its_neighbour(show: Show, root: Path, width: int, theme: str) -> None:
    """The course's own run, whose longest name is `weights_only=True`; 560 is what a notebook leaves of 800."""
    told = json.loads((root / "site" / "recorded.json").read_text())["boards"]["course"]
    page = show(BoardView(from_dict(told), shown=["by-number"]), theme=theme, width=width)
    expect(page.locator(".unp-detail:visible")).to_have_count(1)
    assert page.evaluate(SQUEEZED) == []
    assert page.evaluate(OVERLAPPING) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


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
def test_the_page_of_its_own_is_sound(browser: Browser, tmp_path: Path, theme: str) -> None:
    """One file, one h1, no request, no violation of any rule; at no width does the page scroll sideways."""
    (tmp_path / "board.html").write_text(board_page(board(), theme=theme), encoding="utf-8")
    context = browser.new_context(offline=True, reduced_motion="reduce")
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
