"""The site as a learner meets it: in a browser, with the network blocked, under a path that it was not told of."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from playwright.sync_api import expect

from unpickled.authoring.site.lite import WORKSPACE
from unpickled.pickles import assemble
from unpickled.progress import Progress, carry_out, take_in
from unpickled.specimens import make

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

OPEN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
PROMPTS = f"""[...document.querySelectorAll('{OPEN} .jp-CodeCell .jp-InputPrompt')]
    .map(prompt => prompt.textContent).filter(Boolean)"""
STARTED = f"() => {PROMPTS}.some(text => /[*0-9]/.test(text))"
FINISHED = f"() => {{ const all = {PROMPTS}; return all.length && all.every(text => /[0-9]/.test(text)); }}"
FIRST = "01-pickle-in-90-seconds"
SLOW = 180_000  # the whole suite runs beside it on two cores; how fast the site is, bench/site.py measures


def run_all(page, name):
    """Run all of the page in front, as a learner does; no cell may fail. Gives the page's panel."""
    page.get_by_role("tab", name=f"{name}.ipynb", selected=True).wait_for(timeout=SLOW)
    panel = page.locator(OPEN)
    panel.locator(".jp-Cell").first.wait_for(timeout=SLOW)
    page.get_by_text("Python (Pyodide) | Idle").wait_for(timeout=SLOW)
    for _ in range(5):  # what a kernel is asked too early may be lost: a person clicks again
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        with contextlib.suppress(PlaywrightTimeoutError):
            page.wait_for_function(STARTED, timeout=5_000)
            panel.locator(".unp-stops").first.wait_for(timeout=SLOW // 3)
            break
    page.wait_for_function(FINISHED, timeout=SLOW)
    errors = panel.locator("[data-mime-type='application/vnd.jupyter.error']")
    assert errors.count() == 0, errors.first.inner_text()
    return panel


def cell(panel, text):
    return panel.locator(".jp-Cell", has_text=text).last


def test_the_lesson_with_nothing_installed(page, address, tmp_path):
    """Step, set the canary off, trace an own file, answer; come back, carry it away and back, go on by the link."""
    page.goto(f"{address}/lab/index.html?path=course/L4.4.2/{FIRST}.ipynb&workspace=apart")
    panel = run_all(page, FIRST)

    stepper = cell(panel, "lab.stepper(canary)")
    stepper.locator(".unp-next-call").click()
    expect(stepper.locator(".unp-stage")).to_contain_text("mkdir")
    expect(cell(panel, "LOAD = ")).to_contain_text("folder made: True")

    own = assemble([("PROTO", 2), ("GLOBAL", "os getcwd"), "EMPTY_TUPLE", "REDUCE", "STOP"])
    chooser = stepper.locator("input[type=file]")
    chooser.set_input_files({"name": "mine.pkl", "mimeType": "", "buffer": own})
    expect(stepper).to_contain_text("mine.pkl")
    stepper.locator(".unp-next-call").click()
    expect(stepper.locator(".unp-stage")).to_contain_text("os.getcwd")

    card = cell(panel, 'lab.card("p-which-opcode-calls")')
    card.locator(".unp-answer").fill("REDUCE")
    card.get_by_role("button", name="Check").click()
    expect(panel.locator(".unp-rail-toggle").first).to_have_text(re.compile("1 of 4"), timeout=SLOW)

    page.goto(f"{address}/")  # another visit: a new kernel, and what was kept
    page.get_by_role("link", name="Start the lesson").click()
    panel = run_all(page, "start")
    expect(panel.locator(".unp-stop[data-state=partly]")).to_have_count(1)
    there_and_back(page, panel, tmp_path)
    panel.get_by_role("link", name=re.compile("→$")).last.click()
    page.get_by_role("tab", name=f"{FIRST}.ipynb", selected=True).wait_for(timeout=SLOW)
    assert page.troubles == []


def there_and_back(page, panel, folder):
    """What was done here counts on a machine, and what was done there counts here."""
    expect(panel.locator(".unp-rail [role=alert]").first).to_be_hidden()  # since here it is kept
    carry = cell(panel, "lab.progress_file()")
    with page.expect_download() as saved:
        carry.get_by_role("button", name="Save my progress").click()
    with page.expect_download() as certified:
        carry.get_by_role("button", name="Certificate").click()
    sum_ = hashlib.sha256(saved.value.path().read_bytes()).hexdigest()
    assert sum_ in certified.value.path().read_text(encoding="utf-8")
    machine = Progress(folder / "progress.json")
    take_in(machine, saved.value.path().read_bytes())
    assert machine.status("p-which-opcode-calls") == "done"
    for exercise in ("p-just-looking", "p-read-without-running", "p-predict-tuple"):
        machine.attempt(exercise, correct=True)
    brought = {"name": "p.json", "mimeType": "", "buffer": carry_out(machine)}
    carry.locator("input[type=file]").set_input_files(brought)
    expect(carry).to_contain_text("4 exercises in the file; 3 brought something new.")
    expect(panel.locator(".unp-stop[data-state=done]")).to_have_count(1)
    carry.locator("input[type=file]").set_input_files(
        {"name": "p.json", "mimeType": "", "buffer": b"[]"}
    )
    expect(carry).to_contain_text("cannot be taken in")


@pytest.mark.long
def test_picklescan_runs_and_modelscan_says_that_it_was_recorded(page, address):
    """Files that PyTorch wrote elsewhere, scanned here; of an own file modelscan has no answer, and says so."""
    page.goto(f"{address}/lab/index.html?path=course/L4.4.2/06-the-30-second-test.ipynb")
    panel = run_all(page, "06-the-30-second-test")
    expect(cell(panel, "import torch")).to_contain_text(
        "This cell needs PyTorch, which no browser has"
    )
    expect(cell(panel, 'run("modelscan", "-p", "weights.bin")')).to_contain_text(
        "modelscan cannot run in a browser: its answers here are from a machine"
    )
    scan = cell(panel, "lab.scan_panel(folder)")
    scan.locator(".unp-file", has_text="download.bin").click()
    scan.get_by_role("button", name="Scan", exact=True).click()
    verdict = scan.locator(".unp-verdict").first
    expect(verdict).to_have_attribute("data-verdict", "dangerous", timeout=SLOW)
    expect(scan.locator(".unp-scanner", has_text="modelscan")).to_contain_text("recorded on")
    expect(scan.locator(".unp-scanner", has_text="picklescan")).not_to_contain_text("recorded on")

    own = make("reduce-canary", marker=f"{WORKSPACE}/mine")
    scan.locator("input[type=file]").set_input_files(
        {"name": "own.pkl", "mimeType": "", "buffer": own}
    )
    expect(scan.locator(".unp-file", has_text="own.pkl")).to_have_count(1, timeout=SLOW)
    scan.get_by_role("button", name="Scan", exact=True).click()
    expect(scan.locator(".unp-scanner", has_text="picklescan")).to_contain_text(
        "mkdir", timeout=SLOW
    )
    expect(scan.locator(".unp-scanner", has_text="modelscan")).to_contain_text(
        "cannot run in a browser"
    )
    assert page.troubles == []


def test_the_service_worker_is_the_sites_own(page, address):
    """It is registered for the site's path alone, and the site's list of pages is the course's."""
    page.goto(f"{address}/lab/index.html?path=course/L4.4.2/08-key-terms.ipynb")
    page.locator(OPEN).locator(".jp-Cell").first.wait_for(timeout=SLOW)
    scopes = page.evaluate(
        "async () => (await navigator.serviceWorker.getRegistrations()).map(one => one.scope)"
    )
    assert scopes == [f"{address}/"]
    names = json.loads(page.request.get(f"{address}/api/contents/course/L4.4.2/all.json").text())
    assert "01-pickle-in-90-seconds.ipynb" in {one["name"] for one in names["content"]}
    assert page.troubles == []


NO_WORKER = "delete Navigator.prototype.serviceWorker"


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("", ""),
        ("delete window.WebAssembly", "runs neither WebAssembly nor workers"),
        ("delete window.Worker", "runs neither WebAssembly nor workers"),
        (
            "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('', 'SecurityError') } })",
            "lets this site store nothing",
        ),
        ("indexedDB.open = () => { throw new DOMException('', 'SecurityError') }", "store nothing"),
    ],
)
def test_the_first_page_says_what_a_browser_lacks(page, address, before, said):
    """JupyterLite would show nothing but its first screen; a browser that has all is told nothing."""
    page.add_init_script(before)
    page.goto(f"{address}/")
    told = page.get_by_role("alert")
    if said:
        expect(told).to_contain_text(said)
    else:
        expect(told).to_have_count(0)
        expect(page.locator("#progress")).to_contain_text("kept in this browser, and")
    assert page.troubles == []


def test_where_nothing_is_kept_the_first_page_says_so(page, address):
    """Plain http on another host than this one, and private windows, have no service worker."""
    page.add_init_script(NO_WORKER)
    page.goto(f"{address}/")
    expect(page.locator("#progress")).to_contain_text("your progress ends with the tab")
    expect(page.get_by_role("status")).to_contain_text("does not open")


@pytest.mark.long
def test_a_visit_begins_with_one_page(page, address):
    """Pages that were left open would each start a Python of their own, and the first would wait for all."""
    page.goto(f"{address}/lab/index.html?path=course/L4.4.2/08-key-terms.ipynb")
    page.locator(OPEN).locator(".jp-Cell").first.wait_for(timeout=SLOW)
    page.wait_for_timeout(2_000)  # until JupyterLite has written down what is open
    page.goto(f"{address}/")
    page.get_by_role("link", name="Start the lesson").click()
    page.get_by_role("tab", name="start.ipynb", selected=True).wait_for(timeout=SLOW)
    page.wait_for_timeout(2_000)
    tabs = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab")
    assert tabs.all_inner_texts() == ["start.ipynb"]


@pytest.mark.long
def test_where_nothing_is_kept_the_rail_says_so(page, address):
    """An answer counts as long as the tab is open, and the learner knows that."""
    page.add_init_script(NO_WORKER)
    page.goto(f"{address}/lab/index.html?path=course/L4.4.2/{FIRST}.ipynb")
    panel = run_all(page, FIRST)
    expect(panel.locator(".unp-rail [role=alert]").first).to_contain_text(
        "your progress ends with the tab"
    )


@pytest.mark.long
def test_on_a_phone_by_touch_alone(browser, address):
    """The way that the page tells: a tap on the button for all cells, one on an opcode, one on an answer."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(f"{address}/notebooks/index.html?path=course/L4.4.2/{FIRST}.ipynb")
    panel = page.locator(".jp-NotebookPanel")
    expect(panel).to_contain_text("On a touch screen, tap ▶", timeout=SLOW)
    page.locator("[data-status=idle]").first.wait_for(state="attached", timeout=SLOW)
    page.get_by_role("button", name=re.compile("run all", re.IGNORECASE)).first.tap()
    page.get_by_role("button", name="Confirm Kernel Restart").tap()
    panel.locator(".unp-stops").first.wait_for(timeout=SLOW)
    page.wait_for_function(FINISHED, timeout=SLOW)
    stepper = cell(panel, "lab.stepper(canary)")
    stepper.locator(".unp-next-call").tap()
    expect(stepper.locator(".unp-stage")).to_contain_text("mkdir")
    card = cell(panel, 'lab.card("p-just-looking")')
    card.locator("label").first.tap()
    card.get_by_role("button", name="Check").tap()
    expect(card.locator(".unp-reply")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
