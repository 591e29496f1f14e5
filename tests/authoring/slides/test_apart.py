"""Work in a process of its own: what it makes and how it fails comes back, and stopping us ends it."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time

import pytest

from unpickled.authoring.slides.apart import apart
from unpickled.errors import SetupError

WORKS = """
import os, pathlib, sys, time
from unpickled.authoring.slides.apart import apart
from unpickled.errors import SetupError

def mirrored(html):
    return {"second": html[::-1], "first": os.environ["TMPDIR"].encode()}

def session(html):
    return {"its": str(os.getsid(0)).encode()}

def missing(html):
    raise SetupError("a place", "a problem", "A remedy.")

def wrong(html):
    raise ValueError("a fault of ours")

def endless(html):
    print(os.getpid(), file=open(html, "w"))
    time.sleep(100)

if __name__ == "__main__":
    import works
    apart(works.endless, sys.argv[1].encode())
"""


@pytest.fixture
def works(tmp_path, monkeypatch):
    (tmp_path / "works.py").write_text(WORKS, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    yield importlib.import_module("works")
    del sys.modules["works"]


def test_what_is_made_comes_back_in_its_order_and_its_folder_goes(works):
    made = apart(works.mirrored, b"abc\0\n")
    assert list(made) == ["second", "first"]
    assert made["second"] == b"\n\0cba"
    assert not os.path.exists(made["first"])  # noqa: PTH110 - bytes


@pytest.mark.skipif(sys.platform == "win32", reason="there are no sessions")
def test_a_terminals_ctrl_c_does_not_reach_the_work(works):
    """It goes to a session's processes: the work has one of its own, and we end it."""
    assert int(apart(works.session, b"")["its"]) != os.getsid(0)


def test_what_is_missing_is_told_as_it_was_raised(works):
    with pytest.raises(SetupError, match=r"^a place: a problem\. A remedy\.$"):
        apart(works.missing, b"")


def test_another_failure_shows_where_it_happened(works):
    with pytest.raises(RuntimeError, match=r"(?s)wrong failed:.*line 16.*a fault of ours"):
        apart(works.wrong, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_stopping_us_alone_ends_the_work_at_once(works, tmp_path):
    begun = tmp_path / "begun"
    run = subprocess.Popen(
        [sys.executable, works.__file__, begun], stderr=subprocess.PIPE, text=True
    )
    while not (begun.exists() and begun.read_text("utf-8").strip()):
        assert run.poll() is None
        time.sleep(0.02)
    worker = int(begun.read_text("utf-8"))
    os.kill(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=20)
    assert said.endswith("KeyboardInterrupt\n")
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
