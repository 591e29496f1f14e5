"""Reading and writing opcodes: the standard library's `pickletools` is the judge."""

import json
import mmap
import pickle
import pickletools
import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unpickled.errors import TraceError
from unpickled.pickles import OPCODES, Cropped, Limits, assemble, explain, record, trace

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.binary().map(bytearray),
    lambda inside: (
        st.lists(inside)
        | st.dictionaries(st.text(), inside)
        | st.tuples(inside, inside)
        | st.sets(st.text())
    ),
    max_leaves=20,
)


def test_knows_every_opcode_of_the_standard_library():
    """All 68 are there, with the same byte and protocol, and no other."""
    theirs = {opcode.name: (ord(opcode.code), opcode.proto) for opcode in pickletools.opcodes}
    assert {name: (opcode.code, opcode.protocol) for name, opcode in OPCODES.items()} == theirs
    assert len(OPCODES) == 68


def test_takes_and_pushes_what_the_standard_library_says():
    """What an opcode needs above the mark, and whether it pushes, agree with `pickletools`."""
    for theirs in pickletools.opcodes:
        ours, before = OPCODES[theirs.name], theirs.stack_before
        assert ours.to_mark == (pickletools.markobject in before), theirs.name
        in_place = {
            "APPEND",
            "SETITEM",
            "BUILD",
            "APPENDS",
            "SETITEMS",
            "ADDITEMS",
            "STOP",
            "MEMOIZE",
        }
        notes = {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"}
        assert ours.pushes == (bool(theirs.stack_after) and theirs.name not in in_place), (
            theirs.name
        )
        if not ours.to_mark and theirs.name not in notes | {"POP", "DUP"}:
            assert ours.takes == len(before), theirs.name


@pytest.mark.parametrize("opcode", OPCODES.values(), ids=OPCODES)
def test_explains_each_opcode_in_one_plain_sentence(opcode):
    """One sentence, with a capital and a full stop, in words of our own, that says so if code is called."""
    words = explain(opcode.name)
    assert words == opcode.text
    assert re.fullmatch(r"[A-Z].{10,200}\.", words)
    assert ". " not in words
    assert words not in (next(o for o in pickletools.opcodes if o.name == opcode.name).doc or "")
    assert words.startswith("Calls code: ") == opcode.calls_code


def test_explanations_differ():
    """No two opcodes are explained in the same words."""
    assert len({explain(name) for name in OPCODES}) == 68


@given(value=VALUES, protocol=st.integers(0, 5))
def test_reads_what_genops_reads(value, protocol):
    """Offsets, sizes, names and arguments are those of `pickletools.genops`."""
    data = pickle.dumps(value, protocol)
    theirs = list(pickletools.genops(data))
    ours = list(trace(data, limits=Limits(text=1 << 20)))
    assert [(step.opcode, step.offset) for step in ours] == [
        (opcode.name, at) for opcode, _, at in theirs
    ]
    ends = [at for _, _, at in theirs[1:]] + [len(data)]
    assert [step.offset + step.size for step in ours] == ends
    for step, (_, arg, _) in zip(ours, theirs, strict=True):
        assert step.arg == arg or step.arg != step.arg
        assert (
            type(step.arg) is type(arg)
            or type(arg) is bytearray
            or step.opcode in ("GLOBAL", "INST")
        )


@given(value=VALUES, protocol=st.integers(0, 5))
def test_writes_back_what_it_reads(value, protocol):
    """Assembling the opcodes and arguments of a pickle gives the same bytes."""
    data = pickle.dumps(value, protocol)
    steps = trace(data, limits=Limits(text=1 << 20, digits=1 << 20))
    again = assemble(
        (step.opcode, step.arg) if OPCODES[step.opcode].argument else step.opcode for step in steps
    )
    assert again == data


EXAMPLES = {
    "uint1": [0, 255], "uint2": [0, 65535], "uint4": [0, 2**32 - 1], "int4": [-(2**31), 2**31 - 1, 5],
    "float8": [0.5, -1e300], "protocol": [0, 5], "frame": [0], "bytes1": [b"", b"\n"], "bytes4": [b"x" * 300],
    "bytes8": [b"x"], "latin1": ["é"], "latin4": ["é" * 300], "text1": ["日", "\ud800"], "text4": ["\n"], "text8": [""],
    "long1": [0, 1, -1, 127, 128, -128, -129, 255, -(2**63), 2**1000], "long4": [-(2**2100)], "integer": [True, -7],
    "long": [2**90], "index": [0, 70000], "decimal": [1.5, float("inf")], "quoted": ["it's \"x\"\n\\ \0"],
    "unicode": ["日本\n\\u0041\0\r\x1a é"], "names": ["os path.join"], "ascii_names": ["os mkdir"], "ascii": ["an id"],
}  # fmt: skip


@pytest.mark.parametrize("opcode", OPCODES.values(), ids=OPCODES)
def test_writes_each_opcode_so_that_it_is_read_back(opcode):
    """`assemble` and the reader agree on each kind of argument, and `genops` reads the same from the bytes."""
    for argument in EXAMPLES.get(opcode.argument, [None]):
        if opcode.name.startswith("EXT") and argument is not None:
            argument = argument if argument > 0 else 1  # noqa: PLW2901 - no extension code is below 1
        written = assemble([(opcode.name, argument) if opcode.argument else opcode.name])
        (theirs, value, _), *_ = pickletools.genops(written + b".")
        assert (theirs.name, value) == (opcode.name, argument)
        told = record(filler(opcode) + written + b".", limits=Limits(digits=10_000))
        step = next(step for step in told.steps if step.offset == len(filler(opcode)))
        assert (step.opcode, step.size) == (opcode.name, len(written))
        assert step.arg == argument or type(step.arg) is Cropped


def filler(opcode):
    """Make enough of a stack and a memo for an opcode to be applied to."""
    if opcode.name.endswith("GET"):
        return b"".join(assemble(["NONE", ("PUT", index)]) for index in (0, 255, 70000, 2**32 - 1))
    if opcode.name == "STACK_GLOBAL":
        return assemble([("UNICODE", "os"), ("UNICODE", "mkdir")])
    call = assemble([("GLOBAL", "a f"), "EMPTY_TUPLE", "EMPTY_DICT"])
    if opcode.to_mark:
        under = assemble(
            [
                "EMPTY_DICT"
                if "SETITEM" in opcode.name
                else "EMPTY_SET"
                if "ADD" in opcode.name
                else "EMPTY_LIST"
            ]
        )
        return under + assemble(["MARK", ("GLOBAL", "a f"), "NONE"])
    special = {
        "APPEND": "]N",
        "SETITEM": "}NN",
        "BUILD": "}N",
        "READONLY_BUFFER": "\x97",
        "REDUCE": "ca\nf\n)",
        "NEWOBJ": "ca\nf\n)",
    }
    return special[opcode.name].encode("latin-1") if opcode.name in special else call


@pytest.mark.parametrize(
    ("operation", "problem"),
    [
        ("NOPE", "no opcode 'NOPE'"),
        (("BININT1", 256), "BININT1"),
        (("BININT1",), "BININT1"),
        (("BININT1", "x"), "BININT1"),
        (("NONE", 1), "NONE"),
        (("SHORT_BINBYTES", b"x" * 256), "SHORT_BINBYTES"),
        (("GLOBAL", "os\n", "mkdir"), "newline"),
        (("GLOBAL", "os"), "GLOBAL"),
        (("PERSID", "é"), "PERSID"),
        (("BINUNICODE", 5), "BINUNICODE"),
    ],
)
def test_refuses_to_write_what_does_not_fit(operation, problem):
    """A wrong name or argument is told of with the offset it would have had, and what to do."""
    with pytest.raises(TraceError, match=problem) as caught:
        assemble([("PROTO", 4), operation])
    assert caught.value.offset == 2
    assert caught.value.remedy


@pytest.mark.parametrize(
    "wrap", [bytes, bytearray, memoryview, lambda data: memoryview(data + data)[: len(data)]]
)
def test_takes_any_kind_of_bytes(wrap):
    """bytes, bytearray and memoryview give the same steps."""
    data = pickle.dumps({"a": ["é", 1.5, b"x"]}, 4)
    assert list(trace(wrap(data))) == list(trace(data))


@pytest.mark.parametrize("protocol", range(6))
def test_takes_a_mapped_file(tmp_path, protocol):
    """A file mapped into memory gives the same steps, without being read whole first."""
    data = pickle.dumps({"a": ["é", 1.5, b"x", 2**70, "it's"], "b": (1, 2.5, len)}, protocol)
    path = tmp_path / "mapped.pkl"
    path.write_bytes(data)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert [step[:6] for step in trace(mapped)] == [step[:6] for step in trace(data)]


TRUNCATED = [
    *(pickle.dumps(["text", 1.5, 2**40, b"bytes", {"k": 70000}], protocol) for protocol in range(6)),
    b"I12\n.", b"S'abc'\n.", b"cos\nmkdir\n.", b"\x8d" + struct.pack("<Q", 3) + b"abc.",
]  # fmt: skip


@pytest.mark.parametrize("data", TRUNCATED)
def test_tells_of_every_place_where_a_pickle_can_be_cut_short(data):
    """Cut anywhere, a pickle gives its first steps and then an error with an offset inside what is there."""
    whole = record(data)
    assert whole.error is None
    for length in range(len(data)):
        cut = record(data[:length])
        assert cut.error is not None
        assert cut.error.offset <= length
        assert cut.error.remedy
        known = [step for step in whole.steps if step.offset + step.size <= length]
        assert [step.opcode for step in cut.steps[: len(known)]] == [step.opcode for step in known]


BROKEN = {
    b"": "nothing to read",
    b"\xff": "0xff is no opcode",
    b"\x80\x06N.": "version 6",
    b"Iabc\n.": "no valid number",
    b"I\n.": "no valid number",
    b"Labc\n.": "no valid number",
    b"Fabc\n.": "no valid number",
    b"Ngx\n.": "no valid number",
    b"Np-1\n.": "no number -1",
    b"g7\n.": "noted in the memo under 7",
    b"S'abc\n.": "not in quotes",
    b"Sabc\n.": "not in quotes",
    b"S'\n.": "not in quotes",
    b"S'\\x4'\n.": "escape",
    b"S'\\'\n.": "lone backslash",
    b"V\\u12\n.": "no valid text",
    b"X\x02\0\0\0\xff\xff.": "no valid text",
    b"\x8c\x01\xe9.": "no valid text",
    b"P\xe9\n.": "no valid text",
    b"T\xff\xff\xff\xff.": "negative: -1",
    b"\x8b\xff\xff\xff\xff.": "negative: -1",
    b"\x8e" + b"\xff" * 8: "end inside BINBYTES8",
    b"\x96" + b"\xff" * 7 + b"\x3f": "end inside BYTEARRAY8",
    b"B\xff\xff\xff\xff": "end inside BINBYTES",
    b"\x95" + b"\xff" * 8 + b"N.": "FRAME announces",
    b"R": "it takes 2",
    b"(R.": "it takes 2 from the stack, and above the last mark there are 0",
    b"N(.": "it takes 1 from the stack",
    b".": "it takes 1",
    b"0": "stack is empty",
    b"1": "no mark",
    b"t": "no mark",
    b"(e.": "nothing below the mark",
    b"N((e.": "nothing below the mark",
    b"(Nd.": "no pairs",
    b"}(Nu.": "no pairs",
    b"NN\x93.": "must be text, and here are None and None",
    b"\x82\0.": "no extension code",
    b"\x84\xff\xff\xff\xff.": "no extension code",
    b"N)R.": "None cannot be called",
    b"])\x81.": "a list cannot be called",
    b"cos\nmkdir\nNR.": "None cannot be the arguments",
    b"cos\nmkdir\n)N\x92.": "None cannot be keyword arguments",
    b"(o.": "no class above the mark",
    b"NNa.": "None has no method append",
    b"}Na.": "a dict has no method append",
    b"NNNs.": "None has no method __setitem__",
    b"](N\x90.": "a list has no method add",
    b"]K\1b.": "no place for a state",
    b"K\1\x98.": "only a buffer",
}


@pytest.mark.parametrize(("data", "problem"), BROKEN.items())
def test_tells_in_words_what_is_wrong(data, problem):
    """Each way to be broken has words of its own, an offset, and a remedy."""
    error = record(data).error
    assert error is not None
    assert problem in error.problem
    assert not error.problem.endswith(".")
    assert error.remedy.endswith(".")
    assert 0 <= error.offset <= len(data)
    assert str(error).startswith(f"byte {error.offset}: ")
    with pytest.raises(TraceError, match=re.escape(error.problem)):
        list(trace(data))


def test_columns_are_plain_json():
    """Nothing in the columns is beyond JSON, not even for text that is half a character."""
    told = record(pickle.dumps(["\ud800", float("nan"), b"\xff", {1: 2}], 4))
    assert json.loads(json.dumps(told.columns())) == told.columns()
