"""The page of what was completed says what the progress file says, and no more."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

from unpickled.certificate import completed, to_page
from unpickled.cli.main import run
from unpickled.content import load_course, load_practice
from unpickled.errors import ProgressError
from unpickled.progress import Progress

DAY = date(2026, 12, 1)


@pytest.fixture
def items(root):
    return load_practice(root)


@pytest.fixture
def progress(tmp_path):
    return Progress(
        tmp_path / "progress.json", version="7", clock=lambda: datetime(2026, 11, 30, 9, tzinfo=UTC)
    )


def told(root, items, progress):
    return completed(load_course(root), items, progress)


def test_each_exercise_has_a_line_in_the_order_of_the_pages(root, items, progress):
    """Solved ones with their day, answers and hints; others as not yet; a changed one is not solved."""
    first, second, third, *rest = items
    progress.attempt(first.id, correct=False, item=first.fingerprint)
    progress.hint(first.id, 2, item=first.fingerprint)
    progress.attempt(first.id, correct=True, item=first.fingerprint)
    progress.attempt(second.id, correct=False, item=second.fingerprint)
    progress.attempt(third.id, correct=True, item="of another question")
    found = told(root, items, progress)
    assert len(found.lines) == len(items)
    assert found.solved == 1
    by_title = {line.title: line for line in found.lines}
    line = by_title[first.title]
    assert (line.day, line.tries, line.hints) == ("2026-11-30", 2, 2)
    assert {by_title[one.title].day for one in (second, third, *rest)} == {""}
    places = [page.title for page in load_course(root).pages]
    order = [places.index(line.page) for line in found.lines]
    assert order == sorted(order)


def test_the_sum_is_the_files(root, items, progress):
    """What `sha256sum` gives for the progress file, before and after another answer."""
    sums = set()
    for item in items[:2]:
        progress.attempt(item.id, correct=True, item=item.fingerprint)
        wanted = hashlib.sha256(progress.path.read_bytes()).hexdigest()
        assert told(root, items, progress).sha256 == wanted
        sums.add(wanted)
    assert len(sums) == 2


def test_nothing_done_is_no_page(root, items, progress):
    """An empty record would be no record."""
    with pytest.raises(ProgressError, match="nothing was done yet"):
        told(root, items, progress)


def test_a_damaged_file_is_set_aside_as_ever(root, items, progress):
    """No page of half a file, and nothing lost."""
    progress.path.write_bytes(b"{")
    with pytest.raises(ProgressError, match="nothing was done yet"):
        told(root, items, progress)
    assert list(progress.path.parent.glob("progress.aside-*.json"))


def test_a_name_is_text_and_its_absence_a_line_to_write_on(root, items, progress):
    """What a learner types is shown as it is typed."""
    progress.attempt(items[0].id, correct=True, item=items[0].fingerprint)
    found = told(root, items, progress)
    page = to_page(found, name="  Ada <b>Ł</b> & co  ", day=DAY)
    soup = BeautifulSoup(page, "html.parser")
    assert soup.h1.get_text() == "Ada <b>Ł</b> & co"
    assert soup.find("b") is None
    assert f"1 of {len(items)} exercises solved, 2026-12-01" in soup.get_text()
    assert BeautifulSoup(to_page(found, day=DAY), "html.parser").select_one("h1 .blank")


def test_when_all_is_solved_it_says_all(root, items, progress):
    """And each line has its day."""
    for item in items:
        progress.attempt(item.id, correct=True, item=item.fingerprint)
    page = to_page(told(root, items, progress), day=DAY)
    assert f"all {len(items)} exercises solved" in page
    assert "not yet" not in page


def test_the_command_writes_it_once(root, items, tmp_path, monkeypatch, capfd):
    """A page that is there stays as it is; nothing done is exit code 2, in one line."""
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "progress.json"))
    goal = tmp_path / "completed.html"
    command = ["progress", "certificate", str(goal), "--name", "Ada"]
    assert run(command) == 2
    assert "nothing was done yet" in capfd.readouterr().err
    assert not goal.exists()
    Progress(tmp_path / "progress.json").attempt(
        items[0].id, correct=True, item=items[0].fingerprint
    )
    assert run(command) == 0
    assert f"1 of {len(items)} exercises solved" in capfd.readouterr().out
    before = goal.read_bytes()
    assert run(command) == 2
    assert "it is there already" in capfd.readouterr().err
    assert goal.read_bytes() == before


@pytest.fixture
def page_file(root, items, progress):
    for item in items[::2]:
        progress.attempt(item.id, correct=True, item=item.fingerprint)
    path = progress.path.with_name("completed.html")
    path.write_text(to_page(told(root, items, progress), name="Ada", day=DAY), encoding="utf-8")
    return path


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_read_and_printed(page_file, browser, theme):
    """From a disk with no network: axe finds nothing, it fits a telephone, and paper is white."""
    context = browser.new_context(offline=True, color_scheme=theme)
    page, asked = context.new_page(), []
    page.on("request", lambda one: asked.append(one.url))
    page.goto(page_file.as_uri())
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.emulate_media(media="print")
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    assert asked == [page_file.as_uri()]
    context.close()
