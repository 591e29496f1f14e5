"""A small checkout with a lab of one exercise, courses made from it, and the class that hands in oddities."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock

from unpickled.grading import CourseFolder, init

from .made import CHECKS, lab_cells


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Build something slow in one test process only: `once(name, build)` gives the folder that was filled."""
    workers = "PYTEST_XDIST_WORKER" in os.environ
    base = tmp_path_factory.getbasetemp()
    base = base.parent if workers else base

    def made(name, build) -> Path:
        folder = base / f"once-{name}"
        with FileLock(base / f"once-{name}.lock"):
            if not (folder / "done").is_file():
                folder.mkdir()
                build(folder)
                (folder / "done").write_text("")
        return folder

    return made


@pytest.fixture(scope="session")
def checkout(root, once) -> Path:
    """A checkout whose lab takes a second to run; course and quiz are the real ones."""

    def build(made):
        for name in ("course", "quizzes"):
            (made / name).symlink_to(root / name)
        lab = made / "labs" / "L4.8"
        lab.mkdir(parents=True)
        kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=lab_cells(), metadata={"kernelspec": kernel})
        nbformat.write(notebook, lab / "L4.8.ipynb")
        (lab / "checks.py").write_text(CHECKS)

    return once("checkout", build)


@pytest.fixture(scope="session")
def fresh(checkout, once) -> Path:
    """A course folder as `init` leaves it; tests copy it."""
    due = {"L4.8": "2026-12-04 23:59 UTC"}
    return once("fresh", lambda base: init(base / "course", checkout, due=due)) / "course"


@pytest.fixture
def course(fresh, tmp_path) -> CourseFolder:
    """A course of the test's own."""
    shutil.copytree(fresh, tmp_path / "course")
    return CourseFolder.open(tmp_path / "course")


@pytest.fixture(scope="session")
def stock():
    """Run a stock nbgrader command in a folder; gives the finished process."""

    def run(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        programs = str(Path(sys.executable).parent)
        path = os.pathsep.join([programs, os.environ["PATH"]])
        return subprocess.run(
            [f"{programs}/nbgrader", *words],
            cwd=folder,
            env={**os.environ, "PATH": path, **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=800,
        )

    return run
