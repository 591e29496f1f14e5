"""The command starts at once: what each command may import is a budget, not a hope."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROBE = """
import json, sys
sys.argv = ["unpickled", *{words!r}]
from unpickled.cli import main
try:
    main()
except SystemExit:
    pass
sys.stderr.write(json.dumps(sorted(sys.modules)))
"""
HEAVY = {"numpy", "torch", "rich", "IPython", "ipywidgets", "anywidget", "picklescan", "modelscan", "jupytext",
         "nbformat", "h5py", "onnx", "gguf", "safetensors", "jinja2", "matplotlib", "tomllib", "asyncio"}  # fmt: skip


def modules_after(*words):
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(words=list(words))],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stderr.splitlines()[-1])), done.stdout


def test_version_imports_next_to_nothing():
    """--version costs an interpreter and our two smallest modules."""
    modules, printed = modules_after("--version")
    assert printed.startswith("unpickled ")
    assert not modules & (HEAVY | {"click", "dataclasses", "inspect", "typing", "pathlib"})


def test_help_imports_no_command():
    """The list of commands is a table: it is shown without importing one of them."""
    modules, printed = modules_after("--help")
    assert "30-second test" in printed
    assert not modules & HEAVY
    assert not [
        m
        for m in modules
        if m.startswith("unpickled.") and not m.startswith(("unpickled.cli", "unpickled.errors"))
    ]


def test_trace_imports_only_the_machine(tmp_path):
    """Tracing needs click, the machine and the standard library."""
    path = tmp_path / "one.pkl"
    path.write_bytes(b"\x80\x04K\x01.")
    modules, printed = modules_after("trace", str(path))
    assert "STOP" in printed
    assert not modules & (HEAVY - {"tomllib"})
    assert "unpickled.scanners" not in modules


@pytest.mark.parametrize("package", ["pickles", "scanners", "specimens", "weights", "content"])
def test_a_layer_imports_no_outside_library_before_it_is_used(package):
    """Importing a package is cheap; its libraries come with the first call."""
    code = f"import sys, json, unpickled.{package}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(json.loads(done.stdout)) & (HEAVY - {"tomllib"})


def test_reading_a_notebook_builds_no_grammar():
    """What the server, nbgrader and pytest all import takes no seconds; newer releases of jsonschema bring lark."""
    code = "import sys, json, nbformat, jupyter_events; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"lark", "rfc3987_syntax"} & set(json.loads(done.stdout))
