"""Folders: every entry below a path is accounted for, as a file to scan or as a reason why not."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from unpickled.errors import ScanError
from unpickled.scanners.scan import SCANNERS, could_not, scan
from unpickled.scanners.verdicts import FileReport
from unpickled.weights import NotAFileError, reading_problem, what_it_is

__all__ = ["Survey", "Target", "report_on", "scan_tree", "survey"]


@dataclass(frozen=True, slots=True)
class Target:
    """One path to report on; `problem` says why it is not going to be opened, None if it is."""

    path: str
    problem: ScanError | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """What the given paths come to: the targets in order, and how many files `ignore` left out."""

    targets: tuple[Target, ...]
    ignored: int


def survey(paths: Iterable[str | os.PathLike[str]], *, ignore: Sequence[str] = ()) -> Survey:
    """List all files below some paths, sorted by name, hidden ones too; nothing is opened.

    Args:
        paths: files and folders. A folder's entry is reported as the folder's path joined with the rest.
        ignore: shell patterns; a file is left out, and counted, if one fits its name, its path below the given
            path, or the name of a folder on the way.
    """
    targets: list[Target] = []
    ignored = 0
    for path in paths:
        root = os.fspath(path)
        found = list(_below(root)) if _is_dir(root) else [Target(root)]
        kept = [target for target in found if not _ignored(target.path, root, ignore)]
        left_out = len(found) - len(kept)
        ignored += left_out
        if not kept:
            kept = [Target(root, _nothing_here(root, left_out))]
        targets += kept
    return Survey(tuple(targets), ignored)


def scan_tree(
    paths: Iterable[str | os.PathLike[str]],
    *,
    ignore: Sequence[str] = (),
    scanners: Sequence[str] = SCANNERS,
) -> Iterator[FileReport]:
    """Scan files and folders; yields one report for each entry as it is done."""
    for target in survey(paths, ignore=ignore).targets:
        yield report_on(target, scanners=scanners)


def report_on(target: Target, *, scanners: Sequence[str] = SCANNERS) -> FileReport:
    """Scan one target of a survey, or report why it was not opened."""
    if target.problem is not None:
        return could_not(target.path, target.problem)
    return scan(target.path, scanners=scanners)


def _nothing_here(root: str, left_out: int) -> ScanError:
    if left_out:
        return NotAFileError(
            root, "everything in it was left out by --ignore", "Nothing was judged."
        )
    return NotAFileError(root, "the folder holds no file to scan", "Check the path.")


def _is_dir(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def _below(root: str) -> Iterator[Target]:
    home = os.path.realpath(root)
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Target(folder, reading_problem(folder, error))
            continue
        folders = []
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            else:
                yield Target(entry.path, _obstacle(entry, home))
        waiting += reversed(folders)


def _obstacle(entry: os.DirEntry[str], home: str) -> ScanError | None:
    """Tell why an entry is not opened: it is no file, or a link that leads nowhere, out of the tree or to a folder."""
    try:
        if not entry.is_symlink():
            kind = what_it_is(entry.stat(follow_symlinks=False).st_mode)
            return NotAFileError(entry.path, f"it is {kind}, which is not opened") if kind else None
        goal = os.path.realpath(entry.path, strict=True)
        kind = what_it_is(Path(goal).stat().st_mode)
    except OSError as error:
        return reading_problem(entry.path, error)
    if os.path.commonpath([goal, home]) != home:
        remedy = "Name the file it leads to if you want it scanned."
        return NotAFileError(
            entry.path, "it is a link out of the folder, which is not followed", remedy
        )
    if kind:
        return NotAFileError(entry.path, f"it is a link to {kind}, which is not followed")
    return None


def _ignored(path: str, root: str, patterns: Sequence[str]) -> bool:
    below = Path(path).relative_to(root) if path != root else Path(Path(path).name)
    names = [path, str(below), *below.parts]
    return any(fnmatch(name, pattern) for pattern in patterns for name in names)
