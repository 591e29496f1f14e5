"""`unpickled doctor`: tell what is missing on this machine, and the one command that mends each thing."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import click

__all__ = ["Finding", "doctor", "examine"]

SETUP = "make clean learn"  # anew, since what is half there looks whole to pip; progress stays
PROGRAMS = ("jupyter", "nbgrader", "picklescan", "modelscan")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what it is.
        state: "ok", "missing" (the course does not run) or "optional" (a part of it does not).
        found: what was found, for a person.
        remedy: the one command that mends it; empty when ok.
    """

    name: str
    state: str
    found: str
    remedy: str = ""


@click.command(epilog="Examples:\n\n  unpickled doctor\n\n  unpickled doctor --json")
@click.option("--json", "as_json", is_flag=True, help="A list of {name, state, found, remedy}.")
def doctor(as_json: bool) -> int:
    """Tell what is missing here, and what mends it. Exit 0: the course runs; 2: it does not."""
    findings = examine()
    broken = [finding for finding in findings if finding.state == "missing"]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        _print(findings)
    return 2 if broken else 0


def examine() -> list[Finding]:
    """Look at everything that the course needs, in the order in which to mend it."""
    return [finding for look in LOOKS for finding in look()]


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] <= (3, 12):
        yield Finding("Python", "ok", version)
    else:
        remedy = "PYTHON=python3.11 make learn"
        yield Finding("Python", "missing", f"{version}; the scanners need 3.11 or 3.12", remedy)


def _packages() -> Iterator[Finding]:
    wrong = []
    pins = _pins()
    for name, wanted in pins.items():
        try:
            found = metadata.version(name).partition("+")[0]
        except metadata.PackageNotFoundError:
            found = "none"
        if found != wanted:
            wrong.append(f"{name} {wanted} (found {found})")
    if not pins:
        yield Finding("Packages", "missing", "unpickled itself is not installed", SETUP)
    elif wrong:
        yield Finding("Packages", "missing", "not as pinned: " + ", ".join(wrong), SETUP)
    else:
        yield Finding("Packages", "ok", f"{len(pins)} as pinned")


def _pins() -> dict[str, str]:
    """Return the versions that the installed package asks for, without its extras."""
    try:
        required = metadata.requires("unpickled") or []
    except metadata.PackageNotFoundError:
        return {}
    found = (
        re.match(r"([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;]+)\s*$", line) for line in required
    )
    return {match[1]: match[2] for match in found if match}


def _programs() -> Iterator[Finding]:
    here = str(Path(sys.executable).parent)
    absent = [name for name in PROGRAMS if not shutil.which(name, path=here)]
    if absent:
        yield Finding("Programs", "missing", "not in this environment: " + ", ".join(absent), SETUP)
    else:
        yield Finding("Programs", "ok", ", ".join(PROGRAMS))


def _course() -> Iterator[Finding]:
    from unpickled.content import course_root  # noqa: PLC0415 - a broken package must still be told of
    from unpickled.errors import CourseError  # noqa: PLC0415

    try:
        root = course_root()
    except CourseError as error:
        remedy = "unset UNPICKLED_COURSE" if "UNPICKLED_COURSE" in os.environ else error.remedy
        yield Finding("Course", "missing", f"{error.place}: {error.problem}", remedy)
        return
    found = (root / "course").rglob("*.ipynb")
    notebooks = [path for path in found if ".ipynb_checkpoints" not in path.parts]
    if (root / "course" / "start.ipynb") in notebooks:
        yield Finding("Course", "ok", f"{len(notebooks)} notebooks in {root / 'course'}")
    else:
        yield Finding("Course", "missing", "no start.ipynb", "unpickled author build")
    yield _writable(root / ".unpickled")


def _writable(folder: Path) -> Finding:
    place = folder if folder.exists() else folder.parent
    if os.access(place, os.W_OK):
        return Finding("Progress", "ok", f"can be kept in {folder}")
    remedy = "UNPICKLED_PROGRESS=~/unpickled-progress.json make learn"
    return Finding("Progress", "missing", f"{place} cannot be written", remedy)


def _space() -> Iterator[Finding]:
    home = Path(sys.prefix)
    free = shutil.disk_usage(home).free / 2**30
    state = "ok" if free >= 1 else "missing"
    found = f"{free:.1f} GiB free where {home} is"
    remedy = (
        f"{Path(sys.executable)} -m pip cache purge"  # at worst, pip fetches again what it needs
    )
    yield Finding("Disk", state, found, "" if state == "ok" else remedy)


def _optional() -> Iterator[Finding]:
    for program, use in (
        ("chromium", "browser tests, PDF and PNG of the slides"),
        ("bwrap", "the sandbox, in which untrusted things are run"),
    ):
        package = {"bwrap": "bubblewrap"}.get(program, program)
        if found := shutil.which(program):
            yield Finding(package, "ok", found)
        else:
            yield Finding(package, "optional", f"only for {use}", f"sudo apt-get install {package}")


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python,
    _packages,
    _programs,
    _course,
    _space,
    _optional,
)


def _print(findings: list[Finding]) -> None:
    signs = {
        "ok": click.style("✓", fg="green"),
        "missing": click.style("✗", fg="red"),
        "optional": "·",
    }
    for finding in findings:
        click.echo(f"{signs[finding.state]} {finding.name:<11} {finding.found}")
        if finding.remedy:
            click.echo(f"  {'':<11} Mend it: {click.style(finding.remedy, bold=True)}")
    broken = sum(finding.state == "missing" for finding in findings)
    click.echo("The course runs here. Start it: make learn" if not broken else f"{broken} to mend.")
