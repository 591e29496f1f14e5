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

    Each index.html is told its version first: two versions may have the same page for different files, and the keeper
    knows a version by its page.

    Args:
        site: the finished site; no file of it may change after this.
    """
    worker = site / WORKER
    version = hashlib.sha256(json.dumps(_sums(site), sort_keys=True).encode()).hexdigest()
    for page in site.rglob("index.html"):
        with page.open("a", encoding="utf-8") as file:
            file.write(f"<!-- version {version} -->\n")
    program = _PROGRAM.read_text(encoding="utf-8")
    program = program.replace("{{ files }}", json.dumps(_sums(site), sort_keys=True))
    worker.write_text(program + worker.read_text(encoding="utf-8"), encoding="utf-8")


def _sums(site: Path) -> dict[str, str]:
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(site.rglob("*"))
        if path.is_file() and path != site / WORKER and not any(map(path.match, _SPARE))
    }
