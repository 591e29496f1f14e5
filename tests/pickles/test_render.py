"""The texts of values, rule by rule."""

import pytest

from unpickled.pickles import Call, Cropped, Import
from unpickled.pickles.render import text
from unpickled.pickles.values import (
    MARK,
    Buffer,
    Dict,
    Extension,
    Frozen,
    List,
    Persistent,
    ReadOnly,
    Set,
)


def logged(kind, *entries):
    """Make a container from `(step, values)` entries."""
    made, total = kind(), 0
    for step, values in entries:
        total += len(values)
        made += (step, list(values), total)
    return made


def call(function, arguments=(), *, step=5, method="", keywords=None, done=()):
    """Make a call whose result had `done` done to it: `(step, values)` entries."""
    manner = ("REDUCE", method, keywords, {step: logged(list, *done)})
    return Call((function, arguments, step, manner))


MKDIR = Import("os", "mkdir")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        ("it's", '"it\'s"'),
        (bytearray(b"x"), "bytearray(b'x')"),
        ("x" * 160, repr("x" * 160)),
        ("x" * 161, repr("x" * 160) + "… (161 characters)"),
        (b"x" * 161, repr(b"x" * 160) + "… (161 bytes)"),
        ("\0" * 161, repr("\0" * 160)[:199] + "…"),
        (Cropped("bytearray", b"ab", 500), "bytearray(b'ab')… (500 bytes)"),
        (Cropped("int", None, 500), "integer of 500 bytes"),
        (Cropped("tuple", (1, 2), 500), "(1, 2, … 498 more)"),
        (MARK, "MARK"),
        (MKDIR, "os.mkdir"),
        (Extension(240), "extension code 240"),
        (Buffer(3), "buffer 3"),
        (ReadOnly(Buffer(3)), "read-only buffer 3"),
        (Persistent((1, "a")), "persistent id (1, 'a')"),
        ((), "()"),
        ((1,), "(1,)"),
        ((1, (2, 3)), "(1, (2, 3))"),
        (tuple(range(8)), "(0, 1, 2, 3, 4, 5, 6, 7)"),
        (tuple(range(9)), "(0, 1, 2, 3, 4, 5, 6, 7, … 1 more)"),
        (Frozen((), 0), "frozenset()"),
        (Frozen((1,), 1), "frozenset({1})"),
        (List(), "[]"),
        (Set(), "set()"),
        (Dict(), "{}"),
        (logged(Set, (1, [1, 2])), "{1, 2}"),
        (logged(Dict, (1, ["k", 1, None, ()])), "{'k': 1, None: ()}"),
        (logged(Dict, (1, range(20))), "{0: 1, 2: 3, 4: 5, 6: 7, 8: 9, 10: 11, 12: 13, 14: 15, … 2 more}"),
        (((((1,),),),), "((((1,),),),)"),
        ((((((),),),),), "((((…,),),),)"),
        (call(MKDIR, ("x",)), "result of os.mkdir('x')"),
        ([call(MKDIR, ("x",))] and (call(MKDIR, ("x",)),), "(result of os.mkdir('x'),)"),
        (call(call(MKDIR), (1,)), "result of (result of os.mkdir())(1)"),
        (call(MKDIR, (call(MKDIR, ("x",)),)), "result of os.mkdir(result of os.mkdir('x'))"),
        (call(Extension(1), method="__new__"), "result of (extension code 1).__new__()"),
        (call(MKDIR, (), keywords=logged(Dict, (1, ["k", 1]))), "result of os.mkdir(**{'k': 1})"),
        (call(MKDIR, (0,), keywords=Dict()), "result of os.mkdir(0, **{})"),
        (call(MKDIR, List()), "result of os.mkdir(*[])"),
        (call(MKDIR, Cropped("tuple", (1,), 12)), "result of os.mkdir(1, … 11 more)"),
        (call(MKDIR, Cropped("str", "ab", 12)), "result of os.mkdir(*'ab'… (12 characters))"),
        (call(MKDIR, done=[(6, [("state", ())]), (7, [("append", 1), ("item", "k", 2)])]),
         "result of os.mkdir() with {state (), 1, 'k': 2}"),
    ],
)  # fmt: skip
def test_text(value, shown):
    """Each kind of value has its text."""
    assert text(value, 100) == shown


def test_a_log_is_shown_as_it_was():
    """Of a container only what was there at the step is shown, and counted."""
    made = logged(List, (3, [1]), (5, range(8)), (9, [7]))
    assert [text(made, step) for step in (2, 3, 5, 9)] == [
        "[]",
        "[1]",
        "[1, 0, 1, 2, 3, 4, 5, 6, … 1 more]",
        "[1, 0, 1, 2, 3, 4, 5, 6, … 2 more]",
    ]


def test_a_call_is_shown_as_it_was_before_it():
    """The arguments of a call are those of its moment, whatever becomes of them later."""
    grown = logged(List, (1, ["before"]), (5, ["then"]), (6, ["after"]))
    assert text(call(MKDIR, (grown,)), 100) == "result of os.mkdir(['before'])"


def test_a_method_is_shown_without_what_was_done_to_its_object():
    """The object of a method call is shown by the call that made it."""
    made = call(MKDIR, done=[(6, [("append", 1)])])
    assert call(made, (2,), step=9, method="append").text == "(result of os.mkdir()).append(2)"


def test_two_hundred_characters_are_the_most():
    """A text of 200 characters is whole; a longer one is its first 199 and an ellipsis."""
    assert len(text(("a" * 94, "b" * 94, 12), 1)) == 200
    longer = text(("a" * 94, "b" * 94, 123), 1)
    assert len(longer) == 200
    assert longer.endswith(", 12…")
    many = call(Import("m" * 300, "n"), ("a" * 150, "b" * 150))
    assert len(many.callable) == len(many.args) == len(many.text) == 200


def test_what_holds_itself_is_shown_to_the_fourth_depth():
    """A list in itself ends in an ellipsis, and so does a knot of two."""
    made = List()
    made += (1, [made], 1)
    assert text(made, 1) == "[[[[…]]]]"
    wide = List()
    wide += (1, [wide] * 8, 8)
    assert len(text(wide, 1)) == 200
