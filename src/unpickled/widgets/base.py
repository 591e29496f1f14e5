"""What the course's widgets share: their script and style are joined from `static/` when the class is made.

Every widget keeps its whole state in traits that are plain JSON, so that the same state drives the widget in
JupyterLab and on a page without a kernel (`unpickled.widgets.html`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import anywidget
import traitlets

from .bundle import bundle, styles
from .plain import utf8

__all__ = ["FILE_LIMIT", "CourseWidget", "json_trait"]

FILE_LIMIT = 8 * 1024 * 1024
"""Bytes of a learner's own file that a widget takes from the browser; larger ones are refused before they are sent."""

_NOT_STATE = frozenset({"layout", "tabbable", "tooltip"})


class CourseWidget(anywidget.AnyWidget):  # type: ignore[misc]  # anywidget publishes no types
    """An anywidget whose module is `static/<module>.js` with all that it imports.

    Subclasses name it: `class Stepper(CourseWidget, module="stepper")`.
    """

    module: ClassVar[str] = ""

    def __init_subclass__(cls, module: str = "", **kwargs: Any) -> None:
        """Join the subclass' script and style sheet."""
        if module:
            cls.module = module
            cls._esm = bundle(module)
            cls._css = styles(module)
        super().__init_subclass__(**kwargs)

    def snapshot(self) -> dict[str, Any]:
        """The widget's own synced traits as JSON-able values, by name."""
        state = {name: getattr(self, name) for name in self.trait_names(sync=True)}
        sendable: dict[str, Any] = utf8(self.wanted(state))
        return sendable

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> Any:
        """The state that goes to the browser, as the channel to it can carry it: see `utf8`."""
        return utf8(super().get_state(key, drop_defaults))

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send a message to the browser; what `utf8` says holds for it, too."""
        super().send(utf8(content), buffers)

    @classmethod
    def wanted(cls, state: Mapping[str, Any]) -> dict[str, Any]:
        """Of a widget's whole state, what its module reads: not the machinery, nor how a front end lays it out."""
        return {
            name: value
            for name, value in state.items()
            if not name.startswith("_") and name not in _NOT_STATE
        }


def json_trait(default: Any) -> Any:
    """A synced trait for a JSON object or list; `default` is copied for each widget."""
    kind = traitlets.Dict if isinstance(default, dict) else traitlets.List
    return kind(default_value=default).tag(sync=True)
