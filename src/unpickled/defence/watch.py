"""Watch the audit log: what nobody expects is an alert."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from unpickled.defence.log import Follower
from unpickled.defence.names import shown
from unpickled.defence.refusals import GuardError

__all__ = ["Alert", "Watch"]

_DEEP = 30  # looks, to one at all that was read before


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
    record: dict[str, Any] = field(compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"text": self.text, "line": self.line, "record": self.record}


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
    _begun: dict[str, Alert] = field(default_factory=dict)
    _told: set[tuple[str, str]] = field(default_factory=set)
    _looks: int = 0
    _there: bool = False  # whether it could ever be read
    _lost: str = ""

    def look(self, *, whole: bool = False) -> list[Alert]:
        """Return what is unexpected among the lines since the last look.

        Now and then all that was read before is read again, so that a line that was edited since then shows. A log that
        was there and cannot be read any more is an alert, once; when it is there again, all of it is read.

        Args:
            whole: whether the log is at rest: then a last line without an end was cut, and is not being written.

        Raises:
            GuardError: the log cannot be read, and never could.
        """
        self._looks += 1
        try:
            alerts = [*self._changed(), *self._new(whole=whole), *self._overdue()]
        except GuardError as error:
            if not self._there:
                raise
            before, self._lost = self._lost, error.problem
            text = f"the log cannot be read any more: {error.problem}"
            return [] if before else [Alert(text, self._follower.lines, {})]
        self._there, self._lost = True, ""
        return alerts

    def _changed(self) -> list[Alert]:
        """Begin anew where the lines that were read are no more what they were; what was told is not told again."""
        number = self._follower.lines
        deep = self._looks % _DEEP == 0 or bool(self._lost)
        problem = self._follower.changed(self.path, deep=deep)
        if not problem:
            return []
        self._follower, self._begun = Follower(), {}
        return [Alert(f"line {number}: {problem}", number, {})]

    def _new(self, *, whole: bool) -> list[Alert]:
        alerts = []
        for number, record, problem in self._follower.new(self.path, whole=whole):
            why = problem or (self._unexpected(record) if record else "")
            if why:
                alerts.append(Alert(f"line {number}: {shown(why)}", number, record or {}))
            if record:
                self._keep(number, record)
        return self._untold(alerts)

    def _keep(self, number: int, record: dict[str, Any]) -> None:
        """Keep a load that begins until its end is there."""
        self._begun.pop(str(record.get("begun")), None)
        if record.get("outcome") == "begun":
            why = f"begun: {_what(record)}, and its end is not in the log: it was killed"
            self._begun[record["hash"]] = Alert(f"line {number}: {shown(why)}", number, record)

    def _overdue(self) -> list[Alert]:
        now = datetime.now(UTC)
        over = [key for key, one in self._begun.items() if _until(one.record) < now]
        return self._untold([self._begun.pop(key) for key in over])

    def _untold(self, alerts: list[Alert]) -> list[Alert]:
        """Leave out what was told of the same line of the same log; another log may say the same words."""
        new = []
        for alert in alerts:
            known = (alert.text, str(alert.record.get("hash", "")))
            if known not in self._told:
                self._told.add(known)
                new.append(alert)
        return new

    def _unexpected(self, record: dict[str, Any]) -> str:
        outcome = record.get("outcome")
        if record.get("event") == "tripwire":
            who, path = record.get("user"), record.get("path")
            return f"{outcome}: {path} unpickled {record.get('name')}, as {who}, around the door"
        if "cut" in record:
            return "the line before it was cut, or blank, and is set aside"
        if outcome == "begun":
            return ""  # its end is waited for
        if outcome != "loaded":
            return f"{outcome}: {_what(record)}: {record.get('why')}"
        if self.digests is not None and record.get("digest") not in self.digests:
            return f"loaded: {_what(record)}, whose sha256 nobody expects"
        return ""


def _until(record: dict[str, Any]) -> datetime:
    """Return by when a load was to have its end; what is no time is long past."""
    try:
        until = datetime.strptime(str(record.get("until")), "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        until = datetime.min
    return until.replace(tzinfo=UTC)


def _what(record: dict[str, Any]) -> str:
    return f"{record.get('path')}, as {record.get('user')}"
