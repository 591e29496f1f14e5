"""`unpickled convert`: exit codes, one JSON object, a report a person can use, and a scan before everything."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from unpickled import sandbox
from unpickled.cli import convert as module
from unpickled.cli.main import COMMANDS, cli
from unpickled.restricted import Conversion, ConvertError, RefusedError
from unpickled.scanners import scan
from unpickled.specimens import write

DONE = Conversion(
    model="m.pt",
    out="m.safetensors",
    tensors=1234,
    bytes=102_000_000,
    part="",
    left=(),
    left_total=0,
    tied=(),
    tied_bytes=0,
    isolation=sandbox.WALLED,
    seconds=1.0,
    memory=1,
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command in a temporary folder."""
    monkeypatch.chdir(tmp_path)

    def invoke(*words):
        words = ["convert", *map(str, words)]
        return CliRunner().invoke(cli, words, catch_exceptions=True)

    return invoke


@pytest.fixture
def stand_in(monkeypatch):
    """Replace the conversion itself; returns what it is to return and what it was asked."""
    asked = {"done": DONE}

    def convert_file(model, out, **options):
        asked.update(options, model=model, out=out)
        return asked["done"]

    monkeypatch.setattr(module, "convert_file", convert_file)
    return asked


@pytest.fixture
def walled():
    """Only where bubblewrap works; where tests count it has to."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())


def test_a_model_is_converted_for_real(run, tmp_path, walled):
    """From the command line to a file that safetensors reads, with torch in the sandbox."""
    from safetensors.numpy import load_file

    path = write("torch-plain", tmp_path)
    result = run(path.name, "out.safetensors", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["converted"], told["scan"], told["tensors"], told["bytes"]) == (
        True,
        "clean",
        2,
        32,
    )
    assert told["isolation"] == sandbox.WALLED
    loaded = load_file(tmp_path / "out.safetensors")
    assert loaded["layer.weight"].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.safetensors", "torch-plain.pt"]


def test_what_the_scan_finds_is_not_converted(run, tmp_path, monkeypatch):
    """Exit 1, no child, and the way around it is named."""
    monkeypatch.setattr(module, "convert_file", lambda *_, **__: pytest.fail("it was loaded"))
    path = write("torch-canary", tmp_path, marker=tmp_path / "canary")
    result = run(path.name, "out.safetensors")
    assert isinstance(result.exception, RefusedError)
    assert result.exception.exit_code == 1
    assert "but dangerous" in str(result.exception)
    assert "os.mkdir" in str(result.exception)
    assert "--force" in result.exception.remedy
    assert not (tmp_path / "out.safetensors").exists()


def test_force_does_not_force_the_unpickler(run, tmp_path, walled):
    """A canary that is converted by force is refused by torch, exit 1, and never sings."""
    path = write("torch-canary", tmp_path, marker=tmp_path / "canary")
    result = run(path.name, "out.safetensors", "--force", "--json")
    told = json.loads(result.stdout)
    assert (told["converted"], told["exit"]) == (False, 1)
    assert "it imports os.mkdir" in told["problem"]
    assert "state_dict" in told["remedy"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["torch-canary.pt"]


def test_a_legacy_file_says_why_the_scan_is_not_clean(run, tmp_path, stand_in):
    """modelscan reads the first of five pickles; with --force it is converted, and the report says so."""
    path = write("legacy-plain", tmp_path)
    result = run(path.name, "out.safetensors")
    problem, remedy = result.exception.problem, result.exception.remedy
    assert "skipped (modelscan: it read 1 of 5 pickles; picklescan: it read all of it" in problem
    assert "If you know where it comes from, --force is reasonable" in remedy
    assert "restricted unpickler, in the sandbox, still refuses" in remedy
    assert len(str(result.exception)) < 400
    assert result.exception.exit_code == 1
    assert "\n" not in str(result.exception)
    result = run(path.name, "out.safetensors", "--force")
    assert result.exit_code == 0
    assert "Forced: the scan's verdict is skipped." in result.output


@pytest.mark.parametrize("name", ["torch-canary", "legacy-canary", "torch-cut"])
def test_force_is_called_reasonable_for_nothing_that_was_flagged(run, tmp_path, name):
    """Nor for what no scanner read to its end."""
    if name == "torch-cut":
        path = write("legacy-plain", tmp_path)
        path.write_bytes(path.read_bytes()[:200])
    else:
        path = write(name, tmp_path, marker=tmp_path / "canary")
    result = run(path.name, "out.safetensors")
    assert result.exception.exit_code == 1
    assert "reasonable" not in str(result.exception)
    assert "Do not load it" in result.exception.remedy


def test_the_options_arrive(run, tmp_path, stand_in):
    """Each under its own name, with the stamp of what was scanned."""
    path = write("torch-plain", tmp_path)
    (tmp_path / "o.safetensors").touch()
    words = ["--overwrite", "--part", "ema", "--unsafe-no-sandbox"]
    assert run(path.name, "o.safetensors", *words).exit_code == 0
    assert (stand_in["part"], stand_in["everything"]) == ("ema", False)
    assert stand_in["overwrite"] is True
    assert stand_in["without_wall"] == "the user said so"
    assert stand_in["since"][2] == path.stat().st_size
    assert run(path.name, "o.safetensors", "--overwrite", "--all").exit_code == 0
    assert (stand_in["part"], stand_in["everything"]) == ("", True)
    assert stand_in["without_wall"] == "none"
    assert run(path.name, "o.safetensors", "--all", "--part", "x").exit_code == 2


def test_a_report_for_a_person(run, tmp_path, stand_in):
    """What was taken, what is tied, what is left, each up to a dozen lines; nothing that a terminal obeys."""
    path = write("torch-plain", tmp_path)
    left = tuple(f"key{n}\x1b[2J: int" for n in range(30))
    tied = tuple((f"head{n}", "embed") for n in range(14))
    stand_in["done"] = replace(
        DONE, part="state_dict", left=left, left_total=200, tied=tied, isolation=sandbox.PLAIN
    )
    lines = run(path.name, "o.safetensors").output.splitlines()
    assert lines[:4] == [
        "m.pt -> m.safetensors",
        "  1,234 tensors, 102.0 MB; compared with the model's own bytes, and equal",
        "  Scanned: no known bad name found.",
        '  Taken: the part "state_dict", under its own names.',
    ]
    text = "\n".join(lines)
    assert text.count("is the same tensor as embed") == text.count("key") == 12
    assert "and 2 more tied" in text
    assert "and 188 more not carried over" in text
    assert "\x1b" not in text
    assert "no wall" in lines[-1]
    assert "--all" not in text
    stand_in["done"] = replace(DONE, part="model", left=("ema: dict with 9 tensors",), left_total=1)
    assert "--part KEY takes another part" in run(path.name, "o.safetensors").output
    assert max(map(len, lines[:-1])) <= 100


@pytest.mark.parametrize(
    ("model", "out", "said"),
    [
        ("none.pt", "o.safetensors", "no such file"),
        ("model.safetensors", "o.safetensors", "already"),
        ("npy-plain.npy", "o.safetensors", "no PyTorch file"),
        ("torch-plain.pt", "o.pt", "does not end in"),
        ("torch-plain.pt", "torch-plain.pt", "the model itself"),
        ("torch-plain.pt", "model.safetensors", "--overwrite"),
    ],
)
def test_what_cannot_be_is_said_before_the_scan(run, tmp_path, model, out, said):
    """Exit 2, at once; as an object too."""
    for name in ("torch-plain", "safetensors", "npy-plain"):
        write(name, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "scan", lambda *_: pytest.fail("it was scanned"))
        result = run(model, out)
    assert said in str(result.exception)
    assert result.exception.exit_code == 2
    told = json.loads(run(model, out, "--json").stdout)
    assert (told["converted"], told["exit"]) == (False, 2)
    assert said in f"{told['problem']} {told['remedy']}"


def test_one_line_and_an_exit_code(tmp_path):
    """As the program itself gives them."""
    words = [sys.executable, "-m", "unpickled", "convert", "none.pt", "o.safetensors"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "unpickled: none.pt: there is no such file. Check the path.\n"


def test_the_scan_is_of_the_file_that_is_converted(run, tmp_path, stand_in, monkeypatch):
    """The stamp is taken before the scan, so that a change during it is seen."""
    path = write("torch-plain", tmp_path)
    before = path.stat().st_mtime_ns

    def slow(model):
        report = scan(model)
        os.utime(model, ns=(1, 1))
        return report

    monkeypatch.setattr(module, "scan", slow)
    run(path.name, "o.safetensors")
    assert stand_in["since"][3] == before


def test_a_person_sees_how_far_it_is(tmp_path, monkeypatch):
    """On a terminal: which step of three, how much is written; and nothing of it elsewhere."""
    draft = tmp_path / "draft"
    draft.write_bytes(bytes(5_000_000))
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as screen:
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(sys, "stderr", screen)
        with module._progress() as notify:
            notify("loading", draft)
            notify("proving", draft)
    shown = _everything(ours)
    assert "1 of 3: scanning" in shown
    assert "3 of 3: comparing every tensor" in shown
    assert "5.0 MB written" in shown


def _everything(terminal):
    parts = b""
    with os.fdopen(terminal, "rb", buffering=0) as screen:
        try:
            while part := screen.read(4096):
                parts += part
        except OSError:  # the other end is closed
            pass
    return parts.decode()


def test_help_has_examples():
    """And the list of commands a line for it."""
    assert "proved equal" in COMMANDS["convert"].summary
    text = CliRunner().invoke(cli, ["convert", "--help"]).output
    assert "unpickled convert model.pt model.safetensors" in text
    for code in ("Exit 0", "1: refused", "2: it could not"):
        assert code in " ".join(text.split())


def test_errors_are_of_one_tree():
    """A refusal is an error of conversion with an exit code of its own."""
    assert issubclass(RefusedError, ConvertError)
    assert (RefusedError.exit_code, ConvertError.exit_code) == (1, 2)
