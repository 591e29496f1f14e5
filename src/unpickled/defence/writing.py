"""A whole file or none: written beside its place, made safe on the disk, and given its name in one step."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from unpickled.defence.refusals import GuardError

__all__ = ["DRAFT", "cannot_write", "require_place", "sync_folder", "write_whole"]

DRAFT = ".unpickled-draft-"
"""How the name of every unfinished file begins; one that a killed process left behind may be deleted."""


def require_place(path: Path, *, overwrite: bool = False, folder: bool = False) -> None:
    """Refuse a place where no file could be written, before any work is done for it.

    Args:
        path: where to.
        overwrite: whether a file may be there.
        folder: whether it will be a new folder.

    Raises:
        GuardError: something is there already, or there is no folder to write in.
    """
    if not path.name or (overwrite and path.is_dir() and not folder):
        raise cannot_write(path, IsADirectoryError(errno.EISDIR, ""))
    if os.path.lexists(path) and folder:
        raise GuardError(str(path), "it is there already", "Name a folder that is not there yet.")
    if os.path.lexists(path) and not overwrite:
        raise _is_there(path)
    if not path.parent.is_dir():
        raise cannot_write(path, FileNotFoundError(errno.ENOENT, ""))


def write_whole(
    path: Path,
    data: bytes | Iterable[bytes | memoryview],
    *,
    overwrite: bool = False,
    private: bool = False,
) -> None:
    """Write a file so that at any moment there is the old one (or none), or the new one, and never a part of it.

    Args:
        path: the file.
        data: all of its bytes, or the pieces of them; what raises while it gives them leaves no file.
        overwrite: whether it may take the place of a file.
        private: whether only its owner may read it.

    Raises:
        GuardError: it is there already, or the system refuses; nothing was changed.
    """
    draft = path.with_name(f"{DRAFT}{secrets.token_hex(8)}")
    try:
        try:
            _write(draft, [data] if isinstance(data, bytes) else data, 0o600 if private else 0o666)
            _give_name(draft, path, overwrite=overwrite)
        finally:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
        sync_folder(path.parent)
    except FileExistsError:
        raise _is_there(path) from None
    except OSError as error:
        raise cannot_write(path, error) from error


def _write(draft: Path, pieces: Iterable[bytes | memoryview], mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    opened = os.open(draft, flags, mode)
    try:
        for piece in pieces:
            left = memoryview(piece)
            while left:
                left = left[os.write(opened, left) :]
        os.fsync(opened)
    finally:
        os.close(opened)


def _give_name(draft: Path, path: Path, *, overwrite: bool) -> None:
    if overwrite:
        draft.replace(path)
        return
    try:
        path.hardlink_to(draft)  # which never takes the place of a file, as a rename would
    except FileExistsError:
        raise
    except OSError:  # not every file system has links
        if os.path.lexists(path):
            raise FileExistsError from None
        draft.replace(path)


def _is_there(path: Path) -> GuardError:
    remedy = "Name another file, or say --overwrite."
    return GuardError(str(path), "it is there already", remedy)


def sync_folder(folder: Path) -> None:
    """Make a folder's list of names safe on the disk, where the system can do that."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):  # some network file systems refuse, or nobody may list it
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def cannot_write(path: Path, error: OSError) -> GuardError:
    """Turn what the system says into one line."""
    if error.errno == errno.ENOENT and not path.parent.is_dir():
        return GuardError(str(path), "its folder is not there", f"Make it: mkdir -p {path.parent}")
    if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:  # another process was first
        return GuardError(str(path), "it is there already", "Name a folder that is not there yet.")
    if error.errno == errno.EISDIR:
        return GuardError(str(path), "it is a folder", "Name a file in it.")
    if error.errno == errno.ENOENT:  # as /proc says it
        return GuardError(str(path), "its folder takes no files", "Name another folder.")
    remedy = "Make room, or see to the folder's permissions. Nothing was changed."
    return GuardError(str(path), f"it cannot be written: {error.strerror or error}", remedy)
