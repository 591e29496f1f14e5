"""What makes the site open without a network, once it has been visited: a service worker that keeps its files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

__all__ = ["WORKER", "keep_offline"]

WORKER = "service-worker.js"
_PROGRAM = Path(__file__).with_name("keeping.js")
_SPARE = ("*.eot", "*.ttf", "fa-*.svg", "rspack.*", "package.json", "third-party-licenses.json")
"""What no browser of today asks for: fonts in earlier forms, and what JupyterLite has for its builders."""


def keep_offline(site: Path) -> None:
    """Put the keeper before JupyterLite's service worker, with the SHA-256 of each file that it keeps.

    Args:
        site: the finished site; no file of it may change after this.
    """
    worker = site / WORKER
    sums = {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(site.rglob("*"))
        if path.is_file() and path != worker and not any(map(path.match, _SPARE))
    }
    program = _PROGRAM.read_text(encoding="utf-8")
    program = program.replace("{{ files }}", json.dumps(sums, sort_keys=True))
    worker.write_text(program + worker.read_text(encoding="utf-8"), encoding="utf-8")
