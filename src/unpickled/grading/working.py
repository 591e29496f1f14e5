"""One submission, from what was handed in to what it earns: the part of grading that touches no gradebook.

A job and its result are JSON, so that the work can be done in any process. The submission is read as data, its cells
are restored, its code runs in a kernel that nobody trusts, and its checks ask from here.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from unpickled import checking, kernels
from unpickled.checking import File
from unpickled.errors import CourseError
from unpickled.grading.plans import Plan, Settings
from unpickled.grading.reading import parse_notebook, problem_in
from unpickled.grading.restoring import name_cells, plain_cell, restore
from unpickled.grading.scores import Points, Scores, score_cells
from unpickled.kernels import Kernel, Warmth

__all__ = ["job_for", "run_notebook", "scores_of", "work"]


def job_for(
    assignment: str, student: str, notebooks: Mapping[str, bytes], files: Sequence[File]
) -> dict[str, Any]:
    """Return a submission as a job.

    Args:
        assignment: its name.
        student: whose it is.
        notebooks: by their names, those of the assignment's that were handed in.
        files: what lies beside them, the author's in place of the learner's.
    """
    return {
        "assignment": assignment,
        "student": student,
        "notebooks": {name: _text(data) for name, data in notebooks.items()},
        "files": [[file.name, _text(file.data)] for file in files],
    }


def work(job: Mapping[str, Any], plan: Plan, settings: Settings, warmth: Warmth) -> dict[str, Any]:
    """Grade one submission; returns the graded notebooks, their scores and evidence, or a `problem`.

    Args:
        job: from `job_for`.
        plan: of its assignment.
        settings: of the course.
        warmth: where kernels come from.
    """
    files = [File(name, base64.b64decode(data)) for name, data in job["files"]]
    done: dict[str, Any] = {"problem": "", "notebooks": {}, "scores": {}, "evidence": []}
    for name, said in job["notebooks"].items():
        names = frozenset(cell.name for cell in plan.notebooks[name])
        found, data = parse_notebook(base64.b64decode(said))
        if problem := problem_in(found, name, names):
            return {**done, "problem": problem}
        try:
            notebook = _restored(data, plan, name)
        except (AttributeError, KeyError, TypeError, ValueError, nbformat.ValidationError):
            problem = "the notebook is damaged: its cells are not those of the format that it names"
            return {**done, "problem": problem}
        resources = _resources(job, name)
        for step in settings.before:
            notebook, resources = step.preprocess(notebook, resources)
        done["evidence"] += run_notebook(notebook, plan.source, files, warmth)
        for step in settings.after:
            notebook, resources = step.preprocess(notebook, resources)
        scores = score_cells(notebook.cells, plan.assignment, settings.checkout)
        done["notebooks"][name] = nbformat.v4.writes(notebook) + "\n"
        done["scores"][name] = {
            "judged": [[cell, asdict(points), digest] for cell, points, digest in scores.judged],
            "comments": dict(scores.comments),
        }
    return done


def scores_of(said: Mapping[str, Any]) -> Scores:
    """Return the scores of one notebook out of a result."""
    judged = tuple((name, Points(**points), digest) for name, points, digest in said["judged"])
    return Scores(judged, said["comments"])


def _restored(data: Any, plan: Plan, name: str) -> Any:
    """Return a notebook in today's format with the assignment's cells, and no outputs."""
    given = nbformat.convert(nbformat.from_dict(data), 4)
    notebook = nbformat.v4.new_notebook()
    notebook.nbformat_minor = max(notebook.nbformat_minor, 5)
    notebook.cells = restore([*map(plain_cell, given.cells)], plan.notebooks[name])
    if spec := plan.kernelspecs[name]:
        notebook.metadata.kernelspec = NotebookNode(spec)
    name_cells(notebook.cells)
    return notebook


def run_notebook(notebook: Any, source: Path, files: Sequence[File], warmth: Warmth) -> list[str]:
    """Run a notebook's code and judge its checks, in the order of its cells; returns the evidence.

    Args:
        notebook: with its cells restored; it gets the outputs.
        source: the author's folder, with `checks.py`.
        files: what lies beside it.
        warmth: where its kernel comes from.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    if not code:
        return []
    visible = _visible(source)
    with warmth.kernel(files) as kernel:
        for number, cell in enumerate(code, 1):
            outputs = _outputs(cell, kernel, visible)
            cell.outputs = [nbformat.from_dict(output) for output in outputs]
            cell.execution_count = number
        return kernel.evidence


def _outputs(cell: Any, kernel: Kernel, visible: checking.Visible | None) -> list[dict[str, Any]]:
    known = cell.metadata.get("nbgrader", {})
    if known.get("grade") and not known.get("solution") and (check := kernels.asked(cell.source)):
        return kernels.judged(check, kernel, float(known["points"]), visible)
    return kernel.run(cell.source)


def _visible(source: Path) -> checking.Visible | None:
    try:
        return checking.visible(source / "checks.py")
    except (CourseError, KeyError):
        return None


def _resources(job: Mapping[str, Any], name: str) -> dict[str, Any]:
    names = {"assignment": job["assignment"], "student": job["student"], "notebook": name}
    return {"nbgrader": {**names, "db_url": ""}, "metadata": {}, "unique_key": name}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
