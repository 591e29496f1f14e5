"""A lesson that was run, as one HTML document: nbconvert with a template of our own (`lesson/`), and nothing to fetch.

The course's widgets are drawn by `OwnWidgets` of `unpickled.widgets`, which nbconvert is given by name as in the
course's Jupyter settings: this layer does not import that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from nbconvert import HTMLExporter

from unpickled.authoring.offline.beside import set_beside
from unpickled.authoring.offline.prose import Prose
from unpickled.content import Lesson
from unpickled.errors import ContentError

__all__ = ["MOST", "render"]

MOST = 5_000_000  # bytes of a page
_HERE = Path(__file__).parent
_WIDGETS = "unpickled.widgets.exported.OwnWidgets"
_FETCHES = ('src="http', "src='http", 'rel="stylesheet"', "@import")


def render(lesson: Lesson, notebook: Any, pages: Mapping[str, Path], version: str) -> bytes:
    """Return the whole page.

    Args:
        lesson: whose title, minutes and objectives stand on top, and whose pages are the contents.
        notebook: what `join` made of its pages.
        pages: the folder of each page by its id.
        version: of this package; it stands at the foot.

    Raises:
        ContentError: the page would fetch something, or is larger than 5 MB.
    """
    exporter: Any = HTMLExporter(
        extra_template_basedirs=[str(_HERE)],
        template_name="lesson",
        preprocessors=[set_beside, _WIDGETS],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    exporter.register_filter("prose", Prose(pages))
    exporter.register_filter("escaped", lambda text: escape(str(text)))
    shown = {
        "lesson": lesson,
        "version": version,
        "style": (_HERE / "lesson" / "page.css").read_text(encoding="utf-8"),
        "script": (_HERE / "lesson" / "page.js").read_text(encoding="utf-8"),
    }
    text, _ = exporter.from_notebook_node(notebook, resources=shown)
    data: bytes = text.encode()
    place = f"the page of {lesson.id}"
    for fetching in _FETCHES:
        if fetching in text:
            raise ContentError(place, f"it would fetch something: {fetching}")
    if len(data) > MOST:
        raise ContentError(place, f"it has {len(data):,} bytes; {MOST:,} are promised")
    return data
