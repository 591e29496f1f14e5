"""A private folder for unfinished things, in the system's temporary place or a named one; leftovers are swept.

Each folder is locked by its process, and the system takes the lock away when the process ends, however it ends: so an
unlocked folder is nobody's.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import weakref
from pathlib import Path

from unpickled.defence.refusals import GuardError
from unpickled.defence.writing import cannot_write

__all__ = ["Scratch", "no_room", "require_room"]

_REMEDY = "Make room there, or name another place: TMPDIR=…"


class Scratch:
    """A folder that only this account can look into, until it is closed by the process that made it.

    Args:
        prefix: how its name begins; older folders of this account with it that nobody holds are removed.
        where: the folder to make it in; by default the system's temporary place.

    Raises:
        GuardError: the system refuses.
    """

    def __init__(self, prefix: str, where: Path | None = None) -> None:
        place = where or Path(tempfile.gettempdir())
        try:
            _sweep(prefix, place)
            self._path, lock = _made(prefix, place)
        except OSError as error:
            raise (cannot_write if where else no_room)(place, error) from error
        self.close = weakref.finalize(self, _remove, self._path, lock, os.getpid())

    @property
    def path(self) -> Path:
        """The folder, with no link on the way to it."""
        return self._path


def no_room(place: Path, error: OSError) -> GuardError:
    """Turn what the system says about the temporary place into one line."""
    return GuardError(str(place), f"no copy can be made: {error.strerror or error}", _REMEDY)


def require_room(folder: Path, size: int) -> None:
    """Refuse to begin a copy that has no room: a file with holes is larger than what it takes.

    Raises:
        GuardError: the place has fewer bytes left.
    """
    left = shutil.disk_usage(folder).free
    if size > left:
        problem = f"no copy can be made: it takes {size:,} bytes, and {left:,} are free"
        raise GuardError(str(folder.parent), problem, _REMEDY)


def _made(prefix: str, place: Path) -> tuple[Path, int]:
    """Make a folder and lock it; one that was swept in between is made again."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=place)).resolve()
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(path, os.O_RDONLY) if os.name != "nt" else -1
            if _locked(lock, wait=True) and path.exists():
                return path, lock
            os.close(lock)


def _locked(lock: int, *, wait: bool) -> bool:
    try:
        import fcntl  # noqa: PLC0415 - not on Windows, where nothing is swept
    except ImportError:
        return wait
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return wait  # some file systems have no locks: then it is used, and never swept
    return True


def _sweep(prefix: str, place: Path) -> None:
    if os.name == "nt":
        return
    for path in place.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
            try:
                if os.fstat(lock).st_uid == os.getuid() and _locked(lock, wait=False):
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


def _remove(path: Path, lock: int, maker: int) -> None:
    if os.getpid() != maker:  # a fork: the folder is its parent's
        return
    shutil.rmtree(path, ignore_errors=True)
    if lock >= 0:
        os.close(lock)
