"""What instructors and learners know of nbgrader works on the course folder: validate, exchange, form grader."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from unpickled.grading import collect, grade, queue, standings

from .made import GOOD, Notebook


def test_validate_tells_a_learner_whether_the_visible_checks_pass(course, stock, tmp_path):
    """`nbgrader validate`, and the Validate button, judge the released notebook as the checks do."""
    release = course.path / "release" / "L4.8"
    (tmp_path / "checks.py").write_text((release / "checks.py").read_text())
    Notebook(release / "L4.8.ipynb").write(tmp_path, "blank.ipynb")
    Notebook(release / "L4.8.ipynb").answer(GOOD).write(tmp_path, "right.ipynb")
    blank, right = (
        stock(tmp_path, "validate", f"{name}.ipynb").stdout for name in ("blank", "right")
    )
    assert "Success! Your notebook passes all the tests." in right
    assert "Success" not in blank
    assert "double-check" in blank or "checks.visible" in blank


@pytest.mark.long
def test_the_exchange_carries_an_assignment_out_and_back(course, stock, tmp_path):
    """Release, fetch, submit and collect, as the Assignment List does them, end in a grade."""
    exchange, home = tmp_path / "exchange", tmp_path / "home"
    exchange.mkdir()
    exchange.chmod(0o777)
    home.mkdir()
    config = f"c = get_config()\nc.Exchange.root = {str(exchange)!r}\nc.CourseDirectory.course_id = 'unpickled'\n"
    (home / "nbgrader_config.py").write_text(config)
    mine = course.path / "nbgrader_config.py"
    mine.write_text(mine.read_text() + f"\nc.Exchange.root = {str(exchange)!r}\n")
    env = {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "none"), "USER": "learner"}
    steps = (
        (course.path, "release_assignment", "L4.8"),
        (home, "fetch_assignment", "L4.8"),
    )
    for folder, *words in steps:
        done = stock(folder, *words, **env)
        assert done.returncode == 0, done.stderr
    fetched = home / "L4.8"
    assert {path.name for path in fetched.iterdir()} == {"L4.8.ipynb", "checks.py"}
    Notebook(fetched / "L4.8.ipynb").answer(GOOD).write(fetched, "L4.8.ipynb")
    for folder, *words in ((home, "submit", "L4.8"), (course.path, "collect", "L4.8")):
        done = stock(folder, *words, **env)
        assert done.returncode == 0, done.stderr
    outcomes = list(grade(course, queue(course)))
    assert [(one.state, one.score) for one in outcomes] == [("graded", 5)]


@pytest.fixture
def formgrader(course, tmp_path):
    """The form grader on loopback, as `jupyter` starts it in a course folder; gives a function that asks it."""
    programs = Path(sys.executable).parent
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        f"{programs}/jupyter-server", "--no-browser", "--allow-root", f"--ServerApp.port={port}",
        "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=t", "--ServerApp.disable_check_xsrf=True",
        f"--ServerApp.root_dir={course.path}",
        "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}",
    ]  # fmt: skip
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    with (tmp_path / "server.log").open("w") as log:
        server = subprocess.Popen(
            words,
            cwd=course.path,
            env={**os.environ, "PATH": path, "JUPYTER_CONFIG_DIR": str(tmp_path / "none")},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def ask(address, method="GET"):
        url = f"http://127.0.0.1:{port}/formgrader/{address}"
        for _ in range(200):
            assert server.poll() is None, (tmp_path / "server.log").read_text()[-2000:]
            try:
                asked = urllib.request.Request(
                    url, method=method, headers={"Authorization": "token t"}
                )
                with urllib.request.urlopen(asked, timeout=90) as answer:
                    return answer.read().decode()
            except urllib.error.HTTPError as error:
                raise AssertionError((url, error.code, error.read()[:500])) from error
            except OSError:
                time.sleep(0.2)
        raise AssertionError(url)

    ask.address = f"http://127.0.0.1:{port}/formgrader"
    yield ask
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(20)


@pytest.mark.browser
def test_the_form_grader_lists_grades_and_shows_what_we_grade(
    course, formgrader, tmp_path, browser
):
    """It sees assignments, the review queue and proposed scores, autogrades by itself, and shows a submission.

    In Chromium its page has no error of script, asks nobody else for anything, and a learner's link runs nothing.
    """
    release = course.path / "release"
    box = {"L4.8": tmp_path / "lab", "L4.4.2-quiz": tmp_path / "quiz"}
    lab = Notebook(release / "L4.8" / "L4.8.ipynb").answer(GOOD)
    lab.add("[see](javascript:document.title=1) ![p](/api) *well*", kind="markdown")
    lab.write(box["L4.8"] / "ada", "L4.8.ipynb")
    Notebook(release / "L4.4.2-quiz" / "L4.4.2-quiz.ipynb").without("q2").write(
        box["L4.4.2-quiz"] / "ada", "L4.4.2-quiz.ipynb"
    )
    for name, folder in box.items():
        assert [one.state for one in collect(course, name, folder)] == ["taken"]
    list(grade(course, queue(course, ["L4.4.2-quiz"])))
    listed = {one["name"]: one for one in json.loads(formgrader("api/assignments"))}
    assert (listed["L4.8"]["max_score"], listed["L4.4.2-quiz"]["max_score"]) == (5, 6)
    told = json.loads(formgrader("api/submission/L4.8/ada/autograde", "POST"))
    assert told["success"], told
    (lab,) = json.loads(formgrader("api/submissions/L4.8"))
    (quiz,) = json.loads(formgrader("api/submissions/L4.4.2-quiz"))
    assert (lab["score"], lab["needs_manual_grade"]) == (5, False)
    assert (quiz["score"], quiz["needs_manual_grade"]) == (0, True)
    assert [(row.state, row.score) for row in standings(course, "L4.8")] == [("graded", 5)]
    (one,) = json.loads(formgrader("api/submitted_notebooks/L4.4.2-quiz/L4.4.2-quiz"))
    page = formgrader(f"submissions/{one['id']}/")
    assert "Which weight-file format" in page
    fetched = re.findall(r"""(?:src|href)=["']?\s*(?:https?:)?//[^"' >]+""", page)
    assert [address for address in fetched if "127.0.0.1" not in address] == []
    (one,) = json.loads(formgrader("api/submitted_notebooks/L4.8/L4.8"))
    page = formgrader(f"submissions/{one['id']}/")
    assert "<em>well</em>" in page
    assert "javascript:" not in page
    assert 'src="/api"' not in page
    opened, troubles = browser.new_page(), []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on(
        "request",
        lambda asked: troubles.append(asked.url) if "127.0.0.1" not in asked.url else None,
    )
    opened.goto(f"{formgrader.address}/submissions/{one['id']}/?token=t")
    opened.get_by_text("see", exact=True).click()
    opened.wait_for_timeout(300)
    assert troubles == []
    assert opened.title() != "1"
