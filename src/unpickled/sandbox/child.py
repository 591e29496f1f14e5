"""Run one untrusted program in a child: behind the wall, or not at all unless the caller has a reason.

The child is ended with all it started when it ends itself, passes a limit, or this process dies.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from unpickled import here
from unpickled.errors import SandboxError
from unpickled.sandbox import wall
from unpickled.sandbox.boxes import Box, PlainBox, WalledBox
from unpickled.sandbox.limits import Excuse, Limits, Outcome
from unpickled.sandbox.page import run_in_page
from unpickled.sandbox.supervision import supervise
from unpickled.sandbox.system import environment

__all__ = ["run", "run_python"]


def run(  # noqa: PLR0913 - each is named at the call
    argv: Sequence[str],
    *,
    limits: Limits | None = None,
    readable: Sequence[str | os.PathLike[str]] = (),
    writable: Sequence[str | os.PathLike[str]] = (),
    stdin: bytes = b"",
    variables: Mapping[str, str] | None = None,
    without_wall: Excuse = "none",
) -> Outcome:
    """Run a program in a child, with bounds.

    Behind the wall it sees the system, this Python and its libraries read-only, the paths given here under their own
    names, and a private empty folder, which is its current one, its home and its temporary one. The environment is
    empty but for what finds programs.

    Args:
        argv: the program and its arguments.
        limits: bounds; those of `Limits()` when None.
        readable: files and folders to show.
        writable: folders that it may write to; only the size of one file is bounded there.
        stdin: what it reads from its standard input.
        variables: environment variables to add.
        without_wall: why the program may also run where there is no bubblewrap. "none" refuses there; the others
            are for a file that was proved harmless, for parsers that read headers and load nothing, and for a
            user who asked for it in so many words.

    In a browser there are no processes, and the wall is the browser's own: the page plays the child (`page`).

    Raises:
        SandboxError: there is no wall and no excuse, a path may not be shown, or the program did not start.
        NotHereError: in a browser, it needs what is not there, and the same was not recorded.
    """
    if here.in_browser():
        words = {**environment(wall.HOME), **(variables or {})}
        return run_in_page(argv, [os.fspath(one) for one in readable], stdin, words)
    bounds = limits or Limits()
    shown = wall.shown(readable, writable)
    lacking = wall.problem()
    if lacking and without_wall == "none":
        raise SandboxError(
            "the sandbox",
            f"{lacking}, so untrusted code is not run",
            "Install bubblewrap (apt install bubblewrap), or accept the risk: --unsafe-no-sandbox",
        )
    if lacking:
        with tempfile.TemporaryDirectory(prefix="unpickled-child-") as private:
            home = str(Path(private).resolve())
            words = {**environment(home), **(variables or {})}
            return _run(PlainBox(argv, bounds, words, home), bounds, stdin)
    words = {**environment(wall.HOME), **(variables or {})}
    return _run(WalledBox(argv, bounds, words, shown), bounds, stdin)


def run_python(  # noqa: PLR0913 - as `run`
    script: str | os.PathLike[str],
    arguments: Sequence[str] = (),
    *,
    limits: Limits | None = None,
    readable: Sequence[str | os.PathLike[str]] = (),
    writable: Sequence[str | os.PathLike[str]] = (),
    stdin: bytes = b"",
    variables: Mapping[str, str] | None = None,
    without_wall: Excuse = "none",
) -> Outcome:
    """Run a Python file in a child, by this Python; the rest is as in `run`.

    Raises:
        SandboxError: as `run`.
    """
    file = os.path.abspath(script)  # noqa: PTH100 - a link stays as it was named
    return run(
        [sys.executable, "-P", "-B", file, *arguments],
        limits=limits,
        readable=[file, *readable],
        writable=writable,
        stdin=stdin,
        variables=variables,
        without_wall=without_wall,
    )


def _run(box: Box, limits: Limits, stdin: bytes) -> Outcome:
    started = time.monotonic()
    try:
        box.start()
        told = supervise(box, limits, stdin, started + limits.seconds)
    finally:
        box.end()
    code = None if told.stopped_by else box.code()
    if code is None and not told.stopped_by:
        lines = told.err.decode("utf-8", "replace").strip().splitlines()
        raise SandboxError(
            "the sandbox", f"the program did not start: {lines[-1] if lines else 'no reason given'}"
        )
    return Outcome(
        code=code,
        out=bytes(told.out),
        err=bytes(told.err),
        stopped_by=told.stopped_by,
        isolation=box.isolation,
        seconds=time.monotonic() - started,
        memory=told.memory,
    )
