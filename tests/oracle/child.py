"""Starts the child that traces hostile inputs, and takes its answer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_SCRIPT = Path(__file__).with_name("fuzz_child.py")


def run(*arguments: str, stdin: str = "") -> dict[str, Any]:
    """Return what the child says: `inputs` examined, and `problems` with input and problem."""
    done = subprocess.run(
        [sys.executable, _SCRIPT, *arguments],
        input=stdin,
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def examine(inputs: Sequence[bytes]) -> list[dict[str, str]]:
    """Return the problems with these inputs."""
    told = run("-", stdin="\n".join(data.hex() for data in inputs))
    assert told["inputs"] == len(inputs)
    problems: list[dict[str, str]] = told["problems"]
    return problems
