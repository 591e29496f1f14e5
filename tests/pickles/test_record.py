"""A recorded trace shows stack and memo as they were after any step: a naive machine that copies is the judge."""

import collections
import copy
import datetime
import pickle
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unpickled.pickles import Limits, assemble, record, trace
from unpickled.pickles.render import text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inside: (
        st.lists(inside, max_size=12)
        | st.dictionaries(st.text(max_size=2), inside, max_size=4)
        | st.tuples(inside, inside)
        | st.sets(st.integers(), max_size=3)
        | st.lists(inside, max_size=3).map(collections.deque)
        | inside.map(lambda value: [value, value])
        | st.just(datetime.date(2026, 1, 1))
    ),
    max_leaves=15,
)
KNOT = [1]
KNOT.append({"knot": KNOT})


def eager(data):
    """Take a full copy of the texts after every step, from the running machine: slow, and plainly right."""
    running = trace(data, limits=Limits(items=1 << 20))
    return [(running.stack(), running.memo()) for _ in running]


@given(value=VALUES, protocol=st.integers(0, 5))
@settings(max_examples=150, deadline=None)
def test_every_step_is_shown_as_it_was(value, protocol):
    """Looking back at any step gives what was there then, in whatever order one looks."""
    data = pickle.dumps([value, KNOT], protocol)
    told, copies = record(data), eager(data)
    order = list(range(len(told)))
    random.Random(5).shuffle(order)
    for index in order:
        assert (told.stack(index), dict(told.memo(index))) == copies[index]


def test_stacked_pickles_do_not_share_a_memo():
    """Each pickle's memo begins empty, also when looking back."""
    data = pickle.dumps(["a"], 4) + pickle.dumps(["b", ["c"]], 2) + pickle.dumps("d", 0)
    told, copies = record(data), eager(data)
    for step in told:
        assert (told.stack(step.index), dict(told.memo(step.index))) == copies[step.index]


class Reference:
    """A pickle machine of real lists and dicts, copied whole at each step, for opcodes that only move data."""

    def __init__(self):
        self.stack, self.memo = [], {}

    def above_mark(self):
        at = len(self.stack) - 1 - self.stack[::-1].index("MARK")
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items

    def apply(self, step):  # noqa: C901 - one case for each opcode
        stack, name = self.stack, step.opcode
        if name in ("BININT1", "SHORT_BINUNICODE", "NONE"):
            stack.append(step.arg)
        elif name.startswith("EMPTY_"):
            stack.append({"LIST": list, "DICT": dict, "TUPLE": tuple}[name[6:]]())
        elif name == "MARK":
            stack.append("MARK")
        elif name == "POP":
            stack.pop()
        elif name == "DUP":
            stack.append(stack[-1])
        elif name == "TUPLE":
            self.stack.append(tuple(self.above_mark()))
        elif name == "TUPLE2":
            stack[-2:] = [tuple(stack[-2:])]
        elif name == "APPEND":
            value = stack.pop()
            stack[-1].append(value)
        elif name == "APPENDS":
            items = self.above_mark()
            self.stack[-1].extend(items)
        elif name == "SETITEMS":
            items = self.above_mark()
            self.stack[-1].update(zip(items[::2], items[1::2], strict=True))
        elif name == "BINPUT":
            self.memo[step.arg] = stack[-1]
        elif name == "BINGET":
            stack.append(self.memo[step.arg])


def plainly(value, depth=0):
    """Write a real value by the rules of `render`, for values of few entries."""
    if value == "MARK" or not isinstance(value, list | dict | tuple):
        return value if value == "MARK" else repr(value)
    if depth >= 4:
        return "…"
    if isinstance(value, dict):
        inside = [f"{plainly(k, depth + 1)}: {plainly(v, depth + 1)}" for k, v in value.items()]
    else:
        inside = [plainly(item, depth + 1) for item in value]
    inside = inside[:8] + ([f"… {len(inside) - 8} more"] if len(inside) > 8 else [])
    first, last = {list: "[]", dict: "{}", tuple: "()"}[type(value)]
    return (
        first + ", ".join(inside) + ("," if type(value) is tuple and len(value) == 1 else "") + last
    )


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_agrees_with_a_machine_that_copies(data):
    """On programs made up opcode by opcode, stack and memo are those of a machine that copies everything."""
    program, reference, copies = [], Reference(), []
    for _ in range(data.draw(st.integers(1, 30))):
        stack = reference.stack
        top, below = (stack[-1] if stack else "MARK"), (stack[-2] if len(stack) > 1 else "MARK")
        fitting = [
            "NONE",
            ("BININT1", data.draw(st.integers(0, 9))),
            "EMPTY_LIST",
            "EMPTY_DICT",
            "EMPTY_TUPLE",
            "MARK",
        ]
        fitting += [("BINGET", index) for index in reference.memo]
        fitting += ["POP"] if stack else []
        if top != "MARK":
            fitting += ["DUP", ("BINPUT", data.draw(st.integers(0, 3)))]
            fitting += ["TUPLE2"] if below != "MARK" else []
            fitting += ["APPEND"] if isinstance(below, list) else []
        if "MARK" in stack:
            at = len(stack) - 1 - stack[::-1].index("MARK")
            target, count = stack[at - 1] if at else "MARK", len(stack) - at - 1
            keys = [*stack[at + 1 :: 2], *(target if isinstance(target, dict) else ())]
            keys_fit = not any(isinstance(key, list | dict | tuple) for key in keys)
            # A real dict forgets a key that comes twice, and we show it as written.
            keys_fit = keys_fit and len(set(keys)) == len(keys)
            fitting += ["TUPLE"] + (["APPENDS"] if isinstance(target, list) else [])
            fitting += (
                ["SETITEMS"] if isinstance(target, dict) and count % 2 == 0 and keys_fit else []
            )
        operation = data.draw(st.sampled_from(fitting))
        program.append(operation)
        (step,) = [*record(assemble(program)).steps[-1:]]
        reference.apply(step)
        copies.append(copy.deepcopy((reference.stack, reference.memo)))
    told = record(assemble(program))
    for index, (stack, memo) in enumerate(copies):
        shown = [plainly(value) for value in stack]
        assert all(
            len(line) > 200 or line == ours
            for line, ours in zip(shown, told.stack(index), strict=True)
        )
        assert dict(told.memo(index)).keys() == memo.keys()


def test_duplicated_keys_are_shown_as_written():
    """A key that is stored twice is there twice: the text says what the pickle does, not what is left of it."""
    told = record(
        assemble(
            ["EMPTY_DICT", "NONE", "NEWTRUE", "SETITEM", "NONE", "NEWFALSE", "SETITEM", "STOP"]
        )
    )
    assert told.stack(6) == ("{None: True, None: False}",)


def test_part_of_a_stack():
    """`top` gives the uppermost entries only, in the same order."""
    told = record(assemble([*[("BININT1", number) for number in range(50)], "STOP"]))
    assert told.stack(49, top=3) == ("47", "48", "49") == told.stack(49)[-3:]
    assert told.stack(1, top=3) == ("0", "1")
    assert told.stack(49, top=0) == ()


def test_the_memo_is_a_mapping():
    """The memo's texts are put together when looked at; it compares and prints like a dict."""
    memo = record(pickle.dumps(["a", ["b"]], 4)).memo(9)
    assert memo == dict(memo)
    assert repr(memo) == repr(dict(memo))
    assert len(memo) == len(list(memo))
    with pytest.raises(KeyError):
        memo[99]


def test_no_such_step():
    """Beyond the last step there is neither stack nor memo."""
    told = record(b"N.")
    for look in (told.stack, told.memo):
        with pytest.raises(IndexError):
            look(2)


def rebuilt(columns, index):
    """Rebuild a stack from the columns alone, as the stepper's JavaScript does."""
    node, entries = columns["steps"]["stack"][index], []
    while node:
        entries.append(written(columns, columns["nodes"]["value"][node], index))
        node = columns["nodes"]["parent"][node]
    return tuple(entries[::-1])


def written(columns, number, now):
    """Write a value of the columns by the rules in `render`, with nothing but the columns."""
    shown = unfolded(columns, number, now, 0)
    return shown if len(shown) <= 200 else shown[:199] + "…"


def unfolded(columns, number, now, depth):  # noqa: PLR0911 - one case for each kind
    kind, *rest = columns["values"][number]
    simple = {
        "atom": "{0}",
        "mark": "MARK",
        "global": "{0}.{1}",
        "ext": "extension code {0}",
        "buffer": "buffer {0}",
    }
    if kind in simple:
        return simple[kind].format(*rest)
    if depth >= 4:
        return "…"

    def again(value):
        return unfolded(columns, value, now, depth + 1)

    if kind in ("persistent", "readonly"):
        return {"persistent": "persistent id ", "readonly": "read-only "}[kind] + again(rest[0])
    if kind in ("tuple", "frozenset"):
        inside = listed([again(value) for value in rest[0]], rest[1])
        if kind == "tuple":
            return f"({inside}{',' if rest[1] == 1 else ''})"
        return f"frozenset({{{inside}}})" if rest[1] else "frozenset()"
    *_, log, totals = rest
    log = [entry[1:] for entry in log if entry[0] <= now]
    total = ([total for step, total in totals if step <= now] or [len(log)])[-1]
    if kind == "call":
        call = f"{rest[0]}({rest[1]})"
        call = "result of " + (call if len(call) <= 200 else call[:199] + "…")
        lead = [
            ("state " if entry[0] == "state" else "") + ": ".join(map(again, entry[1:]))
            for entry in log
        ]
        return call + (f" with {{{listed(lead, total)}}}" if total else "")
    inside = listed([": ".join(map(again, entry)) for entry in log], total)
    return {
        "list": f"[{inside}]",
        "dict": f"{{{inside}}}",
        "set": f"{{{inside}}}" if total else "set()",
    }[kind]


def listed(entries, total):
    return ", ".join(
        entries[:8] + ([f"… {total - len(entries[:8])} more"] if total > len(entries[:8]) else [])
    )


@given(value=VALUES, protocol=st.integers(0, 5), items=st.sampled_from([2, 8, 250_000]))
@settings(max_examples=150, deadline=None)
def test_the_columns_hold_all_that_is_needed(value, protocol, items):
    """Stack and memo after any step can be rebuilt from the columns, to the same text."""
    told = record(pickle.dumps([value, KNOT], protocol), limits=Limits(items=items))
    columns = told.columns()
    assert all(parent < number for number, parent in enumerate(columns["nodes"]["parent"]))
    for step in told:
        if not any(
            total
            for *_, totals in columns["values"]
            if isinstance(totals, list)
            for total in totals
        ):
            assert rebuilt(columns, step.index) == told.stack(step.index)
    memo = {}
    for step, index, number in zip(*columns["memo"].values(), strict=True):
        memo[index] = number
        assert written(columns, number, step) == told.memo(step)[index]
    assert {index: written(columns, number, len(told)) for index, number in memo.items()} == dict(
        told.memo(len(told) - 1)
    )


def test_the_columns_of_the_canary():
    """The format of the columns, on the smallest pickle that calls something."""
    told = record(
        assemble([("GLOBAL", "os mkdir"), ("UNICODE", "x"), ("PUT", 5), "TUPLE1", "REDUCE", "STOP"])
    )
    columns = told.columns()
    assert columns["names"] == ["GLOBAL", "PUT", "REDUCE", "STOP", "TUPLE1", "UNICODE"]
    assert columns["callsCode"] == [False, False, True, False, False, False]
    assert columns["code"] == [ord(code) for code in "cpR.\x85V"]
    assert columns["steps"] == {
        "offset": [0, 10, 13, 16, 17, 18],
        "size": [10, 3, 3, 1, 1, 1],
        "op": [0, 5, 1, 4, 2, 3],
        "arg": ["'os mkdir'", "'x'", "5", None, None, None],
        "stack": [1, 2, 2, 3, 4, 0],
        "pickle": [0] * 6,
        "imports": ["os.mkdir", None, None, None, None, None],
        "calls": [None, None, None, None, "os.mkdir('x')", None],
    }
    assert columns["nodes"] == {"parent": [-1, 0, 1, 1, 0], "value": [-1, 0, 1, 2, 3]}
    assert columns["values"] == [
        ["global", "os", "mkdir"],
        ["atom", "'x'"],
        ["tuple", [1], 1],
        ["call", "os.mkdir", "'x'", [], []],
    ]
    assert columns["memo"] == {"step": [2], "index": [5], "value": [1]}
    assert (columns["trailing"], columns["error"]) == (0, None)


def test_texts_are_those_of_the_values():
    """A node's value, written with `render.text`, is what `stack` shows."""
    told = record(pickle.dumps([1, "a", (2,)], 4))
    index = len(told) - 2
    assert told.stack(index) == (text(told.nodes.value[told.nodes.after[index]], index),)
