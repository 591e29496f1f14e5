"""200,000 broken inputs: each ends in steps and at most a `TraceError`, and no danger goes untold."""

from __future__ import annotations

import pytest

from .child import run

CHUNKS, EACH = 20, 10_000


@pytest.mark.long
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_mutated_pickles_do_no_harm_and_hide_nothing(chunk: int) -> None:
    """No crash, hang, import, call or memory beyond bounds; every import and call of CPython's is told."""
    told = run(f"mutations {chunk}", str(EACH))
    assert told["inputs"] == EACH
    assert told["problems"] == []
