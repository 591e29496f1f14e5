"""`unpickled learn` starts JupyterLab as a learner needs it, and says plainly why it cannot."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys

import pytest

from unpickled.cli.learn import CONFIG, command, environment
from unpickled.cli.main import run


@pytest.fixture(autouse=True)
def no_exec(monkeypatch):
    """What would become the server is caught instead."""
    started = []
    monkeypatch.setattr("os.execve", lambda path, words, env: started.append((words, env)))
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("BROWSER", raising=False)
    return started


def test_it_listens_on_loopback_only_and_opens_the_first_page(no_exec):
    """The server is for this machine; its first page is the start page."""
    assert run(["learn"]) == 0
    words, _ = no_exec[0]
    assert "--ServerApp.ip=127.0.0.1" in words
    assert "--LabApp.default_url=/lab/tree/course/start.ipynb" in words
    assert not [word for word in words if "port" in word]


def test_port_and_browser_come_from_the_environment(no_exec, monkeypatch):
    """`make learn PORT=9000 BROWSER=none` reaches the server."""
    monkeypatch.setenv("PORT", "24571")
    monkeypatch.setenv("BROWSER", "none")
    assert run(["learn"]) == 0
    words, env = no_exec[0]
    assert "--ServerApp.port=24571" in words
    assert "--ServerApp.port_retries=0" in words
    assert "--no-browser" in words
    assert "BROWSER" not in env


def test_a_browser_that_the_user_named_is_kept(monkeypatch):
    """BROWSER=firefox is the web browser module's own setting."""
    monkeypatch.setenv("BROWSER", "firefox")
    assert environment(CONFIG)["BROWSER"] == "firefox"


def test_a_taken_port_is_one_line_with_a_remedy(no_exec, capsys):
    """Two servers on one port end in a sentence, not in a traceback."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        assert run(["learn", "--port", str(busy.getsockname()[1])]) == 2
    said = capsys.readouterr().err
    assert "make learn PORT=" in said
    assert said.count("\n") == 1
    assert not no_exec


def test_a_missing_page_is_named(no_exec, capsys):
    """A typing error in --page is answered before a server starts."""
    assert run(["learn", "--page", "course/nowhere.ipynb"]) == 2
    assert "nowhere.ipynb" in capsys.readouterr().err
    assert not no_exec


@pytest.fixture
def copied(root, tmp_path, monkeypatch):
    """The course in a folder of its own, with a notebook beside it that is not the course's."""
    shutil.copytree(root / "course", tmp_path / "inside" / "course")
    (tmp_path / "outside.ipynb").write_text("{}")
    monkeypatch.setenv("UNPICKLED_COURSE", str(tmp_path / "inside"))


@pytest.mark.usefixtures("copied")
@pytest.mark.parametrize(
    "page", ["../outside.ipynb", "../../etc/passwd", "course/course.toml", "course"]
)
def test_a_page_is_a_notebook_below_the_course_folder(no_exec, capsys, page):
    """What lies outside, or is no notebook, does not start a server on a broken address."""
    assert run(["learn", "--page", page]) == 2
    assert "no such notebook" in capsys.readouterr().err
    assert not no_exec


def test_learners_get_no_news_all_cells_and_no_instructor_menus(tmp_path):
    """The three settings that the course relies on travel in its own configuration folder."""
    folder = CONFIG / "labconfig"
    overrides = json.loads((folder / "default_setting_overrides.json").read_text())
    disabled = json.loads((folder / "page_config.json").read_text())["disabledExtensions"]
    assert overrides["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert overrides["@jupyterlab/notebook-extension:tracker"]["windowingMode"] == "none"
    assert {
        f"@jupyter/nbgrader:{name}" for name in ("formgrader", "create-assignment", "course-list")
    } <= set(disabled)
    assert environment(tmp_path)["JUPYTER_CONFIG_PATH"].startswith(str(CONFIG))


def test_root_is_allowed_only_where_it_is_root(monkeypatch, tmp_path):
    """A container's root can learn; nobody else gets the flag."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "--allow-root" not in command(tmp_path, "x", port=None, browser=True)


def test_learners_see_each_page_once_and_not_what_it_is_made_of(root):
    """The server's own listing holds every notebook, and none of the sources of a page or a lab."""
    code = (
        "import asyncio, json, sys; from jupyterlab.labapp import LabApp\n"
        "app = LabApp.initialize_server(argv=sys.argv[1:]); manager = app.contents_manager\n"
        "names = lambda folder: [row['name'] for row in asyncio.run(manager.get(folder))['content']]\n"
        "print(json.dumps([names('course'), names('course/L4.4.2')]))"
    )
    words = [
        sys.executable,
        "-c",
        code,
        *command(root, "course/start.ipynb", port=None, browser=False)[3:],
    ]
    done = subprocess.run(words, env=environment(root), capture_output=True, check=True, text=True)
    course, lesson = json.loads(done.stdout.splitlines()[-1])
    assert "start.ipynb" in course
    pages = {path.name for path in (root / "course" / "L4.4.2").glob("*.ipynb")}
    assert pages <= set(lesson)
    assert not [name for name in course + lesson if name.endswith((".py", ".md"))]
