"""Pin a folder, and verify it: each file that is changed, added, missing, renamed or no plain file is named."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from unpickled.defence.folder import Changed, File, Listing, list_folder
from unpickled.defence.hashing import Advance, Digest, hash_files
from unpickled.defence.lock import Lock, Pin, clash
from unpickled.defence.names import LONGEST, spelled
from unpickled.defence.refusals import GuardError, RefusedError

__all__ = [
    "Fault",
    "FaultKind",
    "Verification",
    "pin_folder",
    "pinned_size",
    "require_plain",
    "verify_folder",
]

FaultKind: TypeAlias = Literal[
    "changed", "added", "missing", "renamed", "symlink", "special", "unreadable"
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One file that is not as it was pinned.

    Attributes:
        kind: what is wrong.
        name: the file, as a lock spells it; of a renamed one the name that was pinned.
        detail: what was found, in a few words.
    """

    kind: FaultKind
    name: str
    detail: str

    def __str__(self) -> str:
        return (
            f"{self.kind}: {self.name} ({self.detail})"
            if self.detail
            else f"{self.kind}: {self.name}"
        )


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of comparing a folder with its lock.

    Attributes:
        lock: what was pinned.
        faults: in the order of their names; empty if the folder is what was pinned.
    """

    lock: Lock
    faults: tuple[Fault, ...]

    @property
    def unjudged(self) -> bool:
        """Whether there is no known difference, but a file that could not be read."""
        return bool(self.faults) and all(fault.kind == "unreadable" for fault in self.faults)


def pinned_size(folder: str | os.PathLike[str], *, lock: Path | None = None) -> int:
    """Return how many bytes a pin or a verification has to read at the most."""
    return sum(file.size for file in list_folder(folder, but=lock).files)


def pin_folder(
    folder: str | os.PathLike[str],
    *,
    lock: Path | None = None,
    advance: Advance = lambda _: None,
) -> Lock:
    """Hash every file of a folder.

    Args:
        folder: the folder.
        lock: where the lock will be written; left out if that is in the folder.
        advance: told how many more bytes were hashed.

    Raises:
        RefusedError: it holds a link or a special file, no file at all, or two names that are one elsewhere.
        GuardError: something in it cannot be read, or changed meanwhile.
    """
    place = os.fspath(folder)
    listing = list_folder(folder, but=lock)
    require_plain(listing, place)
    digests = hash_files(listing.files, advance)
    return Lock.of(_pin(file, digests[file.name], place) for file in listing.files)


def verify_folder(
    folder: str | os.PathLike[str],
    lock: Lock,
    *,
    path: Path | None = None,
    advance: Advance = lambda _: None,
) -> Verification:
    """Compare a folder with its lock. Only what may still agree is hashed: a file of another size is not.

    Args:
        folder: the folder.
        lock: what was pinned.
        path: where the lock lies; left out if that is in the folder.
        advance: told how many more bytes were hashed.

    Raises:
        GuardError: there is no such folder.
    """
    listing = list_folder(folder, but=path)
    pins = {pin.name: pin for pin in lock.pins}
    files = {file.name: file for file in listing.files}
    missing = [pin for name, pin in pins.items() if name not in files]
    sizes = {pin.size for pin in missing}
    to_hash = [
        file
        for file in listing.files
        if (file.size == pins[file.name].size if file.name in pins else file.size in sizes)
    ]
    digests = hash_files(to_hash, advance)
    faults = [
        *(Fault(odd.kind, spelled(odd.name), odd.detail) for odd in listing.odd),  # type: ignore[arg-type]
        *_of_pinned(pins, files, digests),
        *_of_moved(
            missing, [file for file in listing.files if file.name not in pins], digests, listing
        ),
    ]
    return Verification(lock, tuple(sorted(faults, key=lambda fault: fault.name)))


def require_plain(listing: Listing, place: str) -> None:
    """Refuse a folder that holds no file, a link, a special file, or two names that are one elsewhere.

    Raises:
        RefusedError: it does.
        GuardError: something in it cannot be looked at.
    """
    for odd in listing.odd:
        name = f"{place}: {spelled(odd.name)}"
        if odd.kind == "unreadable":
            raise GuardError(name, odd.detail, "See to its permissions.")
        remedy = (
            "Pin a copy in which links are files: cp -rL"
            if odd.kind == "symlink"
            else "Take it out."
        )
        raise RefusedError(name, f"{odd.detail}, and only plain files are pinned or signed", remedy)
    if not listing.files:
        raise RefusedError(place, "the folder holds no file", "Check the path.")
    for file in listing.files:
        if len(os.fsencode(file.name)) > LONGEST:
            problem = f"a path in it is longer than {LONGEST:,} bytes: {spelled(file.name)[:60]}…"
            raise RefusedError(place, problem, "Rename its folders.")
    same = clash([file.name for file in listing.files])
    if same:
        problem = f"{spelled(same[0])} and {spelled(same[1])} are one name on macOS and Windows"
        raise RefusedError(place, problem, "Rename one of them.")


def _pin(file: File, digest: Digest, place: str) -> Pin:
    name = f"{place}: {spelled(file.name)}"
    if isinstance(digest, Changed):
        raise GuardError(
            name, "it changed while it was read", "Pin again when nobody writes to it."
        )
    if isinstance(digest, OSError):
        raise GuardError(name, digest.strerror or str(digest), "See to its permissions.")
    return Pin(file.name, digest, file.size)


def _of_pinned(
    pins: dict[str, Pin], files: dict[str, File], digests: dict[str, Digest]
) -> Iterator[Fault]:
    """Yield a fault for each file that is there and is not what was pinned under its name."""
    for name in pins.keys() & files.keys():
        pin, file, digest = pins[name], files[name], digests.get(name)
        if digest is None:
            yield Fault("changed", spelled(name), f"{file.size} bytes, pinned were {pin.size}")
        elif isinstance(digest, OSError):
            yield Fault("unreadable", spelled(name), digest.strerror or str(digest))
        elif isinstance(digest, Changed):
            yield Fault("changed", spelled(name), "while it was read")
        elif digest != pin.sha256:
            yield Fault(
                "changed", spelled(name), f"sha256 {digest[:12]}…, pinned was {pin.sha256[:12]}…"
            )


def _of_moved(
    missing: Iterable[Pin], added: Iterable[File], digests: dict[str, Digest], listing: Listing
) -> Iterator[Fault]:
    """Yield a fault for each pin without a file and each file without a pin; both at once where their bytes agree."""
    odd = {one.name for one in listing.odd}
    homeless: dict[tuple[int, str], list[str]] = {}
    for file in added:
        digest = digests.get(file.name)
        key = (file.size, digest if isinstance(digest, str) else f"of its own: {file.name}")
        homeless.setdefault(key, []).append(file.name)
    for pin in missing:
        moved = homeless.get((pin.size, pin.sha256))
        if pin.name in odd:
            continue  # told already: a link or a device is in its place
        if moved:
            yield Fault("renamed", spelled(pin.name), f"now {spelled(moved.pop(0))}")
        else:
            yield Fault("missing", spelled(pin.name), "")
    for names in homeless.values():
        yield from (Fault("added", spelled(name), "") for name in names)
