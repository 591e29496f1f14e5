"""One child process for one script: behind bubblewrap where that works, else a plain child with limits.

The result says which of the two it was. A plain child keeps the caller's process alive and bounds what the script may
use up; it does not keep files or the network from it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PLAIN", "WALLED", "Ran", "run", "wall"]

WALLED = "bubblewrap: no network, the system read-only, one folder to write to"
PLAIN = "a plain child process: limits on memory, time and output, no wall around files and network"
_INSIDE = Path(__file__).with_name("inside.py")
_KEPT = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT")
_READ = 1 << 16  # characters of each stream that are kept


@dataclass(frozen=True, slots=True)
class Ran:
    """How a script ended.

    Attributes:
        code: its exit code; None if it was stopped for taking too long.
        out: the start of what it wrote to stdout.
        err: the start of what it wrote to stderr.
        isolation: `WALLED` or `PLAIN`.
    """

    code: int | None
    out: str
    err: str
    isolation: str


@functools.cache
def wall() -> str:
    """Return the path of a bubblewrap that works on this machine; empty if there is none."""
    found = shutil.which("bwrap")
    if not found:
        return ""
    try:
        tried = subprocess.run(
            [*_wall(found, ()), sys.executable, "-I", "-S", "-c", ""],
            capture_output=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if tried.returncode else found


def run(
    script: Path, arguments: Sequence[str], *, writable: Sequence[Path] = (), seconds: int = 60
) -> Ran:
    """Run a script of ours in a child.

    Args:
        script: a Python file.
        arguments: what it finds in `sys.argv[1:]`.
        writable: folders that it may write to, beside a private one that is its current folder.
        seconds: how long it may take.
    """
    program = wall()
    with tempfile.TemporaryDirectory(prefix="unpickled-child-") as private:
        here = Path(private).resolve() / "here"
        here.mkdir()
        command = _wall(program, (here, *writable)) if program else []
        command += [sys.executable, "-P", str(_INSIDE), str(seconds), str(script), *arguments]
        out, err = here.parent / "out", here.parent / "err"
        code = _wait(command, here, (out, err), seconds)
        return Ran(code, _start(out), _start(err), WALLED if program else PLAIN)


def _wall(program: str, writable: Sequence[Path]) -> list[str]:
    command = [program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for folder in writable:
        command += ["--bind", str(folder), str(folder)]
    return command


def _wait(command: Sequence[str], here: Path, files: tuple[Path, Path], seconds: int) -> int | None:
    # In two files and not in pipes, so that the limit on a file's size is the limit on output as well.
    with files[0].open("wb") as out, files[1].open("wb") as err:
        process = subprocess.Popen(
            command,
            cwd=here,
            env=_environment(here),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        deadline = time.monotonic() + seconds
        try:
            return process.wait(max(deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the child's whole group: what it may have started must not outlive it."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _environment(here: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    quiet = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    return {**kept, **quiet, **single, "TMPDIR": str(here)}


def _start(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_READ).decode("utf-8", "replace")
