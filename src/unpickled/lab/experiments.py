"""The experiments of the format table: files are written, loaded in an isolated child, and what happened is kept.

`experiment` runs those of one row. The tables on the page show at once what was seen.
"""

from __future__ import annotations

import functools
import shutil
import weakref
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from unpickled import canary, content, here, specimens
from unpickled.content import CALLS, Experiment, Format
from unpickled.errors import ContentError, CourseError, ProgressError
from unpickled.lab.results import Result, Tried
from unpickled.lab.session import workspace
from unpickled.progress import Outcome, Seen, seen_path
from unpickled.widgets import FormatTable

__all__ = ["bench", "experiment"]


def experiment(row: str) -> Result:
    """Try what a row of the format table says: write each file, load it in an isolated child, and see what happens.

    Args:
        row: its id: "pytorch", "safetensors", "gguf", "onnx", "h5", "joblib" or "npy".

    Returns:
        What happened, to look at and to `assert` on. It is kept, for the table's last column.

    Raises:
        CourseError: there is no such row.
    """
    formats = {one.id: one for one in content.load_formats()}
    if row not in formats:
        raise ContentError(row, "the table has no such row", f"Choose from: {', '.join(formats)}.")
    return bench().run(formats[row])


class Bench:
    """One kernel's experiments, and the tables on its page: what is tried is shown in them at once.

    Args:
        root: the course's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._formats = content.load_formats(root)
        self._sources = content.load_sources(root)
        self._seen = Seen(seen_path(root))
        self._here: dict[str, Outcome] = {}  # of this kernel: shown even where it cannot be kept
        self._tables: weakref.WeakSet[FormatTable] = weakref.WeakSet()

    def table(self) -> FormatTable:
        """Make a table that follows what is seen, and tells what became of a file that could not be read."""
        errata = {erratum.id: erratum for erratum in content.load_errata(self._root)}
        seen, message = self._outcomes()
        made = FormatTable(
            self._formats, sources=self._sources, errata=errata, seen=seen, message=message
        )
        self._tables.add(made)
        return made

    def run(self, row: Format) -> Result:
        """Run the experiments of one row, keep their outcomes and show them in the tables."""
        tried = _try(workspace() / "experiments", row.experiments)
        problem = self._keep(tried)
        return Result(row, tried, self._sources, problem)

    def _keep(self, tried: tuple[Tried, ...]) -> str:
        """Keep what happened; returns why it cannot be kept, empty if it can."""
        shown = [one for one in tried if one.experiment.expect != "told"]
        self._here |= {one.experiment.id: replace(one.outcome, when=_when(one)) for one in shown}
        outcomes = [
            one.outcome for one in shown if not one.recorded
        ]  # what happened elsewhere was not seen here
        problems = []
        try:
            self._seen.note(outcomes)
        except ProgressError as error:
            problems.append(str(error))
        seen, told = self._outcomes()
        for table in self._tables:
            table.show_seen(seen)
        return " ".join(dict.fromkeys([*problems, *filter(None, [told])]))

    def _outcomes(self) -> tuple[dict[str, Outcome], str]:
        """Return what was seen of the experiments as they are today, by this kernel or before.

        Beside it, what the learner has not been told of the file yet: that it was set aside, or may not be read.
        """
        known = {one.id: one.fingerprint for row in self._formats for one in row.experiments}
        try:
            kept = self._seen.outcomes()
            problems = []
        except ProgressError as error:
            kept, problems = {}, [str(error)]
        told = " ".join([*self._seen.take_notices(), *problems])
        kept |= self._here
        return {key: one for key, one in kept.items() if known.get(key) == one.item}, told


@functools.cache
def bench() -> Bench:
    """Return this kernel's bench of the course that it stands in."""
    return Bench(content.course_root())


def _when(one: Tried) -> str:
    return here.recorded_on() if one.recorded else datetime.now(UTC).isoformat(timespec="seconds")


def _try(folder: Path, experiments: tuple[Experiment, ...]) -> tuple[Tried, ...]:
    """Write the file of each experiment into a folder of its own and load it; what is told is not tried."""
    tried = {one.id: Tried(one) for one in experiments}
    loaders = dict.fromkeys(CALLS[one.call].loader for one in experiments if one.call)
    for loader in loaders:
        same = [one for one in experiments if one.call and CALLS[one.call].loader == loader]
        tried |= {made.experiment.id: made for made in _load(folder, loader, same)}
    return tuple(tried.values())


def _load(folder: Path, loader: str, experiments: list[Experiment]) -> Iterator[Tried]:
    """Load the files of experiments that have the same loader, in one child."""
    try:
        jobs = [_job(folder / one.id, one) for one in experiments]
        ended = canary.load_each(jobs, loader=cast("canary.Loader", loader))
    except CourseError as error:
        yield from (Tried(one, problem=str(error)) for one in experiments)
        return
    for one, job, loaded in zip(experiments, jobs, ended, strict=True):
        yield Tried(one, job.path, loaded)


def _job(home: Path, one: Experiment) -> canary.Job:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    path = specimens.write(one.specimen, home, marker=home / "canary")
    return canary.Job(path, home, bool(CALLS[one.call].allowed))
