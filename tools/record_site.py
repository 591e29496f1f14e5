"""Write site/recorded.json: what came of everything in the course that no browser can run.

usage: tools/record_site.py [PAGE…]      Without pages, of all of them; takes some two minutes.

The pages are run as a learner runs them, each in a Python of its own, in a workspace that has the path that it has in
a browser: that path stands in the files, and so in what is asked about them. Noted are the cells that lack something
in a browser, with their outputs and the files that they wrote; every child that was run and every question to
modelscan; and the scoreboard.
"""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MOST = 200_000  # bytes of one file that a cell wrote; the course's models have a few thousand
FOR_PANEL = ("torch-canary", "pickle-as-safetensors", "safetensors", "npy-objects", "joblib-zlib")
"""The files of page 3's panel, with all five views of each."""


class Notes:
    """What is written down while a page runs."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {
            "children": {},
            "scans": {},
            "cells": {},
            "boards": {},
            "files": {},
        }

    def listen(self) -> None:
        """Stand between the course and its children."""
        from unpickled import sandbox
        from unpickled.here.runs import key
        from unpickled.here.standins import plain_words
        from unpickled.sandbox import child
        from unpickled.sandbox.page import child_key
        from unpickled.scanners import workshop
        from unpickled.scanners.in_page import scan_key

        run, ask, start = child.run, workshop.Workshop.ask, subprocess.run

        def noted_run(argv: Any, **options: Any) -> sandbox.Outcome:
            files = [os.fspath(one) for one in options.get("readable", ())]
            found = child_key(argv, files, options.get("stdin", b""))
            folders = [Path(one) for one in options.get("writable", ())]
            before = {path for folder in folders for path in folder.rglob("*")}
            ended = run(argv, **options)
            left = left_in(folders, before)
            self.child(found, ended.code, ended.out.decode(), ended.err.decode(), left)
            return ended

        def noted_ask(self_: Any, request: dict[str, Any]) -> dict[str, Any]:
            reply = ask(self_, request)
            if request["scanner"] == "modelscan":
                self.told["scans"][scan_key(request)] = reply
            return reply

        def noted_start(args: Any, **options: Any) -> Any:
            if not options.get("text"):  # not of a page's: those read what their child says
                return start(args, **options)
            given = options.get("input") or b""
            stdin = given.encode() if isinstance(given, str) else given
            words, cwd = plain_words([str(one) for one in args]), options.get("cwd")
            found = key(words, stdin=stdin, cwd=cwd)
            before = {*Path(WORKSPACE).rglob("*")}
            ended = start(args, **options)
            left = left_in([Path(WORKSPACE)], before)
            self.child(found, ended.returncode, ended.stdout, ended.stderr, left)
            return ended

        child.run, workshop.Workshop.ask, subprocess.run = noted_run, noted_ask, noted_start

    def child(self, found: str, code: int | None, out: str, err: str, left: dict[str, Any]) -> None:
        """Note how a child ended."""
        if code is None:
            sys.exit("a child was stopped by its limits: nothing is recorded of a run like that")
        self.told["children"][found] = {"code": code, "out": out, "err": err, "left": left}


def left_in(folders: list[Path], before: set[Path]) -> dict[str, str | None]:
    """What is new in some folders: files by their bytes, folders by None."""
    new = {path for folder in folders for path in folder.rglob("*")} - before
    return {str(path): coded(path) if path.is_file() else None for path in sorted(new)}


def coded(path: Path) -> str:
    """A file's bytes in base64."""
    if path.stat().st_size > MOST:
        sys.exit(f"{path.name} has more than {MOST} bytes: too much to bring along")
    return base64.b64encode(path.read_bytes()).decode("ascii")


def files_in(folder: Path) -> dict[str, str]:
    """All files below the workspace, by their name in it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            found[path.relative_to(folder).as_posix()] = coded(path)
    return found


def run_page(notes: Notes, path: Path) -> None:
    """Run a page cell by cell; note the cells that lack something."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    from unpickled.authoring.site.lock import read_lock
    from unpickled.authoring.site.recorded import cell_key, code_cells, page_needs

    book = path.read_bytes()
    lacking = page_needs(book, read_lock(ROOT).modules)
    shell = InteractiveShell.instance()
    for source in code_cells(book):
        before = files_in(Path(WORKSPACE)) if source in lacking else {}
        with capture_output() as caught:
            ended = shell.run_cell(source)
        if not ended.success:
            sys.exit(
                f"{path.name}: this cell failed:\n{source}\n{caught.stdout}\n{ended.error_in_exec!r}"
            )
        if source in lacking:
            after = files_in(Path(WORKSPACE))
            new = {name: data for name, data in after.items() if before.get(name) != data}
            notes.told["cells"][cell_key(source)] = {
                "outputs": outputs(caught),
                "prepares": list(lacking[source].prepares),
                "files": new,
            }


def outputs(caught: Any) -> list[dict[str, Any]]:
    """What a cell showed: its text, then whatever it displayed, as HTML or plain text."""
    found = []
    if caught.stdout:
        found.append({"kind": "stream", "text": caught.stdout})
    for shown in caught.outputs:
        kept = {
            kind: shown.data[kind] for kind in ("text/html", "text/plain") if kind in shown.data
        }
        if kept:
            found.append({"kind": "display", "data": kept})
    return found


def further(notes: Notes) -> None:
    """What a learner may ask of the course's files beside the pages: the scanners on all, the panel on its own."""
    from unpickled import lab, restricted, scanners, specimens, weights
    from unpickled.errors import CourseError
    from unpickled.scoreboard import run_board, to_dict

    for one in specimens.catalogue():
        path = lab.specimen(one.id)
        if path.is_file():
            scanners.scan(path)
            with suppress(CourseError):
                weights.inspect(path)
        if one.recipe.startswith("other_models.h") or one.recipe.startswith("other_models.k"):
            notes.told["files"][one.id] = coded(path)
    for name in FOR_PANEL:
        restricted.weights_only([lab.specimen(name)])
    board = run_board(scanners=("picklescan", "modelscan", "weights_only"))
    notes.told["boards"]["course"] = to_dict(board)


def one_page(name: str, out: Path) -> None:
    """The child: run one page, or `further`, and write down what was noted."""
    notes = Notes()
    notes.listen()
    if name == "further":
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            further(notes)
    else:
        run_page(notes, Path(name))
    out.write_text(json.dumps(notes.told))


def needed() -> set[str]:
    """What the recorded cells of today's pages are found by."""
    from unpickled.authoring.site.lock import read_lock
    from unpickled.authoring.site.recorded import cell_key, notebooks, page_needs

    modules = read_lock(ROOT).modules
    pages = [page_needs(path.read_bytes(), modules) for path in notebooks(ROOT)]
    return {cell_key(source) for page in pages for source in page}


def main(asked: list[str]) -> None:
    """Run each page in a child of its own, and write all of it down."""
    goal = ROOT / "site" / "recorded.json"
    pages = sorted((ROOT / "course").rglob("*.ipynb"))
    told: dict[str, Any] = Notes().told
    if asked:
        told = json.loads(goal.read_text())
        pages = [page for page in pages if page.stem in asked]
    jobs = [*map(str, pages), *(["further"] if not asked or "further" in asked else [])]
    for job in jobs:
        print(f"recording {Path(job).stem} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as home:
            out = Path(home, "told.json")
            words = [sys.executable, __file__, "--one", job, str(out)]
            env = {
                **os.environ,
                "UNPICKLED_WORKSPACE": WORKSPACE,
                "UNPICKLED_PROGRESS": f"{home}/p.json",
            }
            env |= {"UNPICKLED_COURSE": str(ROOT), "IPYTHONDIR": home, "PYTHONWARNINGS": "ignore"}
            subprocess.run(words, cwd=home, env=env, check=True)
            for kind, found in json.loads(out.read_text()).items():
                told[kind] |= found
    told["cells"] = {key: run for key, run in told["cells"].items() if key in needed()}
    told["date"] = datetime.now(UTC).date().isoformat()
    text = json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False)
    for place in (
        f"{ROOT}/",
        f"{Path.home()}/",
    ):  # in a tool's traceback: true of this machine alone
        text = text.replace(place, "")
    goal.write_text(text + "\n")
    print(f"wrote {goal.relative_to(ROOT)}, {goal.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "src"))
    from unpickled.authoring.site.lite import WORKSPACE

    if sys.argv[1:2] == ["--one"]:
        one_page(sys.argv[2], Path(sys.argv[3]))
    else:
        main(sys.argv[1:])
