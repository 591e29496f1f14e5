"""The experiments of the format table against the specimens that they load: `content` does not know those."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from unpickled.content.loaders import DATA, read_formats
from unpickled.errors import ContentError
from unpickled.specimens import catalogue

__all__ = ["unknown_specimens"]


def unknown_specimens(root: Path) -> Iterator[ContentError]:
    """Yield a fault for each experiment whose specimen is none."""
    known = {specimen.id for specimen in catalogue()}
    path = f"{DATA}/formats.toml"
    for row in read_formats(root, []):
        for one in row.experiments:
            if one.specimen and one.specimen not in known:
                problem = (
                    f'experiment "{one.id}" loads the specimen "{one.specimen}", which is unknown'
                )
                remedy = "See src/unpickled/specimens/catalogue.toml."
                yield ContentError(f"{path}:{_line(root / path, one.id)}", problem, remedy)


def _line(path: Path, identity: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((n for n, text in enumerate(lines, 1) if text.strip() == f'id = "{identity}"'), 1)
