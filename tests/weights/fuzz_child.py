"""Runs in the sandbox: damages one small file in many ways and has each read. Prints one line of JSON a report.

usage: python fuzz_child.py FILE MODE FROM TO    (MODE: cuts, changes, or mixed: now one, now the other)
"""

from __future__ import annotations

import json
import random
import signal
import sys
from pathlib import Path

from unpickled.errors import CourseError
from unpickled.weights import identify
from unpickled.weights.parsers import PARSERS, RefusedError, parse

ENDLESS = 5  # seconds for one file; then the alarm ends this process, as `inspect` ends its child
CUTS = 4096  # bytes of a file that are cut at, where not at every byte
LARGE = 8 << 20  # bytes of answer
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, (1 << 63) - 1, (1 << 64) - 1)


def changed(data: bytes, number: int) -> bytes:
    """Return the data with one to four accidents; the same for the same number."""
    chance = random.Random(number)
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(out) + 1)
        what = chance.randrange(6)
        if what == 0 and at < len(out):
            out[at] ^= 1 << chance.randrange(8)
        elif what == 1 and at < len(out):
            out[at] = chance.randrange(256)
        elif what == 2:
            width = chance.choice((1, 2, 4, 8))
            value = chance.choice(NUMBERS) & ((1 << 8 * width) - 1)
            out[at : at + width] = value.to_bytes(width, chance.choice(("little", "big")))
        elif what == 3:
            del out[at : at + chance.randrange(1, 32)]
        elif what == 4:
            start = chance.randrange(len(out) + 1)
            out[at:at] = out[start : start + chance.randrange(1, 64)]
        else:
            del out[at:]
        out = out or bytearray(b"\0")
    return bytes(out)


def main() -> None:
    seed, mode, first, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    data = seed.read_bytes()
    case = Path("case" + seed.suffix)
    whole = identify(seed).id
    counts = {"read": 0, "refused": 0, "other": 0}
    faults = []
    for number in range(first, last):
        cut = mode == "cuts" or (mode == "mixed" and number % 2 == 0)
        length = number if mode == "cuts" else number * min(len(data), CUTS) // last
        case.write_bytes(data[:length] if cut else changed(data, number))
        print(json.dumps({"at": number, "counts": counts}), flush=True)
        signal.alarm(ENDLESS)
        try:
            kind = identify(case).id
            counts["other"] += kind != whole
            for one in {kind, whole} & set(PARSERS):  # also by the reader of what it was
                answer = json.dumps(parse(one, case).to_dict())
                counts["read"] += one == kind
                if len(answer) > LARGE:
                    faults.append([number, "a large answer"])
        except (RefusedError, CourseError) as error:
            counts["refused"] += 1
            if "\n" in str(error) or len(str(error)) > 500:
                faults.append([number, f"no line: {str(error)[:200]!r}"])
        except BaseException as error:  # noqa: BLE001 - that is what is looked for
            faults.append([number, repr(error)[:200]])
        if faults:
            break
    print(json.dumps({"at": last, "counts": counts, "faults": faults}))


if __name__ == "__main__":
    main()
