"""Only plain data passes through the port, whatever a learner makes of it."""

from __future__ import annotations

import dataclasses
import enum
import pathlib
from collections import namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unpickled.checking import plain
from unpickled.errors import StudentError

Point = namedtuple("Point", "x y")


class Colour(enum.Enum):
    RED = "red"


class Verdict(enum.StrEnum):
    CLEAN = "clean"


@dataclasses.dataclass
class Decision:
    load: bool
    why: object = ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, [2.5, None]), [1, [2.5, None]]),
        (Colour.RED, "red"),
        (Verdict.CLEAN, "clean"),
        (Point(1, b"2"), {"x": 1, "y": b"2"}),
        (Decision(load=True), {"load": True, "why": []}),
        (pathlib.Path("a") / "b", "a/b"),
        ({"k": Decision(load=False, why="no")}, {"k": {"load": False, "why": "no"}}),
    ],
)
def test_what_learners_write_becomes_plain(value, expected):
    """Tuples, paths, enums, named tuples and dataclasses have one plain form each."""
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)


class AlwaysEqual:
    def __eq__(self, other):
        return True

    __hash__ = None


class Sly(type):
    def __eq__(cls, other):
        return True

    def __hash__(cls):
        return hash(str)


class Text(str):
    __slots__ = ()

    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


class SlyText(str, metaclass=Sly):
    __slots__ = ()


class Number(int):
    pass


class Raises:
    @property
    def _fields(self):
        raise SystemExit(3)


@dataclasses.dataclass
class Exits:
    x: int = 1

    def __getattribute__(self, name):
        if name == "x":
            raise SystemExit(3)
        return object.__getattribute__(self, name)


def cycle():
    found: list[object] = []
    found.append(found)
    return found


@pytest.mark.parametrize(
    "value",
    [
        AlwaysEqual(),
        Text("x"),
        SlyText("x"),
        Number(1),
        Raises(),
        Exits(),
        {1: 2},
        {Text("a"): 1},
        {1, 2},
        1j,
        float("nan"),
        float("inf"),
        1 << 5000,
        "x" * (5 << 20),
        [0] * 20_000,
        bytearray(b"x"),
        range(3),
        object,
        cycle(),
        Decision(load=AlwaysEqual()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_else_is_refused(value):
    """A subclass, a sly metaclass, a cycle, a huge or odd value: an error in words, and no crash."""
    with pytest.raises(StudentError) as error:
        plain(value)
    assert error.value.problem


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text() | st.binary(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=12,
    )
)
def test_plain_data_is_its_own_plain_form(value):
    """What came through once comes through unchanged, types included."""
    once = plain(value)
    assert once == value
    assert repr(plain(once)) == repr(value)
