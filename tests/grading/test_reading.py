"""What cannot be graded is named in words that a person understands, and nothing else is refused."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from unpickled.grading.reading import LARGEST, MOST_CELLS, folder_problem, problem_in, read_notebook

from .made import Notebook

NAMES = frozenset({"given-1", "double-answer"})


@pytest.fixture
def folder(checkout, tmp_path):
    """A submission that can be graded."""
    Notebook(checkout / "labs" / "L4.8" / "L4.8.ipynb").write(tmp_path / "ada", "L4.8.ipynb")
    return tmp_path / "ada"


def told(folder):
    found = folder_problem(folder, ["L4.8.ipynb"])
    return found or problem_in(read_notebook(folder / "L4.8.ipynb"), "L4.8", NAMES)


def test_a_sound_submission_has_no_problem(folder):
    """Whatever time it says, in any of nbgrader's ways, or none."""
    for stamp in (
        "2026-12-04 23:59:00 UTC",
        "2026-12-04 23:59:00.123456 +0100",
        "2026-12-04",
        "",
        " \n",
    ):
        (folder / "timestamp.txt").write_text(stamp)
        assert told(folder) == ""


@pytest.mark.parametrize(
    "stamp", [b"yesterday evening", b"2026-13-45 99:99:99 UTC", b"\xff\xfe\x00", b"9" * 500]
)
def test_a_time_that_is_none_is_told(folder, stamp):
    """With what stands there, shortened, and what to do."""
    (folder / "timestamp.txt").write_bytes(stamp)
    assert told(folder).startswith("timestamp.txt holds no time, but ")
    assert 'write it as "2026-12-04 23:59:00 UTC", or remove the file' in told(folder)
    assert len(told(folder)) < 250


def test_a_link_is_told_as_a_link(folder, tmp_path):
    """Not as a notebook that is not there but should be renamed."""
    (folder / "L4.8.ipynb").rename(tmp_path / "real.ipynb")
    (folder / "L4.8.ipynb").symlink_to(tmp_path / "real.ipynb")
    assert (
        told(folder)
        == "L4.8.ipynb is a link, and links are not followed: put the file itself there"
    )


def test_a_link_beside_the_notebook_is_told_too(folder):
    """nbgrader would copy what it leads to into the folder in which the submission runs."""
    (folder / "data").mkdir()
    (folder / "data" / "key.txt").symlink_to("/etc/hostname")
    assert told(folder).startswith("data/key.txt is a link")


def test_a_huge_notebook_is_not_read(folder):
    """One byte more than the limit is refused; up to it, it is read."""
    path = folder / "L4.8.ipynb"
    text = path.read_bytes()
    path.write_bytes(text + b" " * (LARGEST - len(text)))
    assert told(folder) == ""
    with path.open("ab") as file:
        file.write(b" ")
    assert told(folder) == "the notebook is 20 MB; more than 20 are not read"


def test_too_many_cells_are_not_read(folder):
    """The docs' "huge one" by the number of cells."""
    path = folder / "L4.8.ipynb"
    data = json.loads(path.read_text())
    data["cells"] += [data["cells"][0]] * (MOST_CELLS - len(data["cells"]))
    path.write_text(json.dumps(data))
    assert told(folder) == ""
    data["cells"] += data["cells"][:1]
    path.write_text(json.dumps(data))
    assert told(folder) == "the notebook has 2001 cells; more than 2000 are not read"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (None, "cell 6 is no cell"),
        ({"source": ""}, "cell 6 is no cell"),
        ({"cell_type": "code", "source": 7}, "cell 6 has a text that is none"),
        ({"cell_type": "code", "source": [None]}, "cell 6 has a text that is none"),
        (
            {"cell_type": "code", "source": "", "metadata": None},
            "cell 6 has metadata that are none",
        ),
        ({"cell_type": "code", "source": "", "outputs": [7]}, "cell 6 has outputs that are none"),
        *(
            (
                {"cell_type": "heading", "source": "x", "level": level},
                "cell 6 is a heading of no level that there is",
            )
            for level in (1_500_000_000, 0, "9", [1])
        ),
    ],
)
def test_a_cell_that_is_none_is_named_by_its_number(folder, cell, says):
    """Counted from one, as a person counts."""
    path = folder / "L4.8.ipynb"
    data = json.loads(path.read_text())
    data["cells"].append(cell)
    path.write_text(json.dumps(data))
    assert told(folder) == f"the notebook is damaged: {says}"


@pytest.mark.parametrize(
    "data",
    [
        {"cells": [], "nbformat": 4},
        {"worksheets": [], "nbformat": 3},
        {"worksheets": [{"cells": []}], "nbformat": 3},
        {"cells": [{"cell_type": "code", "source": "1", "metadata": {}}], "nbformat": 4},
        {
            "cells": [
                {"cell_type": "raw", "source": "", "metadata": {"nbgrader": {"grade_id": "q1"}}}
            ],
            "nbformat": 4,
        },
    ],
)
def test_a_notebook_without_a_cell_of_the_assignment_is_another_one(folder, data):
    """It is not graded 0 as if it had been an attempt; a format 3 notebook with no cell is none either."""
    (folder / "L4.8.ipynb").write_text(json.dumps(data))
    assert told(folder) == "none of its cells is one of L4.8's: this is another notebook"


def test_an_old_notebook_with_the_assignments_cells_is_read(folder):
    """Format 3 keeps its cells in worksheets, and their text under another word."""
    cell = {"cell_type": "code", "input": "1", "metadata": {"nbgrader": {"grade_id": "given-1"}}}
    old = {"worksheets": [{"cells": [cell]}], "nbformat": 3, "nbformat_minor": 0, "metadata": {}}
    (folder / "L4.8.ipynb").write_text(json.dumps(old))
    assert told(folder) == ""


@pytest.fixture
def burrow(folder):
    """A folder whose name is put into itself, many times; taken away by a program that does not recurse in Python."""

    def dig(name: str, times: int) -> None:
        here = os.open(folder, os.O_RDONLY)
        for _ in range(times):
            os.mkdir(name, dir_fd=here)
            inner = os.open(name, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
        os.close(here)

    yield dig
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.mark.parametrize(("name", "times"), [("y", 3_000), ("x" * 250, 3), ("y", 17)])
def test_names_that_are_too_deep_or_too_long_are_told(folder, burrow, name, times):
    """Deeper than Python recurses, longer than the system takes in one path; and shown as far as a person reads."""
    burrow(name, times)
    assert told(folder).endswith("… lies too deep, or has too long a name")
    assert len(told(folder)) < 110


def test_folders_and_names_within_the_bounds_are_taken(folder, burrow):
    """Sixteen folders in one another, a thousand things, a name that is no UTF-8."""
    burrow("y", 15)
    for number in range(970):
        (folder / f"{number}.txt").touch()
    (folder / os.fsdecode(b"caf\xe9.txt")).touch()
    assert told(folder) == ""
    for number in range(30):
        (folder / f"more{number}.txt").touch()
    assert told(folder) == "there are more than 1,000 files and folders in it"


@pytest.mark.parametrize("version", [None, "4", 5, 4.0, True, 0])
def test_a_notebook_of_no_known_format_is_told(folder, version):
    """In words, where nbformat would stumble over it."""
    data = json.loads((folder / "L4.8.ipynb").read_text())
    data["nbformat"] = version
    (folder / "L4.8.ipynb").write_text(json.dumps(data))
    assert told(folder) == "this is JSON, but no notebook of format 1 to 4"
    del data["nbformat"]
    (folder / "L4.8.ipynb").write_text(json.dumps(data))
    assert told(folder) == "this is JSON, but no notebook of format 1 to 4"


def test_files_beside_the_notebook_have_a_bound_together(folder):
    """Sixteen million bytes are taken, one more is not."""
    (folder / "a.bin").write_bytes(bytes(8_000_000))
    beside = sum(path.stat().st_size for path in folder.iterdir() if path.suffix != ".ipynb")
    with (folder / "b.bin").open("wb") as file:
        file.truncate(16_000_000 - beside)
    assert told(folder) == ""
    with (folder / "b.bin").open("ab") as file:
        file.write(b"x")
    assert told(folder) == "the files beside the notebook are 16 MB; more than 16 are not taken"
