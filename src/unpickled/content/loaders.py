"""The data files as records: `load_…` raises the first fault, `read_…` collects them for `check`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Protocol, TypeVar

from unpickled.content.experiments import held, read_experiments
from unpickled.content.model import Erratum, Experiment, Format, Incident, Source, Term
from unpickled.content.root import course_root
from unpickled.content.schema import Document, Row
from unpickled.errors import ContentError

__all__ = [
    "DATA",
    "FILES",
    "RISKS",
    "Faults",
    "load",
    "load_errata",
    "load_formats",
    "load_glossary",
    "load_incidents",
    "load_sources",
    "read_errata",
    "read_formats",
    "read_glossary",
    "read_incidents",
    "read_sources",
    "unique",
]

RISKS = ("high", "some", "low", "none")
PICKLE = ("Yes", "No", "Partially", "Conditionally")
INCIDENTS = ("incident", "vulnerability", "scanner-bypass", "defence")
SOURCES = ("docs", "advisory", "blog", "code", "spec", "release")
LABEL = re.compile(rf"[^:;]*:|(?:(?:yes|no)\W+)?(?:{'|'.join(RISKS)})\b", re.IGNORECASE)
"""What a risk_text says the risk is: all before its colon, or the word that it begins with."""
URL = re.compile(r"https://\S+\.\S+")
PARTIAL_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")

DATA = "course/data"
FILES = {
    "source": "sources",
    "format": "formats",
    "experiment": "formats",
    "incident": "incidents",
    "erratum": "errata",
    "term": "glossary",
}

Faults = list[ContentError]


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


Record = TypeVar("Record", bound=_Identified)
Whole = TypeVar("Whole")


def load(read: Callable[[Path, Faults], Whole], root: Path | None) -> Whole:
    """Run a reader and raise the first fault that it finds.

    Raises:
        ContentError: the file breaks its schema.
    """
    faults: Faults = []
    result = read(root or course_root(), faults)
    if faults:
        raise faults[0]
    return result


def unique(rows: Iterable[tuple[Row, Record]]) -> tuple[Record, ...]:
    """Return the records, with a fault for each id that came before."""
    made: dict[str, Record] = {}
    for row, record in rows:
        if record.id in made:
            row.fault(
                "has an id that another one has",
                "Ids are unique in a file: choose another.",
                key="id",
            )
        elif record.id:
            made[record.id] = record
    return tuple(made.values())


def load_sources(root: Path | None = None) -> dict[str, Source]:
    """Return every source by its id, in the file's order."""
    return {source.id: source for source in load(read_sources, root)}


def load_formats(root: Path | None = None) -> tuple[Format, ...]:
    """Return the rows of the weight-format table, in the lesson's order."""
    return load(read_formats, root)


def load_incidents(root: Path | None = None) -> tuple[Incident, ...]:
    """Return the timeline, oldest first."""
    return load(read_incidents, root)


def load_errata(root: Path | None = None) -> tuple[Erratum, ...]:
    """Return the corrections of the lesson's text, in the text's order."""
    return load(read_errata, root)


def load_glossary(root: Path | None = None) -> tuple[Term, ...]:
    """Return the words, the lesson's key terms first."""
    return load(read_glossary, root)


def _read(
    root: Path, faults: Faults, name: str, make: Callable[[Row], Record]
) -> tuple[Record, ...]:
    """Read every table [[name]] of the data file that is called after it."""
    document = Document(root, f"{DATA}/{FILES[name]}.toml", faults)
    document.expect_tables(name)
    made = []
    for row in document.rows(name):
        made.append((row, make(row)))
        row.close()
    return unique(made)


def read_sources(root: Path, faults: Faults) -> tuple[Source, ...]:
    """Read sources.toml; see `load_sources`."""
    return _read(root, faults, "source", _source)


def _source(row: Row) -> Source:
    url = row.text("url")
    if url and not URL.fullmatch(url):
        row.fault(
            f'has a wrong url "{url}"', "It must begin with https:// and hold no spaces.", key="url"
        )
    return Source(
        id=row.slug(),
        short=row.text("short"),
        title=row.text("title"),
        publisher=row.text("publisher"),
        url=url,
        kind=row.word("kind", SOURCES),
        checked=row.day("checked"),
    )


def read_formats(root: Path, faults: Faults) -> tuple[Format, ...]:
    """Read formats.toml; see `load_formats`."""
    below: list[tuple[Row, Experiment]] = []
    made = _read(root, faults, "format", lambda row: _format(row, below))
    unique(below)
    return made


def _format(row: Row, below: list[tuple[Row, Experiment]]) -> Format:
    made = Format(
        id=row.slug(),
        name=row.text("name"),
        extensions=row.texts("extensions"),
        pickle=row.word("pickle", PICKLE),
        risk=row.word("risk", RISKS),
        risk_text=row.text("risk_text"),
        notes=row.text("notes"),
        detail=row.text("detail"),
        sources=row.texts("sources"),
        corrected=row.text("corrected", ""),
        experiments=read_experiments(row, below),
    )
    held(row, made)
    label = LABEL.match(made.risk_text)
    for word in re.findall(rf"\b({'|'.join(RISKS)})\b", label[0].lower()) if label else ():
        if made.risk and word != made.risk:
            problem = f'says "{word}" in its risk_text, and has risk = "{made.risk}"'
            row.fault(problem, "Make them the same.", key="risk_text")
            break
    return made


def read_incidents(root: Path, faults: Faults) -> tuple[Incident, ...]:
    """Read incidents.toml; see `load_incidents`."""
    previous = ""

    def make(row: Row) -> Incident:
        nonlocal previous
        day = row.text("date")
        if day and not _is_date(day):
            row.fault(
                f'has a wrong date "{day}"', 'Write "2024", "2024-02" or "2024-02-27".', key="date"
            )
        elif day < previous[: len(day)]:
            row.fault(
                f"is dated {day}, before the one above it", "Put the oldest first.", key="date"
            )
        previous = day or previous
        return Incident(
            id=row.slug(),
            date=day,
            title=row.text("title"),
            text=row.text("text"),
            kind=row.word("kind", INCIDENTS),
            sources=row.texts("sources"),
        )

    return _read(root, faults, "incident", make)


def _is_date(text: str) -> bool:
    """Tell whether this is a year, a month or a day that there was: 2024-02-30 never came."""
    if not PARTIAL_DATE.fullmatch(text):
        return False
    try:
        return len(text) < len("2024-02-27") or bool(date.fromisoformat(text))
    except ValueError:
        return False


def read_errata(root: Path, faults: Faults) -> tuple[Erratum, ...]:
    """Read errata.toml; see `load_errata`."""
    return _read(root, faults, "erratum", _erratum)


def _erratum(row: Row) -> Erratum:
    erratum = Erratum(
        id=row.slug(),
        lesson_said=row.text("lesson_said"),
        true_today=row.text("true_today"),
        notes=row.text("notes", ""),
        method=row.text("method", ""),
        sources=row.texts("sources", required=False),
        checked=row.day("checked"),
        pages=row.texts("pages"),
    )
    if not erratum.sources and not erratum.method:
        row.fault(
            "has neither sources nor a method",
            "Say where it is written, or how it was counted or measured.",
        )
    return erratum


def read_glossary(root: Path, faults: Faults) -> tuple[Term, ...]:
    """Read glossary.toml; see `load_glossary`."""
    terms = _read(root, faults, "term", _term)
    return tuple(sorted(terms, key=lambda term: not term.key))


def _term(row: Row) -> Term:
    return Term(
        id=row.slug(),
        term=row.text("term"),
        text=row.text("text"),
        sources=row.texts("sources"),
        key=row.flag("key"),
    )
