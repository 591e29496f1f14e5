"""`unpickled check`: exit codes, exact JSON, a table that fits, and nothing passed over in silence."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from unpickled.cli.check import check, exit_code, summary
from unpickled.cli.main import run as run_line
from unpickled.cli.terminal import printable
from unpickled.scanners import FileReport, Verdict, report_on
from unpickled.specimens import catalogue, make, write, write_all

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a temporary folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(check, list(words), catch_exceptions=False)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["torch-plain"], 0),
        (["torch-plain", "plain-0"], 0),
        (["unlisted-call"], 0),
        (["torch-canary"], 1),
        (["h5-lambda"], 1),
        (["safetensors"], 2),
        (["broken-data"], 2),
        (["empty"], 2),
        (["empty-folder"], 2),
        (["torch-plain", "empty"], 2),
        (["torch-canary", "empty"], 1),
    ],
)
def test_exit_codes(run: Run, tmp_path: Path, names: list[str], code: int) -> None:
    """0 only if every file is clean; 1 if any is bad; else 2."""
    words = [write(name, tmp_path).name for name in names]
    assert run(*words).exit_code == run(*words, "--json").exit_code == code


def test_missing_files_are_entries(run: Run, tmp_path: Path) -> None:
    """A missing file is reported as failed beside the others, exit 2; a bad one still wins with 1."""
    write("plain-4", tmp_path)
    write("reduce-canary", tmp_path)
    result = run("plain-4.pkl", "nope.pt", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)[1] == {
        "path": "nope.pt",
        "format": None,
        "verdict": "failed",
        "reports": [],
    }
    assert run("nope.pt", "reduce-canary.pkl").exit_code == 1


def test_json_is_exactly_as_promised(run: Run, tmp_path: Path) -> None:
    """The list has these keys and no others, for every specimen, and valid JSON is all there is on stdout."""
    write_all(tmp_path)
    result = run(".", "--json")
    rows = json.loads(result.stdout)
    assert result.exit_code == 1
    assert len(rows) == len(catalogue()) - 1  # the empty folder holds no file
    verdicts = {verdict.value for verdict in Verdict}
    for row in rows:
        assert list(row) == ["path", "format", "verdict", "reports"]
        assert row["verdict"] in verdicts
        for report in row["reports"]:
            assert list(report) == ["scanner", "version", "verdict", "findings"]
            assert report["verdict"] in verdicts
            assert all(
                list(finding) == ["module", "name", "where"] for finding in report["findings"]
            )
    assert str(tmp_path) not in result.stdout


def test_paths_come_back_as_given(run: Run, tmp_path: Path) -> None:
    """Relative, absolute and odd names are printed as the reader typed them."""
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "ünï cödé.pkl").write_bytes(make("plain-4") or b"")
    for given in ("models/ünï cödé.pkl", "./models/ünï cödé.pkl", str(folder / "ünï cödé.pkl")):
        assert json.loads(run(given, "--json").stdout)[0]["path"] == given
    assert json.loads(run("models", "--json").stdout)[0]["path"] == "models/ünï cödé.pkl"


def test_the_table_fits_80_columns_and_needs_no_colour(run: Run, tmp_path: Path) -> None:
    """Every line of the whole catalogue fits, there are no escapes, and words and shapes carry the verdicts."""
    write_all(tmp_path)
    result = run(".")
    assert max(map(len, result.stdout.splitlines())) <= 120
    table = [line for line in result.stdout.splitlines() if line[:1] in "│┌├└"]
    assert {len(line) for line in table} == {80}
    assert "\x1b" not in result.stdout
    for shape in ("■ DANGEROUS", "▲ SUSPICIOUS", "◆ UNREADABLE", "◇ SKIPPED", "○ CLEAN"):
        assert shape in result.stdout
    assert "picklescan 1" in result.stdout
    assert "modelscan 0" in result.stdout


def test_one_sentence_of_advice_and_a_summary(run: Run, tmp_path: Path) -> None:
    """Each file gets its sentence; the last lines count the verdicts and say what clean means."""
    words = [write(name, tmp_path).name for name in ("torch-canary", "torch-plain", "empty")]
    lines = run(*words).stdout
    flat = " ".join(
        line.split("│")[1].strip() for line in lines.splitlines() if line.count("│") == 4
    )
    assert "Do not load it: it names os.mkdir, which can run code." in flat
    assert "3 files: 1 dangerous, 1 skipped, 1 clean." in lines
    assert "Clean means: no known bad name found." in lines
    assert "safe " not in lines.replace("safetensors", "")


def test_a_lying_name_is_told(run: Run, tmp_path: Path) -> None:
    """Where name and content disagree, the row says so."""
    result = run(write("pickle-as-safetensors", tmp_path).name)
    flat = " ".join(
        line.split("│")[1].strip() for line in result.stdout.splitlines() if line.count("│") == 4
    )
    assert "The name ends in .safetensors, the content is: raw pickle." in flat


def test_ignoring_is_never_silent(run: Run, tmp_path: Path) -> None:
    """What --ignore leaves out is counted: in the summary, and on stderr beside JSON."""
    write("plain-4", tmp_path)
    write("reduce-canary", tmp_path)
    write("obj-canary", tmp_path)
    result = run(".", "--ignore", "*canary*")
    assert result.exit_code == 0
    assert "2 files were left out by --ignore." in result.stdout
    result = run(".", "--ignore", "*canary*", "--json")
    assert len(json.loads(result.stdout)) == 1
    assert "2 files were left out by --ignore." in result.stderr
    assert run(".", "--ignore", "*").exit_code == 2
    assert run("plain-4.pkl", "--ignore", "plain*").exit_code == 2


def test_names_from_files_cannot_write_to_the_terminal(run: Run, tmp_path: Path) -> None:
    """Escape codes, markup and line ends in file names and pickles are shown, not obeyed."""
    from unpickled.pickles import assemble

    bad = assemble(
        [
            ("PROTO", 4),
            ("BINUNICODE", "os"),
            ("BINUNICODE", "\x1b[2J[red]\u202ex\r"),
            "STACK_GLOBAL",
            "STOP",
        ]
    )
    (tmp_path / "a\x1b[31m\n[bold]x.pkl").write_bytes(bad)
    result = run(".")
    assert result.exit_code == 1
    assert not {"\x1b", "\r", "\u202e"} & set(result.stdout)
    assert "[bold]x.pkl" in result.stdout.replace("│", "").replace("\n", "").replace(" ", "")
    assert "\\x1b" in result.stdout


def test_printable_keeps_words_and_escapes_the_rest() -> None:
    """Letters of any script stay; control, direction and private characters become escapes."""
    assert printable("ünï ☃ 漢字 [red]") == "ünï ☃ 漢字 [red]"
    assert printable("a\x1b\n\u202e\udcff\ue000") == "a\\x1b\\n\\u202e\\udcff\\ue000"


def test_undecodable_names_are_survived(run: Run, tmp_path: Path) -> None:
    """A name that is no UTF-8 comes through the table and through JSON."""
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.pkl")).write_bytes(make("plain-4") or b"")
    assert run(".").exit_code == 0
    assert json.loads(run(".", "--json").stdout)[0]["verdict"] == "clean"


def test_help_has_examples(run: Run) -> None:
    """--help shows commands to copy, and the exit codes."""
    text = run("--help").stdout
    assert "unpickled check model.pt" in text
    for word in ("Exit 0", "1:", "2:", "--ignore", "--json"):
        assert word in text


def test_no_file_is_wrong_usage(run: Run) -> None:
    """Without a path there is nothing to pass."""
    result = CliRunner().invoke(check, [])
    assert result.exit_code == 2
    assert "FILE" in result.stderr


def test_exit_code_of_nothing_is_not_0() -> None:
    """No report at all is not a pass."""
    assert exit_code([]) == 2


def test_summary_counts_worst_first() -> None:
    """The summary names the worst verdicts first and uses the singular for one."""
    one = FileReport(path="a", format=None, verdict=Verdict.CLEAN, reports=(), advice="")
    bad = FileReport(path="b", format=None, verdict=Verdict.DANGEROUS, reports=(), advice="")
    assert summary([one], 1) == "1 file: 1 clean. 1 file was left out by --ignore."
    assert summary([one, bad, one]) == "3 files: 1 dangerous, 2 clean."


def command(*words: str) -> list[str]:
    return [
        sys.executable,
        "-c",
        "import sys; from unpickled.cli import main; sys.exit(main())",
        "check",
        *words,
    ]


def test_ascii_terminals_get_ascii(tmp_path: Path) -> None:
    """Where the terminal knows ASCII only, shapes, frames and names are ASCII."""
    (tmp_path / "ünï.pkl").write_bytes(make("plain-4") or b"")
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "COLUMNS": "80"}
    done = subprocess.run(command("."), cwd=tmp_path, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"o CLEAN" in done.stdout
    assert done.stdout.isascii()


def test_a_bar_for_people_only(tmp_path: Path) -> None:
    """On a terminal a bar runs on stderr; into a pipe stderr stays empty."""
    write_all(tmp_path / "models")
    done = subprocess.run(
        command("models", "--json"), cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.stderr, done.returncode) == (b"", 1)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("models", "--json"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color"},  # a dumb terminal gets no bar
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        shown += chunk
    rows = json.loads(process.communicate()[0])
    assert len(rows) == len(catalogue()) - 1
    assert f"/{len(rows)}".encode() in shown


def test_ctrl_c_is_130_and_one_line(tmp_path: Path) -> None:
    """Interrupted in its first scan, the command stops at once with one line and leaves no worker behind."""
    write("torch-plain", tmp_path / "models")
    blocked = tmp_path / "blocked"
    held = (
        "import sys, time; from pathlib import Path; from unpickled.scanners import workshop\n"
        f"hold = lambda *_: (Path({str(blocked)!r}).touch(), time.sleep(60))\n"
        "workshop._read_line = hold\n"  # the worker was asked, and its answer does not come
        "from unpickled.cli import main; sys.exit(main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", held, "check", "models"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not blocked.exists():
        time.sleep(0.02)
    workers = _children(process.pid)
    assert workers
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, b"")
    assert len(err.split(b"\n", 1)[1].splitlines()) == 1  # click ends the line of ^C first
    assert b"Traceback" not in err
    while time.monotonic() < deadline and any(map(_alive, workers)):
        time.sleep(0.02)
    assert not any(map(_alive, workers))


@pytest.mark.parametrize("words", [["check"], ["check", "--json"], ["trace"], ["trace", "--json"]])
def test_a_reader_that_goes_away_is_not_taken_for_a_verdict(tmp_path: Path, words) -> None:
    """With the pipe closed the exit code is a shell's 141: 0 and 1 have a meaning, and nothing is printed."""
    path = write("torch-plain", tmp_path)
    ours, theirs = os.pipe()
    os.close(ours)
    process = subprocess.run(
        [sys.executable, "-m", "unpickled", *words, str(path)],
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(theirs)
    assert (process.returncode, process.stderr) == (141, b"")


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_keeps_the_verdicts_so_far(tmp_path, monkeypatch, capsys, as_json) -> None:
    """Who stops a long walk sees what was found until then, and that it was not all."""
    for number in range(5):
        write("reduce-canary", tmp_path / str(number))
    real, asked = report_on, []

    def impatient(target):
        asked.append(target)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return real(target)

    monkeypatch.setattr("unpickled.cli.check.report_on", impatient)
    assert run_line(["check", str(tmp_path), *["--json"] * as_json]) == 130
    out, err = capsys.readouterr()
    if as_json:
        assert [row["verdict"] for row in json.loads(out)] == ["dangerous"] * 2
    else:
        assert "2 files: 2 dangerous." in out
    assert "Stopped: 2 of 5 files." in err


def _alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _children(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
