"""One of a worker's places: a program that grades submissions one after the other, told and telling JSON by its pipes.

It is started by `station` with the briefing first, keeps a warm Python, and ends with its pipe or with the station.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import warnings
from pathlib import Path
from typing import BinaryIO

from unpickled.content import course_root
from unpickled.grading.engine import served
from unpickled.grading.machines.briefing import plans_in, settings_in
from unpickled.grading.wire import framed, strict, take
from unpickled.grading.workers import Pool, die_with_parent

__all__ = ["main"]


def main() -> None:
    """Read the briefing, then jobs; write what came of each."""
    with os.fdopen(os.dup(1), "wb", buffering=0) as out:
        os.dup2(2, 1)  # what anything prints is no answer
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        die_with_parent()
        warnings.simplefilter("ignore")
        _grade(sys.stdin.buffer, out)


def _grade(jobs: BinaryIO, out: BinaryIO) -> None:
    begun = take(jobs)
    if begun is None:
        return
    said = strict(begun["briefing"])
    with tempfile.TemporaryDirectory(prefix="unpickled-desk-") as folder:
        plans = plans_in(said, Path(folder))
        serve = served(plans, settings_in(said, str(course_root())), "none")
        with Pool[int](1, serve, seconds=said["seconds"]) as pool:
            while (job := take(jobs)) is not None:
                for done in pool.run(iter([(0, job)])):
                    problem = f"it could not be graded: {done.problem}"
                    out.write(framed(done.result or {"problem": problem}))


if __name__ == "__main__":
    main()
