"""This package as a wheel for the site: what a notebook needs of it, the course's data, and the recorded runs.

Format: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from unpickled import __version__
from unpickled.authoring.site.recorded import RECORDED, notebooks

__all__ = ["NAME", "own_wheel"]

NAME = f"unpickled-{__version__}-py3-none-any.whl"
_PACKAGE = Path(__file__).resolve().parents[2]
_LEFT_OUT = {"authoring", "grading", "kernels", "cli", "defence", "quizzes", "__pycache__"}
_KIT = "unpickled/here/kit"
_INFO = f"unpickled-{__version__}.dist-info"
_METADATA = f"Metadata-Version: 2.1\nName: unpickled\nVersion: {__version__}\n"
_WHEEL = "Wheel-Version: 1.0\nGenerator: unpickled\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def own_wheel(root: Path) -> bytes:
    """Return the wheel; the same bytes for the same sources."""
    files = {**dict(_package()), **dict(_kit(root))}
    files[f"{_INFO}/METADATA"] = _METADATA.encode()
    files[f"{_INFO}/WHEEL"] = _WHEEL.encode()
    files[f"{_INFO}/RECORD"] = "".join(f"{name},,\n" for name in sorted(files)).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _package() -> Iterator[tuple[str, bytes]]:
    for path in sorted(_PACKAGE.rglob("*")):
        inner = path.relative_to(_PACKAGE)
        if path.is_file() and not _LEFT_OUT & {*inner.parts} and inner.parts[:2] != ("here", "kit"):
            yield f"unpickled/{inner.as_posix()}", path.read_bytes()


def _kit(root: Path) -> Iterator[tuple[str, bytes]]:
    """The course as `content` and the search read it; of the quizzes what learners practise on, never a key."""
    wanted = [root / "course" / "course.toml", *sorted((root / "course" / "data").glob("*.toml"))]
    wanted += notebooks(root)
    wanted += sorted((root / "quizzes").glob("*/practice.toml"))
    for path in wanted:
        yield f"{_KIT}/{path.relative_to(root).as_posix()}", path.read_bytes()
    yield f"{_KIT}/{RECORDED.name}", (root / RECORDED).read_bytes()
