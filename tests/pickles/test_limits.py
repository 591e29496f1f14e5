"""Bounded on hostile input: opcodes, stack, memo, text, numbers, nesting, and memory."""

import pickle
import tracemalloc

import pytest

from unpickled.errors import TraceError
from unpickled.pickles import RECORD, Cropped, Limits, OverLimitError, assemble, record, trace


def drained(data, **limits):
    """Stream to the end or to the error; return the number of steps and the error."""
    count = 0
    try:
        for _ in trace(data, limits=Limits(**limits)):
            count += 1
    except TraceError as error:
        return count, error
    return count, None


@pytest.mark.parametrize(
    ("data", "limits", "problem", "steps"),
    [
        (b"N0" * 50 + b"N.", {"opcodes": 10}, "more than 10 opcodes", 10),
        (b"N" * 50 + b".", {"stack": 10}, "stack holds more than 10", 11),
        (b"(" * 50 + b".", {"stack": 10}, "stack holds more than 10", 11),
        (b"N" + b"\x94" * 50 + b".", {"memo": 10}, "memo holds more than 10", 12),
        (
            b"N" + b"".join(b"p%d\n" % (n * 7) for n in range(50)) + b".",
            {"memo": 10},
            "memo holds more than 10",
            12,
        ),
        (b"N" * 9 + b".", {"bytes": 5}, "more than 5 bytes", 5),
        (b"X\x06\0\0\0abcdef.", {"bytes": 8}, "more than 8 bytes", 0),
        (b"I" + b"9" * 50 + b"\n.", {"digits": 10}, "written out in 50 characters", 0),
        (b"L" + b"9" * 50 + b"L\n.", {"digits": 10}, "written out in 51 characters", 0),
        (b"F" + b"9" * 50 + b"\n.", {"digits": 10}, "written out in 50 characters", 0),
        (b"Np" + b"0" * 50 + b"\n.", {"digits": 10}, "written out in 50 characters", 1),
        (b"c" + b"a" * 50 + b"\nb\n.", {"text": 10}, "take 51 bytes", 0),
        (
            b"X\x32\0\0\0" + b"a" * 50 + b"U\x01b\x93.",
            {"text": 10},
            "longer than the text that is kept",
            2,
        ),
    ],
)
def test_each_limit_stops_the_reading(data, limits, problem, steps):
    """Over a limit, the steps up to there are kept, and the error tells which limit and where."""
    count, error = drained(data, **limits)
    assert problem in error.problem
    assert count == steps
    told = record(data, limits=Limits(**limits))
    assert (len(told), told.error.problem) == (steps, error.problem)
    assert 0 <= error.offset <= len(data)
    assert error.remedy


def test_a_limit_is_told_apart_from_damage():
    """Going over a limit has an error type of its own; damage has not."""
    assert isinstance(drained(b"N0N0N.", opcodes=2)[1], OverLimitError)
    assert isinstance(drained(b"N" * 9, stack=2)[1], OverLimitError)
    assert isinstance(drained(b"N" + b"\x94" * 9, memo=2)[1], OverLimitError)
    assert not isinstance(drained(b"\xff")[1], OverLimitError)


def test_exactly_at_the_limits_is_fine():
    """A limit is what may be had, not one less."""
    assert drained(b"N0N.", opcodes=4, bytes=4, stack=1) == (4, None)
    assert drained(b"N\x94\x94.", memo=2) == (4, None)


@pytest.mark.parametrize("digits", [4_300, 100_000])
def test_huge_numbers_cost_nothing(digits):
    """Python needs quadratic time for a long decimal number, and refuses more than 4,300 digits: so do we, at once."""
    count, error = drained(b"I" + b"9" * digits + b"\n.")
    assert (count, error is None) == ((2, True) if digits == 4_300 else (0, False))


def test_a_huge_binary_number_is_not_built():
    """An integer of many bytes is passed over and shown by its size."""
    told = record(b"\x8b" + (1_000_000).to_bytes(4, "little") + b"\x7f" * 1_000_000 + b".")
    assert told.steps[0].arg == Cropped("int", None, 1_000_000)
    assert told.steps[0].arg_text == "integer of 1000000 bytes"
    assert told.stack(0) == ("integer of 1000000 bytes",)


@pytest.mark.parametrize(
    "opcode",
    ["BINBYTES", "BYTEARRAY8", "BINUNICODE", "BINUNICODE8", "BINSTRING", "UNICODE", "STRING"],
)
def test_long_text_is_kept_in_part(opcode):
    """Of a long text only the start is kept, with its true length."""
    long = "é" * 5_000 if "UNI" in opcode else "x" * 5_000
    argument = long.encode() if "BYTE" in opcode else long
    step = next(iter(trace(assemble([(opcode, argument), "STOP"]), limits=Limits(text=100))))
    assert step.arg.kept == argument[:100]
    assert step.arg.total == 5_000
    assert "5000" in step.arg_text
    assert len(step.arg_text) <= 200


def test_bad_text_is_found_however_long():
    """Text is checked to its end, in pieces, and characters on the seam of two pieces are whole."""
    for shift in range(4):
        good = b"a" * shift + "日".encode() * 30_000
        assert drained(b"X" + len(good).to_bytes(4, "little") + good + b".")[1] is None
        bad = good + b"\xff" + good
        assert (
            "no valid text"
            in drained(b"X" + len(bad).to_bytes(4, "little") + bad + b".")[1].problem
        )
    surrogates = "\ud800".encode("utf-8", "surrogatepass") * 50_000
    assert drained(b"X" + len(surrogates).to_bytes(4, "little") + surrogates + b".")[1] is None


def test_containers_are_kept_in_part():
    """A container keeps its first entries, and how many there were."""
    told = record(
        pickle.dumps([list(range(3_000)), tuple(range(50)), set(range(50))], 4),
        limits=Limits(items=8),
    )
    (text,) = told.stack(len(told) - 2)
    assert text.startswith(
        "[[0, 1, 2, 3, 4, 5, 6, 7, … 2992 more], (0, 1, 2, 3, 4, 5, 6, 7, … 42 more), {"
    )


@pytest.mark.parametrize(
    "nothing", [b")", b"]", b"N", b"K\0", b"U\0"], ids=["()", "[]", "None", "0", "''"]
)
@pytest.mark.parametrize("items", [2, 8, 20])
def test_what_is_added_one_by_one_is_counted_as_it_was_at_each_step(items, nothing):
    """However little is kept, a list and a dict tell how long they were, up to where the counting stops."""
    for empty, add, pushed in ((b"]", b"a", 1), (b"}", b"s", 2)):
        told = record(
            empty + (nothing * pushed + add) * 13 + b".", limits=Limits(items=items, stack=9)
        )
        shown = [told.stack(step.index)[0] for step in told if step.opcode in ("APPEND", "SETITEM")]
        sizes = [text.count(", ") + 1 for text in shown[: min(8, items // pushed)]]
        assert sizes == list(range(1, len(sizes) + 1))
        kept = min(8, items // pushed)
        assert shown[-1].endswith(f", … {13 - kept} more" + {b"]": "]", b"}": "}"}[empty])
        assert len(told.columns()["values"]) < 3 * 13 + 4


DEEP = {
    "lists": b"]" * 10_000 + b"a" * 9_999 + b".",
    "tuples": b")" + b"\x85" * 10_000 + b".",
    "marks": b"(" * 10_000 + b"t" * 10_000 + b".",
    "dicts": b"}" + b"N}" * 10_000 + b"s" * 10_000 + b".",
    "calls": b"ca\nb\n" + b")R" * 10_000 + b".",
    "arguments": b"N" + b"\x85ca\nb\n2\x86" * 10_000 + b".",
    "nested-calls": b"ca\nb\nq\0" + b"0N" + b"\x85h\0N\x86" * 10_000 + b".",
    "persistent": b"N" + b"Q" * 10_000 + b".",
    "read-only": b"\x97" + b"\x98" * 10_000 + b".",
    "frozensets": b"(" * 10_000 + b"\x91" * 10_000 + b".",
    "states": b"ca\nb\n)R" + b"2b" * 10_000 + b".",
    "self": b"]q\0" + b"h\0a" * 10_000 + b".",
    "self-dict": b"}q\0" + b"h\0h\0s" * 10_000 + b".",
    "call-of-itself": b"ca\nb\n)Rq\0" + b"h\0\x85R" * 10_000 + b".",
    "argument-of-itself": b"ca\nb\nq\0)R"
    + b"\x85h\0" * 0
    + b"q\1"
    + b"0h\0h\1\x85Rq\1" * 30_000
    + b".",
}


@pytest.mark.parametrize("data", DEEP.values(), ids=DEEP)
def test_deep_nesting_is_no_trouble(data):
    """However deep a pickle nests, or holds itself, its texts are short and nothing recurses."""
    told = record(data, limits=RECORD._replace(opcodes=400_000))
    assert told.error is None
    last = told.steps[-2]
    assert all(len(text) <= 200 for text in told.stack(last.index, top=5))
    assert told.memo(last.index).get(0, "") is not None
    assert all(len(call.text) <= 200 for call in told.calls[-3:])
    assert len(told.columns()["steps"]["op"]) == len(told)


def mixed(count):
    """A pickle of about `count` opcodes that notes nothing new in its memo as it goes on."""
    key, inside = ("BINUNICODE", "weight"), ("SHORT_BINUNICODE", "bias")
    row = assemble(
        [
            "EMPTY_DICT",
            ("BINPUT", 1),
            "MARK",
            key,
            ("BINFLOAT", 0.5),
            inside,
            "MARK",
            ("BININT1", 1),
        ]
    )
    row += assemble(
        [("BININT", 2), "TUPLE", "SETITEMS", "EMPTY_LIST", "MARK", "NONE", ("BINGET", 1), "APPENDS"]
    )
    row += assemble([("BINGET", 0), ("BININT2", 7), "TUPLE1", "REDUCE", "TUPLE3", "APPEND"])
    return b"ca\nb\nq\0]" + row * (count // 22) + b"."


def peak(data):
    tracemalloc.start()
    try:
        assert drained(data)[1] is None
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_opcodes():
    """Streaming thirty times as many opcodes takes no more memory than before; a million is in the bench."""
    few, many = mixed(10_000), mixed(300_000)
    assert peak(many) < peak(few) + 50_000


def test_memory_for_the_memo_is_bounded_by_its_limit():
    """What a pickle notes in its memo has to be kept; the limit on the memo is the limit on that memory."""
    data = b"]" + b"]\x94a" * 100_000 + b"."
    assert drained(data)[1] is None
    _, error = drained(data, memo=1_000)
    assert "memo holds more than 1000" in error.problem
    tracemalloc.start()
    drained(data, memo=1_000)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert used < 1_000_000


def test_lying_lengths_take_no_memory():
    """A length of 2**62 or a memo index of 2**32 allocates nothing."""
    tracemalloc.start()
    for code in (b"\x8d", b"\x8e", b"\x96"):
        assert drained(code + (1 << 62).to_bytes(8, "little") + b"abc.")[1] is not None
    assert drained(b"Nr\xff\xff\xff\xffj\xff\xff\xff\xff0.")[1] is None
    assert drained(b"Np%d\n." % (1 << 200))[1] is None
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert used < 200_000
