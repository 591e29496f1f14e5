"""The learner bundle: everything to learn with and nothing to look up the answers in.

What goes in is a list, not what is left after taking things out: generated notebooks, the data that widgets read,
practice items, the released lab and quiz, the package as a wheel, locks and set-up. Before it is moved into place it
is searched for every secret line of the checkout.

Each lesson as one page comes along, too. Of what is packed it alone is not committed, so it is made for the bundle
where it is missing or older than its sources: in a child, since who grades does not import who writes.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from unpickled.errors import SetupError
from unpickled.grading.holding import refusals
from unpickled.grading.places import Assignment, GradingError, assignments, whole
from unpickled.grading.secrets import answers, leaks
from unpickled.grading.setting_up import init

__all__ = ["MARKER", "TAKEN", "Bundle", "make_bundle"]

MARKER = ".unpickled-bundle"
TAKEN = (
    "LICENSE",
    "course/course.toml",
    "course/data/*.toml",
    "course/*.ipynb",
    "course/*/*.ipynb",
    "course/*/pictures/*",
    "slides/*/slides.pdf",
    "slides/*/slides.html",
    "video-scripts/*/script.md",
    "quizzes/*/practice.toml",
    "docs/for-learners.md",
    "locks/learn.txt",
    "locks/torch.txt",
)
"""Patterns of what is copied as it is from the checkout."""
PAGES = (sys.executable, "-m", "unpickled.authoring.offline")
"""What brings the lessons as one page each up to date in a checkout, and tells on stdout where they are."""
_BASE64 = re.compile(rb";base64,([A-Za-z0-9+/]+=*)")
TEMPLATES = Path(__file__).parent / "bundle_files"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was made: where, how many files, how many bytes."""

    path: Path
    files: int
    size: int


def make_bundle(place: Path, root: Path, *, force: bool = False) -> Bundle:
    """Make the learner bundle.

    Args:
        place: a new or empty folder; with `force`, also an earlier bundle, which is replaced.
        root: the checkout.
        force: replace an earlier bundle.

    Raises:
        GradingError: the folder holds something else, or the bundle would hold a secret.
        SetupError: the wheel cannot be built, or a lesson as one page cannot be made.
    """
    place = whole(place)
    with refusals(place):
        return _make(place, root, force=force)


def _make(place: Path, root: Path, *, force: bool) -> Bundle:
    earlier = (place / MARKER).is_file()
    if place.exists() and not (earlier and force) and (not place.is_dir() or any(place.iterdir())):
        remedy = "Give --force to replace it." if earlier else "Choose a new folder."
        raise GradingError(str(place), "this folder is not empty", remedy)
    place.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
    try:
        made = work / "bundle"
        made.mkdir()
        _course(made, root)
        _pages(made, root)
        _released(made, root, work / "nbgrader")
        _wheel(made, root)
        _setup(made)
        _search(made, root, work / "decoded")
        (made / MARKER).write_text("made by: unpickled teach release\n")
        if place.exists():
            place.rename(work / "old")
        made.rename(place)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    files = [path for path in place.rglob("*") if path.is_file()]
    return Bundle(place, len(files), sum(path.stat().st_size for path in files))


def _course(made: Path, root: Path) -> None:
    """Copy the lesson, its data and the locks."""
    for pattern in TAKEN:
        found = [path for path in sorted(root.glob(pattern)) if _wanted(path)]
        if not found:
            problem = f"nothing there to release: {pattern}"
            raise SetupError(str(root), problem, "Run: unpickled author build")
        for path in found:
            target = made / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".ipynb":
                target.write_text(_unrun(path), encoding="utf-8")
            else:
                shutil.copyfile(path, target)


def _pages(made: Path, root: Path) -> None:
    """Bring each lesson as one page up to date, and copy it to where the start page links it."""
    done = subprocess.run([*PAGES, str(root)], capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().rpartition("\n")[2].rstrip(".")
        problem = f"a lesson as one page cannot be made: {said}"
        raise SetupError(str(root), problem, "See it: unpickled author build --html")
    for name in done.stdout.splitlines():
        target = made / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, target)


def _wanted(path: Path) -> bool:
    return path.is_file() and ".edited-" not in path.name and ".ipynb_checkpoints" not in path.parts


def _unrun(path: Path) -> str:
    """Return a notebook without results: an author may have run it in place."""
    data = json.loads(path.read_text("utf-8"))
    for cell in data["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _released(made: Path, root: Path, course: Path) -> None:
    """Let nbgrader make the released versions, and take those."""
    init(course, root)
    for one in assignments(root):
        target = made / _home(one, root)
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted((course / "release" / one.id).iterdir()):
            shutil.copyfile(path, target / path.name)


def _home(one: Assignment, root: Path) -> Path:
    return one.notebook.parent.relative_to(root)


def _wheel(made: Path, root: Path) -> None:
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(made / "wheels")]
    env = {**os.environ, "SOURCE_DATE_EPOCH": "1767225600"}  # the same bytes each time
    done = subprocess.run(words, cwd=root, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        problem = f"the wheel cannot be built: {done.stderr.strip().rpartition(chr(10))[2]}"
        raise SetupError(str(root / "pyproject.toml"), problem, "Run: make learn")


def _setup(made: Path) -> None:
    for source in sorted(TEMPLATES.rglob("*")):
        target = made / source.relative_to(TEMPLATES)
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(0o755 if target.suffix == ".sh" else 0o644)


def _search(made: Path, root: Path, decoded: Path) -> None:
    """Refuse to release anything that holds a secret line."""
    secrets = answers(root)
    _decode(made, decoded)
    found = leaks(made, secrets) + leaks(decoded, secrets)
    if found:
        name, line = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        problem = f"the bundle would hold an answer or a hidden test: {line[:60]!r}{more}"
        raise GradingError(name, problem, "Take it out of what learners get; nothing was written.")


def _decode(made: Path, folder: Path) -> None:
    """Write out what the lessons' pages hold in base64: their widgets' state and script, as JSON escapes it."""
    folder.mkdir()
    for page in sorted(made.glob("build/html/*.html")):
        for number, found in enumerate(_BASE64.findall(page.read_bytes())):
            data = base64.b64decode(found)
            for sign in b"<>&":
                data = data.replace(b"\\u%04x" % sign, bytes([sign]))
            (folder / f"{page.name}!{number}.txt").write_bytes(data)
