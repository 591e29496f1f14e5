"""Citations: `[@source-id]` or `[@one; @two]` in prose becomes links to the references page."""

from __future__ import annotations

import re
from collections.abc import Mapping

from unpickled.content import Source
from unpickled.content.prose import CITATION
from unpickled.errors import ContentError

__all__ = ["anchor", "link"]


def link(text: str, sources: Mapping[str, Source], *, place: str, references: str) -> str:
    """Replace every citation in `text` by its sources' short labels, linked.

    Args:
        text: Markdown.
        sources: the course's sources by id.
        place: file to name in an error.
        references: relative address of the references page.

    Raises:
        ContentError: a citation names a source that is not in sources.toml.
    """

    def labels(match: re.Match[str]) -> str:
        ids = [word.strip().lstrip("@") for word in match[1].split(";")]
        for identity in ids:
            if identity not in sources:
                remedy = "Add it to course/data/sources.toml, or correct the id."
                raise ContentError(place, f'cites "{identity}", which is no known source', remedy)
        return "[" + ", ".join(_labelled(sources[i], references) for i in ids) + "]"

    return CITATION.sub(labels, text)


def anchor(source: Source) -> str:
    """Return the address of a source's heading on the references page, as JupyterLab names headings."""
    return source.short.replace(" ", "-")


def _labelled(source: Source, references: str) -> str:
    return f"[{source.short}]({references}#{anchor(source)})"
