"""The port over a pipe: honest work gets the answers of its own kernel, and a liar gains nothing else."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unpickled.checking import File, InKernel
from unpickled.errors import StudentError
from unpickled.kernels import Distant, TimeIsUp, frames

pytestmark = pytest.mark.long

ATOMS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
    | st.sampled_from(["l", "b", "f", 2**4096, -(2**5000), 1e308, -0.0, "\ud800", {1, 2}, 1j, Path("x")])
)  # fmt: skip
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | st.sampled_from(["l", "b", "f"]), inner, max_size=4)
        | st.tuples(inner, inner)
        | inner.map(lambda value: [[[[value]]]])
        | st.dictionaries(st.integers(), inner, max_size=2)
    ),
    max_leaves=12,
)
NAMES = {"nan": float("nan"), "inf": float("inf"), "PosixPath": Path}


def answered(ask):
    """What came of a question: the answer with its types, or all of the error."""
    try:
        return repr(ask())
    except StudentError as error:
        return (error.problem, error.remedy, error.raised)


def distant(kernel, seconds=2.0):
    return Distant(kernel, time.monotonic() + seconds)


DEFINED = """
def same(x):
    return x
def fails(x):
    raise KeyError(x)
def read(path):
    return open(path, "rb").read(), path[-6:]
x, deep = 1, [[[[[[[[[[[[[[1]]]]]]]]]]]]]]
"""


@pytest.fixture(scope="module")
def steady(warmth):
    """One kernel for many honest questions."""
    with warmth.kernel() as kernel:
        kernel.run("from pathlib import PosixPath\nnan, inf = float('nan'), float('inf')")
        kernel.run(DEFINED)
        yield kernel


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(VALUES)
def test_a_value_is_the_same_from_outside(steady, value):
    """Whatever the value: the same plain data with the same types, or the same error word for word."""
    assert steady.run(f"x = {value!r}") == []
    inside = InKernel({"x": eval(repr(value), dict(NAMES))}, Path())
    assert answered(lambda: distant(steady).value("x")) == answered(lambda: inside.value("x"))


def test_every_kind_of_question_is_answered_as_inside(steady, tmp_path):
    """Calls with files and data, exceptions, names that are missing or no functions, files there and not."""

    names: dict[str, object] = {}
    exec(DEFINED, names)
    inside = InKernel(names, tmp_path)
    (tmp_path / "made.bin").write_bytes(bytes([0, 255]) * 1000)
    steady.run("with open('made.bin', 'wb') as f: f.write(bytes([0, 255]) * 1000)")
    asks = [
        lambda who: who.call("same", [1, 2.5, "é", b"\x00", None, {"l": ["b", "f"]}]),
        lambda who: who.call("fails", "k"),
        lambda who: who.call("read", File("in.bin", bytes(range(256)))),
        lambda who: who.call("nothing", 1),
        lambda who: who.call("x"),
        lambda who: who.call("same"),
        lambda who: who.value("nothing"),
        lambda who: who.value("deep"),
        lambda who: who.file("made.bin"),
        lambda who: who.file("other.bin"),
        lambda who: who.file("../made.bin"),
    ]
    for ask in asks:
        assert answered(lambda ask=ask: ask(distant(steady))) == answered(
            lambda ask=ask: ask(inside)
        )


def test_sizes_are_bounded_as_inside(steady):
    """Four megabytes go through, one more entry or byte does not, and the kernel goes on."""
    steady.run("big = 'é' * (4 << 20); bigger = big + 'x'; many = [0] * 9_999; more = [0] * 10_001")
    who = distant(steady, 20)
    assert len(who.value("big")) == 4 << 20
    assert len(who.value("many")) == 9_999
    for name in ("bigger", "more"):
        with pytest.raises(StudentError, match="too large"):
            who.value(name)
    assert who.call("same", 1) == 1


CHANNEL = """
import os, socket, stat, struct, json, time, threading
def channel():
    return next(fd for fd in range(3, 200) if attempt(fd))
def attempt(fd):
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False
def send(body, length=None):
    data = struct.pack("!I", len(body) if length is None else length) + body
    while data:
        data = data[os.write(channel(), data):]
def say_twice(body):
    os.write(channel(), 2 * (struct.pack("!I", len(body)) + body))
def say(**message):
    send(json.dumps(message).encode())
"""
HOSTILE = {
    "no JSON": "send(b'{{{{')",
    "no text": "send(b'\\xff\\xfe{}')",
    "a list": "send(b'[1]')",
    "NaN": "say(id=4, done={'answer': float('nan')})",
    "infinity by digits": "send(b'{\"id\":4,\"done\":{\"answer\":1e999}}')",
    "a key twice": "send(b'{\"id\":4,\"id\":4,\"done\":{\"answer\":1}}')",
    "a long number": "send(b'{\"id\":4,\"done\":{\"answer\":' + b'9' * 5000 + b'}}')",
    "deep": "send(b'{\"id\":4,\"done\":{\"answer\":' + b'[' * 200_000 + b']' * 200_000 + b'}}')",
    "many parts": "send(b'{\"id\":4,\"done\":{\"answer\":[' + b'1,' * 400_000 + b'1]}}')",
    "a string without end": "send(b'{\"id\":4,\"x\":\"' + b'\\\\\"' * 300_000)",
    "a gigabyte announced": "send(b'', 1 << 30)",
    "a gigabyte sent": "send(bytes(1 << 20), 1 << 30) or [os.write(channel(), bytes(1 << 20)) for _ in range(1024)]",
    "an output of a later order": "say(id=99, event='display', data={'text/plain': 'x'}, metadata={})",
    "two answers": "b = b'{\"id\":4,\"done\":{\"answer\":7}}'; say_twice(b)",
    "an answer in advance": "say(id=5, done={'answer': 42})",
    "the wrong answer's number": "say(id=1, done={'answer': 42})",
    "no number": "say(id='4', done={'answer': 42})",
    "says nothing": "say(id=4)",
    "an unknown kind": "say(id=4, done={'answer': ['x', 1]})",
    "bytes that are none": "say(id=4, done={'answer': ['b', '!!']})",
    "a file": "say(id=4, done={'answer': ['f', 'a', 'eA==']})",
    "more than plain data may hold": "say(id=4, done={'answer': ['l'] + [0] * 20_000})",
    "deeper than plain data may be": "say(id=4, done={'answer': json.loads('[\"l\",' * 15 + '1' + ']' * 15)})",
    "a problem that is none": "say(id=4, done={'problem': [1], 'raised': {}})",
    "dies": "os._exit(0)",
    "dies in its answer": "os.write(channel(), struct.pack('!I', 100) + b'{\"id\"') and os._exit(0)",
    "hangs up": "os.close(channel()) or time.sleep(60)",
    "never ends": "[time.sleep(1) for _ in range(99)]",
    "dribbles": "[os.write(channel(), one) or time.sleep(.01) for one in [bytes([0, 16, 0, 0]), *[b' '] * 9999]]",
    "answers for ever": "[say(id=4, event='display', data={}) for _ in iter(int, 1)]",
}  # fmt: skip


@pytest.mark.parametrize("way", HOSTILE)
def test_a_hijacked_channel_gives_no_answer_but_an_error(kernel, way):
    """In its time and without an exception of ours; what is no message at all ends the kernel, and is kept."""
    kernel.run(CHANNEL)
    kernel.run(f"def f():\n    {HOSTILE[way]}\n    return 42")
    started = time.monotonic()
    with pytest.raises((StudentError, TimeIsUp)):
        distant(kernel, 1.0).call("f")
    assert time.monotonic() - started < 4
    with pytest.raises(StudentError):
        distant(kernel, 1.0).value("nothing")
    quiet = ("dies", "dies in its answer", "hangs up", "never ends", "dribbles", "answers for ever")
    assert bool(kernel.evidence) == (way not in quiet)


def test_what_is_said_of_an_answer_that_does_not_come_is_cut(kernel):
    """An honest account is short; one by hand is no longer than that."""
    kernel.run(CHANNEL)
    parts = "{'problem': 'x' * 9_999, 'remedy': 'y' * 9_999, 'raised': 'z' * 9_999}"
    kernel.run(f"def f():\n    say(id=4, done={parts})\n    time.sleep(60)")
    with pytest.raises(StudentError) as caught:
        distant(kernel).call("f")
    error = caught.value
    assert (len(error.problem), len(error.remedy), len(error.raised)) == (500, 300, 200)


def test_a_lie_is_that_learners_answer(kernel):
    """Writing the answer by hand is no more than returning it."""
    kernel.run(CHANNEL)
    kernel.run("def f():\n    say(id=4, done={'answer': 7})\n    time.sleep(60)")
    assert distant(kernel).call("f") == 7


def test_what_was_answered_before_the_kernel_died_stays(kernel):
    """The one question after the death has no answer, and says why."""
    kernel.run("def f(): return 1\ndef g(): import os; os._exit(3)")
    who = distant(kernel)
    assert who.call("f") == 1
    with pytest.raises(StudentError, match="the kernel ended"):
        who.call("g")
    with pytest.raises(StudentError, match="no answer any more"):
        who.call("f")


def test_a_question_that_takes_too_long_is_time_up_and_the_kernel_goes_on(kernel):
    """The check cannot catch it; the next cell runs."""
    kernel.run("def f():\n    while True: pass")
    with pytest.raises(TimeIsUp):
        distant(kernel, 0.5).call("f")
    assert kernel.run("1 + 1")[0]["data"] == {"text/plain": "2"}


def test_a_value_equal_to_everything_is_no_answer(kernel):
    """An object with rules of its own does not cross; one that subclasses plain data neither."""
    kernel.run(
        "class Yes:\n    def __eq__(self, other): return True\nclass Int(int): pass\na, b = Yes(), Int(3)"
    )
    for name in "ab":
        with pytest.raises(StudentError, match="not plain data"):
            distant(kernel).value(name)


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_no_body_of_a_message_breaks_the_reader(body):
    """Any bytes: a message that is an object, or a FrameError."""
    with contextlib.suppress(frames.FrameError):
        assert isinstance(frames.read(body), dict)


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text() | st.binary(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_what_is_packed_comes_back(value):
    """Lists, dicts and bytes, in any nesting that has room, are what they were."""
    with contextlib.suppress(frames.FrameError):  # nested more deeply than plain data may be
        body = frames.frame({"x": frames.pack(value)})[4:]
        assert frames.unpack(frames.read(body)["x"]) == value


@pytest.mark.parametrize(
    "text",
    ['{"a":"' + '\\"' * 300_000, '"' * 300_001, '{"a":"' + "\\" * 600_001, '{"a":"x\n' * 99_999],
)
def test_a_string_without_an_end_is_read_once(text):
    """However often a quote is escaped in it: refused in a moment, where each quote used to be a new beginning."""
    started = time.process_time()
    with pytest.raises(frames.FrameError):
        frames.read(text.encode())
    assert time.process_time() - started < 5  # it took hours


def test_what_is_not_read_is_not_sent():
    """Both ends have the same bounds, so that an honest one can say less instead."""
    deep: list[object] = []
    for _ in range(30):
        deep = [deep]
    for value in ([0] * 60_002, deep):
        with pytest.raises(frames.FrameError):
            frames.frame({"x": value})
    assert frames.read(frames.frame({"x": "[,]" * 60_000})[4:]) == {"x": "[,]" * 60_000}
