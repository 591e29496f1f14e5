"""Hashing, verifying and signatures beside their peers in one run: file_digest, sha256sum, model_signing.

usage: python bench/guard.py [--json] [--size MB]     One large file, and as many bytes in 64 files; 1 GB by default.

Ends with 1 where one large file is verified at less than 0.9 of the speed of hashlib.file_digest.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import model_signing

from unpickled import defence
from unpickled.defence.keys import make_keys

ROUNDS = 5
SPEED, LEAST = "speed of verify / file_digest (at least 0.9)", 0.9


def one_by_one(folder: Path) -> None:
    for path in folder.iterdir():
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")


def sha256sum(folder: Path) -> None:
    subprocess.run(["sha256sum", *folder.iterdir()], check=True, stdout=subprocess.DEVNULL)


def ours(folder: Path) -> None:
    lock = defence.Lock(tuple(LOCKS[folder].pins))
    assert not defence.verify_folder(folder, lock, advance=lambda _: None).faults


def our_check(folder: Path) -> None:
    trust = defence.Trust(public_key=folder.parent / "keys" / "signing.pub")
    defence.check_signature(folder, folder.with_suffix(".sig"), trust)


def their_check(folder: Path) -> None:
    config = model_signing.verifying.Config()
    config.use_elliptic_key_verifier(public_key=folder.parent / "keys" / "signing.pub")
    config.verify(folder, folder.with_suffix(".sig"))


LOCKS: dict[Path, defence.Lock] = {}


def medians(folder: Path, *runs: Callable[[Path], None]) -> list[float]:
    """Return the median seconds of each, taken in turn; the first (cold) round is left out."""
    times: list[list[float]] = [[] for _ in runs]
    for number in range(ROUNDS + 1):
        for kept, run in zip(times, runs, strict=True):
            start = time.perf_counter()
            run(folder)
            if number:
                kept.append(time.perf_counter() - start)
    return [statistics.median(kept) for kept in times]


def fill(folder: Path, files: int, size: int) -> Path:
    folder.mkdir()
    block = bytes(range(256)) * 4096
    for number in range(files):
        with (folder / f"{number:03}.safetensors").open("wb") as file:
            for _ in range(size // files >> 20):
                file.write(block)
            file.write(b"%d" % number)
    LOCKS[folder] = defence.pin_folder(folder)
    return folder


def measured(root: Path, size: int) -> dict[str, float]:
    one, many = fill(root / "one", 1, size), fill(root / "many", 64, size)
    digest, verify = medians(one, one_by_one, ours)
    serial, parallel = medians(many, one_by_one, ours)
    make_keys(root / "keys")
    signer = defence.Signer(key=root / "keys" / "signing.key")
    defence.sign_folder(many, many.with_suffix(".sig"), signer)
    peer_check, check = medians(many, their_check, our_check)
    rows = {
        "one file: file_digest, s": round(digest, 3),
        "one file: verify, s": round(verify, 3),
        SPEED: round(digest / verify, 3),
        "64 files: file_digest one by one, s": round(serial, 3),
        "64 files: verify, s": round(parallel, 3),
        "64 files: speed of verify / file_digest": round(serial / parallel, 2),
        "64 files: speed of verify / model_signing": round(peer_check / parallel, 2),
        "64 files: speed of check-signature / model_signing": round(peer_check / check, 2),
    }
    if shutil.which("sha256sum"):
        (peer,) = medians(one, sha256sum)
        rows["one file: speed of verify / sha256sum"] = round(peer / verify, 2)
    return rows


def main() -> None:
    wanted = argparse.ArgumentParser()
    wanted.add_argument("--json", action="store_true")
    wanted.add_argument("--size", type=int, default=1024, help="megabytes")
    given = wanted.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measured(Path(folder), given.size << 20)
    if given.json:
        print(json.dumps(rows))
    else:
        for name, value in rows.items():
            print(f"{name:<52} {value}")
    if rows[SPEED] < LEAST:
        raise SystemExit(f"bench/guard.py: {SPEED} is {rows[SPEED]}")


if __name__ == "__main__":
    main()
