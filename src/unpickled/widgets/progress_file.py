"""The learner's progress as a file: saved from here by the browser, taken in from elsewhere, and as a certificate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from unpickled.errors import CourseError
from unpickled.progress import LARGEST, NAME, NothingDoneError, one_line

from .base import CourseWidget
from .shelf import too_large

__all__ = ["CERTIFICATE", "ProgressFile"]

CERTIFICATE = "unpickled-certificate.html"
_LETTERS = 100  # of a chosen file's name that are shown
_BESIDE = "Save your progress to a file, too, before your next answer: the page gives the sum of that file."


class ProgressFile(CourseWidget, module="carry"):
    """Three buttons: save the progress to a file, take one in, and save a page that says what was completed.

    Args:
        save: gives the bytes of the file.
        take: takes in a file's bytes under its name and says in a sentence what came of it.
        certify: gives the page for a name, which may be empty; without it that button is not there.
    """

    file_limit = traitlets.Int(LARGEST).tag(sync=True)
    certifies = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(
        self,
        *,
        save: Callable[[], bytes],
        take: Callable[[bytes, str], str],
        certify: Callable[[str], str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(certifies=certify is not None, **kwargs)
        self._save, self._take, self._certify = save, take, certify
        self.on_msg(self._on_message)

    def _on_message(self, _widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        kind, ask = content.get("type"), str(content.get("ask", ""))[:40]
        try:
            if kind == "save":
                text = self._save().decode("utf-8")
                self.send({**_file(NAME, text, "application/json"), "ask": ask})
            elif kind == "certificate" and self._certify:
                page = self._certify(str(content.get("name", "")))
                self.send({**_file(CERTIFICATE, page, "text/html"), "note": _BESIDE, "ask": ask})
            elif kind == "open" and buffers:
                name = one_line(str(content.get("name") or ""), _LETTERS)
                self.send(self._taken(bytes(buffers[0]), name or NAME))
        except NothingDoneError as error:  # which no file is to blame for
            self.send({"type": "refused", "text": f"{error.problem.capitalize()}. {error.remedy}"})
        except CourseError as error:
            self.send({"type": "refused", "text": str(error)})

    def _taken(self, data: bytes, name: str) -> dict[str, str]:
        return too_large(data, self.file_limit) or {"type": "taken", "text": self._take(data, name)}


def _file(name: str, text: str, media: str) -> dict[str, str]:
    return {"type": "file", "name": name, "text": text, "media": media}
