"""The program that runs in the second child: it reads what to compare from stdin, and prints one line of JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

__all__ = ["main"]


def main() -> None:
    """Compare a model with what was written of it, and print what was proved, or why nothing was."""
    from unpickled.restricted.contents import UnprovedError  # noqa: PLC0415 - this file is run by its path
    from unpickled.restricted.proof import prove  # noqa: PLC0415

    asked = json.load(sys.stdin)
    try:
        proved = prove(
            Path(asked["model"]),
            Path(asked["draft"]),
            part=asked["part"],
            everything=asked["everything"],
        )
        told = proved._asdict()
    except UnprovedError as error:
        told = {"unproved": str(error)}
    except MemoryError:
        told = {"unproved": "it takes more memory than there is for it"}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
