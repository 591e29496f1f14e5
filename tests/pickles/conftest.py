"""Fixtures for the pickle machine's tests: the oracle's child process, the fuzzer's inputs, the corpus."""

import importlib.util
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
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as child:
        assert child.stdout.readline() == "ready\n"

        def ask(data):
            child.stdin.write(data.hex() + "\n")
            child.stdin.flush()
            return json.loads(child.stdout.readline())

        yield ask
        child.stdin.close()


@pytest.fixture(scope="session")
def fuzz():
    """The fuzzer's module: `inputs`, `look_closely`."""
    spec = importlib.util.spec_from_file_location("fuzz_child", HERE / "fuzz_child.py")
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
