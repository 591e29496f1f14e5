"""The practice card: one exercise with its answers, hints and replies; judged in the browser, told to Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from unpickled.errors import CourseError

from .base import CourseWidget, json_trait
from .plain import plain

__all__ = ["QuizCard"]

_ITEM: dict[str, Any] = {
    "id": "", "kind": "choice", "prompt": "", "choices": [], "expects": "", "accepted": [], "wrong": [], "hints": [],
    "explain": "",
}  # fmt: skip
_FRESH: dict[str, Any] = {
    "tries": 0,
    "solved": False,
    "done": False,
    "hints": 0,
    "answer": "",
    "tried": [],
    "unheard": [],
    "refused": [],
}


class QuizCard(CourseWidget, module="card"):
    """Show one practice exercise.

    Args:
        item: a `content.Item`, or a mapping with its fields.
        state: what is known from before, any of tries, solved and hints; a solved card can be tried again.
        on_result: called at each check with the item's id, whether the answer was right, and the tries so far. What it
            raises as a `CourseError`, the card shows: the answer was not written down.
    """

    item = json_trait({})
    state = json_trait(_FRESH)

    def __init__(
        self,
        item: Any,
        *,
        state: Mapping[str, Any] | None = None,
        on_result: Callable[[str, bool, int], None] | None = None,
        **kwargs: Any,
    ) -> None:
        given = plain(item)
        fields = {name: given.get(name, default) for name, default in _ITEM.items()}
        super().__init__(item=fields, state={**deepcopy(_FRESH), **(state or {})}, **kwargs)
        self._on_result = on_result
        self.on_msg(self._on_message)

    def reset(self) -> None:
        """Forget all answers and hints, as if the card had never been touched."""
        self.state = deepcopy(_FRESH)

    def _on_message(self, _widget: Any, content: Mapping[str, Any], _buffers: list[Any]) -> None:
        """Hear of a check, and answer once it is written down: the browser tells the learner of one that is not."""
        if content.get("type") != "checked" or type(content.get("tries")) is not int:
            return
        check, correct = str(content.get("check", ""))[:40], content.get("correct") is True
        try:
            if self._on_result:
                self._on_result(self.item["id"], correct, content["tries"])
        except CourseError as error:
            self.send({"type": "refused", "check": check, "text": str(error)})
        else:
            self.send({"type": "heard", "check": check, "correct": correct})
