"""A course directory from a checkout: sources, configuration, gradebook and the released versions, whole or not at all.

Everything is made in a folder beside the course's and moved into place at the end, so that an interrupted `init`
leaves what was there before. Only an existing gradebook is changed where it is: others may have it open.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from string import Template

from unpickled.grading.databases import copy_gradebook, require_free, url_of
from unpickled.grading.holding import only_one, refusals
from unpickled.grading.outside import require_outside
from unpickled.grading.places import (
    Assignment,
    CourseFolder,
    GradingError,
    assignments,
    gradebook_is_elsewhere,
    sound_name,
    whole,
)
from unpickled.grading.stock import nbgrader_app

__all__ = ["COURSE_ID", "PARTS", "init", "write_text"]

COURSE_ID = "unpickled"
PARTS = ("source", "release", "submitted", "autograded", "feedback")

CLEAN = """\
# ---- and shows nothing of a submission that could run in your browser
c.HTMLExporter.preprocessors = ["unpickled.grading.cleaning.CleanCells"]
"""
CONFIG = Template("""\
# nbgrader's configuration for this course, made by `unpickled teach init` and yours to change: `init` renews
# nothing in it but the place of the checkout, and puts back the two lines that keep submissions from running with
# your rights.
# Every nbgrader command that runs in this folder reads it, and so do `unpickled teach grade` and `feedback`.
from pathlib import Path

import nbgrader
import unpickled

c = get_config()

c.CourseDirectory.course_id = "$course_id"
$database
# ---- yours: time limits and the policy for late work
c.Execute.timeout = 60  # seconds for one cell
c.BoundedExecute.notebook_timeout = 600  # seconds for one notebook
c.LateSubmissionPlugin.penalty_method = "none"  # or "zero"

# ---- what makes stock `nbgrader autograde` give the scores of `unpickled teach grade`
c.Execute.shutdown_kernel = "immediate"
c.BoundedExecute.course = c.SaveScores.course = $checkout
c.Autograde.sanitize_preprocessors = [
    "unpickled.grading.restoring.RestoreCells",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "unpickled.grading.jailed.JailedExecute",
    "nbgrader.preprocessors.IgnorePattern",
    "nbgrader.preprocessors.LimitOutput",
    "unpickled.grading.scores.SaveScores",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# ---- the form grader fetches nothing from elsewhere: the template of its pages asks for MathJax
c.HTMLExporter.extra_template_basedirs = [
    str(Path(unpickled.__file__).parent / "grading" / "templates"),
    str(Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"),
]

$clean
# ---- feedback pages without hidden tests, without scripts, without a network
c.GenerateFeedback.exporter_class = "unpickled.grading.feedback_page.FeedbackPage"
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "unpickled.grading.feedback_page.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
""")
DATABASE = """
# The gradebook is in PostgreSQL: for every command of nbgrader's, and for `unpickled teach`.
c.CourseDirectory.db_url = {!r}
"""
UNJAILED = '"unpickled.grading.execution.BoundedExecute"'
JAILED = '"unpickled.grading.jailed.JailedExecute"'
PLACE = re.compile(r"^(c\.BoundedExecute\.course = c\.SaveScores\.course = ).*$", re.MULTILINE)


def init(
    place: Path,
    root: Path,
    *,
    due: Mapping[str, str] | None = None,
    course_id: str = COURSE_ID,
    db: str = "",
) -> tuple[Assignment, ...]:
    """Make a course directory, or bring the assignments of an existing one up to date.

    Args:
        place: the course directory; its configuration, submissions and grades are kept where it exists.
        root: the checkout with `labs/` and `quizzes/`.
        due: by assignment, when work is due, as nbgrader reads it ("2026-12-04 23:59 UTC").
        course_id: nbgrader's name for the course.
        db: the URL of a PostgreSQL database for the gradebook; empty for the course folder, or for where it is. A
            gradebook in the course folder is moved there.

    Returns:
        The assignments that were released.

    Raises:
        GradingError: the folder lies in the checkout or holds something else, a date or a name is wrong, or
            nbgrader refuses.
    """
    place, root = whole(place), whole(root)
    require_outside(place, root)
    if not sound_name(course_id):
        raise GradingError(course_id, "this cannot be a course's id", "Use letters, figures and -.")
    given = assignments(root)
    if unknown := set(due or ()) - {one.id for one in given}:
        known = ", ".join(one.id for one in given)
        raise GradingError(min(unknown), "there is no such assignment", f"There are: {known}.")
    db = url_of(db) if db else ""
    with refusals(place):
        if (place / "gradebook.db").is_file() or gradebook_is_elsewhere(place):
            _renew(CourseFolder(place), root, given, due or {}, db)
        elif place.exists() and any(place.iterdir()):
            problem = "this folder is not empty, and no course"
            raise GradingError(str(place), problem, "Choose a new one.")
        else:
            _make(place, root, given, due or {}, course_id, db)
    return given


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def _beside(place: Path) -> Iterator[Path]:
    """Give a working folder on the same file system, gone at the end."""
    place.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _make(  # noqa: PLR0913, PLR0917 - one argument an option of `init`
    place: Path,
    root: Path,
    given: tuple[Assignment, ...],
    due: Mapping[str, str],
    course_id: str,
    db: str,
) -> None:
    if db:
        require_free(db)
    with _beside(place) as work:
        work.chmod(0o755)
        config = CONFIG.substitute(
            course_id=course_id,
            checkout=repr(str(root)),
            clean=CLEAN,
            database=DATABASE.format(db) if db else "",
        )
        write_text(work / "nbgrader_config.py", config)
        _sources(work, given)
        _release(CourseFolder(work), given, due)
        for name in PARTS:
            (work / name).mkdir(exist_ok=True)
        if place.exists():
            place.rmdir()
        work.rename(place)


def _renew(
    course: CourseFolder, root: Path, given: tuple[Assignment, ...], due: Mapping[str, str], db: str
) -> None:
    """Bring a course up to date: first on a copy of its gradebook, and where that went well in the gradebook itself.

    The gradebook's file stays the same one, since a form grader may have it open.
    """
    with only_one(course), _beside(course.path) as work:
        shutil.copy2(course.path / "nbgrader_config.py", work / "nbgrader_config.py")
        _renew_place(work / "nbgrader_config.py", root)
        with nbgrader_app(course) as (app, _):
            gradebook = app.coursedir.db_url
        tried = f"sqlite:///{work / 'gradebook.db'}"
        _copy_gradebook(gradebook, work / "gradebook.db")
        _sources(work, given)
        _release(CourseFolder(work), given, due, tried)
        if db and db != gradebook:
            gradebook = _moved(gradebook, db, work)
        _release(CourseFolder(work), given, due, gradebook)
        _move_in(work, course.path, given)
        if db and (course.path / "gradebook.db").is_file():
            (course.path / "gradebook.db").replace(course.path / "gradebook.db.moved")


def _moved(gradebook: str, db: str, work: Path) -> str:
    """Copy a gradebook out of the course folder into a database, and name it in the configuration; returns its URL."""
    if not gradebook.startswith("sqlite:"):
        remedy = "Move it with pg_dump, and change c.CourseDirectory.db_url in nbgrader_config.py."
        raise GradingError("--db", "this course's gradebook is in another database already", remedy)
    require_free(db)
    copy_gradebook(gradebook, db)
    config = work / "nbgrader_config.py"
    text = config.read_text(encoding="utf-8")
    before = re.search(r"^c = get_config\(\)\n", text, re.MULTILINE)
    at = before.end() if before else len(text)
    write_text(config, text[:at] + DATABASE.format(db) + text[at:])
    return db


def _copy_gradebook(source: str, target: Path) -> None:
    """Copy a gradebook as it stands at one moment into a file, whoever writes to it meanwhile."""
    place = Path(source.removeprefix("sqlite:///"))
    if not (source.startswith("sqlite:///") and place.is_file()):
        copy_gradebook(source, f"sqlite:///{target}")
        return
    with closing(sqlite3.connect(place)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _sources(work: Path, given: tuple[Assignment, ...]) -> None:
    for one in given:
        folder = work / "source" / one.id
        folder.mkdir(parents=True)
        for path in (one.notebook, *one.beside):
            shutil.copyfile(path, folder / path.name)


def _renew_place(config: Path, root: Path) -> None:
    """Let an existing configuration name the checkout that `init` runs in, the jail and clean pages; the rest stays."""
    before = config.read_text(encoding="utf-8")
    after = PLACE.sub(lambda line: f"{line[1]}{str(root)!r}", before)
    after = after.replace(UNJAILED, JAILED)
    if "cleaning.CleanCells" not in after:
        after = f"{after.rstrip()}\n\n{CLEAN}"
    if after != before:
        write_text(config, after)


def _release(
    course: CourseFolder,
    given: tuple[Assignment, ...],
    due: Mapping[str, str],
    gradebook: str = "",
) -> None:
    """Let nbgrader make the released versions and enter the assignments into a gradebook, by default the course's."""
    named = {"db_url": gradebook} if gradebook else {}
    for one in given:
        settings: dict[str, dict[str, object]] = {
            "CourseDirectory": {"assignment_id": one.id, **named},
            "GenerateAssignment": {"force": True},
        }
        with nbgrader_app(course, **settings) as (app, log):
            from nbgrader.api import Gradebook  # noqa: PLC0415 - seconds to import
            from nbgrader.converters import GenerateAssignment  # noqa: PLC0415
            from nbgrader.converters.base import NbGraderException  # noqa: PLC0415

            try:
                GenerateAssignment(coursedir=app.coursedir, parent=app).start()
                with Gradebook(app.coursedir.db_url, app.coursedir.course_id) as book:
                    if one.id in due:
                        book.update_or_create_assignment(one.id, duedate=due[one.id])
            except NbGraderException as error:
                remedy = "Where submissions exist, an assignment's cells cannot change: make a new course."
                raise GradingError(one.id, f"cannot be released: {log.reason()}", remedy) from error
            except ValueError as error:
                remedy = 'Write it as "2026-12-04 23:59 UTC".'
                raise GradingError(
                    f"--due {one.id}", f"this is no date: {due[one.id]}", remedy
                ) from error


def _move_in(work: Path, place: Path, given: tuple[Assignment, ...]) -> None:
    (work / "nbgrader_config.py").replace(place / "nbgrader_config.py")
    for step in ("source", "release"):
        for one in given:
            target, aside = place / step / one.id, work / f"old-{step}-{one.id}"
            target.parent.mkdir(exist_ok=True)
            if target.exists():
                target.rename(aside)
            (work / step / one.id).rename(target)
