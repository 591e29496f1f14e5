"""One small JSON file of the learner's: locked between processes, replaced whole, set aside where it makes no sense."""

from __future__ import annotations

import itertools
import os
import stat
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from unpickled import here
from unpickled.errors import ProgressError
from unpickled.progress.bounds import END
from unpickled.progress.document import LARGEST, Document, encode

__all__ = ["Kept", "now"]

PATIENCE = 10.0  # seconds to wait for another kernel's write
_CLOCKS = timedelta(days=2)  # by which two machines' clocks may differ


def now() -> datetime:
    """Return the current moment."""
    return datetime.now(UTC)


class Kept(ABC):
    """A file that is kept; making one touches nothing.

    Subclasses name what stands in it under one key, a mapping of records, and how its bytes are read.

    Args:
        path: the file. Its folder is made at the first write.
        clock: gives the current moment; tests set it.
    """

    holds: str  # the document's key under which the records are

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = now) -> None:
        self.path = path.absolute()
        self._clock = clock
        self._notices: list[str] = []

    @abstractmethod
    def _parse(self, raw: bytes) -> tuple[Document, str]:
        """Return what is usable of the file's bytes, and what is wrong with them, empty if nothing is."""

    def take_notices(self) -> tuple[str, ...]:
        """Return, once, what the learner should be told: each file set aside since last asked, and why."""
        taken, self._notices = tuple(self._notices), []
        return taken

    def latest(self) -> str:
        """Return the latest moment that a file from another machine may tell of: now, by a clock that is fast."""
        return (self._clock() + _CLOCKS).astimezone(UTC).isoformat(timespec="seconds")

    def _document(self) -> Document:
        """Return the document for a reader; a damaged file is set aside where that is possible.

        Raises:
            ProgressError: the file is there and may not be read.
        """
        document, damage = self._read()
        if damage:
            try:
                with self._locked():
                    document = self._sound()
            except ProgressError as error:
                self._notices.append(f"{self.path.name} cannot be used ({damage}). {error.remedy}")
        return document

    def _moment(self) -> str:
        """Return the current moment, as a record bears it.

        Raises:
            ProgressError: the clock is a century off; what it dates could not be read again.
        """
        moment = self._clock().astimezone(UTC).isoformat(timespec="seconds")
        if moment >= END:
            problem = f"progress cannot be saved: this machine's clock says {moment[:10]}"
            raise ProgressError(str(self.path), problem, "Set it right, and answer again.")
        return moment

    def _read(self) -> tuple[Document, str]:
        """Return the document, or what can be saved of it, and what is wrong with the file."""
        nothing = self._parse(b"")[0]
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):
                return nothing, "there is a folder or a device in its place"
            with self.path.open("rb") as file:
                raw = file.read(LARGEST + 1)
        except FileNotFoundError:
            return nothing, ""
        except OSError as error:
            remedy = "Give yourself read permission, or set UNPICKLED_PROGRESS to another file."
            raise ProgressError(
                str(self.path), f"cannot be read ({error.strerror})", remedy
            ) from error
        return self._parse(raw)

    def _sound(self) -> Document:
        """Return the document; a file that cannot be used is set aside first. Called under the lock."""
        document, damage = self._read()
        if damage:
            aside = self._aside()
            try:
                self.path.rename(aside)
            except OSError as error:
                raise self._unwritable(error) from error
            kept = len(document[self.holds])
            several = "1 record" if kept == 1 else f"{kept} records"
            saved = f"{several} could be kept" if kept else "a new one is begun"
            self._notices.append(
                f"{self.path.name} could not be used ({damage}). It is kept as {aside.name}; {saved}."
            )
            if kept:
                self._write(document)
        return document

    def _aside(self) -> Path:
        stamp = self._clock().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        names = (
            f"{self.path.stem}.aside-{stamp}{f'-{number}' if number else ''}{self.path.suffix}"
            for number in itertools.count()
        )
        places = map(self.path.with_name, names)
        return next(place for place in places if not os.path.lexists(place))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other kernels out. In a browser nothing can be locked; there one person clicks in one page at a time."""
        if here.in_browser():
            self._make_room()
            yield
            return
        from filelock import FileLock, Timeout  # noqa: PLC0415 - only writers need it

        lock = FileLock(f"{self.path}.lock", timeout=PATIENCE)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            remedy = "Close other notebooks of the course that hang, and try again."
            raise ProgressError(
                str(self.path), "another program has been writing to it for long", remedy
            ) from error
        except (OSError, NotImplementedError) as error:
            raise self._unwritable(error) from error
        try:
            yield
        finally:
            lock.release()

    def _make_room(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error

    def _write(self, document: Document) -> None:
        """Replace the file, whole or not at all, by what can be read again. Called under the lock.

        Leftovers are nobody's, therefore.
        """
        data = encode(document)
        _, damage = self._parse(data)
        if damage:
            problem = f"progress cannot be saved, since it could not be read again: {damage}"
            remedy = "Leave that out, or set UNPICKLED_PROGRESS to a new file."
            raise ProgressError(str(self.path), problem, remedy)
        target = Path(os.path.realpath(self.path))
        prefix = f".{target.name}.new-"
        try:
            for leftover in target.parent.glob(f"{prefix}*"):
                leftover.unlink(missing_ok=True)
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=prefix)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(target)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            _flush(target.parent)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: Exception) -> ProgressError:
        reason = getattr(error, "strerror", None) or str(error)
        remedy = "Free space or allow writing there, or set UNPICKLED_PROGRESS to a file elsewhere."
        return ProgressError(str(self.path), f"progress cannot be saved ({reason})", remedy)


def _flush(folder: Path) -> None:
    """Make the new name itself durable, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    with suppress(OSError):
        os.fsync(handle)
    os.close(handle)
