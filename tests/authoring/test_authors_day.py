"""An author's day, with the real command, the real writers and the real browser, on a copy of the course."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pptx import Presentation

from unpickled.content import load_formats

pytestmark = pytest.mark.long
COMMAND = Path(sys.executable).parent / "unpickled"
GENERATED = ("slides", "video-scripts")


@pytest.fixture(scope="module")
def template(root, tmp_path_factory):
    """The course as it is committed, printed slides and all, with the stamps of a build that found nothing to do."""
    copy = tmp_path_factory.mktemp("day")
    for folder in ("course", "quizzes", "labs", "docs", *GENERATED):
        shutil.copytree(root / folder, copy / folder)
    before = snapshot(copy)
    unpickled(copy, "build", "--quick", check=True)
    assert snapshot(copy) == before, "something is stale: unpickled author build"
    return copy


@pytest.fixture
def course(template, tmp_path):
    copy = tmp_path / "my course"
    shutil.copytree(template, copy)
    return copy


def unpickled(course, *words, check=False, **env):
    return subprocess.run(
        [COMMAND, "author", *words],
        cwd=course,
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=check,
    )


def change(course, path, old, new):
    file = course / path
    text = file.read_text("utf-8")
    assert old in text, f"{path} holds no {old!r}: correct this test"
    file.write_text(text.replace(old, new, 1), "utf-8")


def snapshot(course):
    paths = [
        p for folder in ("course", *GENERATED) for p in (course / folder).rglob("*") if p.is_file()
    ]
    return {path.relative_to(course).as_posix(): path.read_bytes() for path in paths}


def words_of(presentation, slide):
    """Every word on one slide of a PPTX, and its notes."""
    made = Presentation(presentation).slides[slide - 1]
    texts = [shape.text_frame.text for shape in made.shapes if shape.has_text_frame]
    tables = [shape.table for shape in made.shapes if shape.has_table]
    texts += [cell.text for table in tables for row in table.rows for cell in row.cells]
    return "\n".join(texts), made.notes_slide.notes_text_frame.text


@pytest.mark.browser
def test_a_row_a_sentence_and_an_incident_reach_everything_that_shows_them(
    course, tmp_path, chromium
):
    """Three edits, one command, and each is in the notebook, the slide, the script, the captions and the PPTX.

    The same sources give the same bytes when all is built from nothing, in another folder and on another day: slides,
    PDF and pictures too, and nothing of the zone, the folder or the hash seed is in them.
    """
    before = snapshot(course)
    formats = (course / "course/data/formats.toml").read_text("utf-8")
    at = formats.index('id = "gguf"')
    changed = formats[at:].replace('risk = "low"', 'risk = "some"', 1)
    changed = changed.replace('risk_text = "Low: ', 'risk_text = "Some: ', 1)
    changed = changed.replace('notes = "', 'notes = "Newly written: ', 1)
    (course / "course/data/formats.toml").write_text(formats[:at] + changed, "utf-8")
    change(
        course,
        "course/L4.4.2/deck.md",
        "without network and without keys.",
        "without any network or key at all.",
    )
    change(course, "course/data/incidents.toml", "About 100 malicious", "About 101 malicious")
    change(
        course,
        "course/data/spoken.toml",
        'written = "100"\nsaid = "a hundred"',
        'written = "101"\nsaid = "a hundred and one"',
    )

    done = unpickled(course, "build", CHROMIUM=chromium, TZ="UTC", PYTHONHASHSEED="1")
    assert done.returncode == 0, done.stderr
    after = {
        name: data.decode("utf-8", "replace")
        for name, data in snapshot(course).items()
        if data != before.get(name)
    }

    assert "Newly written: " in after["course/L4.4.2/03-weight-formats.ipynb"]
    assert "101" in after["course/L4.4.2/02-why-this-matters.ipynb"]
    assert "101" in after["course/L4.4.2/pictures/timeline.svg"]
    slides, script = after["slides/L4.4.2/slides.html"], after["video-scripts/L4.4.2/script.md"]
    assert "Newly written: " in slides
    assert "without any network or key at all." in slides
    assert "risk: **some**" in script.split("`.gguf`")[1].splitlines()[0]
    assert "Ollama: some, since" in script
    assert "without any network or key at all." in script
    assert "a hundred and one" in script
    assert "a hundred and one" in after["video-scripts/L4.4.2/teleprompter.html"]
    for name in ("captions.srt", "captions.vtt"):
        captions = " ".join(after[f"video-scripts/L4.4.2/{name}"].split())
        assert "without any network or key at all." in captions
        assert "101" in captions
    presentation = course / "slides/L4.4.2/slides.pptx"
    table, notes = words_of(presentation, 4)
    assert "Newly written: " in table
    assert "Ollama: some, since" in notes
    assert "without any network or key at all." in words_of(presentation, 5)[1]
    assert "101" in words_of(presentation, 3)[1]
    assert {"slides/L4.4.2/slides.pdf", "slides/L4.4.2/04-formats.png"} <= set(after)

    other = tmp_path / "another"
    left = ("*.ipynb", "timeline.svg", ".unpickled", ".cache")
    shutil.copytree(course, other, ignore=shutil.ignore_patterns(*left))
    for folder in GENERATED:
        shutil.rmtree(other / folder / "L4.4.2")
    day = {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "2", "SOURCE_DATE_EPOCH": "86400"}
    unpickled(other, "build", check=True, CHROMIUM=chromium, **day)
    one, two = snapshot(course), snapshot(other)
    assert [name for name in {**one, **two} if one.get(name) != two.get(name)] == []
    assert unpickled(course, "check", "--quick").stdout.endswith("No fault in the course files.\n")
    assert unpickled(course, "build", "--check").returncode == 0


@pytest.mark.browser
def test_a_scaffolded_lesson_is_drawn_within_every_bound(course, chromium):
    """`author new`, then `author check` with the browser: no fault."""
    made = unpickled(course, "new", "L4.4.3", "--title", "Model-card lies", CHROMIUM=chromium)
    assert made.returncode == 0, made.stderr
    checked = unpickled(course, "check", "--json", CHROMIUM=chromium)
    found = json.loads(checked.stdout)
    assert (found["faults"], found["unchecked"], checked.returncode) == ([], [], 0)
    assert {"L4.4.2", "L4.4.3"} <= set(found["grades"])


def test_a_build_with_nothing_to_do_imports_none_of_what_makes_things(course):
    """Its speed is a budget of imports: no reader of notebooks, no writer of slides, no browser."""
    code = (
        "import sys; sys.argv = ['unpickled', 'author', 'build', '--quick']\n"
        "from unpickled.cli import main\n"
        "main(); print(*sorted(sys.modules))"
    )
    unpickled(course, "build", "--quick", check=True)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=course, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "unpickled.authoring.stamps" in loaded
    assert not loaded & {
        "jupytext",
        "nbformat",
        "jinja2",
        "pptx",
        "playwright",
        "markdown_it",
        "numpy",
        "http.server",
    }


@pytest.mark.browser
def test_a_slide_that_overflows_is_told_by_the_check(course, chromium):
    """Measured in the browser, with the slide's line and what to do."""
    line = "A line that is much too long for one slide, and is said a good many times over to make it so. "
    change(
        course,
        "course/L4.4.2/deck.md",
        "{{ timeline() }}\n",
        "{{ timeline() }}\n\n" + line * 12 + "\n",
    )
    done = unpickled(course, "check", "--json", CHROMIUM=chromium)
    faults = json.loads(done.stdout)["faults"]
    assert done.returncode == 1
    assert all(fault["place"].startswith("course/L4.4.2/deck.md:") for fault in faults)
    assert any('slide "why"' in f["problem"] or "why" in f["problem"] for f in faults), faults


def test_without_a_browser_the_rest_is_built_and_the_exit_code_says_so(course):
    """3: everything is there but PDF and pictures, and how to get a browser."""
    change(course, "course/L4.4.2/deck.md", "See you there.", "See you soon.")
    shutil.rmtree(course / "slides")
    done = unpickled(course, "build", PATH="/nonexistent", CHROMIUM="")
    assert done.returncode == 3
    assert "PDF and pictures were not made: " in done.stderr
    assert (course / "slides/L4.4.2/slides.pptx").is_file()
    checked = unpickled(course, "check", PATH="/nonexistent", CHROMIUM="")
    assert checked.returncode == 0
    assert "How the slides look was not checked: " in checked.stderr


def test_the_gate_names_each_stale_file_and_the_command_that_mends_it(course):
    """Exit code 1, a line for each, and nothing is written."""
    change(course, "course/L4.4.2/deck.md", "See you there.", "See you soon.")
    before = snapshot(course)
    done = unpickled(course, "build", "--check")
    assert done.returncode == 1
    assert "video-scripts/L4.4.2/captions.srt: stale. Run: unpickled author build\n" in done.stderr
    assert "slides/L4.4.2/slides.pptx: stale. Run: unpickled author build\n" in done.stderr
    assert snapshot(course) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("build", "L9.9"),
            "L9.9: is no lesson or lab of course/course.toml. There are: L4.4.2, L4.8.",
        ),
        (
            ("build", "--check", "--quick"),
            "--check writes nothing, so it goes with none of --quick, --video and --html.",
        ),
        (("new", "L4.4.2"), "L4.4.2: is there already, in course/course.toml."),
        (("new", "a b"), "a b: cannot be a lesson's id."),
        (("watch", "--port", "99999"), "99999 is not in the range"),
    ],
)
def test_wrong_usage_is_told_in_a_line_with_exit_code_2(course, words, said):
    """Never a traceback, and nothing is written."""
    before = snapshot(course)
    done = unpickled(course, *words)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert snapshot(course) == before


@pytest.mark.parametrize("command", ["build", "check", "new", "watch"])
def test_help_has_examples_and_tells_exit_codes(course, command):
    """Each command, on a page of its own."""
    shown = unpickled(course, command, "--help", check=True).stdout
    assert "Exit codes: " in shown
    assert f"unpickled author {command}" in shown


def test_check_prints_each_fault_with_place_and_remedy(course):
    """Exit code 1, one line each; --json gives the same as data."""
    change(course, "course/L4.4.2/deck.md", "do three things", "do four things")
    done = unpickled(course, "check", "--quick")
    assert done.returncode == 1
    problem = 'slide "minimum" says "four things" and shows 3 steps'
    (line,) = [line for line in done.stderr.splitlines() if problem in line]
    assert line.startswith("course/L4.4.2/deck.md:")
    assert line.endswith(". Make them the same.")
    assert done.stdout.endswith("1 fault in the course files.\n")
    (fault,) = json.loads(unpickled(course, "check", "--quick", "--json").stdout)["faults"]
    assert (fault["problem"], fault["remedy"]) == (problem, "Make them the same.")


def test_a_fault_stops_the_build_with_its_place(course):
    """Exit code 2 and one line, never a traceback."""
    change(course, "course/L4.4.2/deck.md", "layout=next", "layout=nxt")
    done = unpickled(course, "build", "--quick")
    assert done.returncode == 2
    assert 'slide "Up next" has the unknown layout "nxt"' in done.stderr
    assert "Traceback" not in done.stderr


def test_the_format_table_is_the_same_in_lesson_slide_and_speech(course):
    """Every row of formats.toml, with its risk, in its order, in the notebook, the HTML, the PPTX and the script."""
    rows = load_formats(course)
    table, _ = words_of(course / "slides/L4.4.2/slides.pptx", 4)
    texts = {
        "page": (course / "course/L4.4.2/03-weight-formats.ipynb").read_text("utf-8"),
        "script": (course / "video-scripts/L4.4.2/script.md").read_text("utf-8"),
        "pptx": table,
    }
    for name, text in texts.items():
        places = [text.find(row.risk_text) for row in rows]
        assert min(places) >= 0, name
        assert places == sorted(places), name


@pytest.mark.browser
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize(
    ("step", "after"),
    [("making slides", 0.3), *(("making PDF", after) for after in (0.03, 0.3, 0.75, 0.9))],
)
def test_ctrl_c_leaves_whole_files_and_no_process(course, tmp_path, chromium, step, after):
    """Stopped while slides are written or printed: each file is the old one or the new one, and no browser stays."""
    change(course, "course/L4.4.2/deck.md", "See you there.", "See you soon.")
    before = snapshot(course)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    run = subprocess.Popen(
        [COMMAND, "author", "build"],
        cwd=course,
        env=os.environ | {"CHROMIUM": chromium, "TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    while step not in run.stderr.readline():
        assert run.poll() is None
    time.sleep(after)
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "stopped; nothing was left half-written" in said
    assert "Traceback" not in said
    now = snapshot(course)
    assert set(before) <= set(now)
    assert not [name for name in now if Path(name).name.startswith(".")]
    deadline = time.monotonic() + 10
    while (there := still_there(run.pid, temporary)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert there == []
    assert list(temporary.iterdir()) == []
    again = unpickled(course, "build", CHROMIUM=chromium)
    assert again.returncode == 0, again.stderr
    assert unpickled(course, "build", "--check").returncode == 0


def still_there(session: int, temporary: Path) -> list[str]:
    """Return the command lines of a run's processes: of its session, and those whose files lie in its folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            fields = (process / "stat").read_text("utf-8").rpartition(")")[2].split()
            if fields[0] == "Z":  # ended; whoever is to read how has not yet
                continue
            told = (process / "environ").read_bytes() + words.encode()
        except OSError:
            continue
        if int(fields[3]) == session or bytes(temporary) in told:
            found.append(words)
    return found
