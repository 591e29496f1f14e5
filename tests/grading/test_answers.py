"""What goes to other machines and comes back: addresses that are refused, answers that are none."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from unpickled.cli.main import run
from unpickled.grading import GradingError
from unpickled.grading.machines import address_of
from unpickled.grading.machines.address import on_loopback
from unpickled.grading.machines.answers import checked
from unpickled.grading.machines.briefing import plans_in
from unpickled.grading.plans import Plan
from unpickled.grading.restoring import Wanted

DIGEST = "0" * 64


def wanted(name, source, **more):
    metadata = {"grade_id": name, "grade": False, "solution": False, "locked": True, "task": False}
    return Wanted(name=name, kind="code", source=source, metadata={**metadata, **more})


CELLS = (
    wanted("given", "import lab\n"),
    wanted("answer", "", solution=True, locked=False),
    wanted("check", "lab.check('x')", grade=True, points=2.0),
)
PLAN = Plan("L", {"L": CELLS}, {"L": None}, Path(), (), (), ())


def cell(one, source=None):
    return {"cell_type": "code", "source": source or one.source, "metadata": {"nbgrader": one.metadata}}  # fmt: skip


def answer():
    """A right one."""
    cells = [cell(CELLS[0]), cell(CELLS[1], "x = 1"), {"cell_type": "code", "source": "mine"}]
    notebook = {"cells": [*cells, cell(CELLS[2])]}
    points = {"points": 1.5, "review": False, "comment": ""}
    scores = {"judged": [["check", points, DIGEST]], "comments": {"answer": None}}
    return {
        "problem": "",
        "notebooks": {"L": notebook},
        "scores": {"L": scores},
        "evidence": ["it tried"],
    }


def text_of(said):
    said = copy.deepcopy(said)
    for name, notebook in said.get("notebooks", {}).items():
        said["notebooks"][name] = json.dumps(notebook)
    return json.dumps(said)


def test_a_right_answer_is_taken():
    """As it is; a problem too, and a learner's NaN in an output is nobody's fault."""
    assert checked(text_of(answer()), PLAN, ["L"])["scores"]["L"]["judged"][0][1]["points"] == 1.5
    assert checked('{"problem": "no notebook"}', PLAN, ["L"]) == {"problem": "no notebook"}
    said = answer()
    said["notebooks"]["L"]["cells"][2]["outputs"] = [{"data": {"application/json": float("nan")}}]
    checked(text_of(said), PLAN, ["L"])


def points(value, **more):
    return lambda said: said["scores"]["L"]["judged"][0][1].update(points=value, **more)


def in_cell(number, **more):
    return lambda said: said["notebooks"]["L"]["cells"][number].update(more)


def judged(rows):
    return lambda said: said["scores"]["L"].update(judged=rows)


GOOD = {"points": 1.0, "review": False, "comment": ""}
WRONG = {
    "more points than there are": points(2.5),
    "fewer than none": points(-1),
    "points that are no number": points(True),
    "endless points": points(float("inf")),
    "a text for points": points("2"),
    "something beside them": points(1, manual=2),
    "points for another cell": judged([["answer", GOOD, DIGEST]]),
    "points twice": judged([["check", GOOD, DIGEST]] * 2),
    "no points": judged([]),
    "no digest": judged([["check", GOOD, "x"]]),
    "a comment elsewhere": lambda said: said["scores"]["L"].update(comments={"check": "x"}),
    "a comment that is none": lambda said: said["scores"]["L"].update(comments={"answer": 1}),
    "another notebook": lambda said: said["notebooks"].update({"../../x": {"cells": []}}),
    "no notebook": lambda said: said["notebooks"].clear(),
    "a notebook without cells": lambda said: said["notebooks"].update(L={}),
    "a part too many": lambda said: said.update(more=1),
    "evidence that is none": lambda said: said.update(evidence=[1]),
    "another text in a locked cell": in_cell(0, source="<script>"),
    "a cell that claims to be the author's": in_cell(
        2, metadata={"nbgrader": {"locked": True, "grade_id": "new"}}
    ),
    "a cell with other rights": in_cell(
        1, metadata={"nbgrader": {**CELLS[1].metadata, "locked": True, "solution": False}}
    ),
    "a cell twice": in_cell(2, **cell(CELLS[0])),
    "a cell too few": lambda said: said["notebooks"]["L"]["cells"].pop(),
    "metadata that is none": in_cell(2, metadata={"nbgrader": 5}),
}


@pytest.mark.parametrize("fault", WRONG)
def test_an_answer_with_anything_wrong_in_it_is_none(fault):
    """Whoever sends it: no name, cell, point or text of the author's gets in."""
    said = answer()
    WRONG[fault](said)
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        checked(text_of(said), PLAN, ["L"])


@pytest.mark.parametrize(
    "text", [None, b"{}", "", "[]", "{", "[" * 100_000, '{"problem": 1}', "{}"]
)
def test_what_is_no_answer_at_all_is_none(text):
    with pytest.raises(ValueError):  # noqa: PT011
        checked(text, PLAN, ["L"])


def test_a_briefing_writes_nothing_outside_its_folder(tmp_path):
    """Names of files are looked at on the worker, too."""
    one = {"assignment": "L", "notebooks": {}, "kernelspecs": {}, "libraries": []}
    said = {"plans": [{**one, "source": [["../../out", ""]]}]}
    with pytest.raises(ValueError, match="leads out of its folder"):
        plans_in(said, tmp_path / "a")
    assert not list(tmp_path.rglob("out"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tcp://10.0.0.5:8786", "plain tcp"),
        ("10.0.0.5:8786", "plain tcp"),
        ("tcp://scheduler.example.org:8786", "plain tcp"),
        ("tcp://localhost.example.org:8786", "plain tcp"),
        ("tcp://127.0.0.1.example.org:8786", "plain tcp"),
        ("tcp://0.0.0.0:8786", "plain tcp"),
        ("tcp://[2001:db8::1]:8786", "plain tcp"),
        ("tls://10.0.0.5:8786", "TLS needs --tls-ca-file"),
        ("ws://127.0.0.1:8786", "ws is not spoken here"),
        ("inproc://127.0.0.1:1", "inproc is not spoken here"),
        ("127.0.0.1", "this is no scheduler's address"),
        ("tcp://127.0.0.1:70000", "this is no scheduler's address"),
        ("tcp://a@127.0.0.1:1", "this is no scheduler's address"),
    ],
)
def test_an_address_that_would_be_read_on_the_way_is_refused(text, problem):
    """Before anything is sent, with what to give instead."""
    with pytest.raises(GradingError, match=problem):
        address_of(text)


@pytest.mark.parametrize(
    "text", ["localhost:1", "tcp://127.0.0.1:1", "tcp://127.9.9.9:1", "[::1]:1"]
)
def test_loopback_needs_no_tls(text):
    assert on_loopback(address_of(text).url)


def test_the_commands_refuse_it_with_exit_code_2(tmp_path, capsys):
    """`grade` and `worker` alike; and files for TLS have to be there."""
    for words in (["worker"], ["grade", str(tmp_path), "--scheduler"]):
        (tmp_path / "nbgrader_config.py").touch()
        (tmp_path / "gradebook.db").touch()
        (tmp_path / "source").mkdir(exist_ok=True)
        assert run(["teach", *words, "tcp://10.0.0.5:8786"]) == 2
        told = capsys.readouterr().err
        assert (
            "tcp://10.0.0.5:8786: plain tcp leaves submissions and hidden tests for anyone" in told
        )
        assert "--tls-ca-file" in told
        files = [f"--tls-{name}={tmp_path / 'none'}" for name in ("ca-file", "cert", "key")]
        assert run(["teach", *words, "10.0.0.5:8786", *files]) == 2
        assert "--tls-ca-file: there is no" in capsys.readouterr().err


def test_a_cluster_never_grades_without_a_jail(tmp_path, capsys):
    """The excuse is for this machine."""
    (tmp_path / "nbgrader_config.py").touch()
    (tmp_path / "gradebook.db").touch()
    (tmp_path / "source").mkdir()
    words = ["teach", "grade", str(tmp_path), "--scheduler=tcp://127.0.0.1:1"]
    assert run([*words, "--unsafe-no-sandbox"]) == 2
    assert "workers always need a jail" in capsys.readouterr().err
