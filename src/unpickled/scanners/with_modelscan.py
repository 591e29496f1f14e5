"""modelscan, asked through its Python API; runs in the worker process.

modelscan chooses a reader by file extension and says "no issues" where it chose none. What it read is taken down
by wrapping the one function through which it reads pickles; the rest it keeps in its own lists.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from unpickled.scanners.answers import Answer, Complaint, Look
from unpickled.scanners.verdicts import Finding

__all__ = ["examine"]

_ERRORS = {
    "PICKLE_GENOPS": "unreadable",
    "JSON_DECODE": "unreadable",
    "NESTED_ZIP": "skipped",
    "DEPENDENCY": "skipped",
}
_SKIPS = {"BAD_ZIP": "unreadable"}
_PLAIN = {
    "DEPENDENCY": "it needs TensorFlow for this format",
    "NESTED_ZIP": "it does not open a zip inside a zip",
    "MAGIC_NUMBER": "it takes a file of this name for legacy PyTorch, and this is not one",
    "MODEL_CONFIG": "it found no Keras model in it",
    "SCAN_NOT_SUPPORTED": "it has no reader for this file extension",
    "PICKLE_GENOPS": "it could not parse the pickle",
    "JSON_DECODE": "it could not parse the JSON",
    "BAD_ZIP": "it could not open the zip",
}


def examine(path: str) -> Answer:
    """Scan one file with modelscan's default settings.

    Raises:
        Exception: whatever modelscan raises before it has looked at anything.
    """
    from modelscan.modelscan import ModelScan  # noqa: PLC0415 - costs 0.2 s, so only when it is asked
    from modelscan.settings import DEFAULT_SETTINGS  # noqa: PLC0415

    whole = str(Path(path).absolute())
    looks: list[Look] = []
    machine = ModelScan(settings=copy.deepcopy(DEFAULT_SETTINGS))
    with _wrapped(whole, looks):
        machine.scan(whole)
    return Answer(
        flagged=tuple(sorted({_finding(issue, whole) for issue in machine.issues.all_issues})),
        looks=tuple(looks),
        judged=tuple(_place(source, whole) for source in machine.scanned),
        complaints=(*_complaints(machine.errors, whole), *_skips(machine.skipped, whole)),
    )


def _place(source: Any, whole: str) -> str:
    return str(source).removeprefix(whole).removeprefix(":")


def _finding(issue: Any, whole: str) -> Finding:
    details = issue.details
    where = _place(details.source, whole)
    return Finding(str(details.module), str(details.operator), where, issue.severity.name.lower())


def _complaints(errors: Any, whole: str) -> Iterator[Complaint]:
    for error in errors:
        told = error.to_dict()
        category = told["category"]
        text = _PLAIN.get(category) or str(told["description"]).replace(whole, "the file")
        yield Complaint(
            _ERRORS.get(category, "failed"), _place(told.get("source", ""), whole), text
        )


def _skips(skipped: Any, whole: str) -> Iterator[Complaint]:
    for skip in skipped:
        category = skip.category.name
        text = _PLAIN.get(category) or str(skip.message).replace(whole, "the file")
        yield Complaint(_SKIPS.get(category, "skipped"), _place(skip.source, whole), text)


@contextmanager
def _wrapped(whole: str, looks: list[Look]) -> Iterator[None]:
    from modelscan.scanners.pickle import scan  # noqa: PLC0415 - as above
    from modelscan.tools import picklescanner  # noqa: PLC0415

    read = picklescanner.scan_pickle_bytes

    def pickle_read(
        model: Any,
        settings: Any,
        scan_name: str = "pickle",
        multiple_pickles: bool = True,
        offset: int = 0,
    ) -> Any:
        result = read(model, settings, scan_name, multiple_pickles, offset)
        end = model._stream.tell() if model._stream else offset  # noqa: SLF001 - get_stream() would rewind it
        looks.append(Look(_place(model.get_source(), whole), offset, end, multiple_pickles))
        return result

    scan.scan_pickle_bytes = picklescanner.scan_pickle_bytes = pickle_read
    try:
        yield
    finally:
        scan.scan_pickle_bytes = picklescanner.scan_pickle_bytes = read
