"""Where output cannot go, no command ends with a code that says something of a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from unpickled.specimens import write

COMMANDS = [["check"], ["check", "--json"], ["trace"], ["trace", "--json"], ["--version"]]


def ran(words, out, unbuffered=""):
    return subprocess.run(
        [sys.executable, "-m", "unpickled", *words],
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        preexec_fn=(lambda: os.close(1)) if out is None else None,
        check=False,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_full_disk_is_one_line_and_exit_2(tmp_path, words, unbuffered):
    """A clean file is not called dangerous (1), nor a lost verdict clean (0)."""
    path = [] if words == ["--version"] else [str(write("plain-4", tmp_path))]
    with Path("/dev/full").open("wb") as full:
        done = ran([*words, *path], full, unbuffered)
    problem = "unpickled: standard output, or a file: No space left on device."
    assert (done.returncode, done.stderr) == (2, f"{problem} Check the disk and its permissions.\n")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_closed_output_is_one_line_and_exit_2(tmp_path, words):
    """`unpickled check FILE >&-`: the verdict has nowhere to go."""
    path = [] if words == ["--version"] else [str(write("plain-4", tmp_path))]
    done = ran([*words, *path], None)
    assert done.returncode == 2
    assert done.stderr.startswith("unpickled: standard output: it is closed. ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("closed", [(0,), (2,), (0, 2)], ids=str)
@pytest.mark.parametrize(
    "command", ["check", "inspect", "trace", pytest.param("convert", marks=pytest.mark.long)]
)
def test_a_closed_input_or_error_output_changes_no_answer(tmp_path, command, closed):
    """`unpickled check FILE 2>&-`, or a program without a terminal: no child takes another file for its input."""
    path, made = write("torch-plain", tmp_path), tmp_path / "made.safetensors"
    told = []
    for without in ((), closed):
        done = subprocess.run(
            [sys.executable, "-m", "unpickled", command, path, *[made] * (command == "convert")],
            capture_output=True,
            text=True,
            preexec_fn=lambda numbers=without: [os.close(each) for each in numbers],
            check=False,
        )
        told.append((done.returncode, done.stdout))
        made.unlink(missing_ok=True)
    assert told[0][0] == 0
    assert told[1] == told[0]
