"""The experiments behind the rows of the format table: `[[format.experiment]]`, read and held against their row.

Each says what is loaded, how, and what is expected; what cannot be tried on a learner's machine is told, with a reason
and its sources. A row that claims code execution needs an experiment in which code runs, and no row rests on what is
only told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from unpickled.content.model import Experiment, Format
from unpickled.content.schema import Row

__all__ = ["CALLS", "OUTCOMES", "How", "held", "read_experiments"]

OUTCOMES = ("made", "refused", "loaded", "told")
"""The canary appeared; the loader refused; it loaded, and nothing else happened; not tried here, but told."""


class How(NamedTuple):
    """A loader, its one argument that matters here (None if it has none), and whether it calls what a file names."""

    loader: str
    allowed: bool | None
    calls: bool


CALLS: Mapping[str, How] = MappingProxyType(
    {
        "pickle.load(file)": How("pickle", None, True),
        "torch.load(file, weights_only=True)": How("torch", True, False),
        "torch.load(file, weights_only=False)": How("torch", False, True),
        "joblib.load(file)": How("joblib", None, True),
        "numpy.load(file, allow_pickle=False)": How("numpy", False, False),
        "numpy.load(file, allow_pickle=True)": How("numpy", True, True),
        "safetensors.safe_open(file)": How("safetensors", None, False),
        "gguf.GGUFReader(file)": How("gguf", None, False),
        "onnx.load(file)": How("onnx", None, False),
        "h5py: read the layers, bring none to life": How("keras", None, False),
    }
)
"""How a file may be loaded, in the words that learners see."""


def read_experiments(row: Row, read: list[tuple[Row, Experiment]]) -> tuple[Experiment, ...]:
    """Read the experiments of one row of the table, and add them to those that were `read` before."""
    found = [(below, _one(below)) for below in row.rows("experiment")]
    read += found
    return tuple(one for _, one in found)


def _one(row: Row) -> Experiment:
    expect = row.word("expect", OUTCOMES)
    made = _told(row) if expect == "told" else _tried(row, expect)
    row.close()
    return made


def _told(row: Row) -> Experiment:
    return Experiment(
        id=row.slug(),
        what=row.text("what"),
        expect="told",
        reason=row.text("reason"),
        sources=row.texts("sources"),
    )


def _tried(row: Row, expect: str) -> Experiment:
    made = Experiment(
        id=row.slug(),
        what=row.text("what"),
        expect=expect,
        specimen=row.slug("specimen"),
        call=row.word("call", tuple(CALLS)),
        shows=row.text("shows", None if expect == "refused" else ""),
        sources=row.texts("sources", required=False),
    )
    if expect == "made" and made.call in CALLS and not CALLS[made.call].calls:
        problem = f'expects "made" of {made.call}, which calls nothing that a file names'
        row.fault(problem, 'Expect "refused" or "loaded", or load it otherwise.', key="expect")
    return made


def held(row: Row, made: Format) -> None:
    """Hold a row of the table against its experiments."""
    if made.pickle and made.risk:
        for problem, remedy in _problems(made):
            row.fault(problem, remedy)


def _problems(made: Format) -> Iterator[tuple[str, str]]:
    expected = {one.expect for one in made.experiments}
    if not made.experiments:
        yield (
            "has no experiment",
            'Add [[format.experiment]] below it; what cannot be tried is expect = "told", with its reason and sources.',
        )
    elif expected == {"told"} and made.pickle == "No":
        yield (
            'says pickle = "No", and only what is told backs it',
            'Add an experiment that is tried: expect = "refused" or "loaded".',
        )
    elif made.pickle == "No" and "made" in expected:
        yield (
            'says pickle = "No", and expects that a canary appears',
            "Correct the row or the experiment.",
        )
    elif made.pickle != "No" and "made" not in expected:
        yield (
            f'says pickle = "{made.pickle}", and no experiment shows it',
            'Add one with expect = "made".',
        )
    elif made.pickle in ("Partially", "Conditionally") and not expected & {"refused", "loaded"}:
        yield (
            f'says pickle = "{made.pickle}", and no experiment shows when not',
            'Add one with expect = "refused".',
        )
