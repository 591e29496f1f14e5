"""One warm Python for all tests of a process, and kernels from it."""

from __future__ import annotations

import pytest

from unpickled import sandbox
from unpickled.kernels import Bounds, Warmth

BOUNDS = Bounds(
    cell=2, notebook=60, patience=1, output=100_000, all_output=1_000_000, memory=300 << 20, processes=24,
    disk=32 << 20, files=256,
)  # fmt: skip


@pytest.fixture(scope="session")
def warmth():
    if sandbox.problem():
        pytest.skip(sandbox.problem())
    with Warmth(bounds=BOUNDS) as made:
        yield made


@pytest.fixture
def kernel(warmth):
    with warmth.kernel() as made:
        yield made
