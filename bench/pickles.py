"""How fast the pickle machine is, beside the standard library's two tools, and how much memory it takes.

`python bench/pickles.py [--json] [--quick]`. Rates are opcodes for each second of processor time, best of
several rounds in which the tools take turns, so that a busy machine slows them alike. The exit code is 1
if a target is missed.

A look back is what the stepper shows: the uppermost 200 entries of the stack, and the memo, of which 200
entries are written out.
"""

import argparse
import fractions
import io
import itertools
import json
import pickle
import pickletools
import random
import sys
import time
import tracemalloc
from functools import partial

from unpickled.pickles import record, trace

SIZES = (10_000, 100_000, 1_000_000)
TARGETS = {"of genops": 0.5, "times dis": 3.0}
LOOK_SECONDS = 0.05
SHOWN = 200
TURN = 10_000


class StateDictPickler(pickle.Pickler):
    """Writes tensors the way `torch.save` does: a persistent id for the storage, and a REDUCE."""

    def persistent_id(self, value):
        return (
            ("storage", "FloatStorage", value.key, "cpu", 1_000)
            if isinstance(value, Storage)
            else None
        )


class Storage:
    def __init__(self, key):
        self.key = key


class Tensor:
    def __init__(self, key):
        self.key = key

    def __reduce__(self):
        return fractions.Fraction, (Storage(self.key), 0, (64, 3, 7, 7), (147, 49, 7, 1), False, {})


def state_dict(count):
    out = io.BytesIO()
    StateDictPickler(out, 2).dump({f"layer{n}.weight": Tensor(str(n)) for n in range(count // 31)})
    return out.getvalue()


MIXES = {
    "state dict": state_dict,
    "list of numbers": lambda count: pickle.dumps(list(range(count)), 4),
    "dict of strings": lambda count: pickle.dumps(
        {f"key{n}": f"value {n}" for n in range(count // 4)}, 4
    ),
    "records": lambda count: pickle.dumps(
        [
            {"name": f"n{n}", "score": n / 7, "tags": ["a", n], "ok": True}
            for n in range(count // 18)
        ],
        4,
    ),
    "many calls": lambda count: pickle.dumps(
        [fractions.Fraction(n, 7) for n in range(count // 7)], 4
    ),
    "protocol 0": lambda count: pickle.dumps(
        [{"n": n, "tags": ["a", n]} for n in range(count // 14)], 0
    ),
}


class Nowhere:
    def write(self, text):
        return len(text)


def consume(steps):
    count = 0
    for _ in steps:
        count += 1
    return count


def timed(run, data):
    started = time.process_time()
    run(data)
    return time.process_time() - started


def side_by_side(data):
    """Return the seconds that trace and genops take, in turns of 10,000 opcodes: a busy moment hits both."""
    runs, seconds = [iter(trace(data)), pickletools.genops(data)], [0.0, 0.0]
    while True:
        for number, run in enumerate(runs):
            started, count = time.process_time(), 0
            for _ in itertools.islice(run, TURN):
                count += 1
            seconds[number] += time.process_time() - started
        if not count:
            return seconds


def rates(data, rounds):
    """Return the number of opcodes, and how many of them a second each tool reads."""
    count = consume(pickletools.genops(data))
    pairs = sorted((side_by_side(data) for _ in range(rounds)), key=lambda pair: pair[0] / pair[1])
    ours, genops = pairs[len(pairs) // 2]  # the median of the ratios
    dis = ours_beside = float("inf")
    for _ in range(max(2, rounds // 4)):
        dis = min(dis, timed(lambda data: pickletools.dis(data, Nowhere()), data))
        ours_beside = min(ours_beside, timed(lambda data: consume(trace(data)), data))
    return count, {
        "trace": count / ours,
        "of genops": genops / ours,
        "times dis": dis / ours_beside,
    }


def speed(quick):
    rows = []
    for name, make in MIXES.items():
        for size in SIZES[: 2 if quick else 3]:
            count, rate = rates(make(size), rounds=max(7, 300_000 // size))
            rows.append({"mix": name, "opcodes": count, **rate})
    return rows


def without_new_notes(count):
    """A pickle that notes nothing new in its memo as it goes on."""
    row = b"}q\1(X\6\0\0\0weightG?\xe0\0\0\0\0\0\0K\1J\2\0\0\0\x86K\1u](Nh\1eh\0)R\x87a"
    return b"cfractions\nFraction\nq\0]" + row * (count // 19) + b"."


def memory(quick):
    """Return the peak of traced memory while streaming, in bytes, by number of opcodes."""
    rows = []
    for name, make in {
        "nothing new noted": without_new_notes,
        "list of numbers": MIXES["list of numbers"],
        "records": MIXES["records"],
    }.items():
        for size in SIZES[: 2 if quick else 3]:
            data = make(size)
            tracemalloc.start()
            count = consume(trace(data))
            rows.append({"mix": name, "opcodes": count, "peak": tracemalloc.get_traced_memory()[1]})
            tracemalloc.stop()
    return rows


def look(told, at):
    """Rebuild stack and memo as they were after a step, and write out what there is room to show."""
    stack, memo = told.stack(at, top=SHOWN), told.memo(at)
    return stack, [(index, memo[index]) for index in itertools.islice(memo, SHOWN)]


def looking():
    """Return the slowest of many looks at a random step of 10^5 opcodes, and at the last ones."""
    rows, chance = [], random.Random(1)
    for name, make in {**MIXES, "one wide tuple": wide_tuple}.items():
        data = make(100_000)
        first = timed(record, data)
        told = record(data)
        steps = [chance.randrange(len(told)) for _ in range(60)] + [len(told) - 3]
        slowest = max(min(timed(partial(look, told), at) for _ in range(2)) for at in steps)
        rows.append(
            {"mix": name, "opcodes": len(told), "first pass": first, "slowest look": slowest}
        )
    return rows


def wide_tuple(count):
    return pickle.dumps(tuple(range(count)), 4)


def missed(result):
    """Return the targets that were not met, in words."""
    problems = [
        f"{row['mix']} at {row['opcodes']}: {row[target]:.2f} {target}, and {least} was wanted"
        for row in result["speed"]
        for target, least in TARGETS.items()
        if row[target] < least
    ]
    flat = [row["peak"] for row in result["memory"] if row["mix"] == "nothing new noted"]
    problems += (
        [f"memory grew from {flat[0]} to {flat[-1]} bytes"] if flat[-1] > flat[0] + 100_000 else []
    )
    late = [row for row in result["looking"] if row["slowest look"] > LOOK_SECONDS]
    return problems + [
        f"{row['mix']}: a look took {row['slowest look'] * 1000:.0f} ms" for row in late
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quick", action="store_true", help="leave out a million opcodes")
    options = parser.parse_args()
    result = {"speed": speed(options.quick), "memory": memory(options.quick), "looking": looking()}
    result["missed"] = missed(result)
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        show(result)
    return 1 if result["missed"] else 0


def show(result):
    print(f"{'mix':18}{'opcodes':>9}{'M/s':>7}{'of genops':>11}{'times dis':>11}")
    for row in result["speed"]:
        rate = row["trace"] / 1e6
        print(
            f"{row['mix']:18}{row['opcodes']:9}{rate:7.2f}{row['of genops']:11.2f}{row['times dis']:11.1f}"
        )
    print(f"\n{'streaming':18}{'opcodes':>9}{'peak kB':>9}")
    for row in result["memory"]:
        print(f"{row['mix']:18}{row['opcodes']:9}{row['peak'] / 1000:9.0f}")
    print(f"\n{'recorded':18}{'opcodes':>9}{'first s':>9}{'look ms':>9}")
    for row in result["looking"]:
        print(
            f"{row['mix']:18}{row['opcodes']:9}{row['first pass']:9.2f}{row['slowest look'] * 1000:9.1f}"
        )
    print("\n" + "\n".join(result["missed"] or ["Every target is met."]))


if __name__ == "__main__":
    sys.exit(main())
