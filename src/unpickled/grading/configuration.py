"""A course's configuration, looked at once before anything is graded or returned: what would be ignored stops the run.

nbgrader goes on without a step that its configuration does not name, and with that without what it is there for: a
person's look at odd points, a quiz's scores, feedback without hidden tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from shlex import quote
from typing import Any

from unpickled.grading.holding import refusals
from unpickled.grading.places import CourseFolder, GradingError, checkout_of, unknown_to_gradebook
from unpickled.grading.stock import nbgrader_app

__all__ = ["made_steps", "sound_for_feedback", "sound_for_grading"]


def sound_for_grading(course: CourseFolder, names: Iterable[str]) -> None:
    """Make sure that submissions of the assignments of those names can be graded, and as this package means it.

    Raises:
        GradingError: the configuration, the checkout that it names, or the gradebook is not in order.
    """
    with _configured(course) as app:
        from nbconvert.exporters import HTMLExporter  # noqa: PLC0415 - seconds to import
        from nbgrader.converters import Autograde  # noqa: PLC0415
        from nbgrader.preprocessors import AssignLatePenalties  # noqa: PLC0415

        from unpickled.grading.cleaning import CleanCells  # noqa: PLC0415
        from unpickled.grading.jailed import JailedExecute  # noqa: PLC0415
        from unpickled.grading.restoring import RestoreCells  # noqa: PLC0415
        from unpickled.grading.scores import SaveScores  # noqa: PLC0415

        auto = Autograde(coursedir=app.coursedir, parent=app)
        steps = made_steps(app, [*auto.sanitize_preprocessors, *auto.autograde_preprocessors])
        shown = made_steps(app, HTMLExporter(config=app.config).preprocessors)
        for step in shown:
            step.enabled = True  # nbconvert enables what is named
        _require(course, steps, "c.Autograde", (JailedExecute,), _mend(course))
        _require(course, shown, "c.HTMLExporter.preprocessors", (CleanCells,), _mend(course))
        _require(course, steps, "c.Autograde", (RestoreCells, SaveScores))
        for step in steps:
            if isinstance(step, (SaveScores, JailedExecute)):
                checkout_of(step.course)
            if isinstance(step, AssignLatePenalties):
                step.init_plugin()
    with refusals(course.path):
        _require_known(app, names)


def sound_for_feedback(course: CourseFolder) -> None:
    """Make sure that feedback pages hold no hidden test, no script and no address.

    Raises:
        GradingError: the configuration leaves out a step that sees to it, or it or the gradebook cannot be used.
    """
    with _configured(course) as app:
        from unpickled.grading.feedback_page import FeedbackPage, HideTests, PageOnly  # noqa: PLC0415

        made = PageOnly(coursedir=app.coursedir, parent=app)
        steps = [*made_steps(app, made.preprocessors), made.exporter_class(parent=app)]
        _require(course, steps, "c.GenerateFeedback", (HideTests, FeedbackPage))
    with refusals(course.path):
        _require_known(app, ())


@contextmanager
def _configured(course: CourseFolder) -> Iterator[Any]:
    """Give nbgrader's application; a setting that a class refuses or does not know, inside, is told."""
    with nbgrader_app(course) as (app, log):
        from traitlets import TraitError  # noqa: PLC0415

        try:
            yield app
        except (TraitError, ImportError, AttributeError, TypeError) as error:
            raise _wrong(course, f"it cannot be used: {error}") from error
        for line in log.lines:
            if "not recognized by" in line:
                raise _wrong(course, line.strip().rstrip(".?"))


def made_steps(app: Any, named: Iterable[Any]) -> list[Any]:
    """Make every step that a configuration names, by its class or the name of it, with its settings."""
    from traitlets.utils.importstring import import_item  # noqa: PLC0415

    classes = [import_item(one) if isinstance(one, str) else one for one in named]
    return [one(parent=app) if isinstance(one, type) else one for one in classes]


def _require(
    course: CourseFolder, steps: list[Any], where: str, needed: tuple[type, ...], remedy: str = ""
) -> None:
    for kind in needed:
        if not any(isinstance(one, kind) and getattr(one, "enabled", True) for one in steps):
            name = f"{kind.__module__}.{kind.__name__}"
            raise _wrong(course, f"{where} does not name {name}, or it is not enabled", remedy)


def _mend(course: CourseFolder) -> str:
    """Return the command that puts in what a course folder from before the jail lacks."""
    return f"Run in the checkout: unpickled teach init {quote(str(course.path))}"


def _wrong(course: CourseFolder, problem: str, remedy: str = "") -> GradingError:
    remedy = remedy or "Correct it; a fresh one, to compare with: unpickled teach init NEW_FOLDER"
    return GradingError(str(course.path / "nbgrader_config.py"), problem, remedy)


def _require_known(app: Any, names: Iterable[str]) -> None:
    """Make sure that the gradebook can be opened and knows the assignments."""
    from nbgrader.api import Gradebook  # noqa: PLC0415 - sqlalchemy is slow to import

    with Gradebook(app.coursedir.db_url, app.coursedir.course_id) as book:
        known = {one.name for one in book.assignments}
    if unknown := set(names) - known:
        raise unknown_to_gradebook(min(unknown))
