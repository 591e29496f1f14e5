"""One opcode put in another's place: the bytes are right, the frames hold, and nothing that is typed is an accident."""

import pickle
import pickletools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unpickled.errors import TraceError
from unpickled.pickles import (
    KINDS,
    OPCODES,
    argument_text,
    assemble,
    record,
    replace_opcode,
)
from unpickled.pickles.literals import LONGEST, read_argument

ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=40)
VALUES = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
PICKLES = st.builds(pickle.dumps, VALUES, st.integers(0, 5))
NAMES = st.sampled_from(sorted(OPCODES))
TYPED = st.text() | st.builds(repr, ATOMS) | st.sampled_from([k.example for k in KINDS.values()])
CALL = [
    ("PROTO", 4),
    ("FRAME", 29),
    ("SHORT_BINUNICODE", "os"),
    ("SHORT_BINUNICODE", "mkdir"),
    "STACK_GLOBAL",
    ("SHORT_BINUNICODE", "made-by-test"),
    "TUPLE1",
    "REDUCE",
    "STOP",
]


def edited(operations, index, opcode, argument=""):
    data = assemble(operations)
    return replace_opcode(data, record(data), index, opcode, argument)


@settings(max_examples=80)
@given(data=PICKLES, cut=st.integers(0, 30), row=st.integers(0, 40), name=NAMES, typed=TYPED)
def test_any_change_gives_a_trace_or_a_trace_error(data, cut, row, name, typed):
    """Whatever is typed for whatever opcode in whatever pickle, cut short or whole."""
    data = data[: len(data) - cut]
    before = record(data)
    try:
        changed = replace_opcode(data, before, row, name, typed)
    except TraceError:
        return
    after = record(changed.data)
    step = before.steps[row]
    assert changed.data[step.offset] == OPCODES[name].code
    assert len(after) >= row  # up to the change nothing is new
    if len(after) > row:
        assert after.steps[row].opcode == name
        if OPCODES[name].argument and argument_text(after.steps[row]):
            kind = OPCODES[name].argument
            wanted = read_argument(kind, typed)
            assert repr(after.steps[row].arg) == repr(wanted)  # nan is not itself


@settings(max_examples=40)
@given(data=PICKLES)
def test_what_pickletools_prints_can_be_typed(data):
    """Each opcode put in its own place, with the argument that pickletools prints, leaves every byte as it was."""
    before = record(data)
    for row, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        typed = "" if argument is None else repr(argument)
        if len(typed) <= LONGEST:
            assert replace_opcode(data, before, row, opcode.name, typed) == (data, {})


@settings(max_examples=60)
@given(row=st.integers(0, len(CALL) - 1), name=NAMES, number=st.integers(0, 255))
def test_a_change_is_the_assembled_pickle_with_that_row(row, name, number):
    """Replacing a row gives what assembling the list of opcodes with that row gives, but for the frame's length."""
    takes_text = OPCODES[name].argument.startswith(("text", "latin", "unicode", "quoted"))
    value = str(number) if takes_text else number
    try:
        changed = edited(CALL, row, name, repr(value))
    except TraceError:
        return
    wanted = [*CALL]
    wanted[row] = (name, value) if OPCODES[name].argument else name
    if changed.frames:
        ((_, size),) = changed.frames.values()
        assert size == len(assemble(wanted[2:]))
        wanted[1] = ("FRAME", size)
    assert changed.data == assemble(wanted)


def test_a_frame_follows_and_its_own_argument_does_not():
    """A change inside a frame moves its length; a frame that is changed itself is left as it was typed."""
    changed = edited(CALL, 3, "SHORT_BINUNICODE", "'rmdir-and-more'")
    assert changed.frames == {1: (29, 38)}
    assert record(changed.data).error is None
    lying = edited(CALL, 1, "FRAME", "20")
    assert lying.frames == {}
    assert "does not end where its opcodes do" in record(lying.data).error.problem


@pytest.mark.parametrize(
    ("opcode", "typed", "said"),
    [
        ("BININT1", "256", "256 does not fit"),
        ("BININT1", "7.5", "no whole number"),
        ("BININT1", "", "no whole number"),
        ("BINFLOAT", "half", "no number"),
        ("BINUNICODE", "rmdir", "into quotes"),
        ("BINUNICODE", "b'rmdir'", "into quotes"),
        ("BINUNICODE", "'a', 'b'", "into quotes"),
        ("BINUNICODE", "'\\x'", "cannot be read"),
        ("BINUNICODE", "'a' + open('x').read() + ''", "cannot be read"),
        ("SHORT_BINUNICODE", repr("ü" * 128), "256 bytes"),
        ("BINSTRING", "'€'", "single bytes"),
        ("PERSID", "'ü'", "ASCII"),
        ("PERSID", "'a\\nb'", "newline"),
        ("BINBYTES", "'abc'", "b'abc'"),
        ("SHORT_BINBYTES", repr(b"a" * 256), "256 bytes"),
        ("GLOBAL", "'os'", "a module and a name"),
        ("GLOBAL", "'os\\nmkdir x'", "newline"),
        ("BINUNICODE", "'" + "a" * LONGEST + "'", "too many"),
        ("NO_SUCH", "", "no opcode"),
    ],
)
def test_what_cannot_be_an_argument_is_said_plainly(opcode, typed, said):
    """Each refusal names what is wrong, and where in the bytes it would have stood."""
    with pytest.raises(TraceError, match=said) as refused:
        edited(CALL, 3, opcode, typed)
    assert refused.value.offset == record(assemble(CALL)).steps[3].offset


def test_every_kind_takes_its_own_example_and_no_row_is_made_up():
    """The example that the form shows can be typed; a row that is not there is refused."""
    for opcode in OPCODES.values():
        if opcode.argument:
            edited(CALL, 3, opcode.name, KINDS[opcode.argument].example)
    with pytest.raises(TraceError, match="no row 10"):
        edited(CALL, 9, "NONE")


def test_an_argument_too_long_to_be_shown_is_none():
    """Text that would not fit the form is not offered, and neither is a cropped one."""
    trace = record(assemble([("BINUNICODE", "a" * LONGEST), ("BINUNICODE", "a" * 5000), "STOP"]))
    assert [argument_text(step) for step in trace.steps[:3]] == [None, None, ""]
