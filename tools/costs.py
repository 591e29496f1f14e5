"""What one submission costs whom: `python tools/costs.py` grades small classes and writes `bench/scaling.toml`.

It takes processor time, which a busy machine changes little, from the tenth submission on. It needs root and Linux
control groups, since jailed kernels are in no other count, and a PostgreSQL server's programs. It takes some minutes.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import grading as bench  # noqa: E402
import nbformat  # noqa: E402
from nbgrader import api  # noqa: E402
from sqlalchemy import create_engine, select  # noqa: E402
from sqlalchemy.orm import Session  # noqa: E402

from tests.grading import machines, postgres  # noqa: E402
from unpickled.grading import CourseFolder, Manner, engine, grade, init, queue  # noqa: E402
from unpickled.grading.stock import gradebook, nbgrader_app  # noqa: E402

COSTS = ROOT / "bench" / "scaling.toml"
GROUPS = (Path("/sys/fs/cgroup/cpuacct"), Path("/sys/fs/cgroup"))
COUNT, LAB_COUNT = 60, 24
SIZES = (100, 10_000, 100_000)


def cpu(pid: int) -> float:
    """Processor seconds of a process and the dead children that it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def measured(count: int) -> dict[str, float]:
    """Grade a class here, and again on a cluster; what one submission costs whom, from the tenth on."""
    rows: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="unpickled-scaling-") as folder:
        course = CourseFolder.open(bench.make_course(Path(folder), count))
        keys = queue(course, [bench.LAB])
        rows["small_work"], rows["small_coordinator"] = sampled(
            grade(course, keys, Manner(jobs=2)), count
        )
        started = time.process_time()
        list(grade(course, keys))
        rows["passed_over"] = (time.process_time() - started) / count
        (Path(folder) / "cluster").mkdir()
        with machines.Cluster(Path(folder) / "cluster") as cluster:
            cluster.worker()
            cluster.worker()
            outcomes = grade(course, keys, Manner(scheduler=cluster.address), force=True)
            rows["messenger"], rows["scheduler"] = between(outcomes, cluster.scheduler.pid, count)
        count = min(count, LAB_COUNT)
        real = CourseFolder.open(reference(Path(folder) / "real", count))
        outcomes = grade(real, queue(real, [bench.LAB]), Manner(jobs=2))
        rows["lab_work"], rows["lab_coordinator"] = sampled(outcomes, count)
    return rows


def reference(place: Path, count: int) -> Path:
    """The course's own lab, handed in as its reference solution."""
    init(place, ROOT)
    source = nbformat.read(place / "source/L4.8/L4.8.ipynb", as_version=4)
    solved = {cell.metadata.nbgrader.grade_id: cell.source for cell in source.cells}
    released = nbformat.read(place / "release/L4.8/L4.8.ipynb", as_version=4)
    for cell in released.cells:
        if cell.metadata.nbgrader.solution:
            cell.source = solved[cell.metadata.nbgrader.grade_id]
    for number in range(count):
        folder = place / "submitted" / f"s{number:05}" / "L4.8"
        folder.mkdir(parents=True)
        nbformat.write(released, folder / "L4.8.ipynb")
    return place


def between(outcomes: Iterable[Any], scheduler: int, count: int) -> tuple[float, float]:
    """Processor seconds a submission of the messenger, a child of this process, and of the scheduler."""
    first = last = (0.0, 0.0)
    for number, one in enumerate(outcomes, 1):
        assert one.state == "graded", one
        if number in {10, count - 2}:
            mine = next(pid for pid in children() if "machines.messenger" in named(pid))
            first, last = last, (cpu(mine), cpu(scheduler))
    steps = count - 12
    return (last[0] - first[0]) / steps, (last[1] - first[1]) / steps


def children() -> list[int]:
    """The numbers of this process's children."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(stat.parent.name))
    return found


def named(pid: int) -> str:
    """The words that a process was started with."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


@contextmanager
def group() -> Iterator[Callable[[], float]]:
    """Put this process and all that it starts into a control group; gives what counts their processor seconds.

    Processes that nobody waits for are in no other count, and jailed kernels are such.
    """
    home = next((one for one in GROUPS if one.is_dir()), None)
    if home is None or os.geteuid():
        raise SystemExit("this needs Linux control groups, and root to make one")
    own = home / f"unpickled-costs-{uuid4().hex}"
    own.mkdir()
    (own / "cgroup.procs").write_text(str(os.getpid()))

    def used() -> float:
        if (own / "cpuacct.usage").is_file():
            return int((own / "cpuacct.usage").read_text()) / 1e9
        return int((own / "cpu.stat").read_text().split()[1]) / 1e6

    try:
        yield used
    finally:
        (home / "cgroup.procs").write_text(str(os.getpid()))
        for _ in range(50):  # until the last of it is dead
            with suppress(OSError):
                own.rmdir()
                break
            time.sleep(0.1)


def sampled(outcomes: Iterable[Any], count: int) -> tuple[float, float]:
    """Processor seconds a submission: of the workers with all that they start, and of this process."""
    first: tuple[float, float] = (0.0, 0.0)
    last = first
    with group() as used:
        for number, one in enumerate(outcomes, 1):
            assert one.state == "graded", one
            own = time.process_time()
            if number == 10:
                first = used() - own, own
            if number == count - 2:
                last = used() - own, own
    return (last[0] - first[0]) / (count - 12), (last[1] - first[1]) / (count - 12)


def filled(url: str, size: int) -> None:
    """Fill a gradebook with what nbgrader keeps of that many submissions."""
    engine = create_engine(url)
    with Session(engine) as db:
        given = db.scalars(select(api.Assignment).where(api.Assignment.name == "L4.8")).one()
        notebook = given.notebooks[0]
        graded = [cell.id for cell in notebook.grade_cells]
        solved = [cell.id for cell in notebook.solution_cells]
        known = db.query(api.SubmittedAssignment).count()
        names = [f"f{number:06}" for number in range(known, size)]
        ids = [(name, uuid4().hex, uuid4().hex) for name in names]
        for start in range(0, len(ids), 5000):
            part = ids[start : start + 5000]
            rows: dict[Any, list[dict[str, Any]]] = {
                api.Student: [{"id": name} for name, _, _ in part],
                api.SubmittedAssignment: [
                    {"id": one, "assignment_id": given.id, "student_id": name}
                    for name, one, _ in part
                ],
                api.SubmittedNotebook: [
                    {"id": own, "assignment_id": one, "notebook_id": notebook.id}
                    for _, one, own in part
                ],
                api.Grade: [
                    {
                        "id": uuid4().hex,
                        "notebook_id": own,
                        "cell_id": cell,
                        "needs_manual_grade": False,
                    }
                    for _, _, own in part
                    for cell in graded
                ],
                api.Comment: [
                    {"id": uuid4().hex, "notebook_id": own, "cell_id": cell}
                    for _, _, own in part
                    for cell in solved
                ],
            }
            for kind, values in rows.items():
                db.execute(kind.__table__.insert(), values)
        db.commit()
    engine.dispose()


def gradebooks(sizes: tuple[int, ...]) -> dict[str, float]:
    """What the coordinator takes to read a job and to enter a result, where the gradebook is as large as that."""
    rows: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(prefix="unpickled-scaling-") as folder,
        postgres.server() as server,
    ):
        course = CourseFolder.open(bench.make_course(Path(folder), 30))
        for kind in ("sqlite", "postgresql"):
            if kind == "postgresql":
                init(course.path, Path(folder) / "checkout", db=server.database())
            for size in sizes:
                with nbgrader_app(course) as (app, _):
                    filled(app.coursedir.db_url, size)
                read, enter, wait = entered(course)
                rows |= {f"{kind}_enter_{size}": enter, "read": read}
                if kind == "sqlite":  # a server's disk is its own affair
                    rows["disk"] = wait
                print(
                    f"{kind:<12} {size:>7}  enter {enter * 1e3:.1f} ms, waits {wait * 1e3:.1f} ms"
                )
    return rows


def entered(course: CourseFolder) -> tuple[float, float, float]:
    """Grade 30: processor seconds to read one and to enter one, and seconds waited for disk or server."""
    spent: dict[str, list[tuple[float, float]]] = {"_jobs": [], "_entered": []}

    def watched(call, kept):
        def called(*words):
            cpu_before, before = time.process_time(), time.perf_counter()
            found = call(*words)
            used = time.process_time() - cpu_before
            kept.append((used, time.perf_counter() - before - used))
            return found

        return called

    jobs = vars(engine.Run)["_jobs"]

    def one_by_one(run: Any, todo: Any) -> Iterator[Any]:
        following = jobs(run, todo)
        pull = watched(lambda: next(following, None), spent["_jobs"])
        while (one := pull()) is not None:
            yield one

    with gradebook(course) as book:
        for name in course.students("L4.8"):
            if book.db.get(api.Student, name):
                book.remove_student(name)
    entering = watched(vars(engine.Run)["_entered"], spent["_entered"])
    with (
        patch.object(engine.Run, "_entered", entering),
        patch.object(engine.Run, "_jobs", one_by_one),
        undisturbed(),
    ):
        done = list(grade(course, queue(course, ["L4.8"]), Manner(jobs=1), force=True))
    assert {one.state for one in done} == {"graded"}, done[0]
    used = {name: statistics.median(one for one, _ in kept) for name, kept in spent.items()}
    waits = sorted(wait for _, wait in spent["_entered"])
    return used["_jobs"], used["_entered"], waits[len(waits) // 10]


@contextmanager
def undisturbed() -> Iterator[None]:
    """Go before everybody else for some seconds, so that what is waited for is the disk, and not a processor."""
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(10))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def main() -> None:
    """Measure, and write it down."""
    rows = measured(COUNT) | gradebooks(SIZES)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    told = f"# Seconds for one submission, by tools/costs.py on {os.cpu_count()} cores; load at the end: {load}\n"
    COSTS.write_text(
        told + "".join(f"{name} = {value:.5f}\n" for name, value in sorted(rows.items()))
    )


if __name__ == "__main__":
    main()
