"""Stamps: what each unit was made from and what came out, so that a build with nothing to do reads and makes nothing.

A stamp holds sha256 sums of everything that decides a unit's files: what it reads, this package's own source, and the
versions of all installed packages; and of its files as they stand on the disk. Times of files decide nothing, since a
checkout sets them as it likes. The stamps are this machine's own (`.unpickled/build.json`, never committed), and the
stale-file gate does not look at them.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from unpickled.authoring.files import Output, write
from unpickled.authoring.units import Unit
from unpickled.errors import SetupError

__all__ = ["Stamps", "maker", "sum_of"]

STAMPS = Path(".unpickled", "build.json")
PACKAGE = Path(__file__).resolve().parents[1]


class Stamps:
    """The stamps of one course.

    Args:
        root: the course's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._maker = maker()
        self._known = self._read()

    def current(self, unit: Unit) -> int:
        """Return how many files a unit has, when every one of them is up to date by its stamp; 0 otherwise."""
        stamp = self._known.get(unit.name)
        if not isinstance(stamp, dict) or stamp.get("inputs") != self._inputs(unit):
            return 0
        files: Mapping[str, str] = stamp["files"]
        return len(files) if _sums(self._root, files) == files else 0

    def put(self, unit: Unit, made: Iterable[Output]) -> None:
        """Stamp a unit that has just been written."""
        names = [output.path.relative_to(self._root).as_posix() for output in made]
        self._known[unit.name] = {
            "inputs": self._inputs(unit),
            "files": _sums(self._root, names),
        }
        data = json.dumps(self._known, indent=1, sort_keys=True).encode()
        with suppress(SetupError):  # without stamps the next build does more, and nothing worse
            write([Output(self._root / STAMPS, data)])

    def _inputs(self, unit: Unit) -> str:
        digest = hashlib.sha256(self._maker.encode())
        for pattern in unit.reads:
            for path in sorted(self._root.glob(pattern)):
                name = path.relative_to(self._root).as_posix()
                digest.update(f"\0{name}\0{sum_of(path)}".encode())
        return digest.hexdigest()

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads((self._root / STAMPS).read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def maker() -> str:
    """Return one sum over what makes the files: this package's source, Python, and the installed packages' versions."""
    digest = hashlib.sha256(sys.version.encode())
    for path in _source(PACKAGE):
        digest.update(f"\0{path[len(str(PACKAGE)) :]}\0".encode())
        digest.update(Path(path).read_bytes())
    for folder in sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}):
        names = sorted(name for name in os.listdir(folder) if name.endswith(".dist-info"))  # noqa: PTH208 - twice as fast
        digest.update("\0".join(names).encode())
    return digest.hexdigest()


def sum_of(path: Path) -> str:
    """Return a file's sha256 in hex; "" for one that is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _sums(root: Path, names: Iterable[str]) -> dict[str, str]:
    return {name: sum_of(root / name) for name in names}


def _source(folder: Path) -> Iterator[str]:
    """Yield every file of the package but compiled ones, in an order that does not depend on the disk."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (os.path.join(where, name) for name in sorted(names))  # noqa: PTH118 - as above
