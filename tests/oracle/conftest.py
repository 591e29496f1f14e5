"""The reference as a server: one child for a whole test session, asked over pipes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


class Reference:
    """Asks the neutralised unpickler, in its child process."""

    def __init__(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, HERE / "reference.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *pickles: bytes, texts: str = "") -> Sequence[list[dict[str, Any]]]:
        """Return for each input its pickles, with their steps."""
        assert self.child.stdin
        assert self.child.stdout
        request = {"pickles": [data.hex() for data in pickles], "texts": texts}
        self.child.stdin.write(json.dumps(request) + "\n")
        self.child.stdin.flush()
        answers: list[list[dict[str, Any]]] = json.loads(self.child.stdout.readline())
        return answers


@pytest.fixture(scope="session")
def reference() -> Iterator[Reference]:
    """The reference, for as long as the tests run."""
    asked = Reference()
    yield asked
    assert asked.child.stdin
    asked.child.stdin.close()
    assert asked.child.wait(timeout=10) == 0
