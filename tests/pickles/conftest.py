"""Fixtures for the pickle machine's tests: the oracle's child process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def oracle():
    """A function from a pickle to what CPython's own unpicklers did with it, in a child process."""
    command = [sys.executable, "-I", str(HERE / "oracle_child.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "ready\n"

        def ask(data):
            child.stdin.write(data.hex() + "\n")
            child.stdin.flush()
            return json.loads(child.stdout.readline())

        yield ask
        child.stdin.close()
