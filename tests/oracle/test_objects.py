"""Sound pickles: every step is what CPython's own unpickler does, and every text is as it would be."""

from __future__ import annotations

import io
import json
import pickle
import pickletools
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unpickled.pickles import (
    OPCODES,
    Cropped,
    Limits,
    OverLimitError,
    Trace,
    Tracing,
    assemble,
    record,
    trace,
)

from .agreement import disagreement, missed
from .conftest import Reference
from .handmade import handmade
from .objects import PROTOCOLS, everything, pickled
from .programs import program

_NAMED = dict([*pickled(), *handmade()])
_NOT_FOR_PICKLETOOLS = "names beyond ASCII"  # it reads names as ASCII, the unpicklers as UTF-8


def _batches(size: int = 100) -> list[Any]:
    names = sorted(_NAMED)
    return [pytest.param(names[at : at + size], id=f"{at}") for at in range(0, len(names), size)]


def _genops(data: bytes) -> list[tuple[str, Any, int]]:
    """Read with `pickletools`, pickle after pickle."""
    stream, found = io.BytesIO(data), []
    while stream.tell() < len(data):
        found += [
            (opcode.name, argument, at) for opcode, argument, at in pickletools.genops(stream)
        ]
    return found


def test_every_object_has_a_pickle_and_every_opcode_is_in_one() -> None:
    """The objects leave no opcode untested, and all of them can be pickled."""
    assert {name.rsplit("-p", 1)[0] for name in _NAMED} >= {name for name, _ in everything()}
    used = {
        opcode
        for name, data in _NAMED.items()
        if name != _NOT_FOR_PICKLETOOLS
        for opcode, _, _ in _genops(data)
    }
    assert used == set(OPCODES)


@pytest.mark.parametrize("names", _batches())
def test_each_step_is_what_the_unpickler_does(reference: Reference, names: list[str]) -> None:
    """Opcode, end, depth, imports, calls and the texts of calls agree at every step."""
    for name, answer in zip(names, reference(*map(_NAMED.get, names), texts="calls"), strict=True):
        assert disagreement(answer, list(trace(_NAMED[name])), None) is None, name


@pytest.mark.parametrize("names", _batches())
def test_offsets_and_arguments_are_those_of_pickletools(names: list[str]) -> None:
    """Each opcode stands where `pickletools.genops` finds it, with the same argument."""
    for name in sorted({*names} - {_NOT_FOR_PICKLETOOLS}):
        steps = list(trace(_NAMED[name], limits=Limits(text=1 << 20)))
        expected = _genops(_NAMED[name])
        assert [(step.opcode, step.offset) for step in steps] == [
            (op, at) for op, _, at in expected
        ]
        for step, (opcode, argument, _) in zip(steps, expected, strict=True):
            found = step.arg
            if opcode not in ("STRING", "BINSTRING") and not isinstance(found, Cropped):
                same = (
                    repr(found) == repr(argument) if isinstance(found, float) else found == argument
                )
                assert same, (name, step)


@pytest.mark.parametrize("names", _batches())
def test_stack_and_memo_read_as_if_they_were_built_eagerly(
    reference: Reference, names: list[str]
) -> None:
    """At every step, the texts are those of a copy made then and there."""
    small = [name for name in names if len(_NAMED[name]) < 1_000]
    for name, answer in zip(small, reference(*map(_NAMED.get, small), texts="all"), strict=True):
        _hold_texts(record(_NAMED[name]), answer)


def _hold_texts(kept: Trace, answer: list[dict[str, Any]]) -> None:
    told = (step for one in answer for step in one["steps"])
    for step, theirs in zip(kept.steps, told, strict=False):
        if not theirs["done"]:
            return
        assert list(kept.stack(step.index)) == theirs["stack"], step
        if step.opcode != "STOP":
            noted = {int(index): text for index, text in theirs["memo"].items()}
            assert dict(kept.memo(step.index)) == noted, step


def _hold_streaming(data: bytes) -> Trace:
    """Compare a whole record with what a stream says as it passes."""
    kept, tracing = record(data), Tracing(data, Limits())
    for step in kept:
        now = next(tracing)
        assert now[:4] + now[5:7] == step[:4] + step[5:7]
        assert now.arg_text == step.arg_text
        assert repr(now.calls) == repr(step.calls)
        assert len(tracing.machine.stack) == step.depth or step.opcode == "STOP"
        if step.opcode != "STOP":
            assert tracing.stack() == kept.stack(step.index), step
            assert (
                tracing.stack(top=2) == kept.stack(step.index, top=2) == kept.stack(step.index)[-2:]
            )
            assert tracing.memo() == dict(kept.memo(step.index)), step
    json.dumps(kept.columns(), allow_nan=False)
    return kept


@pytest.mark.parametrize("seed", range(20))
def test_random_programs_do_what_the_unpickler_does(reference: Reference, seed: int) -> None:
    """Random programs: no step, import, call or text differs for as long as the reference goes on."""
    random = Random(f"programs {seed}")
    programs = [program(random, length=random.randrange(3, 40)) for _ in range(50)]
    for data, answer in zip(programs, reference(*programs, texts="all"), strict=True):
        kept = record(data)
        assert missed(data, answer, kept.steps, kept.error) is None, data.hex()
        _hold_texts(kept, answer)


@pytest.mark.parametrize("seed", range(4))
def test_streaming_and_recording_say_the_same(seed: int) -> None:
    """At every step of a random program, `Tracing` and `Trace` give the same stack and memo."""
    random = Random(f"streams {seed}")
    for _ in range(60):
        _hold_streaming(program(random, length=random.randrange(3, 50)))


_ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.complex_numbers()
)
_MORE = (
    st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.uuids()
    | st.decimals()
    | st.fractions()
    | st.ip_addresses()
)
_KEYS = st.text(max_size=8) | st.integers() | st.tuples(st.integers(), st.text(max_size=3))
_OBJECTS = st.recursive(
    _ATOMS | _MORE,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(_KEYS, inner, max_size=5)
        | st.tuples(inner)
        | st.tuples(inner, inner, inner, inner)
        | st.frozensets(_KEYS, max_size=4)
        | st.sets(_KEYS, max_size=4)
        | inner.map(lambda value: [value, value])
    ),
    max_leaves=20,
)


@settings(max_examples=150)
@given(made=_OBJECTS, protocol=st.sampled_from(PROTOCOLS))
def test_objects_of_any_shape_agree(reference: Reference, made: object, protocol: int) -> None:
    """Whatever is pickled, in any protocol, by the C pickler or the Python one."""
    for data in {pickle.dumps(made, protocol), pickle._dumps(made, protocol)}:  # type: ignore[attr-defined]
        (answer,) = reference(data, texts="all")
        kept = record(data)
        assert disagreement(answer, kept.steps, kept.error) is None
        _hold_texts(kept, answer)


@given(data=st.binary(max_size=60))
def test_any_bytes_give_steps_and_perhaps_a_reason(reference: Reference, data: bytes) -> None:
    """Bytes at random are read as far as the reference reads them, or further."""
    kept = record(data)
    assert missed(data, reference(data)[0], kept.steps, kept.error) is None


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_limit_says_so_and_keeps_the_steps(cut: int) -> None:
    """What is over a limit ends in `OverLimitError`, never as if the pickle were finished."""
    data = pickle.dumps(list(range(100)), 2)
    for limits in (Limits(bytes=cut), Limits(opcodes=cut), Limits(stack=cut - 1 or 1)):
        kept = record(data, limits=limits)
        assert isinstance(kept.error, OverLimitError)
        assert list(kept.steps) == list(record(data).steps[: len(kept)])


def test_a_limit_that_falls_between_two_pickles_says_so() -> None:
    """What comes after a STOP is not passed over because it is beyond the bytes that may be read."""
    one = pickle.dumps([1], 2)
    kept = record(one + one, limits=Limits(bytes=len(one)))
    assert isinstance(kept.error, OverLimitError)
    assert record(one, limits=Limits(bytes=len(one))).error is None


@pytest.mark.parametrize(
    "operations",
    [
        [("EXT1", 0), "STOP"],
        [("EXT4", -1), "STOP"],
        ["NONE", "MARK", "TUPLE1", "STOP"],
        ["NONE", "NONE", "MARK", "NONE", "TUPLE2", "STOP"],
        [("GLOBAL", "a b"), "MARK", "EMPTY_TUPLE", "REDUCE", "STOP"],
        ["NONE", "MARK", "STOP"],
        ["NONE", "POP_MARK", "STOP"],
        ["MARK", "NONE", "DICT", "STOP"],
        ["MARK", "OBJ", "STOP"],
        ["NONE", ("PUT", -1), "STOP"],
        ["NONE", ("PUT", 0), ("GET", 1), "STOP"],
        ["NONE", "EMPTY_TUPLE", "REDUCE", "STOP"],
        [("GLOBAL", "a b"), "NONE", "REDUCE", "STOP"],
        ["EMPTY_LIST", ("BININT1", 1), "BUILD", "STOP"],
        [("BININT1", 1), ("UNICODE", "name"), "STACK_GLOBAL", "STOP"],
        ["EMPTY_TUPLE", "NONE", "APPEND", "STOP"],
        ["POP", "NONE", "STOP"],
    ],
    ids=str,
)
def test_what_every_reader_refuses_is_refused(reference: Reference, operations: list[Any]) -> None:
    """The trace stops at the opcode where the reference stops: it does not show what cannot be."""
    data = assemble(operations)
    (answer,) = reference(data)
    kept = record(data)
    assert answer[0]["error"]
    assert kept.error is not None
    assert len(kept) == sum(step["done"] for step in answer[0]["steps"])
