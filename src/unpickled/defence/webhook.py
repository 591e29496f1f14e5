"""Alerts sent to a webhook, whose answers nobody vouches for: it can refuse one or be slow, but not stop the watch."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from unpickled.defence.refusals import GuardError, RefusedError
from unpickled.defence.server import is_loopback
from unpickled.defence.watch import Alert

__all__ = ["Outbox", "require_webhook", "tell_webhook"]

_PATIENCE = 10.0  # seconds for one alert, from its first byte to the last of the answer's head
_ROUND = 30.0  # seconds, after which the log is looked at again
_TRIES = 5  # until an alert that the webhook refuses is passed over
_HANGING = 8  # answers nobody waits for any more, and that have not come to their end
_LATER = {408, 425, 429}  # of the 400s: not now
_THREAD = "unpickled-webhook"


@dataclass(slots=True)
class Outbox:
    """Alerts on their way to one webhook.

    Attributes:
        url: the webhook.
        waiting: what it has not taken so far, with how often it refused it.
        lost: how many were passed over.
    """

    url: str
    waiting: list[tuple[Alert, int]] = field(default_factory=list)
    lost: int = 0

    def send(self, alerts: list[Alert]) -> list[GuardError]:
        """Send what waits and what is new; what is not taken goes behind the others, and is sent in the next round.

        Only what the webhook itself refuses, again and again, is passed over. One that does not answer loses nothing.

        Returns:
            What was not taken, and why.
        """
        queue = [*self.waiting, *((alert, 0) for alert in alerts)]
        failed: list[tuple[Alert, int]] = []
        problems: list[GuardError] = []
        end = time.monotonic() + _ROUND
        while queue and time.monotonic() < end:
            alert, refused = queue.pop(0)
            try:
                tell_webhook(self.url, alert)
            except RefusedError as error:
                if refused + 1 < _TRIES:
                    failed.append((alert, refused + 1))
                    problems.append(error)
                else:
                    self.lost += 1
                    problems.insert(0, _passed_over(error, alert))
            except GuardError as error:
                failed.append((alert, refused))
                problems.append(error)
        self.waiting = [*queue, *failed]
        return problems


def _passed_over(error: GuardError, alert: Alert) -> GuardError:
    problem = (
        f"{error.problem}, for the {_TRIES}th time: the alert of line {alert.line} is passed over"
    )
    return GuardError(error.place, problem, "See to it by hand, and to the webhook.")


def require_webhook(url: str) -> str:
    """Return an address that alerts may be sent to.

    Raises:
        GuardError: it is none, or plain http to another machine.
    """
    try:
        parts = urlsplit(url)
        host, plain = parts.hostname or "", "@" not in parts.netloc and parts.port != 0
    except ValueError:
        host, plain = "", False
    if not host or not plain or not url.isascii() or any(letter <= " " for letter in url):
        remedy = "It is like https://chat.example.org/hooks/models, with %20 for a space."
        raise GuardError(url, "it is no webhook's address", remedy)
    if parts.scheme not in {"http", "https"}:
        raise GuardError(url, "it is no webhook's address", "It begins with https://")
    if parts.scheme == "http" and not is_loopback(host):
        problem = "plain http to another machine shows the alerts to whoever listens"
        raise GuardError(f"{parts.scheme}://{host}", problem, "Use https.")
    return url


def tell_webhook(url: str, alert: Alert) -> None:
    """Send an alert as JSON: `text`, which chat services show, `line` and `record`.

    Raises:
        RefusedError: the webhook answers that it will not have it.
        GuardError: it was not taken: there is no answer, none in time, or one that says so.
    """
    body = {**alert.to_dict(), "text": f"unpickled: {alert.text}"}
    asked = urllib.request.Request(  # noqa: S310 - http or https: require_webhook
        require_webhook(url),
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    parts = urlsplit(url)
    error = _problem(asked, is_loopback(parts.hostname or ""))
    if error is None:
        return
    place = f"{parts.scheme}://{parts.hostname}"
    code = error.code if isinstance(error, urllib.error.HTTPError) else 0
    if code // 100 == 4 and code not in _LATER:
        raise RefusedError(place, f"the webhook refuses the alert: {code}", "It is tried again.")
    reason = str(getattr(error, "reason", None) or error)[:200]
    raise GuardError(place, f"the webhook does not take the alert: {reason}", "It is tried again.")


def _problem(asked: urllib.request.Request, loopback: bool) -> Exception | None:
    """Send in a thread, since no timeout of a socket ends an answer that comes byte by byte."""
    hanging = [one for one in threading.enumerate() if one.name == _THREAD]
    if len(hanging) >= _HANGING:
        return TimeoutError("it has not ended its earlier answers")
    problem: list[Exception | None] = [TimeoutError(f"no answer in {_PATIENCE:g} seconds")]

    def send() -> None:
        try:
            _send(asked, loopback)
            problem.append(None)
        except (OSError, ValueError, http.client.HTTPException) as error:
            problem.append(error)

    thread = threading.Thread(target=send, name=_THREAD, daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    return problem[-1]


def _send(asked: urllib.request.Request, loopback: bool) -> None:
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if loopback:
        handlers.append(urllib.request.ProxyHandler({}))
    with urllib.request.build_opener(*handlers).open(asked, timeout=_PATIENCE):
        pass


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An alert goes where it was said to go."""

    def redirect_request(self, *_: Any) -> None:
        """Go nowhere else."""
