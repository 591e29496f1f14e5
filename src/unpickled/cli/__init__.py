"""The command line: `main` is the console script, and answers `--version` before anything else is imported."""

from __future__ import annotations

import sys
from contextlib import suppress

from unpickled import __version__

__all__ = ["STOPPED", "main"]

STOPPED = "unpickled: stopped; nothing was left half-written."


def main() -> int:
    """Run the `unpickled` command on `sys.argv`; returns the exit code.

    Ctrl-C is answered from here on, while our imports run, too. While Python itself starts, it is Python's to answer.
    """
    try:
        return _main()
    except (KeyboardInterrupt, RuntimeError) as stopped:
        # Where a class is made during an import, Python 3.11 wraps whatever it meets.
        if not isinstance(stopped.__cause__ or stopped, KeyboardInterrupt):
            raise
        with suppress(OSError, AttributeError):  # standard error is full, or closed
            sys.stderr.write(f"{STOPPED}\n")
        return 130


def _main() -> int:
    if sys.argv[1:] == ["--version"] and sys.stdout:
        with suppress(OSError):  # which `run` tells of
            sys.stdout.write(f"unpickled {__version__}\n")
            sys.stdout.flush()
            return 0
    from unpickled.cli.main import run  # noqa: PLC0415 - click costs more than all of --version may

    return run()
