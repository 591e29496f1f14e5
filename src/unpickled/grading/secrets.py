"""What no learner may get: the quiz's key and rubric, the labs' solutions and hidden tests; and a search for them.

The search looks at text, inside zip files too (a wheel is one), and knows a line however it is indented or escaped.
"""

from __future__ import annotations

import io
import json
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["Leak", "answers", "leaks"]

SHORTEST = 12
"""Characters below which a line tells nothing by itself."""
LONG = 40
LARGEST = 50_000_000
HIDDEN = (("BEGIN HIDDEN TESTS", "END HIDDEN TESTS"), ("BEGIN SOLUTION", "END SOLUTION"))

Leak = tuple[str, str]
"""A file (`wheel!member` inside an archive) and the secret line in it."""


def answers(root: Path) -> frozenset[str]:
    """Return every secret line of a checkout: what stands in a key, rubric, solution or hidden test and nowhere else.

    What the sources of the lesson, practice items, hints, visible checks or the open part of a lab say as well is no
    secret. The sources are asked, not what was made from them, so that a step that lets an answer through is caught.
    """
    public = "\n".join(_public_texts(root))
    found: set[str] = set()
    for text in _secret_texts(root):
        found.update(line.strip() for line in text.splitlines())
    return frozenset(
        line
        for line in found
        if len(line) >= SHORTEST and any(map(str.isalpha, line)) and line not in public
    )


def _public_texts(root: Path) -> Iterator[str]:
    patterns = (
        "course/*.py",
        "course/*/*.py",
        "course/data/*.toml",
        "quizzes/*/practice.toml",
        "labs/*/checks.py",
    )
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            yield path.read_text("utf-8")
    for path in sorted(root.glob("quizzes/*/quiz.toml")):
        for item in tomllib.loads(path.read_text("utf-8")).get("item", ()):
            yield item["prompt"]
    for path in sorted(root.glob("labs/*/*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            yield _parts("".join(cell["source"]))[0]


def _secret_texts(root: Path) -> Iterator[str]:
    for path in sorted(root.glob("quizzes/*/quiz.toml")):
        for item in tomllib.loads(path.read_text("utf-8")).get("item", ()):
            yield item["key"]
            for criterion in item.get("criterion", ()):
                yield from (criterion[name] for name in ("means", "met", "missed"))
    for path in sorted(root.glob("quizzes/*/meaning.toml")):
        yield from _quoted(tomllib.loads(path.read_text("utf-8")))
    for path in sorted(root.glob("labs/*/hidden/*.py")):
        yield path.read_text("utf-8")
    for path in sorted(root.glob("labs/*/*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            yield _parts("".join(cell["source"]))[1]


def _quoted(value: Any) -> Iterator[str]:
    """Yield the longer texts of a rubric; single words of it are in every text on the subject."""
    if isinstance(value, str):
        yield from (line for line in value.splitlines() if len(line) >= 40)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _quoted(one)
    elif isinstance(value, list):
        for one in value:
            yield from _quoted(one)


def _parts(source: str) -> tuple[str, str]:
    """Return a cell's open lines and those of its solution and hidden test."""
    kept: list[str] = []
    secret: list[str] = []
    until = ""
    for line in source.splitlines():
        opened = next((end for begin, end in HIDDEN if begin in line), "")
        if opened:
            until = opened
        elif until and until in line:
            until = ""
        else:
            (secret if until else kept).append(line)
    return "\n".join(kept), "\n".join(secret)


def leaks(folder: Path, secrets: frozenset[str]) -> list[Leak]:
    """Return every secret line that stands in a file of `folder`, or in an archive there.

    In the code of an archive, which is the package (children's scripts are `.txt`), a line counts from `LONG`
    characters: code is full of short lines that are in every program.
    """
    needles = {line: line for line in secrets} | {json.dumps(line)[1:-1]: line for line in secrets}
    found = []
    for name, data in _files(folder):
        text = data.decode("utf-8", "replace")
        least = LONG if "!" in name and name.endswith((".py", ".txt")) else SHORTEST
        hits = {line for needle, line in needles.items() if len(line) >= least and needle in text}
        found += sorted((name, line) for line in hits)
    return found


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.stat().st_size <= LARGEST:
            data = path.read_bytes()
            yield from _opened(path.relative_to(folder).as_posix(), data)


def _opened(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, data
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                if member.file_size <= LARGEST:
                    yield f"{name}!{member.filename}", archive.read(member)
