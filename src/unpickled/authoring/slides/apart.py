"""Work with a browser, in a process of its own that Ctrl-C in a terminal does not reach.

A terminal sends Ctrl-C to every process of a command: Chromium and its driver would end at the same moment as we stop,
and what they then tell each other ends in a traceback or in an error of theirs in place of ours. So the work has a
session of its own. We end it; the driver closes its browser when nobody listens any more.
"""

from __future__ import annotations

import io
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress

from unpickled.errors import SetupError

__all__ = ["Work", "apart"]

Work = Callable[[bytes], dict[str, bytes]]
CLOSING = 10  # seconds that a browser may take to close when its work is stopped


def apart(work: Work, html: bytes) -> dict[str, bytes]:
    """Call `work(html)` in a process of its own.

    Args:
        work: a function at the top of a module; what it returns is kept in its order.
        html: a page of slides.

    Raises:
        SetupError: as `work` raised it.
        RuntimeError: it failed otherwise; the message is all that it said.
    """
    with (
        # What a stopped browser leaves, its profile above all, is in here; it may still write while it closes
        tempfile.TemporaryDirectory(
            prefix="unpickled-slides-", ignore_cleanup_errors=True
        ) as folder,
        subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, f"{work.__module__}:{work.__qualname__}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": folder},
            start_new_session=True,
        ) as process,
    ):
        try:
            made, said = process.communicate(html)
        except BaseException:
            process.kill()
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=CLOSING)  # until the driver is gone: it holds our pipe
            raise
    if process.returncode == SetupError.exit_code:
        raise SetupError(*json.loads(made))
    if process.returncode:
        raise RuntimeError(f"{work.__qualname__} failed:\n{said.decode(errors='replace')}")
    with zipfile.ZipFile(io.BytesIO(made)) as files:
        return {name: files.read(name) for name in files.namelist()}


def main() -> int:
    """Be the other process: a page comes in, an uncompressed zip or an error's words as JSON go out."""
    work: Work = pkgutil.resolve_name(sys.argv[1])
    try:
        made = work(sys.stdin.buffer.read())
    except SetupError as error:
        sys.stdout.write(json.dumps([error.place, error.problem, error.remedy]))
        return error.exit_code
    with zipfile.ZipFile(sys.stdout.buffer, "w") as files:
        for name, data in made.items():
            files.writestr(name, data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
