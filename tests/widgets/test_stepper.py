"""The stepper in a browser: every control, every key, faults, files, and speed of nothing but what is in view."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from unpickled.pickles import record
from unpickled.widgets import Stepper

from .conftest import Show
from .live import Live
from .samples import canary, long_one, stacked

pytestmark = pytest.mark.browser

TRACE = record(canary())
NAMES = [step.opcode for step in TRACE.steps]
CALLS = [step.index for step in TRACE.steps if step.calls]
LAST = len(TRACE) - 1


def at(page: Page, step: int, total: int = LAST + 1) -> None:
    """The whole widget stands on step `step`, counted from 0."""
    expect(page.locator(".unp-counter")).to_have_text(f"{step + 1} / {total}")
    current = page.locator(".unp-op[aria-selected=true]")
    expect(current).to_have_count(1)
    expect(current).to_have_attribute("aria-posinset", str(step + 1))


def in_view(page: Page, inner: str, pane: str) -> bool:
    """The element lies wholly inside what its pane shows."""
    script = """([inner, pane]) => {
      const a = document.querySelector(inner).getBoundingClientRect();
      const b = document.querySelector(pane).getBoundingClientRect();
      return a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
    }"""
    return bool(page.evaluate(script, [inner, pane]))


def words(entries: Locator) -> list[tuple[str, str]]:
    """Text and mark of each entry of a pane."""
    script = (
        "nodes => nodes.map((n) => [n.querySelector('code').textContent, n.dataset.word || ''])"
    )
    return [tuple(pair) for pair in entries.evaluate_all(script)]


def test_buttons_walk_through_the_trace(show: Show) -> None:
    """First, previous, next and last go where they say, and stop at both ends, where they are disabled."""
    page = show(Stepper(canary()))

    def disabled() -> list[str]:
        buttons = page.locator(".unp-step-buttons [aria-disabled=true]").all()
        return [button.get_attribute("aria-label") or button.inner_text() for button in buttons]

    at(page, 0)
    assert disabled() == ["First step", "Previous step"]
    page.get_by_role("button", name="Previous step").click(force=True)
    at(page, 0)
    page.get_by_role("button", name="Next").first.click()
    at(page, 1)
    page.get_by_role("button", name="Last step").click()
    at(page, LAST)
    assert disabled() == ["Next step", "Last step"]
    page.get_by_role("button", name="Next step").click(force=True)
    at(page, LAST)
    page.get_by_role("button", name="Previous step").click()
    at(page, LAST - 1)
    assert disabled() == []
    page.get_by_role("button", name="First step").click()
    at(page, 0)


@pytest.mark.parametrize("focus", [".unp-ops", ".unp-step-button", ".unp-slider"])
def test_keys_walk_through_the_trace(show: Show, focus: str) -> None:
    """Arrows, Home, End, Page keys and c work from the list, a button and the slider."""
    page = show(Stepper(canary()))
    page.locator(focus).first.focus()
    for key, expected in [
        ("ArrowRight", 1),
        ("ArrowRight", 2),
        ("ArrowLeft", 1),
        ("End", LAST),
        ("Home", 0),
    ]:
        page.keyboard.press(key)
        at(page, expected)
    down, up = ("ArrowUp", "ArrowDown") if focus == ".unp-slider" else ("ArrowDown", "ArrowUp")
    page.keyboard.press(down)
    at(page, 1)
    page.keyboard.press(up)
    at(page, 0)
    page.keyboard.press("c")
    at(page, CALLS[0])
    page.keyboard.press("Home")
    page.keyboard.press("PageUp" if focus == ".unp-slider" else "PageDown")
    assert page.locator(".unp-counter").inner_text() not in {"1 / 37", "2 / 37"}


@pytest.mark.parametrize("data", [canary(), pickle.dumps([1, 2])], ids=["with a call", "without"])
def test_the_slider_stands_level_with_its_buttons(show: Show, data: bytes) -> None:
    """Above it there is room for marks where there are marks, and none to push it down where there are not."""
    page = show(Stepper(data))
    middle = (
        "node => { const box = node.getBoundingClientRect(); return (box.top + box.bottom) / 2; }"
    )
    marked = page.locator(".unp-mark").count() > 0
    low = page.locator(".unp-slider").evaluate(middle) - page.locator(".unp-step-buttons").evaluate(
        middle
    )
    assert abs(low - 7.5 * marked) <= 1.5


def test_slider_names_its_step(show: Show) -> None:
    """The slider has a name, a value in words, and moves everything with it."""
    page = show(Stepper(canary()))
    slider = page.get_by_role("slider", name="Step")
    expect(slider).to_have_attribute("aria-valuetext", f"step 1 of {LAST + 1}: PROTO")
    slider.fill(str(CALLS[0]))
    at(page, CALLS[0])
    expect(slider).to_have_attribute("aria-valuetext", f"step {CALLS[0] + 1} of {LAST + 1}: REDUCE")


def test_every_step_shows_pythons_stack_and_memo(show: Show) -> None:
    """Walking on with the arrow key, both panes hold at each step what the trace says."""
    page = show(Stepper(canary()))
    page.locator(".unp-ops").focus()
    for step in range(LAST + 1):
        stack = words(page.locator(".unp-pane-stack .unp-entry"))
        assert [text for text, word in stack if word != "taken"] == list(
            reversed(TRACE.stack(step))
        )
        memo = page.locator(".unp-pane-memo .unp-entry")
        shown = memo.evaluate_all(
            "ns => ns.map((n) => [n.firstChild.textContent, n.querySelector('code').textContent])"
        )
        assert {int(key): text for key, text in shown} == dict(TRACE.memo(step))
        assert in_view(page, ".unp-op[aria-selected=true]", ".unp-ops")
        assert in_view(page, ".unp-hex .unp-byte-op", ".unp-hex")
        page.keyboard.press("ArrowRight")


def test_what_a_step_changed_is_said_in_words(show: Show) -> None:
    """New, taken and changed entries of the stack and stored ones of the memo carry the word."""
    page = show(Stepper(pickle.dumps([1, (2,)], 2)))
    names = [step.opcode for step in record(pickle.dumps([1, (2,)], 2)).steps]
    slider = page.get_by_role("slider")
    slider.fill(str(names.index("TUPLE1")))
    stack = page.locator(".unp-pane-stack .unp-entry")
    assert words(stack)[:2] == [("(2,)", "new"), ("2", "taken")]
    slider.fill(str(names.index("APPENDS")))
    assert words(stack)[-1] == ("[1, (2,)]", "changed")
    assert [word for _, word in words(stack)] == ["taken", "taken", "taken", "changed"]
    slider.fill(str(names.index("BINPUT")))
    assert words(page.locator(".unp-pane-memo .unp-entry")) == [("[]", "stored")]


def test_a_call_is_red_and_says_so(show: Show) -> None:
    """On REDUCE the card says "calls code", what is called and with what, and so does its row."""
    page = show(Stepper(canary(), step=CALLS[1]))
    card = page.locator(".unp-now")
    expect(card).to_have_attribute("data-kind", "call")
    expect(card).to_contain_text("calls code")
    expect(card.locator(".unp-now-target")).to_have_text("posix.mkdir('/tmp/unpickled-canary')")
    row = page.locator(".unp-op[aria-selected=true]")
    expect(row).to_contain_text("calls code")
    red = row.evaluate("n => getComputedStyle(n).backgroundColor")
    assert red == card.evaluate("n => getComputedStyle(n).backgroundColor")
    r, g, b = map(int, re.findall(r"\d+", red)[:3])
    assert r > 2 * g
    assert r > 2 * b
    assert card.evaluate("n => getComputedStyle(n).outlineStyle") == "solid"
    drawn = row.evaluate("n => getComputedStyle(n).boxShadow")
    frame = re.match(r"rgb\((\d+), (\d+), (\d+)\) 0px 0px 0px (\d+)px inset$", drawn)
    assert frame, drawn  # the row's outline: a second sign beside the colour
    assert int(frame[4]) >= 2
    assert max(map(int, frame.groups()[:3])) < 64, "ink on red"


def test_an_import_is_marked_in_another_way(show: Show) -> None:
    """On STACK_GLOBAL the card says "imports" and the name; no step between says anything."""
    page = show(Stepper(canary(), step=NAMES.index("STACK_GLOBAL")))
    card = page.locator(".unp-now")
    expect(card).to_have_attribute("data-kind", "imports")
    expect(card).to_contain_text("imports collections.OrderedDict")
    page.get_by_role("button", name="Next step").click()
    expect(card).not_to_have_attribute("data-kind", re.compile(".*"))
    expect(card).not_to_contain_text("imports")


def test_next_call_jumps_and_says_when_none_is_left(show: Show) -> None:
    """The button goes from call to call, and then says that there is none left."""
    page = show(Stepper(canary()))
    button = page.locator(".unp-next-call")
    for step in CALLS:
        expect(button).to_have_text("Next call")
        button.click()
        at(page, step)
    expect(button).to_have_text("No call left")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    at(page, CALLS[-1])
    expect(page.get_by_role("status")).to_have_text("No call is left ahead.")


def test_a_pickle_that_calls_nothing_says_so(show: Show) -> None:
    """Harmless data is told apart at a glance."""
    page = show(Stepper(pickle.dumps({"a": 1})))
    expect(page.locator(".unp-chip")).to_have_text("imports and calls nothing")
    expect(page.locator(".unp-next-call")).to_have_text("No call")


HIDDEN = (
    b"\x80\x02" + b"N0" * 30_000 + canary()[2:]
)  # its calls lie behind the last step that is shown


@pytest.mark.parametrize("data", [HIDDEN, b"\x80\x02N0N0"], ids=["over the limit", "cut off"])
def test_a_pickle_not_read_to_its_end_is_not_called_clean(show: Show, data: bytes) -> None:
    """Where reading stopped early, nothing found is no good news: no green tick, and each claim is on the part read."""
    page = show(Stepper(data))
    expect(page.locator(".unp-chip[data-kind=fine]")).to_have_count(0)
    expect(page.locator(".unp-chip[data-kind=unread]")).to_have_text(
        "not read to its end: no import or call up to there"
    )
    button = page.locator(".unp-next-call")
    expect(button).to_have_text("No call in the part read")
    expect(button).to_have_attribute("title", "No step ahead, in the part read, calls code")
    page.locator(".unp-ops").focus()
    page.keyboard.press("c")
    expect(page.get_by_role("status")).to_have_text("No call in the part that was read.")


def test_a_cut_off_pickle_that_calls_says_both(show: Show) -> None:
    """What was found before the fault is told, and that it may not be all."""
    page = show(Stepper(canary()[:-1], step=-1))
    expect(page.locator(".unp-chip[data-kind=call]")).to_have_text(f"calls code: {len(CALLS)}")
    expect(page.locator(".unp-chip[data-kind=unread]")).to_have_text("not read to its end")
    expect(page.locator(".unp-next-call")).to_have_text("No call left in the part read")


def test_advice_over_the_limit_can_be_followed(show: Show) -> None:
    """A learner cannot raise the widget's limit, so the advice says how much is shown and what reads on."""
    notice = show(Stepper(HIDDEN)).locator(".unp-stopped")
    expect(notice).to_contain_text("there are more than 50000 opcodes")
    expect(notice).to_contain_text(
        "Only the first 50,000 steps are shown here. In a terminal, unpickled trace FILE reads on."
    )
    expect(notice.locator("code")).to_have_text("unpickled trace FILE")
    expect(notice).not_to_contain_text("raise the limit")


def test_hex_view_marks_opcode_and_argument(show: Show) -> None:
    """The bytes of the step are marked: one for the opcode, the rest as its argument; a click on a byte goes there."""
    step = NAMES.index("SHORT_BINUNICODE")
    page = show(Stepper(canary(), step=step))
    opcode, size = TRACE.steps[step].offset, TRACE.steps[step].size
    marked = ".unp-hex-bytes .unp-byte-op, .unp-hex-bytes .unp-byte-arg"
    texts = page.locator(marked).all_inner_texts()
    assert bytes.fromhex("".join(texts)) == canary()[opcode : opcode + size]
    expect(page.locator(".unp-hex-bytes .unp-byte-op")).to_have_count(1)
    page.locator(".unp-ops").focus()
    page.keyboard.press("End")
    page.get_by_role("slider").fill(str(LAST - 1))
    box = page.locator(".unp-hex-bytes .unp-byte").last.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    at(page, LAST)


def test_a_click_on_a_row_goes_to_its_step(show: Show) -> None:
    """Rows can be pressed."""
    page = show(Stepper(canary()))
    page.locator(".unp-op[aria-posinset='4']").click()
    at(page, 3)


def test_marks_on_the_track_lead_to_calls(show: Show) -> None:
    """The strip above the slider shows calls and imports where they are, and leads there."""
    page = show(Stepper(canary()))
    expect(page.locator(".unp-mark-call")).to_have_count(len(CALLS))
    page.locator(".unp-mark-call").first.click()
    at(page, CALLS[0])


def test_the_page_never_scrolls_by_itself(show: Show) -> None:
    """Stepping scrolls inside the panes only."""
    page = show(Stepper(long_one(2_000)), width=900, height=400)
    page.locator(".unp-ops").focus()
    page.evaluate("window.scrollTo(0, 40)")
    for key in ("End", "Home", "PageDown", "ArrowDown"):
        page.keyboard.press(key)
    assert page.evaluate("window.scrollY") == 40
    assert in_view(page, ".unp-op[aria-selected=true]", ".unp-ops")


def test_only_rows_in_view_are_drawn(show: Show) -> None:
    """Of ten thousand opcodes a few dozen are in the page, wherever the learner is."""
    page = show(Stepper(long_one(10_000), step=-1))
    total = len(record(long_one(10_000)))
    at(page, total - 1, total)
    assert page.locator(".unp-op").count() < 60
    page.keyboard.press("Tab")
    assert page.locator("#nothing").count() == 0
    page.locator(".unp-ops").focus()
    page.keyboard.press("Home")
    at(page, 0, total)
    assert page.locator(".unp-entry").count() < 200


def test_a_deep_stack_is_shown_in_parts(show: Show) -> None:
    """A stack of hundreds shows its top, and more on demand."""
    page = show(Stepper(b"".join([b"\x80\x04", b"(K\x01" * 300]), step=-1))
    entries = page.locator(".unp-pane-stack .unp-entry")
    expect(entries).to_have_count(30)
    page.locator(".unp-pane-stack .unp-more").click()
    expect(entries).to_have_count(230)


def test_a_broken_pickle_shows_its_fault(show: Show) -> None:
    """Steps up to the fault, and the fault with its offset, its reason, and its byte marked."""
    page = show(Stepper(canary()[:-25], step=-1))
    error = record(canary()[:-25]).error
    assert error
    notice = page.locator(".unp-stopped")
    expect(notice).to_contain_text(f"Reading stopped at byte {error.offset}: {error.problem}")
    expect(page.locator(".unp-hex-bytes .unp-byte-broken")).to_have_count(1)


def test_bytes_that_are_no_pickle_show_only_the_fault(show: Show) -> None:
    """With no step at all there is the reason, and nothing to press that would fail."""
    page = show(Stepper(b"\xff\xff\xff"))
    expect(page.locator(".unp-stopped")).to_contain_text("Reading stopped at byte 0")
    expect(page.locator(".unp-panes")).to_be_hidden()
    for button in page.locator(".unp-step-button, .unp-next-call").all():
        button.click(force=True)
    page.get_by_role("button", name="Predict").click()
    expect(page.locator(".unp-counter")).to_have_text("0 / 0")


def misplaced(page: Page) -> list[list[float]]:
    """Rows of the opcode list that do not lie a whole number of row heights below its first: [step, too low by]."""
    script = """() => {
      const rows = [...document.querySelectorAll(".unp-rows > .unp-op")];
      const zero = document.querySelector(".unp-ops .unp-rows").getBoundingClientRect().top;
      return rows.map((row) => {
        const box = row.getBoundingClientRect();
        return [row.ariaPosInSet - 1, box.top - zero - (row.ariaPosInSet - 1) * box.height];
      }).filter(([, off]) => Math.abs(off) > 0.6);
    }"""
    page.wait_for_function("document.querySelectorAll('.unp-rows > .unp-op').length > 5")
    found: list[list[float]] = page.evaluate(script)
    return found


def test_rows_lie_where_they_belong_after_a_trace_without_steps(live: Live) -> None:
    """The list measures its rows anew once it is seen, and moves those that it drew before."""
    live.push(act=lambda: live.widget.show(b"\xff\xff\xff"))
    expect(live.page.locator(".unp-panes")).to_be_hidden()
    live.push(act=lambda: live.widget.show(canary()))
    at(live.page, 0)
    assert misplaced(live.page) == []
    assert in_view(live.page, ".unp-op[aria-selected=true]", ".unp-ops")


@pytest.mark.parametrize("step", [0, 1, 20])
def test_rows_lie_where_they_belong_in_a_cell_shown_later(live: Live, step: int) -> None:
    """A stepper that was drawn and moved along while nobody could see it is right when it is seen."""
    frames = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    live.page.evaluate(f"document.getElementById('place').hidden = true; {frames}")
    live.push(act=lambda: live.widget.show(canary() + canary()))
    live.push(act=lambda: setattr(live.widget, "index", step))
    live.page.evaluate(f"document.getElementById('place').hidden = false; {frames}")
    at(live.page, step, 2 * (LAST + 1))
    assert misplaced(live.page) == []
    assert in_view(live.page, ".unp-op[aria-selected=true]", ".unp-ops")


def test_stacked_pickles_show_their_borders(show: Show) -> None:
    """Each pickle of a stream says its number where it starts, and the card says which one it is."""
    trace = record(stacked())
    starts = [
        step.index
        for step in trace.steps
        if step.index == 0 or trace.steps[step.index - 1].pickle != step.pickle
    ]
    page = show(Stepper(stacked(), step=starts[1]))
    expect(page.locator(".unp-op[aria-selected=true]")).to_contain_text("pickle 2 of 3")
    expect(page.locator(".unp-now-where")).to_contain_text("pickle 2 of 3")
    expect(page.locator(".unp-mark-pickle")).to_have_count(2)


def test_steps_are_announced_once(show: Show) -> None:
    """A step by button is said by the live region; in the list and on the slider the control itself says it."""
    page = show(Stepper(canary(), step=CALLS[0] - 1))
    expect(page.locator("[role=status], [aria-live]:not([role=alert])")).to_have_count(1)
    page.get_by_role("button", name="Next step").click()
    status = page.get_by_role("status")
    expect(status).to_contain_text(
        f"Step {CALLS[0] + 1} of {LAST + 1}: REDUCE, calls code: collections.OrderedDict()"
    )
    before = status.inner_text()
    page.locator(".unp-ops").focus()
    page.keyboard.press("ArrowDown")
    assert status.inner_text() == before
    active = page.locator(".unp-ops").get_attribute("aria-activedescendant")
    expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")


def test_the_active_row_is_one_that_is_there(show: Show) -> None:
    """A screen reader is told of the current row while it is in the page: not when scrolled away, again when back."""
    page = show(Stepper(long_one(900), step=400))
    pane = page.locator(".unp-ops")
    told = """() => {
      const name = document.querySelector(".unp-ops").getAttribute("aria-activedescendant");
      return name === null ? "nothing" : document.getElementById(name)?.ariaSelected ?? "what is gone";
    }"""
    assert page.evaluate(told) == "true"
    top = pane.evaluate("pane => pane.scrollTop")
    for place, wanted in ((0, "nothing"), (top, "true")):
        pane.evaluate("(pane, place) => { pane.scrollTop = place; }", place)
        page.wait_for_function(f"wanted => ({told})() === wanted", arg=wanted)
    pane.evaluate("pane => { pane.style.maxHeight = '9rem'; pane.style.minHeight = 0; }")
    page.wait_for_function("document.querySelectorAll('.unp-op').length < 14")
    assert page.evaluate(told) == "true"


def test_a_hostile_name_stays_text(show: Show) -> None:
    """Markup inside a pickle or a file's name is shown, never made."""
    evil = "<img src=x onerror=document.title='hit'>"
    page = show(Stepper(pickle.dumps([evil, {evil: evil}], 4), name=evil, step=-2))
    assert page.locator("img").count() == 0
    expect(page.locator(".unp-st-title")).to_have_text(evil)
    assert page.title() == "Unpickled"


def test_opening_a_file_without_a_kernel_says_why_not(show: Show) -> None:
    """A saved page has no Python to read a file with, and says so."""
    page = show(Stepper(canary()))
    page.get_by_role("button", name="Open a file").click()
    expect(page.locator(".unp-notice").first).to_contain_text("no Python behind it")


@pytest.fixture
def live(browser: Browser, tmp_path: Path) -> Any:
    context = browser.new_context(offline=True)
    made = Live(Stepper(canary(), step=5), context.new_page(), tmp_path / "live.html")
    yield made
    context.close()


def choose(live: Live, name: str, data: bytes) -> None:
    live.page.locator("input[type=file]").set_input_files(
        [{"name": name, "mimeType": "", "buffer": data}]
    )
    live.page.wait_for_function("sent.length > 0 || !document.querySelector('.unp-notice').hidden")


def test_a_learners_file_is_traced_by_python(live: Live) -> None:
    """The chosen file's bytes go to Python, and its trace comes back to the page."""
    choose(live, "mine.pkl", stacked())
    live.page.wait_for_function("sent.length > 0")
    live.pump()
    expect(live.page.locator(".unp-st-title")).to_have_text("mine.pkl")
    at(live.page, 0, len(record(stacked())))
    expect(live.page.locator(".unp-notice").first).to_be_hidden()


def test_a_file_over_the_limit_is_refused_before_it_is_sent(live: Live) -> None:
    """The refusal names both sizes; nothing is sent, nothing shown is lost."""
    live.push(act=lambda: setattr(live.widget, "file_limit", 1000))
    choose(live, "big.pt", bytes(2000))
    expect(live.page.locator(".unp-notice").first).to_contain_text(
        "big.pt has 2.0 KB; at most 1,000 bytes"
    )
    assert live.page.evaluate("sent.length") == 0
    at(live.page, 5)


def test_a_file_without_a_pickle_is_refused_in_words(live: Live) -> None:
    """Python's reason is shown, and can be closed."""
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    choose(live, "w.safetensors", len(header).to_bytes(8, "little") + header + bytes(4))
    live.page.wait_for_function("sent.length > 0")
    live.pump()
    notice = live.page.locator(".unp-notice").first
    expect(notice).to_contain_text("w.safetensors: there is no pickle in it")
    notice.get_by_role("button", name="Close").click()
    expect(notice).to_be_hidden()


def test_python_hears_where_the_learner_is(live: Live) -> None:
    """The step is kept in Python, once the learner rests."""
    live.page.locator(".unp-ops").focus()
    live.page.keyboard.press("End")
    live.page.wait_for_function("sent.length > 0")
    live.pump()
    assert live.widget.index == LAST
    live.push(act=lambda: setattr(live.widget, "index", 2))
    at(live.page, 2)


def test_a_step_of_the_old_trace_does_not_reach_the_new_one(live: Live) -> None:
    """Steps taken while a file is being opened do not move the new trace from its first step."""
    page = live.page
    page.locator("input[type=file]").set_input_files(
        [{"name": "mine.pkl", "mimeType": "", "buffer": stacked()}]
    )
    page.wait_for_function("sent.length > 0")
    page.locator(".unp-ops").focus()
    page.keyboard.press("End")
    page.wait_for_timeout(400)
    live.pump()
    page.wait_for_timeout(400)
    live.pump()
    assert live.widget.index == 0
    at(page, 0, len(record(stacked())))


def test_a_view_that_is_closed_lets_go(live: Live) -> None:
    """After its clean-up a view answers no change of the model."""
    live.page.evaluate("view()")
    live.push(act=lambda: setattr(live.widget, "index", 2))
    at(live.page, 5)
