"""What is written is said as a narrator says it, and counted as it is said."""

from __future__ import annotations

from itertools import pairwise

import pytest

from unpickled.authoring.spoken import SpokenForm, SpokenForms, clock, load_spoken, pace
from unpickled.content import load_deck

FORMS = SpokenForms(
    [
        SpokenForm(".pt", "dot p t"),
        SpokenForm(".pth", "dot p t h"),
        SpokenForm("2.6", "two point six"),
        SpokenForm("modelscan", "model scan"),
        SpokenForm("llama.cpp", "llama c p p"),
    ]
)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("a .pt file", "a dot p t file"),
        ("a .pth file", "a dot p t h file"),
        ("PyTorch's .pt, and", "PyTorch's dot p t, and"),
        (".pt is one", "Dot p t is one"),
        ("One. .pt is two.", "One. Dot p t is two."),
        ("since 2.6.", "since two point six."),
        ("model.pt stays", "model.pt stays"),
        ("12.6 and 2.6.1 stay", "12.6 and 2.6.1 stay"),
        ("modelscanner stays", "modelscanner stays"),
        ("Run modelscan, then llama.cpp.", "Run model scan, then llama c p p."),
    ],
)
def test_a_form_is_said_where_it_stands_alone(written, said):
    """A form inside a longer word is another word; a form that begins a sentence has a capital."""
    assert FORMS.say(written) == said


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("one two", 2),
        (".pt", 3),
        ("thirty-second test", 2),
        ("It's Python's", 2),
        ("stop. Go, now; yes: no?", 5),
    ],
)
def test_words_are_counted_as_they_are_said(text, count):
    """ ".pt" is three words; a hyphen joins two into one; a stop is none."""
    assert FORMS.words(text) == count


def test_what_nobody_could_read_aloud_is_found():
    """Digits, signs and inner dots need a form; the punctuation of a sentence does not."""
    text = '"Plain," he said (twice): L4.9, a_b, model.bin and .pt; C++ or 2.6!'
    assert list(FORMS.unsaid(text)) == ["L4.9", "a_b", "model.bin", "C++"]
    assert list(FORMS.used("a .pt, a .pth, a .pt")) == [".pt", ".pth", ".pt"]


def test_no_forms_change_nothing():
    """A course may have none."""
    assert SpokenForms([]).say(".pt and 2.6") == ".pt and 2.6"


def test_slides_follow_one_another_at_the_decks_pace(root):
    """Each slide begins where the one before it ends, and takes its words by the deck's words a minute."""
    deck, forms = load_deck("L4.4.2", root), load_spoken(root)
    made = pace(deck, forms)
    assert made[0].start == 0
    for one, after in pairwise(made):
        assert one.end == after.start
    for one in made:
        words = sum(forms.words(text) for text in one.slide.spoken)
        assert one.words == words
        assert one.seconds == pytest.approx(words * 60 / 130)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (59.6, "1:00"), (76.4, "1:16"), (3600, "60:00")]
)
def test_a_time_is_written_as_minutes_and_seconds(seconds, shown):
    """Seconds are rounded, and sixty of them are a minute."""
    assert clock(seconds) == shown
