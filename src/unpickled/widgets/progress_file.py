"""The learner's progress as a file: saved from here by the browser, and taken in from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from unpickled.errors import CourseError
from unpickled.progress import NAME

from .base import CourseWidget
from .shelf import too_large

__all__ = ["ProgressFile"]


class ProgressFile(CourseWidget, module="carry"):
    """Two buttons: save the progress to a file, take one in.

    Args:
        save: gives the bytes of the file.
        take: takes in a file's bytes and says in a sentence what came of it.
    """

    file_limit = traitlets.Int(4_000_000).tag(sync=True)

    def __init__(
        self, *, save: Callable[[], bytes], take: Callable[[bytes], str], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._save, self._take = save, take
        self.on_msg(self._on_message)

    def _on_message(self, _widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        try:
            if content.get("type") == "save":
                self.send({"type": "file", "name": NAME, "text": self._save().decode("utf-8")})
            elif content.get("type") == "open" and buffers:
                self.send(self._taken(bytes(buffers[0])))
        except CourseError as error:
            self.send({"type": "refused", "text": str(error)})

    def _taken(self, data: bytes) -> dict[str, str]:
        return too_large(data, self.file_limit) or {"type": "taken", "text": self._take(data)}
