"""Mutations of a small file of each format, read in the sandbox: a long run for `make fuzz`, a short one for the tests.

usage: python tests/weights/fuzz.py [MUTATIONS a format, 20,000]
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import unpickled
from unpickled import sandbox, specimens
from unpickled.weights.inspecting import MEMORY

SEEDS = (
    "torch-plain", "legacy-plain", "tar-canary", "npy-plain", "npz-objects",
    "joblib-arrays", "joblib-zlib", "safetensors", "gguf", "onnx", "h5-lambda", "keras-lambda",
    "zip-nested", "reduce-canary",
)  # fmt: skip
CHILD = Path(__file__).with_name("fuzz_child.py")
PACKAGE = Path(unpickled.__file__).parent
CUTS = 4096


def seeds(folder: Path) -> list[Path]:
    """Write the small files that are damaged."""
    written = [specimens.write(name, folder, marker=folder / "canary") for name in SEEDS]
    with tarfile.open(folder / "model.tar", "w") as archive:
        archive.add(folder / "reduce-canary.pkl", "model/data.pkl")
    return [*written, folder / "model.tar"]


def run(seed: Path, mode: str, count: int) -> dict[str, Any]:
    """Read `count` damaged forms of a file; a child that dies of one goes on with the next.

    Returns:
        counts: how many were read, refused, or something else; deaths: those that ended a child, which `inspect`
        tells in one line; faults: what must not be.
    """
    told: dict[str, Any] = {"counts": Counter(), "deaths": [], "faults": []}
    at = 0
    while at < count:
        ended = sandbox.run_python(
            CHILD,
            [str(seed), mode, str(at), str(count)],
            limits=sandbox.Limits(
                seconds=3600, memory=MEMORY, output=64 << 20, address_space=(2 << 30)
            ),
            readable=[seed, PACKAGE],
        )
        lines = [line for line in ended.text.splitlines() if line.endswith("}")]
        if not lines:
            told["faults"].append([at, ended.err.decode()[-300:]])
            break
        last = json.loads(lines[-1])
        told["counts"].update(last["counts"])
        if "faults" in last:
            told["faults"] += last["faults"]
            break
        told["deaths"].append([last["at"], ended.stopped_by or ended.code])
        at = last["at"] + 1
    told["counts"] = dict(told["counts"])
    return told


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds(Path(folder).resolve()):
            for mode, many in (("cuts", min(CUTS, seed.stat().st_size)), ("changes", count)):
                told = run(seed, mode, many)
                failed |= bool(told["faults"])
                print(f"{seed.name:<24} {mode:<8} {many:>6}  {told}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
