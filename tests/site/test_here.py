"""What stands in for processes in a browser, tried on a machine that is told it were one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from unpickled import here, sandbox, scanners
from unpickled.canary import Loaded
from unpickled.content import load_formats
from unpickled.errors import NotHereError, SandboxError
from unpickled.here import place, runs, standins
from unpickled.lab.results import Tried
from unpickled.scoreboard import from_dict, to_dict
from unpickled.specimens import write


@pytest.fixture
def browser_like(monkeypatch, tmp_path):
    """A Python that takes itself for a browser's, with a kit that holds what the test puts in."""
    kept = {
        "date": "2026-11-29",
        "children": {},
        "scans": {},
        "cells": {},
        "boards": {},
        "files": {},
    }
    (tmp_path / "kit").mkdir()
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(runs, "kit", lambda: tmp_path / "kit")

    def put(**more):
        for kind, found in more.items():
            kept[kind] |= found
        (tmp_path / "kit" / runs.FILE).write_text(json.dumps(kept))
        runs._all.cache_clear()

    put()
    yield put
    runs._all.cache_clear()


def test_a_played_program_leaves_nothing_behind(tmp_path):
    """Its output, arguments, folder, environment and log handlers are its own."""
    before = sys.argv, dict(os.environ), Path.cwd()
    source = "import logging, os, sys\nprint(sys.argv, os.getcwd(), os.environ.get('HOME'))\nlogging.warning('w')"
    for _ in range(2):
        ended = here.play(source, ["a"], env={}, cwd=tmp_path)
        assert (ended.code, ended.out) == (0, f"['-c', 'a'] {tmp_path} None\n")
        assert "w" in ended.err
    assert (sys.argv, dict(os.environ), Path.cwd()) == before


def test_a_played_program_ends_as_a_process_would():
    """Exit codes, words on the way out, a traceback, and the modules that were missed."""
    assert here.play("raise SystemExit(3)").code == 3
    assert here.play("import sys; sys.exit('no')").err == "no\n"
    failed = here.play("import torch_that_is_not_there.deep")
    assert (failed.code, failed.missed) == (1, {"torch_that_is_not_there"})
    assert "ModuleNotFoundError" in failed.err


def test_a_recorded_run_is_found_by_what_was_asked(tmp_path):
    """Where a file lies does not count; its name, its content and every other word do."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.bin").write_bytes(b"x")
    here_, there = tmp_path / "one", tmp_path / "two"
    key = runs.key(["tool", "a.bin"], cwd=here_)
    assert key == runs.key(["tool", "a.bin"], cwd=there) == runs.key(["tool", str(here_ / "a.bin")])
    assert key != runs.key(["tool", "-q", "a.bin"], cwd=here_)
    assert key != runs.key(["tool", "a.bin"], cwd=here_, stdin=b"y")
    (there / "a.bin").write_bytes(b"z")
    assert key != runs.key(["tool", "a.bin"], cwd=there)
    assert runs.key(["x", str(here_)]) != runs.key(["x", str(there)])  # folders by what is in them


def test_a_child_that_needs_more_is_told_from_its_record(browser_like, tmp_path, capsys):
    """What it left behind is left again; without a record the sentence names what is missing."""
    words = [sys.executable, "-c", "import torch_at_home"]
    with pytest.raises(NotHereError, match="torch_at_home cannot run in a browser"):
        standins.run(words, capture_output=True, text=True)
    made = {str(tmp_path / "made"): None, str(tmp_path / "a.txt"): "eA=="}
    run = {"code": 0, "out": "loaded\n", "err": "", "left": made}
    browser_like(children={runs.key(standins.plain_words(words)): run})
    ended = standins.run(words, capture_output=True, text=True, check=True)
    assert ended.stdout == "loaded\n"
    assert (tmp_path / "made").is_dir()
    assert (tmp_path / "a.txt").read_bytes() == b"x"
    assert "Recorded on 29 November 2026." in capsys.readouterr().err


def test_a_child_that_fails_by_itself_fails(browser_like):
    """An exit code of its own is no reason to look for a record, nor is a module that it can do without."""
    without = "try:\n    import not_here_and_not_needed\nexcept ImportError:\n    print('fine')"
    ended = standins.run([sys.executable, "-c", without], capture_output=True, text=True)
    assert ended.stdout == "fine\n"
    ended = standins.run(
        [sys.executable, "-c", "raise SystemExit(4)"], capture_output=True, text=True
    )
    assert ended.returncode == 4
    with pytest.raises(subprocess.CalledProcessError):
        standins.run([sys.executable, "-c", "1/0"], capture_output=True, check=True)


def test_the_canary_is_set_off_in_the_page(browser_like, tmp_path):
    """The sandbox plays its child where there are no processes, and says what the wall is."""
    script = tmp_path / "load.py"
    script.write_text("import os, sys; os.mkdir(sys.argv[1]); print('done')")
    ended = sandbox.run_python(script, [str(tmp_path / "canary")])
    assert (ended.code, ended.text, ended.isolation) == (0, "done\n", place.PLACE)
    assert (tmp_path / "canary").is_dir()
    with pytest.raises(SandboxError, match="no processes"):
        sandbox.run(["/bin/true"])


def test_modelscan_has_no_verdict_where_it_cannot_run(browser_like, tmp_path, monkeypatch):
    """picklescan is asked here; for modelscan there is its record, dated, or the sentence, and never "clean"."""
    from unpickled.scanners import in_page, worker

    real = worker.answer
    gone = {"version": "", "error": "it is not installed", "seconds": 0.0}

    def answer(request):
        return gone if request["scanner"] == "modelscan" else real(request)

    monkeypatch.setattr(in_page, "answer", answer)
    path = write("plain-4", tmp_path)
    workshop = in_page.PageWorkshop()
    report = scanners.scan(path, workshop=workshop)
    picklescan, modelscan = report.reports
    assert (picklescan.verdict, modelscan.verdict, report.verdict) == ("clean", "failed", "failed")
    assert "cannot run in a browser" in modelscan.note
    asked = {"scanner": "modelscan", "path": str(path)}
    kept = {
        "version": "0.8.8",
        "seconds": 0.1,
        "answer": real({"scanner": "picklescan", "path": str(path)})["answer"],
    }
    browser_like(scans={in_page.scan_key(asked): kept})
    assert (
        scanners.scan(path, workshop=workshop).reports[1].version
        == "0.8.8, recorded on 29 November 2026"
    )


def test_only_one_module_asks_for_the_platform(root):
    """What a browser lacks is known in one place: no other module compares with its name."""
    package = root / "src" / "unpickled"
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "emscripten" in path.read_text("utf-8")
    }
    assert found == {"here/place.py"}


def test_a_recorded_board_is_the_board_that_was_run(root):
    """What `to_dict` wrote down is a board again: every answer, tally and lesson; sums of seconds are rounded anew."""
    told = json.loads((root / "site" / "recorded.json").read_text())["boards"]["course"]
    again = to_dict(from_dict(told))
    assert timeless(again) == timeless(told)


def timeless(told):
    if isinstance(told, dict):
        return {key: timeless(value) for key, value in told.items() if key != "seconds"}
    return [timeless(one) for one in told] if isinstance(told, list) else told


def test_what_was_recorded_is_not_told_as_seen_on_this_machine():
    """A recorded load names its tool as recorded, so that the table's last column can say where it was."""
    loaded = Loaded(True, False, "", "", f"{place.RECORDED} on a day", (), "torch 2.13.0")
    experiment = next(one for row in load_formats() for one in row.experiments if one.call)
    tried = Tried(experiment, None, loaded)
    assert tried.recorded
    assert tried.outcome.tool == "torch 2.13.0, recorded"
    assert not Tried(experiment, None, replace(loaded, isolation="bubblewrap")).recorded
