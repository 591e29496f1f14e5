"""The command line: `main` is the console script, and answers `--version` before anything else is imported."""

from __future__ import annotations

import sys
from contextlib import suppress

from unpickled import __version__

__all__ = ["main"]


def main() -> int:
    """Run the `unpickled` command on `sys.argv`; returns the exit code."""
    if sys.argv[1:] == ["--version"] and sys.stdout:
        with suppress(OSError):  # which `run` tells of
            sys.stdout.write(f"unpickled {__version__}\n")
            sys.stdout.flush()
            return 0
    from unpickled.cli.main import run  # noqa: PLC0415 - click costs more than all of --version may

    return run()
