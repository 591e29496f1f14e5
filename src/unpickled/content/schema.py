"""TOML tables checked key by key: each fault names file, line, row and remedy, and reading goes on after it.

`tomllib` gives no lines for what parsed well, so a row's line is found again in the text by counting `[[headers]]`.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

from unpickled.errors import ContentError

__all__ = ["SLUG", "Document", "Row"]

SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
NAMES = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    date: "a date like 2026-11-23",
}


class Document:
    """One TOML file being read; collects its faults in `faults`.

    Args:
        root: the course's folder; places are told relative to it.
        path: the file, relative to `root`.
        faults: the list to add to.
        text: the TOML, where it is only part of the file; lines count from the file's first.
    """

    def __init__(
        self, root: Path, path: str, faults: list[ContentError], *, text: str | None = None
    ) -> None:
        self.path = path
        self.faults = faults
        self._seen: Counter[str] = Counter()
        self._lines: list[str] = []
        self._readable = False  # what could not be read has its fault; nothing more is asked of it
        self._data = self._read(root / path) if text is None else self._parse(text)

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            text = path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            self.fault(
                0, "the file is missing", "Restore it; the course cannot be read without it."
            )
            return {}
        except UnicodeDecodeError as error:
            self.fault(0, f"byte {error.start} is not UTF-8", "Save the file as UTF-8.")
            return {}
        except OSError as error:
            self.fault(
                0,
                f"cannot be read: {error.strerror}",
                "Check what is at this path, and its permissions.",
            )
            return {}
        return self._parse(text)

    def _parse(self, text: str) -> dict[str, Any]:
        self._lines = text.splitlines()
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            where = re.search(r"at line (\d+)", str(error))
            problem = re.sub(r" \(at .*\)$", "", str(error))
            line = int(where[1]) if where else len(self._lines)
            problem = f"this is not TOML: {problem[:1].lower()}{problem[1:]}"
            self.fault(line, problem, "Correct the syntax.")
            return {}
        self._readable = True
        return data

    def fault(self, line: int, problem: str, remedy: str) -> None:
        """Note a fault; line 0 stands for the whole file."""
        self.faults.append(
            ContentError(f"{self.path}:{line}" if line else self.path, problem, remedy)
        )

    def top(self, label: str, line: int) -> Row:
        """Return the file's own keys, outside of any table, as one row that faults call `label`."""
        row = Row(self, "", self._data if self._readable else None, line)
        row.label = label
        return row

    def row(self, name: str) -> Row:
        """Return the table `[name]`; an empty one, with a fault, where it is missing."""
        data = self._data.get(name)
        if isinstance(data, dict):
            return Row(self, name, data, self.header(name))
        if self._readable:
            self.fault(0, f"has no table [{name}]", "Add it.")
        return Row(self, name, None, 0)

    def rows(self, name: str) -> list[Row]:
        """Return every table `[[name]]`, in the file's order; none at all is a fault."""
        found = self.tables(name, self._data.get(name, []))
        if not found and self._readable:
            self.fault(0, f"has no table [[{name}]]", "Add at least one.")
        return found

    def tables(self, name: str, data: Any) -> list[Row]:
        """Wrap a list of tables; `name` is the dotted header, by which their lines are found."""
        if not isinstance(data, list) or not all(isinstance(table, dict) for table in data):
            self.fault(
                self.line(name, 0),
                f"[[{name}]] is not a list of tables",
                f"Write each under [[{name}]].",
            )
            return []
        made = []
        for table in data:
            made.append(Row(self, name, table, self.line(name, self._seen[name])))
            self._seen[name] += 1
        return made

    def header(self, name: str) -> int:
        """Return the line of the header [name], 0 if it is not written that way."""
        return next((n for n, text in enumerate(self._lines, 1) if text.strip() == f"[{name}]"), 0)

    def line(self, name: str, index: int) -> int:
        """Return the line of the `index`-th header [[name]], 0 if it is not written that way."""
        found = [
            n for n, text in enumerate(self._lines, 1) if text.strip().startswith(f"[[{name}]]")
        ]
        return found[index] if index < len(found) else 0

    def line_of(self, key: str, start: int) -> int:
        """Return the line of `key` in the table that starts at line `start`, or `start` itself."""
        pattern = re.compile(rf'\s*"?{re.escape(key)}"?\s*=')
        for number, text in enumerate(self._lines[start:], start + 1):
            if text.lstrip().startswith("[["):
                break
            if pattern.match(text):
                return number
        return start

    def expect_tables(self, *names: str) -> None:
        """Note a fault for each top-level table that is not among `names`."""
        for name in self._data.keys() - set(names):
            self.fault(
                self.line(name, 0), f'unknown table "{name}"', f"Known here: {', '.join(names)}."
            )


class Row:
    """One table being read; every key must be asked for, and `close` reports the ones that were not.

    Args:
        document: the file that the table is in.
        name: its dotted header.
        data: what tomllib made of it; None for a table that is missing, which has been told and asks nothing more.
        line: the line of its header, 0 if unknown.
    """

    def __init__(
        self, document: Document, name: str, data: dict[str, Any] | None, line: int
    ) -> None:
        self._document = document
        self._missing = data is None
        self._data = data or {}
        self._asked: set[str] = set()
        self.name = name
        self.line = line
        identity = self._data.get("id")
        self.label = (
            f'{name.rsplit(".", 1)[-1]} "{identity}"'
            if isinstance(identity, str)
            else f"a table {name}"
        )

    def fault(self, problem: str, remedy: str, *, key: str = "") -> None:
        """Note a fault of this row, at the line of `key` if that is given and written."""
        line = self._document.line_of(key, self.line) if key else self.line
        self._document.fault(line, f"{self.label} {problem}", remedy)

    def _get(self, key: str, kind: type, default: Any) -> Any:
        self._asked.add(key)
        if key not in self._data:
            if default is None:
                if self._missing:
                    return _blank(kind)
                self.fault(f'has no key "{key}"', f"Add {key} = … ({NAMES[kind]}).")
                return _blank(kind)
            return default
        value = self._data[key]
        if not _is(value, kind):
            self.fault(f'has a wrong "{key}"', f"It must be {NAMES[kind]}.", key=key)
            return _blank(kind)
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; required, and not empty, unless there is a default."""
        value: str = self._get(key, str, default)
        if (
            default is None
            and key in self._data
            and isinstance(self._data[key], str)
            and not value.strip()
        ):
            self.fault(f'has an empty "{key}"', "Write it.", key=key)
        return value.strip()

    def slug(self, key: str = "id") -> str:
        """Return an id: letters, digits, dot, hyphen, underscore."""
        value = self.text(key)
        if value and not SLUG.fullmatch(value):
            self.fault(
                f'has an unusable {key} "{value}"',
                "Use letters, digits, dots and hyphens, no spaces.",
                key=key,
            )
        return value

    def word(self, key: str, allowed: tuple[str, ...]) -> str:
        """Return a text that must be one of `allowed`."""
        value = self.text(key)
        if value and value not in allowed:
            self.fault(
                f'has an unknown {key} "{value}"', f"Use one of: {', '.join(allowed)}.", key=key
            )
        return value

    def texts(self, key: str, *, required: bool = True) -> tuple[str, ...]:
        """Return a list of texts; required ones must not be empty lists."""
        values = self._get(key, list, None if required else [])
        if not all(isinstance(value, str) and value.strip() for value in values):
            self.fault(
                f'has a wrong "{key}"', "It must be a list of texts, none of them empty.", key=key
            )
            return ()
        if required and key in self._data and not values:
            self.fault(f'has an empty list "{key}"', "Name at least one.", key=key)
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            self.fault(f'names "{twice[0]}" twice in "{key}"', "Name it once.", key=key)
        return tuple(values)

    def minutes(self, key: str = "minutes") -> int:
        """Return a positive whole number of minutes."""
        value: int = self._get(key, int, None)
        if key in self._data and isinstance(self._data[key], int) and value < 1:
            self.fault(f'has a wrong "{key}"', "It must be 1 or more.", key=key)
        return value

    def number(self, key: str) -> float:
        """Return a positive number, whole or not."""
        value = self._data.get(key)
        if isinstance(value, float):
            self._asked.add(key)
        else:
            value = float(self._get(key, int, None))
        if key in self._data and value <= 0:
            self.fault(f'has a wrong "{key}"', "It must be more than 0.", key=key)
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return true or false."""
        return bool(self._get(key, bool, default))

    def day(self, key: str) -> date:
        """Return a TOML date."""
        value: date = self._get(key, date, None)
        return value

    def row(self, key: str) -> Row:
        """Return the table below `key`; an empty one, with a fault, where it is missing."""
        name = self._below(key)
        data = self._get(key, dict, None) or None
        return Row(self._document, name, data, self._document.header(name) or self.line)

    def rows(self, key: str) -> list[Row]:
        """Return the tables below `key`, each a row of its own; none where it is missing."""
        self._asked.add(key)
        found = self._document.tables(self._below(key), self._data.get(key, []))
        for row in found:
            if not row.line:  # written as inline tables: the list's line is the nearest
                row.line = self._document.line_of(key, self.line)
            if "id" not in row._data:  # noqa: SLF001 - the same class
                row.label = f"{self.label}, {key}"
        return found

    def _below(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def close(self) -> None:
        """Note every key that the schema does not know."""
        for key in sorted(self._data.keys() - self._asked):
            known = ", ".join(sorted(self._asked))
            self.fault(f'has an unknown key "{key}"', f"Known keys: {known}.", key=key)


def _is(value: Any, kind: type) -> bool:
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is date:
        return isinstance(value, date) and not isinstance(value, datetime)
    return isinstance(value, kind)


def _blank(kind: type) -> Any:
    return date.min if kind is date else kind()
