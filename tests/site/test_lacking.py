"""Which cells a browser cannot run is read off the cells, and each of them has its recorded run."""

from __future__ import annotations

import json
import shutil
import zipfile
from io import BytesIO

import pytest

from unpickled.authoring.site import needs, unrecorded
from unpickled.authoring.site.lock import read_lock
from unpickled.authoring.site.own_wheel import own_wheel
from unpickled.authoring.site.pages import site_page
from unpickled.authoring.site.recorded import (
    cell_key,
    notebooks,
    page_needs,
    read_recorded,
)
from unpickled.lab import cells

MODULES = frozenset({"picklescan"})


def lacks(*sources):
    return [one.what for one in needs(sources, MODULES)]


def test_an_import_that_the_site_has_not_is_told_by_its_name():
    """Python's own modules and the site's wheels are there; PyTorch is not, nor is the command line."""
    assert lacks("import os, zipfile\nimport picklescan\nfrom unpickled import lab") == [""]
    assert lacks("import torch") == ["PyTorch"]
    assert lacks("from safetensors.torch import load_file") == ["the safetensors library"]
    assert lacks("from unpickled.cli.main import run") == ["a command line"]
    assert lacks("if True:\n    import onnx") == ["onnx"]


def test_what_is_made_of_something_lacking_lacks_it_too():
    """A name that a lacking statement binds is lacking in later cells, until something else is bound to it."""
    assert lacks(
        "import torch\nt = torch.ones(1)", "def f():\n    return t", "f()", "t = 1", "t"
    ) == [
        "PyTorch",
        "PyTorch",
        "PyTorch",
        "",
        "",
    ]


def test_a_lacking_cell_still_prepares_what_it_can():
    """Imports, names and functions are kept for the cells behind it; what only acts or asserts is not done."""
    source = "import os\nimport torch\nhere = os.getcwd()\nassert here\ntorch.ones(1)\nprint(here)"
    (found,) = needs([source], MODULES)
    assert found.prepares == ("import os", "here = os.getcwd()")


def test_loading_and_converting_are_no_business_of_a_browser():
    """`lab.convert` needs PyTorch; a child that is started does not: the page plays it, or has its recorded run."""
    assert lacks("from unpickled import lab\nlab.convert('a', 'b')") == ["PyTorch"]
    assert lacks("import subprocess\nsubprocess.run(['modelscan', '-p', 'x'])") == [""]


def test_every_cell_of_the_course_that_needs_it_is_recorded(root):
    """The gate of `make site`; when it fails, a page has changed: make recorded."""
    assert [str(fault) for fault in unrecorded(root, read_lock(root).modules)] == []


def test_nothing_is_kept_that_no_page_needs_any_more(root):
    """A recorded cell whose page has changed, or that a browser can run by now, has to go: make recorded."""
    modules = read_lock(root).modules
    needed = {
        cell_key(source)
        for path in notebooks(root)
        for source in page_needs(path.read_bytes(), modules)
    }
    assert {*read_recorded(root)["cells"]} == needed


def test_a_changed_cell_is_found_out(root, tmp_path):
    """The gate above can fail, and names the page, the cell and the remedy."""
    for name in ("course", "site"):
        shutil.copytree(root / name, tmp_path / name)
    page = tmp_path / "course" / "L4.4.2" / "06-the-30-second-test.ipynb"
    book = json.loads(page.read_text())
    changed = next(one for one in book["cells"] if "import torch" in "".join(one["source"]))
    changed["source"].append("\nstate = {}")
    page.write_text(json.dumps(book))
    (fault,) = unrecorded(tmp_path, read_lock(root).modules)
    assert "06-the-30-second-test" in fault.place
    assert "make recorded" in fault.remedy


def test_the_site_marks_the_cells_and_the_page_says_how_many(root):
    """The marked cell keeps its text below the line; a page without one says nothing of it."""
    modules = read_lock(root).modules
    folder = root / "course" / "L4.4.2"
    made = json.loads(site_page((folder / "06-the-30-second-test.ipynb").read_bytes(), modules))
    texts = ["".join(one["source"]) for one in made["cells"]]
    marked = [text for text in texts if text.startswith(f"%%{cells.MAGIC} needs ")]
    assert f"{len(marked)} of the" in texts[2]
    plain = json.loads(site_page((folder / "01-pickle-in-90-seconds.ipynb").read_bytes(), modules))
    assert "%%" not in "".join(plain["cells"][2]["source"])


@pytest.mark.parametrize("text", ["x = 1\n", "\nx = 1", "x = 1"])
def test_builder_and_notebook_find_a_cell_by_the_same_key(text):
    """Two layers compute it; blank lines around the cell do not count."""
    assert cell_key(text) == cells.cell_key("x = 1")


def test_no_answer_to_anything_graded_is_in_the_site(root):
    """The wheel holds what learners practise on, and neither the quiz, its key, the lab's checks nor a hidden test."""
    with zipfile.ZipFile(BytesIO(own_wheel(root))) as wheel:
        names = wheel.namelist()
    kit = sorted(name for name in names if "/kit/" in name and "/course/" not in name)
    assert [name.rpartition("/kit/")[2] for name in kit] == [
        "quizzes/L4.4.2/practice.toml",
        "recorded.json",
    ]
    assert not [name for name in names if "grading" in name or "hidden" in name or "labs/" in name]
    assert own_wheel(root) == own_wheel(root)
