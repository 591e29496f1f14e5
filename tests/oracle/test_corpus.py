"""Every input that once failed, replayed: the first line of each file says what it found."""

from __future__ import annotations

from pathlib import Path

import pytest

from unpickled.pickles import record

from .agreement import missed
from .child import examine
from .conftest import Reference

FILES = sorted((Path(__file__).parent / "corpus").glob("*.hex"))


def content(file: Path) -> bytes:
    return bytes.fromhex("".join(file.read_text(encoding="utf-8").splitlines()[1:]))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_once_failed_is_told(file: Path, reference: Reference) -> None:
    """The trace goes as far as the reference, with every import, call and text of it."""
    assert file.read_text(encoding="utf-8").startswith("# ")
    data = content(file)
    kept = record(data)
    (answer,) = reference(data, texts="all")
    assert missed(data, answer, kept.steps, kept.error) is None
    for pickle in answer:
        for step, theirs in zip(kept.steps, pickle["steps"], strict=False):
            if pickle["start"] == 0 and theirs["done"]:
                for own, expected in zip(kept.stack(step.index), theirs["stack"], strict=True):
                    assert own == expected or (own.startswith("integer of ") and expected.isdigit())
    if b"mkdir" in data:
        assert kept.error or any("mkdir" in imported.name for imported in kept.imports)


def test_nothing_in_the_corpus_crashes_or_escapes() -> None:
    """Each is traced in a child that may do nothing else, beside the C unpickler too."""
    assert examine([content(file) for file in FILES]) == []
