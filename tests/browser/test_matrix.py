"""Every page, in JupyterLab and in Notebook 7, light and dark, wide and narrow: a learner's way, and nobody shut out.

A page is opened and run once in each application; then theme and width change under it. In each of the four states
nothing may be cut off. In two of them, other ones in each application, the learner does what there is to do on the
page, and axe looks at what has become of every widget. What Tab does is the same in both, and asked in JupyterLab.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from unpickled.content import load_course

from .actions import work_on
from .for_everyone import broken_rules, cut, lost_focus, moving, own, silent
from .learner import LAB, NOTEBOOK_7, ROOT, run_all, use_theme

pytestmark = pytest.mark.browser

WIDE, NARROW = 1280, 800
STATES = [("light", WIDE), ("light", NARROW), ("dark", NARROW), ("dark", WIDE)]  # one change each
WORKED_IN = {LAB: STATES[::2], NOTEBOOK_7: STATES[1::2]}
PAGES = [page.id for page in load_course(ROOT).lessons[0].pages]
LAB_NOTEBOOK = "labs/L4.8/L4.8"


def in_every_state(page, panel, name, app):
    """Do the page's work in each theme and width; gives what was wrong, and where."""
    faults = {}
    for theme, width in STATES:
        use_theme(page, theme)
        page.set_viewport_size({"width": width, "height": 900})
        where = (name, theme, width)
        if (theme, width) in WORKED_IN[app]:
            work_on(name, page, panel)
            faults[*where, "axe"] = broken_rules(page)
        faults[where] = cut(page)
    if app == LAB:
        faults[name, "by Tab"] = lost_focus(page)
    faults[name, "motion"] = moving(page)
    faults[name, "at 200 %"] = enlarged(page)
    page.set_viewport_size({"width": WIDE, "height": 900})
    use_theme(page, "light")
    return [
        f"{' '.join(map(str, where))}: {one}" for where, found in faults.items() for one in found
    ]


def enlarged(page):
    """At twice the size, the widest window has room for half of it."""
    page.set_viewport_size({"width": 640, "height": 450})
    screen = page.context.new_cdp_session(page)
    half = {"width": 640, "height": 450, "deviceScaleFactor": 2, "mobile": False}
    screen.send("Emulation.setDeviceMetricsOverride", half)
    page.wait_for_function("devicePixelRatio === 2")
    found = cut(page)
    screen.send("Emulation.clearDeviceMetricsOverride")
    screen.detach()
    return found


def test_the_whole_way_by_its_links(page, lab):
    """In JupyterLab, from the start page to the last, each reached by the link on the one before, run and worked on."""
    names = ["start", *PAGES]
    page.goto(lab.page("course/start"))
    for name, after in zip(names, [*PAGES, ""], strict=True):
        panel = run_all(page)
        expect(panel.locator(".unp-stops").first).to_be_visible()
        work_on(name, page, panel)
        back = panel.get_by_role("link", name=re.compile("^←")).count()
        forth = panel.get_by_role("link", name=re.compile("→$"))
        assert (back, forth.count()) == (2 * (name != "start"), 2 * bool(after)), name
        if after:
            forth.last.click()
            page.get_by_role("tab", name=f"{after}.ipynb", selected=True).wait_for(timeout=60_000)
    assert own(page.troubles) == []


ALWAYS = [(LAB, "01-pickle-in-90-seconds"), (NOTEBOOK_7, "06-the-30-second-test")]
"""One in each application is a long test alone: the stepper and the scan panel."""


@pytest.mark.parametrize(
    ("app", "name"),
    [
        pytest.param(
            app, name, marks=pytest.mark.long if (app, name) in ALWAYS else pytest.mark.wide
        )
        for app in (LAB, NOTEBOOK_7)
        for name in ("start", *PAGES)
    ],
)
def test_in_every_state(page, lab, app, name):
    """In both themes and widths: nothing cut off, nobody shut out, the page's work done."""
    place = "course/start" if name == "start" else f"course/L4.4.2/{name}"
    page.goto(lab.page(place, app))
    panel = run_all(page)
    expect(panel.locator(".unp-stops").first).to_be_visible()
    assert in_every_state(page, panel, name, app) == []
    assert own(page.troubles) == []
    if app == NOTEBOOK_7:
        assert silent(page.troubles) == []


def validated(page):
    """What nbgrader's button says. On a machine that is so busy that a child was stopped, it is pressed again."""
    box = page.get_by_role("dialog").filter(
        has_text=re.compile("passes all the tests|cell.? failed")
    )
    for _ in range(3):
        page.get_by_role("button", name="Validate").click()
        box.wait_for(timeout=240_000)
        said = box.inner_text()
        if "predict-load" not in said:
            break
        box.get_by_role("button", name="Ok").click()
    return said


@pytest.mark.parametrize(
    "app",
    [pytest.param(LAB, marks=pytest.mark.long), pytest.param(NOTEBOOK_7, marks=pytest.mark.wide)],
)
def test_the_lab_runs_and_validates(page, lab, app):
    """Lab L4.8 with its answers: all of it runs, and nbgrader's button says that the visible checks pass."""
    page.goto(lab.page(LAB_NOTEBOOK, app))
    panel = run_all(page)
    assert in_every_state(page, panel, LAB_NOTEBOOK, app) == []
    if app == LAB:
        assert "passes all the tests" in validated(page)
    assert own(page.troubles) == []
