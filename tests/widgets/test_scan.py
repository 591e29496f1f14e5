"""The scan panel in a browser, with a stand-in for the scanners: busy, verdicts, failures, a learner's own file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from unpickled.errors import ScanError
from unpickled.scanners import FileReport, Finding, Report, Verdict
from unpickled.weights import identify
from unpickled.widgets import ScanPanel

from .conftest import Show
from .live import Live
from .samples import canary, stacked

pytestmark = pytest.mark.browser


def answer(path: Path) -> FileReport:
    if path.name == "broken":
        raise ScanError(path.name, "it is a folder", "Give a file.")
    bad = path.read_bytes() == canary()
    reports = (
        Report(
            scanner="picklescan",
            version="1.0.5",
            verdict=Verdict.DANGEROUS if bad else Verdict.CLEAN,
            findings=(Finding("posix", "mkdir", "archive/data.pkl"),) if bad else (),
            unlisted=(Finding("collections", "OrderedDict"),),
            seconds=0.018,
        ),
        Report(
            scanner="modelscan",
            version="0.8.8",
            verdict=Verdict.SKIPPED,
            seconds=1.4,
            note="It leaves out files whose ending it does not know.",
        ),
    )
    verdict = Verdict.DANGEROUS if bad else Verdict.SKIPPED
    advice = "Do not load it." if bad else "Nobody looked into all of it."
    return FileReport(
        path=str(path), format=identify(path), verdict=verdict, reports=reports, advice=advice
    )


@pytest.fixture
def panel(tmp_path: Path) -> ScanPanel:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "bad.pkl").write_bytes(canary())
    (folder / "good.pkl").write_bytes(stacked())
    return ScanPanel(folder, scan=answer, notes={"bad.pkl": "calls os.mkdir"})


@pytest.fixture
def live(browser: Browser, tmp_path: Path, panel: ScanPanel) -> Any:
    context = browser.new_context(offline=True)
    yield Live(panel, context.new_page(), tmp_path / "live.html")
    context.close()


def test_two_verdicts_stand_side_by_side(live: Live) -> None:
    """Chosen, scanned: each scanner's word, findings, version and seconds, and what it left out."""
    page = live.page
    page.get_by_label("bad.pkl").check()
    page.get_by_role("button", name="Scan").click()
    live.pump()
    one, other = page.locator(".unp-scanner").all()
    expect(one).to_contain_text("picklescan1.0.5 · 0.02 s")
    expect(one.locator(".unp-badge")).to_have_text("dangerous")
    assert one.locator("td").all_inner_texts() == ["posix", "mkdir", "archive/data.pkl"]
    expect(one.locator(".unp-unlisted")).to_contain_text("collections.OrderedDict")
    expect(other.locator(".unp-badge")).to_have_text("skipped")
    expect(other.locator(".unp-note")).to_contain_text(
        "It leaves out files whose ending it does not know."
    )
    left, right = one.bounding_box(), other.bounding_box()
    assert left
    assert right
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]
    expect(page.locator(".unp-verdict")).to_contain_text("bad.pkl")
    expect(page.locator(".unp-advice")).to_have_text("Do not load it.")
    expect(page.get_by_role("status")).to_contain_text("bad.pkl: dangerous")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "< 0.01 s"),
        (0.004, "< 0.01 s"),
        (0.0099, "< 0.01 s"),
        (0.01, "0.01 s"),
        (2.5, "2.50 s"),
    ],
)
def test_a_short_scan_did_not_take_no_time(show: Show, seconds: float, said: str) -> None:
    """A time under what is shown is told as such, not as zero."""
    reports = [
        {"scanner": "picklescan", "version": "1", "seconds": seconds, "verdict": "clean", "text": "none",
         "findings": [], "unlisted": [], "note": ""}
    ]  # fmt: skip
    told = {
        "name": "a.pkl",
        "verdict": "clean",
        "format": "",
        "text": "",
        "advice": "",
        "reports": reports,
    }
    page = show(ScanPanel(report=told))
    expect(page.locator(".unp-scanner-facts")).to_have_text(f"1 · {said}")


def test_skipped_never_looks_clean(live: Live) -> None:
    """One scanner's silence does not turn the file green."""
    page = live.page
    page.get_by_label("good.pkl").check()
    page.get_by_role("button", name="Scan").click()
    live.pump()
    expect(page.locator(".unp-verdict")).to_have_attribute("data-verdict", "skipped")
    expect(page.locator(".unp-verdict .unp-badge")).to_have_text("skipped")


def test_it_is_busy_while_python_scans(live: Live) -> None:
    """From the press on the panel is busy, says so, and takes no second press."""
    page = live.page
    page.get_by_role("button", name="Scan").click()
    expect(page.locator(".unp-scan")).to_have_attribute("aria-busy", "true")
    expect(page.locator(".unp-scanning")).to_have_text("Waiting for Python …")
    page.get_by_role("button", name="Scan").click(force=True)
    assert page.evaluate("sent.filter((one) => one.content).length") == 1
    page.evaluate("receive({ busy: 'bad.pkl' }, [])")
    expect(page.get_by_role("status")).to_have_text("Scanning bad.pkl with both scanners …")
    page.evaluate("receive({ busy: '' }, [])")
    live.pump()
    expect(page.locator(".unp-scan")).to_have_attribute("aria-busy", "false")
    expect(page.locator(".unp-scanning")).to_be_hidden()


def test_a_typed_path_is_scanned(live: Live, tmp_path: Path) -> None:
    """The path of any other file works, and takes precedence over the list."""
    (tmp_path / "other.pkl").write_bytes(canary())
    page = live.page
    page.get_by_role("textbox", name="Path of another file").fill(str(tmp_path / "other.pkl"))
    expect(page.locator("input[type=radio]:checked")).to_have_count(0)
    page.keyboard.press("Enter")
    live.pump()
    expect(page.locator(".unp-verdict")).to_contain_text("other.pkl")


def test_a_failure_is_said_kindly(live: Live) -> None:
    """What cannot be scanned is a sentence in an alert, and no verdict."""
    page = live.page
    page.get_by_role("textbox").fill("broken")
    page.keyboard.press("Enter")
    live.pump()
    expect(page.get_by_role("alert")).to_contain_text("broken: it is a folder. Give a file.")
    expect(page.locator(".unp-result")).to_be_hidden()


def test_a_learners_file_is_listed_and_chosen(live: Live) -> None:
    """A file from the browser joins the list, chosen, ready to scan."""
    page = live.page
    page.locator("input[type=file]").set_input_files(
        [{"name": "mine.pt", "mimeType": "", "buffer": canary()}]
    )
    page.wait_for_function("sent.length > 0")
    live.pump()
    expect(page.get_by_label("mine.pt")).to_be_checked()
    page.get_by_role("button", name="Scan").click()
    live.pump()
    expect(page.locator(".unp-verdict")).to_contain_text("mine.pt")
    expect(page.locator(".unp-verdict")).to_have_attribute("data-verdict", "dangerous")


def test_a_verdict_never_stands_under_another_file(live: Live, tmp_path: Path) -> None:
    """Another choice, a learner's own file or a typed path takes the old report away; its own file brings it back."""
    page = live.page
    page.get_by_label("good.pkl").check()
    page.get_by_role("button", name="Scan").click()
    live.pump()
    verdict = page.locator(".unp-verdict")
    expect(verdict).to_contain_text("good.pkl")
    page.get_by_label("bad.pkl").check()
    expect(page.locator(".unp-result")).to_be_hidden()
    expect(verdict).to_have_count(0)
    live.pump()
    page.get_by_label("good.pkl").check()
    expect(verdict).to_contain_text("good.pkl")
    field = page.get_by_role("textbox", name="Path of another file")
    field.fill("x")
    expect(verdict).to_have_count(0)
    field.fill("")
    expect(verdict).to_contain_text("good.pkl")
    page.locator("input[type=file]").set_input_files(
        [{"name": "mine.pt", "mimeType": "", "buffer": canary()}]
    )
    page.wait_for_function("sent.length > 0")
    live.pump()
    expect(page.get_by_label("mine.pt")).to_be_checked()
    expect(verdict).to_have_count(0)
    (tmp_path / "typed.pkl").write_bytes(stacked())
    field.fill(str(tmp_path / "typed.pkl"))
    field.press("Enter")
    live.pump()
    expect(verdict).to_contain_text("typed.pkl")
    field.fill(str(tmp_path / "typed.pk"))
    expect(verdict).to_have_count(0)


def test_the_typed_path_of_a_listed_file_is_that_file(live: Live, tmp_path: Path) -> None:
    """Its report stands, with the file of the list chosen."""
    page = live.page
    page.get_by_role("textbox").fill(str(tmp_path / "files" / "good.pkl"))
    page.keyboard.press("Enter")
    live.pump()
    expect(page.locator(".unp-verdict")).to_contain_text("good.pkl")
    expect(page.get_by_label("good.pkl")).to_be_checked()


def test_silence_from_python_is_explained(live: Live) -> None:
    """If no answer comes, the panel says what may be the matter and can be used again."""
    page = live.page
    page.clock.install()
    page.get_by_role("button", name="Scan").click()
    page.clock.fast_forward(10_000)
    expect(page.get_by_role("alert")).to_contain_text("Python has not answered yet.")
    expect(page.locator(".unp-scan")).to_have_attribute("aria-busy", "false")


def test_a_saved_page_shows_the_last_result(show: Show, panel: ScanPanel) -> None:
    """Without a kernel the last report is there, and a press says what is missing."""
    panel.scan(panel._shelf.paths["1"])
    page = show(panel)
    expect(page.locator(".unp-verdict")).to_contain_text("bad.pkl")
    expect(page.locator(".unp-saved")).to_contain_text("needs a running kernel")
    page.get_by_role("button", name="Scan").click()
    expect(page.get_by_role("alert")).to_contain_text("needs a running kernel")


def test_a_page_without_python_shows_what_was_recorded_of_each_file(
    show: Show, panel: ScanPanel, tmp_path: Path
) -> None:
    """A choice brings its report with the day; of one that has none it says so, in no alert; no other is asked for."""
    (tmp_path / "none.pkl").write_bytes(canary())
    panel = ScanPanel([*panel._shelf.paths.values(), tmp_path / "none.pkl"], scan=answer)
    reports = {}
    for number in ("1", "2"):
        panel.scan(panel._shelf.paths[number])
        reports[number] = panel.report
    panel.recorded = {"when": "2026-11-30", "reports": reports}
    page = show(panel)
    scan = page.get_by_role("button", name="Scan")
    for name, verdict in (
        ("bad.pkl", "dangerous"),
        ("good.pkl", "skipped"),
        ("bad.pkl", "dangerous"),
    ):
        page.get_by_label(name).check()
        expect(page.locator(".unp-verdict")).to_contain_text(name)
        scan.click()
        expect(page.locator(".unp-verdict")).to_have_attribute("data-verdict", verdict)
        expect(page.locator(".unp-scanner")).to_have_count(2)
        expect(page.locator(".unp-saved")).to_contain_text("Recorded on 30 November 2026")
        expect(page.get_by_role("status")).to_contain_text(f"{name}: {verdict}")
    page.get_by_label("none.pkl").check()
    scan.click()
    said = "No verdict of it was recorded; on a machine make learn scans it."
    expect(page.locator(".unp-result")).to_have_text(said)
    expect(page.get_by_role("status")).to_have_text(said)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".unp-path")).to_be_hidden()
    expect(page.locator(".unp-open")).to_be_hidden()


def test_with_python_nothing_recorded_is_shown(live: Live, panel: ScanPanel) -> None:
    """There a file is scanned, whatever was once said of it."""
    panel.scan(panel._shelf.paths["1"])
    told = {"when": "2026-11-30", "reports": {"2": {**panel.report, "file": "2"}}}
    live.push(act=lambda: setattr(panel, "recorded", told))
    page = live.page
    page.get_by_label("good.pkl").check()
    expect(page.locator(".unp-result")).to_be_hidden()
    expect(page.locator(".unp-path")).to_be_visible()
    expect(page.locator(".unp-open")).to_be_visible()


def test_findings_are_text(show: Show, tmp_path: Path) -> None:
    """Names out of a hostile pickle are shown as they are."""
    evil = "<img src=x onerror=alert(1)>"

    def scan(path: Path) -> FileReport:
        found = (Finding(evil, evil, evil),)
        reports = (
            Report(
                scanner="picklescan",
                version="1",
                verdict=Verdict.DANGEROUS,
                findings=found,
                note=evil,
            ),
        )
        return FileReport(
            path=str(path), format=None, verdict=Verdict.DANGEROUS, reports=reports, advice=evil
        )

    (tmp_path / "a.pkl").write_bytes(b".")
    panel = ScanPanel([tmp_path / "a.pkl"], scan=scan)
    panel.scan(tmp_path / "a.pkl")
    page = show(panel)
    assert page.locator("img").count() == 0
    assert page.locator("td").all_inner_texts() == [evil] * 3
