"""The pickle stepper: any pickle's opcodes one at a time, its stack and memo beside them, nothing ever unpickled."""

from __future__ import annotations

import os
from typing import Any

import traitlets

from unpickled.errors import CourseError

from .base import FILE_LIMIT, CourseWidget, json_trait
from .material import Shown, from_bytes, from_path

__all__ = ["Stepper"]


class Stepper(CourseWidget, module="stepper"):
    """Step through a pickle.

    Args:
        source: the pickle's bytes, or the path of a file: a pickle, or an archive that holds one (a `.pt`, say).
        name: what to call it; a path's own name by default.
        predict: whether predict mode is on at the start.
        step: index of the step to begin with; negative counts from the end.

    Raises:
        CourseError: the file cannot be read, or is a format that holds no pickle.

    A malformed, truncated or over-long pickle raises nothing: its steps are shown up to the fault, and the
    fault with its offset and reason.
    """

    trace = json_trait({})
    index = traitlets.Int(0).tag(sync=True)
    predict = traitlets.Bool(False).tag(sync=True)
    tally = json_trait({"right": 0, "asked": 0})
    notice = traitlets.Unicode("").tag(sync=True)
    file_limit = traitlets.Int(FILE_LIMIT).tag(sync=True)

    def __init__(
        self,
        source: bytes | bytearray | memoryview | str | os.PathLike[str],
        *,
        name: str = "",
        predict: bool = False,
        step: int = 0,
        **kwargs: Any,
    ) -> None:
        shown = _look(source, name)
        steps = len(shown.trace["columns"]["steps"]["offset"])
        index = max(0, min(step if step >= 0 else steps + step, steps - 1))
        super().__init__(
            trace=shown.trace, notice=shown.notice, predict=predict, index=index, **kwargs
        )
        self.on_msg(self._on_message)

    def show(
        self, source: bytes | bytearray | memoryview | str | os.PathLike[str], *, name: str = ""
    ) -> None:
        """Show another pickle in the same widget, from its first step."""
        shown = _look(source, name)
        with self.hold_sync():
            self.index = 0
            self.notice = shown.notice
            self.trace = shown.trace

    def _on_message(self, _widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        """Answer the browser: it sends the bytes of a file that the learner chose."""
        if content.get("type") != "open" or not buffers:
            return
        name, data = str(content.get("name") or "your file")[:120], bytes(buffers[0])
        if len(data) > self.file_limit:
            text = f"{name} has {len(data):,} bytes; at most {self.file_limit:,} are taken here. Choose a smaller file."
            self.send({"type": "refused", "text": text})
            return
        try:
            self.show(data, name=name)
        except CourseError as error:
            self.send({"type": "refused", "text": str(error)})
        else:
            self.send({"type": "opened"})


def _look(source: bytes | bytearray | memoryview | str | os.PathLike[str], name: str) -> Shown:
    if isinstance(source, bytes | bytearray | memoryview):
        return from_bytes(bytes(source), name or "pickle")
    shown = from_path(source)
    return Shown(trace={**shown.trace, "name": name}, notice=shown.notice) if name else shown
