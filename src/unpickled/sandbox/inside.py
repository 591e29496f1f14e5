"""Without a wall this runs first in a child: the kernel's own bounds on one process, then the program.

Run by its path, `python inside.py LIMITS PROGRAM ARGUMENT…` with LIMITS as JSON, so it imports nothing of the package.
"""

from __future__ import annotations

import json
import os
import sys

__all__ = ["main"]


def main() -> None:
    """Bound this process, then become the program."""
    import resource  # noqa: PLC0415 - Unix only, as is this whole file

    for name, most in json.loads(sys.argv[1]).items():
        what = getattr(resource, name)
        hard = resource.getrlimit(what)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(what, (soft, soft))
        except (ValueError, OSError):  # macOS does not bound the address space
            continue
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - the point of this file


if __name__ == "__main__":
    main()
