"""Notebooks come out of their sources byte for byte the same, with what every page has, and faults are named."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import replace

import nbformat
import pytest

from unpickled.authoring import macros, outputs, stale, write
from unpickled.authoring.notebooks import Builder
from unpickled.authoring.prints import MANIFEST
from unpickled.authoring.units import SLIDES
from unpickled.errors import ContentError


@pytest.fixture
def course(root, tmp_path):
    """A copy of the course that a test may spoil; without the deck, whose slides take a while and have their own."""
    for folder in ("course", "quizzes", "labs"):
        skip = shutil.ignore_patterns("deck.md")
        shutil.copytree(root / folder, tmp_path / folder, ignore=skip)
    return tmp_path


def notebooks(course):
    builder = Builder(course)
    return {source.stem: json.loads(builder.notebook(source)) for source in builder.sources()}


def text(cell):
    return "".join(cell["source"])


@pytest.mark.long
def test_building_in_another_folder_and_process_gives_the_same_bytes(root, written):
    """Nothing of the machine, the folder, the day or the hash seed is in a notebook, a slide or a script."""
    code = (
        "import sys, hashlib, pathlib; from unpickled.authoring import outputs\n"
        "print(hashlib.sha256(b''.join(o.data for o in outputs(pathlib.Path(sys.argv[1])))).hexdigest())"
    )
    sums = {
        subprocess.run(
            [sys.executable, "-c", code, str(folder)],
            env={"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for folder, seed, zone in [(root, "1", "UTC"), (written, "2", "Asia/Tokyo")]
    }
    assert len(sums) == 1


def test_every_notebook_is_valid_unique_and_empty_of_outputs(course):
    """nbformat accepts each, and no cell id stands twice."""
    for name, notebook in notebooks(course).items():
        nbformat.validate(nbformat.from_dict(notebook))
        ids = [cell["id"] for cell in notebook["cells"]]
        assert len(ids) == len(set(ids)), name
        assert all(
            not c["outputs"] and c["execution_count"] is None
            for c in notebook["cells"]
            if c["cell_type"] == "code"
        )


def test_each_page_has_its_rail_and_leads_to_its_neighbours(course):
    """From the start page, following the first 'next' link of each page visits every page in order."""
    builder = Builder(course)
    here, visited = course / "course" / "start.ipynb", []
    while True:
        visited.append(here.stem)
        cells = json.loads(builder.notebook(here.with_suffix(".py")))["cells"]
        assert f'lab.rail("{here.stem}")' in text(cells[1])
        assert text(cells[0]) == text(cells[-1])
        onward = [
            part
            for part in text(cells[0]).split(" · ")
            if part.endswith(" →]" + part[part.rfind("(") :])
        ]
        if not onward:
            break
        here = (here.parent / onward[0].rpartition("(")[2].rstrip(")")).resolve()
    assert visited == [source.stem for source in builder.sources()]


@pytest.mark.long
def test_one_changed_word_changes_one_cell_id(course):
    """Ids follow content: a diff of a notebook shows what was edited, and nothing else."""
    before = notebooks(course)["08-key-terms"]
    source = course / "course" / "L4.4.2" / "08-key-terms.py"
    source.write_text(source.read_text() + "\n# %% [markdown]\n# One more cell.\n")
    after = notebooks(course)["08-key-terms"]
    old, new = ({cell["id"] for cell in n["cells"]} for n in (before, after))
    assert old < new
    assert len(new - old) == 1


def test_a_changed_fact_reaches_every_place_that_shows_it(course):
    """One edit in formats.toml changes the Markdown table; the file on disk is then stale."""
    made = outputs(course)
    write(made)
    assert stale(outputs(course)) == []
    data = course / "course" / "data" / "glossary.toml"
    data.write_text(
        data.read_text().replace('term = "Blast radius"', 'term = "Radius of the blast"')
    )
    assert [path.stem for path in stale(outputs(course))] == ["08-key-terms"]


def test_writing_leaves_right_files_alone_and_nothing_half_written(course):
    """Only what differs is written, and no temporary file stays behind."""
    made = outputs(course)
    write(made)
    made[-1].path.write_text("spoilt")
    assert write(made) == [made[-1].path]
    assert not list(course.rglob(".*.ipynb.*"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("A claim [@no-such-source].", 'cites "no-such-source"'),
        ("{{ no_such_macro() }}", "its template fails"),
        ("{% if %}", "its template fails"),
    ],
)
def test_a_fault_in_a_source_is_named_with_its_file(course, line, message):
    """An author sees the file, what is wrong and what to do."""
    source = course / "course" / "L4.4.2" / "08-key-terms.py"
    source.write_text(source.read_text() + f"\n# %% [markdown]\n# {line}\n")
    with pytest.raises(ContentError) as caught:
        notebooks(course)
    assert "course/L4.4.2/08-key-terms.py" in caught.value.place
    assert message in caught.value.problem


def test_a_page_without_a_source_is_an_error(course):
    """course.toml cannot promise a page that nobody wrote."""
    (course / "course" / "L4.4.2" / "08-key-terms.py").unlink()
    with pytest.raises(ContentError, match="no source"):
        notebooks(course)


def test_a_notebook_that_a_learner_has_run_is_neither_stale_nor_overwritten(course):
    """Run All and autosave leave outputs behind: the gate stays green, and the outputs stay."""
    made = outputs(course)
    write(made)
    path = made[1].path
    notebook = json.loads(path.read_bytes())
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    cell["execution_count"] = 1
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["mine\n"]}]
    path.write_text(json.dumps(notebook, indent=1))
    assert stale(made) == write(made) == []
    cell["source"] = ["print('changed')"]
    path.write_text(json.dumps(notebook, indent=1))
    assert stale(made) == [path]


@pytest.mark.parametrize("change", ["a cell's text", "a new cell", "no notebook any more"])
@pytest.mark.long
def test_what_was_edited_by_hand_is_kept_beside_the_new_notebook(course, change):
    """Building puts the page right and loses nothing, however often; an older build is simply replaced."""
    page = course / "course" / "start.ipynb"
    for number in (1, 2):
        notebook = json.loads(page.read_text("utf-8"))
        if change == "a cell's text":
            notebook["cells"][3]["source"] = ["my own notes"]
        else:
            notebook["cells"].append(nbformat.v4.new_code_cell("my_own = 1"))
        mine = json.dumps(notebook) if change != "no notebook any more" else "{"
        page.write_text(mine, "utf-8")
        kept = page.with_suffix(f".edited-{number}.ipynb")
        assert set(write(outputs(course))) == {page, kept}
        assert kept.read_text("utf-8") == mine
        assert not stale(outputs(course))
    source = page.with_suffix(".py")
    source.write_text(source.read_text("utf-8") + "\n# %%\nfresh = 1\n", "utf-8")
    assert write(outputs(course)) == [page]


def test_what_is_committed_is_what_the_sources_give(root, tmp_path):
    """The stale-file gate, on the commit itself: notebooks without outputs, and PDF and pictures of these slides."""

    def committed(path):
        name = path.relative_to(root).as_posix()
        return subprocess.run(
            ["git", "show", f"HEAD:{name}"], cwd=root, capture_output=True, check=True
        ).stdout

    for output in outputs(root):
        if output.path.suffix == ".pptx":  # another zlib packs it otherwise
            copy = tmp_path / output.path.name
            copy.write_bytes(committed(output.path))
            assert stale([replace(output, path=copy)]) == []
        else:
            assert committed(output.path) == output.data, output.path
        if output.path.name == SLIDES:
            manifest = json.loads(committed(output.path.with_name(MANIFEST)))
            assert manifest["sha256"] == hashlib.sha256(output.data).hexdigest()
            for name, digest in manifest["files"].items():
                printed = committed(output.path.with_name(name))
                assert hashlib.sha256(printed).hexdigest() == digest, name


def test_glossary_shows_names_with_underscores_whole(root):
    """`__reduce__` reaches the reader with its underscores, not as bold text."""
    assert r"**\_\_reduce\_\_.**" in macros.glossary(root)
