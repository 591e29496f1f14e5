"""The small lab again, with checks that ask through the port, as the course's own lab has them."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

CHECKS = """\
from unpickled.checking import Tally


def double(student):
    tally = Tally(2)
    tally.part(2, lambda: student.call("double", 2) == 4, "double(2) should be 4.")
    return tally.outcome()


def note(student):
    tally = Tally(1)
    tally.part(1, lambda: student.value("kind") in ("text", "bytes"), "kind is text or bytes.")
    return tally.outcome()


CHECKS = {"double": double, "note": note}
POINTS = {"double": (2, 3), "note": (1, 2)}
"""
SECRET = "the held-out number was 4142135"
HIDDEN_DOUBLE = f'''
from unpickled.checking import Tally


def check(student):
    """{SECRET}."""
    tally = Tally(3)
    tally.part(3, lambda: student.call("double", 4142135) == 8284270, "It fails on another number.")
    return tally.outcome()
'''
HIDDEN_NOTE = '''
from unpickled.checking import Tally


def check(student):
    """A file, and a value that goes with it."""
    tally = Tally(2)
    tally.part(1, lambda: student.file("note.txt") == b"done", "note.txt should say done.")
    tally.part(1, lambda: student.value("kind") == "text", "kind: it is another.")
    return tally.outcome()
'''
DOUBLE = "def double(x):\n    return 2 * x\n"
NOTE = "open('note.txt', 'w').write('done')\nkind = 'text'\n"
ALL = 8


def lab_cells():
    def meta(name, **more):
        base = {
            "schema_version": 3,
            "grade": False,
            "locked": False,
            "solution": False,
            "task": False,
        }
        return {"nbgrader": {"grade_id": name, **base, **more}}

    def exercise(name, visible, hidden, solution, check):
        text = f"### BEGIN SOLUTION\n{solution}### END SOLUTION"
        award = f'lab.award({name!r}, r"""{check.replace(chr(34) * 3, chr(39) * 3)}""")'
        award = f"### BEGIN HIDDEN TESTS\n{award}\n### END HIDDEN TESTS"
        tests = {"grade": True, "locked": True}
        return [
            new_code_cell(text, metadata=meta(f"{name}-answer", solution=True)),
            new_code_cell(
                f"lab.check({name!r})", metadata=meta(f"{name}-check", points=visible, **tests)
            ),
            new_code_cell(award, metadata=meta(f"{name}-hidden", points=hidden, **tests)),
        ]

    return [
        new_markdown_cell("# Lab", metadata=meta("given-1", locked=True)),
        new_code_cell("from unpickled import lab", metadata=meta("given-2", locked=True)),
        *exercise("double", 2, 3, DOUBLE, HIDDEN_DOUBLE),
        *exercise("note", 1, 2, NOTE, HIDDEN_NOTE),
    ]


def port_checkout(made: Path, root: Path) -> None:
    """A checkout whose lab asks through the port."""
    made.mkdir()
    for name in ("course", "quizzes"):
        (made / name).symlink_to(root / name)
    lab = made / "labs" / "L4.8"
    lab.mkdir(parents=True)
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook = new_notebook(cells=lab_cells(), metadata={"kernelspec": kernel})
    nbformat.write(notebook, lab / "L4.8.ipynb")
    (lab / "checks.py").write_text(CHECKS)
