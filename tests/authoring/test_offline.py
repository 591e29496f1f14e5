"""A lesson as one page: every link leads somewhere in it, nothing is fetched, and its widgets work without Python."""

from __future__ import annotations

import io
import json
import re
import shutil
from urllib.parse import unquote

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from PIL import Image, ImageStat
from playwright.sync_api import expect

from unpickled.authoring.notebooks import Builder
from unpickled.authoring.offline import OUT, build_pages
from unpickled.authoring.offline.joining import join
from unpickled.authoring.offline.prose import Prose
from unpickled.authoring.offline.rendering import render
from unpickled.authoring.offline.running import run_page
from unpickled.cli.main import run
from unpickled.content import load_course
from unpickled.errors import ContentError

FIRST = "01-pickle-in-90-seconds"


@pytest.fixture(scope="module")
def lesson(root):
    return load_course(root).lessons[0]


@pytest.fixture(scope="module")
def page(root, lesson) -> bytes:
    """The lesson's page, of which the first notebook was run; the others stand as they are."""
    builder = Builder(root)
    folder = root / "course" / lesson.id
    books = []
    for one in lesson.pages:
        made = builder.notebook(folder / f"{one.id}.py")
        book = nbformat.reads(made.decode(), as_version=4)
        books.append((one.id, run_page(made, one.id, folder) if one.id == FIRST else book))
    return render(lesson, join(books), {one.id: folder for one in lesson.pages}, "1.2.3")


@pytest.fixture(scope="module")
def soup(page):
    return BeautifulSoup(page, "html.parser")


def test_each_page_of_the_lesson_is_a_part_in_its_order(soup, lesson):
    """One heading on top, one below it for each page, and contents that name them all."""
    assert [part["id"] for part in soup.select("main > section")] == [
        one.id for one in lesson.pages
    ]
    assert [head.get_text() for head in soup.find_all("h1")] == [lesson.title]
    for one in lesson.pages:
        (head,) = soup.find(id=one.id).find_all("h2")
        assert head.get_text().strip()
        assert one.title in soup.select_one(f"nav a[href='#{one.id}']").get_text()


def test_every_link_leads_to_a_place_or_out_to_the_web(soup):
    """No address of a notebook, none of a disk, no id twice."""
    ids = [one["id"] for one in soup.find_all(id=True)]
    assert len(set(ids)) == len(ids)
    links = [link["href"] for link in soup.select("main a[href], nav a[href]")]
    assert len([link for link in links if link.startswith("#09-references--")]) > 50
    for link in links:
        assert link.startswith("https://") or unquote(link[1:]) in ids, link


def test_nothing_is_fetched_and_pictures_are_inside(soup, page):
    """No address but those that a reader may click; under 5 MB."""
    assert len(page) < 5_000_000
    for one in soup.find_all(["img", "script", "link", "iframe"]):
        assert one.get("src", "data:").startswith("data:")
        assert one.name != "link"
    assert len(soup.select("main img[src^='data:image/svg+xml']")) >= 1


def test_what_needs_python_is_left_out(soup):
    """No way to neighbours that are on the same page, and no rail that nothing would fill."""
    text = soup.find("main").get_text()
    assert "lab.rail(" not in text
    assert "1 of 9 ·" not in text


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("# Head", "<h2>Head</h2>"),
        ("## A head", '<h3 id="one--A-head">A head</h3>'),
        ("[x](two.ipynb)", '<p><a href="#two">x</a></p>'),
        ("[x](two.ipynb#A-b)", '<p><a href="#two--A-b">x</a></p>'),
        ("[x](#A-b)", '<p><a href="#one--A-b">x</a></p>'),
        ("[x](../../labs/L4.8/L4.8.ipynb)", "<p>x</p>"),
        ("[x](../../docs/for-learners.md)", "<p>x</p>"),
        ("[x](javascript:alert)", "<p>x</p>"),
        ("[x](https://example.org/a)", '<p><a href="https://example.org/a" rel="noreferrer">x</a></p>'),
    ],
)  # fmt: skip
def test_a_cell_of_prose_finds_its_place(tmp_path, source, wanted):
    """Headings go one level down; links to the lesson's pages stay within; those to a disk become their words."""
    made = Prose({"one": tmp_path, "two": tmp_path})
    made("# Before", "one")
    assert made(source, "one").strip() == wanted


def test_headings_go_down_one_by_one(tmp_path):
    """A reader who goes by headings finds no level missing."""
    made = Prose({"one": tmp_path})
    cells = ["# Page", "##### Deep", "##### Beside", "## Up", "### Below"]
    found = [re.match("<h.", made(cell, "one")).group() for cell in cells]
    assert found == ["<h2", "<h3", "<h3", "<h3", "<h4"]


def test_the_empty_corner_of_a_table_is_no_heading(tmp_path):
    """A screen reader would announce a heading without words."""
    assert Prose({"one": tmp_path})("| | a |\n|---|---|\n| b | c |", "one").count("<th>") == 1


def test_a_picture_that_is_not_there_is_named(tmp_path):
    """The page is not written without it."""
    with pytest.raises(ContentError, match=r"no\.svg"):
        Prose({"one": tmp_path})("![x](no.svg)", "one")


def test_a_cell_that_fails_stops_the_page(tmp_path):
    """The error says which page, and what went wrong."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    with pytest.raises(ContentError, match=r"L1/one.*ZeroDivisionError"):
        run_page(nbformat.writes(book).encode(), "L1/one", tmp_path)


@pytest.mark.parametrize("address", ["http://192.0.2.1/a.png", "https://192.0.2.1/a.png"])
def test_a_page_that_would_fetch_something_is_refused(lesson, root, address):
    """An output may bring along what no page read from a disk may ask for."""
    shown = nbformat.v4.new_output("display_data", {"text/html": f'<img src="{address}">'})
    cell = nbformat.v4.new_code_cell("1", outputs=[shown])
    book = nbformat.v4.new_notebook(cells=[cell])
    with pytest.raises(ContentError, match="would fetch something"):
        render(lesson, join([("one", book)]), {"one": root}, "1")


def test_a_page_over_its_size_is_refused(lesson, root, monkeypatch):
    """5 MB are promised."""
    monkeypatch.setattr("unpickled.authoring.offline.rendering.MOST", 1000)
    with pytest.raises(ContentError, match="are promised"):
        render(lesson, join([]), {}, "1")


@pytest.mark.long
def test_the_command_makes_what_has_changed_and_nothing_else(root, tmp_path, monkeypatch, capfd):
    """A course of one short page: made, then found up to date; a changed word makes it anew."""
    shutil.copytree(root / "course" / "data", tmp_path / "course" / "data")
    for part in ("labs", "quizzes"):
        (tmp_path / part).symlink_to(root / part)
    shutil.copy(root / "course" / "start.py", tmp_path / "course")
    shutil.copy(root / "course" / "course.toml", tmp_path / "course")
    monkeypatch.setenv("UNPICKLED_COURSE", str(tmp_path))
    ran = []

    def instead(notebook, place, folder):
        ran.append(place)
        return nbformat.reads(notebook.decode(), as_version=4)

    monkeypatch.setattr("unpickled.authoring.offline.building.run_page", instead)
    folder = tmp_path / "course" / "L4.4.2"
    shutil.copytree(root / "course" / "L4.4.2", folder, ignore=shutil.ignore_patterns("*.ipynb"))
    goal = tmp_path / OUT / "L4.4.2.html"
    assert [made.fresh for made in build_pages(tmp_path, "", lambda _: None)] == [True]
    assert len(ran) == 11
    before = goal.read_bytes()
    assert [made.fresh for made in build_pages(tmp_path, "L4.4.2", lambda _: None)] == [False]
    assert len(ran) == 11
    terms = folder / "08-key-terms.py"
    terms.write_text(terms.read_text().replace("Key terms", "The key terms"))
    assert [made.fresh for made in build_pages(tmp_path, "L4.4.2", lambda _: None)] == [True]
    assert goal.read_bytes() != before
    assert not [path for path in goal.parent.iterdir() if path != goal]
    with pytest.raises(ContentError, match=r"Choose from: L4\.4\.2"):
        list(build_pages(tmp_path, "L9", lambda _: None))


def test_it_does_not_go_with_a_check():
    """A check writes nothing."""
    assert run(["author", "build", "--check", "--html"]) == 2


@pytest.mark.browser
@pytest.mark.parametrize("theme", [pytest.param("light", marks=pytest.mark.long), "dark"])
def test_a_reader_steps_and_answers_from_a_disk(page, browser, tmp_path, theme):
    """With no network: the first step is there, a card judges, nothing is asked of anyone, axe finds nothing."""
    (tmp_path / "lesson.html").write_bytes(page)
    context = browser.new_context(
        offline=True, color_scheme=theme, viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    )  # fmt: skip
    opened, trouble = context.new_page(), []
    ours = ((tmp_path / "lesson.html").as_uri(), "data:")
    opened.on("request", lambda one: one.url.startswith(ours) or trouble.append(one.url))
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.on("console", lambda told: told.type == "error" and trouble.append(told.text))
    opened.goto((tmp_path / "lesson.html").as_uri())
    stepper = opened.locator(".unp-stepper").first
    stepper.get_by_role("button", name="Next step").click()
    expect(stepper.locator(".unp-counter")).to_have_text(re.compile(r"^2 /"))
    card = opened.locator(".unp-card").first
    card.locator(".unp-answer").fill("BUILD")
    card.get_by_role("button", name="Check").click()
    expect(card.locator(".unp-reply")).not_to_be_empty()
    assert opened.evaluate("document.documentElement.dataset.theme") == theme
    assert opened.locator(".unp").first.get_attribute("data-theme") == theme
    rules = (
        {} if theme == "light" else {"runOnly": ["color-contrast"]}
    )  # all that the theme can change
    found = Axe().run(opened, context="body", options={"resultTypes": ["violations"], **rules})
    assert found.violations_count == 0, found.generate_report()
    expect(opened.locator("nav details")).to_have_attribute("open", "")
    for width in (1440, 800, 360):
        opened.set_viewport_size({"width": width, "height": 900})
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
    button = opened.locator("#paper")
    button.click()
    button.click()
    expect(button).to_have_text("Paper: dark")
    expect(opened.locator("html")).to_have_attribute("data-theme", "dark")
    expect(opened.locator(".unp").first).to_have_attribute("data-theme", "dark")
    assert trouble == []
    context.close()


@pytest.mark.browser
def test_on_paper_it_is_black_on_white_without_buttons(page, browser, tmp_path):
    """From a phone whose system is dark, too: hints and contents open, code wraps, no button, light pictures."""
    (tmp_path / "lesson.html").write_bytes(page)
    context = browser.new_context(
        offline=True, color_scheme="dark", viewport={"width": 360, "height": 800}
    )
    opened = context.new_page()
    opened.goto((tmp_path / "lesson.html").as_uri())
    contents, picture = opened.locator("nav details"), opened.locator("main img").first
    assert contents.get_attribute("open") is None  # on a phone they would fill the first screen
    assert brightness(picture) < 0.3
    opened.emulate_media(media="print")
    opened.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert contents.get_attribute("open") == ""
    assert brightness(picture) > 0.8
    assert opened.locator("#paper").is_hidden()
    assert (
        opened.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    assert (
        opened.locator(".code pre").first.evaluate("node => getComputedStyle(node).whiteSpace")
        == "pre-wrap"
    )
    context.close()


def brightness(picture):
    """How light a picture is on the whole, as it is seen: 0 is black, 1 white."""
    seen = Image.open(io.BytesIO(picture.screenshot())).convert("L")
    return ImageStat.Stat(seen).mean[0] / 255


@pytest.mark.long
def test_the_whole_lesson_is_run_and_written(root, tmp_path, capfd):
    """The real thing: every notebook runs, and each widget of each page stands in it."""
    (made,) = build_pages(root, "L4.4.2", lambda _: None)
    soup = BeautifulSoup(made.path.read_bytes(), "html.parser")
    asked = 0
    for path in sorted((root / "course" / "L4.4.2").glob("*.ipynb")):
        cells = json.loads(path.read_text())["cells"]
        asked += sum(
            "lab.stepper(" in "".join(cell["source"])
            for cell in cells
            if cell["cell_type"] == "code"
        )
    assert len(soup.select(".unp-static[id*=stepper]")) >= asked
    assert made.size < 5_000_000
