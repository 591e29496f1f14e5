"""The page of what was completed says what the progress file says, and no more."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, date, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

from unpickled.certificate import Completed, Line, certificate, completed, to_page
from unpickled.cli.main import run
from unpickled.content import load_course, load_practice
from unpickled.errors import ProgressError
from unpickled.progress import NothingDoneError, Progress, carry_out

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
        found = told(root, items, progress)
        assert found.sha256 == wanted == hashlib.sha256(carry_out(progress)).hexdigest()
        assert wanted in to_page(found, day=DAY)
        sums.add(wanted)
    assert len(sums) == 2


def test_the_sum_is_that_of_the_file_to_carry_whatever_else_stands_in_the_own_one(
    root, items, progress
):
    """A learner on the site has no other file; a mark or a key of another version in front of it changes nothing."""
    progress.attempt(items[0].id, correct=True, item=items[0].fingerprint)
    wanted = hashlib.sha256(carry_out(progress)).hexdigest()
    document = json.loads(progress.path.read_bytes())
    progress.path.write_text(json.dumps({**document, "theme": "dark"}), encoding="utf-8-sig")
    assert told(root, items, progress).sha256 == wanted


COMMANDS = {"Linux": "sha256sum", "macOS": "shasum -a 256", "Windows": "Get-FileHash"}


def test_the_page_says_how_to_compare_on_each_system(root, items, progress):
    """One command each, on the file that the learner has saved; none that needs a checkout."""
    progress.attempt(items[0].id, correct=True, item=items[0].fingerprint)
    soup = BeautifulSoup(to_page(told(root, items, progress), day=DAY), "html.parser")
    said = {dt.get_text(): dt.find_next("dd").get_text() for dt in soup.find_all("dt")}
    for system, command in COMMANDS.items():
        (line,) = [line for name, line in said.items() if name.startswith(system)]
        assert line.startswith(command)
        assert line.endswith(" unpickled-progress.json")
    assert ".unpickled" not in soup.get_text()
    assert "Save my progress to a file" in " ".join(soup.get_text().split())


@pytest.mark.parametrize("command", ["sha256sum", "shasum -a 256"])
def test_the_commands_give_the_sum(root, items, progress, command):
    """As a learner would run them, beside the file."""
    words = command.split()
    if not shutil.which(words[0]):
        pytest.skip(f"no {words[0]} here")
    progress.attempt(items[0].id, correct=True, item=items[0].fingerprint)
    folder = progress.path.parent
    (folder / "unpickled-progress.json").write_bytes(carry_out(progress))
    done = subprocess.run(
        [*words, "unpickled-progress.json"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[0] == told(root, items, progress).sha256


HOSTILE = "<b>&\"'</b>"


def test_what_stands_in_files_is_text_on_the_page():
    """Titles, versions and days are shown as they are; none of them can bring markup."""
    lines = (Line(page=f"page {HOSTILE}", title=f"title {HOSTILE}", day=f"day {HOSTILE}", tries=1),
             Line(page=f"page {HOSTILE}", title=f"open {HOSTILE}"))  # fmt: skip
    found = Completed(
        course=f"course {HOSTILE}", version=f"version {HOSTILE}", lines=lines, sha256="0" * 64
    )
    page = to_page(found, name=HOSTILE, day=DAY)
    assert page.count("<b>") == 1  # the page's own
    soup = BeautifulSoup(page, "html.parser")
    assert soup.title.get_text() == f"Completed: course {HOSTILE}"
    for word in ("course", "version", "page", "title", "open", "day"):
        assert f"{word} {HOSTILE}" in soup.main.get_text(), word


def test_each_number_stands_under_its_heading():
    """Answers are answers and hints hints; an exercise that is not solved has neither."""
    lines = (Line(page="p", title="t", day="2026-11-30", tries=7, hints=3),
             Line(page="p", title="u", tries=5, hints=2))  # fmt: skip
    found = Completed(course="c", version="1", lines=lines, sha256="0" * 64)
    soup = BeautifulSoup(to_page(found, day=DAY), "html.parser")
    heads = [cell.get_text() for cell in soup.select("thead th")]
    rows = [
        dict(
            zip(heads, [cell.get_text() for cell in row.find_all(["th", "td"])], strict=True),
        )
        for row in soup.select("tbody tr")
        if not row.find(scope="rowgroup")
    ]
    assert rows == [
        {"Exercise": "t", "Solved": "2026-11-30", "Answers": "7", "Hints": "3"},
        {"Exercise": "u", "Solved": "not yet", "Answers": "-", "Hints": "-"},
    ]


def test_the_page_says_that_it_is_no_proof(root, items, progress):
    """Nobody should take it for more than it is."""
    progress.attempt(items[0].id, correct=True, item=items[0].fingerprint)
    text = " ".join(
        BeautifulSoup(
            certificate(load_course(root), items, progress, day=DAY), "html.parser"
        ).main.get_text().split()
    )  # fmt: skip
    assert "It is no proof of who gave the answers: whoever has the file can change it." in text


def test_a_name_that_cannot_be_written_is_written_as_far_as_it_can(root, items, progress):
    """Half a surrogate pair, as a shell passes on what is no UTF-8; lines and no end of letters."""
    progress.attempt(items[0].id, correct=True, item=items[0].fingerprint)
    found = told(root, items, progress)
    page = to_page(found, name="A\udcffda\nL " + "x" * 999, day=DAY).encode()
    name = BeautifulSoup(page, "html.parser").h1.get_text()
    assert name.startswith("A?da L xxx")
    assert len(name) == 200


def test_what_is_not_seen_of_a_name_is_left_out(root, items, progress):
    """A mark that turns the line, a terminal's escape: the page has none; where nothing is left, a line to write on."""
    progress.attempt(items[0].id, correct=True, item=items[0].fingerprint)
    found = told(root, items, progress)
    page = to_page(found, name="Ada\u202e\x1b[31m \u2066\u200b\x00 Ł\x7f", day=DAY)
    assert BeautifulSoup(page, "html.parser").h1.get_text() == "Ada[31m Ł"
    assert all(letter.isprintable() or letter == "\n" for letter in page)
    empty = to_page(found, name="\u202e\x1b", day=DAY)
    assert BeautifulSoup(empty, "html.parser").select_one("h1 .blank")


@pytest.mark.parametrize("when", ["\ud800z", "zzzz", "9999-12-31", "<b>2026</b>"])
def test_a_damaged_day_is_no_day(root, items, progress, when):
    """The record is set aside, and the page is of the others; it can always be written."""
    for item in items[:2]:
        progress.attempt(item.id, correct=True, item=item.fingerprint)
    document = json.loads(progress.path.read_bytes())
    document["exercises"][items[0].id]["when"] = when
    progress.path.write_text(json.dumps(document))
    page = to_page(told(root, items, progress), day=DAY).encode()
    assert f"1 of {len(items)} exercises solved".encode() in page
    assert list(progress.path.parent.glob("progress.aside-*.json"))
    assert "is no moment" in progress.take_notices()[0]


def test_nothing_done_is_no_page(root, items, progress):
    """An empty record would be no record."""
    with pytest.raises(ProgressError, match="nothing was done yet"):
        told(root, items, progress)


def test_exercises_of_another_course_are_no_page_either(root, items, progress, monkeypatch, capfd):
    """A page on which all stands open says as little as none; one answer, a wrong one too, makes it."""
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(progress.path))
    progress.attempt("p-of-next-year", correct=True)
    with pytest.raises(NothingDoneError, match="nothing was done yet"):
        told(root, items, progress)
    goal = progress.path.with_name("completed.html")
    assert run(["progress", "certificate", str(goal)]) == 2
    assert "nothing was done yet" in capfd.readouterr().err
    assert not goal.exists()
    progress.attempt(items[0].id, correct=False, item=items[0].fingerprint)
    assert told(root, items, progress).solved == 0


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
    assert soup.h1.find("b") is None
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
    breaks = "[...document.querySelectorAll('tr')].map((row) => getComputedStyle(row).breakInside)"
    assert set(page.evaluate(breaks)) == {"avoid"}
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    assert asked == [page_file.as_uri()]
    context.close()
