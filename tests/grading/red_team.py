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


def _half_pairs(_: Path, notebook: Path) -> None:
    """In texts of the file itself, which JSON may hold and UTF-8 may not."""
    data = json.loads(notebook.read_text())
    data["cells"] += [{"cell_type": "markdown", "metadata": {}, "source": "a \ud800 b"}]
    data["cells"] += [{"cell_type": "code", "metadata": {}, "source": "'\ud800'", "outputs": []}]
    notebook.write_text(json.dumps(data))


def _odd_cells(_: Path, notebook: Path) -> None:
    """Cells of kinds, ids, keys and attachments that no notebook may have."""
    data = json.loads(notebook.read_text())
    same = data["cells"][0]["id"]
    plain = {"cell_type": "markdown", "metadata": {}, "source": "x"}
    data["cells"] += [
        {**plain, "id": '"><img src=x onerror=alert(1)>'},
        {**plain, "id": "x" * 65},
        {**plain, "id": same},
        {**plain, "id": 7},
        {**plain, "cell_type": "evil"},
        {**plain, "cell_type": "heading", "level": 1},
        {**plain, "attachments": "nope"},
        {**plain, "attachments": {"a": {"image/png": [1, 2]}}},
        {**plain, "attachments": {"a": "x"}, "more": [1]},
        {**plain, "cell_type": "raw", "execution_count": 3, "outputs": []},
        {**plain, "cell_type": "code", "source": ["1 +", " 1"], "outputs": [{"x": 1}], "extra": {}},
    ]
    data["metadata"] = {"kernelspec": 7, "more": ["x"]}
    notebook.write_text(json.dumps(data))


def _links(_: Path, notebook: Path) -> None:
    """Markdown that makes links and pictures, for whoever opens the form grader."""
    data = json.loads(notebook.read_text())
    taken = "javascript:document.title='taken'"
    for text in (
        f"[go]({taken})",
        f"[go][1]\n\n[1]: {taken}",
        "![p](http://192.0.2.1/x.png)",
        "[go](/api)",
    ):
        data["cells"].append({"cell_type": "markdown", "metadata": {}, "source": text})
    notebook.write_text(json.dumps(data))


def _path(folder: Path, *parts: str) -> None:
    """A file at the end of a path that is made step by step, since as a whole it is longer than a system takes."""
    here = os.open(folder, os.O_RDONLY)
    for part in parts:
        os.mkdir(part, dir_fd=here)
        inner = os.open(part, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def _many(folder: Path, _: Path) -> None:
    for number in range(1_001):
        (folder / f"{number}.txt").touch()


def _folder_for_a_file(folder: Path, _: Path) -> None:
    (folder / "checks.py").mkdir()
    (folder / "checks.py" / "x").write_text("x")


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
    "half-pairs-in-the-file": _half_pairs,
    "odd-cells": _odd_cells,
    "long-path": lambda folder, _: _path(folder, *["x" * 250] * 3),
    "deep-path": lambda folder, _: _path(folder, *["y"] * 300),
    "many-files": _many,
    "folder-for-a-file": _folder_for_a_file,
    "odd-file-name": lambda folder, _: Path(
        os.fsdecode(bytes(folder / "caf") + b"\xe9.txt")
    ).touch(),
    "clicks": _links,
}
