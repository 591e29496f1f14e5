"""A fact that was typed a second time: a row of the format table in a page, where the table itself belongs.

What is typed by hand stays as it is when the table changes, and then lesson, slide and speech say different things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from unpickled.content import prose
from unpickled.content.loaders import read_formats
from unpickled.errors import ContentError

__all__ = ["retyped"]

ROW = re.compile(r"\s*\|\s*[*`]*(?P<first>[^|*`]+?)[*`]*\s*\|")
REMEDY = "Write {{ table_formats() }}, or show the widget; both follow course/data/formats.toml."


def retyped(root: Path) -> Iterator[ContentError]:
    """Yield a fault for each row of a page's Markdown table that begins as one of the format table does."""
    names = {name.lower() for row in read_formats(root, []) for name in (row.name, *row.extensions)}
    for path in sorted(root.glob("course/**/*.py")):
        try:
            cells = prose.cells(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            continue  # told by the course's own check
        for line in (line for cell in cells if cell.markdown for line in cell.lines):
            match = ROW.match(line.text)
            if match and match["first"].lower() in names:
                place = f"{path.relative_to(root).as_posix()}:{line.number}"
                problem = f'types a row of the format table by hand: "{match["first"]}"'
                yield ContentError(place, problem, REMEDY)
