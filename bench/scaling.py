"""10,000 and 100,000 submissions: what they would take, and which part is the first that cannot keep up.

usage: python bench/scaling.py [--json]

The costs of one submission, measured by `tools/costs.py`, are put into a simulation of the whole. It is seeded, so it
gives the same table everywhere: docs/scaling.md shows it.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import tomllib
from dataclasses import dataclass
from pathlib import Path

COSTS = Path(__file__).with_suffix(".toml")
SIZES = (10_000, 100_000)
PLACES = (2, 8, 32, 128, 512)
SEED = 8
AHEAD = 2  # jobs that wait for a place, as in grading/machines/cluster.py
SPREAD = 0.5  # of the logarithm of what submissions cost: some loop, some answer nothing


@dataclass(frozen=True)
class Costs:
    """Seconds for one submission: of the coordinator, of what lies between, and of a worker."""

    read: float
    enter: float
    way: float
    work: float


@dataclass(frozen=True)
class Result:
    """What came of one simulated run: how long it took, and which share of that each part was busy."""

    seconds: float
    busy: dict[str, float]

    @property
    def limit(self) -> str:
        """The part that has the least left."""
        return max(self.busy, key=lambda name: self.busy[name])


def simulate(costs: Costs, count: int, places: int) -> Result:
    """A class of `count` on `places`: one coordinator, one way to the workers and back, and the workers.

    The coordinator reads a job or enters a result, one at a time, results first. Messenger and scheduler do the same
    beside it. What a submission takes is drawn: some loop until they are stopped, some answer nothing.
    """
    chance = random.Random(SEED)
    mean = -SPREAD * SPREAD / 2  # so that the mean of the factors is 1
    free, ends, arrived = [0.0] * places, list[float](), 0
    given = entered = 0
    now = way_free = working = 0.0
    while entered < count:
        while ends and ends[0] <= now:
            heapq.heappop(ends)
            arrived += 1
        if arrived:
            arrived -= 1
            entered += 1
            now += costs.enter
        elif given < count and given - entered < places + AHEAD:
            given += 1
            now += costs.read
            way_free = max(now, way_free) + costs.way
            took = costs.work * chance.lognormvariate(mean, SPREAD)
            working += took
            end = max(way_free, heapq.heappop(free)) + took
            heapq.heappush(free, end)
            heapq.heappush(ends, end)
        else:
            now = ends[0]
    shares = {
        "coordinator": count * (costs.read + costs.enter),
        "messenger and scheduler": count * costs.way,
        "workers": working / places,
    }
    return Result(now, {name: spent / now for name, spent in shares.items()})


def table(known: dict[str, float]) -> list[str]:
    """The lines of the table in docs/scaling.md."""
    lines = [
        "| submission | how many | places | time | a second | coordinator | way | workers | first limit |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for name in ("small", "lab"):
        work, own = known[f"{name}_work"], known[f"{name}_coordinator"]
        enter = own - known["read"] + known["disk"]
        costs = Costs(known["read"], enter, known["messenger"] + known["scheduler"], work)
        for count in SIZES:
            for places in PLACES:
                one = simulate(costs, count, places)
                shares = [f"{share:.0%}" for share in one.busy.values()]
                rate = f"{count / one.seconds:.1f}"
                row = [
                    name,
                    f"{count:,}",
                    str(places),
                    spoken(one.seconds),
                    rate,
                    *shares,
                    one.limit,
                ]
                lines.append(f"| {' | '.join(row)} |")
    return lines


def spoken(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    known = tomllib.loads(COSTS.read_text())
    print(json.dumps(known) if given.json else "\n".join(table(known)))


if __name__ == "__main__":
    main()
