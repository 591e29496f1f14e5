"""A bench for lab notebooks: their cells run here, in a folder of their own, and their checks judge by the port."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from unpickled import lab
from unpickled.authoring.lab_files import load_lab
from unpickled.checking import InKernel, Recording, judge
from unpickled.lab import checks as bench

MARKER = "canary"


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Bench:
    """Runs the answer and given cells of one lab, and judges exercises."""

    def __init__(self, made):
        self.lab = made
        cells = json.loads(made.notebook.read_bytes())["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        self.cells = [
            (cell["metadata"]["nbgrader"]["grade_id"], "".join(cell["source"]))
            for cell in code
            if not cell["metadata"]["nbgrader"]["grade"]
        ]
        visible = load(made.folder / "checks.py").CHECKS
        self.checks = {
            one.id: (
                (visible[one.id], one.visible),
                (load(made.hidden(one)).check, one.hidden),
            )
            for one in made.exercises
        }
        self.maximum = {one.id: one.visible + one.hidden for one in made.exercises}

    def run(self, folder, replaced=None, *, namespace=None, start="", only=None):
        """Run the cells in `folder`; an answer may be replaced, and a failing cell stops nothing, as when grading.

        With a namespace that was run before, `start` names the first cell to run again, or `only` the one.
        """
        names = {"__name__": "__main__"} if namespace is None else dict(namespace)
        places = [name for name, _ in self.cells]
        first = places.index(start) if start else 0
        with contextlib.chdir(folder):
            for name, source in self.cells[first:]:
                if only is None or name == only:
                    text = (replaced or {}).get(name, source)
                    with contextlib.suppress(NotImplementedError, NameError):
                        exec(compile(text, name, "exec"), names)
        return names

    def judge(self, namespace, folder, exercise):
        """Return both outcomes of an exercise, and prove that a recording gives the same."""
        outcomes = []
        with contextlib.chdir(folder):
            for check, maximum in self.checks[exercise]:
                recording = Recording(InKernel(namespace, Path.cwd()))
                outcome = judge(check, recording, maximum)
                assert judge(check, recording.replay(), maximum) == outcome
                outcomes.append(outcome)
        return outcomes

    def points(self, namespace, folder):
        """Return the points of each exercise."""
        return {
            name: sum(one.points for one in self.judge(namespace, folder, name))
            for name in self.checks
        }


@pytest.fixture(scope="session")
def work(root):
    return Bench(load_lab(root / "labs" / "L4.8"))


@pytest.fixture(scope="session")
def reference(work, tmp_path_factory):
    """The reference solution's names and folder, after a run with real loads."""
    folder = tmp_path_factory.mktemp("reference")
    return work.run(folder), folder


@pytest.fixture
def remembered(monkeypatch):
    """Load and scan each different file once: a real load with torch takes two seconds, a scanner half of one."""
    monkeypatch.setattr(lab, "load_in_child", _remembering)
    monkeypatch.setattr(subprocess, "run", _running)


_run = subprocess.run
_DONE: dict[tuple[object, ...], object] = {}


def _running(command, **options):
    """Remember what a scanner said of a file of that name and content."""
    if Path(command[0]).name not in {"picklescan", "modelscan"}:
        return _run(command, **options)
    path = Path(command[-1])
    key = (command[0], path.name, path.read_bytes())
    if key not in _DONE:
        _DONE[key] = _run(command, **options)
    return _DONE[key]


_KNOWN: dict[tuple[object, ...], object] = {}


def _remembering(path, loader="pickle", *, weights_only=True):
    marker = lab.workspace() / MARKER
    key = (Path(path).read_bytes(), loader, weights_only, marker.exists())
    if key not in _KNOWN:
        _KNOWN[key] = bench.load_in_child(path, loader, weights_only=weights_only)
    elif _KNOWN[key].made:
        marker.mkdir()
    return _KNOWN[key]


@pytest.fixture
def copied(reference, tmp_path):
    """A copy of what the reference solution has left behind."""
    names, folder = reference
    goal = tmp_path / "copy"
    shutil.copytree(folder, goal)
    return dict(names), goal
