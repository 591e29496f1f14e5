"""What one cell puts out, kept as a notebook keeps it, up to a limit."""

from __future__ import annotations

import codecs
import json
from typing import Any

__all__ = ["Outputs", "failure", "storable"]

_PER_MESSAGE = (
    200  # bytes that a message counts at least, so that a flood of empty ones is bounded too
)
_MOST = 10_000  # outputs of one cell
_NAME = 200
_TEXT = 10_000


class Outputs:
    """The outputs of one cell.

    Args:
        limit: bytes that are kept.
        shown: by display id, earlier outputs of the notebook that may still be changed.
    """

    def __init__(self, limit: int, shown: dict[str, list[dict[str, Any]]]) -> None:
        self.list: list[dict[str, Any]] = []
        self.seen = 0
        self._limit = limit
        self._shown = shown
        self._clearing = False
        self._decoders = {
            name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")
        }

    def printed(self, name: str, data: bytes) -> None:
        """Take what was printed to stdout or stderr."""
        room = max(self._limit - self.seen, 0)
        self.seen += len(data)
        text = self._decoders[name].decode(data[:room])
        if not text:
            return
        self._clear_if_due()
        last = self.list[-1] if self.list else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self.list.append({"output_type": "stream", "name": name, "text": text})

    def told(self, message: dict[str, Any], size: int, number: int) -> None:
        """Take a message about an output; what is none is left out.

        Args:
            message: from the kernel: to be believed in nothing.
            size: its bytes.
            number: the cell's, as it was counted outside.
        """
        self.seen += size + _PER_MESSAGE
        if self.seen > self._limit or len(self.list) >= _MOST:
            return
        event = message.get("event")
        if event == "clear":
            self._clearing = True
            if message.get("wait") is not True:
                self._clear_if_due()
            return
        made = storable(_error(message) if event == "error" else _shown_output(message, number))
        identity = message.get("display")
        if event == "update":
            changed = self._shown.get(identity, []) if isinstance(identity, str) else []
            self.seen += size * max(len(changed) - 1, 0)  # it is kept as often as it is shown
            if self.seen <= self._limit:
                for earlier in changed:
                    earlier.update(data=made["data"], metadata=made["metadata"])
            return
        self._clear_if_due()
        self.list.append(made)
        if event == "display" and isinstance(identity, str) and identity:
            self._shown.setdefault(identity, []).append(made)

    def _clear_if_due(self) -> None:
        if self._clearing:
            self.list.clear()
            self._clearing = False


def storable(value: Any) -> Any:
    """Return a value of JSON as a file in UTF-8 can hold it: half of a surrogate pair becomes a question mark."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return value


def failure(name: str, text: str) -> dict[str, Any]:
    """Return an error output that says why a cell has no result."""
    return {
        "output_type": "error",
        "ename": name,
        "evalue": text,
        "traceback": [f"{name}: {text}"],
    }


def _shown_output(message: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a display, or a cell's result, with those of its formats that a notebook file can hold."""
    given, about = message.get("data"), message.get("metadata")
    data = {
        kind: value
        for kind, value in (given.items() if isinstance(given, dict) else ())
        if "/" in kind and (isinstance(value, str) or kind.endswith("json"))
    }
    made: dict[str, Any] = {
        "output_type": "display_data",
        "data": data,
        "metadata": about if isinstance(about, dict) else {},
    }
    if message.get("event") == "result":
        made |= {"output_type": "execute_result", "execution_count": number}
    return made


def _error(message: dict[str, Any]) -> dict[str, Any]:
    lines = message.get("traceback")
    return {
        "output_type": "error",
        "ename": _string(message.get("name"))[:_NAME],
        "evalue": _string(message.get("text"))[:_TEXT],
        "traceback": [_string(line) for line in lines] if isinstance(lines, list) else [],
    }


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
