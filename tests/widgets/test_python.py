"""The widgets' Python side: what it takes, what it refuses, what it answers the browser."""

from __future__ import annotations

import base64
import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.session import json_packer

from unpickled.errors import CourseError, ScanError
from unpickled.pickles import assemble, record
from unpickled.scanners import FileReport, Finding, Report, Verdict
from unpickled.weights import identify
from unpickled.widgets import (
    CourseWidget,
    FormatTable,
    HeaderPanel,
    QuizCard,
    Rail,
    ScanPanel,
    Stepper,
    WhatIf,
)
from unpickled.widgets.material import BYTES_SHOWN, LIMITS

from .samples import ITEM, TYPED, canary, long_one, stacked


def said(widget: CourseWidget) -> list[dict[str, Any]]:
    """From now on, what the widget tells the browser."""
    messages: list[dict[str, Any]] = []
    widget.send = lambda content, buffers=None: messages.append(content)
    return messages


def tell(widget: CourseWidget, content: dict[str, Any], data: bytes | None = None) -> None:
    widget._handle_custom_msg(content, [] if data is None else [memoryview(data)])


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return file.getvalue()


@pytest.mark.parametrize("widget", [Stepper(canary()), QuizCard(ITEM), Rail([], current="")])
def test_state_is_plain_json(widget: CourseWidget) -> None:
    """Every widget's state goes through JSON unchanged."""
    assert json.loads(json.dumps(widget.snapshot())) == widget.snapshot()


HALF_A_PAIR = assemble(
    [
        ("PROTO", 4),
        ("SHORT_BINUNICODE", "\ud800"),
        ("SHORT_BINUNICODE", "name"),
        "STACK_GLOBAL",
        "EMPTY_TUPLE",
        "REDUCE",
        "STOP",
    ]
)


def test_half_a_surrogate_pair_reaches_the_browser_written_out(tmp_path: Path) -> None:
    """In an import's name, in an argument, in a file's name: Jupyter's own packer takes it, and it can be read."""
    stepper, what_if = Stepper(HALF_A_PAIR), WhatIf(HALF_A_PAIR)
    what_if.change(2, "SHORT_BINUNICODE", r"'\udfff'")
    odd = tmp_path / os.fsdecode(b"odd-\xff.pkl")
    odd.write_bytes(HALF_A_PAIR)
    for widget in (stepper, what_if, ScanPanel([odd]), HeaderPanel([odd])):
        for state in (widget.get_state(), widget.snapshot()):
            json_packer(state)
            assert "\\\\ud" in json.dumps(state, default=str)
    imports = stepper.get_state("trace")["trace"]["columns"]["steps"]["imports"]
    assert imports[3] == r"\ud800.name"
    sent: list[Any] = []
    stepper._send = lambda message, buffers=None: sent.append(json_packer(message))
    stepper.send({"type": "refused", "text": "\udc80"})
    assert b"udc80" in sent[0]


def test_stepper_carries_the_columns_and_the_bytes() -> None:
    """The stepper's state is `Trace.columns()` and the pickle's own bytes."""
    stepper = Stepper(canary(), name="c.pkl")
    assert stepper.trace["columns"] == record(canary(), limits=LIMITS).columns()
    assert base64.b64decode(stepper.trace["bytes"]) == canary()
    assert (stepper.trace["name"], stepper.trace["label"]) == ("c.pkl", "protocol 4")


def test_stepper_begins_at_the_step_it_is_given() -> None:
    """A step counts from the start or the end, and is brought into range."""
    last = len(record(canary())) - 1
    assert [Stepper(canary(), step=s).index for s in (0, 3, -1, 999, -999)] == [0, 3, last, last, 0]


def test_stepper_finds_the_pickle_in_an_archive(tmp_path: Path) -> None:
    """Of a PyTorch archive the object's own pickle is shown, and the learner is told of others."""
    path = tmp_path / "model.pt"
    path.write_bytes(
        zipped(model__extra_pkl=stacked(), model__data_pkl=canary(), model__version=b"3")
    )
    stepper = Stepper(path)
    assert stepper.trace["label"].startswith("model/data.pkl")
    assert stepper.trace["size"] == len(canary())
    assert "model/extra.pkl" in stepper.notice


def test_stepper_refuses_a_format_that_holds_no_pickle() -> None:
    """Numbers in a container have no opcodes; the refusal says so."""
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    data = len(header).to_bytes(8, "little") + header + bytes(4)
    with pytest.raises(CourseError, match=r"weights\.safetensors: there is no pickle in it"):
        Stepper(data, name="weights.safetensors")


@pytest.mark.parametrize("name", ["missing.pkl", ""])
def test_stepper_says_which_file_it_cannot_read(tmp_path: Path, name: str) -> None:
    """A path that is missing, or a folder, is a `CourseError` that names it."""
    with pytest.raises(CourseError) as caught:
        Stepper(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_stepper_does_not_read_an_archive_as_opcodes() -> None:
    """An archive without a pickle is refused; its bytes are not taken for opcodes."""
    with pytest.raises(CourseError, match="there is no pickle in it"):
        Stepper(zipped(notes_txt=b"hello"), name="notes.zip")


def test_stepper_shows_what_is_no_pickle_up_to_its_first_fault() -> None:
    """Nonsense raises nothing: the fault is part of what is shown."""
    columns = Stepper(b"hello, this is no pickle").trace["columns"]
    assert columns["error"]["offset"] == 0
    assert columns["error"]["problem"]


def test_stepper_keeps_the_steps_before_a_fault() -> None:
    """A truncated pickle shows its steps, and the error with offset and reason."""
    columns = Stepper(canary()[:-20]).trace["columns"]
    assert len(columns["steps"]["offset"]) > 20
    assert "end" in columns["error"]["problem"]


def test_stepper_stops_at_its_limit_and_says_so() -> None:
    """Too many opcodes are cut with a message that names the limit; the bytes sent are bounded as well."""
    stepper = Stepper(long_one(LIMITS.opcodes + 200))
    columns = stepper.trace["columns"]
    assert len(columns["steps"]["offset"]) == LIMITS.opcodes
    assert str(LIMITS.opcodes) in columns["error"]["problem"]
    assert len(base64.b64decode(stepper.trace["bytes"])) <= BYTES_SHOWN


def test_stepper_traces_a_file_the_browser_sends() -> None:
    """An uploaded file replaces the trace and starts at its first step."""
    stepper = Stepper(canary(), step=9)
    messages = said(stepper)
    tell(stepper, {"type": "open", "name": "mine.pkl"}, stacked())
    assert (stepper.trace["name"], stepper.index) == ("mine.pkl", 0)
    assert messages == [{"type": "opened"}]


def test_stepper_refuses_an_upload_over_the_limit() -> None:
    """An oversized upload is refused with both sizes, and the old trace stays."""
    stepper = Stepper(canary(), file_limit=100)
    messages = said(stepper)
    tell(stepper, {"type": "open", "name": "big.pkl"}, bytes(101))
    assert stepper.trace["size"] == len(canary())
    assert messages[0]["type"] == "refused"
    assert "101" in messages[0]["text"]
    assert "100" in messages[0]["text"]


def test_stepper_refuses_an_upload_without_a_pickle() -> None:
    """An upload that holds no pickle is refused in words, and the old trace stays."""
    stepper = Stepper(canary())
    messages = said(stepper)
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    data = len(header).to_bytes(8, "little") + header + bytes(4)
    tell(stepper, {"type": "open", "name": "w.safetensors"}, data)
    assert messages[0]["text"].startswith("w.safetensors: there is no pickle in it")
    assert stepper.trace["size"] == len(canary())


@pytest.mark.parametrize("content", [{}, {"type": "open"}, {"type": "other"}, {"type": None}])
def test_stepper_ignores_messages_it_does_not_know(content: dict[str, Any]) -> None:
    """An unknown message changes nothing and answers nothing."""
    stepper = Stepper(canary())
    messages = said(stepper)
    tell(stepper, content)
    assert messages == []


def test_table_resolves_sources_and_corrections() -> None:
    """Each row carries its sources' titles and addresses; an unknown id stands for itself."""
    row = {"id": "a", "sources": ["s", "t"], "corrected": "e"}
    sources = {
        "s": {"id": "s", "title": "Docs", "publisher": "P", "url": "https://x", "kind": "doc"}
    }
    errata = {"e": {"lesson_said": "old", "true_today": "new", "notes": "n"}}
    (shown,) = FormatTable([row], sources=sources, errata=errata).rows
    assert shown["sources"][0] == {"id": "s", "title": "Docs", "publisher": "P", "url": "https://x"}
    assert shown["sources"][1]["title"] == "t"
    assert shown["corrected"] == {"lesson_said": "old", "true_today": "new"}


def test_card_tells_python_each_check() -> None:
    """The callback gets the item, whether it was right, and the tries."""
    heard: list[tuple[str, bool, int]] = []
    card = QuizCard(TYPED, on_result=lambda *result: heard.append(result))
    answers = said(card)
    for tries, correct in enumerate((False, True, False), start=1):
        tell(card, {"type": "checked", "correct": correct, "tries": tries, "check": f"c{tries}"})
    for odd in ({"tries": "2"}, {"tries": True, "correct": True}, {}):
        tell(card, {"type": "checked", **odd})
    card.reset()
    assert heard == [("p-typed", False, 1), ("p-typed", True, 2), ("p-typed", False, 3)]
    assert [one["check"] for one in answers] == ["c1", "c2", "c3"]
    assert card.state["tries"] == 0


def test_card_takes_up_earlier_progress() -> None:
    """What is known from before is merged into a fresh state."""
    card = QuizCard(TYPED, state={"tries": 3, "solved": True})
    assert card.state == {
        "tries": 3,
        "solved": True,
        "done": False,
        "hints": 0,
        "answer": "",
        "tried": [],
        "unheard": [],
        "refused": [],
    }


def test_two_cards_do_not_share_state() -> None:
    """Defaults are copied for each card."""
    one, other = QuizCard(TYPED), QuizCard(TYPED)
    one.state["tried"].append("x")
    assert other.state["tried"] == []
    assert QuizCard(TYPED).state["tried"] == []


def test_rail_resets_only_exercises_it_shows() -> None:
    """A reset reaches the callback for an exercise of the page, and nothing else does."""
    heard: list[str] = []
    rail = Rail(
        [], current="", exercises=[{"id": "a", "title": "A", "done": True}], on_reset=heard.append
    )
    messages = said(rail)
    for exercise in ("a", "b", None):
        tell(rail, {"type": "reset", "exercise": exercise})
    assert heard == ["a"]
    assert messages == [{"type": "heard", "exercise": "a"}]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.pkl").write_bytes(canary())
    (tmp_path / "sub" / "a.pkl").write_bytes(stacked())
    return tmp_path


def report(path: Path) -> FileReport:
    found = Report(
        scanner="picklescan",
        version="1",
        verdict=Verdict.DANGEROUS,
        findings=(Finding("posix", "mkdir"),),
    )
    form = identify(path)
    return FileReport(
        path=str(path), format=form, verdict=Verdict.DANGEROUS, reports=(found,), advice="Do not."
    )


def test_panel_lists_the_files_of_a_folder_without_their_paths(folder: Path) -> None:
    """The browser sees names and sizes; where they lie stays in Python."""
    panel = ScanPanel(folder, notes={"b.pkl": "calls os.mkdir"})
    assert [file["label"] for file in panel.files] == ["b.pkl", "a.pkl"]
    assert panel.files[0]["note"] == "calls os.mkdir"
    assert str(folder) not in json.dumps(panel.snapshot())


def test_panel_scans_the_file_that_was_chosen(folder: Path) -> None:
    """A scan asks the scanner for the chosen path, shows the report without the path, and tells Python."""
    asked: list[Path] = []
    reports: list[FileReport] = []
    panel = ScanPanel(
        folder, scan=lambda path: asked.append(path) or report(path), on_report=reports.append
    )
    messages = said(panel)
    tell(panel, {"type": "scan", "file": panel.files[1]["id"]})
    assert asked == [folder / "sub" / "a.pkl"]
    assert messages == [{"type": "heard"}]
    assert panel.report["verdict"] == "dangerous"
    assert panel.report["reports"][0]["findings"][0]["module"] == "posix"
    assert reports[0].path == str(asked[0])
    assert str(folder) not in json.dumps(panel.snapshot())
    assert panel.busy == ""


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (ScanError("x", "is a folder", "Give a file."), "is a folder"),
        (PermissionError(13, "no right"), "no right"),
    ],
)
def test_panel_shows_a_failed_scan_in_words(folder: Path, problem: Exception, text: str) -> None:
    """A failure is a sentence on the panel, never an exception in the kernel, and no old report stays."""

    def scan(_path: Path) -> FileReport:
        raise problem

    panel = ScanPanel(folder, scan=scan)
    panel.report = {"name": "old"}
    panel.scan("b.pkl")
    assert text in panel.error
    assert panel.report == {}
    assert panel.busy == ""


def test_panel_keeps_an_upload_under_its_own_name(folder: Path) -> None:
    """An uploaded file is listed, chosen and scanned under its name; a name cannot lead out of its folder."""
    asked: list[Path] = []
    panel = ScanPanel(folder, scan=lambda path: asked.append(path) or report(path))
    said(panel)
    tell(panel, {"type": "open", "name": "../../evil.pt"}, canary())
    assert panel.files[-1]["label"] == "evil.pt"
    tell(panel, {"type": "scan", "file": panel.chosen})
    assert asked[0].read_bytes() == canary()
    assert asked[0].name == "evil.pt"
    assert panel._shelf._uploads
    assert Path(panel._shelf._uploads.name) in asked[0].parents


def test_panel_refuses_what_it_does_not_know(folder: Path) -> None:
    """An unknown file number and an oversized upload are refused in words."""
    panel = ScanPanel(folder, file_limit=10)
    messages = said(panel)
    tell(panel, {"type": "scan", "file": "77"})
    tell(panel, {"type": "open", "name": "x"}, bytes(11))
    assert [message["type"] for message in messages] == ["refused", "refused"]


def test_panel_scans_for_real(folder: Path) -> None:
    """Without a stand-in the panel asks the course's own scanners."""
    panel = ScanPanel(folder)
    panel.scan(folder / "b.pkl")
    assert panel.report["verdict"] == "dangerous"
    assert [one["scanner"] for one in panel.report["reports"]] == ["picklescan", "modelscan"]
