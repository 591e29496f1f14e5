"""PDF and pictures of the slides: printed by Chromium from the HTML, and stale when it was another HTML.

Their bytes depend on the browser's version and on the machine's fonts, so that comparing them with fresh ones would
fail on every machine but one. What is committed beside them instead (`printed.json`) says which HTML they were printed
from and what came out. So the gate can tell, without a browser, a PDF of older slides, one that was edited, one that is
missing and a picture left over; it cannot tell what another Chromium would draw otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from unpickled.authoring.files import Output
from unpickled.authoring.stamps import sum_of
from unpickled.authoring.units import SLIDES, slides_folder

__all__ = ["MANIFEST", "faded", "left_over", "prints"]

MANIFEST = "printed.json"


def prints(root: Path, lesson: str) -> tuple[Output, ...]:
    """Print a lesson's slides as they stand on the disk; the manifest comes last.

    Raises:
        SetupError: playwright or Chromium is missing.
    """
    from unpickled.authoring.slides import printed  # noqa: PLC0415 - playwright is slow to import

    folder = slides_folder(root, lesson)
    html = (folder / SLIDES).read_bytes()
    files = printed(html)
    manifest = {
        "from": SLIDES,
        "sha256": hashlib.sha256(html).hexdigest(),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }
    data = (json.dumps(manifest, indent=1) + "\n").encode()
    return (
        *(Output(folder / name, data) for name, data in files.items()),
        Output(folder / MANIFEST, data),
    )


def faded(root: Path, lesson: str, html: bytes) -> list[tuple[Path, str]]:
    """Tell which printed files of a lesson are not those of `html`, each with what is wrong with it."""
    folder = slides_folder(root, lesson)
    manifest = _manifest(folder)
    if manifest is None:
        return [(folder / MANIFEST, "missing, so that nothing tells what the PDF was printed from")]
    made_from, files = manifest
    if made_from != hashlib.sha256(html).hexdigest():
        return [(folder / name, f"printed from another {SLIDES}") for name in files]
    wrong = [
        (folder / name, "not as it was printed" if (folder / name).exists() else "missing")
        for name, digest in files.items()
        if sum_of(folder / name) != digest
    ]
    return wrong + [(path, "left over from slides that are no more") for path in left_over(folder)]


def left_over(folder: Path) -> list[Path]:
    """Return the pictures of a folder that its manifest does not know."""
    manifest = _manifest(folder)
    known = manifest[1] if manifest else {}
    return [path for path in sorted(folder.glob("[0-9][0-9]-*.png")) if path.name not in known]


def printed_names(root: Path, lesson: str) -> Iterator[Path]:
    """Yield the printed files of a lesson that its manifest knows, and the manifest."""
    folder = slides_folder(root, lesson)
    manifest = _manifest(folder)
    if manifest:
        yield from (folder / name for name in (*manifest[1], MANIFEST))


def _manifest(folder: Path) -> tuple[str, dict[str, str]] | None:
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
        return str(found["sha256"]), {str(k): str(v) for k, v in found["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
