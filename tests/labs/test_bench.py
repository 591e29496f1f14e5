"""`lab.check` and `lab.award` in a real kernel: they speak, and show nbgrader exactly one number."""

from __future__ import annotations

import nbformat
from nbclient import NotebookClient

CHECKS = """
from unpickled.checking import Outcome

def x_is_three(student):
    return Outcome(2 if student.value("x") == 3 else 0.5, 2, ("Look at x.",))

def broken(student):
    raise RuntimeError("a fault of the author's")

CHECKS = {"x": x_is_three, "broken": broken}
POINTS = {"x": (2, 3), "broken": (2, 1)}
"""
CELLS = [
    "from unpickled import lab\nlab.check('x')",
    "x = 3\nlab.check('x')",
    "class Sly(int):\n    __eq__ = lambda *_: True\nx = Sly(7)\nlab.check('x')",
    "x = 4\ndef check(student): return __import__('unpickled.checking').checking.Outcome(1, 1, ('y',))\n"
    "lab.award('y', check)\n### a comment behind it",
    "def check(path): return 5\n_file = json = 'mine'",
    "lab.award('z', r'''\nimport json\nfrom unpickled.checking import Outcome\n"
    "def _file(): return 'theirs\\n'\n"
    "def check(student): return Outcome(student.call('check', _file()), 5, ())\n''')",
    "(check('x') if (_file, json) == ('mine', 'mine') and not {'Outcome'} & set(globals()) else 0)",
    "lab.check('broken')",
    "lab.check('none')",
    "import os; os.remove('checks.py'); lab.check('x')",
]


def test_each_cell_shows_one_number_or_fails(tmp_path):
    """No answer, right, sly, hidden: a number; a fault, an unknown id, a missing file: an error, no points.

    A hidden check that is handed over as text binds none of the learner's names, and sees none of them as its own.
    """
    (tmp_path / "checks.py").write_text(CHECKS)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    client = NotebookClient(
        book,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    shown = []
    for cell in book.cells:
        results = [out for out in cell.outputs if out.output_type == "execute_result"]
        errors = [out.ename for out in cell.outputs if out.output_type == "error"]
        if cell.source.startswith("def check"):
            continue
        assert len(results) + len(errors) == 1
        shown.append(float(results[0].data["text/plain"]) if results else errors[0])
    assert shown == [0, 2, 0, 1, 5, 5, "RuntimeError", "CourseError", "CourseError"]
    assert "There is no x yet" in book.cells[0].outputs[0].text
    assert "x: right so far, 2 of 5 points" in book.cells[1].outputs[0].text


def test_while_it_is_graded_nothing_is_still_to_be_judged(tmp_path, monkeypatch, capsys):
    """On a graded page "judged when you hand in" would be wrong: the check says what it gave, and no more."""
    from unpickled import lab

    (tmp_path / "checks.py").write_text(CHECKS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    lab.check("x")
    assert capsys.readouterr().out.splitlines()[0] == "x: 0 of 2 points"
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    lab.check("x")
    assert "3 more points are judged when you hand in" in capsys.readouterr().out


def test_the_points_are_a_number_to_nbgrader_and_a_bar_to_the_eye():
    """`text/plain` is what a grade is read from; the bar says the same, and is full only for all points."""
    from html.parser import HTMLParser

    from IPython.core.formatters import DisplayFormatter

    from unpickled.checking import Outcome
    from unpickled.lab.checks import Points

    for points, maximum in ((0, 2), (1.5, 2), (2, 2)):
        shown, _ = DisplayFormatter().format(Points(Outcome(points, maximum, ())))
        assert float(shown["text/plain"]) == points
        assert shown["text/plain"] == repr(float(points))
        seen = []
        parser = HTMLParser()
        parser.handle_starttag = lambda tag, given, seen=seen: seen.append((tag, dict(given)))
        parser.feed(shown["text/html"])
        ((tag, meter),) = seen
        assert (tag, float(meter["value"]), float(meter["max"])) == ("meter", points, maximum)
        assert (points > float(meter["high"])) == (points == maximum)
