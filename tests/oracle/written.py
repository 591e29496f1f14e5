"""Containers that also remember, in order, what was written into them, duplicates and all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class WrittenList(list[Any]):
    """A list; storing under an index does not show in `written`."""

    def __init__(self, values: Iterable[Any] = ()) -> None:
        super().__init__(values)
        self.written: list[Any] = list(self)

    def extend(self, values: Iterable[Any]) -> None:
        values = list(values)
        super().extend(values)
        self.written += values


class WrittenDict(dict[Any, Any]):
    """A dict; `written` holds pairs."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[tuple[Any, Any]] = []

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self.written.append((key, value))


class WrittenSet(set[Any]):
    """A set."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[Any] = []

    def update(self, *others: Iterable[Any]) -> None:
        for values in map(list, others):
            super().update(values)
            self.written += values


class WrittenFrozen(frozenset[Any]):
    """A frozenset."""

    def __new__(cls, values: list[Any]) -> WrittenFrozen:
        made = super().__new__(cls, values)
        made.written = list(values)
        return made

    written: list[Any]
