"""The engine: one run over a class, from its gradebook and configuration to the outcome of each submission.

The code of submissions runs in jailed kernels of worker processes; only this process writes to the gradebook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unpickled.checking import File
from unpickled.grading.anew import fingerprint
from unpickled.grading.databases import only_writer
from unpickled.grading.entering import Ledger
from unpickled.grading.holding import database_error, its_own
from unpickled.grading.machines.briefing import briefing_of
from unpickled.grading.machines.cluster import Cluster
from unpickled.grading.outcomes import Outcome
from unpickled.grading.places import CourseFolder, GradingError, sound_name
from unpickled.grading.plans import Plan, Settings, files_in, plan_of, settings_of, shown, together
from unpickled.grading.reading import LARGEST, folder_problem, shown_name
from unpickled.grading.running import Key, Manner, default_jobs
from unpickled.grading.stock import nbgrader_app
from unpickled.grading.workers import Done, Pool, Serve
from unpickled.grading.working import job_for, work
from unpickled.kernels import Warmth
from unpickled.sandbox import Excuse, problem

__all__ = ["Run", "run", "served"]

_GRACE = 120.0  # seconds beyond a notebook's own that a worker may take for a submission
_FORGEABLE = (
    "{} of {} run with the learner's own code, so a submission can forge their points. "
    "Write them as lab.check and lab.award, and they are judged from outside."
)


@contextmanager
def run(course: CourseFolder, manner: Manner, names: set[str]) -> Iterator[Run]:
    """Open the gradebook, and read what is to be known of the course."""
    settings = {"Execute": {"timeout": manner.timeout}} if manner.timeout else {}
    with nbgrader_app(course, **settings) as (app, _):
        from nbgrader.api import Gradebook  # noqa: PLC0415 - slow to import
        from nbgrader.converters import Autograde  # noqa: PLC0415
        from nbgrader.preprocessors import AssignLatePenalties  # noqa: PLC0415

        auto = Autograde(coursedir=app.coursedir, parent=app)
        late = AssignLatePenalties(parent=app)
        late.init_plugin()
        with Gradebook(app.coursedir.db_url, app.coursedir.course_id) as book, only_writer(book):
            ignore = tuple(app.coursedir.ignore)
            plans = {
                name: plan_of(
                    course,
                    book.find_assignment(name),
                    auto.exclude_overwriting.get(name, []),
                    ignore,
                )
                for name in sorted(names)
            }
            ledger = Ledger(course, book, late, int(str(auto.permissions), 8))
            ledger.keep_cells(names)
            yield Run(course, manner, ledger, plans, settings_of(auto), ignore)


@dataclass(slots=True)
class Run:
    """One run over submissions of a course.

    Attributes:
        course: the course folder.
        manner: how to grade.
        ledger: the gradebook.
        plans: of the assignments.
        settings: of the course.
        ignore: patterns of files that are passed over.
        given: by submission, what lies beside its notebooks, and the digest of all of it, while a worker has it.
    """

    course: CourseFolder
    manner: Manner
    ledger: Ledger
    plans: Mapping[str, Plan]
    settings: Settings
    ignore: tuple[str, ...]
    given: dict[Key, tuple[list[File], str]] = field(default_factory=dict)

    def grade(self, submissions: Sequence[Key], *, force: bool) -> Iterator[Outcome]:
        """Grade submissions; yields the outcome of each when it is in the gradebook."""
        known = self.ledger.known()
        todo: list[Key] = []
        for key in submissions:
            if outcome := self._settled(key, known.get(key), force=force):
                yield outcome
            else:
                todo.append(key)
        if not todo:
            return
        plans = {name: self.plans[name] for name, _ in todo}
        if self.manner.without_wall == "none" and not self.manner.scheduler:
            _require_wall(plans.values())
        self.ledger.book.db.rollback()  # workers are forked: they inherit no open transaction,
        self.ledger.book.engine.dispose()  # and no connection that anybody works with
        with self._workers(plans, len(todo)) as workers:
            for done in workers.run(self._jobs(todo)):
                yield self._entered(done)
        for plan in plans.values():
            if plan.inside:
                self.manner.tell(_FORGEABLE.format(", ".join(plan.inside), plan.assignment))

    def _workers(self, plans: Mapping[str, Plan], count: int) -> Pool[Key] | Cluster[Key]:
        """Return who does the work: forks of this process, or the workers of a cluster."""
        seconds = self.settings.bounds.notebook + _GRACE
        if self.manner.scheduler:
            briefing = briefing_of(plans, self.settings, seconds)
            tell, jobs = self.manner.tell, self.manner.jobs
            return Cluster[Key](self.manner.scheduler, briefing, jobs=jobs, tell=tell)
        jobs = min(self.manner.jobs or default_jobs(), count)
        serve = served(plans, self.settings, self.manner.without_wall)
        return Pool[Key](jobs, serve, seconds=seconds)

    def _settled(self, key: Key, before: Outcome | None, *, force: bool) -> Outcome | None:
        """Return the outcome of what needs no grading, or can have none; None for what is to be graded."""
        assignment, student = key
        if not sound_name(student):
            name = shown_name(student)
            reason = (
                f"the folder's name, {name!r}, cannot be a student's id: rename it, and grade again"
            )
            return self.ledger.name_failed(assignment, name, reason)
        reason = folder_problem(
            self.course.submitted(assignment, student),
            [f"{name}.ipynb" for name in self.plans[assignment].notebooks],
        )
        if reason:
            return self.ledger.fail(assignment, student, reason)
        again = force or (before is not None and before.state in {"running", "failed"})
        if again:
            return None
        digest = fingerprint(self._handed_in(key))
        if not self.ledger.is_done(assignment, student, digest):
            return None
        return self.ledger.renew(assignment, student, before, digest)

    def _handed_in(self, key: Key) -> Iterator[File]:
        """Yield the files of a submission: the assignment's notebooks, and what lies beside them."""
        assignment, student = key
        folder = self.course.submitted(assignment, student)
        for name in self.plans[assignment].notebooks:
            if (folder / f"{name}.ipynb").is_file():
                yield File(f"{name}.ipynb", _bounded(folder / f"{name}.ipynb"))
        yield from files_in(folder, self.ignore)

    def _jobs(self, todo: Sequence[Key]) -> Iterator[tuple[Key, dict[str, Any]]]:
        """Yield the jobs, each read when its turn has come."""
        for key in todo:
            assignment, student = key
            given = [*self._handed_in(key)]
            notebooks = {
                file.name.removesuffix(".ipynb"): file.data
                for file in given
                if file.name.endswith(".ipynb")
            }
            own = (file for file in given if not file.name.endswith(".ipynb"))
            files = [*together(own, self.plans[assignment].beside)]
            self.given[key] = files, fingerprint(given)
            beside = [file for file in files if file.name != "timestamp.txt"]
            yield key, job_for(assignment, student, notebooks, beside)

    def _entered(self, done: Done[Key]) -> Outcome:
        """Write what came of a job into the gradebook; only a gradebook that cannot be used at all ends the class."""
        assignment, student = done.key
        files, digest = self.given.pop(done.key, ([], ""))
        result = done.result or {"problem": f"it could not be graded: {done.problem}"}
        try:
            if result["problem"]:
                return self.ledger.fail(assignment, student, str(result["problem"]))
            return self.ledger.enter(assignment, student, result, files, digest)
        except Exception as error:
            if database_error(error) or (isinstance(error, OSError) and not its_own(error)):
                raise
            self.ledger.book.db.rollback()
            reason = f"its grade could not be entered: {type(error).__name__}: {error!s:.200}"
            return self.ledger.fail(assignment, student, reason)


def served(plans: Mapping[str, Plan], settings: Settings, without_wall: Excuse) -> Serve:
    """Return the life of a worker: a warm Python, and one job after the other in it.

    Args:
        plans: by their names, those of the assignments.
        settings: of the course.
        without_wall: as in `sandbox.run`.
    """
    needs_kernels = any(plan.has_code for plan in plans.values())

    def serve(
        next_job: Callable[[], dict[str, Any] | None], tell: Callable[[dict[str, Any]], None]
    ) -> None:
        warmth = _warmth(plans, settings, without_wall)
        if needs_kernels:
            warmth.__enter__()
        while (job := next_job()) is not None:
            tell(_worked(job, plans[job["assignment"]], settings, warmth))

    return serve


def _warmth(plans: Mapping[str, Plan], settings: Settings, without_wall: Excuse) -> Warmth:
    libraries = dict.fromkeys(name for plan in plans.values() for name in plan.libraries)
    readable, variables = shown(settings.checkout)
    return Warmth(
        list(libraries),
        bounds=settings.bounds,
        readable=readable,
        variables=variables,
        without_wall=without_wall,
    )


def _worked(job: dict[str, Any], plan: Plan, settings: Settings, warmth: Warmth) -> dict[str, Any]:
    """Do one job; what nobody foresaw of one submission does not end the class."""
    try:
        return work(job, plan, settings, warmth)
    except RecursionError:
        return {"problem": "the notebook is damaged: something in it is nested too deeply"}
    except Exception as error:  # noqa: BLE001
        return {"problem": f"it could not be graded: {type(error).__name__}: {error!s:.200}"}


def _require_wall(plans: Iterable[Plan]) -> None:
    """Make sure that there is a jail, before anything is begun that needs one."""
    lacking = problem() if any(plan.has_code for plan in plans) else ""
    if lacking:
        remedy = (
            "Install bubblewrap (apt install bubblewrap), or accept the risk: --unsafe-no-sandbox"
        )
        place = "the sandbox"
        raise GradingError(place, f"{lacking}, so submissions are not run", remedy)


def _bounded(path: Path) -> bytes:
    """Read a notebook, but no more of it than tells that it is too large."""
    with path.open("rb") as file:
        return file.read(LARGEST + 1)
