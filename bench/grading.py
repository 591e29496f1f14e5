"""Grading a class: `unpickled teach grade`, jail on, beside stock `nbgrader autograde` on the same work, in one run.

usage: python bench/grading.py [--count 100] [--scale 1000] [--no-stock] [--json]

The assignment has eight cells and imports torch, as the course's lab does. Stock is nbgrader with a configuration that
sets nothing but the course. The floor is a plain `exec` of the same cells in forks of a Python in which everything is
imported: no jail, no notebook file, no gradebook. It is compared three ways: what a submission costs once all is warm,
on both sides; all seconds of ours, and the floor's with the import it needs to be warm; and all seconds of ours with
the floor's that had its imports for nothing. `--scale` grades that many as well, for cost and memory a submission.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.grading import made_port  # noqa: E402
from tests.grading.made import Notebook  # noqa: E402
from unpickled import checking  # noqa: E402
from unpickled.grading import CourseFolder, init, standings  # noqa: E402

PROGRAMS = Path(sys.executable).parent
LAB = "L4.8"
STOCK = "c = get_config()\nc.CourseDirectory.course_id = 'unpickled'\n"
ANSWERS = (
    made_port.DOUBLE,
    "def double(x):\n    return x + 2\n",
    "def double(x):\n    raise ValueError(x)\n",
    "def double(x):\n    print(x)\n    return sum([x, x])\n",
)


def make_course(place: Path, count: int) -> Path:
    """A course whose lab imports torch, with `count` submissions of four kinds."""
    checkout = place / "checkout"
    (checkout / "labs" / LAB).mkdir(parents=True)
    for name in ("course", "quizzes"):
        (checkout / name).symlink_to(ROOT / name)
    cells = made_port.lab_cells()
    cells[1].source = "import torch\n\nfrom unpickled import lab"
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, checkout / "labs" / LAB / f"{LAB}.ipynb")
    (checkout / "labs" / LAB / "checks.py").write_text(made_port.CHECKS)
    course = place / "course"
    init(course, checkout)
    for number in range(count):
        lab = Notebook(course / "release" / LAB / f"{LAB}.ipynb")
        lab.answer(ANSWERS[number % len(ANSWERS)]).answer(made_port.NOTE, "note-answer")
        folder = course / "submitted" / f"s{number:05}" / LAB
        lab.write(folder, f"{LAB}.ipynb")
        (folder / "checks.py").write_text(made_port.CHECKS)
    return course


def ours(course: Path) -> tuple[float, list[int]]:
    """Seconds, and the memory of all its processes together, every quarter of a second."""
    words = [str(PROGRAMS / "unpickled"), "teach", "grade", str(course), LAB]
    started = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    memory = []
    while process.poll() is None:
        memory.append(memory_of(process.pid))
        time.sleep(0.25)
    assert process.returncode == 0
    return time.perf_counter() - started, memory


def memory_of(root: int) -> int:
    """Proportional memory of a process and its descendants, in bytes."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    total = 0
    for pid in family:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total << 10


def stock(course: Path) -> float:
    """Seconds of `nbgrader autograde`."""
    (course / "nbgrader_config.py").write_text(STOCK)
    env = {**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    started = time.perf_counter()
    words = [str(PROGRAMS / "nbgrader"), "autograde", LAB]
    subprocess.run(words, cwd=course, env=env, capture_output=True, check=False)
    return time.perf_counter() - started


def floor(course: Path) -> float:
    """Seconds of nothing but the cells and the checks, two at a time, without the imports."""
    import torch  # noqa: F401, PLC0415 - as the assignment's warm program has it

    from unpickled import lab  # noqa: F401, PLC0415

    visible = checking.visible(course / "source" / LAB / "checks.py")
    hidden = {
        "double": checking.defined(made_port.HIDDEN_DOUBLE),
        "note": checking.defined(made_port.HIDDEN_NOTE),
    }
    jobs = [json.loads(path.read_text()) for path in sorted(course.glob("submitted/*/*/*.ipynb"))]
    started = time.perf_counter()
    running: set[int] = set()
    for job in jobs:
        if len(running) >= len(os.sched_getaffinity(0)):
            running.discard(os.wait()[0])
        pid = os.fork()
        if not pid:
            run_plainly(job, visible, hidden)
        running.add(pid)
    while running:
        running.discard(os.wait()[0])
    return time.perf_counter() - started


def warm_up() -> float:
    """Seconds of a Python that imports what the floor has imported, and ends."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch; from unpickled import lab"], check=True)
    return time.perf_counter() - started


def run_plainly(
    job: dict, visible: checking.Visible, hidden: dict[str, Callable[..., object]]
) -> None:
    """Run one submission in this process, and end it."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
        names: dict[str, object] = {}
        student = checking.InKernel(names, Path(folder))
        for cell in job["cells"]:
            source = "".join(cell["source"])
            name = cell["metadata"].get("nbgrader", {}).get("grade_id", "").rpartition("-")
            if name[2] == "check":
                visible.judge(name[0], student)
            elif name[2] == "hidden":
                checking.judge(hidden[name[0]], student, {"double": 3, "note": 2}[name[0]])
            elif cell["cell_type"] == "code":
                exec(source, names)
    os._exit(0)


def scores(course: Path) -> dict[str, float | None]:
    return {row.student: row.score for row in standings(CourseFolder.open(course), LAB)}


def measured(count: int, alone: float, *, with_stock: bool) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="unpickled-bench-") as folder:
        course = make_course(Path(folder), count)
        other = Path(folder) / "stock"
        shutil.copytree(course, other)
        seconds, memory = ours(course)
        later = memory[len(memory) // 2 :]
        rows = {
            f"{count}: ours, seconds": round(seconds, 2),
            f"{count}: ours, ms a submission": round(seconds / count * 1e3, 1),
            f"{count}: memory of all processes, most, MB (under 2000)": max(memory) >> 20,
            f"{count}: memory in the second half, median, MB": int(statistics.median(later)) >> 20,
        }
        plain = statistics.median(floor(course) for _ in range(3))
        warm = (seconds - alone) / (count - 1) * count
        rows[f"{count}: floor, seconds"] = round(plain, 2)
        rows[f"{count}: ours over floor, both warm (under 4)"] = round(warm / plain, 2)
        rows[f"{count}: ours over floor, both cold"] = round(seconds / (plain + warm_up()), 2)
        rows[f"{count}: ours cold over floor warm"] = round(seconds / plain, 2)
        if with_stock:
            theirs = stock(other)
            rows[f"{count}: stock, seconds"] = round(theirs, 1)
            rows[f"{count}: stock over ours (over 15)"] = round(theirs / seconds, 1)
            assert scores(course) == scores(other), "the scores differ"
        return rows


def alone() -> float:
    with tempfile.TemporaryDirectory(prefix="unpickled-bench-") as folder:
        return ours(make_course(Path(folder), 1))[0]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--scale", type=int, default=0)
    parser.add_argument("--no-stock", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    first = alone()
    rows = {"one alone, cold, seconds (under 4)": round(first, 2)}
    rows |= measured(given.count, first, with_stock=not given.no_stock)
    if given.scale:
        rows |= measured(given.scale, first, with_stock=False)
    if given.json:
        print(json.dumps(rows))
    else:
        for name, value in rows.items():
            print(f"{name:<55} {value}")


if __name__ == "__main__":
    main()
