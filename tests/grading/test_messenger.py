"""Who gets which job, and what becomes of it: the messenger with workers that are made up."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

import pytest

from unpickled.grading.machines import messenger as program
from unpickled.grading.wire import HEADER
from unpickled.kernels import Bounds

from .test_answers import PLAN, answer, text_of

RIGHT = text_of(answer())


class Scheduler:
    """Workers by address, each a function of a job that gives its answer or raises."""

    def __init__(self, workers):
        self.workers, self.given = workers, []

    async def identity(self):
        return {"workers": dict.fromkeys(self.workers)}

    async def proxy(self, worker, msg):
        await asyncio.sleep(0.001)
        told = {"fingerprint": "same", "lacking": "", "places": 1, "run": msg.get("run")}
        match msg["op"]:
            case "unpickled_grade":
                self.given.append(worker)
                return self.workers[worker](json.loads(msg["job"]))
            case "unpickled_end":
                return "{}"
        return json.dumps(told)


class Written:
    """What the messenger says."""

    def __init__(self):
        self.said = []

    def write(self, data):
        self.said.append(json.loads(data[HEADER.size :]))


def graded(workers, count, monkeypatch, url="tcp://127.0.0.1:1"):
    """Hand out jobs until there is an answer to each; gives the results by number, and what was told."""
    monkeypatch.setattr(program, "_LOOK", 0.01)
    cells = [asdict(cell) for cell in PLAN.notebooks["L"]]
    plan = {"assignment": "L", "notebooks": {"L": cells}, "kernelspecs": {"L": None}}
    plan |= {"source": [], "libraries": []}
    briefing = {"fingerprint": "same", "seconds": 5, "bounds": asdict(Bounds()), "plans": [plan]}
    said = {"briefing": json.dumps(briefing), "patience": 0.2, "address": {"url": url}}
    written = Written()

    def results():
        return {one["number"]: one for one in written.said if "number" in one}

    async def live():
        one = program._Messenger(workers, said, written)
        watching = asyncio.create_task(one.watch())
        for number in range(count):
            await one.take({"number": number, "job": {"assignment": "L", "notebooks": {"L": ""}}})
        while len(results()) < count and not watching.done():
            await asyncio.sleep(0.005)
        if watching.done():
            await watching
        watching.cancel()
        for member in one._members.values():
            for task in member.tasks:
                task.cancel()

    asyncio.run(asyncio.wait_for(live(), 20))
    return results(), [one["tell"] for one in written.said if "tell" in one]


HONEST, OTHER = "tcp://127.0.0.1:1", "tcp://127.0.0.1:2"


def test_work_is_shared(monkeypatch):
    """Each job once, each worker at it."""
    workers = Scheduler({HONEST: lambda _: RIGHT, OTHER: lambda _: RIGHT})
    done, told = graded(workers, 20, monkeypatch)
    assert all(one["result"]["problem"] == "" for one in done.values())
    assert len(workers.given) == 20
    assert set(workers.given) == {HONEST, OTHER}
    assert not told


@pytest.mark.parametrize("lie", ["{}", RIGHT.replace("1.5", "99"), "[" * 9999, '{"problem": 7}'])
def test_a_worker_that_answers_nonsense_gets_no_more_work(monkeypatch, lie):
    """As soon as another has answered the same job; nobody has lost anything by it."""
    workers = Scheduler({HONEST: lambda _: RIGHT, OTHER: lambda _: lie})
    done, told = graded(workers, 30, monkeypatch)
    assert all(one["result"]["problem"] == "" for one in done.values())
    assert workers.given.count(OTHER) < 5
    assert any("it gets no more work" in line for line in told)


def test_a_job_that_nobody_can_answer_costs_no_worker_its_place(monkeypatch):
    """It has failed, and says so; the others are done by all."""

    def worked(job):
        worked.count += 1
        return "{}" if worked.count <= 3 else RIGHT

    worked.count = 0
    done, told = graded(Scheduler({HONEST: worked}), 3, monkeypatch)
    failed = [one for one in done.values() if one["result"] is None]
    assert len(failed) <= 1
    assert all("nothing that is an answer came back, 3 times" in one["problem"] for one in failed)
    assert not any("no more work" in line for line in told)


def test_a_worker_that_vanishes_costs_a_try(monkeypatch):
    """Its job is done elsewhere; one that loses its worker three times has failed with that reason."""

    def lost(_):
        raise ConnectionError("closed")

    workers = Scheduler({HONEST: lambda _: RIGHT, OTHER: lost})
    done, told = graded(workers, 10, monkeypatch)
    assert sum(one["result"] is not None for one in done.values()) >= 9
    assert any("done again elsewhere" in line for line in told)
    done, _ = graded(Scheduler({OTHER: lost}), 1, monkeypatch)
    assert done[0]["problem"] == "its worker was lost, 3 times"


@pytest.mark.parametrize(
    ("scheduler", "worker"),
    [
        ("tcp://127.0.0.1:1", "tcp://10.0.0.7:1"),
        ("tls://127.0.0.1:1", "tcp://10.0.0.7:1"),
        ("tls://10.0.0.5:1", "tcp://127.0.0.1:1"),
    ],
)
def test_a_worker_that_is_sent_to_in_the_clear_takes_no_part(monkeypatch, scheduler, worker):
    """However safe the scheduler itself is."""
    workers = Scheduler({worker: lambda _: RIGHT})
    with pytest.raises(ConnectionError, match="can be read on the way"):
        graded(workers, 1, monkeypatch, scheduler)
    assert not workers.given
