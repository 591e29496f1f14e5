"""The JavaScript says what Python says: stack and memo texts, and what counts in a typed answer."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from unpickled.content import normalise
from unpickled.pickles import assemble, record
from unpickled.widgets.bundle import bundle

from .samples import Canary, canary, stacked

pytestmark = pytest.mark.browser

EVERY_STEP = """(columns) => {
  %s
  const machine = new Machine(columns);
  const steps = columns.steps.offset.map((_, step) => step);
  const back = [...steps].reverse();
  return {
    stacks: steps.map((step) => machine.stack(step)),
    memos: steps.map((step) => [...machine.memo(step)]),
    memosBackwards: back.map((step) => [...machine.memo(step)]).reverse(),
    depths: steps.map((step) => machine.depth(step)),
  };
}"""


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Any:
    page = browser.new_page()
    page.evaluate(f"window.everyStep = {EVERY_STEP % bundle('machine')}; null")
    yield page
    page.close()


def agree(page: Page, data: bytes) -> None:
    trace = record(data)
    shown = page.evaluate("(columns) => everyStep(columns)", trace.columns())
    for step in range(len(trace)):
        assert tuple(shown["stacks"][step]) == trace.stack(step)
        assert dict(map(tuple, shown["memos"][step])) == dict(trace.memo(step))
        assert shown["depths"][step] == trace.steps[step].depth
    assert shown["memosBackwards"] == shown["memos"]


DEEP: Any = []
for level in range(7):
    DEEP = [level, (DEEP,), {"k": DEEP}]

SAMPLES = {
    "canary": canary(),
    "stacked": stacked(),
    "deep": pickle.dumps(DEEP, 4),
    "wide": pickle.dumps([list(range(30)), {n: n for n in range(12)}, set(range(9)), ()], 4),
    "long-text": pickle.dumps(["x" * 500, b"y" * 500, "🐍" * 300, ["🐍" * 60] * 9], 4),
    "frozen": pickle.dumps([frozenset(), frozenset({1}), frozenset(range(20)), set(), {1}], 4),
    "old": pickle.dumps({"a": [1, 2.5, None, True, "ü\n"], "b": (1, 2, 3, 4)}, 0),
    "buffers": pickle.dumps([pickle.PickleBuffer(b"abc")], 5, buffer_callback=lambda _: False),
    "shared": pickle.dumps([shared := [1], shared, shared], 2),
    "truncated": canary()[:-25],
    "nonsense": b"\x80\x04\xff\xff",
    "empty": b"",
    "own-state": assemble(
        [
            ("PROTO", 2),
            ("GLOBAL", "collections OrderedDict"),
            "EMPTY_TUPLE",
            "REDUCE",
            ("BINPUT", 0),
            ("SHORT_BINUNICODE", "k"),
            ("BININT1", 1),
            "SETITEM",
            "EMPTY_DICT",
            "BUILD",
            ("BINGET", 0),
            "TUPLE2",
            "STOP",
        ]
    ),
    "outside": assemble(
        [("PROTO", 2), ("PERSID", "storage 0"), ("EXT1", 240), ("BININT1", 7), "BINPERSID"]
    ),
    "many-calls": pickle.dumps([Canary() for _ in range(12)], 4),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_stack_and_memo_read_the_same_at_every_step(blank: Page, name: str) -> None:
    """Stack, memo and depth of every step are what Python's own trace says, forwards and backwards."""
    agree(blank, SAMPLES[name])


plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.tuples(inner, inner)
        | st.frozensets(st.text() | st.integers())
    ),
    max_leaves=40,
)


@settings(max_examples=40)
@given(value=plain_data, protocol=st.integers(0, 5))
def test_stack_and_memo_of_made_up_objects_read_the_same(
    blank: Page, value: object, protocol: int
) -> None:
    """Whatever plain object is pickled, in whatever protocol, both sides show the same texts."""
    agree(blank, pickle.dumps(value, protocol))


@pytest.mark.parametrize("letter", ["a", "🐍", "ﬁ"])
def test_long_answers_are_cut_at_the_same_letter(blank: Page, letter: str) -> None:
    """Both sides look at 500 characters, not at 499 or 501, and count characters as Python does."""
    script = "(text) => {{\n{}\nreturn normalise(text);\n}}".format(bundle("judge"))
    for answer in (letter * 498 + "xyz", letter * 499 + "xyz", letter * 600, "b" * 499 + letter):
        assert blank.evaluate(script, answer) == normalise(answer)
    assert normalise("a" * 501) == "a" * 500


@settings(max_examples=60)
@given(st.text() | st.text(alphabet=" .,;!?\"'`\tAbÜﬁ①\n", max_size=12))
def test_typed_answers_are_reduced_the_same_way(blank: Page, answer: str) -> None:
    """What the card compares in the browser is what `content.normalise` compares."""
    script = "(text) => {{\n{}\nreturn normalise(text);\n}}".format(bundle("judge"))
    assert blank.evaluate(script, answer) == normalise(answer)
