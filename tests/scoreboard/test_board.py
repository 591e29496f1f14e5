"""The real scanners over the whole catalogue, once: sums against a plain loop, answers against the catalogue."""

from __future__ import annotations

import json
import platform
import re
import sys
import tempfile
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from unpickled.errors import CourseError
from unpickled.scoreboard import SCANNERS, Board, columns, run_board
from unpickled.scoreboard.commands import Script
from unpickled.specimens import catalogue, classes

from .conftest import ASKED

pytestmark = pytest.mark.timeout(300)  # whichever test comes first runs all scanners

Real = dict[str, Any]
TRUTH = {row.id: row.truth for row in classes()}
FILES = [entry for entry in catalogue() if entry.recipe != "folder"]
SAID = {  # an oracle of its own: what each tool's word means, and what it is worth
    "picklescan": ({"dangerous", "suspicious"}, {"clean"}),
    "modelscan": ({"dangerous", "suspicious"}, {"clean"}),
    "weights_only": ({"refused"}, {"loaded"}),
    "fickling": ({"SUSPICIOUS", "LIKELY_UNSAFE", "LIKELY_OVERTLY_MALICIOUS"}, {"LIKELY_SAFE"}),
}


def worth(scanner: str, word: str, kind: str) -> str:
    warns, quiet = SAID[scanner]
    harmless, unknown = TRUTH[kind] == "plain data", TRUTH[kind] == "nobody can judge"
    if word in warns:
        return "false alarm" if harmless else "not judged" if unknown else "caught"
    if word in quiet:
        return "rightly quiet" if harmless else "missed"
    return "not judged"


def test_every_file_has_an_answer_of_every_scanner(real: Real) -> None:
    """At least seventy files; no folder; each answer once."""
    asked = [(one["file"], one["scanner"]) for one in real["answers"]]
    assert asked == [(entry.id, scanner) for entry in FILES for scanner in ASKED]
    assert len(FILES) >= 70
    done = [done for done, _ in real["progress"]]
    assert done == sorted(set(done))
    assert real["progress"][0] == [0, len(asked)]
    assert real["progress"][-1] == [len(asked), len(asked)]


def test_outcomes_are_what_the_words_are_worth(real: Real) -> None:
    kinds = {entry.id: entry.kind for entry in FILES}
    for one in real["answers"]:
        assert one["outcome"] == worth(one["scanner"], one["word"], kinds[one["file"]]), one


def test_what_fickling_cannot_parse_is_neither_caught_nor_a_false_alarm(real: Real) -> None:
    """It warns about harmful and harmless HDF5 and GGUF in the same words, which say nothing of either."""
    found = {one["file"]: one for one in real["answers"] if one["scanner"] == "fickling"}
    for name in ("gguf", "gguf-template", "h5-plain", "h5-lambda", "h5-bytecode", "npy-plain"):
        told = found[name]["outcome"], found[name]["word"], found[name]["exit"]
        assert told == ("not judged", "not parsed", 1), name
    for name in ("broken-canary", "joblib-arrays-canary"):  # a call, and then what is no pickle
        assert found[name]["outcome"] == "caught", name
    assert not any(
        "invalid opcode" in one["reason"]
        for one in found.values()
        if one["outcome"] != "not judged"
    )


def test_totals_and_classes_are_the_sums_of_the_answers(real: Real) -> None:
    kinds = {entry.id: entry.kind for entry in FILES}
    total: Counter[tuple[str, ...]] = Counter()
    seconds: Counter[str] = Counter()
    for one in real["answers"]:
        for place in (("",), (kinds[one["file"]],)):
            total[
                one["scanner"], *place, one["outcome"].replace(" ", "_").replace("rightly_", "")
            ] += 1
            quiet_zero = one["outcome"] == "not judged" and one["exit"] == 0
            total[one["scanner"], *place, "silent"] += quiet_zero
        seconds[one["scanner"]] += one["seconds"]
    tallies = {(scanner["id"], ""): scanner["totals"] for scanner in real["scanners"]}
    for row in real["classes"]:
        tallies |= {(scanner, row["id"]): tally for scanner, tally in row["tallies"].items()}
    assert len(tallies) == len(ASKED) * (1 + len(classes()))
    for (scanner, place), tally in tallies.items():
        for name, count in tally.items():
            if name != "seconds":
                assert count == total[scanner, place, name], (scanner, place, name)
    for scanner, counted in seconds.items():
        assert tallies[scanner, ""]["seconds"] == pytest.approx(counted, abs=0.01)


@pytest.mark.parametrize("scanner", ["picklescan", "modelscan"])
def test_the_lessons_two_scanners_answer_as_the_catalogue_says(real: Real, scanner: str) -> None:
    """Verdict and exit code of each file are those that the catalogue states, which are tested apart."""
    found = {
        one["file"]: (one["word"], one["exit"])
        for one in real["answers"]
        if one["scanner"] == scanner
    }
    assert found == {entry.id: (entry.expect[scanner], entry.exits[scanner]) for entry in FILES}


def test_what_is_published_is_seen(real: Real) -> None:
    """The known gaps of the pinned versions, and what an allow-list makes of them."""
    rows = {row["id"]: row["tallies"] for row in real["classes"]}
    for name in ("unlisted-call", "by-number"):
        for scanner in ("picklescan", "modelscan"):
            assert rows[name][scanner]["missed"] == sum(
                rows[name][scanner][key] for key in ("missed", "caught", "not_judged")
            )
    allowed = [
        row["tallies"]["weights_only"] for row in real["classes"] if row["truth"] == "calls code"
    ]
    assert (
        sum(tally["missed"] for tally in allowed) == 0 < sum(tally["caught"] for tally in allowed)
    )
    assert rows["plain-torch"]["weights_only"]["false_alarm"] == 0
    assert rows["compressed"]["picklescan"]["silent"] == 6
    crashed = [one for one in real["answers"] if one["word"] == "no answer"]
    assert {one["scanner"] for one in crashed} == {"fickling"}
    assert all(one["outcome"] == "not judged" and one["exit"] is None for one in crashed)


def test_the_lessons_numbers_are_the_boards(real: Real) -> None:
    """Each number that a lesson prints is one of its counts, and the counts of some are recomputed here."""
    for lesson in real["lessons"]:
        text = (
            lesson["text"]
            .replace("30-second", "")
            .replace("exit code 0", "")
            .replace("with 1,", "")
        )
        assert {int(number) for number in re.findall(r"\d+", text)} <= set(
            lesson["counts"].values()
        )
        assert "{" not in lesson["text"]
    found = {lesson["id"]: lesson["counts"] for lesson in real["lessons"]}
    assert found["unlisted picklescan modelscan"] == {"missed": 5, "missed_of": 5}
    by_file: dict[str, dict[str, str]] = {}
    for one in real["answers"]:
        by_file.setdefault(one["file"], {})[one["scanner"]] = one["outcome"]
    code = [entry.id for entry in FILES if TRUTH[entry.kind] in {"calls code", "carries code"}]
    pairs = [(by_file[name]["picklescan"], by_file[name]["modelscan"]) for name in code]
    assert found["two-together"] == {
        "caught": sum("caught" in pair for pair in pairs),
        "caught_of": len(code),
        "missed": sum(pair == ("missed", "missed") for pair in pairs),
        "missed_of": len(code),
        "unjudged": sum("caught" not in pair and "not judged" in pair for pair in pairs),
        "unjudged_of": len(code),
    }


def test_no_path_of_this_machine_is_in_it(real: Real) -> None:
    text = json.dumps(real)
    assert tempfile.gettempdir() + "/" not in text
    assert "unpickled-board" not in text
    assert "unpickled-canary" not in text


def test_versions_are_those_that_are_installed(real: Real) -> None:
    versions = {scanner["id"]: scanner["version"] for scanner in real["scanners"]}
    assert versions["picklescan"] == metadata.version("picklescan")
    assert versions["weights_only"] == f"torch {metadata.version('torch')}"
    assert real["schema"] == 1


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"only": ["unlisted"]}, "no such class"),
        ({"scanners": ["clamav"]}, "no such scanner"),
    ],
)
def test_an_unknown_name_is_told(given: dict[str, list[str]], problem: str) -> None:
    with pytest.raises(CourseError, match=problem) as told:
        run_board(**given)
    assert "Choose from" in told.value.remedy


def test_what_is_not_installed_is_told_with_what_adds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unpickled.scoreboard.panel.find", lambda _name: None)
    found = {column.id: column for column in columns()}
    assert list(found) == list(SCANNERS)
    assert (found["modelaudit"].absent, found["modelaudit"].remedy) == (
        "not installed",
        "pip install modelaudit",
    )
    with pytest.raises(CourseError, match="not installed"):
        run_board(scanners=["fickling", "modelaudit"])


PEEK = """
import json, os, socket, sys

def main():
    told = [os.environ.get("PROMPTFOO_DISABLE_TELEMETRY"), os.environ.get("NO_ANALYTICS")]
    told += [name for _, name in socket.if_nameindex()]
    issue = {"severity": "warning", "message": f"told {told}"}
    with open(sys.argv[sys.argv.index("--output") + 1], "w") as answer:
        json.dump({"issues": [issue], "success": True, "has_errors": False}, answer)
    return 1
"""


def test_modelaudits_telemetry_is_off_and_has_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its place stands a command that answers with its two variables and with the network that it has: loopback."""
    (tmp_path / "peek.py").write_text(PEEK)
    info = tmp_path / "modelaudit-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: modelaudit\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[console_scripts]\nmodelaudit = peek:main\n")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    script = Script("modelaudit", "1", str(python), (str(tmp_path),))
    monkeypatch.setattr("unpickled.scoreboard.panel.find", lambda _name: script)
    board = run_board(only=["damaged"], scanners=["modelaudit"])
    assert {cell.opinion.reason for cell in board.cells} == {"Told ['1', '1', 'lo']."}


def test_without_a_wall_only_what_reads_our_own_files_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Torch and other people's tools wait for a wall, or for the user's word."""
    monkeypatch.setattr("unpickled.scoreboard.panel.sandbox.problem", lambda: "there is none")
    monkeypatch.setattr("unpickled.scoreboard.panel._version", lambda _name: "1")
    assert [column.id for column in columns() if not column.absent] == ["picklescan", "modelscan"]
    assert {column.absent for column in columns()} == {"", "no sandbox"}
    with pytest.raises(CourseError, match="no sandbox") as told:
        run_board(scanners=["weights_only"])
    assert told.value.remedy == "apt install bubblewrap, or accept the risk: --unsafe-no-sandbox"
    assert not any(column.absent for column in columns(unsafe_no_sandbox=True))


def test_a_scanner_that_fails_as_a_whole_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """No half of a board is ever shown."""

    def broken(*_given: object, **_named: object) -> object:
        raise CourseError("torch", "it is broken")

    monkeypatch.setattr("unpickled.scoreboard.panel.weights_only", broken)
    with pytest.raises(CourseError, match="it is broken"):
        run_board(only=["damaged"], scanners=["weights_only"])


def test_an_answer_that_is_missing_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unpickled.scoreboard.panel.weights_only", lambda _paths, **_named: ())
    with pytest.raises(CourseError, match="without an answer"):
        run_board(only=["damaged"], scanners=["weights_only"])


def test_one_class_is_a_board_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "unpickled.scoreboard.panel.weights_only",
        lambda paths, **_named: tuple(_answer(path) for path in paths),
    )
    board: Board = run_board(only=["unlisted-call", "plain-torch"], scanners=["weights_only"])
    assert {row.id for row in board.rows} == {"unlisted-call", "plain-torch"}
    assert board.python == platform.python_version()
    assert board.tally(row="plain-torch").false_alarm == len(board.files) - 5


def _answer(path: object) -> object:
    from unpickled.restricted import WeightsOnly

    return WeightsOnly(str(path), "refused", message="no")
