"""One kernel's session: its temporary workspace, and the specimens that a page works on."""

from __future__ import annotations

import atexit
import functools
import os
import reprlib
import shutil
import tempfile
from pathlib import Path
from typing import TypeAlias

from unpickled import specimens
from unpickled.errors import CourseError, SpecimenError

__all__ = ["Material", "found", "specimen", "workspace"]

Material: TypeAlias = bytes | bytearray | memoryview | str | os.PathLike[str]
"""A pickle as a learner has it: its bytes, the path of a file, or the id of a specimen."""


@functools.cache
def workspace() -> Path:
    """Return this kernel's own folder, empty when it starts and removed when it ends.

    UNPICKLED_WORKSPACE names it beforehand, for a site: a path that stands in a file is part of what was recorded of
    it.
    """
    named = os.environ.get("UNPICKLED_WORKSPACE")
    if named:
        Path(named).mkdir()
        atexit.register(shutil.rmtree, named, ignore_errors=True)
        return Path(named).resolve()
    folder = tempfile.TemporaryDirectory(prefix="unpickled-")
    atexit.register(folder.cleanup)
    return Path(folder.name).resolve()


def specimen(identity: str) -> Path:
    """Write one harmless specimen of the catalogue into the workspace.

    Args:
        identity: id of the specimen; `unpickled.specimens.catalogue()` lists them.

    Returns:
        The file. If it is ever loaded, the folder `canary` in the workspace appears, and nothing else happens.

    Raises:
        SpecimenError: there is no such specimen.
    """
    folder = workspace() / "specimens"
    folder.mkdir(exist_ok=True)
    return specimens.write(identity, folder, marker=workspace() / "canary")


def found(material: Material) -> bytes | Path:
    """Return bytes as they are, and a path as a path; a word that is no file is taken for a specimen's id.

    Raises:
        CourseError: it is neither bytes, nor an existing file, nor a specimen.
    """
    if isinstance(material, bytes | bytearray | memoryview):
        return bytes(material)
    if not isinstance(material, str | os.PathLike):
        problem = f"neither bytes, nor a path, nor a specimen's id, but {type(material).__name__}"
        remedy = "Pickle it first: pickle.dumps(...) gives bytes."
        raise CourseError(reprlib.repr(material), problem, remedy)
    path = Path(material)
    if path.exists() or path.name != str(material):
        return path
    try:
        return specimen(path.name)
    except SpecimenError as error:
        raise CourseError(path.name, "neither a file here nor a specimen", error.remedy) from error
