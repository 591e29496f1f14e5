"""The sandbox in a browser, whose tab is the wall: a child is played, or what came of it on a machine is told."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from unpickled import here
from unpickled.errors import SandboxError
from unpickled.here.runs import key
from unpickled.sandbox.limits import Outcome

__all__ = ["child_key", "run_in_page"]

_LIBRARIES = frozenset({"torch", "numpy", "safetensors", "gguf", "onnx", "h5py", "joblib"})


def run_in_page(
    argv: Sequence[str], files: Sequence[str], stdin: bytes, variables: Mapping[str, str]
) -> Outcome:
    """Play a Python file as a child of this page.

    Args:
        argv: as for `run`: this Python, its options, a file and its arguments.
        files: what the child may read.
        stdin: what it reads.
        variables: its environment.

    Raises:
        NotHereError: it needs a library that no browser has, and the same was not recorded.
        SandboxError: it is no Python file.
    """
    started = time.monotonic()
    script = next((word for word in argv[1:] if not word.startswith("-")), "")
    if argv[0] != sys.executable or not script:
        raise SandboxError(str(argv[0]), "there are no processes in a browser")
    arguments = argv[list(argv).index(script) + 1 :]
    source = Path(script).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="unpickled-child-") as private:
        played = here.play(source, arguments, name=script, stdin=stdin, env=variables, cwd=private)
    needed = sorted(played.missed & _LIBRARIES)
    if not needed:
        return _outcome(played.code, played.out, played.err, here.PLACE, started)
    found = here.remembered(child_key(argv, files, stdin))
    if found is None:
        raise here.on_a_machine(needed[0])
    found.leave()
    told = (
        f"{here.RECORDED} on {here.shown_date()} on a machine: {needed[0]} cannot run in a browser"
    )
    return _outcome(found.code, found.out, found.err, told, started)


def child_key(argv: Sequence[str], files: Sequence[str], stdin: bytes) -> str:
    """Return what a child's recorded run is found by: its program by content, and all the files that it was shown."""
    return key(["python", *argv[1:]], stdin=stdin, files=files)


def _outcome(code: int, out: str, err: str, isolation: str, started: float) -> Outcome:
    return Outcome(
        code=code,
        out=out.encode(),
        err=err.encode(),
        stopped_by="",
        isolation=isolation,
        seconds=time.monotonic() - started,
        memory=0,
    )
