"""What the machine tells of a pickle: imports, calls, what is left over, what comes after."""

import collections
import io
import pickle
import subprocess
import sys

import pytest

from unpickled.errors import TraceError
from unpickled.pickles import Limits, assemble, record, trace

CANARY = assemble(
    [("PROTO", 4), ("GLOBAL", "os mkdir"), ("SHORT_BINUNICODE", "x"), "TUPLE1", "REDUCE", "STOP"]
)


def test_tells_what_would_be_imported_and_called():
    """The canary's import and call are told of at the steps that would make them, and nothing happens."""
    told = record(CANARY)
    assert [(step.opcode, step.imports) for step in told if step.imports] == [
        ("GLOBAL", ("os", "mkdir"))
    ]
    (call,) = told.calls
    assert (call.opcode, call.callable, call.args, call.text) == (
        "REDUCE",
        "os.mkdir",
        "'x'",
        "os.mkdir('x')",
    )
    assert told.error is None
    assert told.imports[0].text == "os.mkdir"


@pytest.mark.parametrize("protocol", range(6))
def test_never_runs_what_it_reads(tmp_path, protocol):
    """A pickle that makes a folder when it is loaded makes none when it is traced."""
    marker = tmp_path / "canary"

    class Canary:
        def __reduce__(self):
            import os

            return os.mkdir, (str(marker),)

    data = pickle.dumps(Canary(), protocol)
    assert [call.text for call in record(data).calls] == [f"posix.mkdir({str(marker)!r})"]
    list(trace(data))
    assert not marker.exists()


@pytest.mark.parametrize(
    ("operations", "text"),
    [
        (["MARK", ("GLOBAL", "a b"), "NONE", "OBJ"], "a.b(None)"),
        (["MARK", "NONE", ("INST", "a b")], "a.b(None)"),
        ([("GLOBAL", "a b"), "EMPTY_TUPLE", "NEWOBJ"], "a.b.__new__()"),
        ([("GLOBAL", "a b"), "NONE", "TUPLE1", "EMPTY_DICT", ("UNICODE", "k"), "NONE", "SETITEM", "NEWOBJ_EX"],
         "a.b.__new__(None, **{'k': None})"),
        ([("GLOBAL", "a b"), "NONE", "BUILD"], "a.b.__setstate__(None)"),
        ([("GLOBAL", "a b"), "NONE", "APPEND"], "a.b.append(None)"),
        ([("GLOBAL", "a b"), "EMPTY_TUPLE", "REDUCE", "MARK", "NONE", "NEWTRUE", "APPENDS"],
         "(result of a.b()).extend(None, True)"),
        ([("GLOBAL", "a b"), "EMPTY_TUPLE", "REDUCE", "NONE", "NEWTRUE", "SETITEM"],
         "(result of a.b()).__setitem__(None, True)"),
        ([("GLOBAL", "a b"), "MARK", "NONE", "ADDITEMS"], "a.b.add(None)"),
        ([("GLOBAL", "a b"), "EMPTY_LIST", "REDUCE"], "a.b(*[])"),
        ([("EXT1", 9), "EMPTY_TUPLE", "REDUCE"], "(extension code 9)()"),
        (["NONE", "BINPERSID", "EMPTY_TUPLE", "REDUCE"], "(persistent id None)()"),
        ([("GLOBAL", "a b"), ("UNICODE", "os"), "TUPLE1", "REDUCE", ("UNICODE", "ls"), "TUPLE1", "REDUCE"],
         "(result of a.b('os'))('ls')"),
    ],
)  # fmt: skip
def test_every_way_to_call_is_a_call(operations, text):
    """Each opcode that can run code of the pickle's choosing says what it would call, with what."""
    told = record(assemble([*operations, "STOP"]))
    assert told.error is None
    assert told.calls[-1].text == text
    assert told.steps[-2].calls is told.calls[-1]


@pytest.mark.parametrize(
    "operations",
    [
        ["EMPTY_LIST", "NONE", "APPEND"],
        ["EMPTY_DICT", "NONE", "NONE", "SETITEM"],
        ["EMPTY_SET", "MARK", "NONE", "ADDITEMS"],
        [("BYTEARRAY8", b"x"), ("BININT1", 1), "APPEND"],
        ["EMPTY_LIST", "NONE", "APPEND", ("BININT1", 0), "NONE", "SETITEM"],
        ["NONE", "BINPERSID"],
        ["EMPTY_DICT", "NONE", "BUILD"],
    ],
)
def test_plain_containers_call_nothing(operations):
    """Filling a plain list, dict, set or bytearray is no call."""
    told = record(assemble([*operations, "STOP"]))
    assert told.error is None
    assert told.calls == ()
    assert told.imports == ()


def test_an_extension_code_is_an_unknown_import():
    """EXT opcodes count as imports, of something that only the loading program can name."""
    told = record(assemble(["MARK", ("EXT1", 1), ("EXT2", 300), ("EXT4", 70000), "TUPLE", "STOP"]))
    assert [imported.module for imported in told.imports] == ["", "", ""]
    assert [imported.text for imported in told.imports] == [
        f"extension code {code}" for code in (1, 300, 70000)
    ]


def test_truth_values_of_protocol_0():
    """`I01` is True and `I00` is False, while `I1` is a number."""
    told = record(b"(I01\nI00\nI1\nt.")
    assert told.stack(4) == ("(True, False, 1)",)


def test_leftovers_are_told_of():
    """What a pickle leaves on the stack when it stops is kept, marks and all."""
    told = record(assemble(["NONE", "MARK", ("BININT1", 1), "NEWTRUE", "STOP"]))
    assert told.leftover == {0: ("None", "MARK", "1")}
    assert told.steps[-1].depth == 3
    assert record(CANARY).leftover == {}


@pytest.mark.parametrize("protocols", [(2, 2, 2), (0, 1, 0), (4, 0, 5), (1, 2)])
def test_stacked_pickles_are_all_traced(protocols):
    """Pickles one after the other are traced as one input, in every protocol, each with a memo of its own."""
    parts = [
        pickle.dumps([number, [str(number)]], protocol) for number, protocol in enumerate(protocols)
    ]
    told = record(b"".join(parts))
    assert told.error is None
    assert told.trailing == 0
    assert [step.pickle for step in told if step.opcode == "STOP"] == list(range(len(protocols)))
    starts = [
        step.offset
        for before, step in zip([None, *told], told, strict=False)
        if not before or before.opcode == "STOP"
    ]
    assert starts == [sum(map(len, parts[:number])) for number in range(len(parts))]
    assert [step.index for step in told] == list(range(len(told)))


@pytest.mark.parametrize(
    "rest", [b"\0\1\2\3", b"\x80\x02\0\0\0\0\0\0raw", b"(((((", b"not a pickle", b"\n" * 50, b"K"]
)
def test_what_follows_and_is_no_pickle_is_counted(rest):
    """Padding and raw numbers after the last pickle are not an error, but their length is told."""
    told = record(CANARY + rest)
    assert told.error is None
    assert told.trailing == len(rest)
    running = trace(CANARY + rest)
    assert len(list(running)) == len(told)
    assert running.trailing == len(rest)


@pytest.mark.parametrize(
    "rest", [b"cos\nmkdir\n", b"cos\nmkdir\n)R", b"\x80\x02cos\nmkdir\n\xff", b"\x82\x05", b"N."]
)
def test_what_follows_is_traced_if_it_could_do_anything(rest):
    """A broken pickle after the first is not taken for padding if it imports or calls before it breaks."""
    told = record(CANARY + rest)
    assert told.trailing == 0
    assert max(step.pickle for step in told) == 1
    assert (told.error is None) == (rest == b"N.")


def test_what_follows_is_traced_if_it_is_too_long_to_tell():
    """Nothing is taken for padding because a limit kept it from being read."""
    told = record(CANARY + b"N0" * 500 + b"cos\nmkdir\n.", limits=Limits(opcodes=100))
    assert "more than 100 opcodes" in told.error.problem
    assert told.trailing == 0


def test_a_memo_begins_empty_with_each_pickle_and_numbers_count_anew():
    """The second pickle's own notes come first, as with `pickle.load` on each."""
    ops = [("BININT1", 1), "MEMOIZE", "STOP", ("BININT1", 2), "MEMOIZE", ("BINGET", 0), "STOP"]
    told = record(assemble(ops))
    assert told.stack(5) == ("2", "2")
    assert told.memo(3) == {}


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_what_an_earlier_pickle_noted_can_be_got_as_with_one_unpickler(protocol):
    """One `Unpickler` keeps its memo from pickle to pickle: what it builds is traced, not taken for padding."""
    file = io.BytesIO()
    pickler, shared = pickle.Pickler(file, protocol), ["a", "b"]
    for written in (shared, shared, shared):
        pickler.dump(written)
    told = record(file.getvalue())
    assert (told.trailing, told.error) == (0, None)
    stops = [step.index for step in told if step.opcode == "STOP"]
    real = pickle.Unpickler(io.BytesIO(file.getvalue()))
    assert [told.stack(stop - 1)[-1] for stop in stops] == [repr(real.load()) for _ in stops]


@pytest.mark.parametrize("between", [b"", b"N."])
def test_a_call_of_what_an_earlier_pickle_noted_is_told(between):
    """The import in one pickle and its call in another, pickles apart, are no way past the tracer."""
    told = record(b"cos\nmkdir\nq\x00." + between + b"h\x00)R.")
    assert [call.text for call in told.calls] == ["os.mkdir()"]
    assert (told.trailing, told.error) == (0, None)


def test_a_number_that_no_pickle_noted_ends_in_an_error_or_is_padding():
    """In the first pickle it is an error; what begins so after a STOP is nothing."""
    assert "noted in the memo under 7" in record(b"h\x07.").error.problem
    assert record(b"N.h\x07.").trailing == 3


def test_a_note_made_anew_takes_the_place_of_one_made_far_ahead():
    """Numbers beyond the memo's end are kept aside until the memo comes to them; then the newer note counts."""
    told = record(b"\x80\x04K\x01q\x01K\x02q\x00K\x03q\x01cm\nn\n\x94h\x02)R.")
    assert told.error is None
    assert [call.text for call in told.calls] == ["m.n()"]


def test_buffers_are_counted_from_0_in_each_pickle():
    """Out-of-band buffers have placeholders, and a read-only one says so."""
    once = ["NEXT_BUFFER", "READONLY_BUFFER", "NEXT_BUFFER", "TUPLE2", "STOP"]
    told = record(assemble([*once, *once]))
    assert told.stack(3) == told.stack(8) == ("(read-only buffer 0, buffer 1)",)


def test_a_legacy_torch_file_reads_to_its_last_pickle():
    """Five pickles, then raw storage bytes that begin like an opcode with a protocol: all pickles, no error."""
    out = io.BytesIO()
    for value in (
        0x1950A86A20F9469CFC6C,
        1001,
        {"little_endian": True},
        collections.OrderedDict(w=1),
        ["0"],
    ):
        pickle.dump(value, out, 2)
    out.write((640).to_bytes(8, "little") + bytes(640))  # 80 02 00 …
    told = record(out.getvalue())
    assert told.error is None
    assert told.steps[-1].pickle == 4
    assert told.trailing == 648


def test_steps_are_frozen_records():
    """A step cannot be changed, compares by value, and says what it is."""
    step = record(CANARY).steps[1]
    for name in ("index", "opcode", "imports", "new"):
        with pytest.raises(AttributeError):
            setattr(step, name, 1)
    assert step == record(CANARY).steps[1]
    assert repr(step) == "<Step 1 at 2: GLOBAL 'os mkdir'>"
    assert repr(record(CANARY).calls[0]) == "<Call os.mkdir('x')>"


def test_the_state_is_there_while_streaming():
    """Between two steps, the running trace knows the stack and the memo as they are."""
    running = trace(pickle.dumps([["a"], "b"], 4))
    seen = [
        (next(running).opcode, running.stack(), running.stack(top=1), running.memo())
        for _ in range(10)
    ]
    assert seen[-1] == (
        "APPEND",
        ("[]", "MARK", "['a']"),
        ("['a']",),
        {0: "[]", 1: "['a']", 2: "'a'"},
    )


def test_streaming_and_recording_give_the_same_steps():
    """`trace` and `record` tell the same story."""
    data = pickle.dumps(collections.OrderedDict(a=[1, {"b": (2,)}]), 2)
    assert list(trace(data)) == list(record(data))


def test_imports_are_cheap_and_few():
    """The package pulls in nothing that could load a pickle, and none of the heavy libraries."""
    program = "import sys; import unpickled.pickles; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    ).stdout
    heavy = {
        "pickle",
        "_pickle",
        "pickletools",
        "marshal",
        "copyreg",
        "numpy",
        "torch",
        "tomllib",
        "dataclasses",
        "inspect",
    }
    assert set(loaded.split()) & heavy <= {
        "marshal",
        "copyreg",
    }  # which Python itself loads at start-up


@pytest.mark.parametrize("size", [1, 5, 10, len(CANARY) - 1])
def test_bytes_beyond_the_limit_are_not_read(size):
    """A longer input is traced up to the limit, and then told of as over it."""
    told = record(CANARY, limits=Limits(bytes=size))
    assert told.error.problem == f"there are more than {size} bytes"
    assert all(step.offset < size for step in told)
    assert record(CANARY, limits=Limits(bytes=len(CANARY))).error is None


def test_errors_come_after_the_steps():
    """A broken pickle yields every step up to the break before it raises."""
    running = trace(CANARY[:-1])
    seen = [next(running).opcode for _ in range(5)]
    assert seen == ["PROTO", "GLOBAL", "SHORT_BINUNICODE", "TUPLE1", "REDUCE"]
    with pytest.raises(TraceError, match="before a STOP"):
        next(running)
