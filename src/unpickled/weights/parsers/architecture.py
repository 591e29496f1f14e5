"""A Keras architecture: JSON in which a layer may carry Python code."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from typing import Any

from unpickled.weights.parsers.found import Found, RefusedError

__all__ = ["ARCHITECTURE", "decode", "lambdas", "look_through", "member_text"]

ARCHITECTURE = "config.json"
_JSON = 16 << 20
_CODE = frozenset({"Lambda", "__lambda__", "TFOpLambda", "SlicingOpLambda"})


def decode(text: str | bytes, what: str = "header") -> Any:
    """Read JSON in which no key comes twice: of two, one program takes the first and another the last.

    Raises:
        RefusedError: one does.
        ValueError: it is no JSON.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
            raise RefusedError(f"its {what} has the key {twice[:60]!r} twice")
        return found

    return json.loads(text, object_pairs_hook=once)


def member_text(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Read a member of JSON within the limit.

    Raises:
        RefusedError: it is over the limit.
    """
    with archive.open(member) as stream:
        text = stream.read(_JSON + 1)
    if len(text) > _JSON:
        raise RefusedError(f"its {member.filename} is over the limit of {_JSON:,} bytes")
    return text


def look_through(archive: zipfile.ZipFile, found: Found) -> None:
    """Look through the architecture in an archive of another format, since Keras would read it."""
    try:
        member = archive.getinfo(ARCHITECTURE)
    except KeyError:
        return
    try:
        lambdas(decode(member_text(archive, member), ARCHITECTURE), ARCHITECTURE, found)
    except ValueError:
        found.risk("closed", ARCHITECTURE, "It was not looked into: it is no JSON.")


def lambdas(value: Any, where: str, found: Found) -> None:
    """Tell the layers of an architecture that carry Python code."""
    waiting = [value]
    while waiting:
        this = waiting.pop()
        if isinstance(this, list):
            waiting += this
        if not isinstance(this, dict):
            continue
        waiting += this.values()
        name = this.get("class_name")
        if isinstance(name, str) and name in _CODE:
            inner = this.get("config")
            layer = inner.get("name", "") if isinstance(inner, dict) else ""
            text = (
                f"A {name} layer {layer!r}: it may carry Python code, which loading brings to life."
            )
            found.risk("lambda", where, text)
