"""How fast the command starts: `unpickled --version` beside `python -c pass`, and `unpickled trace` on a small file.

usage: python bench/startup.py [--json]
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 15
COMMAND = str(Path(sys.executable).parent / "unpickled")


def median(words: list[str]) -> float:
    """Return the median wall time of a command in seconds, the first (cold) run left out."""
    times = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.pkl"
        small.write_bytes(b"\x80\x04}\x94\x8c\x01w\x94]\x94(K\x01K\x02es.")
        bare = median([sys.executable, "-c", "pass"])
        version = median([COMMAND, "--version"])
        trace = median([COMMAND, "trace", str(small)])
    rows = {
        "python -c pass, s": round(bare, 4),
        "unpickled --version, s": round(version, 4),
        "ratio (at most 10)": round(version / bare, 2),
        "unpickled trace SMALL, s (under 0.25)": round(trace, 4),
    }
    if "--json" in sys.argv:
        print(json.dumps(rows))
    else:
        for name, value in rows.items():
            print(f"{name:<40} {value}")


if __name__ == "__main__":
    main()
