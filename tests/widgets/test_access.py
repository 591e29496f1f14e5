"""For everyone: axe finds nothing, keys stay inside, focus is seen, nothing is cut at any width or zoom."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from unpickled.content import load_errata, load_formats, load_sources
from unpickled.lab.finding import entries
from unpickled.scanners import Verdict
from unpickled.widgets import (
    CourseWidget,
    FormatTable,
    QuizCard,
    Rail,
    ScanPanel,
    Search,
    Stepper,
    WhatIf,
)

from .conftest import Show
from .samples import ITEM, TYPED, by_id, canary, outcomes, stacked
from .test_rail import rail
from .test_scan import answer

pytestmark = pytest.mark.browser


def _table(root: Path, _tmp: Path) -> CourseWidget:
    formats = load_formats(root)
    table = FormatTable(
        formats, sources=load_sources(root), errata=by_id(load_errata(root)), seen=outcomes(formats)
    )
    table.view = {**table.view, "open": ["pytorch"], "sort": "risk", "risks": ["high", "low"]}
    return table


def _panel(_root: Path, tmp: Path) -> CourseWidget:
    (tmp / "bad.pkl").write_bytes(canary())
    (tmp / "good.pkl").write_bytes(stacked())
    panel = ScanPanel([tmp / "bad.pkl", tmp / "good.pkl"], scan=answer)
    panel.scan(tmp / "bad.pkl")
    return panel


def _verdicts(_root: Path, tmp: Path) -> CourseWidget:
    panel = _panel(_root, tmp)
    one = panel.report["reports"][0]
    panel.report = {
        **panel.report,
        "reports": [{**one, "verdict": str(v), "findings": []} for v in Verdict],
    }
    return panel


def _guess(page: Page) -> None:
    page.click(".unp-toggle")
    page.locator(".unp-predict-form input").first.check()
    page.locator(".unp-choices-short input").first.check()
    page.click(".unp-predict-form .unp-primary")


def _answer(page: Page, place: int) -> None:
    page.get_by_role("button", name="Hint").click()
    page.locator("input[type=radio]").nth(place).check()
    page.click("form .unp-primary")


def _changed(index: int, opcode: str, argument: str = "") -> CourseWidget:
    widget = WhatIf(canary())
    widget.change(index, opcode, argument)
    return widget


def _refused(page: Page) -> None:
    """Open the row of a text, and be told at the field that what stands there is no argument."""
    page.evaluate(
        "document.querySelector('.unp').parentElement.unpView.model.set('_static', false)"
    )
    page.locator(".unp-wi-rows .unp-wi-line").nth(2).click()
    page.get_by_label("Argument", exact=True).fill("x")
    page.evaluate(
        "document.querySelector('.unp').parentElement.unpView.form.refuse('Put the text into quotes.')"
    )


Make = Callable[[Path, Path], CourseWidget]
Act = Callable[[Page], object]

STATES: dict[str, tuple[Make, Act | None]] = {
    "stepper-start": (lambda r, t: Stepper(canary()), None),
    "stepper-call": (lambda r, t: Stepper(canary(), step=-6), None),
    "stepper-import": (lambda r, t: Stepper(canary(), step=6), None),
    "stepper-broken": (lambda r, t: Stepper(canary()[:-25], step=-1), None),
    "stepper-empty": (lambda r, t: Stepper(b"nothing"), None),
    "stepper-stacked": (lambda r, t: Stepper(stacked(), step=8), None),
    "stepper-asking": (lambda r, t: Stepper(canary(), step=5), lambda p: p.click(".unp-toggle")),
    "stepper-verdict": (lambda r, t: Stepper(canary(), step=5), _guess),
    "stepper-refused": (lambda r, t: Stepper(canary()), lambda p: p.click(".unp-open")),
    "stepper-keys": (lambda r, t: Stepper(canary()), lambda p: p.click(".unp-keys-open")),
    "whatif-form": (lambda r, t: WhatIf(canary()), _refused),
    "whatif-changed": (lambda r, t: _changed(2, "BINUNICODE", "'others'"), None),
    "whatif-broken": (lambda r, t: _changed(15, "SETITEM"), None),
    "table": (_table, None),
    "card-fresh": (lambda r, t: QuizCard(ITEM), None),
    "card-wrong": (lambda r, t: QuizCard(ITEM), lambda p: _answer(p, 0)),
    "card-right": (lambda r, t: QuizCard(ITEM), lambda p: _answer(p, 1)),
    "card-typed": (lambda r, t: QuizCard(TYPED), lambda p: p.click(".unp-primary")),
    "scan": (_panel, None),
    "scan-verdicts": (_verdicts, None),
    "scan-refused": (_panel, lambda p: p.click(".unp-scan-button")),
    "search": (lambda r, t: Search(entries(r, "start")), lambda p: p.fill("input", "pickle")),
    "rail": (lambda r, t: rail(message="Set aside."), None),
    "rail-open": (lambda r, t: rail(), lambda p: p.click(".unp-rail-toggle")),
}


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(show: Show, root: Path, tmp_path: Path, state: str) -> None:
    """No violation of any axe rule inside the widget, contrast included, in any state and both themes."""
    make, act = STATES[state]
    page = show(make(root, tmp_path), theme="light", reduced_motion="reduce")
    if act:
        act(page)
    _no_violation(page)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function("document.querySelector('.unp').dataset.theme === 'dark'")
    _no_violation(page, runOnly=["color-contrast"])  # all that the theme can change


def _no_violation(page: Page, **options: object) -> None:
    found = Axe().run(page, context=".unp", options={"resultTypes": ["violations"], **options})
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_cut_or_pushed_out(show: Show, root: Path, tmp_path: Path, state: str) -> None:
    """At every width the page needs no sideways scroll, and no control lies outside the widget."""
    make, act = STATES[state]
    page = show(make(root, tmp_path))
    if act:
        act(page)
    for width in (1280, 800, 500, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert (width, _outside(page)) == (width, [])
        assert page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )


def _outside(page: Page) -> object:
    return page.evaluate(
        """() => {
          const frame = document.querySelector(".unp").getBoundingClientRect();
          const all = [...document.querySelectorAll(".unp button, .unp input, .unp label, .unp .unp-pane, .unp p")];
          return all.filter((node) => {
            const box = node.getBoundingClientRect();
            return box.width > 0 && (box.left < frame.left - 1 || box.right > frame.right + 1);
          }).map((node) => node.outerHTML.slice(0, 120));
        }"""
    )


@pytest.mark.parametrize(
    "state", ["stepper-call", "whatif-form", "table", "card-fresh", "scan", "rail-open"]
)
def test_text_may_be_twice_as_large(show: Show, root: Path, tmp_path: Path, state: str) -> None:
    """At 200 % zoom (half the width, twice the scale) everything is still there and fits."""
    make, act = STATES[state]
    page = show(make(root, tmp_path), width=640, device_scale_factor=2)
    if act:
        act(page)
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


@pytest.mark.parametrize(
    "state",
    ["stepper-call", "stepper-asking", "whatif-form", "table", "card-fresh", "scan", "rail-open"],
)
def test_no_key_reaches_the_notebook(show: Show, root: Path, tmp_path: Path, state: str) -> None:
    """From every place that takes the focus, no key but Ctrl+S is heard outside, rising or falling."""
    make, act = STATES[state]
    page = show(make(root, tmp_path))
    if act:
        act(page)
    page.evaluate(
        """() => {
          window.heard = [];
          const hear = (event) => heard.push(event.key);
          for (const type of ["keydown", "keypress", "keyup"]) document.addEventListener(type, hear);
          const suppressed = (node) => node.hasAttribute("data-lm-suppress-shortcuts");
          document.addEventListener("keydown", (event) => suppressed(event.target) || hear(event), true);
        }"""
    )
    stops = page.locator(
        ".unp a[href], .unp button, .unp input:not([type=file]), .unp [tabindex='0']"
    )
    for place in range(min(stops.count(), 14)):
        stop = stops.nth(place)
        if not stop.is_visible():
            continue
        stop.focus()
        for key in ("x", "d", "d", "Escape"):
            page.keyboard.press(key)
        page.evaluate("heard = heard.filter((key) => key !== 'Tab')")
        assert page.evaluate("heard") == []
    stops.first.focus()
    page.keyboard.press("Control+s")
    assert page.evaluate("heard.filter((key) => key === 's').length") >= 2
    page.evaluate("heard = []")
    for keys in ("x", "Control+b", "Control+Enter", "Meta+a", "Control+Shift+d"):
        page.keyboard.press(keys)
    assert set(page.evaluate("heard")) <= {"Control", "Meta", "Shift"}


@pytest.mark.parametrize(
    "state",
    ["stepper-call", "stepper-asking", "whatif-form", "table", "card-fresh", "scan", "rail-open"],
)
def test_focus_is_always_seen(show: Show, root: Path, tmp_path: Path, state: str) -> None:
    """Tabbing through, each stop draws an outline, on itself or around its pane or label."""
    make, act = STATES[state]
    page = show(make(root, tmp_path))
    if act:
        act(page)
    seen = 0
    page.locator("body").click(position={"x": 2, "y": 2})
    for _ in range(40):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            """() => {
              const node = document.activeElement;
              if (node === document.body || !node.closest(".unp")) return "out";
              const drawn = (one) => one && getComputedStyle(one).outlineStyle !== "none"
                && parseFloat(getComputedStyle(one).outlineWidth) >= 2;
              return [node, node.closest("label"), node.closest(".unp-pane")].some(drawn)
                ? "seen" : node.outerHTML.slice(0, 200);
            }"""
        )
        if outline == "out":
            break
        assert outline == "seen"
        seen += 1
    assert seen > 2


def test_motion_is_off_for_those_who_ask(show: Show, root: Path, tmp_path: Path) -> None:
    """With reduced motion nothing is animated."""
    page = show(_panel(root, tmp_path), reduced_motion="reduce")
    names = page.evaluate(
        """() => [...document.querySelectorAll(".unp, .unp *")].flatMap((node) =>
          [null, "::before", "::after"].map((part) => getComputedStyle(node, part).animationName))"""
    )
    assert set(names) == {"none"}


@pytest.mark.parametrize(
    ("system", "paper"), [("dark", "rgb(22, 25, 29)"), ("light", "rgb(255, 255, 255)")]
)
def test_a_saved_page_follows_the_readers_system(show: Show, system: str, paper: str) -> None:
    """Without a theme of its own, the page is dark where the system is."""
    page = show(QuizCard(ITEM), theme="", color_scheme=system)
    assert page.locator(".unp").evaluate("n => getComputedStyle(n).backgroundColor") == paper


def test_jupyterlabs_theme_wins_and_may_change(show: Show) -> None:
    """JupyterLab's own word for light or dark is followed at once, whatever the system says."""
    page = show(QuizCard(ITEM), theme="", color_scheme="light")
    root = page.locator(".unp")
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    page.wait_for_function("document.querySelector('.unp').dataset.theme === 'dark'")
    page.evaluate("document.body.style.setProperty('--jp-layout-color1', 'rgb(1, 2, 3)')")
    assert root.evaluate("n => getComputedStyle(n).backgroundColor") == "rgb(1, 2, 3)"
    page.evaluate("document.body.dataset.jpThemeLight = 'true'")
    page.wait_for_function("document.querySelector('.unp').dataset.theme === 'light'")


def test_an_unnamed_theme_is_told_by_its_paper(show: Show) -> None:
    """Where only the colours are known (an exported notebook), dark paper makes the widget dark."""
    page = show(Rail([], current=""), theme="", color_scheme="light")
    page.evaluate("document.body.style.setProperty('--jp-layout-color1', '#111')")
    page.wait_for_function("document.querySelector('.unp').dataset.theme === 'dark'")


def test_with_forced_colours_what_is_on_can_be_told(show: Show, root: Path, tmp_path: Path) -> None:
    """The reader's colours take backgrounds and shadows away: a pressed button has an outline, a sign its stroke."""
    page = show(
        _table(root, tmp_path), Stepper(canary(), predict=True), forced_colors="active", height=3000
    )
    outlines = page.evaluate(
        """() => ["true", "false"].map((pressed) => new Set([...document.querySelectorAll(
             `.unp-toggle[aria-pressed=${pressed}]`)].map((one) => getComputedStyle(one).outlineStyle)))
           .map((found) => [...found])"""
    )
    assert outlines == [["solid"], ["none"]]
    colours = page.evaluate(
        """() => ["body", "sign"].map((part) => {
          const found = document.querySelector(`.unp-icon-${part}`);
          return getComputedStyle(found)[part === "body" ? "fill" : "stroke"];
        })"""
    )
    assert colours[0] != colours[1]


@pytest.mark.parametrize("width", [1000, 500, 330])
def test_an_offset_of_six_digits_is_all_there(show: Show, width: int) -> None:
    """A byte's number is what a reader looks up in the bytes: half of it is no use."""
    data = pickle.dumps([list(range(40_000))], 4)
    page = show(Stepper(data, step=-1), width=width)
    cut = page.locator(".unp-op-offset").evaluate_all(
        "all => all.map(one => one.scrollWidth - one.clientWidth).filter(over => over > 0)"
    )
    assert cut == []
    assert page.locator(".unp-ops .unp-op-offset").last.inner_text() == str(len(data) - 1)
