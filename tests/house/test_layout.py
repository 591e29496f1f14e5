"""The folders and files that the project promises are there, and hold no machine's paths."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["course", "labs", "quizzes", "video-scripts", "slides", "tests"])
def test_required_folder_is_there(root, name):
    """A clone has every top-level folder."""
    assert (root / name).is_dir()
    assert any((root / name).rglob("*.*"))


def test_no_committed_file_names_the_machine_it_was_made_on(root):
    """Paths below the checkout, or of a home folder, work on one machine only."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)
    needles = [f"{place}/".encode() for place in (root, Path.home()) if place.name]
    here = __file__.encode().rpartition(b"/")[2]
    for name in filter(None, listed.stdout.split(b"\0")):
        path = root / name.decode()
        if path.is_file() and not name.endswith(here):
            data = path.read_bytes()
            assert not [needle for needle in needles if needle in data], name
