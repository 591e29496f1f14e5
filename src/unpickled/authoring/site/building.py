"""`build_site`: the whole site, made in a draft beside its place and moved there when it is whole.

What it was made from is summed up in a file of the site; when nothing of it has changed there is nothing to do.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from unpickled.authoring.site import lite
from unpickled.authoring.site.fetching import CACHE, fetch
from unpickled.authoring.site.keeping import keep_offline
from unpickled.authoring.site.lock import LOCK, read_lock
from unpickled.authoring.site.own_wheel import own_wheel
from unpickled.authoring.site.pages import site_page
from unpickled.authoring.site.recorded import notebooks, read_recorded, unrecorded
from unpickled.errors import SetupError

__all__ = ["OUT", "Made", "build_site"]

OUT = Path("build", "site")
_FIRST_PAGES = Path("site", "start")
_BESIDE = (  # what pages link to
    "docs/for-learners.md",
    "course/*/pictures/*.svg",
    "slides/*/slides.pdf",
    "slides/*/slides.html",
    "video-scripts/*/script.md",
)
_STAMP = "made-from.txt"
_MAKERS = ("jupyterlite-core", "jupyterlite-pyodide-kernel", "jupyterlab-widgets", "anywidget")
_MOST = 60_000_000  # bytes; the promise that a learner's first visit rests on


@dataclass(frozen=True, slots=True)
class Made:
    """A site: its folder, how many bytes and files it has, and whether there was anything to make."""

    folder: Path
    size: int
    files: int
    fresh: bool


def build_site(root: Path, out: Path, say: Callable[[str], None]) -> Made:
    """Make the site, or find that it is there already.

    Args:
        root: the course's checkout.
        out: the folder to make; one that is no site of ours is not touched.
        say: told of each step.

    Raises:
        ContentError: the lock, a page or a recorded run is missing or not of today.
        SetupError: something is missing on this machine, the folder is taken, or the site is too large.
    """
    lock = read_lock(root)
    for fault in unrecorded(root, lock.modules):
        raise fault
    own = own_wheel(root)
    stamp, wanted = out / _STAMP, _inputs(root, own)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return _measured(out, fresh=False)
    if out.exists() and not stamp.is_file():
        raise SetupError(str(out), "it is there, and no site of ours", "Choose another folder.")
    out.parent.mkdir(parents=True, exist_ok=True)
    archive, wheels = fetch(lock, root / CACHE, say)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as name:
        draft = Path(name)
        say("gathering the pages and this package")
        packages = lite.put_pyodide(
            draft / "lite" / "static" / "pyodide", archive, lock, wheels, own
        )
        _contents(root, draft / "lite" / "contents", lock.modules)
        say("building JupyterLite around them")
        lite.build_lite(draft / "lite", draft / "site", packages, _moment(root))
        shutil.copytree(root / _FIRST_PAGES, draft / "site", dirs_exist_ok=True)
        keep_offline(draft / "site")
        (draft / "site" / _STAMP).write_text(wanted, encoding="utf-8")
        made = _measured(draft / "site", fresh=True)
        if made.size > _MOST:
            raise SetupError("the site", f"it has {made.size:,} bytes; {_MOST:,} are promised")
        if out.exists():
            out.replace(draft / "before")
        (draft / "site").replace(out)
    return Made(out, made.size, made.files, fresh=True)


def _contents(root: Path, goal: Path, modules: frozenset[str]) -> None:
    for path in notebooks(root):
        page = goal / path.relative_to(root)
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_bytes(site_page(path.read_bytes(), modules))
    for name in _beside(root):
        (goal / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, goal / name)


def _beside(root: Path) -> Iterator[str]:
    for pattern in _BESIDE:
        for path in sorted(root.glob(pattern)):
            yield path.relative_to(root).as_posix()


def _moment(root: Path) -> int:
    """Return a time for the site's files that every build agrees on: the day on which the runs were recorded."""
    day = datetime.fromisoformat(read_recorded(root)["date"]).replace(tzinfo=UTC)
    return int(day.timestamp())


def _inputs(root: Path, own: bytes) -> str:
    """Sum up everything that decides the site."""
    versions = [f"{name} {_version(name)}" for name in _MAKERS]
    found = hashlib.sha256("\0".join(versions).encode() + own)
    here = Path(__file__).parent
    places = [
        root / LOCK,
        *notebooks(root),
        *(root / name for name in _beside(root)),
    ]
    places += [path for path in sorted((root / _FIRST_PAGES).rglob("*")) if path.is_file()]
    for path in [*places, *sorted([*here.glob("*.py"), *here.glob("*.js")])]:
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _measured(folder: Path, *, fresh: bool) -> Made:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return Made(folder, sum(sizes), len(sizes), fresh)
