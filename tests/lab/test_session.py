"""The bench gives a page its material: a private folder, specimens that stay in it, and looks that load nothing."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from unpickled import lab
from unpickled.errors import CourseError


def test_the_public_names_are_those_of_the_notebooks():
    """What `lab` offers is pinned: notebooks in learners' hands depend on it."""
    assert lab.__all__ == [
        "award", "card", "check", "convert", "deeds", "experiment", "format_table", "header_panel", "identify",
        "load_in_child", "progress", "progress_file", "rail", "reset", "scan", "scan_panel", "scoreboard", "search",
        "specimen", "stepper", "take_away", "trace", "what_if", "workspace",
    ]  # fmt: skip


def test_the_workspace_is_one_folder_that_goes_with_its_kernel():
    """The folder is the same all session long, and gone when the process ends."""
    code = "from unpickled import lab; assert lab.workspace() == lab.workspace(); print(lab.workspace())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not Path(done.stdout.strip()).exists()


def test_a_canary_can_be_looked_at_in_every_way_and_makes_nothing():
    """Trace, scan, identify and the stepper agree that it calls mkdir; the marker does not appear."""
    path = lab.specimen("reduce-canary")
    assert path.is_relative_to(lab.workspace())
    assert lab.trace("reduce-canary").calls[0].callable.endswith("mkdir")
    assert lab.scan(path).verdict == "dangerous"
    assert lab.identify(path).id == "pickle"
    assert "mkdir" in str(lab.stepper("reduce-canary").trace["columns"]["values"])
    assert not (lab.workspace() / "canary").exists()


def test_bytes_paths_and_ids_are_taken(tmp_path):
    """A learner gives what they have."""
    data = pickle.dumps([1], 4)
    path = tmp_path / "one.pkl"
    path.write_bytes(data)
    assert {len(lab.trace(given)) for given in (data, bytearray(data), path, str(path))} == {
        len(lab.trace(data))
    }


def test_a_word_that_is_nothing_says_so():
    """Neither a file nor a specimen: one sentence."""
    with pytest.raises(CourseError, match="neither a file here nor a specimen"):
        lab.trace("no-such-thing")


def test_the_format_table_shows_every_row_with_its_sources():
    """Seven rows, each with at least one source that has an address."""
    rows = lab.format_table().rows
    assert len(rows) == 7
    assert all(source["url"].startswith("https://") for row in rows for source in row["sources"])


@pytest.mark.parametrize("given", [5, None, {"a": 1}, [1] * 10_000])
def test_an_object_in_place_of_a_pickle_says_what_to_do(given):
    """Who forgets to pickle first is told so, shortly, and sees no TypeError."""
    for use in (lab.stepper, lab.trace):
        with pytest.raises(
            CourseError, match=f"but {type(given).__name__}. Pickle it first"
        ) as told:
            use(given)
        assert len(str(told.value)) < 200
