"""What a deck's text may ask of the course's data in the middle of a sentence: `{{ risk(format="gguf") }}`.

A sentence that is spoken about a row or an incident takes its facts from there, so that slide, script and captions
change with the data. Calls that stand on a line of their own are `Data` parts of a slide instead (see `deck`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from unpickled.content.loaders import INCIDENTS, read_formats, read_incidents
from unpickled.content.model import Format, Incident

__all__ = ["BLOCKS", "CALL", "UnansweredError", "Values", "options"]

Row = TypeVar("Row", Format, Incident)

BLOCKS: Mapping[str, tuple[str, ...]] = {
    "formats": (),
    "timeline": (),
    "disassembly": ("specimen", "highlight"),
    "terminal": ("specimen",),
}
"""Calls that stand on a line of their own, each with its options; every option is required."""

CALL = re.compile(r"\{\{\s*(?P<name>[a-z_]+)\((?P<options>[^{}]*)\)\s*\}\}")
OPTION = re.compile(r'\s*([a-z_]+)\s*=\s*"([^"]*)"\s*(?:,|$)')
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class UnansweredError(Exception):
    """A call that cannot be answered: what is wrong with it, and what to write instead."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy


def options(text: str) -> dict[str, str] | None:
    """Read `key="value", key="value"`; None where it is anything else."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text.rstrip()):
        match = OPTION.match(text, at)
        if not match or match[1] in found:
            return None
        found[match[1]] = match[2]
        at = match.end()
    return found


class Values:
    """The answers to calls, out of one course's data; nothing is read before the first call.

    Args:
        root: the course's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._formats: Mapping[str, Format] | None = None
        self._incidents: Mapping[str, Incident] | None = None
        self._known: Mapping[str, tuple[str, Callable[[str], str]]] = {
            "risk": ("format", lambda key: self._format(key).risk),
            "title": ("incident", lambda key: self._incident(key).title),
            "month": ("incident", lambda key: _month(self._incident(key).date)),
            "count": ("incidents", self._count),
        }

    def put_in(self, text: str) -> str:
        """Return `text` with every call answered.

        Raises:
            UnansweredError: a call is unknown, is not written as one, or asks for a row that is not there.
        """
        done = CALL.sub(lambda call: self._answer(call["name"], call["options"]), text)
        for mark in ("{{", "}}", "{%"):
            if mark in done:
                problem = f'holds "{mark}", which begins or ends no call'
                raise UnansweredError(problem, 'Write a call as {{ risk(format="gguf") }}.')
        return done

    def _answer(self, name: str, written: str) -> str:
        if name in BLOCKS:
            problem = f"has {name}() in the middle of a text"
            raise UnansweredError(
                problem, "Put it on a line of its own, with an empty one around it."
            )
        if name not in self._known:
            known = ", ".join(f'{n}({key}="…")' for n, (key, _) in self._known.items())
            raise UnansweredError(
                f"asks for {name}(), which is unknown", f"Known in a text: {known}."
            )
        key, answer = self._known[name]
        given = options(written)
        if given is None or set(given) != {key}:
            raise UnansweredError(f"asks for {name}({written})", f'Write {name}({key}="…").')
        return answer(given[key])

    def _format(self, identity: str) -> Format:
        if self._formats is None:
            self._formats = {row.id: row for row in read_formats(self._root, [])}
        return _found(self._formats, identity, "format", "course/data/formats.toml")

    def _incident(self, identity: str) -> Incident:
        return _found(self._timeline(), identity, "incident", "course/data/incidents.toml")

    def _timeline(self) -> Mapping[str, Incident]:
        if self._incidents is None:
            self._incidents = {row.id: row for row in read_incidents(self._root, [])}
        return self._incidents

    def _count(self, kind: str) -> str:
        if kind not in INCIDENTS:
            problem = f'counts the incidents of kind "{kind}", which is unknown'
            raise UnansweredError(problem, f"Use one of: {', '.join(INCIDENTS)}.")
        number = sum(row.kind == kind for row in self._timeline().values())
        return NUMBERS[number] if number < len(NUMBERS) else str(number)


def _found(rows: Mapping[str, Row], identity: str, kind: str, path: str) -> Row:
    if identity not in rows:
        problem = f'asks for the {kind} "{identity}", which is unknown'
        raise UnansweredError(problem, f"Use an id out of {path}.")
    return rows[identity]


def _month(date: str) -> str:
    """Say when, as exact as a listener needs: "2024-02-27" is "February 2024", "2019" is "2019"."""
    year, *rest = date.split("-")
    return f"{MONTHS[int(rest[0]) - 1]} {year}" if rest else year
