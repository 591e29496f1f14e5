"""Mutated specimens through the real scanners: always a report, never an exception, never a hang."""

from __future__ import annotations

import random
from pathlib import Path

from unpickled.scanners import FileReport, Verdict, scan
from unpickled.specimens import catalogue, make

MUTATIONS = 500


def test_mutated_specimens_always_get_a_report(tmp_path: Path) -> None:
    """Cut, flipped, doubled and spliced files of every kind end in one of the six verdicts."""
    dice = random.Random(20261123)
    seeds = [(entry, make(entry.id)) for entry in catalogue()]
    verdicts = set()
    for number in range(MUTATIONS):
        entry, data = seeds[number % len(seeds)]
        mutated = mutate(data or b"?", dice)
        path = tmp_path / f"{number}-{entry.filename}"
        path.write_bytes(mutated)
        report = scan(path)
        assert isinstance(report, FileReport)
        assert len(report.reports) == 2, report.advice
        assert report.advice
        verdicts.add(report.verdict)
        path.unlink()
    assert verdicts >= {Verdict.CLEAN, Verdict.DANGEROUS, Verdict.UNREADABLE, Verdict.SKIPPED}


def mutate(data: bytes, dice: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(out)) if out else 0
        kind = dice.randrange(5)
        if kind == 0 and out:
            out[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            out[at:at] = dice.randbytes(dice.randint(1, 8))
        elif kind == 2:
            del out[at : at + dice.randint(1, 40)]
        elif kind == 3:
            out += out[at : at + 200]
        elif out:
            out[at : at + 4] = b"\xff\xff\xff\x7f"
    return bytes(out)
