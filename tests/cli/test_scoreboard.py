"""`unpickled scoreboard`: tables that fit without colour, JSON, a page that is written whole, and exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from unpickled.cli.board_table import heat_map
from unpickled.cli.main import run as run_line
from unpickled.cli.scoreboard import scoreboard
from unpickled.errors import ScanError
from unpickled.scoreboard import Board, Cell, File, Opinion, Row, columns, judge
from unpickled.specimens import catalogue, classes

Run = Callable[..., Result]
SAYS = ("warns", "quiet", "nothing")
VERSION = "torch 22.13.10+cpu"  # as long as there is


def whole_board() -> Board:
    """Every class of the catalogue and all five scanners, with answers by turns."""
    rows = tuple(Row(row.id, row.title, row.truth) for row in classes())
    files = tuple(
        File(one.id, one.filename, one.kind, one.teaches)
        for one in catalogue()
        if one.recipe != "folder"
    )
    truths = {row.id: row.truth for row in rows}
    asked = tuple(replace(one, version=VERSION, absent="", remedy="") for one in columns())
    cells = tuple(
        Cell(
            file.id,
            one.id,
            judge(truths[file.row], says),
            Opinion(says=says, word="w", exit=at % 2),
        )
        for at, file in enumerate(files)
        for place, one in enumerate(asked)
        for says in (SAYS[(at + place) % 3],)
    )
    return Board(rows=rows, files=files, columns=asked, cells=cells, isolation="a test", seconds=7)


@pytest.fixture(scope="module")
def board() -> Board:
    return whole_board()


@pytest.fixture
def run(board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a temporary folder, with a board that is there already."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("unpickled.cli.scoreboard.run_board", lambda **_given: board)
    return lambda *words, **more: CliRunner().invoke(
        scoreboard, list(words), catch_exceptions=False, **more
    )


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_tables_fit(run: Run, width: int) -> None:
    """Five scanners, every class: no line is longer than the terminal, and nothing is cut."""
    result = run(env={"COLUMNS": str(width), "PYTHONIOENCODING": "utf-8"})
    assert result.exit_code == 0
    assert max(map(cell_len, result.stdout.splitlines())) <= width
    for row in classes():
        assert f"  {row.title} " in result.stdout
    assert "…" not in result.stdout
    assert "What this run shows" in result.stdout
    assert "82 files in 21 classes, 410 answers, 7 seconds." in " ".join(result.stdout.split())


@pytest.mark.parametrize("width", [80, 120])
def test_no_heading_is_cut(run: Run, width: int) -> None:
    """A scanner's version may be long: it takes a line more, and the headings stay whole."""
    lines = run(env={"COLUMNS": str(width)}).stdout.splitlines()
    heads = " ".join(" ".join(lines[:3]).split())
    words = "false rightly not of these scanner caught missed alarms quiet judged exit 0 secs"
    assert heads == words


def test_one_is_said_of_one_and_no_heading_stands_over_nothing(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--only` of a class may leave a single class, and no lesson to be drawn."""
    row = board.rows[0]
    files = tuple(file for file in board.files if file.row == row.id)[:1]
    less = replace(board, rows=(row,), files=files, columns=(), cells=(), seconds=1)
    monkeypatch.setattr("unpickled.cli.scoreboard.run_board", lambda **_given: less)
    shown = CliRunner().invoke(scoreboard, []).stdout
    assert "1 file in 1 class, 0 answers, 1 second." in " ".join(shown.split())
    assert "What this run shows" not in shown


def test_a_cell_says_its_counts_without_colour(run: Run, board: Board) -> None:
    """What the heat map shows of a class is its tally, by sign."""
    line = next(
        one
        for one in run(env={"COLUMNS": "80"}).stdout.splitlines()
        if "Compressed by joblib" in one
    )
    expected = []
    for column in board.asked:
        tally = board.tally(column=column.id, row="compressed")
        signs = (("●", tally.caught), ("✖", tally.missed), ("◇", tally.not_judged))
        expected += ["".join(f"{sign}{count}" for sign, count in signs if count)]
    assert (
        line.split()[4:] == expected
    )  # three outcomes in a narrow cell stand close, and never touch the next one


def test_in_a_terminal_too_an_outcome_colours_nothing_but_itself(board: Board) -> None:
    """Five outcomes, five styles; what was not judged has no colour, alone or beside what was caught."""
    styles: dict[str, set[str]] = {}
    for line in heat_map(board, width=200):
        for span in line.spans:
            text = line.plain[span.start : span.end]
            if text[:1] in set("●✖▲○◇"):
                styles.setdefault(text[0], set()).add(str(span.style))
    assert {sign: len(found) for sign, found in styles.items()} == dict.fromkeys("●✖▲○", 1)
    assert len(set.union(*styles.values())) == 4
    assert any("●" in line.plain and "◇" in line.plain for line in heat_map(board, width=200))


def test_a_scanner_that_was_not_asked_is_told(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = replace(
        board.columns[-1], version="", absent="not installed", remedy="pip install it"
    )
    less = replace(
        board,
        columns=(*board.columns[:-1], lacking),
        cells=tuple(cell for cell in board.cells if cell.column != lacking.id),
    )
    monkeypatch.setattr("unpickled.cli.scoreboard.run_board", lambda **_given: less)
    shown = " ".join(CliRunner().invoke(scoreboard, []).stdout.split())
    assert "Not asked: modelaudit (not installed). To have it asked: pip install it" in shown


def test_json_is_one_object(run: Run, board: Board) -> None:
    told = json.loads(run("--json").stdout)
    assert len(told["answers"]) == len(board.cells)
    assert told["scanners"][0]["totals"]["caught"] == board.tally(column="picklescan").caught


def test_options_reach_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def remember(**given: Any) -> Board:
        asked.update(given)
        raise ScanError("x", "enough")

    monkeypatch.setattr("unpickled.cli.scoreboard.run_board", remember)
    words = ["--only", "a", "--only", "b", "--scanner", "c", "--unsafe-no-sandbox"]
    assert run_line(["scoreboard", *words]) == 2
    asked.pop("on_progress")
    assert asked == {"only": ("a", "b"), "scanners": ("c",), "unsafe_no_sandbox": True}


@pytest.mark.parametrize("words", [["--only", "unlisted"], ["--scanner", "clamav"]])
def test_an_unknown_name_ends_with_two(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_line(["scoreboard", *words]) == 2
    assert "Choose from" in capsys.readouterr().err


def test_the_page_is_written_beside_the_tables(run: Run, tmp_path: Path) -> None:
    result = run("--html", "board.html")
    assert result.stdout.endswith("Written: board.html\n")
    assert [path.name for path in tmp_path.iterdir()] == ["board.html"]
    text = (tmp_path / "board.html").read_text("utf-8")
    assert text.startswith("<!doctype html>")
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")


def test_a_page_that_cannot_be_written_is_told_before_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "unpickled.cli.scoreboard.run_board", lambda **_given: pytest.fail("it ran")
    )
    assert run_line(["scoreboard", "--html", str(tmp_path / "no" / "board.html")]) == 2
    assert "there is no such folder" in capsys.readouterr().err


@pytest.mark.parametrize("where", ["run_board", "_show"])
def test_ctrl_c_leaves_no_half_of_a_page(
    run: Run, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in the run, an older page stays; stopped after it was written, it is whole."""

    def stop(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    old = tmp_path / "board.html"
    old.write_text("an older one")
    monkeypatch.setattr(f"unpickled.cli.scoreboard.{where}", stop)
    assert run_line(["scoreboard", "--html", str(old)]) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["board.html"]
    text = old.read_text()
    assert text == "an older one" if where == "run_board" else text.endswith("</html>\n")


def test_a_full_disk_leaves_the_older_page(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "board.html"
    old.write_text("an older one")

    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    assert run_line(["scoreboard", "--html", str(old)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["board.html"]
    assert old.read_text() == "an older one"
