"""The progress file itself: locked between processes, replaced whole, and set aside where it cannot be understood."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from unpickled.errors import ProgressError
from unpickled.progress.document import LARGEST, Document, Record, empty, parse, record, status

__all__ = ["Progress", "progress_path"]

PATIENCE = 10.0  # seconds to wait for another kernel's write


def progress_path(root: Path) -> Path:
    """Return where progress is kept: UNPICKLED_PROGRESS, or `.unpickled/progress.json` below the course."""
    named = os.environ.get("UNPICKLED_PROGRESS")
    return Path(named).expanduser() if named else root / ".unpickled" / "progress.json"


class Progress:
    """A progress file; making one touches nothing.

    Args:
        path: the file. Its folder is made at the first write.
        version: the course's content version, noted with each change.
        clock: gives the current moment; tests set it.
    """

    def __init__(
        self,
        path: Path,
        *,
        version: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.path = path.absolute()
        self._version = version
        self._clock = clock
        self._notices: list[str] = []

    def take_notices(self) -> tuple[str, ...]:
        """Return, once, what the learner should be told: each file set aside since last asked, and why."""
        taken, self._notices = tuple(self._notices), []
        return taken

    def records(self) -> dict[str, Record]:
        """Return every exercise's record by id.

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
        return {key: record(entry) for key, entry in document["exercises"].items()}

    def status(self, exercise: str, *, item: str = "") -> str:
        """Return "new", "tried", "done", or "changed": solved, but the exercise is not the same any more."""
        return status(self.records().get(exercise), item=item)

    def attempt(self, exercise: str, *, correct: bool, item: str = "") -> Record:
        """Count one answer. What was solved once stays solved, whatever follows.

        Args:
            exercise: its stable id.
            correct: whether the answer was right.
            item: fingerprint of the exercise as it is now.

        Raises:
            ProgressError: the file cannot be written.
        """

        def change(entry: Document) -> None:
            entry["tries"] += 1
            if correct or entry["state"] != "done":
                entry["state"] = "done" if correct else "tried"
                entry["item"] = item
                entry["version"] = self._version

        return self._change(exercise, change)

    def hint(self, exercise: str, tier: int, *, item: str = "") -> Record:
        """Note that the hints up to `tier` (1 is the first) are open.

        Raises:
            ProgressError: the file cannot be written.
        """

        def change(entry: Document) -> None:
            entry["hints"] = max(entry["hints"], tier)
            if entry["state"] != "done":
                entry["item"] = item
                entry["version"] = self._version

        return self._change(exercise, change)

    def reset(self, exercise: str) -> bool:
        """Forget one exercise; returns whether there was anything to forget.

        Raises:
            ProgressError: the file cannot be written.
        """
        with self._locked():
            document = self._sound()
            known = document["exercises"].pop(exercise, None) is not None
            if known:
                self._write(document)
        return known

    def reset_all(self) -> int:
        """Forget every exercise; returns how many there were.

        Raises:
            ProgressError: the file cannot be written.
        """
        with self._locked():
            document = self._sound()
            count = len(document["exercises"])
            if count:
                self._write({**document, "exercises": {}})
        return count

    def _change(self, exercise: str, change: Callable[[Document], None]) -> Record:
        with self._locked():
            document = self._sound()
            fresh = {"state": "tried", "tries": 0, "hints": 0, "version": self._version, "item": ""}
            entry = document["exercises"].setdefault(exercise, fresh)
            change(entry)
            entry["when"] = self._clock().astimezone(UTC).isoformat(timespec="seconds")
            self._write(document)
            return record(entry)

    def _read(self) -> tuple[Document, str]:
        """Return the document, or what can be saved of it, and what is wrong with the file."""
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):
                return empty(), "there is a folder or a device in its place"
            with self.path.open("rb") as file:
                raw = file.read(LARGEST + 1)
        except FileNotFoundError:
            return empty(), ""
        except OSError as error:
            remedy = "Give yourself read permission, or set UNPICKLED_PROGRESS to another file."
            raise ProgressError(
                str(self.path), f"cannot be read ({error.strerror})", remedy
            ) from error
        return parse(raw)

    def _sound(self) -> Document:
        """Return the document; a file that cannot be used is set aside first. Called under the lock."""
        document, damage = self._read()
        if damage:
            aside = self._aside()
            try:
                self.path.rename(aside)
            except OSError as error:
                raise self._unwritable(error) from error
            kept = len(document["exercises"])
            saved = f"{kept} records could be kept" if kept else "a new one is begun"
            self._notices.append(
                f"{self.path.name} could not be used ({damage}). It is kept as {aside.name}; {saved}."
            )
            if kept:
                self._write(document)
        return document

    def _aside(self) -> Path:
        stamp = self._clock().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        for number in range(1000):
            name = (
                f"{self.path.stem}.aside-{stamp}{f'-{number}' if number else ''}{self.path.suffix}"
            )
            if not os.path.lexists(self.path.with_name(name)):
                break
        return self.path.with_name(name)

    @contextmanager
    def _locked(self) -> Iterator[None]:
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

    def _write(self, document: Document) -> None:
        """Replace the file, whole or not at all. Called under the lock, so leftovers are nobody's."""
        data = json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"
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
