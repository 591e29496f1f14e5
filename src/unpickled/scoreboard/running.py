"""A run of the board: the specimens are written to a folder of their own, and every scanner is asked about each."""

from __future__ import annotations

import os
import platform
import queue
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from unpickled import sandbox
from unpickled.errors import CourseError, ScanError
from unpickled.scoreboard.panel import Setting, Task, columns, tasks
from unpickled.scoreboard.results import Board, Cell, Column, File, Opinion, Row, judge
from unpickled.specimens import Specimen, catalogue, classes, write

__all__ = ["run_board"]

_FIRST = ("weights_only", "modelaudit", "modelscan", "fickling", "picklescan")  # the longest first
Answers = dict[tuple[str, str], Opinion]


def run_board(
    *,
    only: Sequence[str] = (),
    scanners: Sequence[str] = (),
    unsafe_no_sandbox: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Board:
    """Ask the scanners about the specimens.

    Args:
        only: ids of the classes to take; all of them by default.
        scanners: which scanners; all of `SCANNERS` by default.
        unsafe_no_sandbox: run other people's tools and torch even where there is no bubblewrap, with limits only.
        on_progress: called with how many answers there are, and how many there will be.

    Raises:
        ScanError: a class or scanner is unknown, or no scanner is there.
        CourseError: a scanner could not be asked at all.
    """
    started = time.monotonic()
    chosen = columns(scanners, unsafe_no_sandbox=unsafe_no_sandbox)
    specimens = _specimens(only)
    if all(column.absent for column in chosen):
        lacking = chosen[0]
        raise ScanError(lacking.id, f"it cannot be asked ({lacking.absent})", lacking.remedy)
    with tempfile.TemporaryDirectory(prefix="unpickled-board-") as name:
        setting = Setting(Path(name).resolve(), unsafe_no_sandbox)
        answers = _ask(specimens, chosen, setting, on_progress or (lambda _done, _all: None))
    board = _board(specimens, chosen, answers)
    isolation = sandbox.PLAIN if sandbox.problem() else sandbox.WALLED
    return replace(
        board,
        isolation=isolation,
        seconds=time.monotonic() - started,
        python=platform.python_version(),
    )


def _specimens(only: Sequence[str]) -> tuple[Specimen, ...]:
    known = [row.id for row in classes()]
    unknown = [name for name in only if name not in known]
    if unknown:
        raise ScanError(unknown[0], "there is no such class", f"Choose from: {', '.join(known)}.")
    return tuple(
        entry
        for entry in catalogue()
        if entry.recipe != "folder" and (not only or entry.kind in only)
    )


def _board(specimens: Iterable[Specimen], chosen: tuple[Column, ...], answers: Answers) -> Board:
    truths = {row.id: row.truth for row in classes()}
    files = tuple(File(one.id, one.filename, one.kind, one.teaches) for one in specimens)
    used = {file.row for file in files}
    cells = [
        Cell(file.id, column.id, judge(truths[file.row], opinion.says), opinion)
        for file in files
        for column in chosen
        if not column.absent
        for opinion in (answers[file.id, column.id],)
    ]
    rows = tuple(Row(row.id, row.title, row.truth) for row in classes() if row.id in used)
    return Board(rows=rows, files=files, columns=chosen, cells=tuple(cells))


def _ask(
    specimens: Sequence[Specimen],
    chosen: Iterable[Column],
    setting: Setting,
    on_progress: Callable[[int, int], None],
) -> Answers:
    paths = {write(one.id, setting.folder): one.id for one in specimens}
    names = [column.id for column in chosen if not column.absent]
    waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
    for name in sorted(names, key=_FIRST.index):
        for task in tasks(name, tuple(paths), setting):
            waiting.put(task)
    answers: Answers = {}
    expected = len(names) * len(paths)
    on_progress(0, expected)
    for task, at, opinion in _worked(waiting):
        answers[paths[task.paths[at]], task.column] = opinion
        on_progress(len(answers), expected)
    if len(answers) < expected:
        raise ScanError(
            "the scoreboard", "a scanner has left files without an answer", "Run it again."
        )
    return answers


Found = tuple[Task, int, Opinion]


def _worked(waiting: queue.SimpleQueue[Task]) -> Iterable[Found]:
    """Work on the tasks, as many at once as there are processors, and yield each answer as it comes.

    The threads are daemons: on Ctrl-C the program ends, and the sandbox's children die with it.
    """
    told: queue.SimpleQueue[Found | BaseException | None] = queue.SimpleQueue()
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.is_set():
                task = waiting.get_nowait()
                for at, opinion in enumerate(task.run()):
                    told.put((task, at, opinion))
        except queue.Empty:
            pass
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that asked
            told.put(error)
        finally:
            told.put(None)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(_workers())]
    for thread in threads:
        thread.start()
    try:
        left = len(threads)
        while left:
            found = told.get()
            if found is None:
                left -= 1
            elif isinstance(found, BaseException):
                raise found if isinstance(found, CourseError) else _failure(found)
            else:
                yield found
    finally:
        stop.set()


def _failure(error: BaseException) -> BaseException:
    """A fault of ours is shown as it is; what the system refuses becomes a sentence."""
    if isinstance(error, OSError):
        return ScanError("the scoreboard", f"the system refused: {error.strerror or error}")
    return error


def _workers() -> int:
    return max(2, min(4, os.cpu_count() or 2))
