"""The program that runs in the child: `python child.py FORMAT FILE` prints one line of JSON about a header."""

from __future__ import annotations

import json
import sys
from pathlib import Path

__all__ = ["main"]


def main() -> None:
    """Read one file and print what was found, or why it was refused."""
    from unpickled.weights.parsers import RefusedError, parse  # noqa: PLC0415 - this file is run by its path

    try:
        told = parse(sys.argv[1], Path(sys.argv[2])).to_dict()
    except RefusedError as error:
        told = {"refused": str(error)}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
