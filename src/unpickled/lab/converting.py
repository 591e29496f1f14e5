"""A safetensors file made of a PyTorch file in a cell: scanned, loaded in a child, proved equal."""

from __future__ import annotations

import os
from pathlib import Path

from unpickled import checking, restricted, scanners
from unpickled.errors import CourseError
from unpickled.lab.session import Material, found, workspace

__all__ = ["convert"]


def convert(model: Material, out: str | os.PathLike[str]) -> restricted.Conversion:
    """Write a PyTorch file's tensors as safetensors, as `unpickled convert` does.

    A file of which tracing proves that it only rebuilds tensors is loaded without bubblewrap too; any other needs it.

    Args:
        model: a file or a specimen's id. It has to be clean for both scanners.
        out: the file to write. In `workspace()` an older one gives way.

    Raises:
        CourseError: it is no such file, not clean, or cannot be converted; nothing was written.
    """
    given = found(model)
    if isinstance(given, bytes):
        raise CourseError("bytes", "only a file can be converted", "Write them to a file first.")
    goal = Path(out)
    overwrite = goal.absolute().parent.resolve() == workspace()
    restricted.check_request(given, goal, overwrite=overwrite)
    since = restricted.stamp(given)
    report = scanners.scan(given)
    if report.verdict is not scanners.Verdict.CLEAN:
        problem = f"the scan does not find it clean, but {report.verdict}"
        raise restricted.RefusedError(given.name, problem, report.advice)
    return restricted.convert(
        given,
        goal,
        overwrite=overwrite,
        since=since,
        without_wall="proved harmless" if _only_tensors(given) else "none",
    )


def _only_tensors(path: Path) -> bool:
    told = checking.deeds(path.read_bytes(), path.name)
    return told.harmless and not told.folders
