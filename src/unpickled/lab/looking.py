"""Looking at a file without loading it: its steps, its format, the scanners' verdict."""

from __future__ import annotations

import os

from unpickled import here, pickles, scanners, weights
from unpickled.lab.session import Material, found

__all__ = ["identify", "scan", "trace"]


def trace(material: Material) -> pickles.Trace:
    """Record every step of a pickle: bytes, a file (archives are looked into) or a specimen's id.

    Raises:
        CourseError: there is no such file, or no pickle in it.
    """
    given = found(material)
    data = given if isinstance(given, bytes) else weights.read_pickle(given).data
    return pickles.record(data)


def identify(path: str | os.PathLike[str]) -> weights.Format:
    """Tell a file's format by its content; a specimen's id will do for the path."""
    return weights.identify(_path(path))


def scan(path: str | os.PathLike[str]) -> scanners.FileReport:
    """Ask both scanners about a file, and judge their answers; a specimen's id will do for the path."""
    report = scanners.scan(_path(path))
    for one in report.reports:
        if here.RECORDED in one.version:
            here.tell_recorded(one.scanner)
    return report


def _path(path: str | os.PathLike[str]) -> str | os.PathLike[str]:
    given = found(path)
    return path if isinstance(given, bytes) else given
