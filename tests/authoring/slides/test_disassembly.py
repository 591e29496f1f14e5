"""A disassembly for a slide: at most so many lines, and the trick found by what it is."""

from __future__ import annotations

import pytest

from unpickled.authoring.slides.disassembly import LINES, listing, trick
from unpickled.errors import ContentError
from unpickled.pickles import assemble, record

PLACE = "course/L9.9/deck.md:7"


def test_the_trick_runs_from_the_import_to_the_call():
    shown = listing("torch-bin-canary", "reduce", PLACE)
    marked = [row for row in shown.rows if row.trick]
    assert [row.opcode for row in marked] == ["GLOBAL", "BINUNICODE", "TUPLE1", "REDUCE"]
    assert shown.call == "os.mkdir('/tmp/unpickled-canary')"
    assert shown.data[shown.start : shown.start + 3] == b"cos"
    assert shown.data[shown.end - 1 : shown.end] == b"R"
    assert shown.words.endswith("Marked in red: the call of os.mkdir('/tmp/unpickled-canary').")


def test_names_on_the_stack_belong_to_the_trick():
    marked = [row for row in listing("reduce-canary", "reduce", PLACE).rows if row.trick]
    assert [row.opcode for row in marked] == [
        "SHORT_BINUNICODE", "SHORT_BINUNICODE", "STACK_GLOBAL", "SHORT_BINUNICODE", "TUPLE1", "REDUCE",
    ]  # fmt: skip
    assert marked[-1].text == "calls os.mkdir('/tmp/unpickled-canary')"


def test_honest_calls_are_no_trick():
    assert not trick(
        record(
            assemble([("GLOBAL", "collections", "OrderedDict"), "EMPTY_TUPLE", "REDUCE", "STOP"])
        ).steps
    )
    with pytest.raises(ContentError) as fault:
        listing("torch-bin", "reduce", PLACE)
    assert str(fault.value) == (
        f'{PLACE}: "torch-bin" holds no reduce trick to highlight. '
        "Choose a specimen that calls something, or leave highlight out."
    )


@pytest.mark.parametrize("name", ["torch-bin", "reduce-canary", "plain-2", "torch-canary"])
def test_it_fits_on_a_slide_and_counts_what_it_leaves_out(name):
    shown = listing(name, "", PLACE)
    assert len(shown.rows) <= LINES
    left_out = sum(int(row.text.split()[0]) for row in shown.rows if not row.opcode)
    assert sum(bool(row.opcode) for row in shown.rows) + left_out == shown.total


def test_an_unknown_specimen_is_told():
    with pytest.raises(
        ContentError,
        match=r'course/L9\.9/deck\.md:7: there is no specimen "nothing"\. Choose from: ',
    ):
        listing("nothing", "", PLACE)


def test_only_reduce_can_be_highlighted():
    with pytest.raises(ContentError, match=r'cannot highlight "inst"\. Write highlight="reduce"\.'):
        listing("torch-bin-canary", "inst", PLACE)


def test_a_file_that_holds_no_pickle_is_told():
    with pytest.raises(
        ContentError, match=r'"safetensors" holds no pickle\. Choose another specimen\.'
    ):
        listing("safetensors", "", PLACE)
