"""Objects of the standard library, and of classes that pickle themselves in every way there is."""

from __future__ import annotations

import argparse
import array
import collections
import copyreg
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import ipaddress
import itertools
import operator
import pathlib
import pickle
import random
import re
import string
import struct
import types
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Point(NamedTuple):
    x: int
    y: int


class Colour(enum.Enum):
    RED = 1
    BLUE = "b"


class Rights(enum.IntFlag):
    READ = 4
    WRITE = 2


@dataclasses.dataclass
class Row:
    name: str
    cells: list[int]


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    left: object
    right: object


class Plain:
    def __init__(self, **given: object) -> None:
        self.__dict__.update(given)


class SlotsAndDict:
    __slots__ = ("__dict__", "slot")

    def __init__(self) -> None:
        self.slot, self.other = 1, 2


class Stateful(Plain):
    def __getstate__(self) -> Any:
        return ("state", self.__dict__)

    def __setstate__(self, state: Any) -> None:
        self.__dict__.update(state[1])


class EmptyState(Plain):
    def __getstate__(self) -> Any:
        return ()


class NewArgs(int):
    def __getnewargs__(self) -> tuple[Any, ...]:
        return (int(self),)


class NewArgsEx(Plain):
    def __new__(cls, *args: object, **keywords: object) -> NewArgsEx:
        return super().__new__(cls)

    def __getnewargs_ex__(self) -> Any:
        return ((1, "two"), {"key": [3]})


class ListLike(list[Any]):
    pass


class DictLike(dict[Any, Any]):
    pass


class SetLike(set[Any]):
    pass


class TextLike(str):
    __slots__ = ()


class OldInit:
    """Was written with `INST` and `OBJ` by Python 2, for its initial arguments."""

    def __getinitargs__(self) -> tuple[Any, ...]:
        return (1, 2)


class Reduced:
    """Pickles itself as whatever it was given."""

    def __init__(self, *form: Any) -> None:
        self.form = form

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.form if len(self.form) > 1 else self.form[0]


SINGLE = Reduced("SINGLE")


def setter(made: object, state: object) -> None:
    """Take a state: the sixth part of a `__reduce__`."""


class Registered:
    pass


copyreg.add_extension(Registered.__module__, "Registered", 200)
copyreg.add_extension(Plain.__module__, "Plain", 300)
copyreg.add_extension("fractions", "Fraction", 70_000)


def _recursive() -> list[Any]:
    own_list: list[Any] = [1]
    own_list.append(own_list)
    own_dict: dict[str, Any] = {}
    own_dict["self"] = own_dict
    own_tuple: tuple[Any, ...] = ([],)
    own_tuple[0].append(own_tuple)
    own_object = Plain(name="loop")
    own_object.me = own_object  # type: ignore[attr-defined]
    keyed = Plain()
    keyed.all = {keyed}  # type: ignore[attr-defined]
    like = ListLike()
    like.append(like)
    return [own_list, own_dict, own_tuple, own_object, keyed, like]


def _reduced() -> list[Any]:
    return [
        SINGLE,
        Reduced(list, ()),
        Reduced(list, ([1, 2],)),
        Reduced(Plain, (), {"a": 1}),
        Reduced(Plain, (), (None, {"slot": 1})),
        Reduced(ListLike, (), None, iter([1, 2, 3])),
        Reduced(ListLike, (), {"state": 0}, iter(["one"])),
        Reduced(DictLike, (), None, None, iter([("k", "v"), ("l", "w")])),
        Reduced(DictLike, (), None, None, iter([("k", "v")])),
        Reduced(DictLike, (), {"s": 1}, iter([1]), iter([(1, 2)])),
        Reduced(Plain, (), {"s": 1}, None, None, setter),
        Reduced(copyreg.__newobj__, (Reduced,), {"a": (1,)}),
        Reduced(copyreg.__newobj_ex__, (NewArgsEx, (1,), {"k": 2})),  # type: ignore[attr-defined]
        Reduced(operator.attrgetter("upper"), ("x",)),
    ]


def _times() -> list[Any]:
    zone = datetime.timezone(datetime.timedelta(hours=-3, minutes=-30), "NST")
    return [
        datetime.date(2024, 2, 29),
        datetime.time(23, 59, 59, 999_999),
        datetime.datetime(1, 1, 1, tzinfo=zone),
        datetime.datetime(9999, 12, 31, fold=1),
        datetime.timedelta(days=-1, microseconds=1),
        datetime.UTC,
    ]


def _numbers() -> list[Any]:
    ints = [
        0,
        1,
        -1,
        127,
        128,
        255,
        256,
        -128,
        -129,
        65535,
        65536,
        2**31 - 1,
        2**31,
        -(2**31),
        2**63,
        -(2**2100),
    ]
    return [
        *ints, True, False, None, ..., NotImplemented, 1.5, -0.0, float("inf"), float("nan"), 3 - 4j,
        decimal.Decimal("-1.50E+7"), decimal.Decimal("sNaN"), fractions.Fraction(-3, 7), decimal.Context(prec=5),
        NewArgs(5), Colour.RED, Rights.READ | Rights.WRITE, random.Random(3),
    ]  # fmt: skip


def _texts() -> list[Any]:
    return [
        "", "é\n\\u0041'\"", "\ud800 \U0001f642\0\r\x1a", "x" * 300, b"", b"\0\xff" * 9, b"y" * 300,
        bytearray(b"abc"), bytearray(), TextLike("sub"), uuid.UUID(int=5), re.compile("a(b)*", re.I),
        string.Template("$a"), pathlib.PurePosixPath("/a/../b"), pathlib.PureWindowsPath("c:\\x"),
        ipaddress.ip_address("::1"), ipaddress.ip_network("10.0.0.0/8"), io.BytesIO(b"data"), io.StringIO("t\n"),
    ]  # fmt: skip


def _containers() -> list[Any]:
    shared = ["shared"]
    return [
        (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1], list(range(1_005)), {}, {"a": 1},
        {n: str(n) for n in range(1_002)}, set(), {1}, frozenset(), frozenset({1, "a"}), set(range(1_003)),
        [shared, shared, (shared, shared)], [[[[[[1]]]]]], {"a": {"b": {"c": {"d": {"e": ()}}}}},
        collections.OrderedDict(a=1, b=[2]), collections.defaultdict(list, {"k": [1]}),
        collections.defaultdict(None), collections.Counter("hello"), collections.deque([1, 2], maxlen=3),
        collections.ChainMap({"a": 1}, {}), collections.UserList([1]), collections.UserDict(a=1),
        array.array("d", [1.5, 2]), range(3, 9, 2), slice(1, None, 2), ListLike([1, 2]), DictLike(a=[]),
        SetLike({5}), Point(1, 2), Row("r", [1, 2]), Slotted(1, [2]), SlotsAndDict(), Stateful(a=1),
        EmptyState(a=1), NewArgsEx(), Plain(a=1, b=(2,)), types.SimpleNamespace(a=1),
        argparse.Namespace(b=[2]), itertools.count(3, 2), iter([1, 2, 3]), iter(range(9)), enumerate("ab"),
        itertools.chain([1], [2]), zip([1], [2], strict=False), reversed([1, 2]),
    ]  # fmt: skip


def _callables() -> list[Any]:
    problem = KeyError("key", 3)
    problem.add_note("noted")
    return [
        len, int, dict.fromkeys, "text".upper, [].append, struct.Struct, functools.partial(int, "7", base=8),
        functools.partial(functools.partial(max, key=len), "a"), operator.itemgetter(1, "b"),
        operator.methodcaller("split", sep=","), functools.reduce, collections.OrderedDict.fromkeys, type(None),
        ValueError("bad", 1), problem, OSError(2, "gone", "file"), ExceptionGroup("both", [ValueError(1)]),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "start"), StopIteration(3),
    ]  # fmt: skip


def everything() -> list[tuple[str, Any]]:
    """Return all objects, each with a name that tells them apart."""
    groups = [_numbers, _texts, _containers, _callables, _times, _recursive, _reduced]
    found = [made for group in groups for made in group()] + [
        Registered(),
        fractions.Fraction(1, 3),
    ]
    return [(f"{number}-{type(made).__name__}", made) for number, made in enumerate(found)]


def pickled() -> Iterator[tuple[str, bytes]]:
    """Yield each object in each protocol that takes it, named."""
    for protocol in PROTOCOLS:
        for name, made in everything():
            try:
                yield f"{name}-p{protocol}", pickle.dumps(made, protocol)
            except (TypeError, pickle.PicklingError, RecursionError):
                continue  # it has no pickle in this protocol
