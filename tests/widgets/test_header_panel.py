"""The header panel: five views that agree, one cursor, answers that are kept, and kind words for every damaged file."""

from __future__ import annotations

import base64
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from unpickled.errors import SandboxError, ScanError
from unpickled.pickles import record
from unpickled.restricted import WeightsOnly
from unpickled.sandbox import wall
from unpickled.specimens import write
from unpickled.weights import Contents, Inspection, Risk, Tensor, identify, read_pickle
from unpickled.widgets import HeaderPanel, QuizCard, ScanPanel, Stepper, material, to_page
from unpickled.widgets import header_panel as panels
from unpickled.widgets import sheet as sheets

from .live import Live
from .samples import ITEM, canary, long_one, stacked
from .test_access import _no_violation, _outside
from .test_scan import answer

NAMES = (
    "torch-canary",
    "safetensors",
    "joblib-zlib",
    "truncated",
    "pickle-as-safetensors",
    "npz-objects",
)
TORCH, SAFE, ZLIB, CUT, IMPOSTOR, NPZ = (str(number) for number in range(1, 7))
CHILD = "bubblewrap: no network"
REBUILDS = b"\x80\x02ccollections\nOrderedDict\n)R."
RED = """() => {
  const probe = document.createElement("span");
  probe.style.color = "var(--unp-call)";
  document.querySelector(".unp").append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}"""


def inspected(path: Path) -> Inspection:
    """What the child would tell, without its cost; the child itself is tested with `inspect`."""
    if path.name.startswith("truncated"):
        raise ScanError(str(path), f"{path} breaks off", "Do not load it.")
    found = Contents(
        (("version", "3"), ("long", "x" * 900)),
        (Tensor("layer.weight", "float32", (2, 3), 24), Tensor("odd", "object", (), None)),
        2,
        (Risk("pickle", "archive/data.pkl", "A pickle."), Risk("name", "", "said already")),
    )
    return Inspection(str(path), path.stat().st_size, identify(path), found, CHILD)


def loaded(path: Path) -> WeightsOnly:
    """A stand-in for the restricted loader: it goes by the file's name."""
    if path.suffix == ".joblib":
        raise SandboxError(
            "the sandbox", "bubblewrap is not installed, so nothing is run", "Get it."
        )
    if path.suffix == ".safetensors":
        return WeightsOnly(str(path), "loaded", tensors=1, others=("epoch: int",), isolation=CHILD)
    named = {"error": "UnpicklingError", "named": "os.mkdir"}
    message = f"it imports os.mkdir, which {path} may not"
    return WeightsOnly(str(path), "refused", message=message, isolation=CHILD, seconds=0.5, **named)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("material")
    return [write(name, folder, marker=folder / "canary") for name in NAMES]


@pytest.fixture(autouse=True)
def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "inspect", inspected)


@pytest.fixture
def panel(files: list[Path]) -> HeaderPanel:
    return HeaderPanel(files, scan=answer, load=loaded)


@pytest.fixture
def full(panel: HeaderPanel) -> HeaderPanel:
    """Everything looked at, and everything asked of the first two files."""
    for number in (SAFE, ZLIB, CUT, IMPOSTOR, NPZ, TORCH):
        panel.look(number)
    for number in (TORCH, SAFE):
        panel.ask("verdicts", number)
        panel.ask("loads", number)
    panel.ask("loads", ZLIB)
    return panel


def messages(panel: HeaderPanel) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []
    panel.send = lambda content, buffers=None: heard.append(content)  # type: ignore[method-assign]
    return heard


# In Python


def test_a_sheet_holds_what_the_five_views_need(panel: HeaderPanel, files: list[Path]) -> None:
    """Format, header, regions without a hole, the pickle's place, and its bytes as they are in the file."""
    sheet = panel.sheets[TORCH]
    data = files[0].read_bytes()
    assert (sheet["name"], sheet["size"]) == ("torch-canary.pt", len(data))
    assert sheet["label"] == "PyTorch file (zip)"
    assert sheet["contents"]["tensors"][0]["shape"] == [2, 3]
    assert sheet["contents"]["risks"] == [
        {"kind": "pickle", "where": "archive/data.pkl", "text": "A pickle."}
    ]
    assert len(sheet["contents"]["metadata"][1][1]) == 400
    pickle = sheet["pickle"]
    wanted = read_pickle(files[0]).data
    assert data[pickle["base"] : pickle["base"] + pickle["end"]] == wanted
    (region,) = (one for one in sheet["regions"] if one["role"] == "pickle")
    assert (region["start"], region["end"]) == (pickle["base"], pickle["base"] + pickle["end"])
    for window in sheet["windows"]:
        cut = base64.b64decode(window["bytes"])
        assert data[window["start"] : window["start"] + len(cut)] == cut


def test_a_compressed_pickle_is_a_layer_of_its_own(full: HeaderPanel, files: list[Path]) -> None:
    """Its bytes are not in the file, so they are sent apart; one stored in a zip is found behind npy's header."""
    pickle = full.sheets[ZLIB]["pickle"]
    assert pickle["base"] == -1
    (window,) = pickle["windows"]
    assert base64.b64decode(window["bytes"]).startswith(read_pickle(files[2]).data)
    npz = full.sheets[NPZ]
    assert files[5].read_bytes()[npz["pickle"]["base"] :][:1] == b"\x80"
    assert "labels.npy: pickle" in [region["label"] for region in npz["regions"]]


def test_a_quiet_pickle_does_not_stand_before_a_call(tmp_path: Path) -> None:
    """Of several pickles the first that calls code is shown, and the others are named."""
    pickle = HeaderPanel([write("tar-canary", tmp_path)]).sheets["1"]["pickle"]
    assert any("os.mkdir" in (call or "") for call in pickle["columns"]["steps"]["calls"])
    assert "this is pickle. Also in it: storages, tensors" in pickle["notice"]


def test_a_call_that_rebuilds_does_not_stand_before_a_foreign_one(tmp_path: Path) -> None:
    """Of two pickles that call something, the one is shown whose call has no part in rebuilding data."""
    path = tmp_path / "two.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.pkl", REBUILDS)
        archive.writestr("b.pkl", canary())
    pickle = HeaderPanel([path]).sheets["1"]["pickle"]
    assert (pickle["where"], pickle["foreign"]) == ("b.pkl", ["posix.mkdir"])


def test_calls_are_told_apart_by_what_the_checks_know(panel: HeaderPanel, tmp_path: Path) -> None:
    """What rebuilds a tensor is set apart from what has no part in it; what is not known has none."""
    pickle = panel.sheets[TORCH]["pickle"]
    calls = pickle["columns"]["steps"]["calls"]
    assert pickle["foreign"] == ["os.mkdir"]
    assert {calls[step].split("(")[0] for step in pickle["rebuilding"]} == {
        "torch._utils._rebuild_tensor_v2",
        "collections.OrderedDict",
    }
    (tmp_path / "odd.pkl").write_bytes(b"\x80\x02ctorch._utils\n_rebuild_odd\n)R.")
    odd = HeaderPanel([tmp_path / "odd.pkl"]).sheets["1"]["pickle"]
    assert (odd["rebuilding"], odd["foreign"]) == ([], ["torch._utils._rebuild_odd"])


def test_the_browser_is_told_no_path(full: HeaderPanel, files: list[Path]) -> None:
    """Neither sheets, answers, problems nor errors say where a file lies."""
    for number, path in enumerate(files, start=1):
        full.ask("loads", str(number))
        full.ask("verdicts", str(number))
        state = json.dumps(full.snapshot())
        assert str(path) not in state
    assert full.sheets[CUT]["problem"] == "Truncated.pkl breaks off. Do not load it." or (
        full.sheets[CUT]["problem"] == "truncated.pkl breaks off. Do not load it."
    )
    assert "torch-canary.pt may not" in full.loads[TORCH]["message"]
    files_gone = HeaderPanel([files[0].parent / "gone.pt"])
    assert files_gone.error == "gone.pt: There is no such file. Check the path."
    assert files_gone.sheets == {}


def test_a_large_file_is_never_sent_whole(tmp_path: Path) -> None:
    """Of 3 GB of numbers a few hundred bytes go to the browser; of a long pickle every opcode, but no long text."""
    path = tmp_path / "large.npy"
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n"
    with path.open("wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
        file.truncate(3 << 30)
    state = HeaderPanel([path]).snapshot()
    assert state["sheets"]["1"]["size"] == 3 << 30
    assert len(json.dumps(state)) < 20_000
    long = tmp_path / "long.pkl"
    long.write_bytes(b"\x80\x04B" + (9 << 20).to_bytes(4, "little") + bytes(9 << 20) + b".")
    told = HeaderPanel([long]).snapshot()
    assert len(json.dumps(told)) < 20_000
    assert told["sheets"]["1"]["windows"][-1]["start"] > (9 << 20) - 100


def test_a_file_over_a_limit_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More opcodes than are recorded: the steps up to there, and the sentence; never an exception."""
    few = material.LIMITS._replace(opcodes=1_000)
    monkeypatch.setattr(material, "LIMITS", few)
    path = tmp_path / "long.pkl"
    path.write_bytes(long_one(3_000))
    pickle = HeaderPanel([path]).sheets["1"]["pickle"]
    assert len(pickle["columns"]["steps"]["offset"]) == 1_000
    assert "Only the first 1,000 steps" in pickle["columns"]["error"]["remedy"]


def test_the_oldest_sheets_are_forgotten(
    panel: HeaderPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept, sent and saved stays bounded, and the file in view stays."""
    monkeypatch.setattr(panels, "_KEPT", len(json.dumps(panel.sheets[TORCH])) + 10)
    panel.look(SAFE)
    assert list(panel.sheets) == [SAFE]


def test_messages_name_files_by_number(panel: HeaderPanel) -> None:
    """An unknown number and an upload over the limit are refused in words; an upload is taken, and looked at."""
    heard = messages(panel)
    panel._on_message(panel, {"type": "loads", "file": "77"}, [])
    assert "not known here any more" in heard[-1]["text"]
    panel.file_limit = 10
    panel._on_message(panel, {"type": "open", "name": "a"}, [memoryview(bytes(11))])
    assert "at most 10" in heard[-1]["text"]
    panel.file_limit = 1_000
    panel._on_message(panel, {"type": "open", "name": "../../mine.bin"}, [memoryview(stacked())])
    assert heard[-1] == {"type": "heard"}
    assert panel.sheets[panel.chosen]["name"] == "mine.bin"
    assert panel.busy == {}


def test_without_bubblewrap_nothing_is_loaded(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The view says what is missing; the real loader is not started."""
    monkeypatch.setattr(wall, "problem", lambda: "bubblewrap is not installed")
    panel = HeaderPanel(files[:1])
    panel.ask("loads", TORCH)
    told = panel.loads[TORCH]["problem"]
    assert told.startswith("Bubblewrap is not installed, so untrusted code is not run. Nothing was")
    assert "--unsafe" not in told
    assert "outcome" not in panel.loads[TORCH]


def test_a_panel_of_nothing_can_be_opened() -> None:
    """Without a file the panel is there, for a learner's own."""
    panel = HeaderPanel()
    assert (panel.files, panel.sheets, panel.error) == ([], {}, "")


# In the browser


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One page for all tests of this module; whatever goes wrong on it fails the last of them."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 1000}, offline=True, reduced_motion="reduce"
    )
    page = context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda line: line.type == "error" and trouble.append(line.text))
    yield page
    context.close()
    assert not trouble


Open = Callable[..., Page]


@pytest.fixture
def saved(page: Page, tmp_path: Path) -> Open:
    """Open a panel as a saved page, without a kernel."""

    def open_page(panel: HeaderPanel, tab: str = "", number: str = "") -> Page:
        if number:
            panel.chosen = number
        target = tmp_path / "page.html"
        target.write_text(to_page(panel, theme="light"), encoding="utf-8")
        page.set_viewport_size({"width": 1280, "height": 1000})
        page.goto(target.as_uri())
        if tab:
            page.get_by_role("tab", name=tab).click()
        return page

    return open_page


@pytest.fixture
def live(page: Page, panel: HeaderPanel, tmp_path: Path) -> Live:
    """The panel with its Python object behind it."""
    return Live(panel, page, tmp_path / "live.html")


@pytest.mark.browser
def test_tabs_follow_the_aria_pattern(saved: Open, full: HeaderPanel) -> None:
    """One stop of Tab, arrows and ends move along without opening, Enter opens; panels carry their tabs' names."""
    page = saved(full)
    tabs = page.get_by_role("tab")
    assert tabs.all_inner_texts() == ["Hex", "Opcodes", "Stack", "Verdicts", "weights_only"]
    assert page.locator("[role=tab][tabindex='0']").count() == 1
    tabs.first.focus()
    for key, name in [
        ("ArrowRight", "Opcodes"),
        ("End", "weights_only"),
        ("ArrowRight", "Hex"),
        ("ArrowLeft", "weights_only"),
        ("Home", "Hex"),
        ("ArrowRight", "Opcodes"),
    ]:
        page.keyboard.press(key)
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.get_by_role("tab", name="Hex")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Opcodes")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tabpanel", name="Opcodes")).to_be_visible()
    assert page.get_by_role("tabpanel").count() == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('[role=tabpanel]') !== null")


@pytest.mark.browser
def test_one_cursor_for_bytes_opcodes_and_stack(
    saved: Open, full: HeaderPanel, files: list[Path]
) -> None:
    """A row of Opcodes is the bytes of Hex and the state of Stack, at every call and import of the trace."""
    trace = record(read_pickle(files[0]).data)
    base = full.sheets[TORCH]["pickle"]["base"]
    page = saved(full, "Opcodes")
    page.locator(".unp-ops").focus()
    for step in [one.index for one in trace.steps if one.calls or one.imports][-4:]:
        page.get_by_role("tab", name="Opcodes").click()
        page.get_by_role("slider", name="Step").fill(str(step))
        row = page.locator(".unp-op[aria-selected=true]")
        expect(row).to_have_attribute("aria-posinset", str(step + 1))
        page.get_by_role("tab", name="Hex").click()
        marked = page.locator(".unp-hex-bytes .unp-byte-op, .unp-hex-bytes .unp-byte-arg")
        shown = bytes.fromhex("".join(marked.all_inner_texts()))
        at = base + trace.steps[step].offset
        assert shown == files[0].read_bytes()[at : at + trace.steps[step].size][: len(shown)]
        assert shown
        page.get_by_role("tab", name="Stack").click()
        stack = page.locator(".unp-pane-stack .unp-entry:not([data-word=taken]) code")
        assert stack.all_inner_texts() == list(reversed(trace.stack(step)))


@pytest.mark.browser
def test_calls_are_red_outlined_and_said(saved: Open, full: HeaderPanel) -> None:
    """The row of a call says 'calls code', and has an outline and a colour beside."""
    page = saved(full, "Opcodes")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Last step").click()
    row = page.locator(".unp-op[data-kind=call]:not([aria-selected=true])").last
    expect(row).to_contain_text("calls code")
    expect(row).to_contain_text("os.mkdir")
    assert "inset" in row.evaluate("n => getComputedStyle(n).boxShadow")


@pytest.mark.browser
def test_a_pickle_that_only_rebuilds_data_is_not_red(
    saved: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Badge, button, card and rows say in words that it calls, to rebuild; none has the colour or shape of a call."""
    risk = Contents((), (), 0, (Risk("pickle", "", "A pickle."),))
    monkeypatch.setattr(sheets, "inspect", lambda path: replace(inspected(path), contents=risk))
    path = tmp_path / "fine.pkl"
    path.write_bytes(REBUILDS)
    page = saved(HeaderPanel([path]), "Opcodes")
    expect(page.locator(".unp-chips")).to_contain_text("rebuilds data by 1 call")
    press = page.get_by_role("button", name="Next rebuild")
    press.click()
    expect(page.locator(".unp-now")).to_contain_text(
        "calls to rebuild data collections.OrderedDict"
    )
    expect(page.get_by_role("status")).to_contain_text("REDUCE, calls to rebuild data:")
    page.get_by_role("button", name="First step").click()
    expect(page.locator(".unp-op[data-kind=rebuild]")).to_contain_text("calls to rebuild")
    expect(page.locator(".unp-sum-risks li")).to_have_count(1)
    expect(page.locator(".unp-sum-risks [data-sharp]")).to_have_count(0)
    expect(page.locator(".unp-icon-call")).to_have_count(0)
    expect(page.locator("[data-kind=call]")).to_have_count(0)
    red = page.evaluate(RED)
    inks = page.locator(".unp-chip, .unp-next-call, .unp-op, .unp-mark").evaluate_all(
        "ns => ns.flatMap((n) => [getComputedStyle(n).color, getComputedStyle(n).borderTopColor])"
    )
    assert inks
    assert red not in inks


@pytest.mark.browser
def test_a_foreign_call_stands_out_by_name(saved: Open, full: HeaderPanel) -> None:
    """The badge names it in red beside the neutral one, and the button jumps to it over calls that rebuild."""
    page = saved(full)
    chips = page.locator(".unp-chips .unp-chip")
    expect(chips.first).to_have_text("calls os.mkdir")
    expect(chips.nth(1)).to_have_text("rebuilds data by 4 calls")
    red = page.evaluate(RED)
    assert [chip.evaluate("n => getComputedStyle(n).color") == red for chip in chips.all()[:2]] == [
        True,
        False,
    ]
    press = page.get_by_role("button", name="Next call")
    assert press.evaluate("n => getComputedStyle(n).color") == red
    press.click()
    expect(page.locator(".unp-now")).to_contain_text("calls code os.mkdir")


@pytest.mark.browser
def test_a_byte_tells_its_field_and_its_step(saved: Open, full: HeaderPanel) -> None:
    """A click on a header's byte names the field; one in the pickle goes to its opcode, in all views."""
    page = saved(full)
    card = page.locator(".unp-now")
    expect(card).to_contain_text("signature")
    expect(card).to_contain_text("Here: byte 0 is 50")
    page.locator(".unp-hex-bytes .unp-role-text").first.click()
    expect(card).to_contain_text("name")
    expect(card).to_contain_text("archive/data.pkl")
    expect(page.locator(".unp-region[aria-selected=true]")).to_contain_text("name")
    page.locator(".unp-hex-bytes .unp-byte-imports").first.click(position={"x": 3, "y": 5})
    expect(card).to_contain_text("GLOBAL")
    expect(page.locator(".unp-counter")).not_to_have_text("1 / 61")
    expect(page.get_by_role("status")).to_contain_text("GLOBAL, imports torch._utils")
    page.get_by_role("tab", name="Stack").click()
    expect(page.locator(".unp-pane-stack .unp-entry").first).to_contain_text("_rebuild_tensor_v2")


@pytest.mark.browser
def test_bytes_and_map_are_walked_by_keys(saved: Open, full: HeaderPanel) -> None:
    """Arrows move the cursor by byte and line, and say what is there; the map goes by fields; `c` to the next call."""
    page = saved(full)
    page.locator(".unp-hex").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".unp-now")).to_contain_text("byte 1 is 4b")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".unp-now")).to_contain_text("CRC-32")
    expect(page.get_by_role("status")).to_contain_text("CRC-32")
    page.locator(".unp-regions").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".unp-now")).to_contain_text("size in the archive")
    selected = page.locator(".unp-region[aria-selected=true]")
    expect(selected).to_contain_text("size in the archive")
    assert page.locator(".unp-regions").get_attribute("aria-activedescendant") == (
        selected.get_attribute("id")
    )
    page.keyboard.press("End")
    expect(selected).to_contain_text("end of the directory")
    expect(page.locator(".unp-now")).to_contain_text("22 bytes")
    page.keyboard.press("ArrowUp")
    expect(selected).to_contain_text("serialization_id: entry of the directory")
    page.keyboard.press("ArrowDown")
    expect(selected).to_contain_text("signature")
    page.keyboard.press("ArrowUp")
    expect(selected).to_contain_text("serialization_id: entry of the directory")
    page.locator(".unp-hex").focus()
    page.keyboard.press("c")
    expect(page.locator(".unp-now")).to_contain_text("calls code")
    expect(page.locator(".unp-byte-cursor").first).to_be_visible()


@pytest.mark.browser
def test_folds_are_named_and_stepped_over(saved: Open, tmp_path: Path) -> None:
    """What is not sent is one line that says how much it is; the cursor goes across."""
    path = tmp_path / "a.npy"
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n"
    path.write_bytes(
        b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(9_000)
    )
    page = saved(HeaderPanel([path]))
    page.locator(".unp-hex").focus()
    here = page.locator(".unp-now-text")
    shown = []
    for _ in range(5):
        page.keyboard.press("PageDown")
        for fold in page.locator(".unp-hex-fold .unp-hex-bytes").all():
            shown.append(fold.inner_text())
            assert fold.evaluate("it => getComputedStyle(it).wordSpacing") == "0px"
    assert any("bytes are not shown" in text for text in shown)
    expect(here).to_contain_text(f"byte {path.stat().st_size - 1:,} is 00")
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")
    assert int(here.inner_text().split("byte ")[1].split()[0].replace(",", "")) < 400


@pytest.mark.browser
def test_a_file_without_a_pickle_says_what_it_has(saved: Open, full: HeaderPanel) -> None:
    """Opcodes and Stack say that there is none, and name the parts that stand in its place."""
    page = saved(full, "Opcodes", SAFE)
    expect(page.locator(".unp-none")).to_contain_text("There is no pickle in it")
    expect(page.locator(".unp-none")).to_contain_text("In its place the file has, in this order:")
    expect(page.locator(".unp-none-parts li")).to_have_count(3)
    expect(page.locator(".unp-none-parts")).to_contain_text("header: JSON")
    expect(page.locator(".unp-controls")).to_be_hidden()
    page.get_by_role("tab", name="Stack").click()
    expect(page.locator(".unp-none")).to_be_visible()
    page.get_by_role("tab", name="Hex").click()
    expect(page.locator(".unp-now")).to_contain_text("length of the JSON")


@pytest.mark.browser
def test_a_compressed_pickle_has_its_own_bytes(saved: Open, full: HeaderPanel) -> None:
    """The file's bytes and the pickle's stand behind two buttons; stepping shows the pickle's."""
    page = saved(full, "", ZLIB)
    file, pickle = page.locator(".unp-layers button").all()
    expect(file).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".unp-now")).to_contain_text("zlib")
    page.get_by_role("button", name="Next call").click()
    expect(pickle).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".unp-hex-bytes .unp-byte-op")).to_have_text("52")
    file.click()
    expect(page.locator(".unp-hex-bytes .unp-byte-op")).to_have_count(0)
    expect(page.locator(".unp-now")).to_contain_text("zlib")


@pytest.mark.browser
def test_a_broken_file_is_told_in_one_sentence(saved: Open, full: HeaderPanel) -> None:
    """The header's problem and the trace's fault are sentences; what can be seen is there."""
    page = saved(full, "", CUT)
    expect(page.locator(".unp-sum .unp-notice")).to_contain_text("breaks off. Do not load it.")
    expect(page.locator(".unp-stopped")).to_contain_text("Reading stopped at byte 14")
    expect(page.locator(".unp-regions")).to_contain_text("not read: here the pickle breaks off")
    page.get_by_role("tab", name="Opcodes").click()
    expect(page.locator(".unp-op[role=option]")).to_have_count(4)


@pytest.mark.browser
def test_the_head_says_what_the_file_is(saved: Open, full: HeaderPanel) -> None:
    """Format by content, the name's other claim, size, tensors, metadata, risks, and where it was read."""
    page = saved(full, "", IMPOSTOR)
    head = page.locator(".unp-sum")
    expect(head.locator(".unp-sum-format")).to_have_text("raw pickle")
    expect(head.locator(".unp-sum-claim")).to_contain_text("The name ends in .safetensors")
    expect(head.locator(".unp-sum-facts")).to_have_text(re.compile(r"^\d+ bytes · 2 tensors$"))
    expect(head.locator(".unp-sum-risks li")).to_have_text(["archive/data.pkl A pickle."])
    expect(head.locator(".unp-sum-how")).to_contain_text(CHILD)
    head.get_by_text("Tensors: 2").click()
    expect(head.get_by_role("group", name="Tensors: 2")).to_contain_text("float32 [2, 3]")


@pytest.mark.browser
def test_answers_are_asked_once_and_kept(live: Live) -> None:
    """Opening Verdicts asks Python, with a bar meanwhile; opening it again does not; each file has its own answer."""
    page = live.page
    page.get_by_role("tab", name="Verdicts").click()
    expect(page.locator("[role=tabpanel] .unp-scanning")).to_be_visible()
    expect(page.locator(".unp-header")).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("status")).to_have_text("Both scanners read the file …")
    live.pump()
    expect(page.locator(".unp-verdict")).to_contain_text("torch-canary.pt")
    expect(page.locator(".unp-note").last).to_contain_text("What it left out")
    expect(page.locator(".unp-header")).to_have_attribute("aria-busy", "false")
    page.get_by_role("tab", name="Hex").click()
    page.get_by_role("tab", name="Verdicts").click()
    assert not [one for one in live.pump() if "content" in one]
    page.get_by_label("model.safetensors").check()
    asked = [one["content"]["type"] for one in live.pump() if "content" in one]
    asked += [one["content"]["type"] for one in live.pump() if "content" in one]
    assert asked == ["look", "verdicts"]
    expect(page.locator(".unp-verdict")).to_contain_text("model.safetensors")


@pytest.mark.browser
def test_what_is_asked_meanwhile_is_asked_then(live: Live) -> None:
    """A tab that is opened while Python works gets its answer when Python is free."""
    page = live.page
    page.get_by_role("tab", name="Verdicts").click()
    page.get_by_role("tab", name="weights_only").click()
    live.pump()
    page.evaluate("receive({ busy: { what: 'verdicts', file: '1' } }, [])")
    page.evaluate("receive({ busy: {} }, [])")
    live.pump()
    expect(page.locator(".unp-load")).to_have_attribute("data-outcome", "refused")


@pytest.mark.browser
def test_silence_and_refusal_are_explained(live: Live) -> None:
    """No answer, and a file that is not known any more, are sentences; the panel can be used again."""
    page = live.page
    page.clock.install()
    page.get_by_role("tab", name="weights_only").click()
    page.clock.fast_forward(10_000)
    expect(page.get_by_role("alert")).to_contain_text("Python has not answered yet.")
    page.get_by_role("button", name="Ask now").click()
    live.widget._shelf.paths.clear()  # type: ignore[attr-defined]
    live.pump()
    expect(page.get_by_role("alert")).to_contain_text("not known here any more")
    expect(page.locator(".unp-header")).to_have_attribute("aria-busy", "false")


@pytest.mark.browser
def test_a_learners_own_file_is_shown(live: Live) -> None:
    """A file from the browser joins the list and is looked at; one that is gone leaves a sentence."""
    page = live.page
    page.locator("input[type=file]").set_input_files(
        [{"name": "mine.bin", "mimeType": "", "buffer": canary()}]
    )
    page.wait_for_function("sent.some((one) => one.content)")
    live.pump()
    expect(page.get_by_label("mine.bin")).to_be_checked()
    expect(page.locator(".unp-sum-name")).to_have_text("mine.bin")
    live.widget._shelf.paths[SAFE] = Path("/nowhere/gone.pt")  # type: ignore[attr-defined]
    page.get_by_label("model.safetensors").check()
    live.pump()
    expect(page.get_by_role("alert")).to_contain_text("gone.pt: There is no such file.")
    expect(page.locator(".unp-header-body")).to_be_hidden()


@pytest.mark.browser
def test_weights_only_is_told_in_full(saved: Open, full: HeaderPanel) -> None:
    """Refused at a name, loaded with what came back, not loaded for want of bubblewrap: each with its words."""
    page = saved(full, "weights_only")
    card = page.locator(".unp-load")
    expect(card.locator(".unp-load-named")).to_have_text("os.mkdir")
    expect(card).to_contain_text("UnpicklingError")
    expect(card).to_contain_text(CHILD)
    expect(card).to_contain_text("0.50 s")
    page.get_by_label("model.safetensors").check()
    expect(card).to_contain_text("It came back with 1 tensor and 1 other value.")
    expect(card).to_contain_text("epoch: int")
    page.get_by_label("joblib-zlib").check()
    expect(card).to_have_count(0)
    expect(page.get_by_role("tabpanel")).to_contain_text("Bubblewrap is not installed")


@pytest.mark.browser
def test_a_saved_page_shows_what_was_computed(saved: Open, full: HeaderPanel) -> None:
    """Without a kernel the computed views stay, and the others say what is missing."""
    del full.sheets[NPZ]
    page = saved(full, "Verdicts")
    expect(page.locator(".unp-verdict")).to_be_visible()
    page.get_by_label("truncated.pkl").check()
    expect(page.locator(".unp-lacking")).to_contain_text("needs a running kernel")
    page.get_by_role("tab", name="Opcodes").click()
    expect(page.locator(".unp-op[role=option]").first).to_be_visible()
    page.get_by_label("npz-objects").check()
    expect(page.get_by_role("alert")).to_contain_text("needs a running kernel")
    expect(page.locator(".unp-header-body")).to_be_hidden()


@pytest.mark.browser
def test_names_out_of_a_file_are_text(saved: Open, tmp_path: Path) -> None:
    """A hostile tensor name is shown as it is, in the map and in the strip."""
    evil = "<img src=x onerror=alert(1)>"
    header = json.dumps({evil: {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}).encode()
    path = tmp_path / "evil.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0")
    page = saved(HeaderPanel([path]))
    expect(page.locator(".unp-regions")).to_contain_text(evil)
    assert page.locator("img").count() == 0


@pytest.mark.browser
def test_a_jump_in_ten_thousand_opcodes_is_a_frame(page: Page, tmp_path: Path) -> None:
    """In each linked view a jump costs 16 ms or less; on a busy machine, no more than it does in a short trace."""
    sizes = {"short": 400, "long": 10_000}
    for name, opcodes in sizes.items():
        (tmp_path / f"{name}.pkl").write_bytes(long_one(opcodes))
    shown = [HeaderPanel([tmp_path / f"{name}.pkl"]) for name in sizes]
    (tmp_path / "both.html").write_text(to_page(shown, theme="light"), encoding="utf-8")
    page.goto((tmp_path / "both.html").as_uri())
    for tab in ("Hex", "Opcodes", "Stack"):
        for button in page.get_by_role("tab", name=tab).all():
            button.click()
        short, long = page.evaluate(
            """() => {
              const views = [...document.querySelectorAll(".unp")].map((one) => one.parentElement.unpView.linked);
              const times = views.map(() => []);
              for (let round = 0; round < 15; round += 1)
                views.forEach((view, at) => {
                  const start = performance.now();
                  view.goStep(Math.floor(((round * 7) % 15) * view.machine.length / 15));
                  document.body.offsetHeight;
                  times[at].push(performance.now() - start);
                });
              return times.map((all) => all.sort((a, b) => a - b)[7]);
            }"""
        )
        assert long <= max(16, 2.5 * short), tab


LOOKS = """() => [...document.querySelector(".unp-header, .unp-stepper").querySelectorAll("*")].map((node) => {
  const style = getComputedStyle(node);
  const named = ["color", "backgroundColor", "borderTopColor", "fontWeight", "display", "padding", "gridTemplate"];
  return [node.getAttribute("class"), ...named.map((name) => style[name])].join(" ");
})"""


@pytest.mark.browser
def test_other_widgets_on_the_page_change_no_look(
    page: Page, full: HeaderPanel, tmp_path: Path
) -> None:
    """Each widget brings its sheet, in any order: panel and stepper look the same alone and before all others."""
    target = tmp_path / "page.html"
    full.tab = "opcodes"
    for shown in (full, Stepper(canary(), step=-6)):
        looks = []
        for others in ([], [QuizCard(ITEM)], [ScanPanel(), HeaderPanel(), Stepper(canary())]):
            target.write_text(to_page([shown, *others], theme="light"), encoding="utf-8")
            page.goto(target.as_uri())
            looks.append(page.evaluate(LOOKS))
        assert looks[0] == looks[1] == looks[2]


STATES = {
    "hex": ("Hex", SAFE),
    "opcodes": ("Opcodes", TORCH),
    "stack": ("Stack", TORCH),
    "verdicts": ("Verdicts", TORCH),
    "refused": ("weights_only", TORCH),
    "no wall": ("weights_only", ZLIB),
    "none": ("Opcodes", SAFE),
    "broken": ("Hex", CUT),
}


@pytest.mark.long
@pytest.mark.browser
def test_axe_finds_nothing_and_nothing_is_cut(saved: Open, full: HeaderPanel) -> None:
    """No axe violation in any state, light and dark; at no width a sideways scroll or a control outside."""
    page = saved(full)
    light, dark = (
        "document.documentElement.dataset.theme = 'light'",
        "document.documentElement.dataset.theme = 'dark'",
    )
    for name, (tab, number) in STATES.items():
        page.locator(f"input[value='{number}']").check()
        page.get_by_role("tab", name=tab).click()
        if name == "opcodes":
            page.get_by_role("button", name="Last step").click()
        page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        _no_violation(page)
        page.evaluate(dark)
        page.wait_for_function("document.querySelector('.unp').dataset.theme === 'dark'")
        _no_violation(page, runOnly=["color-contrast"])
        page.evaluate(light)
        for width in (800, 640, 360, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert (name, width, _outside(page), wide <= width) == (name, width, [], True)


CONTRASTS = """() => {
  const light = (channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);
  const of = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => light(Number(part) / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pane = document.querySelector(".unp-hex");
  return ["magic", "number", "text", "pickle", "data", "rest"].map((role) => {
    const probe = document.createElement("span");
    probe.className = `unp-byte unp-role-${role}`;
    pane.append(probe);
    const { color, backgroundColor } = getComputedStyle(probe);
    const paper = getComputedStyle(document.querySelector(".unp")).backgroundColor;
    const [a, b] = [of(color), of(backgroundColor.endsWith(" 0)") ? paper : backgroundColor)].sort((x, y) => y - x);
    return [role, (a + 0.05) / (b + 0.05)];
  });
}"""


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_kind_of_byte_can_be_read(
    page: Page, panel: HeaderPanel, tmp_path: Path, theme: str
) -> None:
    """Each role's ink has a contrast of 4.5 or more on its own ground."""
    (tmp_path / "page.html").write_text(to_page(panel, theme=theme), encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    found = dict(page.evaluate(CONTRASTS))
    assert len(found) == 6
    assert {role: ratio for role, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.browser
def test_no_key_leaves_and_focus_is_seen(saved: Open, full: HeaderPanel) -> None:
    """From every stop, `x` and `d` stay inside; each stop that Tab reaches draws an outline."""
    page = saved(full)
    page.evaluate(
        """() => {
          window.heard = [];
          for (const type of ["keydown", "keypress", "keyup"])
            document.addEventListener(type, (event) => event.key !== "Tab" && heard.push(event.key));
        }"""
    )
    seen: list[str] = []
    page.locator("body").click(position={"x": 2, "y": 2})
    for _ in range(30):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
              const node = document.activeElement;
              if (!node.closest(".unp")) return "";
              const drawn = (one) => one && getComputedStyle(one).outlineStyle !== "none";
              const outlined = [node, node.closest("label"), node.closest(".unp-pane")].some(drawn);
              return `${outlined ? "seen" : "unseen"} ${node.className || node.tagName}`;
            }"""
        )
        if not stop:
            break
        seen.append(stop)
        for key in ("x", "d", "d"):
            page.keyboard.press(key)
    assert page.evaluate("heard") == []
    assert len(seen) >= 11
    assert [stop for stop in seen if stop.startswith("unseen")] == []
