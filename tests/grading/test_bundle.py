"""The learner bundle: what is in it, what must not be, and that it works by itself."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import nbformat
import pytest

from unpickled.cli.main import run
from unpickled.errors import SetupError
from unpickled.grading import GradingError, make_bundle
from unpickled.grading.secrets import answers, leaks


@pytest.fixture(scope="module")
def release(root, once) -> Path:
    """A folder with the bundle of this very checkout, and beside it what its wheel installs.

    The lesson as one page is left out: it takes a minute, and has a long test of its own.
    """

    def build(base):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("unpickled.grading.bundle.PAGES", (sys.executable, "-c", ""))
            make_bundle(base / "bundle", root)
        (wheel,) = (base / "bundle" / "wheels").glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(base / "installed")

    return once("release", build)


@pytest.fixture(scope="module")
def bundle(release) -> Path:
    """What a learner unpacks."""
    return release / "bundle"


@pytest.fixture(scope="module")
def everything(release) -> dict[str, str]:
    """Every file that reaches a learner, as text by its name."""
    return {
        path.relative_to(release).as_posix(): path.read_bytes().decode("utf-8", "replace")
        for part in ("bundle", "installed")
        for path in (release / part).rglob("*")
        if path.is_file()
    }


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """Put lines of Python in the place of what brings the lessons as one page each up to date."""

    def stand_in(*lines):
        program = tmp_path / "pages.py"
        program.write_text("\n".join(["import sys", "from pathlib import Path", *lines]))
        monkeypatch.setattr("unpickled.grading.bundle.PAGES", (sys.executable, str(program)))

    return stand_in


def region_lines(text, mark):
    """Return the lines between BEGIN mark and END mark, read apart from the code that is under test."""
    found = re.findall(rf"### BEGIN {mark}\n(.*?)### END {mark}", text, re.DOTALL)
    return [line.strip() for part in found for line in part.splitlines() if len(line.strip()) >= 25]


def lab_source(root):
    cells = nbformat.read(root / "labs/L4.8/L4.8.ipynb", as_version=4).cells
    return "\n".join(cell.source for cell in cells)


def test_no_line_of_the_key_or_the_rubric_reaches_a_learner(root, everything):
    """Neither the stated answers nor what the criteria mean and say is anywhere, the wheel included."""
    items = tomllib.loads((root / "quizzes/L4.4.2/quiz.toml").read_text())["item"]
    needles = [item["key"] for item in items if item["key"] != "safetensors."]
    for item in items:
        for criterion in item["criterion"]:
            needles += [criterion["means"], criterion["met"], criterion["missed"]]
    assert len(needles) > 15
    for name, text in everything.items():
        for needle in needles:
            assert needle not in text, name
            assert json.dumps(needle)[1:-1] not in text, name


def test_no_line_of_a_hidden_test_reaches_a_learner(root, everything):
    """Each hidden line of the lab's source notebook and of hidden/*.py is absent, unless it is ordinary code."""
    lines = {
        *region_lines(lab_source(root), "HIDDEN TESTS"),
        *(
            line.strip()
            for path in (root / "labs/L4.8/hidden").glob("*.py")
            for line in path.read_text().splitlines()
            if len(line.strip()) >= 25
        ),
    }
    assert len(lines) > 60
    open_text = (root / "labs/L4.8/checks.py").read_text() + "".join(open_cells(root))
    for name, text in everything.items():
        least = 40 if name.startswith("installed/") else 25
        found = [one for one in lines if len(one) >= least and one in text and one not in open_text]
        assert not found, (name, found)


def open_cells(root):
    """Yield what the lab's cells say outside of solutions and hidden tests."""
    for cell in nbformat.read(root / "labs/L4.8/L4.8.ipynb", as_version=4).cells:
        yield re.sub(
            r"### BEGIN (SOLUTION|HIDDEN TESTS)\n.*?### END \1", "", cell.source, flags=re.DOTALL
        )


def test_no_solution_reaches_a_learner(root, everything):
    """The released lab holds stubs; no longer line of the reference solution is in any file, but for open hints."""
    lines = region_lines(lab_source(root), "SOLUTION")
    hints = "".join(open_cells(root))
    assert len(lines) > 15
    for name, text in everything.items():
        least = 40 if name.startswith("installed/") else 25
        found = [
            one
            for one in lines
            if len(one) >= least
            and (one in text or json.dumps(one)[1:-1] in text)
            and one not in hints
        ]
        assert not found, (name, found)


def test_no_source_is_in_the_bundle(bundle, everything):
    """No quiz.toml, no rubric, no lab source, no lesson source, no tests: only what was made from them."""
    names = [path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()]
    assert [n for n in names if n.endswith(".py")] == ["labs/L4.8/checks.py"]
    for part in (
        "quiz.toml",
        "meaning.toml",
        "lab.toml",
        "hidden",
        "wrong",
        "tests/",
        "bench/",
        ".git",
        "deck",
    ):
        assert not [name for name in names if part in name], part
    assert not [n for n in everything if n.startswith("installed/") and "quizzes/L4" in n]
    for name, text in everything.items():
        if name.endswith(".ipynb"):
            assert "BEGIN SOLUTION" not in text, name
            assert "BEGIN HIDDEN" not in text, name
            assert all(not c.get("outputs") for c in json.loads(text)["cells"]), name


def test_what_is_needed_is_there(bundle):
    """Lesson, lab, quiz, practice items, package, locks, set-up and words for learners."""
    for name in (
        "README.md", "Makefile", "environment.yml", "tools/setup.sh", "locks/learn.txt", "locks/torch.txt",
        "course/start.ipynb", "course/course.toml", "course/data/formats.toml", "labs/L4.8/L4.8.ipynb",
        "labs/L4.8/checks.py", "quizzes/L4.4.2/L4.4.2-quiz.ipynb", "quizzes/L4.4.2/practice.toml", "LICENSE",
    ):  # fmt: skip
        assert (bundle / name).is_file(), name
    assert os.access(bundle / "tools/setup.sh", os.X_OK)


def test_the_installed_package_finds_the_bundle_and_its_widgets_give_feedback(bundle, tmp_path):
    """The wheel's own code, started in the bundle, shows rail, table and a card, and judges an answer."""
    practice = tomllib.loads((bundle / "quizzes/L4.4.2/practice.toml").read_text())["item"]
    choice = next(item["id"] for item in practice if item["kind"] == "choice")
    code = (
        "import unpickled, sys; from unpickled import lab, content; root = content.course_root();"
        f"card = lab.card({choice!r}); lab.rail('start'); lab.format_table();"
        "lab.stepper('reduce-canary');"
        "print(unpickled.__file__); print(root); print(type(card).__name__)"
    )
    env = {**os.environ, "PYTHONPATH": str(bundle.parent / "installed")}
    env.pop("UNPICKLED_COURSE", None)
    env["UNPICKLED_PROGRESS"] = str(tmp_path / "progress.json")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=bundle / "labs",
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    package, found, card = done.stdout.splitlines()[-3:]
    assert package.startswith(str(bundle.parent / "installed"))
    assert (found, card) == (str(bundle.resolve()), "QuizCard")


def test_make_learn_opens_the_course_in_the_bundle(bundle, tmp_path):
    """With an environment that agrees with the locks, `make learn` does no set-up and serves the start page."""
    place = tmp_path / "bundle"
    shutil.copytree(bundle, place)
    (place / ".venv").mkdir()
    (place / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    key = 'lock=locks/learn.txt; cat "$lock" locks/torch.txt wheels/*.whl | cksum; echo "$PWD"'
    stamp = subprocess.run(["bash", "-c", key], cwd=place, capture_output=True, check=True)
    (place / ".venv" / "unpickled-learn").write_bytes(stamp.stdout)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**os.environ, "BROWSER": "none", "PORT": str(port), "JUPYTER_TOKEN": "t"}
    env.pop("UNPICKLED_COURSE", None)
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            ["make", "learn"], cwd=place, env=env, stdout=log, stderr=log, start_new_session=True
        )
    try:
        page = _fetched(f"http://127.0.0.1:{port}/api/contents/course/start.ipynb?token=t", server)
        assert json.loads(page)["name"] == "start.ipynb"
        lab = _fetched(f"http://127.0.0.1:{port}/api/contents/labs/L4.8?token=t", server)
        assert {entry["name"] for entry in json.loads(lab)["content"]} == {
            "L4.8.ipynb",
            "checks.py",
        }
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)
    assert "setup:" not in (tmp_path / "log").read_text()


def _fetched(address, server):
    for _ in range(300):
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.read()
        except OSError:
            time.sleep(0.2)
    raise AssertionError(address)


def test_two_bundles_are_the_same(bundle, root, tmp_path, pages):
    """The same checkout gives the same bytes, the wheel's too."""
    pages()
    make_bundle(tmp_path / "again", root)
    for path in bundle.rglob("*"):
        if path.is_file():
            assert (
                path.read_bytes() == (tmp_path / "again" / path.relative_to(bundle)).read_bytes()
            ), path


def test_a_bundle_is_replaced_only_when_told_and_nothing_else_ever(root, bundle, tmp_path, capsys):
    """A folder of somebody's is refused even with --force."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("")
    for words in ([str(bundle)], [str(tmp_path / "mine")], [str(tmp_path / "mine"), "--force"]):
        assert run(["teach", "release", *words]) == 2
        assert "not empty" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_the_search_finds_an_answer_wherever_it_hides(root, bundle, tmp_path):
    """In a notebook's JSON, in an archive's member, indented: a planted line is found, and release refuses it."""
    secrets = answers(root)
    hidden = sorted(line for line in secrets if '"' in line and len(line) > 40)[0]
    (tmp_path / "a.ipynb").write_text(json.dumps({"source": ["x\n", f"    {hidden}\n"]}))
    with zipfile.ZipFile(tmp_path / "b.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("unpickled/x.py", f"def f():\n    {hidden}\n")
    found = {name for name, line in leaks(tmp_path, secrets) if line == hidden}
    assert found == {"a.ipynb", "b.whl!unpickled/x.py"}
    assert leaks(bundle, secrets) == []


def test_the_lesson_as_one_page_is_brought_up_to_date_and_packed(root, tmp_path, pages):
    """What the maker tells on its stdout is copied; where it was asked is the checkout."""
    checkout = copied(root, tmp_path)
    pages(
        "page = Path(sys.argv[1], 'build', 'html', 'L4.4.2.html')",
        "page.parent.mkdir(parents=True)",
        "page.write_text('fresh')",
        "print('build/html/L4.4.2.html')",
    )
    make_bundle(tmp_path / "bundle", checkout)
    assert (tmp_path / "bundle" / "build" / "html" / "L4.4.2.html").read_text() == "fresh"


def test_an_answer_in_the_state_of_a_widget_of_the_page_stops_the_release(root, tmp_path, pages):
    """It is in base64 there, and its angle brackets are escaped."""
    secret = next(line for line in sorted(answers(root)) if len(line) > 50 and "<" in line)
    state = json.dumps({"x": secret}).replace("<", "\\u003c").replace(">", "\\u003e")
    data = base64.b64encode(state.encode()).decode()
    checkout = copied(root, tmp_path)
    pages(
        "page = Path(sys.argv[1], 'build', 'html', 'L4.4.2.html')",
        "page.parent.mkdir(parents=True)",
        f"page.write_text('<script src=data:text/javascript;base64,{data}>')",
        "print('build/html/L4.4.2.html')",
    )
    with pytest.raises(GradingError, match=r"L4\.4\.2\.html!0\.txt.*an answer or a hidden test"):
        make_bundle(tmp_path / "bundle", checkout)


def test_a_bundle_whose_page_cannot_be_made_is_not_made(root, tmp_path, pages):
    """The start page would lead to nothing: the reason is told, and what shows more of it."""
    pages("sys.exit('running …\\nL4.4.2/06: a cell fails: OSError')")
    with pytest.raises(SetupError, match=r"a cell fails: OSError.*author build --html"):
        make_bundle(tmp_path / "bundle", root)
    assert not (tmp_path / "bundle").exists()


@pytest.mark.long
def test_the_start_page_of_a_real_bundle_leads_to_its_page(root, tmp_path):
    """Made by the real thing, searched for answers, and linked by the package that learners install."""
    make_bundle(tmp_path / "bundle", root)
    (wheel,) = (tmp_path / "bundle" / "wheels").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    code = "import unpickled; from unpickled import lab; print(unpickled.__file__, lab.take_away().data)"
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    env.pop("UNPICKLED_COURSE", None)
    course = tmp_path / "bundle" / "course"
    words = [sys.executable, "-c", code]
    told = subprocess.run(words, cwd=course, env=env, capture_output=True, text=True, check=True)
    assert told.stdout.startswith(str(tmp_path / "installed"))
    (address,) = re.findall(r"\]\(([^)]+)\)", told.stdout)
    assert 1_000_000 < (course / address).stat().st_size < 5_000_000
    assert "not here" not in told.stdout


def copied(root, tmp_path):
    """A checkout to change."""
    left = shutil.ignore_patterns(".*", "build", "tests", "bench", "node_modules")
    shutil.copytree(root, tmp_path / "checkout", ignore=left)
    return tmp_path / "checkout"


def test_a_checkout_that_would_leak_is_not_released(root, tmp_path, pages):
    """A key that somebody pasted into a lab's visible cell stops the release, and nothing is written."""
    pages()
    checkout = copied(root, tmp_path)
    key = tomllib.loads((root / "quizzes/L4.4.2/quiz.toml").read_text())["item"][0]["key"]
    learners = checkout / "docs" / "for-learners.md"
    learners.write_text(learners.read_text() + key)
    with pytest.raises(GradingError, match="an answer or a hidden test"):
        make_bundle(tmp_path / "bundle", checkout)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkout", "pages.py"]
