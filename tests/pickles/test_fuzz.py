"""Broken pickles: no crash, no hang, no import, no call, no memory beyond the limits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CHUNKS, EACH = 2, 20_000  # tests/oracle mutates 200,000 more, and compares each with CPython


@pytest.mark.long
@pytest.mark.parametrize("seed", range(CHUNKS))
def test_survives_mutated_pickles(seed):
    """Each of 40,000 mutated pickles is traced or told of as broken, in a process that may do nothing else."""
    command = [sys.executable, str(HERE / "fuzz_child.py"), str(seed), str(EACH)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = json.loads(done.stdout or "{}")
    assert done.returncode == 0, said or done.stderr
    assert sum(said.values()) == EACH
    assert (
        min(said["whole"], said["broken"]) > EACH // 50
    )  # the mutations break much, but not everything
    assert said["over a limit"] > EACH // 500


def test_the_watch_sees_what_it_is_there_for():
    """The child fails if anything is imported, opened or run while it looks at an input."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import fuzz_child\n"
        "def curious(data, closely): fuzz_child.WATCHING and __import__('no_such_module')\n"
        "fuzz_child.look_at = curious\n"
        "fuzz_child.main(0, 5)"
    )
    command = [sys.executable, "-c", program, str(HERE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "import" in json.loads(done.stdout)["wrong"]


CORPUS = sorted((HERE / "corpus").glob("*.hex"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_what_once_failed_stays_mended(path, fuzz):
    """Every input that an earlier version stumbled over is traced without trouble."""
    why, *lines = path.read_text().splitlines()
    assert why.startswith("# ")
    fuzz.look_at(bytes.fromhex("".join(lines)), closely=True)


def test_the_corpus_is_there():
    """The folder of inputs that once failed is not empty."""
    assert len(CORPUS) >= 10
