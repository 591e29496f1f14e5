"""The files that a widget offers: the browser gets a number for each, never the path, so no saved page tells it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["FILES", "Shelf", "too_large"]

FILES = 60  # listed; a folder with more is cut, and says so


class Shelf:
    """Files by their number.

    Args:
        given: files, or folders whose files are listed.
        notes: a few words on a file, by its name.

    Attributes:
        paths: the files.
        entries: what the browser is told of each at the start.
        left: how many files were left out.
    """

    def __init__(
        self,
        given: Iterable[str | os.PathLike[str]] | str | os.PathLike[str],
        notes: Mapping[str, str] | None = None,
    ) -> None:
        self.paths: dict[str, Path] = {}
        self._uploads: tempfile.TemporaryDirectory[str] | None = None
        found, self.left = _files([given] if isinstance(given, str | os.PathLike) else given)
        self.entries = [self._listed(path, (notes or {}).get(path.name, "")) for path in found]

    def number(self, path: Path) -> str:
        """Return the number of a path that is on the shelf; empty if it is not."""
        return next((key for key, listed in self.paths.items() if listed == path), "")

    def take(self, name: str, data: bytes) -> dict[str, Any]:
        """Keep an uploaded file, under its own name since scanners look at extensions too, and return its entry."""
        self._uploads = self._uploads or tempfile.TemporaryDirectory(prefix="unpickled-upload-")
        folder = Path(tempfile.mkdtemp(dir=self._uploads.name))
        path = folder / (Path(name.replace("\\", "/")).name[:100] or "file")
        path.write_bytes(data)
        return self._listed(path, "your file")

    def _listed(self, path: Path, note: str) -> dict[str, Any]:
        number = str(len(self.paths) + 1)
        self.paths[number] = path
        size = path.stat().st_size if path.is_file() else -1
        return {"id": number, "label": path.name, "size": size, "note": note}


def too_large(data: bytes, limit: int) -> dict[str, str] | None:
    """Return the message that refuses an upload over the limit; None if it may be taken."""
    if len(data) <= limit:
        return None
    text = f"The file has {len(data):,} bytes; at most {limit:,} are taken here."
    return {"type": "refused", "text": text}


def _files(paths: Iterable[str | os.PathLike[str]]) -> tuple[list[Path], int]:
    """The files named, and those of the folders named, in order; and how many were left out."""
    found: list[Path] = []
    for given in map(Path, paths):
        found.extend(
            sorted(path for path in given.rglob("*") if path.is_file())
            if given.is_dir()
            else [given]
        )
    return found[:FILES], max(0, len(found) - FILES)
