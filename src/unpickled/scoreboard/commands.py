"""Other people's scanners as commands: a sandboxed child loads a console script once, and runs it in a fork a file.

The package imports none of them. A command that raises, is killed or takes too long has given no answer, whatever
number an interpreter would have ended with: a traceback ends with 1, which three of these tools use for "unsafe".
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from unpickled.sandbox import Excuse, Limits, Outcome, run

__all__ = ["Ended", "Script", "find", "run_script"]

_RUNNER = Path(__file__).with_name("run_each.txt")
_START = 60  # seconds for a command's libraries to be imported on a busy machine
_MEMORY = 3 << 30
_ANSWER = 512 << 10  # bytes of one answer; see run_each.txt
_ABOUT = """
import json, sys
from importlib import metadata
try:
    version = metadata.version(sys.argv[1])
except metadata.PackageNotFoundError:
    version = ""
print(json.dumps([version, sys.prefix, sys.base_prefix]))
"""


@dataclass(frozen=True, slots=True)
class Script:
    """A console script that is installed: name, version, the Python that runs it, and the folders that it needs."""

    name: str
    version: str
    python: str
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended on one file.

    Attributes:
        code: its exit code; None where it raised, was killed or took too long.
        problem: why there is no exit code, as part of a sentence.
        answer: what it wrote to the file that it was given for its answer, or to stdout.
        seconds: how long it took, without the import of its libraries.
    """

    code: int | None
    problem: str = ""
    answer: str = ""
    seconds: float = 0.0


@cache
def find(name: str) -> Script | None:
    """Find a command: in this environment, or on PATH with a Python of its own. None if there is none."""
    try:
        return Script(name, metadata.version(name), sys.executable)
    except metadata.PackageNotFoundError:
        pass
    found = shutil.which(name)
    return _elsewhere(name, Path(found)) if found else None


def _elsewhere(name: str, path: Path) -> Script | None:
    """Ask the Python in a script's first line for the version, and where its libraries are."""
    try:
        with path.open("rb") as file:
            line = file.readline(1_000)
        python = line.removeprefix(b"#!").strip().decode("utf-8")
        if not line.startswith(b"#!") or not Path(python).is_absolute():
            return None
        command = [python, "-I", "-c", _ABOUT, name]
        told = subprocess.run(command, capture_output=True, timeout=30, check=True)
        version, *folders = json.loads(told.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return Script(name, str(version), python, tuple(map(str, folders))) if version else None


def run_script(  # noqa: PLR0913 - each is named at the call
    script: Script,
    jobs: Sequence[Sequence[str]],
    *,
    readable: Sequence[Path],
    warm: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    without_wall: Excuse = "none",
    seconds: int = 30,
) -> tuple[list[Ended], str]:
    """Run a command once for each job.

    Args:
        script: the command.
        jobs: its arguments; `{answer}` stands for the file that it is to write its answer to.
        readable: the files and folders that it may see.
        warm: arguments for a first run whose answer is not wanted, on a file that is known to be plain data.
        variables: environment variables for it.
        without_wall: as in `sandbox.run`.
        seconds: how long each job may take.

    Returns:
        One record a job, in their order, and in what kind of child it was.

    Raises:
        SandboxError: there is no bubblewrap, and no excuse.
    """
    asked = {
        "tool": script.name,
        "seconds": seconds,
        "warm": list(warm),
        "jobs": [list(job) for job in jobs],
    }
    ran = run(
        [script.python, "-P", "-B", str(_RUNNER)],
        limits=_limits(len(jobs), seconds),
        readable=[_RUNNER, *readable, *script.folders],
        stdin=json.dumps(asked).encode("ascii"),
        variables={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **(variables or {})},
        without_wall=without_wall,
    )
    lines = ran.out.split(b"\n")[:-1]
    found = [_ended(line) for line in lines[: len(jobs)]]
    found += [Ended(code=None, problem=_end(ran))] * (len(jobs) - len(found))
    return found, ran.isolation


def _limits(jobs: int, seconds: int) -> Limits:
    return Limits(
        seconds=_START + jobs * (seconds + 1),
        memory=_MEMORY,
        processes=64,
        files=100_000,
        disk=256 << 20,
        output=(jobs + 1) * (_ANSWER + 4096),
    )


def _ended(line: bytes) -> Ended:
    """Build the record from a child's line, which is checked like any other hostile input."""
    try:
        told: Any = json.loads(line)
        code, problem, answer, seconds = (
            told[key] for key in ("code", "problem", "answer", "seconds")
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return Ended(code=None, problem="its answer could not be understood")
    sound = (code is None or type(code) is int) and isinstance(seconds, int | float)
    if not sound or not isinstance(problem, str) or not isinstance(answer, str):
        return Ended(code=None, problem="its answer could not be understood")
    return Ended(code=code, problem=problem[:300], answer=answer, seconds=float(seconds))


def _end(ran: Outcome) -> str:
    if ran.stopped_by:
        return f"its process passed a limit: {ran.stopped_by}"
    return f"its process ended with {ran.code}"
