"""How fast authors' commands are, as whole processes on a copy of the course, and whether two builds are the same.

usage: python bench/authoring.py [--json]

Each figure is the median by the clock, and beside it the processor time of the command and all its children: where that
is far below the clock, the machine was busy with something else. Fails when a figure is over its budget and the
processor time is, too.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMAND = str(Path(sys.executable).parent / "unpickled")
BUDGETS = {"nothing to do": 0.3, "one slide changed": 1.0, "everything": 12.0}
ROUNDS = {"nothing to do": 9, "one slide changed": 5, "everything": 2}


def run(course: Path, *words: str) -> tuple[float, float]:
    """Run an authors' command; returns seconds by the clock and of the processor."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([COMMAND, "author", *words], cwd=course, check=True, capture_output=True)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, worked


def copied(folder: Path) -> Path:
    """Copy the sources alone."""
    for name in ("course", "quizzes", "labs", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.ipynb"))
    return folder


def change(course: Path, number: int) -> None:
    """Change one sentence of one slide."""
    deck = course / "course" / "L4.4.2" / "deck.md"
    text = deck.read_text("utf-8")
    before = "See you there." if number == 0 else f"See you there, number {number}."
    deck.write_text(text.replace(before, f"See you there, number {number + 1}."), "utf-8")


def generated(course: Path) -> dict[str, bytes]:
    """Return every generated file by its name."""
    folders = ("slides", "video-scripts", "course", "quizzes", "labs")
    paths = (path for folder in folders for path in (course / folder).rglob("*") if path.is_file())
    return {path.relative_to(course).as_posix(): path.read_bytes() for path in paths}


def measure(one: Path, two: Path) -> dict[str, tuple[float, float]]:
    """Return clock and processor seconds, the median of each kind of build."""
    times: dict[str, list[tuple[float, float]]] = {"everything": [run(one, "build")]}
    os.environ["TZ"] = "Pacific/Auckland"
    times["everything"].append(run(two, "build"))
    times["nothing to do"] = [run(one, "build") for _ in range(ROUNDS["nothing to do"])]
    times["one slide changed"] = []
    for number in range(ROUNDS["one slide changed"]):
        change(two, number)
        times["one slide changed"].append(run(two, "build", "--quick"))
    return {
        name: (statistics.median(w for w, _ in rows), statistics.median(c for _, c in rows))
        for name, rows in times.items()
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        one, two = copied(Path(first)), copied(Path(second))
        run(one, "build", "--quick")  # the first run after a change of the package compiles it
        shutil.rmtree(one / "slides")
        shutil.rmtree(one / ".unpickled")
        shutil.rmtree(one / ".cache", ignore_errors=True)
        times = measure(one, two)
        shutil.copytree(one / "course", two / "course", dirs_exist_ok=True)
        run(two, "build")
        same = generated(one) == generated(two)
        gate = run(one, "build", "--check")
        check = run(one, "check")
    rows: dict[str, object] = {}
    for name, budget in BUDGETS.items():
        wall, worked = times[name]
        rows[f"build, {name}, s (under {budget:g})"] = round(wall, 2)
        rows[f"build, {name}, processor s"] = round(worked, 2)
    rows["build --check, s"], rows["check, s"] = round(gate[0], 2), round(check[0], 2)
    rows["two builds in two folders and zones are the same"] = same
    if "--json" in sys.argv:
        print(json.dumps(rows))
    else:
        for name, value in rows.items():
            print(f"{name:<52} {value}")
    over = [name for name, budget in BUDGETS.items() if min(times[name]) > budget]
    if over or not same:
        sys.exit(f"over budget: {', '.join(over) or 'none'}; the same: {same}")


if __name__ == "__main__":
    main()
