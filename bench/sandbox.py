"""What the sandbox costs: a child behind the wall beside a plain one, started alternately in one run.

usage: python bench/sandbox.py [--json]
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from unpickled import sandbox

ROUNDS = 40
NOTHING = [sys.executable, "-I", "-S", "-c", "pass"]
LOUD = [sys.executable, "-I", "-S", "-c", "import sys; sys.stdout.write('x' * 8_000_000)"]


def plain(words: list[str]) -> None:
    subprocess.run(words, check=True, capture_output=True)


def walled(words: list[str]) -> None:
    ended = sandbox.run(words, limits=sandbox.Limits(output=10_000_000))
    assert ended.code == 0, ended


def bare_wall(words: list[str]) -> None:
    flags = ["--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    subprocess.run(["bwrap", *flags, *words], check=True, capture_output=True)


def medians(*runs: Callable[[], None]) -> list[float]:
    """Return the median seconds of each, taken in turn; the first (cold) round is left out."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(ROUNDS + 1):
        for kept, run in zip(times, runs, strict=True):
            start = time.perf_counter()
            run()
            kept.append(time.perf_counter() - start)
    return [statistics.median(kept[1:]) for kept in times]


def main() -> None:
    if sandbox.problem():
        sys.exit(f"no sandbox here: {sandbox.problem()}")
    child, bwrap, ours = medians(
        lambda: plain(NOTHING), lambda: bare_wall(NOTHING), lambda: walled(NOTHING)
    )
    quiet, loud = medians(lambda: plain(LOUD), lambda: walled(LOUD))
    rows = {
        "a plain child, ms": round(child * 1e3, 1),
        "bubblewrap alone, ms more": round((bwrap - child) * 1e3, 1),
        "the sandbox, ms more (under 30)": round((ours - child) * 1e3, 1),
        "ratio": round(ours / child, 2),
        "8 MB of output, ratio": round(loud / quiet, 2),
    }
    if "--json" in sys.argv:
        print(json.dumps(rows))
    else:
        for name, value in rows.items():
            print(f"{name:<40} {value}")


if __name__ == "__main__":
    main()
