"""A new lesson builds, passes every check and opens in JupyterLab, with no code written."""

from __future__ import annotations

import json
import shutil

import nbformat
import pytest
from nbclient import NotebookClient

from unpickled.authoring import build, scaffold, slides, stale_files
from unpickled.authoring.checks import check
from unpickled.authoring.scaffold import new_lesson
from unpickled.content import load_course, load_deck
from unpickled.errors import ContentError, SetupError
from unpickled.lab.journal import Journal

TITLE = "Model-card lies and provenance gaps"
PAGE = "01-model-card-lies-and-provenance-gaps"


@pytest.fixture
def course(root, written):
    """The whole course, with the documents that its pages link to."""
    shutil.copytree(root / "docs", written / "docs")
    return written


@pytest.fixture
def drawn(monkeypatch):
    """Slides and pictures that are done at once; the real ones are driven in test_authors_day."""
    monkeypatch.setattr(slides, "html_slides", lambda root, deck: deck.title.encode())
    monkeypatch.setattr(slides, "pptx_slides", lambda root, deck: b"pptx")
    monkeypatch.setattr(slides, "printed", lambda html: {"slides.pdf": html})


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_new_lesson_passes_every_check(course):
    """Its entry, page, card and deck have no fault, and nothing that was there has one now."""
    made = new_lesson(course, "L4.4.3", TITLE)
    assert [path.relative_to(course).as_posix() for path in made] == [
        f"course/L4.4.3/{PAGE}.py",
        "course/L4.4.3/deck.md",
        "quizzes/L4.4.3/practice.toml",
        "course/course.toml",
    ]
    assert check(course, browser=False).faults == ()
    lesson = load_course(course).lessons[-1]
    assert (lesson.id, lesson.title) == ("L4.4.3", TITLE)
    assert len(load_deck("L4.4.3", course).slides) == 3


@pytest.mark.long
def test_a_new_lesson_is_built_with_the_others_and_is_found_from_the_start_page(course, drawn):
    """Notebook, slides, script and captions; the start page lists it, and the pages lead to it."""
    new_lesson(course, "L4.4.3", TITLE)
    report = build(course)
    made = {path.relative_to(course).as_posix() for path in report.written}
    assert {
        f"course/L4.4.3/{PAGE}.ipynb",
        "slides/L4.4.3/slides.html",
        "slides/L4.4.3/slides.pptx",
        "video-scripts/L4.4.3/script.md",
        "video-scripts/L4.4.3/captions.vtt",
    } <= made
    start = (course / "course/start.ipynb").read_text("utf-8")
    assert f"[{TITLE}](L4.4.3/{PAGE}.ipynb), 5 min" in start
    cells = ["".join(cell["source"]) for cell in json.loads(start)["cells"]]
    lessons = load_course(course).lessons
    (aims,) = [cell for cell in cells if "## What you will be able to do" in cell]
    (way,) = [cell for cell in cells if "## The way through" in cell]
    for cell in (aims, way):
        heads = [cell.index(f"**{one.id}: {one.title}**") for one in lessons]
        assert heads == sorted(heads)
    for one in lessons:
        assert all(f"- {objective.text}" in aims for objective in one.objectives)
    assert "The text of L4.4.2 promises about 5 minutes" in way
    assert "The text of L4.4.3 promises about 1 minute for" in way
    assert "come after L4.4.2." in way
    assert "this lesson" not in way
    before = (course / "course/L4.4.2/09-references.ipynb").read_text("utf-8")
    assert f"[{TITLE} →](../L4.4.3/{PAGE}.ipynb)" in before
    assert stale_files(course)[1] == []


def test_the_page_of_a_new_lesson_runs_with_its_rail_and_card(course, drawn, monkeypatch):
    """In a kernel, as JupyterLab runs it: no error, and two widgets to be seen."""
    new_lesson(course, "L4.4.3", TITLE)
    build(course)
    path = course / f"course/L4.4.3/{PAGE}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    monkeypatch.setenv("UNPICKLED_COURSE", str(course))
    NotebookClient(
        notebook, timeout=60, resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    shown = json.dumps([cell.get("outputs") for cell in notebook.cells])
    assert shown.count("application/vnd.jupyter.widget-view+json") == 2
    assert '"output_type": "error"' not in shown


def test_the_rail_knows_the_new_lesson(course):
    """Its page comes last, with its card, and the way to it from another folder."""
    new_lesson(course, "L4.4.3", TITLE)
    rail = Journal(course).rail("01-pickle-in-90-seconds")
    assert rail.pages[-1]["id"] == PAGE
    assert rail.pages[-1]["href"] == f"../L4.4.3/{PAGE}.ipynb"
    assert Journal(course).rail(PAGE).exercises[0]["title"] == "The one idea"


def test_two_new_lessons_of_the_same_title_do_not_collide(course):
    """Pages and cards get ids of their own, since progress is kept under them."""
    new_lesson(course, "L4.4.3", TITLE)
    new_lesson(course, "L4.4.4", TITLE)
    assert check(course, browser=False).faults == ()
    ids = [page.id for page in load_course(course).pages]
    assert ids[-2:] == [PAGE, f"L4.4.4-{PAGE}"]


@pytest.mark.parametrize(
    "title", ['He said: "no"', "", "a" * 81, "{{ x }}", "a [link]", "two\nlines", "<b>", "a | b"]
)
def test_a_title_that_no_page_can_carry_is_refused(course, title):
    """Nothing is written."""
    before = everything(course)
    with pytest.raises(ContentError, match="cannot be a lesson's title"):
        new_lesson(course, "L4.4.3", title)
    assert everything(course) == before


@pytest.mark.parametrize("title", ["Käse & Wein: l'été", "数据", "Why 7 of 10?", "A 'quoted' word"])
def test_a_title_in_any_language_passes(course, title):
    """The page's name is made of what letters there are."""
    new_lesson(course, "L9", title)
    assert [str(f) for f in check(course, browser=False).faults] == []


@pytest.mark.parametrize(
    "lesson",
    ["", ".", "..", "../x", "a/b", "L4 4", "4.4", "L4..4", "data", "Start", "-x", "L" * 25, "é"],
)
def test_an_id_that_cannot_be_used_is_refused(course, lesson):
    """An id names folders and files."""
    before = everything(course)
    with pytest.raises(ContentError, match="cannot be a lesson's id") as caught:
        new_lesson(course, lesson, TITLE)
    assert (
        caught.value.remedy
        == "Use letters, digits, dots and hyphens, beginning with a letter: L4.4.3."
    )
    assert everything(course) == before


@pytest.mark.parametrize("lesson", ["L4.4.2", "l4.4.2"])
def test_a_lesson_that_is_there_is_refused(course, lesson):
    """In any spelling: a disk may not tell capitals from small letters."""
    with pytest.raises(ContentError, match=r"is there already, in course/course\.toml"):
        new_lesson(course, lesson, TITLE)


@pytest.mark.parametrize("folder", ["course", "quizzes", "slides", "video-scripts"])
def test_a_folder_that_is_in_the_way_is_told(course, folder):
    """Somebody's files are not written over."""
    (course / folder / "L4.4.3").mkdir(parents=True)
    before = everything(course)
    with pytest.raises(ContentError, match=f"{folder}/L4.4.3: is there already"):
        new_lesson(course, "L4.4.3", TITLE)
    assert everything(course) == before


@pytest.mark.parametrize(
    ("error", "raised"),
    [(KeyboardInterrupt(), KeyboardInterrupt), (OSError(28, "No space left"), SetupError)],
)
@pytest.mark.parametrize("at", [1, 2, 3])
def test_what_stops_it_halfway_leaves_nothing(course, monkeypatch, error, raised, at):
    """Ctrl-C or a full disk at the first folder, the second, or the entry: all is as it was."""
    before, calls, real = everything(course), [], scaffold.write

    def stopping(outputs):
        calls.append(outputs)
        if len(calls) == at:
            raise error
        return real(outputs)

    monkeypatch.setattr(scaffold, "write", stopping)
    with pytest.raises(raised):
        new_lesson(course, "L4.4.3", TITLE)
    assert everything(course) == before
    assert not list(course.rglob(".new-*"))
    assert not (course / "course/L4.4.3").exists()
