"""A new file beside its target: put in its place in one step when it is whole, and gone whatever ends us before."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unpickled.restricted.refusals import ConvertError

__all__ = ["check_draft", "check_target", "draft_of", "put_in_place"]

_GUARD = "import shutil, sys; sys.stdin.read(); shutil.rmtree(sys.argv[1], ignore_errors=True)"
_EXTENSION = ".safetensors"


def check_target(out: Path, model: Path, *, overwrite: bool) -> None:
    """Refuse a target before any work is done for it.

    Raises:
        ConvertError: it is the model itself, has another extension, is there already, or its folder is not.
    """
    place = str(out)
    if out.exists() and model.exists() and out.samefile(model):
        raise ConvertError(place, "it is the model itself", "Name another file to write.")
    if out.suffix != _EXTENSION:
        remedy = f"Name it {out.with_suffix(_EXTENSION).name}: loaders go by the name."
        raise ConvertError(place, f"its name does not end in {_EXTENSION}", remedy)
    if out.is_dir():
        raise ConvertError(place, "it is a folder", "Name a file in it.")
    if os.path.lexists(out) and not overwrite:
        raise _is_there(place)
    if not out.parent.is_dir():
        raise ConvertError(place, "its folder is not there", f"Make it: mkdir -p {out.parent}")


@contextmanager
def draft_of(out: Path) -> Iterator[Path]:
    """Make a folder beside `out`, and name the file in it that a child may write; the folder is removed in the end.

    A process of its own waits for our end, and removes the folder if we were killed.

    Raises:
        ConvertError: there may be no new folder beside `out`.
    """
    folder = out.parent.resolve() / (f".{out.name[:40]}.{secrets.token_hex(8)}")
    guard = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _GUARD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # so that Ctrl-C does not end it
    )
    try:
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise _cannot_write(out, error) from error
        yield folder / "draft.safetensors"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        guard.communicate()


def check_draft(draft: Path, out: Path) -> None:
    """Refuse what a child made that was taken over: a link, a folder, a second name of a file.

    Raises:
        ConvertError: it is no plain file.
    """
    try:
        found = draft.lstat()
    except OSError as error:
        raise _cannot_write(out, error) from error
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise ConvertError(str(out), "what was written is no plain file", "Do not trust the model.")


def put_in_place(draft: Path, out: Path, *, overwrite: bool) -> None:
    """Make a draft safe on the disk, and give it its name in one step.

    Raises:
        ConvertError: another file has come to be there, or the system refuses.
    """
    try:
        draft.chmod(_usual_mode(draft.with_name("mode")))
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        if overwrite:
            draft.replace(out)
            return
        try:
            out.hardlink_to(draft)  # which never takes the place of a file, as a rename would
        except FileExistsError:
            raise _is_there(str(out)) from None
        except OSError:  # not every file system has links
            if os.path.lexists(out):
                raise _is_there(str(out)) from None
            draft.replace(out)
    except OSError as error:
        raise _cannot_write(out, error) from error


def _usual_mode(probe: Path) -> int:
    """Return the permissions that a new file gets here."""
    os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return stat.S_IMODE(probe.stat().st_mode)


def _is_there(place: str) -> ConvertError:
    return ConvertError(place, "it is there already", "Name another file, or say --overwrite.")


def _cannot_write(out: Path, error: OSError) -> ConvertError:
    remedy = "Make room, or see to the folder's permissions."
    return ConvertError(str(out), f"it cannot be written: {error.strerror}", remedy)
