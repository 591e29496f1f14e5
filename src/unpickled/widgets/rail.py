"""The progress rail: where the learner is in the lesson, what is done, and a reset for each exercise of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import traitlets

from .base import CourseWidget, json_trait
from .plain import plain

__all__ = ["Rail"]


class Rail(CourseWidget, module="rail"):
    """Show the learner's way through the lesson.

    Args:
        pages: {"id", "title", "href", "state"} each, in order; `href` is relative to the page, `state` is "done",
            "partly" or "open". A "number" may say what to call it, "" for a page that is not counted.
        current: id of the page that the rail stands on.
        exercises: {"id", "title", "done", "tried"} each: those of this page; "tried" where there are tries or hints.
        message: something the learner must know, a damaged progress file that was set aside, say.
        on_reset: called with an exercise's id when the learner resets it; it should update `exercises`.
    """

    pages = json_trait([])
    current = traitlets.Unicode("").tag(sync=True)
    exercises = json_trait([])
    message = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        pages: Iterable[Any],
        *,
        current: str,
        exercises: Iterable[Any] = (),
        message: str = "",
        on_reset: Callable[[str], None] | None = None,
        **kwargs: Any,
    ) -> None:
        given = {"pages": plain(list(pages)), "exercises": plain(list(exercises))}
        super().__init__(current=current, message=message, **given, **kwargs)
        self._on_reset = on_reset
        self.on_msg(self._on_message)

    def _on_message(self, _widget: Any, content: Mapping[str, Any], _buffers: list[Any]) -> None:
        exercise = str(content.get("exercise", ""))
        if content.get("type") != "reset" or exercise not in {one["id"] for one in self.exercises}:
            return
        self.send({"type": "heard", "exercise": exercise})
        if self._on_reset:
            self._on_reset(exercise)
