"""What `inspect` costs on 2 GB of weights, beside a plain child in which the format's library reads the same header.

usage: python bench/weights.py [--json]
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from unpickled import sandbox
from unpickled.weights import inspect

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "weights"))
from huge import huge

ROUNDS = 7
LIBRARY = {
    ".safetensors": "import safetensors; f = safetensors.safe_open(p, 'np'); print(f.keys())",
    ".npy": "from numpy.lib import format as f; s = open(p, 'rb'); f.read_magic(s); print(f.read_array_header_1_0(s))",
    ".gguf": "from gguf import GGUFReader; print([t.name for t in GGUFReader(p).tensors])",
    ".onnx": "",  # the library would read all of it
    ".h5": "import h5py; f = h5py.File(p, 'r'); print({n: (d.shape, d.dtype) for n, d in f.items()})",
}


def median(run: Callable[[], object]) -> float:
    """Return the median of some runs in seconds, the first (cold) one left out."""
    times = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def memory(path: Path) -> int:
    """Return the most memory seen in the child, in bytes."""
    seen = []
    run = sandbox.run_python

    def noted(*given: object, **named: object) -> sandbox.Outcome:
        seen.append(run(*given, **named))
        return seen[-1]

    sandbox.run_python = noted
    try:
        inspect(path)
    finally:
        sandbox.run_python = run
    return seen[-1].memory


def main() -> None:
    rows: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        for path in huge(Path(folder)):
            code = LIBRARY[path.suffix]
            words = [sys.executable, "-c", f"p = {str(path)!r}; {code}"]
            ours = median(lambda path=path: inspect(path))
            rows[f"{path.suffix}, s (under 1)"] = round(ours, 3)
            if code:
                own = median(
                    lambda words=words: subprocess.run(words, check=True, capture_output=True)
                )
                rows[f"{path.suffix}, ratio to the library in a child"] = round(ours / own, 2)
            rows[f"{path.suffix}, MB of its own (under 200)"] = round(memory(path) / 1e6)
    if "--json" in sys.argv:
        print(json.dumps(rows))
    else:
        for name, value in rows.items():
            print(f"{name:<50} {value}")


if __name__ == "__main__":
    main()
