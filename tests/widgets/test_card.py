"""The practice card in a browser: wrong, hint, right, hints stay, try again; and what Python hears."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from unpickled.content import judge, load_practice
from unpickled.errors import ProgressError
from unpickled.widgets import QuizCard

from .conftest import Show
from .live import Live
from .samples import ITEM, TYPED

pytestmark = pytest.mark.browser


def test_the_whole_way_of_a_choice_card(show: Show) -> None:
    """Wrong says why, a hint comes, right says why, the hint stays, and the card can be tried again."""
    page = show(QuizCard(ITEM))
    check = page.get_by_role("button", name="Check")
    page.get_by_label("torch.load").check()
    check.click()
    expect(page.locator(".unp-reply")).to_contain_text("Not right yet")
    expect(page.locator(".unp-choice-line[data-right=false]")).to_contain_text(
        "It may run the file."
    )
    expect(page.get_by_role("status")).to_have_text("Not right yet. It may run the file.")
    expect(page.locator(".unp-card-badge")).to_have_text("1 try")
    page.get_by_role("button", name="Hint (2)").click()
    expect(page.locator(".unp-hints")).to_contain_text("One of them builds nothing.")
    page.get_by_label("pickletools.dis").check()
    check.click()
    expect(page.locator(".unp-reply")).to_contain_text("Disassembling is not loading.")
    expect(page.locator(".unp-choice-line[data-right=true]")).to_contain_text("It only reads.")
    expect(page.locator(".unp-card-badge")).to_have_text("solved, 2 tries")
    expect(page.get_by_text("One of them builds nothing.")).to_be_visible()
    expect(page.locator(".unp-choice-why:visible")).to_have_count(3)
    expect(check).to_be_hidden()
    expect(page.get_by_label("pickletools.dis")).to_be_enabled()
    for wrong in ("torch.load", "pickle.load"):
        expect(page.get_by_label(wrong)).to_be_disabled()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("radio", disabled=True)).to_have_count(0)
    expect(page.locator(".unp-reply")).to_be_hidden()
    expect(page.locator(".unp-card-badge")).to_have_text("solved, 2 tries")
    expect(page.locator(".unp-hints")).to_be_visible()
    expect(page.locator("input[type=radio]").first).to_be_focused()
    page.get_by_label("pickle.load").check()
    check.click()
    expect(page.locator(".unp-card-badge")).to_have_text("solved, 3 tries")


def test_a_choice_card_works_by_keys_alone(show: Show) -> None:
    """Tab to the group, arrows to choose, Enter to check."""
    page = show(QuizCard(ITEM))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("pickletools.dis")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator(".unp-reply")).to_contain_text("Right")


def test_the_group_is_named_by_its_prompt(show: Show) -> None:
    """A screen reader hears the question with the choices; code in it is code, markup in it is text."""
    page = show(QuizCard({**ITEM, "prompt": "Is `x` <b>bold</b>?"}))
    expect(page.get_by_role("radiogroup", name="Is x <b>bold</b>?")).to_be_visible()
    expect(page.locator(".unp-prompt code")).to_have_text("x")
    assert page.locator(".unp-prompt b").count() == 0


def test_a_prompt_may_hold_a_block_of_code(show: Show) -> None:
    """Four spaces make a block, its lines kept."""
    page = show(QuizCard(ITEM))
    expect(page.locator(".unp-prompt pre")).to_have_text("first\nsecond")


def test_a_typed_answer_is_judged_kindly(show: Show) -> None:
    """A foreseen mistake gets its own reply, spelling is forgiven, an unforeseen one is pointed to the hint."""
    page = show(QuizCard(TYPED))
    field = page.get_by_role("textbox", name="Which opcode calls?")
    field.press("Enter")
    expect(page.locator(".unp-card-badge")).to_have_text("not tried yet")
    field.fill(" GLOBAL. ")
    field.press("Enter")
    expect(page.locator(".unp-reply")).to_contain_text("That one imports.")
    field.fill("stop")
    field.press("Enter")
    expect(page.locator(".unp-reply")).to_contain_text(
        "Expected here: the name of one opcode. A hint may help."
    )
    expect(page.locator(".unp-card-badge")).to_have_text("2 tries")
    field.press("Enter")
    expect(page.locator(".unp-card-badge")).to_have_text("2 tries")
    field.fill("`REDUCE`!")
    field.press("Enter")
    expect(page.locator(".unp-reply")).to_contain_text("REDUCE calls.")
    expect(page.locator(".unp-card-badge")).to_have_text("solved, 3 tries")


@pytest.mark.parametrize("typed", ["", "  ", "...", '""'])
def test_an_empty_answer_is_asked_for_and_counts_as_no_try(show: Show, typed: str) -> None:
    """Each check of an empty answer says what is wanted, seen and heard, also the second time and after a wrong one."""
    page = show(QuizCard(TYPED))
    page.evaluate("""() => {
      window.heard = [];
      const status = document.querySelector("[role=status]");
      new MutationObserver(() => status.textContent && window.heard.push(status.textContent))
        .observe(status, { childList: true, characterData: true, subtree: true });
    }""")
    field = page.get_by_role("textbox")
    wanted = "Type an answer first. Expected here: the name of one opcode."
    for times in (1, 2):
        field.fill(typed)
        page.get_by_role("button", name="Check").click()
        expect(page.locator(".unp-card-missing")).to_have_text(wanted)
        page.wait_for_function("n => window.heard.length === n", arg=times)
        expect(field).to_be_focused()
    assert page.evaluate("window.heard") == [wanted, wanted]
    expect(page.locator(".unp-card-badge")).to_have_text("not tried yet")
    field.fill("stop")
    field.press("Enter")
    expect(page.locator(".unp-card-missing")).to_have_text("")
    field.fill(typed)
    field.press("Enter")
    expect(page.get_by_role("status")).to_have_text(wanted)
    expect(page.locator(".unp-card-badge")).to_have_text("1 try")


def test_an_empty_choice_is_asked_for(show: Show) -> None:
    """A check without a choice says so, seen and heard."""
    page = show(QuizCard(ITEM))
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".unp-card-missing")).to_have_text("Choose an answer first.")
    expect(page.get_by_role("status")).to_have_text("Choose an answer first.")
    expect(page.locator(".unp-card-badge")).to_have_text("not tried yet")


def test_hints_come_one_by_one_and_end(show: Show) -> None:
    """Each press shows one more hint, announced; after the last the button is gone."""
    page = show(QuizCard(ITEM))
    page.get_by_role("button", name="Hint (2)").click()
    expect(page.get_by_role("status")).to_have_text("Hint 1: One of them builds nothing.")
    page.get_by_role("button", name="Another hint (1 left)").click()
    expect(page.locator(".unp-hints li")).to_have_count(2)
    expect(page.get_by_role("button", name="hint")).to_have_count(0)


@pytest.fixture
def live(browser: Browser, tmp_path: Path) -> Any:
    context = browser.new_context(offline=True)
    heard: list[tuple[str, bool, int]] = []
    card = QuizCard(ITEM, on_result=lambda *result: heard.append(result))
    made = Live(card, context.new_page(), tmp_path / "live.html")
    made.heard = heard
    yield made
    context.close()


def test_python_hears_each_check(live: Any) -> None:
    """Each check reaches the callback with the tries so far, and the same wrong answer twice counts once.

    A right answer given anew is a try like any other.
    """
    for label in ("torch.load", "torch.load", "pickletools.dis"):
        answered(live, label)
    live.page.get_by_role("button", name="Try again").click()
    answered(live, "pickletools.dis")
    tries = [(False, 1), (True, 2), (True, 3)]
    assert live.heard == [("p-which", *one) for one in tries]


def test_an_answer_that_python_does_not_hear_is_not_said_to_be_kept(live: Any) -> None:
    """A kernel that was restarted, or is at work: the card says that nothing is written down, until it is."""
    page = live.page
    page.clock.install()
    page.get_by_label("pickletools.dis").check()
    page.get_by_role("button", name="Check").click()
    page.clock.fast_forward(5_000)
    expect(page.get_by_role("alert")).to_have_count(0)
    page.clock.fast_forward(5_000)
    expect(page.get_by_role("alert")).to_contain_text("Not yet written down: Python has")
    live.pump()
    assert live.heard == [("p-which", True, 1)]
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Try again").click()
    page.get_by_label("pickletools.dis").check()
    page.get_by_role("button", name="Check").click()
    live.pump()
    page.clock.fast_forward(10_000)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_answers_given_while_python_is_busy_are_all_heard(live: Any) -> None:
    """A right one among wrong ones counts: none of them may be merged with the next on its way."""
    page = live.page
    page.clock.install()
    for label in ("torch.load", "pickletools.dis", "pickle.load", "torch.load"):
        if label == "pickle.load":
            page.get_by_role("button", name="Try again").click()
        page.get_by_label(label).check()
        page.get_by_role("button", name="Check").click()
    page.clock.fast_forward(10_000)
    expect(page.get_by_role("alert")).to_have_count(1)
    live.page.evaluate("receive({}, [{ type: 'heard', check: 'of another view' }])")
    expect(page.get_by_role("alert")).to_have_count(1)
    live.pump()
    assert [right for _, right, _ in live.heard] == [False, True, False, False]
    assert [tries for _, _, tries in live.heard] == [1, 2, 3, 4]
    expect(page.get_by_role("alert")).to_have_count(0)


def test_an_answer_that_cannot_be_written_down_is_told_as_that(live: Any) -> None:
    """A full disk: the card says why; it stops when a right answer is written, not when a wrong one is."""
    full = refuse(live)
    page = live.page
    alert = page.get_by_role("alert")
    answered(live, "pickletools.dis")
    expect(alert).to_contain_text(REFUSED)
    expect(page.locator(".unp-card-badge")).to_have_text("solved, 1 try")
    full.clear()
    page.get_by_role("button", name="Try again").click()
    answered(live, "torch.load")
    expect(alert).to_contain_text(REFUSED)
    answered(live, "pickletools.dis")
    expect(alert).to_have_count(0)
    assert live.page.evaluate("state.state.refused") == []


REFUSED = "Not written down. progress.json: progress cannot be saved (No space left)"


def refuse(live: Any) -> list[str]:
    """Let nothing be written as long as the list that is returned has something in it."""
    full = ["disk"]

    def write(*_result: Any) -> None:
        if full:
            problem = "progress cannot be saved (No space left)"
            raise ProgressError("progress.json", problem, "Free some.")

    live.widget._on_result = write
    return full


def answered(live: Any, label: str) -> None:
    live.page.get_by_label(label).check()
    live.page.get_by_role("button", name="Check").click()
    live.pump()


def test_every_view_says_that_an_answer_is_not_written_down(live: Any, tmp_path: Path) -> None:
    """One that is there already, and one that is drawn later, as on a page that was saved meanwhile and opened anew."""
    other = Live(live.widget, live.page.context.new_page(), tmp_path / "other.html")
    for page in (live.page, other.page):
        page.clock.install()
    live.page.get_by_label("pickletools.dis").check()
    live.page.get_by_role("button", name="Check").click()
    ((state, message)) = live.page.evaluate("sent.splice(0)")
    live.widget.state = state["state"]["state"]
    other.page.evaluate("state => receive({ state }, [])", live.widget.state)
    later = Live(live.widget, live.page.context.new_page(), tmp_path / "later.html")
    for page in (live.page, other.page, later.page):
        page.clock.install()
        page.clock.fast_forward(10_000)
        expect(page.get_by_role("alert")).to_contain_text("Not yet written down")
    live.widget._handle_custom_msg(message["content"], [])
    heard = live.messages + other.messages + later.messages
    for page in (live.page, other.page, later.page):
        page.evaluate("messages => receive({}, messages)", heard)
        expect(page.get_by_role("alert")).to_have_count(0)


def test_every_view_says_why_an_answer_was_refused(live: Any, tmp_path: Path) -> None:
    """One that is there already, one that is drawn later, and a saved page: the reason at once, and never another."""
    refuse(live)
    other = Live(live.widget, live.page.context.new_page(), tmp_path / "other.html")
    other.messages = live.messages  # Python speaks to the one that was made last
    live.page.clock.install()
    answered(live, "pickletools.dis")
    saved = live.page.evaluate("state")
    live.pump()
    assert live.widget.state == saved["state"]
    other.page.evaluate("state => receive({ state }, [])", saved["state"])
    later = Live(live.widget, live.page.context.new_page(), tmp_path / "later.html")
    again = QuizCard(ITEM)
    again.set_state({name: saved[name] for name in ("item", "state")})
    reopened = Live(again, live.page.context.new_page(), tmp_path / "reopened.html")
    for page in (live.page, other.page, later.page, reopened.page):
        expect(page.get_by_role("alert")).to_contain_text(REFUSED)
        expect(page.locator(".unp-notice")).not_to_have_attribute("data-kind", "wait")
        page.clock.install()
        page.clock.fast_forward(10_000)
        expect(page.get_by_role("alert")).to_contain_text(REFUSED)


def test_of_several_answers_the_last_reason_is_told(live: Any) -> None:
    """One that was refused, then one that nobody hears: the silence is told when it has lasted, not before."""
    full = refuse(live)
    page = live.page
    page.clock.install()
    answered(live, "torch.load")
    page.get_by_label("pickle.load").check()
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("alert")).to_contain_text(REFUSED)
    page.clock.fast_forward(10_000)
    expect(page.get_by_role("alert")).to_contain_text("Not yet written down")
    full.clear()
    live.pump()
    expect(page.get_by_role("alert")).to_contain_text(REFUSED)


def test_what_is_being_chosen_stays(show: Show) -> None:
    """A hint between choosing and Check changes no choice, on a fresh card or after a wrong answer."""
    page = show(QuizCard(ITEM), QuizCard(ITEM))
    for card, before in (
        (page.locator(".unp-card").nth(0), False),
        (page.locator(".unp-card").nth(1), True),
    ):
        check = card.get_by_role("button", name="Check")
        if before:
            card.get_by_label("torch.load").check()
            check.click()
        card.get_by_label("pickletools.dis").check()
        card.get_by_role("button", name="Hint").click()
        expect(card.get_by_label("pickletools.dis")).to_be_checked()
        check.click()
        expect(card.locator(".unp-reply")).to_contain_text("Disassembling is not loading.")


def test_what_is_read_is_not_drawn_anew(live: Any) -> None:
    """What a reader has marked in a hint or a reply stays marked when Python has written the answer down."""
    page = live.page
    page.get_by_role("button", name="Hint").click()
    page.get_by_label("pickletools.dis").check()
    page.get_by_role("button", name="Check").click()
    parts = page.locator(".unp-hints li, .unp-reply-head")
    parts.evaluate_all("all => all.forEach((one) => (one.dataset.here = 'yes'))")
    live.pump()
    assert live.heard
    assert parts.evaluate_all("all => all.map((one) => one.dataset.here)") == ["yes", "yes"]


def test_a_double_click_and_a_held_key_press_once(show: Show) -> None:
    """What the second press would meet has only just come there: "Try again" in the place of Check, the next hint."""
    page = show(QuizCard(TYPED), QuizCard(TYPED))
    by_mouse, by_keys = page.locator(".unp-card").all()
    by_mouse.locator(".unp-answer").fill("REDUCE")
    by_mouse.get_by_role("button", name="Check").dblclick()
    by_keys.locator(".unp-answer").fill("REDUCE")
    page.keyboard.press("Tab")
    for _ in range(4):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    for card in (by_mouse, by_keys):
        expect(card.locator(".unp-card-badge")).to_have_text("solved, 1 try")
        expect(card.locator(".unp-answer")).to_have_value("REDUCE")
        expect(card.locator(".unp-reply")).to_be_visible()
    page.get_by_role("button", name="Hint").first.dblclick()
    expect(by_mouse.locator(".unp-hints li")).to_have_count(1)


def test_a_saved_page_waits_for_nobody(show: Show) -> None:
    """Where there is no Python there is nothing to be written down."""
    page = show(QuizCard(ITEM))
    page.clock.install()
    page.get_by_label("pickletools.dis").check()
    page.get_by_role("button", name="Check").click()
    page.clock.fast_forward(10_000)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_typed_answer_follows_the_other_view_and_the_reset(
    browser: Browser, tmp_path: Path
) -> None:
    """Two views of one card show one answer; a reset clears it in both; what is being typed is left alone."""
    context = browser.new_context(offline=True)
    card = QuizCard(TYPED)
    one, other = (
        Live(card, context.new_page(), tmp_path / f"{name}.html") for name in ("one", "other")
    )
    one.page.locator(".unp-answer").fill("REDUCE")
    one.page.locator(".unp-answer").press("Enter")
    one.pump()
    other.page.evaluate("state => receive({ state }, [])", card.state)
    expect(other.page.locator(".unp-answer")).to_have_value("REDUCE")
    one.push(act=card.reset)
    expect(one.page.locator(".unp-answer")).to_have_value("")
    one.page.locator(".unp-answer").fill("half a wo")
    one.page.get_by_role("button", name="Hint").click()
    expect(one.page.locator(".unp-answer")).to_have_value("half a wo")
    context.close()


def test_enter_in_a_solved_field_is_no_try(show: Show) -> None:
    """The field can still be read and selected; it is not asked again."""
    page = show(QuizCard(TYPED))
    field = page.locator(".unp-answer")
    field.fill("REDUCE")
    field.press("Enter")
    expect(page.locator(".unp-card-badge")).to_have_text("solved, 1 try")
    field.press("Enter")
    expect(page.locator(".unp-card-badge")).to_have_text("solved, 1 try")


def test_right_is_said_once(show: Show) -> None:
    """Where a choice's own words begin with it, a screen reader does not hear it twice."""
    choices = [
        {**one, "why": "Right. It reads."} if one["right"] else one for one in ITEM["choices"]
    ]
    page = show(QuizCard({**ITEM, "choices": choices}))
    page.get_by_label("pickletools.dis").check()
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^Right\. It reads\. Disassem"))


def test_a_card_survives_a_new_rendering(live: Any, tmp_path: Path) -> None:
    """Another view of the same card shows its answer, reply and hints."""
    page = live.page
    page.get_by_role("button", name="Hint").click()
    page.get_by_label("torch.load").check()
    page.get_by_role("button", name="Check").click()
    live.pump()
    again = Live(live.widget, page.context.new_page(), tmp_path / "again.html").page
    expect(again.get_by_label("torch.load")).to_be_checked()
    expect(again.locator(".unp-reply")).to_contain_text("Not right yet")
    expect(again.locator(".unp-hints li")).to_have_count(1)


def test_python_can_reset_a_card(live: Any) -> None:
    """A reset clears answer, reply, hints and tries in the page as well."""
    page = live.page
    page.get_by_role("button", name="Hint").click()
    page.get_by_label("pickletools.dis").check()
    page.get_by_role("button", name="Check").click()
    live.pump()
    live.push(act=live.widget.reset)
    expect(page.locator(".unp-card-badge")).to_have_text("not tried yet")
    expect(page.locator("input:checked")).to_have_count(0)
    expect(page.locator(".unp-hints")).to_be_hidden()
    expect(page.get_by_role("button", name="Check")).to_be_visible()


def test_every_item_of_the_lesson_can_be_solved(show: Show, root: Path) -> None:
    """Each practice item, shown as a card, accepts its right answer and shows its explanation."""
    items = load_practice(root, "L4.4.2")
    page = show(*[QuizCard(item) for item in items], height=2000)
    cards = page.locator(".unp-card")
    for place, item in enumerate(items):
        card = cards.nth(place)
        if item.kind == "text":
            assert judge(item, item.accepted[0]).right
            card.get_by_role("textbox").fill(item.accepted[0])
        else:
            right = next(n for n, choice in enumerate(item.choices) if choice.right)
            card.locator("input").nth(right).check()
        card.get_by_role("button", name="Check").click()
        expect(card.locator(".unp-card-badge")).to_have_text("solved, 1 try")
