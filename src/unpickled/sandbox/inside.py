"""The first thing that runs in a child: bounds on memory, processes, time and output, then the script.

Run by its path, `python inside.py SECONDS SCRIPT ARGUMENT…`, so it imports nothing of the package.
"""

from __future__ import annotations

import runpy
import sys

__all__ = ["main"]

MEMORY = 4 << 30  # bytes of address space; torch alone maps 0.7 GB
OUTPUT = 1 << 20  # bytes of any one file, stdout included


def main() -> None:
    """Bound this process, then run the script with its arguments."""
    seconds, script = int(sys.argv[1]), sys.argv[2]
    _limit(seconds)
    sys.argv = sys.argv[2:]
    runpy.run_path(script, run_name="__main__")


def _limit(seconds: int) -> None:
    try:
        import resource  # noqa: PLC0415 - Unix only
    except ImportError:
        return
    wanted = {
        resource.RLIMIT_AS: MEMORY,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: seconds + 1,
        resource.RLIMIT_FSIZE: OUTPUT,
        resource.RLIMIT_NOFILE: 256,
    }
    for what, most in wanted.items():
        hard = resource.getrlimit(what)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (soft, soft))


if __name__ == "__main__":
    main()
