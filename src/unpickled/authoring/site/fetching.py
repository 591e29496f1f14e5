"""What the lock names, brought from the registries by their own clients, checked by its sum, and kept.

A file that was brought once is never asked for again: with a full cache a build needs no network.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from unpickled.authoring.site.lock import Lock, Wheel
from unpickled.errors import SetupError

__all__ = ["CACHE", "fetch"]

CACHE = Path(".cache", "site")
_SECONDS = 600


def fetch(lock: Lock, cache: Path, say: Callable[[str], None]) -> tuple[Path, dict[str, Path]]:
    """Bring everything that is not there yet.

    Args:
        lock: what to bring.
        cache: the folder that keeps it.
        say: told of each thing that is brought.

    Returns:
        Pyodide's archive, and each wheel by its project's name.

    Raises:
        SetupError: a client is missing or fails, or a file is not the one that was pinned.
    """
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / f"pyodide-{lock.pyodide}.tgz"
    if not _is(archive, lock.integrity):
        say(f"bringing pyodide {lock.pyodide} from the npm registry")
        _bring(_npm(lock.pyodide), {archive: lock.integrity})
    wheels = {wheel.name: cache / wheel.file for wheel in lock.wheels}
    missing = [wheel for wheel in lock.wheels if not _is(wheels[wheel.name], wheel.sha256)]
    if missing:
        say(f"bringing {', '.join(wheel.name for wheel in missing)} from PyPI")
        _bring(_pip(missing), {wheels[wheel.name]: wheel.sha256 for wheel in missing})
    return archive, wheels


def _npm(version: str) -> Sequence[str]:
    npm = shutil.which("npm")
    if npm is None:
        problem = "npm is not on PATH, and Pyodide is a package of its registry"
        raise SetupError("the site", problem, "On Debian and Ubuntu: apt install npm")
    return [npm, "pack", "--silent", f"pyodide@{version}"]


def _pip(wheels: Sequence[Wheel]) -> Sequence[str]:
    anywhere = ["--platform", "any", "--implementation", "py", "--abi", "none"]
    wanted = ["--only-binary", ":all:", "--python-version", "3.14", *anywhere]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    return [*pip, "--no-deps", *wanted, *(f"{wheel.name}=={wheel.version}" for wheel in wheels)]


def _bring(command: Sequence[str], goals: Mapping[Path, str]) -> None:
    """Let a client download files into a folder of its own; each gets its place when its sum is right.

    Args:
        command: the client, which is run in that folder.
        goals: the sum of each file, by the place where it is kept.
    """
    names = ", ".join(goal.name for goal in goals)
    with tempfile.TemporaryDirectory(dir=next(iter(goals)).parent, prefix=".new-") as folder:
        try:
            ran = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SetupError(names, f"not brought: {error}", "Try again.") from error
        if ran.returncode:
            told = (ran.stderr.strip().splitlines() or ["no reason given"])[-1]
            remedy = "The network is needed until everything is in .cache/site."
            raise SetupError(names, f"not brought ({told})", remedy)
        for goal, wanted in goals.items():
            if not _is(Path(folder, goal.name), wanted):
                remedy = "Nothing was kept. If the version is meant, make the lock anew: make lock"
                raise SetupError(goal.name, "it is not the file that the lock names", remedy)
        for goal in goals:
            Path(folder, goal.name).replace(goal)


def _is(path: Path, wanted: str) -> bool:
    """Whether a file is there and has the sum, in npm's words ("sha512-" and base64) or sha256 in hex."""
    if not path.is_file():
        return False
    data = path.read_bytes()
    kind, _, rest = wanted.partition("-")
    if rest:
        return base64.b64encode(hashlib.new(kind, data).digest()).decode("ascii") == rest
    return hashlib.sha256(data).hexdigest() == wanted
