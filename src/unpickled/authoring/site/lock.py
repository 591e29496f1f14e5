"""`locks/site.toml`: what of other people's goes into the site, each file pinned by its sum.

Pyodide is a package of the npm registry, pinned by the registry's own sum (sha512); the wheels are pure Python,
pinned by sha256. The lock holds names, versions and sums, and no address: pip and npm know where their registries are.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from unpickled.errors import ContentError

__all__ = ["LOCK", "Lock", "Wheel", "read_lock"]

LOCK = Path("locks", "site.toml")


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel: its project, version, file, sha256 in hex, and the modules that it brings."""

    name: str
    version: str
    file: str
    sha256: str
    imports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lock:
    """Pyodide's version and sum as npm writes it ("sha512-…"), and the wheels."""

    pyodide: str
    integrity: str
    wheels: tuple[Wheel, ...]

    @property
    def modules(self) -> frozenset[str]:
        """Every module that the wheels bring."""
        return frozenset(name for wheel in self.wheels for name in wheel.imports)


def read_lock(root: Path) -> Lock:
    """Read the lock of a checkout.

    Raises:
        ContentError: it is missing or says something else.
    """
    path = root / LOCK
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        wheels = tuple(Wheel(**{**one, "imports": tuple(one["imports"])}) for one in told["wheel"])
        return Lock(told["pyodide"]["version"], told["pyodide"]["integrity"], wheels)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        problem = f"it cannot be read ({type(error).__name__}: {error})"
        raise ContentError(LOCK.as_posix(), problem, "Make it anew: make lock") from error
