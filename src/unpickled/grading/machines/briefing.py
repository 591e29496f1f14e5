"""What a worker on another machine has to know of an assignment, as JSON; and whether it is the same course there."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import unpickled
from unpickled.checking import File
from unpickled.content import course_root
from unpickled.grading.places import GradingError
from unpickled.grading.plans import Plan, Settings
from unpickled.grading.restoring import Wanted
from unpickled.kernels import Bounds

__all__ = ["briefing_of", "fingerprint", "plans_in", "settings_in"]

_PACKAGE = Path(unpickled.__file__).parent
_DECISIVE = ("ipython", "nbconvert", "nbformat", "nbgrader", "numpy", "torch")
_STEPS = ("nbgrader.", "nbconvert.", "unpickled.")


def fingerprint(checkout: str) -> str:
    """Return what grades depend on, in one word: this package, the course's facts and quizzes, Python, its libraries.

    Args:
        checkout: the course's; found as `unpickled` finds it where empty.
    """
    root = Path(checkout) if checkout else course_root()
    digest = hashlib.sha256(f"python {sys.version_info[:2]}".encode())
    for name in _DECISIVE:
        digest.update(f"{name} {_version(name)}".encode())
    for base, pattern in (
        (_PACKAGE, "*.py"), (_PACKAGE, "*.toml"), (_PACKAGE, "*.txt"), (root, "course/*.toml"), (root, "course/data/*"),
        (root, "quizzes/*/*.toml"),
    ):  # fmt: skip
        for path in sorted(base.rglob(pattern) if base == _PACKAGE else base.glob(pattern)):
            digest.update(path.relative_to(base).as_posix().encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def briefing_of(plans: Mapping[str, Plan], settings: Settings, seconds: float) -> str:
    """Return all that a worker needs before its first job.

    Args:
        plans: of the assignments.
        settings: of the course.
        seconds: what one submission may take.

    Raises:
        GradingError: a step of the configuration cannot be sent.
    """
    told = {
        "fingerprint": fingerprint(settings.checkout),
        "seconds": seconds,
        "bounds": asdict(settings.bounds),
        "before": [_step(step) for step in settings.before],
        "after": [_step(step) for step in settings.after],
        "plans": [_plan(plan) for plan in plans.values()],
    }
    return json.dumps(told, sort_keys=True)


def settings_in(said: Mapping[str, Any], checkout: str) -> Settings:
    """Return a briefing's settings, with the checkout of the machine that it has come to."""
    before, after = (tuple(_made(*step) for step in said[key]) for key in ("before", "after"))
    return Settings(Bounds(**said["bounds"]), checkout, before, after)


def plans_in(said: Mapping[str, Any], folder: Path | None = None) -> dict[str, Plan]:
    """Return a briefing's plans.

    Args:
        said: the briefing.
        folder: where the authors' files are put, one folder each; not put anywhere if None.
    """
    return {plan.assignment: plan for plan in _plans(said["plans"], folder)}


def _plans(said: list[Any], folder: Path | None) -> Iterator[Plan]:
    for number, one in enumerate(said):
        source = (folder or Path()) / str(number)
        for name, data in one["source"] if folder else ():
            path = source / name
            if not path.resolve().is_relative_to(source.resolve()):
                raise ValueError(f"{name} leads out of its folder")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(data))
        yield Plan(
            assignment=one["assignment"],
            notebooks={
                name: tuple(Wanted(**cell) for cell in cells)
                for name, cells in one["notebooks"].items()
            },
            kernelspecs=one["kernelspecs"],
            source=source,
            beside=(),
            libraries=tuple(one["libraries"]),
            inside=(),
        )


def _plan(plan: Plan) -> dict[str, Any]:
    checks = plan.source / "checks.py"
    files = {file.name: file for file in plan.beside}
    if checks.is_file():
        files["checks.py"] = File("checks.py", checks.read_bytes())
    return {
        "assignment": plan.assignment,
        "notebooks": {
            name: [asdict(cell) for cell in cells] for name, cells in plan.notebooks.items()
        },
        "kernelspecs": dict(plan.kernelspecs),
        "source": [[one.name, base64.b64encode(one.data).decode()] for one in files.values()],
        "libraries": list(plan.libraries),
    }


def _step(step: Any) -> list[Any]:
    """Return a step of nbgrader's as its name and what it is set to."""
    name = f"{type(step).__module__}.{type(step).__qualname__}"
    traits = {one: getattr(step, one) for one in step.traits(config=True)}
    remedy = "Take it out of the configuration, or grade without --scheduler."
    if not name.startswith(_STEPS):
        problem = f"the step {name} is your own, and other machines do not have it"
        raise GradingError("nbgrader_config.py", problem, remedy)
    try:
        told = json.loads(json.dumps(traits))
    except (TypeError, ValueError) as error:
        problem = f"what the step {name} is set to is no plain data"
        raise GradingError("nbgrader_config.py", problem, remedy) from error
    return [name, told]


def _made(name: str, traits: Mapping[str, Any]) -> Any:
    from nbconvert.preprocessors import Preprocessor  # noqa: PLC0415 - slow to import
    from traitlets.utils.importstring import import_item  # noqa: PLC0415

    kind = import_item(name) if name.startswith(_STEPS) else None
    if not (isinstance(kind, type) and issubclass(kind, Preprocessor)):
        raise ValueError(f"{name} is no step of nbgrader's")
    return kind(**traits)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"
