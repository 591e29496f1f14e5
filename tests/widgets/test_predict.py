"""Predict mode: the question, plausible answers, the verdict with its reason, and the tally."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from unpickled.pickles import record
from unpickled.widgets import Stepper
from unpickled.widgets.bundle import bundle

from .conftest import Show
from .samples import canary, stacked

pytestmark = pytest.mark.browser

TRACE = record(canary())


def guess(page: Page, top: str, depth: int) -> None:
    page.locator(
        f".unp-predict-form input[value={top!r}]"
        if "'" not in top
        else f'.unp-predict-form input[value="{top}"]'
    ).check()
    page.locator(f".unp-choices-short input[value='{depth}']").check()
    page.get_by_role("button", name="Check my guess").click()


def test_a_right_guess_is_counted_and_explained(show: Show) -> None:
    """Right on both counts: the step is taken, the verdict says right, the tally counts it."""
    page = show(Stepper(canary(), step=1, predict=True))
    page.get_by_role("button", name="Next step").click()
    expect(page.locator(".unp-predict-lead")).to_contain_text(
        "Step 3 will be SHORT_BINUNICODE 'collections'"
    )
    expect(page.locator(".unp-counter")).to_have_text("2 / 37")
    guess(page, "'collections'", 1)
    expect(page.locator(".unp-predict-result")).to_have_text("Right")
    expect(page.locator(".unp-predict-tally")).to_have_text("1 of 1 right")
    expect(page.locator(".unp-counter")).to_have_text("3 / 37")
    expect(page.locator(".unp-predict-why")).to_contain_text("put 1 on: 1 now")


def test_a_wrong_guess_says_what_is_true_and_why(show: Show) -> None:
    """Wrong: both truths are told apart, with the opcode's sentence; the tally counts the try."""
    step = [s.opcode for s in TRACE.steps].index("STACK_GLOBAL")
    page = show(Stepper(canary(), step=step - 1, predict=True))
    page.get_by_role("button", name="Next step").click()
    guess(page, "'OrderedDict'", 1)
    expect(page.locator(".unp-predict-result")).to_have_text("Not quite")
    lines = page.locator(".unp-predict-lines li")
    expect(lines.nth(0)).to_contain_text("On top: collections.OrderedDict, not 'OrderedDict'")
    expect(lines.nth(1)).to_contain_text("Items: 1, as you said")
    expect(page.locator(".unp-predict-why")).to_contain_text("took 2 of 2 items and put 1 on")
    expect(page.locator(".unp-predict-tally")).to_have_text("0 of 1 right")
    expect(page.get_by_role("status")).to_contain_text("0 of 1 right so far")


@pytest.mark.parametrize(
    ("opcode", "depth", "truth"), [("STACK_GLOBAL", 2, 1), ("STACK_GLOBAL", 4, 1), ("MARK", 1, 2)]
)
def test_only_the_true_number_of_items_is_right(
    show: Show, opcode: str, depth: int, truth: int
) -> None:
    """A right top with a number that is too large, or too small, is half right, and not counted."""
    step = [s.opcode for s in TRACE.steps].index(opcode)
    page = show(Stepper(canary(), step=step - 1, predict=True))
    page.get_by_role("button", name="Next step").click()
    guess(page, TRACE.stack(step)[-1], depth)
    expect(page.locator(".unp-predict-result")).to_have_text("Not quite")
    expect(page.locator(".unp-predict-lines li").nth(1)).to_contain_text(
        f"Items: {truth}, not {depth}"
    )
    expect(page.locator(".unp-predict-tally")).to_have_text("0 of 1 right")


def test_an_unfinished_guess_is_asked_for(show: Show) -> None:
    """A check without both answers says which is missing and takes no step."""
    page = show(Stepper(canary(), step=1, predict=True))
    page.get_by_role("button", name="Next step").click()
    page.get_by_role("button", name="Check my guess").click()
    expect(page.locator(".unp-predict-missing")).to_have_text("Choose what will be on top.")
    page.locator(".unp-predict-form input").first.check()
    page.get_by_role("button", name="Check my guess").click()
    expect(page.locator(".unp-predict-missing")).to_have_text(
        "Choose how many items there will be."
    )
    expect(page.locator(".unp-counter")).to_have_text("2 / 37")


def test_predict_mode_works_by_keys_alone(show: Show) -> None:
    """Toggle, choose with arrows, check, go on: no mouse needed, and arrows choose while a question is open."""
    page = show(Stepper(canary(), step=1))
    toggle = page.get_by_role("button", name="Predict")
    toggle.focus()
    page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".unp-counter")).to_have_text("2 / 37")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator(".unp-counter")).to_have_text("3 / 37")
    expect(page.locator(".unp-predict-tally")).to_contain_text("of 1 right")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".unp-predict-lead")).to_contain_text("Step 4 will be")


def test_the_opcode_may_be_looked_up_and_the_answer_shown(show: Show) -> None:
    """Help is there on demand, and a skipped question counts for nothing."""
    page = show(Stepper(canary(), step=1, predict=True))
    page.get_by_role("button", name="Next step").click()
    aid = page.locator(".unp-predict-aid p")
    expect(aid).to_be_hidden()
    page.get_by_text("What does this opcode do?").click()
    expect(aid).to_have_text(TRACE.steps[2].explain)
    page.get_by_role("button", name="Just show me").click()
    expect(page.locator(".unp-counter")).to_have_text("3 / 37")
    expect(page.locator(".unp-predict-tally")).to_be_hidden()


def test_leaving_predict_mode_steps_as_before(show: Show) -> None:
    """Without the mode, next simply steps."""
    page = show(Stepper(canary(), step=1, predict=True))
    toggle = page.get_by_role("button", name="Predict")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Next step").click()
    expect(page.locator(".unp-counter")).to_have_text("3 / 37")


def test_nothing_is_asked_after_the_last_step(show: Show) -> None:
    """At the end there is no question."""
    page = show(Stepper(canary(), step=-1, predict=True))
    page.get_by_role("button", name="Next step").click(force=True)
    expect(page.locator(".unp-predict")).to_be_hidden()


@pytest.mark.parametrize("data", [canary(), stacked()], ids=["canary", "stacked"])
def test_every_question_is_fair(show: Show, data: bytes) -> None:
    """At each step: two to four answers, all different, the true one among them, in the same order every time."""
    trace = record(data)
    page = show(Stepper(data))
    script = """(columns) => {
      const machine = new Machine(columns);
      const ask = () => columns.steps.offset.slice(1).map((_, index) => question(machine, index));
      return [ask(), ask().map((asked) => asked.tops)];
    }"""
    questions, again = page.evaluate(_with_machine(script), trace.columns())
    for asked, tops in zip(questions, again, strict=True):
        step = asked["step"]
        stack = trace.stack(step)
        assert asked["top"] == (stack[-1] if stack else "nothing: the stack is empty")
        assert asked["depth"] == len(stack)
        assert 2 <= len(asked["tops"]) <= 4
        assert len(set(asked["tops"])) == len(asked["tops"])
        assert asked["top"] in asked["tops"]
        assert asked["depth"] in asked["depths"]
        assert asked["depths"] == sorted(set(asked["depths"]))
        assert tops == asked["tops"]


def test_the_right_answer_has_no_fixed_place(show: Show) -> None:
    """Over a trace, the true answer is found in each of the four places."""
    trace = record(canary())
    page = show(Stepper(canary()))
    script = """(columns) => {
      const machine = new Machine(columns);
      return columns.steps.offset.slice(1).map((_, index) => {
        const asked = question(machine, index);
        return asked.tops.indexOf(asked.top);
      });
    }"""
    assert set(page.evaluate(_with_machine(script), trace.columns())) == {0, 1, 2, 3}


def _with_machine(script: str) -> str:
    """The script's body, with the whole stepper's functions in reach."""
    stepper = bundle("stepper").replace("export default { render };", "")
    body = script.split("{\n", 1)[1]
    return f"(columns) => {{\n{stepper}\n{body}"
