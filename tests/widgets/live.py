"""A page whose widget talks to its real Python object, one message at a time, without a kernel in between."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from unpickled.widgets import CourseWidget
from unpickled.widgets.bundle import mountable, styles

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>live</title>
<style>%s</style></head><body><main id="place"></main><script>
const state = %s;
const sent = [];
const handlers = {};
const fire = (type, ...rest) => (handlers[type] || []).slice().forEach((handler) => handler(...rest));
const encode = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
const model = {
  get: (name) => state[name],
  set: (name, value) => {
    if (state[name] === value) return;
    state[name] = value;
    model.dirty.add(name);
    fire(`change:${name}`);
  },
  dirty: new Set(),
  save_changes: () => {
    sent.push({ state: Object.fromEntries([...model.dirty].map((name) => [name, state[name]])) });
    model.dirty.clear();
  },
  send: (content, _, buffers) => sent.push({ content, buffers: (buffers || []).map(encode) }),
  on: (type, handler) => (handlers[type] = handlers[type] || []).push(handler),
  off: (type, handler) => (handlers[type] = (handlers[type] || []).filter((one) => one !== handler)),
};
const receive = (values, messages) => {
  Object.assign(state, values);
  Object.keys(values).forEach((name) => fire(`change:${name}`));
  messages.forEach((message) => fire("msg:custom", message));
};
const view = (%s)().render({ model, el: document.getElementById("place") });
</script></body></html>"""


class Live:
    """One widget on one page; `pump` carries what the page said to Python, and Python's answer back."""

    def __init__(self, widget: CourseWidget, page: Page, target: Path) -> None:
        self.widget, self.page = widget, page
        self.messages: list[dict[str, Any]] = []
        widget.send = lambda content, buffers=None: self.messages.append(content)  # type: ignore[method-assign]
        state = json.dumps(widget.snapshot()).replace("<", "\\u003c")
        target.write_text(_PAGE % (styles(widget.module), state, mountable(widget.module)))
        page.goto(target.as_uri())

    def pump(self) -> list[dict[str, Any]]:
        """Deliver everything both sides have to say; gives what the page said."""
        said: list[dict[str, Any]] = self.page.evaluate("sent.splice(0)")
        before = self.widget.snapshot()
        for one in said:
            for name, value in one.get("state", {}).items():
                setattr(self.widget, name, value)
                before[name] = value
            if "content" in one:
                buffers = [memoryview(base64.b64decode(buffer)) for buffer in one["buffers"]]
                self.widget._handle_custom_msg(one["content"], buffers)
        self.push(before)
        return said

    def push(
        self, before: dict[str, Any] | None = None, act: Callable[[], None] | None = None
    ) -> None:
        """Show the page what changed in Python, after `act` if given."""
        before = before if before is not None else self.widget.snapshot()
        if act:
            act()
        after = self.widget.snapshot()
        changed = {name: value for name, value in after.items() if before[name] != value}
        messages, self.messages = self.messages, []
        self.page.evaluate("([values, messages]) => receive(values, messages)", [changed, messages])
