"""The bench writes down what cards report, shows it in every rail at once, and forgets on request."""

from __future__ import annotations

import errno
import hashlib
import json

import pytest

from unpickled import content, lab
from unpickled.authoring.pages import pages as authoring_pages
from unpickled.content import load_practice
from unpickled.errors import ContentError, ProgressError
from unpickled.lab import journal as journals
from unpickled.lab.journal import Journal


@pytest.fixture
def kept(tmp_path, monkeypatch):
    path = tmp_path / "progress.json"
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(path))
    return path


@pytest.fixture
def item(root):
    return load_practice(root)[0]


def answer(card, item, *, correct, tries=1):
    checked = {"type": "checked", "correct": correct, "tries": tries, "check": "c"}
    card._handle_custom_msg(checked, [])


def mark(rail, item):
    return {one["id"]: one["done"] for one in rail.exercises}[item.id]


def test_a_right_answer_is_written_and_turns_the_rail(root, kept, item):
    """The rail on the page turns as the card is solved, and the file knows it."""
    journal = Journal(root)
    rail, card = journal.rail(item.page), journal.card(item.id)
    assert not mark(rail, item)
    answer(card, item, correct=False)
    assert not mark(rail, item)
    answer(card, item, correct=True, tries=2)
    assert mark(rail, item)
    assert json.loads(kept.read_text())["exercises"][item.id]["tries"] == 2


def test_progress_survives_a_restart(root, kept, item):
    """A new kernel's card is solved, with its tries and hints, and so is its rail."""
    first = Journal(root)
    card = first.card(item.id)
    card.state = {**card.state, "hints": 1}
    answer(card, item, correct=True)
    again = Journal(root)
    left = again.card(item.id).state
    assert (left["solved"], left["tries"], left["hints"]) == (True, 1, 1)
    assert mark(again.rail(item.page), item)
    assert again.summary()[item.id] == "done"


def test_the_rail_lists_exercises_by_short_plain_titles(root, kept):
    """A line of the rail is a few words without markup, told apart from the others; never the whole question."""
    journal = Journal(root)
    listed = [
        one["title"]
        for page in journal.rail("start").pages
        for one in journal.rail(page["id"]).exercises
    ]
    assert len(listed) == len(set(listed)) == len(load_practice(root))
    assert all(0 < len(title) <= 48 and not set(title) & set("`\n") for title in listed)


def test_reset_clears_file_card_and_rail(root, kept, item):
    """After a reset from the rail nothing of the exercise is left, and the others are."""
    journal = Journal(root)
    other = next(one for one in load_practice(root) if one.page == item.page and one.id != item.id)
    rail, card = journal.rail(item.page), journal.card(item.id)
    answer(card, item, correct=True)
    answer(journal.card(other.id), other, correct=True)
    rail._on_message(rail, {"type": "reset", "exercise": item.id}, [])
    assert not mark(rail, item)
    assert mark(rail, other)
    assert not card.state["solved"]
    assert item.id not in json.loads(kept.read_text())["exercises"]


def test_what_was_tried_and_not_solved_is_reset_too(root, kept, item):
    """A hint or a wrong answer is enough for the rail to offer it; what was not touched stays untouched."""
    journal = Journal(root)
    rail, card = journal.rail(item.page), journal.card(item.id)

    def tried():
        return {one["id"] for one in rail.exercises if one["tried"]}

    assert tried() == set()
    for touch in (
        lambda: setattr(card, "state", {**card.state, "hints": 2}),
        lambda: answer(card, item, correct=False),
    ):
        touch()
        assert tried() == {item.id}
        assert not mark(rail, item)
        rail._on_message(rail, {"type": "reset", "exercise": item.id}, [])
        assert tried() == set()
        assert (card.state["tries"], card.state["hints"]) == (0, 0)
        assert json.loads(kept.read_text())["exercises"] == {}


def test_a_damaged_file_is_set_aside_and_the_learner_is_told(root, kept, item):
    """The rail carries the message once; the old file is still there; new answers are kept."""
    kept.write_text("{ not json")
    journal = Journal(root)
    rail = journal.rail(item.page)
    assert "could not be used (it is not JSON)" in rail.message
    assert list(kept.parent.glob("progress.aside-*.json"))
    answer(journal.card(item.id), item, correct=True)
    assert Journal(root).summary()[item.id] == "done"


def test_a_folder_that_cannot_be_written_is_told_and_breaks_nothing(
    root, tmp_path, monkeypatch, item
):
    """The card refuses, and the rail says where and why nothing is kept, until something is; a notice stays."""
    monkeypatch.setattr(journals, "not_kept", lambda: "A notice.")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "file" / "progress.json"))
    journal = Journal(root)
    rail, card = journal.rail(item.page), journal.card(item.id)
    told = []
    card.send = told.append
    answer(card, item, correct=True)
    assert "progress.json" in rail.message
    assert [(one["type"], one["check"]) for one in told] == [("refused", "c")]
    assert told[0]["text"] in rail.message
    (tmp_path / "file").unlink()
    answer(card, item, correct=True)
    assert rail.message == "A notice."
    assert told[1:] == [{"type": "heard", "check": "c", "correct": True}]


def test_what_the_file_does_not_forget_the_card_keeps(root, kept, monkeypatch, item):
    """A reset that cannot be written clears nothing on the page, and the rail says why."""
    journal = Journal(root)
    rail, card = journal.rail(item.page), journal.card(item.id)
    answer(card, item, correct=True)
    card.state = {**card.state, "solved": True}

    def full(*_words):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    rail._on_message(rail, {"type": "reset", "exercise": item.id}, [])
    assert "No space left" in rail.message
    assert mark(rail, item)
    assert card.state["solved"]


def test_every_page_has_a_rail_whose_links_lead_to_notebooks(root, kept):
    """A link in a rail is relative to its page and ends at a file of the checkout."""
    journal = Journal(root)
    for entry in journal.rail("start").pages:
        rail = journal.rail(entry["id"])
        here = (root / "course" / entry["href"]).parent
        assert all((here / page["href"]).resolve().is_file() for page in rail.pages)


def test_the_rail_counts_pages_as_their_links_do(root, kept):
    """Page 01 is number 1 of 9 in rail, file name and navigation line; the start page is not counted, nor is a 3b."""
    pages = Journal(root).rail("start").pages
    numbers = [page["number"] for page in pages]
    assert [number for number in numbers if not number[-1:].isalpha()] == [
        "",
        *map(str, range(1, 10)),
    ]
    assert numbers[3:6] == ["3", "3b", "4"]
    assert [page["of"] for page in pages] == ["0", *["9"] * (len(pages) - 1)]
    assert all(page["id"].startswith(f"0{page['number']}-") for page in pages[1:])
    made = content.load_course(root)
    places = [page.place for page in authoring_pages(root, made)]
    assert places == ["", *(f"{number} of 9" for number in numbers[1:])]


def test_what_is_unknown_is_named(root, kept):
    """A wrong id in a notebook is an error that says what to look at."""
    with pytest.raises(ContentError, match="no such page"):
        Journal(root).rail("10-nowhere")
    with pytest.raises(ContentError, match="p-nothing"):
        Journal(root).card("p-nothing")


def test_the_certificate_is_of_the_file_that_is_saved(root, kept, item):
    """The widget's third button gives the page of this progress, with the sum of what the first one gives."""
    journal = Journal(root)
    answer(journal.card(item.id), item, correct=True)
    page = journal.certified("Ada")
    assert "<h1>Ada</h1>" in page
    assert hashlib.sha256(journal.carried()).hexdigest() in page


def test_what_is_taken_in_goes_by_its_name(root, kept):
    """A refusal names the file that the learner chose, and the course's own name where none is given."""
    with pytest.raises(ProgressError, match=r"^sur\.pkl: it cannot be taken in"):
        Journal(root).take_in(b"\xff", "sur.pkl")
    with pytest.raises(ProgressError, match=r"^unpickled-progress\.json: it cannot be taken in"):
        Journal(root).take_in(b"\xff")


def test_the_widgets_refusals_are_about_the_learners_file_and_no_path(
    root, kept, item, monkeypatch
):
    """The bench as it is: the chosen file's name reaches the sentence, and no path of this machine does."""
    monkeypatch.setattr("unpickled.lab.showing.journal", lambda: Journal(root))
    widget, told = lab.progress_file(), []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: told.append(content["text"]))
    widget._on_message(widget, {"type": "open", "name": "sur.pkl"}, [b"\xff"])
    widget._on_message(widget, {"type": "certificate", "name": ""}, [])
    assert told[0].startswith("sur.pkl: it cannot be taken in: it is not UTF-8 text.")
    assert told[1] == "Nothing was done yet. Solve a practice card first."


def test_the_bench_offers_the_certificate(root, kept, monkeypatch):
    """`lab.progress_file()` has all three buttons."""
    monkeypatch.setattr("unpickled.lab.showing.journal", lambda: Journal(root))
    assert lab.progress_file().certifies
