"""Which notebook of what a student handed in is the assignment: its cells' grade ids tell, not its name or its time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from unpickled.grading.reading import Found, read_notebook

__all__ = ["choose", "files_of", "same_files"]


def choose(
    source: Path, assignment: str, cells: Mapping[str, frozenset[str]]
) -> tuple[Path | None, str]:
    """Return the notebook that is the assignment; or None, and why there is none.

    A notebook that cannot be read is taken where there is nothing else to take: it is told when it is graded.

    Args:
        source: a file or a folder.
        assignment: the name of the assignment.
        cells: by the name of each assignment, its cells' grade ids.

    Raises:
        OSError: something cannot be read.
    """
    notebooks = [path for path in files_of(source) if path.suffix == ".ipynb"]
    if not notebooks:
        return None, "there is no notebook in it"
    found = {path: read_notebook(path) for path in notebooks}
    damaged = [path for path in notebooks if found[path].problem]
    owners = {path: _owner(found[path], cells) for path in notebooks if path not in damaged}
    right = [path for path, owner in owners.items() if owner == assignment]
    if right:
        return _single(right, f"of {assignment}")
    if damaged:
        named = [path for path in damaged if path.name == f"{assignment}.ipynb"]
        return _single(named or damaged, "that cannot be read")
    whose = ", ".join(sorted(set(owners.values()) - {""}))
    return None, f"this is {whose}, not {assignment}" if whose else f"this is not {assignment}"


def files_of(source: Path) -> list[Path]:
    """Return the files of a submission, without hidden ones (checkpoints, say) and without following links."""
    if source.is_file():
        return [source]
    return [
        path
        for path in sorted(source.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and not any(part.startswith(".") for part in path.relative_to(source).parts)
    ]


def _owner(found: Found, cells: Mapping[str, frozenset[str]]) -> str:
    """Return the assignment with which a notebook shares most ids; empty where it shares none, or as many with two."""
    shared = {name: len(found.names & ids) for name, ids in cells.items()}
    most = max(shared.values(), default=0)
    best = [name for name, count in shared.items() if count == most]
    return best[0] if most and len(best) == 1 else ""


def _single(paths: Sequence[Path], what: str) -> tuple[Path | None, str]:
    """Return the one notebook; of two, none, unless they are the same."""
    if same_files(paths):
        return paths[0], ""
    return (
        None,
        f"it holds {len(paths)} notebooks {what} ({', '.join(p.name for p in paths)}): keep one",
    )


def same_files(paths: Sequence[Path]) -> bool:
    """Tell whether files hold the same bytes."""
    if len(paths) == 1:
        return True
    digests = set()
    for path in paths:
        with path.open("rb") as file:
            digests.add(hashlib.file_digest(file, "sha256").digest())
    return len(digests) == 1
