"""Spelling and readability of what authors write: codespell's list of slips, and the school grade of what is said.

Both tools are in the developers' environment only. Spelling is a fault; a grade is reported and judged by nobody, since
no formula knows whether "deserialization" is what the lesson is about.
"""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from unpickled.content import Deck
from unpickled.errors import ContentError, SetupError

__all__ = ["grade", "spelling"]

SLIP = re.compile(r"(?P<place>.+?:\d+): (?P<wrong>\S+) ==> (?P<right>.+)")


def spelling(root: Path, paths: Iterable[str]) -> list[ContentError]:
    """Return a fault for each slip that codespell knows.

    Args:
        root: the course's folder.
        paths: files to read, relative to it.

    Raises:
        SetupError: codespell is not installed, or fails.
    """
    paths = list(paths)
    if not paths:
        return []
    _require("codespell_lib", "codespell")
    run = subprocess.run(
        [sys.executable, "-m", "codespell_lib", *paths],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [SLIP.match(line) for line in run.stdout.splitlines()]
    slips = [match for match in found if match]
    if run.returncode not in (0, 65) or (run.returncode == 65 and not slips):
        raise SetupError("codespell", f"it fails: {run.stderr.strip() or run.stdout.strip()}")
    return [
        ContentError(
            match["place"].removeprefix("./"),
            f'"{match["wrong"]}" is misspelt',
            f'Write "{match["right"]}".',
        )
        for match in slips
    ]


def grade(deck: Deck) -> dict[str, float]:
    """Return the Flesch-Kincaid grade of what is said: of each slide by its id, and of all by the deck's lesson.

    A grade is the years of school after which a text is easily read (Kincaid and others, 1975); computed by textstat.

    Raises:
        SetupError: textstat is not installed.
    """
    _require("textstat", "textstat")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # textstat asks for its version in an outdated way
        import textstat  # noqa: PLC0415 - slow to import, and only authors have it
    texts = {slide.id: " ".join(slide.spoken) for slide in deck.slides if any(slide.spoken)}
    texts[deck.lesson] = " ".join(texts.values())
    return {name: float(textstat.flesch_kincaid_grade(text)) for name, text in texts.items()}


def _require(module: str, package: str) -> None:
    if find_spec(module) is None:
        raise SetupError(package, "it is not installed", "Run: tools/setup.sh dev")
