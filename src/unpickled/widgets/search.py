"""A search over the lesson and its glossary; it works on a page without a kernel, too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .base import CourseWidget, json_trait
from .plain import plain

__all__ = ["Search"]


class Search(CourseWidget, module="search"):
    """Find a word in the lesson.

    Args:
        entries: {"kind", "title", "where", "text", "href"} each; `kind` is "term" or "text", `title` a
            heading or a term, `where` names the page, `href` is relative to the page that the widget stands on.
    """

    entries = json_trait([])

    def __init__(self, entries: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(entries=plain(list(entries)), **kwargs)
