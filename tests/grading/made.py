"""The small lab, and the submissions that a class can think of."""

from __future__ import annotations

import copy
import json
from pathlib import Path

from nbformat.v4 import new_code_cell, new_markdown_cell

CHECKS = """\
def visible(names):
    f = names.get("double")
    ok = callable(f) and f(2) == 4
    print("right" if ok else "double(2) should be 4")
    return 2.0 if ok else 0.0
"""
HIDDEN = (
    "### BEGIN HIDDEN TESTS\n"
    "held_out = 4142135\n"
    "assert double(held_out) == 8284270, 'the held-out number was 4142135'\n"
    "3.0\n"
    "### END HIDDEN TESTS"
)
GOOD = "def double(x):\n    return 2 * x\n"
WRONG = "def double(x):\n    return x + 2\n"


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

    solution = f"### BEGIN SOLUTION\n{GOOD}### END SOLUTION"
    return [
        new_markdown_cell("# Lab", metadata=meta("given-1", locked=True)),
        new_code_cell("import checks", metadata=meta("given-2", locked=True)),
        new_code_cell(solution, metadata=meta("double-answer", solution=True)),
        new_code_cell(
            "checks.visible(globals())",
            metadata=meta("double-check", grade=True, locked=True, points=2),
        ),
        new_code_cell(HIDDEN, metadata=meta("double-hidden", grade=True, locked=True, points=3)),
    ]


class Notebook:
    """A released notebook that a learner does things to."""

    def __init__(self, path: Path) -> None:
        self.data = json.loads(path.read_text())

    def named(self, name):
        return next(
            c
            for c in self.data["cells"]
            if c["metadata"].get("nbgrader", {}).get("grade_id") == name
        )

    def answer(self, text, name="double-answer"):
        self.named(name)["source"] = text
        return self

    def add(self, source, at=None, kind="code"):
        cell = {"cell_type": kind, "metadata": {}, "source": source, "id": f"own-{len(source)}"}
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        self.data["cells"].insert(len(self.data["cells"]) if at is None else at, cell)
        return self

    def without(self, *names):
        gone = [self.named(name) for name in names]
        self.data["cells"] = [cell for cell in self.data["cells"] if cell not in gone]
        return self

    def twice(self, name, source):
        cell = copy.deepcopy(self.named(name))
        cell |= {"source": source, "id": "copied"}
        self.data["cells"].insert(self.data["cells"].index(self.named(name)), cell)
        return self

    def marked(self, name, **metadata):
        self.named(name)["metadata"]["nbgrader"].update(metadata)
        return self

    def tagged(self, name, *tags):
        self.named(name)["metadata"]["tags"] = list(tags)
        return self

    def kernel(self, name):
        self.data["metadata"]["kernelspec"] = {"name": name, "display_name": name, "language": name}
        return self

    def write(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(self.data))


UNSTOPPABLE = "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except KeyboardInterrupt:\n        pass\n"
EXIT = "import os\nos._exit(1)\n"


def the_class(release: Path):
    """Yield (student, bytes of the notebook or None, state, points of 5, a word of the reason)."""

    def lab():
        return Notebook(release / "L4.8.ipynb")

    def bytes_of(notebook):
        return json.dumps(notebook.data).encode()

    def odd(value):
        return bytes_of(lab().answer(f"{GOOD}checks.visible = lambda names: {value}"))

    right = bytes_of(lab().answer(GOOD))
    yield "right", right, "graded", 5, ""
    yield "blank", bytes_of(lab()), "graded", 0, ""
    yield "wrong", bytes_of(lab().answer(WRONG)), "graded", 2, ""
    yield "raising", bytes_of(lab().answer("def double(x):\n    raise OSError\n")), "graded", 0, ""
    yield "raising-after", bytes_of(lab().answer(GOOD + "raise ValueError")), "graded", 5, ""
    yield "endless", bytes_of(lab().answer(GOOD + "while True:\n    pass")), "graded", 5, ""
    yield "unstoppable", bytes_of(lab().answer(GOOD + UNSTOPPABLE)), "graded", 0, ""
    yield "exits", bytes_of(lab().answer(GOOD + EXIT)), "graded", 0, ""
    yield "exits-late", bytes_of(lab().answer(GOOD).add(EXIT)), "graded", 5, ""
    yield "no-notebook", None, "failed", 0, "L4.8.ipynb was not handed in"
    yield "cut", right[: len(right) // 2], "failed", 0, "damaged"
    yield "empty", b"", "failed", 0, "empty"
    yield "no-text", b"\xff\xfe" + right, "failed", 0, "UTF-8"
    yield "a-list", b"[]", "failed", 0, "no notebook"
    yield "deep", b'{"cells":' * 100_000, "failed", 0, "damaged"
    odd_cell = json.dumps({"cells": [7], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    yield "odd-cell", odd_cell.encode(), "failed", 0, "cell 1 is no cell"
    gone = lab().answer(GOOD).without("given-2", "double-check", "double-hidden")
    yield "deleted", bytes_of(gone), "graded", 5, ""
    gone = lab().without("double-answer", "double-check", "double-hidden")
    yield "all-deleted", bytes_of(gone), "graded", 0, ""
    yield "twice", bytes_of(lab().answer(GOOD).twice("double-hidden", "3.0")), "graded", 5, ""
    renamed = (
        lab()
        .answer(GOOD)
        .marked("double-check", grade_id="mine")
        .marked("double-answer", grade_id="also-mine")
    )
    yield "renamed", bytes_of(renamed), "graded", 5, ""
    old = lab().answer(GOOD).marked("double-check", schema_version=1, points=-7)
    yield "old-metadata", bytes_of(old), "graded", 5, ""
    yield "no-sense", bytes_of(_senseless(lab().answer(GOOD))), "graded", 5, ""
    flood = GOOD + "while True:\n    print('x' * 10_000)"
    yield "flood", bytes_of(lab().answer(flood)), "graded", 5, ""
    yield "other-kernel", bytes_of(lab().answer(GOOD).kernel("julia-1.10")), "graded", 5, ""
    skipped = lab().answer(WRONG).tagged("double-hidden", "skip-execution")
    yield "skips-tests", bytes_of(skipped), "graded", 2, ""
    edited = lab().answer(WRONG).answer("5.0", "double-hidden").answer("2.0", "double-check")
    yield "edits-tests", bytes_of(edited), "graded", 2, ""
    noisy = "import warnings\ndef double(x):\n    warnings.warn('deprecated')\n    return 2 * x\n"
    yield "noisy", bytes_of(lab().answer(noisy)), "graded", 5, ""
    yield "negative", odd("-1"), "review", 3, "double-check"
    yield "shows-nothing", odd("None"), "review", 3, "double-check"


def _senseless(notebook):
    notebook.named("double-hidden")["metadata"]["nbgrader"] = "no mapping"
    notebook.data["metadata"] = {"kernelspec": 5}
    return notebook


LEAKS = (
    GOOD
    + "def double(x):\n    import inspect\n    print(In)\n    print(inspect.stack()[1].code_context)\n"
    + "    open('kept.txt', 'w').write(str(In))\n    return 0\n"
)

TOLD_IN_CODE = """
import base64
everything = "\\n".join(In)
print(base64.b64encode(everything.encode()).decode())
print(everything[::-1], everything.upper())
display({"text/html": "<b>" + everything.encode().hex() + "</b>"}, raw=True)
get_ipython().execution_count = 2 * 2071067 + 1
raise type("X" + everything.encode().hex(), (Exception,), {})(everything[::-1])
"""
"""A learner's own cell below the lab, that gives away what was run before it."""
