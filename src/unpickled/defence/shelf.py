"""The registry that needs no server: an OCI image layout, whose index is sealed by the curator.

    oci-layout   index.json   blobs/sha256/<64 digits>

Blobs come first, each whole and by its own digest, and the index last, in one step: whoever is killed in between leaves
blobs that nothing names. One publisher at a time holds the lock; readers need none.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unpickled.defence.artifact import MANIFEST, Blob, Manifest, Reference
from unpickled.defence.folder import Changed, File, open_file, stamp
from unpickled.defence.reading import LARGEST, read_small
from unpickled.defence.refusals import GuardError, RefusedError
from unpickled.defence.registry import Entry, not_there, other_bytes, verified, whole
from unpickled.defence.seals import canonical, check_seal, seal
from unpickled.defence.writing import DRAFT, cannot_write, write_whole

__all__ = ["Shelf"]

_LAYOUT = canonical({"imageLayoutVersion": "1.0.0"})
_INDEX = "application/vnd.oci.image.index.v1+json"
_SEALED = "application/vnd.unpickled.index.v1+json"
_SEAL, _REF, _CREATED = (
    "org.unpickled.seal",
    "org.opencontainers.image.ref.name",
    "org.opencontainers.image.created",
)
_CHUNK = 1 << 20
_LOCK = ".lock"
_SOON = 1.0  # seconds until it is told that another publisher is waited for
_PATIENCE = 600.0  # seconds for that one to be done


@dataclass(frozen=True, slots=True)
class Shelf:
    """A registry in a folder."""

    path: Path

    def manifest(self, reference: Reference, curator: Path) -> bytes:
        """Return the manifest of an artifact that the index names, verified by its digest.

        Raises:
            RefusedError: the index is not the curator's, or does not name it, or its bytes are others.
            GuardError: there is no registry, or it cannot be read.
        """
        for one in self.entries(curator):
            if one.reference == reference:
                return self.read(Blob(MANIFEST, reference.digest, one.size), reference)
        raise not_there(reference)

    def entries(
        self,
        curator: Path,
        name: str = "",
        *,
        left_out: Callable[[GuardError], object] = lambda _: None,  # noqa: ARG002 - the index is read whole, or not
    ) -> tuple[Entry, ...]:
        """Return what is there, or what has this name, if the index is sealed by this curator.

        Raises:
            RefusedError: the index is not the curator's.
            GuardError: there is no registry, or it cannot be read.
        """
        place = str(self.path / "index.json")
        if not os.path.lexists(place):
            remedy = "Check the path, or publish to it first: unpickled guard publish"
            raise GuardError(str(self.path), "there is no registry here", remedy)
        data = read_small(Path(place), "Ask the curator.")
        try:
            index = json.loads(data)
            sealed = index["annotations"].pop(_SEAL)
            entries = tuple(map(_entry, index["manifests"]))
            body = canonical(index)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise GuardError(place, "it is no index of a registry", "Ask the curator.") from None
        check_seal(body, _SEALED, sealed, curator, place)
        return tuple(one for one in entries if name in ("", one.reference.name))

    @contextlib.contextmanager
    def held(self, waits: Callable[[], object] = lambda: None) -> Iterator[Path]:
        """Hold the registry for one publisher, and give a folder in it for unfinished things.

        A registry that is not there yet is made. What a killed publisher left unfinished is removed.

        Args:
            waits: told, once and after a moment, that another publisher is waited for.

        Raises:
            GuardError: the folder is no registry, another publisher does not end, or the system refuses.
        """
        from filelock import Timeout  # noqa: PLC0415 - readers need none

        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._require_ours()
            with _alone(self.path / _LOCK, waits):
                self._sweep()
                (self.path / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
                if not (self.path / "oci-layout").exists():
                    write_whole(self.path / "oci-layout", _LAYOUT)
                draft = self.path / f"{DRAFT}{os.getpid()}"
                draft.mkdir(mode=0o700)
                try:
                    yield draft
                finally:
                    shutil.rmtree(draft, ignore_errors=True)
        except Timeout:
            remedy = "Wait for it to end, then publish again."
            raise GuardError(str(self.path), "another publisher is at work", remedy) from None
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def keep(self, staged: Path, blob: Blob, name: str) -> None:  # noqa: ARG002 - a server has a place for each name
        """Give a whole file its place among the blobs; one that is there already is replaced by the same bytes."""
        staged.replace(self._blob(blob.digest))

    def add(self, reference: Reference, manifest: bytes, when: str, key: Path) -> None:
        """Name an artifact in the index, whose other blobs are all there.

        Raises:
            RefusedError: the index that is there is sealed by another key, or it is gone.
            GuardError: the key cannot be used, or the system refuses.
        """
        # What is there already is sealed anew only if it was this curator who sealed it.
        if not os.path.lexists(self.path / "index.json"):
            self._require_none()
            # From now on a model without an index is one that lost it, killed in between or not.
            self._write_index((), key)
        kept = (one for one in self.entries(key) if one.reference != reference)
        write_whole(self._blob(reference.digest), manifest, overwrite=True)
        self._write_index((*kept, Entry(reference, len(manifest), when)), key)

    def _write_index(self, entries: tuple[Entry, ...], key: Path) -> None:
        notes = {"org.unpickled.index": "1"}
        body = {
            "schemaVersion": 2,
            "mediaType": _INDEX,
            "manifests": [_described(one) for one in entries],
            "annotations": notes,
        }
        notes[_SEAL] = seal(canonical(body), _SEALED, key)
        write_whole(self.path / "index.json", canonical(body), overwrite=True)

    def _require_none(self) -> None:
        """Refuse to begin a new index where models lie that an index named.

        Raises:
            RefusedError: they do.
        """
        names = (entry.name for entry in (self.path / "blobs" / "sha256").iterdir())
        if any(map(self._is_manifest, names)):
            problem = "its index.json is gone, and models are there that it named"
            remedy = "Put it back from a copy: a new one would leave them out."
            raise RefusedError(str(self.path), problem, remedy)

    def _is_manifest(self, name: str) -> bool:
        path = self._blob(name)
        try:
            if path.stat().st_size <= LARGEST:
                Manifest.parse(read_small(path, ""), name)
                return True
        except (GuardError, OSError):
            return False
        return False

    def read(self, blob: Blob, reference: Reference) -> bytes:
        """Return a small blob, whole and verified; raises as `pieces`, and for one that is too large."""
        return whole(self.pieces(blob, reference), blob, reference)

    def pieces(self, blob: Blob, reference: Reference) -> Iterator[bytes]:
        """Yield a blob's bytes; where they turn out not to be its own, the end is an error.

        Raises:
            RefusedError: its bytes are others, or it is no plain file.
            GuardError: it is not there, or cannot be read.
        """
        path = self._blob(blob.digest)
        try:
            with open_file(File(blob.digest, str(path), stamp(path.lstat()))) as stream:
                yield from verified(iter(lambda: stream.read(_CHUNK), b""), blob, reference)
        except (FileNotFoundError, NotADirectoryError):
            remedy = "It was removed, or a copy of the registry is not whole."
            problem = f"the registry does not have {blob.digest}"
            raise GuardError(str(reference), problem, remedy) from None
        except OSError as error:
            problem = f"{blob.digest}: {error.strerror}"
            raise GuardError(str(reference), problem, "Check the disk.") from error
        except Changed:
            raise other_bytes(blob, reference) from None

    def _blob(self, digest: str) -> Path:
        return self.path / "blobs" / "sha256" / digest.removeprefix("sha256:")

    def _require_ours(self) -> None:
        """Refuse to make a registry among other people's files."""
        names = {entry.name for entry in self.path.iterdir()}
        others = {name for name in names - {_LOCK, "blobs"} if not name.startswith(DRAFT)}
        if others and "oci-layout" not in names:
            remedy = "Name a new or an empty folder."
            raise GuardError(str(self.path), "it is no registry, and not empty", remedy)

    def _sweep(self) -> None:
        for folder in (self.path, self.path / "blobs" / "sha256"):
            for left in folder.glob(f"{DRAFT}*"):
                if left.is_dir() and not left.is_symlink():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(path: Path, waits: Callable[[], object]) -> Iterator[None]:
    from filelock import FileLock, Timeout  # noqa: PLC0415 - readers need none

    lock = FileLock(path)
    try:
        lock.acquire(timeout=_SOON)
    except Timeout:
        waits()
        lock.acquire(timeout=_PATIENCE)
    try:
        yield
    finally:
        lock.release()


def _described(entry: Entry) -> dict[str, Any]:
    """Return an OCI descriptor of an artifact's manifest."""
    notes = {_REF: entry.reference.name, _CREATED: entry.admitted}
    digest = entry.reference.digest
    return {"mediaType": MANIFEST, "digest": digest, "size": entry.size, "annotations": notes}


def _entry(found: dict[str, Any]) -> Entry:
    notes = found["annotations"]
    reference = Reference.parse(f"{notes[_REF]}@{found['digest']}")
    if found["mediaType"] != MANIFEST or type(found["size"]) is not int:
        raise ValueError
    return Entry(reference, found["size"], str(notes[_CREATED]))
