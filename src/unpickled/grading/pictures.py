"""Pictures that a learner has pasted into Markdown: PNG and JPEG are shown, whatever else is named is not there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from nbformat import NotebookNode

__all__ = ["BASE64", "NOTHING", "PICTURES", "Pictures", "keep_pictures"]

PICTURES = ("image/png", "image/jpeg")
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*\Z")
MOST = 4_000_000
"""Characters of all pictures of one notebook that are shown."""
NOTHING = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)
"""A PNG of one clear point."""

_Node: Any = NotebookNode


class Pictures(_Node):  # type: ignore[misc]  # nbformat publishes no types
    """A cell's attachments by name; under any other name there is an empty picture, where nbconvert would end."""

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> Any:
        return self.get(name) or {PICTURES[0]: NOTHING}


def keep_pictures(cells: Iterable[Any]) -> None:
    """Keep of the attachments of Markdown cells what can be shown, in place."""
    room = MOST
    for cell in cells:
        given, kept = cell.pop("attachments", None), Pictures()
        if cell.cell_type != "markdown":
            continue
        for name, forms in (given or {}).items() if isinstance(given, dict) else ():
            kind, text = _picture(forms)
            if kind and len(text) <= room:
                room -= len(text)
                dict.__setitem__(kept, str(name), {kind: text})
        cell["attachments"] = kept


def _picture(forms: Any) -> tuple[str, str]:
    """Return the kind and the text of an attachment that is a picture; two empty words for any other."""
    for kind in PICTURES:
        text = forms.get(kind) if isinstance(forms, dict) else None
        if isinstance(text, str) and BASE64.match(text):
            return kind, "".join(text.split())
    return "", ""
