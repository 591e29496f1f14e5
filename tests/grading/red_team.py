"""Submissions that do what no submission should, out of `red_team.toml`: each with what it must end as.

They look, try and report into their own outputs; nothing here leaves the machine, and what is tried on files is tried
on the test's own course.
"""

from __future__ import annotations

import json
import os
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .made import Notebook
from .made_port import ALL, DOUBLE, NOTE

TITLE = "unpickled-outlives-its-jail"
WRONG = "def double(x):\n    return x + 2\n"
"""Right for 2: the visible check's points are answered for."""
TOOLS = {
    "": "",
    "try": """
import glob, os, sys
def tried(do):
    try:
        return do()
    except BaseException as error:
        return type(error).__name__
""",
}
TOOLS["channel"] = f"""{TOOLS["try"]}
import json, stat, struct, threading, time
def channel():
    return next(fd for fd in range(3, 200) if tried(lambda: stat.S_ISSOCK(os.fstat(fd).st_mode)) is True)
def say(**message):
    body = json.dumps(message).encode()
    os.write(channel(), struct.pack("!I", len(body)) + body)
"""


@dataclass(frozen=True)
class Hostile:
    """A submission.

    Attributes:
        kind: what it is after.
        tools: of `TOOLS`, what stands before `before`.
        before: a cell of its own at the top.
        double, note: text of the answers.
        points: what it must earn.
        state: "graded" or "failed".
        reason: a word of the reason.
        evidence: a word that the instructor is told.
    """

    kind: str = ""
    tools: str = ""
    before: str = ""
    double: str = DOUBLE
    note: str = NOTE
    points: float = ALL
    state: str = "graded"
    reason: str = ""
    evidence: str = ""


def everyone(course: Path) -> dict[str, Hostile]:
    """Return the whole class by the names of its students, one honest among them."""
    text = Path(__file__).with_suffix(".toml").read_text()
    known = {"COURSE": str(course), "TITLE": TITLE, "WRONG": WRONG, "DOUBLE": DOUBLE, "NOTE": NOTE}
    rows = tomllib.loads(text)
    for row in rows.values():
        for name, value in row.items():
            for word, meant in known.items() if isinstance(value, str) else ():
                row[name] = row[name].replace(f"@{word}@", meant)
    return {"honest": Hostile(), **{name: Hostile(**row) for name, row in rows.items()}}


def hand_in(course: Path, name: str, one: Hostile, student: str = "") -> None:
    """Write a submission into the course's folder, as that student's or under its own name."""
    lab = Notebook(course / "release" / "L4.8" / "L4.8.ipynb")
    lab.answer(one.double).answer(one.note, "note-answer")
    if one.tools or one.before:
        lab.add(TOOLS[one.tools] + one.before, at=0)
    if name == "forges-its-own-cells":
        for cell in ("double-check", "double-hidden"):
            lab.answer("3.0", cell).marked(cell, points=99)
    folder = course / "submitted" / (student or name) / "L4.8"
    lab.write(folder, "L4.8.ipynb")
    if name in PUT:
        PUT[name](folder, folder / "L4.8.ipynb")


def _linked(_: Path, notebook: Path) -> None:
    notebook.rename(notebook.with_name("n"))
    notebook.symlink_to("n")


def _zip(folder: Path, _: Path) -> None:
    with zipfile.ZipFile(folder / "data.zip", "w") as archive:
        archive.writestr("../../escaped.txt", "was here")


def _huge(_: Path, notebook: Path) -> None:
    with notebook.open("r+b") as file:
        file.truncate(200 << 20)


def _cells(_: Path, notebook: Path) -> None:
    data = json.loads(notebook.read_text())
    data["cells"] += [{"cell_type": "markdown", "metadata": {}, "source": ""}] * 50_000
    notebook.write_text(json.dumps(data))


def _modules(folder: Path, _: Path) -> None:
    for name in ("json", "torch", "unpickled", "sitecustomize"):
        (folder / f"{name}.py").write_text("raise SystemExit('taken')")


MKDIR = b"cos\nmkdir\n(S'/tmp/unpickled-red-team'\ntR."
PUT: dict[str, Callable[[Path, Path], object]] = {
    "a-link": lambda folder, _: (folder / "x").symlink_to("/etc/passwd"),
    "a-linked-notebook": _linked,
    "a-fifo": lambda folder, _: os.mkfifo(folder / "pipe"),
    "200-mb": _huge,
    "50000-cells": _cells,
    "no-utf8": lambda _, notebook: notebook.write_bytes(b'{"cells": "\xff"}'),
    "a-zip": _zip,
    "a-pickle": lambda folder, _: (folder / "state.pkl").write_bytes(MKDIR),
    "own-checks": lambda folder, _: (folder / "checks.py").write_text("CHECKS = {}\n"),
    "own-modules": _modules,
}
