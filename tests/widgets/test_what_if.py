"""The what-if editor: one change, its trace beside the old one, and nothing that is ever loaded or handed out."""

from __future__ import annotations

import json
import pickle
import pickletools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from unpickled.errors import CourseError, TraceError
from unpickled.pickles import OPCODES, assemble, record
from unpickled.widgets import WhatIf
from unpickled.widgets.what_if import MOST_BYTES, MOST_OPCODES

from .conftest import Show
from .live import Live
from .samples import Canary, canary, long_one, stacked

DATA = pickle.dumps(Canary(), 4)
NAMES = [step.opcode for step in record(DATA)]
NAME = [step.arg for step in record(DATA)].index("mkdir")
REDUCE = NAMES.index("REDUCE")


def said(widget: WhatIf) -> list[str]:
    """The sentences on a change, as text."""
    return [
        "".join(p if isinstance(p, str) else p[0] for p in s["parts"]) for s in widget.now["said"]
    ]


def test_another_name_is_another_call() -> None:
    """The argument decides what is imported and called; the frame's length follows and is told of."""
    widget = WhatIf(DATA)
    widget.change(NAME, "SHORT_BINUNICODE", "'rmdirectory'")
    call, imports, result, frame = said(widget)
    path = "('/tmp/unpickled-canary')"
    assert call == f"Now it would call posix.rmdirectory{path}, no longer posix.mkdir{path}."
    assert imports == "Now it would import posix.rmdirectory, no longer posix.mkdir."
    assert result.startswith("What comes out is result of posix.rmdirectory")
    assert frame.startswith("The FRAME at byte 2")
    assert "from 47 to 53" in frame
    rows = widget.now["rows"]
    assert (rows[NAME], rows[1], rows[0], rows[REDUCE]) == ("changed", "frame", "same", "effect")
    assert rows[NAME + 4] == "deeper"  # the path is on top as before, and below it another function


def test_reduce_made_harmless_and_broken() -> None:
    """Without REDUCE nothing is called; an opcode that finds too little breaks, at a byte that is named."""
    widget = WhatIf(DATA)
    widget.change(REDUCE, "TUPLE2")
    assert said(widget)[0].startswith("It would no longer call posix.mkdir")
    widget.change(REDUCE, "SETITEM")
    at = record(DATA).steps[REDUCE].offset
    assert any(s.startswith(f"Now it breaks at byte {at}: SETITEM") for s in said(widget))
    assert widget.now["rows"][REDUCE:] == ["broken", *["gone"] * (len(NAMES) - REDUCE - 1)]
    assert widget.now["end"]["broke"]["at"] == at
    widget.change(len(NAMES) - 1, "POP")
    assert said(widget)[0].startswith("It would still call posix.mkdir")
    assert "Breaking comes too late: what is called before has been done." in said(widget)


def test_a_change_that_mends_a_broken_pickle() -> None:
    """A pickle that broke may run on, and what it then reaches is new."""
    widget = WhatIf(assemble(["NONE", "NONE", "APPEND", "STOP"]))
    widget.change(0, "EMPTY_LIST")
    assert said(widget) == ["Now it runs to its STOP."]
    assert widget.now["rows"] == ["changed", "deeper", "new", "new"]


def test_where_programs_disagree_it_is_not_said_to_break() -> None:
    """A frame that ends inside an opcode: some loaders go on to the STOP, and what they call they call."""
    widget = WhatIf(DATA)
    widget.change(1, "FRAME", "5")
    [told] = [sentence for sentence in said(widget) if "STOP" in sentence]
    assert told.startswith("It runs to its STOP here, but at byte 16 a FRAME does not end where")
    assert "Different programs read different things" in told
    assert not any("breaks" in sentence for sentence in said(widget))
    assert set(widget.now["rows"]) <= {"same", "changed"}


def test_one_change_at_a_time_undone_and_reset() -> None:
    """A change replaces the one before; undo goes back one, reset to the pickle as it was."""
    widget = WhatIf(DATA)
    widget.change(NAME, "SHORT_BINUNICODE", "'a'")
    first = widget.now
    widget.change(REDUCE, "POP")
    assert widget.now["rows"][NAME] == "same"
    widget.undo()
    assert (widget.now, widget.undoable) == (first, True)
    widget.undo()
    assert (widget.now, widget.undoable) == ({}, False)
    widget.undo()
    widget.change(REDUCE, "POP")
    widget.reset()
    assert (widget.now, widget.undoable) == ({}, False)


def test_a_refusal_changes_nothing() -> None:
    """What cannot be an argument is told to the browser, and the change before stays."""
    widget = WhatIf(DATA)
    told: list[dict[str, object]] = []
    widget.send = lambda content, buffers=None: told.append(content)
    asked = {"type": "change", "index": 0, "opcode": "PROTO", "argument": "7"}
    widget._handle_custom_msg(asked, [])
    kept = widget.now
    for wrong in ({"argument": "x"}, {"opcode": 5}, {"index": "0"}, {"index": 99}, {"index": True}):
        widget._handle_custom_msg({**asked, **wrong}, [])
    widget._handle_custom_msg({"type": "save"}, [])
    assert [one["type"] for one in told] == ["heard", *["refused"] * 5]
    assert told[1]["text"] == "That is no whole number. Write digits only, such as 7."
    assert widget.now is kept
    with pytest.raises(TraceError):
        widget.change(0, "PROTO", "256")


def test_the_changed_bytes_stay_nowhere() -> None:
    """Neither the widget's state nor the object keeps the edited pickle: it cannot be saved from either."""
    widget = WhatIf(DATA)
    widget.change(NAME, "SHORT_BINUNICODE", "'rmdir'")
    edited = DATA.replace(b"\x05mkdir", b"\x05rmdir")
    assert edited != DATA
    held = [value for value in vars(widget).values() if isinstance(value, bytes)]
    assert held == [DATA]
    assert not {"bytes"} & {*widget.trace, *widget.now}
    assert json.loads(json.dumps(widget.snapshot())) == widget.snapshot()


def test_long_pickles_are_refused(tmp_path: Path) -> None:
    """Too many bytes or opcodes: a sentence with the bound, and where to look instead."""
    for data in (pickle.dumps("a" * MOST_BYTES), long_one(MOST_OPCODES + 10)):
        path = tmp_path / "long.pkl"
        path.write_bytes(data)
        with pytest.raises(CourseError, match=r"long\.pkl: .*too long to be changed.*lab\.stepper"):
            WhatIf(path)


@settings(max_examples=60)
@given(
    data=st.sampled_from([DATA, canary(), stacked(), canary()[:-25], b"nothing", b""]),
    row=st.integers(0, 40),
    name=st.sampled_from(sorted(OPCODES)),
    typed=st.sampled_from(["0", "'os mkdir'", "b'x'", "'x'", "''"]) | st.text(),
)
def test_any_change_is_told(data: bytes, row: int, name: str, typed: str) -> None:
    """Whatever is changed, the outcome is plain JSON with a word for each row and at least one sentence."""
    widget = WhatIf(data)
    try:
        widget.change(row, name, typed)
    except TraceError:
        assert widget.now == {}
        return
    now = json.loads(json.dumps(widget.now))
    before, after = (len(one["columns"]["steps"]["offset"]) for one in (widget.trace, now))
    assert len(now["rows"]) == max(before, after)
    assert now["said"]
    assert now["rows"].count("gone") + now["rows"].count("broken") == max(before - after, 0)


# In a browser


@pytest.fixture
def live(browser: Browser, tmp_path: Path) -> Live:
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    yield Live(WhatIf(DATA, name="c.pkl"), page, tmp_path / "live.html")
    page.close()


def line(page: Page, at: int) -> object:
    return page.locator(".unp-wi-rows .unp-wi-line").nth(at)


@pytest.mark.browser
def test_by_keys_alone(live: Live) -> None:
    """Down to the row, Enter, the search, the argument, Enter: the new trace stands beside the old one."""
    page = live.page
    line(page, 0).focus()
    for _ in range(NAME):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("binuni")
    page.keyboard.press("Enter")
    argument = page.get_by_label("Argument", exact=True)
    expect(argument).to_be_focused()
    expect(argument).to_have_value("'mkdir'")  # text stays where text goes
    page.keyboard.press("Control+a")
    page.keyboard.type("rmdir")
    page.keyboard.press("Enter")
    live.pump()
    expect(page.get_by_role("alert").filter(has_text="into quotes")).to_be_visible()
    expect(argument).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Control+a")
    page.keyboard.type("'rmdir'")
    page.keyboard.press("Enter")
    assert live.pump()[-1]["content"] == {
        "type": "change",
        "index": NAME,
        "opcode": "BINUNICODE",
        "argument": "'rmdir'",
    }
    expect(line(page, NAME)).to_be_focused()
    expect(line(page, NAME)).to_contain_text("BINUNICODE'rmdir''mkdir'changed'rmdir'")
    expect(line(page, REDUCE)).to_contain_text("differscallsposix.rmdir(")
    expect(page.get_by_role("group", name="Now")).to_contain_text("posix.rmdir")
    expect(page.get_by_role("group", name="Before")).to_contain_text("posix.mkdir")
    expect(page.locator(".unp-sr[role=status]")).to_contain_text("Now it would call posix.rmdir(")
    page.keyboard.press("Enter")
    expect(argument).to_have_value("'rmdir'")  # the row opens as it is now
    page.keyboard.press("Escape")
    expect(line(page, NAME)).to_be_focused()
    expect(page.locator("form")).to_have_count(0)


@pytest.mark.browser
def test_undo_reset_and_a_row_that_is_gone(live: Live) -> None:
    """Rows that are not reached say so; undo and reset go back and are off where there is nothing to go back to."""
    page = live.page
    undo, reset = (page.get_by_role("button", name=name) for name in ("Undo", "Reset"))
    expect(undo).to_have_attribute("aria-disabled", "true")
    line(page, REDUCE).click()
    page.get_by_role("searchbox").fill("setitem")
    page.get_by_role("listbox").select_option("SETITEM")
    expect(page.get_by_label("Argument", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Apply").click()
    live.pump()
    expect(line(page, REDUCE)).to_contain_text("breaks here")
    expect(line(page, REDUCE).locator("ins")).to_have_text("SETITEM")
    expect(line(page, REDUCE + 1)).to_contain_text("not reached")
    expect(page.locator(".unp-wi-said")).to_contain_text("Now it breaks at byte")
    undo.click()
    live.pump()
    expect(page.locator(".unp-wi-said")).to_have_count(0)
    expect(reset).to_have_attribute("aria-disabled", "true")
    expect(undo).to_be_focused()


@pytest.mark.browser
def test_home_end_and_enter_in_the_list_of_opcodes(live: Live) -> None:
    """First and last row by their keys; a chosen opcode that takes no argument is applied from the list itself."""
    page = live.page
    line(page, 3).focus()
    page.keyboard.press("End")
    expect(line(page, len(NAMES) - 1)).to_be_focused()
    page.keyboard.press("Home")
    expect(line(page, 0)).to_be_focused()
    line(page, REDUCE).click()
    page.get_by_role("listbox").select_option("POP")
    page.get_by_role("listbox").press("Enter")
    live.pump()
    expect(line(page, REDUCE).locator("ins")).to_have_text("POP")


@pytest.mark.browser
def test_what_another_view_was_told_is_not_for_this_one(live: Live) -> None:
    """Messages reach all views of a widget; only the one that has asked is answered."""
    page = live.page
    line(page, NAME).click()
    page.evaluate("receive({}, [{ type: 'refused', text: 'Put the text into quotes.' }])")
    expect(page.get_by_text("Put the text into quotes.")).to_have_count(0)
    page.evaluate("receive({}, [{ type: 'heard' }])")
    expect(page.get_by_label("Argument", exact=True)).to_be_visible()


@pytest.mark.browser
def test_the_list_offers_what_fits_the_stack(live: Live) -> None:
    """On an empty stack what takes is offered only if asked for; the same once more is refused."""
    page = live.page
    line(page, 2).click()
    offered = page.get_by_role("option")
    assert "REDUCE" not in offered.all_text_contents()
    page.get_by_role("checkbox").check()
    expect(offered).to_have_count(len(OPCODES))
    assert "REDUCE (does not fit here)" in offered.all_text_contents()
    page.get_by_role("button", name="Apply").click()
    assert live.pump() == []
    expect(page.locator(".unp-wi-error")).to_contain_text("stands there already")
    page.get_by_role("button", name="Cancel").click()
    expect(line(page, 2)).to_be_focused()


@pytest.mark.browser
def test_a_saved_page_shows_and_cannot_change(show: Show) -> None:
    """Without Python a row says what its opcode does, and that changing needs JupyterLab; a change stays as it was."""
    widget = WhatIf(DATA)
    widget.change(REDUCE, "POP")
    page = show(widget)
    expect(page.locator(".unp-wi-said")).to_contain_text("It would no longer call posix.mkdir")
    line(page, REDUCE).click()
    expect(page.locator("form")).to_have_count(0)
    expect(page.locator(".unp-wi-open:visible")).to_contain_text("open the lesson in JupyterLab")
    expect(page.get_by_role("button", name="Reset")).to_have_attribute("aria-disabled", "true")


def test_the_list_is_what_pickletools_lists() -> None:
    """All 68 opcodes can be chosen, and each knows its kind of argument or has none."""
    widget = WhatIf(DATA)
    assert {one["name"] for one in widget.opcodes} == {one.name for one in pickletools.opcodes}
    assert {one["kind"] for one in widget.opcodes} - {""} == set(widget.kinds)
