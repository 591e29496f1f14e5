"""Watch the audit log: what nobody expects is told, on the terminal and to a webhook."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from unpickled.defence.log import Follower
from unpickled.defence.names import shown
from unpickled.defence.refusals import GuardError
from unpickled.defence.server import is_loopback

__all__ = ["Alert", "Watch", "require_webhook", "tell_webhook"]

_PATIENCE = 10


@dataclass(frozen=True, slots=True)
class Alert:
    """Something in the log that nobody expects.

    Attributes:
        text: one line for people.
        line: number of the line.
        record: what the line says; empty where it cannot be read.
    """

    text: str
    line: int
    record: dict[str, Any]


@dataclass(slots=True)
class Watch:
    """A look at a log, again and again, each time at what is new.

    Attributes:
        path: the log.
        digests: SHA-256 of the files whose load is expected; None where any load that passed the policy is.
    """

    path: Path
    digests: Collection[str] | None = None
    _follower: Follower = field(default_factory=Follower)

    def look(self) -> list[Alert]:
        """Return what is unexpected among the lines since the last look.

        Raises:
            GuardError: the log cannot be read.
        """
        alerts = []
        for number, record, problem in self._follower.new(self.path):
            if problem:
                alerts.append(Alert(f"line {number}: {problem}", number, record or {}))
            elif record is not None and (why := self._unexpected(record)):
                alerts.append(Alert(f"line {number}: {shown(why)}", number, record))
        return alerts

    def _unexpected(self, record: dict[str, Any]) -> str:
        who, path = record.get("user"), record.get("path")
        if record.get("event") == "tripwire":
            return f"{record.get('outcome')}: {path} unpickled {record.get('name')}, as {who}, around the door"
        if "cut" in record:
            return "the line before it was cut, and set aside"
        if record.get("outcome") != "loaded":
            return f"{record.get('outcome')}: {path}, as {who}: {record.get('why')}"
        if self.digests is not None and record.get("digest") not in self.digests:
            return f"loaded: {path}, as {who}, whose sha256 nobody expects"
        return ""


def require_webhook(url: str) -> str:
    """Return an address that alerts may be sent to.

    Raises:
        GuardError: it is none, or plain http to another machine.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in {"http", "https"}:
        raise GuardError(url, "it is no webhook's address", "It begins with https://")
    if parts.scheme == "http" and not is_loopback(host):
        problem = "plain http to another machine shows the alerts to whoever listens"
        raise GuardError(f"{parts.scheme}://{host}", problem, "Use https.")
    return url


def tell_webhook(url: str, alert: Alert) -> None:
    """Send an alert as JSON: `text`, which chat services show, `line` and `record`.

    Raises:
        GuardError: it was not taken.
    """
    body = {"text": f"unpickled: {alert.text}", "line": alert.line, "record": alert.record}
    data = json.dumps(body).encode()
    asked = urllib.request.Request(  # noqa: S310 - http or https: require_webhook
        require_webhook(url), data=data, headers={"Content-Type": "application/json"}
    )
    parts = urlsplit(url)
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if is_loopback(parts.hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(asked, timeout=_PATIENCE):
            pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        problem = f"the webhook does not take the alert: {str(reason)[:200]}"
        raise GuardError(
            f"{parts.scheme}://{parts.hostname}", problem, "It is tried again."
        ) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An alert goes where it was said to go."""

    def redirect_request(self, *_: Any) -> None:
        """Go nowhere else."""
