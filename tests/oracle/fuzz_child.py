"""Traces mutated inputs in a process that may not do anything else, and tells what went wrong.

Run with a seed and a count, or with `-` to read inputs in hexadecimal from stdin; prints one JSON object.
"""

from __future__ import annotations

import copyreg
import io
import json
import pickle
import resource
import signal
import sys
import tracemalloc
import warnings
from collections.abc import Iterable
from typing import Any

from agreement import missed
from mutations import mutated
from reference import read

from unpickled.errors import TraceError
from unpickled.pickles import Limits, OverLimitError, Step, Tracing, explain, record

SECONDS = 2  # for one input
MEMORY = 8 << 20  # bytes that tracing a small input may take at its peak
EVERY_MEMORY, EVERY_RECORD = 97, 7  # how often the slower checks are made
SMALL = Limits(stack=50, memo=20, items=4, text=30, digits=20, opcodes=60)

watched: list[str] | None = None  # audit events, while a trace runs


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if watched is not None:
        watched.append(f"{event} {arguments!r:.80}")


def _alarm(*_: object) -> None:
    raise TimeoutError(f"took longer than {SECONDS} s")


def traced(data: bytes, limits: Limits) -> tuple[list[Step], TraceError | None]:
    """Trace, look at everything there is to see, and allow nothing but a `TraceError`."""
    global watched  # noqa: PLW0603 - the hook cannot be taken out again
    steps: list[Step] = []
    error = None
    watched = []
    try:
        tracing = Tracing(data, limits)
        try:
            for step in tracing:  # one by one, so that those before an error are kept
                steps.append(step)  # noqa: PERF402
        except TraceError as reason:
            error = reason
        texts = [
            *tracing.stack(top=4),
            *list(tracing.memo().values())[:4],
            *(step.arg_text or "" for step in steps),
        ]
        texts += [
            part for step in steps if step.calls for part in (step.calls.text, step.calls.args)
        ]
    finally:
        seen, watched = watched, None
    if seen:
        raise AssertionError(f"audit events: {seen}")
    if max(map(len, texts), default=0) > 200:
        raise AssertionError("a text is longer than 200")
    _contiguous(data, steps, error)
    return steps, error


def _contiguous(data: bytes, steps: list[Step], error: TraceError | None) -> None:
    at = 0
    for index, step in enumerate(steps):
        if (
            (step.index, step.offset) != (index, at)
            or not 0 < step.size <= len(data) - at
            or step.depth < 0
        ):
            raise AssertionError(f"{step!r} does not follow {at}")
        at = step.end
    if error is not None and not 0 <= error.offset <= len(data):
        raise AssertionError(f"the error is outside of the input: {error}")
    if error is None and (not steps or steps[-1].opcode != "STOP"):
        raise AssertionError("the trace ends without a STOP and without an error")


class Told(type):
    """Makes classes that only count how they are called."""

    def __call__(cls, *_: object, **__: object) -> object:
        _calls.append("call")
        return object.__new__(cls)


_calls: list[str] = []
_BUFFERS = [bytearray(1)] * 50


def _noted(name: str) -> Any:
    def method(*_: object) -> None:
        _calls.append(name)

    return method


class C(pickle.Unpickler):
    """The C unpickler, with classes that do nothing."""

    names: list[tuple[str, str]]

    def find_class(self, module: str, name: str) -> Any:
        if not module:
            raise ValueError("Empty module name")
        self.names.append((module, name))
        body = {
            method: _noted(method)
            for method in ("append", "extend", "add", "__setitem__", "__setstate__")
        }
        return Told(
            "Told", (), {**body, "__new__": lambda cls, *_, **__: cls(), "__call__": _noted("call")}
        )

    def persistent_load(self, pid: object) -> object:
        return ()


def c_missed(data: bytes, steps: list[Step], error: TraceError | None) -> str | None:
    """Say what the C unpickler imported, called or finished in the first pickle that the trace did not."""
    reader = C(io.BytesIO(data), encoding="latin-1", buffers=_BUFFERS)
    reader.names = []
    _calls.clear()
    try:
        reader.load()
        finished = True
    except Exception:  # noqa: BLE001 - whatever real unpickling raises
        finished = False
    if error is not None and ("FRAME" in error.problem or isinstance(error, OverLimitError)):
        return None  # it says that readers disagree: from a file, the C one loses bytes at the end of a frame
    first = [step for step in steps if step.pickle == 0]
    ours = [
        (step.imports.module, step.imports.name)
        for step in first
        if step.imports and step.imports.module
    ]
    if ours[: len(reader.names)] != reader.names:
        return f"the C unpickler imports {reader.names}, the trace {ours}, and ends: {error}"
    told = sum(max(1, len(step.calls.arguments)) if step.calls.opcode in ("APPENDS", "ADDITEMS", "SETITEMS") else 1
               for step in first if step.calls)  # fmt: skip
    if len(_calls) > told + sum(
        step.calls is not None and step.calls.method == "__new__" for step in first
    ):
        return f"the C unpickler calls {_calls}, the trace tells of {told}"
    if finished and (not first or first[-1].opcode != "STOP"):
        return "the C unpickler loads it, and the trace does not get to the STOP"
    return None


def recorded(data: bytes, steps: list[Step], error: TraceError | None) -> str | None:
    """Say where `record` tells something else than the stream."""
    kept = record(data)
    if len(kept) != len(steps) or str(kept.error) != str(error):
        return f"record ends {kept.error} after {len(kept)} steps, the stream {error} after {len(steps)}"
    for step in kept:
        if len(kept.stack(step.index)) != step.depth:
            return f"{step!r} has depth {step.depth} and another stack"
    json.dumps(kept.columns(), allow_nan=False)
    return None


def peak(data: bytes) -> int:
    tracemalloc.start()
    try:
        traced(data, Limits())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def examine(data: bytes, number: int) -> str | None:
    """Say what is wrong with how this input is traced."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        steps, error = traced(data, Limits())
        signal.setitimer(signal.ITIMER_REAL, 10)  # the rest is not what is timed
        problem = missed(data, read(data), steps, error) or c_missed(data, steps, error)
        if not problem and number % EVERY_RECORD == 0:
            traced(data, SMALL)
            problem = recorded(data, steps, error)
        if not problem and number % EVERY_MEMORY == 0 and (most := peak(data)) > MEMORY:
            problem = f"{most} bytes of memory at the peak"
        return problem
    except BaseException as reason:  # noqa: BLE001 - that nothing comes out is what is tested
        return f"{type(reason).__name__}: {reason}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def main(inputs: Iterable[bytes]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (384 << 20, 384 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, _alarm)
    explain("STOP")  # reads its words from a file, once
    sys.addaudithook(_hook)
    warnings.simplefilter("ignore")  # the real unpicklers warn of odd escapes
    problems, count, opcodes = [], 0, 0
    for data in inputs:
        if not count:
            copyreg._inverted_registry.clear()  # type: ignore[attr-defined]  # the objects needed it, to be pickled
        problem = examine(data, count)
        count += 1
        opcodes += len(data)
        if problem and len(problems) < 200:
            problems.append({"input": data.hex(), "problem": problem[:400]})
    json.dump({"inputs": count, "bytes": opcodes, "problems": problems}, sys.stdout)


if __name__ == "__main__":
    if sys.argv[1] == "-":
        main(bytes.fromhex(line) for line in sys.stdin.read().split())
    else:
        main(mutated(sys.argv[1], int(sys.argv[2])))
