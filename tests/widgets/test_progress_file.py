"""The progress as a file: what is saved, taken in and certified, with the real progress behind the buttons."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page, expect

from unpickled.certificate import certificate
from unpickled.content import load_course, load_practice
from unpickled.progress import LARGEST, Progress, carry_out, take_in
from unpickled.widgets import ProgressFile

from .conftest import Show
from .live import Live

pytestmark = pytest.mark.browser

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(tmp_path / "progress.json", version="1", clock=lambda: NOON)


@pytest.fixture
def widget(root: Path, progress: Progress) -> ProgressFile:
    """The widget as the bench makes it."""
    course, items = load_course(root), load_practice(root)
    return ProgressFile(
        save=lambda: carry_out(progress),
        take=lambda raw, name: str(take_in(progress, raw, place=name)),
        certify=lambda name: certificate(course, items, progress, name=name, day=date(2026, 12, 1)),
    )


@pytest.fixture
def live(browser: Browser, tmp_path: Path, widget: ProgressFile) -> Iterator[Live]:
    context = browser.new_context(offline=True)
    yield Live(widget, context.new_page(), tmp_path / "live.html")
    context.close()


@pytest.fixture
def solved(root: Path, progress: Progress) -> str:
    """The title of the one exercise that is solved."""
    item = load_practice(root)[0]
    progress.attempt(item.id, correct=True, item=item.fingerprint)
    return item.title


def pressed(live: Live, name: str) -> tuple[str, bytes]:
    """Press a button, and return the name and the bytes of what the browser has saved."""
    with live.page.expect_download() as waiting:
        live.page.get_by_role("button", name=name).click()
        live.pump()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def kind(page: Page) -> str | None:
    return page.locator(".unp-carry-told").get_attribute("data-kind")


def test_the_certificate_gives_the_sum_of_the_file_that_is_saved(
    live: Live, progress: Progress, solved: str
) -> None:
    """Whatever order they are saved in: what hashlib says of the one stands in the other, with the learner's name."""
    live.page.get_by_label("Name on the certificate").fill(" Ada <b>Ł</b> ")
    name, page = pressed(live, "Certificate")
    assert name == "unpickled-certificate.html"
    expect(live.page.locator(".unp-carry-told")).to_contain_text(
        "Save your progress to a file, too"
    )
    assert kind(live.page) == "fine"
    saved_name, saved = pressed(live, "Save my progress to a file")
    assert saved_name == "unpickled-progress.json"
    soup = BeautifulSoup(page, "html.parser")
    told = soup.find("dt", string="sha256 of the progress file").find_next("dd").get_text()
    assert told == hashlib.sha256(saved).hexdigest()
    assert soup.h1.get_text() == "Ada <b>Ł</b>"
    row = soup.find("th", string=solved).parent
    assert row.find("td").get_text() == "2026-11-30"
    assert pressed(live, "Certificate")[1] == page


def test_the_name_may_be_left_out_and_enter_saves_the_page(live: Live, solved: str) -> None:
    """The page has a line to write on, then; a key in the field is no key of the notebook's."""
    field = live.page.get_by_label("Name on the certificate")
    with live.page.expect_download() as waiting:
        field.press("Enter")
        live.pump()
    soup = BeautifulSoup(Path(waiting.value.path()).read_bytes(), "html.parser")
    assert soup.select_one("h1 .blank")


def test_the_name_is_not_kept_in_the_notebook(
    live: Live, widget: ProgressFile, solved: str
) -> None:
    """A saved notebook that is passed on tells nobody's name."""
    live.page.get_by_label("Name on the certificate").fill("Ada Lovelace")
    pressed(live, "Certificate")
    assert "Ada" not in str(widget.get_state())


def test_one_view_hands_the_file_over(
    live: Live, widget: ProgressFile, solved: str, tmp_path: Path
) -> None:
    """All views of a widget, in all tabs, hear Python's answer; the one that was clicked saves it."""
    other = Live(widget, live.page.context.new_page(), tmp_path / "other.html").page
    saved: list[str] = []
    other.on("download", lambda _: saved.append("other"))
    for button in ("Save my progress to a file", "Certificate"):
        live.page.get_by_role("button", name=button).click()
        (one,) = live.page.evaluate("sent.splice(0)")
        answers: list[dict[str, object]] = []
        widget.send = lambda content, buffers=None, to=answers: to.append(content)  # type: ignore[method-assign]
        widget._handle_custom_msg(one["content"], [])
        other.evaluate("messages => receive({}, messages)", answers)
        expect(other.locator(".unp-carry-told")).to_be_hidden()
        with live.page.expect_download():
            live.page.evaluate("messages => receive({}, messages)", answers)
    assert saved == []


def test_where_nothing_was_done_there_is_no_certificate(live: Live) -> None:
    """The refusal is shown as one, with its sign, and said; nothing is saved."""
    live.page.get_by_role("button", name="Certificate").click()
    live.pump()
    told = live.page.locator(".unp-carry-told")
    expect(told).to_have_text("Nothing was done yet. Solve a practice card first.")
    assert kind(live.page) == "wrong"
    assert told.locator(".unp-icon-wrong").count() == 1
    expect(live.page.get_by_role("status")).to_contain_text("Nothing was done yet")


def test_a_refused_file_never_looks_taken(live: Live, progress: Progress, solved: str) -> None:
    """It is told as wrong; a good file after it as fine; and the one changes nothing."""
    before, good = progress.path.read_bytes(), carry_out(progress)
    chooser = live.page.locator("input[type=file]")
    told = live.page.locator(".unp-carry-told")
    for data, word, shown in (
        (b"[]", "cannot be taken in: it holds something else", "wrong"),
        (good, "1 exercise in the file; nothing of it was new here.", "fine"),
        (b'{"schema": 2, "exercises": {}}', "Update the course here", "wrong"),
    ):
        chooser.set_input_files({"name": "p.json", "mimeType": "", "buffer": data})
        expect(told).to_contain_text("Reading")
        assert kind(live.page) is None
        live.page.wait_for_function("sent.length > 0")
        live.pump()
        expect(told).to_contain_text(word)
        assert kind(live.page) == shown
        assert told.locator(".unp-icon").get_attribute("class") == f"unp-icon unp-icon-{shown}"
    assert progress.path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("sur.pkl", "sur.pkl: it cannot"),
        ("<b>Ł</b>.json", "<b>Ł</b>.json: it cannot"),
        ("a\u202egnp.json", "agnp.json: it cannot"),
        ("x" * 200, f"{'x' * 100}: it cannot"),
        ("\u202e", "unpickled-progress.json: it cannot"),
    ],
)
def test_a_refusal_names_the_file_that_was_chosen(live: Live, name: str, shown: str) -> None:
    """As text, on one line of some length; the name that the course gives stands in for none."""
    live.page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "", "buffer": b"\xff"}
    )
    live.page.wait_for_function("sent.length > 0")
    live.pump()
    told = live.page.locator(".unp-carry-told")
    expect(told).to_contain_text(f"{shown} be taken in: it is not UTF-8 text.")
    assert told.inner_text().startswith(shown)
    assert told.locator("b").count() == 0


def test_a_file_over_the_limit_is_refused_before_it_is_read(live: Live) -> None:
    """The limit is the progress file's own."""
    data = b" " * (LARGEST + 1)
    live.page.locator("input[type=file]").set_input_files(
        {"name": "p.json", "mimeType": "", "buffer": data}
    )
    expect(live.page.locator(".unp-carry-told")).to_contain_text("at most")
    assert kind(live.page) == "wrong"
    assert live.pump() == []


@pytest.mark.parametrize("name", ["Save my progress to a file", "Certificate"])
def test_a_saved_page_says_that_it_keeps_no_progress(
    show: Show, widget: ProgressFile, name: str
) -> None:
    """There is no Python behind it to ask."""
    page = show(widget)
    page.get_by_role("button", name=name).click()
    expect(page.locator(".unp-carry-told")).to_contain_text("keeps no progress")
    assert kind(page) == "wrong"


@pytest.mark.parametrize("name", ["Save my progress to a file", "Certificate"])
def test_that_python_is_silent_is_told(live: Live, name: str) -> None:
    """As while another cell runs."""
    live.page.clock.install()
    live.page.get_by_role("button", name=name).click()
    live.page.clock.fast_forward(10_000)
    expect(live.page.locator(".unp-carry-told")).to_contain_text("Python has not answered yet")
    assert kind(live.page) == "wrong"


def test_without_a_maker_of_certificates_there_is_no_button(show: Show) -> None:
    """The two others are."""
    page = show(ProgressFile(save=lambda: b"", take=lambda raw, name: ""))
    expect(page.get_by_role("button")).to_have_count(2)
    expect(page.get_by_role("textbox")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1000])
def test_everyone_can_use_it(show: Show, widget: ProgressFile, theme: str, width: int) -> None:
    """axe finds nothing, and in a narrow column nothing stands over."""
    page = show(widget, theme=theme, width=width)
    found = Axe().run(page, context=".unp", options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
