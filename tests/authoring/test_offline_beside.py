"""What stands beside the widgets: recorded answers, a listing on paper, and all to be read without a script."""

from __future__ import annotations

import pickle
from datetime import datetime
from importlib.metadata import version
from types import SimpleNamespace

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from unpickled.authoring.offline.asking import ask_all
from unpickled.authoring.offline.joining import join
from unpickled.authoring.offline.plain import plain
from unpickled.authoring.offline.rendering import render
from unpickled.authoring.offline.running import TOLD, run_page
from unpickled.content import load_course
from unpickled.widgets import HeaderPanel, QuizCard, ScanPanel, Stepper, to_page

STATE = "application/vnd.jupyter.widget-state+json"
CELLS = [
    """\
import pickle
from unpickled import lab

lab.stepper(pickle.dumps({"layer": list(range(30))}, protocol=4))""",
    'lab.card("p-just-looking")',
    'lab.card("p-which-opcode-calls")',
    "lab.format_table()",
    'lab.header_panel("safetensors", "reduce-canary")',
    """\
folder = lab.workspace() / "shelf"
folder.mkdir()
(folder / "good.pkl").write_bytes(pickle.dumps([1]))
(folder / "unread.safetensors").write_bytes(b"\\x02" + bytes(7) + b"{}")
(folder / "worse.pkl").write_bytes(b"cos\\nmkdir\\n(S'canary'\\ntR.")
lab.scan_panel(folder)""",
    "lab.what_if(pickle.dumps(True))",
]
COLOURED = """\
def one(size=1):
    return "text", 0x10, 1.5  # a word on it"""
CHOSEN = {
    "id": "p-chosen",
    "kind": "choice",
    "prompt": "Which?",
    "choices": [
        {"text": "First.", "right": False, "why": "No."},
        {"text": "Second.", "right": True, "why": "Yes."},
    ],
    "hints": ["A hint."],
    "explain": "Because.",
}
TYPED = {
    **CHOSEN,
    "id": "p-typed",
    "kind": "text",
    "choices": [],
    "accepted": ["third", "3"],
    "wrong": [],
}
PICKLED = len(
    Stepper(pickle.dumps({"layer": list(range(30))}, protocol=4)).trace["columns"]["steps"]["op"]
)


@pytest.fixture(scope="module")
def lesson(root):
    return load_course(root).lessons[0]


@pytest.fixture(scope="module")
def ran(root, lesson):
    """A notebook with one of each widget, as it is after its run."""
    folder = root / "course" / lesson.id
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# One"), *cells])
    return run_page(nbformat.writes(book).encode(), "L4.4.2/one", folder)


@pytest.fixture(scope="module")
def page(root, lesson, ran) -> bytes:
    """It as the first part of a page; the second has prose alone, with something to open."""
    first, second = (one.id for one in lesson.pages[:2])
    prose = (
        "# Two\n\n<details><summary>More</summary>\n\nHidden words.\n\n</details>\n\n"
        + "Words.\n\n" * 200
    )
    cells = [nbformat.v4.new_markdown_cell(prose), nbformat.v4.new_code_cell(COLOURED)]
    other = nbformat.v4.new_notebook(cells=cells)
    folders = dict.fromkeys((first, second), root / "course" / lesson.id)
    return render(lesson, join([(first, ran), (second, other)]), folders, "1.2.3")


@pytest.fixture
def opened(page, browser, tmp_path):
    """Open the page from a disk; keywords are the context's."""
    (tmp_path / "lesson.html").write_bytes(page)
    contexts = []

    def opener(**options):
        contexts.append(browser.new_context(offline=True, reduced_motion="reduce", **options))
        shown = contexts[-1].new_page()
        shown.goto((tmp_path / "lesson.html").as_uri())
        return shown

    yield opener
    for one in contexts:
        one.close()


def drawn(shown):
    """Wait until every widget is there."""
    expect(shown.locator(".unp-whatif")).to_be_visible()
    return shown


def state(ran, kind):
    """The saved state of the one widget of a kind."""
    models = ran.metadata["widgets"][STATE]["state"].values()
    (found,) = [
        one["state"] for one in models if one["state"].get("_anywidget_id", "").endswith(f".{kind}")
    ]
    return found


def test_every_view_of_every_file_is_recorded(ran):
    """Both scanners and PyTorch's loader were asked; the file and the view that come first are still the author's."""
    panel = state(ran, "HeaderPanel")
    names = {one["id"]: one["label"] for one in panel["files"]}
    assert set(panel["sheets"]) == set(panel["verdicts"]) == set(panel["loads"]) == set(names)
    assert [names[panel["chosen"]], panel["tab"]] == ["model.safetensors", "hex"]
    bad = next(number for number, name in names.items() if name != "model.safetensors")
    assert panel["verdicts"][bad]["verdict"] == "dangerous"
    assert panel["loads"][bad]["outcome"] in ("refused", "failed")


def test_the_scan_panel_shows_the_worst(ran):
    """Of the reports the one to learn from, on the file that is chosen."""
    panel = state(ran, "ScanPanel")
    assert panel["report"]["name"] == "worse.pkl"
    assert panel["report"]["verdict"] == "dangerous"
    assert panel["chosen"] == panel["report"]["file"]
    assert panel["error"] == ""


def test_the_scan_panel_keeps_the_report_on_each_file(ran):
    """By the number that the panel knows a file by, with the day."""
    panel = state(ran, "ScanPanel")
    kept = panel["recorded"]
    assert kept["when"] == datetime.now().astimezone().date().isoformat()
    names = {one["id"]: one["label"] for one in panel["files"]}
    assert {number: one["name"] for number, one in kept["reports"].items()} == names


def test_what_was_recorded_is_said_to_be_with_day_and_versions(page):
    """And the report on every file, of which the scan panel shows one at a time, stands in a table."""
    notes = BeautifulSoup(page, "html.parser").select(".recorded")
    today = datetime.now().astimezone().date()
    assert len(notes) == 2
    for note in notes:
        assert f"Recorded on {today.day} {today:%B %Y}" in note.get_text()
        assert f"picklescan {version('picklescan')}" in note.get_text()
    assert f"PyTorch {version('torch')}" in notes[0].get_text()
    rows = [row.get_text() for row in notes[1].select("tbody tr")]
    for row, name, verdict in zip(
        rows,
        ("good.pkl", "unread.safetensors", "worse.pkl"),
        ("clean", "skipped", "dangerous"),
        strict=True,
    ):
        assert row.startswith(name)
        assert verdict in row


def test_the_question_to_the_panels_is_no_part_of_the_page(ran, page):
    """Its cell is gone again, and so is its answer's place in the notebook."""
    assert [cell.source for cell in ran.cells[1:]] == CELLS
    assert b"ask_all" not in page
    assert b'"told"' not in page


def report(path):
    """What a scanner would say of a file, by its name."""
    verdict = path.stem
    return SimpleNamespace(
        verdict=type("V", (str,), {"text": "words"})(verdict), advice="", format=None, reports=()
    )


@pytest.fixture
def alone(monkeypatch):
    """Panels of this test and no others."""
    mine = {}
    monkeypatch.setattr("unpickled.authoring.offline.asking._instances", mine)
    return lambda *panels: mine.update({one.model_id: one for one in panels})


@pytest.fixture
def files(tmp_path):
    for name in ("clean.pkl", "dangerous.pkl", "skipped.pkl"):
        (tmp_path / name).write_bytes(b"N.")
    return tmp_path


def test_a_panel_on_which_the_page_has_scanned_stays_as_it_is(alone, files):
    """Its author chose what is seen; only the reports beside it are more."""
    panel = ScanPanel(files, scan=report)
    panel.scan(files / "skipped.pkl")
    alone(panel)
    assert ask_all().count('"dangerous"') == 1
    assert [panel.report["verdict"], panel.chosen] == ["skipped", "3"]


def test_a_panel_whose_scanner_fails_has_no_report_and_ends_no_page(alone, files):
    """An error is the panel's, as when a learner asks; nothing is said to be recorded."""

    def broken(path):
        raise OSError(5, "no disk")

    panel = ScanPanel(files, scan=broken)
    header = HeaderPanel(files, scan=broken, load=broken, tab="stack")
    alone(panel, header, ScanPanel())
    assert '"reports": []' in ask_all()
    assert panel.report == panel.recorded == {}
    assert [header.chosen, header.tab] == ["1", "stack"]


def test_a_file_that_nobody_could_judge_comes_before_a_clean_one(alone, files):
    """With none dangerous the panel shows what has to be looked at, though a clean file stands first in its list."""
    (files / "dangerous.pkl").unlink()
    panel = ScanPanel(files, scan=report)
    alone(panel)
    ask_all()
    assert panel.report["verdict"] == "skipped"
    assert panel.chosen == panel.report["file"] == "2"


@pytest.mark.browser
def test_without_a_script_everything_there_is_to_read_is_there(opened):
    """Questions with their choices, the table's rows, every opcode, each file's verdict; an answer on demand."""
    shown = opened(java_script_enabled=False)
    listing, card, text, formats, panel, change = shown.locator(".plain").all()
    assert listing.locator("tbody tr").count() == PICKLED
    expect(listing.locator("tbody tr").last).to_be_visible()
    assert "SHORT_BINUNICODE" in listing.inner_text()
    assert "'layer'" in listing.inner_text()
    expect(card.get_by_text("Only when you use one of the values")).to_be_visible()
    expect(card.get_by_text("Loading and running are the same act")).to_be_hidden()
    card.locator("summary").click()
    expect(card.get_by_text("Loading and running are the same act")).to_be_visible()
    expect(text.get_by_text("Which opcode makes the folder?")).to_be_visible()
    for name in ("safetensors", "gguf", "joblib"):
        expect(formats.locator("tbody td:first-child", has_text=name)).to_be_visible()
    expect(panel.get_by_text("dangerous")).to_be_visible()
    expect(change).to_be_visible()
    expect(shown.locator(".recorded").last).to_be_visible()
    for place in shown.locator(".unp-static").all():
        assert place.is_visible() == ("scan" in place.get_attribute("id"))


@pytest.mark.browser
def test_with_a_script_the_widgets_stand_alone(opened):
    """Nothing is said twice on a screen."""
    shown = drawn(opened())
    for one in shown.locator(".plain").all():
        expect(one).to_be_hidden()
    expect(shown.locator(".recorded").first).to_be_visible()
    expect(shown.locator(".unp-scan .unp-verdict")).to_contain_text("worse.pkl")
    shown.get_by_role("tab", name="Verdicts").click()
    expect(shown.locator(".unp-header .unp-verdict")).to_contain_text("model.safetensors")
    expect(shown.locator(".unp-lacking")).to_have_count(0)


@pytest.mark.browser
def test_the_scan_panel_answers_for_each_of_its_files(opened):
    """Chosen and scanned: what was recorded of it, the day, and no alert."""
    panel = drawn(opened()).locator(".unp-scan")
    for name, verdict in (("good.pkl", "clean"), ("unread.safetensors", "skipped")):
        panel.get_by_label(name).check()
        panel.get_by_role("button", name="Scan").click()
        expect(panel.locator(".unp-verdict")).to_contain_text(name)
        expect(panel.locator(".unp-verdict")).to_have_attribute("data-verdict", verdict)
        expect(panel.locator(".unp-saved")).to_contain_text("Recorded on")
        expect(panel.get_by_role("alert")).to_have_count(0)


@pytest.mark.browser
def test_the_name_of_a_recorded_file_is_broken_before_its_ending_or_not_at_all(opened):
    """A wide window has room for it in one line; a phone for its parts."""
    shown = drawn(opened(viewport={"width": 1280, "height": 800}))
    lines = """nodes => nodes.map((one) => [...one.childNodes].filter((part) => part.data).map((part) => {
      const range = document.createRange();
      range.selectNodeContents(part);
      return new Set([...range.getClientRects()].map((box) => box.top)).size;
    }))"""
    names = shown.locator(".recorded tbody code")
    whole = names.evaluate_all("nodes => nodes.map((one) => one.getClientRects().length)")
    assert whole == [1, 1, 1]
    shown.set_viewport_size({"width": 390, "height": 800})
    assert names.evaluate_all(lines) == [[1, 1]] * 3
    room = shown.locator(".recorded .wide")
    assert room.evaluate("one => one.scrollWidth <= one.clientWidth")


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_was_recorded_is_within_reach_of_everyone(opened, theme):
    """Axe finds nothing, and a phone scrolls no page sideways."""
    shown = drawn(opened(color_scheme=theme))
    found = Axe().run(shown, context=".recorded", options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    shown.set_viewport_size({"width": 360, "height": 800})
    assert shown.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1440])
def test_without_a_script_no_page_scrolls_sideways(opened, width):
    """A listing has its own room to scroll in."""
    shown = opened(java_script_enabled=False, viewport={"width": width, "height": 800})
    for one in [*shown.locator(".plain").all(), *shown.locator(".recorded").all()]:
        box = one.bounding_box()
        assert box["x"] + box["width"] <= width


@pytest.mark.browser
def test_on_paper_a_pickle_is_whole_and_nothing_is_to_be_pressed(opened):
    """Every opcode has its row, no pane is cut, and there is no button, slider or field for a path."""
    shown = drawn(opened())
    shown.emulate_media(media="print")
    listing = shown.locator(".plain.on-paper").first
    assert listing.locator("tbody tr").count() == PICKLED
    expect(listing.locator("tbody tr").last).to_be_visible()
    for kind in (
        ".unp-button",
        ".unp-slider",
        ".unp-tab",
        ".unp-path",
        ".unp-search",
        "#paper",
        ".unp-pane-ops",
    ):
        assert shown.locator(kind).count()
        for one in shown.locator(kind).all():
            expect(one).to_be_hidden()
    for kind in (
        ".unp-card .unp-choice",
        ".unp-formats .unp-disclose",
        ".unp-whatif .unp-wi-line",
        ".unp-answer",
    ):
        expect(shown.locator(kind).first).to_be_visible()
    cut = """nodes => nodes.filter((one) => one.checkVisibility() && one.scrollHeight > one.clientHeight + 1
      && getComputedStyle(one).overflowY !== "visible").map((one) => one.className)"""
    assert shown.locator(".unp :not(.unp-sr)").evaluate_all(cut) == []


def look(shown, selector, side):
    return shown.locator(selector).first.evaluate(
        "(one, side) => getComputedStyle(one)[side]", side
    )


LOOKS = """() => [document.documentElement, ...document.body.querySelectorAll("*")].flatMap((one) =>
  ["", "::before", "::after"].map((part) => {
    const look = getComputedStyle(one, part);
    const colours = ["color", "backgroundColor", "borderColor", "boxShadow", "outlineColor", "fill", "stroke"];
    return [one.className, part, look.colorScheme, ...colours.map((key) => look[key])].join(" | ");
  }))"""
FAINT = """(bare) => {
  const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0.05);
  const under = (one) => {
    if (!one) return "rgb(255, 255, 255)";
    const { backgroundColor, printColorAdjust } = getComputedStyle(one);
    const there = backgroundColor.startsWith("rgb(") && (!bare || printColorAdjust === "exact");
    return there ? backgroundColor : under(one.parentElement);
  };
  const told = (one) => one.checkVisibility()
    && [...one.childNodes].some((part) => part.nodeType === 3 && part.data.trim());
  return [...document.body.querySelectorAll("*")].filter(told).map((one) => {
    const both = [getComputedStyle(one).color, under(one)].map(light);
    return [Math.max(...both) / Math.min(...both), one.className, one.textContent.slice(0, 20)];
  }).filter(([ratio]) => ratio < 4.5);
}"""


@pytest.mark.browser
def test_on_paper_a_dark_page_is_as_a_light_one(opened):
    """Every colour of prose, code and widgets is that of the light page, down to the circle of a choice."""
    shown = drawn(opened(color_scheme="dark"))
    looks = []
    for theme in ("dark", "light"):
        shown.emulate_media(media="print", color_scheme=theme)
        for one in ("html", ".unp-header", ".unp-whatif"):
            expect(shown.locator(one)).to_have_attribute("data-theme", theme)
        looks.append(shown.evaluate(LOOKS))
    assert [pair for pair in zip(*looks, strict=True) if len(set(pair)) > 1] == []


@pytest.mark.browser
def test_every_word_can_be_read_on_paper_that_a_dark_page_is_printed_on(opened):
    """With the backgrounds printed, as axe measures it, and without, as browsers do by default: 4.5 to 1 on white."""
    shown = drawn(opened(color_scheme="dark"))
    shown.emulate_media(media="print")
    found = Axe().run(shown, options={"runOnly": ["color-contrast"], "resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    assert shown.evaluate(FAINT, True) == []


@pytest.mark.browser
def test_every_word_of_a_widget_on_a_page_of_another_look_can_be_read_on_paper(browser):
    """An exported notebook shows the buttons too, white on blue: their blue is printed though backgrounds are not."""
    call = b"cos\nmkdir\n(S'canary'\ntR."
    shown = browser.new_page(color_scheme="dark", reduced_motion="reduce")
    shown.set_content(to_page([Stepper(call), QuizCard(CHOSEN)]))
    shown.add_style_tag(content=":root { --jp-layout-color1: #111; --jp-ui-font-color1: #fff; }")
    shown.get_by_role("button", name="Next call").click()
    expect(shown.locator(".unp-stepper")).to_have_attribute("data-theme", "dark")
    for bare in (False, True):
        shown.emulate_media(media="print")
        expect(shown.get_by_role("button", name="Check")).to_be_visible()
        assert shown.evaluate(FAINT, bare) == []
    shown.close()


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_without_a_script_the_page_is_as_the_system_has_it(opened, theme):
    """The colours are those that the script would choose, and every word can be read."""
    kinds = ("html", "h1", "a", ".code", "main > section", "nav .number", ".highlight .c1")
    looks = []
    for script in (True, False):
        shown = opened(color_scheme=theme, java_script_enabled=script)
        looks.append(
            [look(shown, kind, side) for kind in kinds for side in ("color", "backgroundColor")]
        )
    assert looks[0] == looks[1]
    assert shown.evaluate(FAINT) == []


@pytest.mark.browser
def test_on_paper_a_part_begins_a_page_and_a_tall_widget_may_run_on(opened):
    """A widget's own sections begin none; a card stays on one."""
    shown = drawn(opened())
    shown.emulate_media(media="print")
    shown.locator(".unp-whatif").evaluate("one => one.append(document.createElement('section'))")
    assert look(shown, "main > section:not(:first-of-type)", "breakBefore") == "page"
    assert look(shown, ".unp section", "breakBefore") == "auto"
    for kind in ("formats", "scan", "whatif"):
        assert look(shown, f".unp-{kind}", "breakInside") == "auto"
    assert look(shown, ".unp-card", "breakInside") == "avoid"


@pytest.mark.browser
def test_what_can_be_opened_is_open_on_paper(opened):
    """A reader on paper opens nothing."""
    shown = drawn(opened())
    expect(shown.get_by_text("Hidden words.")).to_be_hidden()
    shown.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(shown.get_by_text("Hidden words.")).to_be_visible()


@pytest.mark.browser
def test_the_contents_mark_the_part_that_is_read(opened, lesson):
    """One part, and another after a jump."""
    shown = drawn(opened(viewport={"width": 1440, "height": 900}))
    current = shown.locator("nav a[aria-current]")
    for one in (lesson.pages[1], lesson.pages[0]):
        shown.locator(f"nav a[href='#{one.id}']").click()
        expect(current).to_have_count(1)
        expect(current).to_have_attribute("href", f"#{one.id}")
    shown.evaluate("scrollTo(0, 0)")  # back on top, where none has reached the upper edge
    expect(current).to_have_attribute("href", f"#{lesson.pages[0].id}")


@pytest.mark.browser
def test_the_chosen_paper_is_kept(opened):
    """A reader who comes back finds it, and may go back to the system's."""
    shown = opened(color_scheme="light")
    button = shown.locator("#paper")
    button.click()
    button.click()
    expect(button).to_have_text("Paper: dark")
    shown.reload()
    expect(button).to_have_text("Paper: dark")
    expect(shown.locator("html")).to_have_attribute("data-theme", "dark")
    button.click()
    shown.reload()
    expect(button).to_have_text("Paper: as the system")
    expect(shown.locator("html")).to_have_attribute("data-theme", "light")


def html(widget):
    kind = type(widget)
    return plain({**widget.snapshot(), "_anywidget_id": f"{kind.__module__}.{kind.__name__}"})[1]


def test_a_long_pickle_is_cut_and_says_so():
    """Nobody reads a thousand rows on paper."""
    told = html(Stepper(pickle.dumps(list(range(1000)), protocol=4)))
    assert told.count("<tr>") == 301
    assert "more</p>" in told


def test_a_pickle_that_breaks_off_says_where():
    """The fault is part of the listing, and text out of the pickle stays text."""
    told = html(Stepper(b"\x80\x04\x8c\x03<b>\x8c\x50ab"))
    assert "It breaks off at byte 7" in told
    assert "&lt;b&gt;" in told
    assert "<b>" not in told


def test_an_opcode_that_imports_and_calls_is_said_to_call():
    """INST does both at once; the call, which names what is imported, is the one to be warned of."""
    told = BeautifulSoup(html(Stepper(b"(S'canary'\nios\nmkdir\n.")), "html.parser")
    (row,) = [one for one in told.select("tbody tr") if "INST" in one.get_text()]
    assert row.select("td")[-1].get_text() == "calls code os.mkdir('canary')"


@pytest.mark.parametrize(("item", "answer"), [(CHOSEN, "Second."), (TYPED, "third")])
def test_the_answer_to_a_question_is_the_right_one(item, answer):
    """Behind the hints: of the choices the right one alone, of what may be typed the first, and why."""
    told = BeautifulSoup(html(QuizCard(item)), "html.parser").find("details")
    words = [one.get_text() for one in told.find_all("p")]
    assert words == ["A hint.", answer, "Because."]


def test_a_widget_that_holds_nothing_to_read_has_no_place_beside_it():
    """A scan panel's reports are told with what was recorded; other people's widgets are theirs."""
    assert plain({"_anywidget_id": "unpickled.widgets.scan_panel.ScanPanel"}) == ("", "")
    assert plain({}) == ("", "")
    assert join([("one", nbformat.v4.new_notebook())]).metadata[TOLD] == {}
