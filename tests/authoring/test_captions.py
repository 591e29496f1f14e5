"""Captions fit their bounds, say every word once, and are files that players read."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unpickled.authoring.captions import Cue, cues, srt, vtt
from unpickled.authoring.spoken import SpokenForm, SpokenForms, load_spoken, pace
from unpickled.content import load_deck
from unpickled.content.deck import Deck, Slide

TIME = r"\d\d:\d\d:\d\d{point}\d\d\d"


def deck_of(*paragraphs, wpm=130):
    slide = Slide(
        id="one", number=1, title="One", layout="text", parts=(), spoken=paragraphs, line=1
    )
    return Deck(
        lesson="L1",
        title="T",
        place="deck.md",
        target_minutes=1,
        cap_minutes=2,
        words_per_minute=wpm,
        slides=(slide,),
    )


@pytest.fixture(scope="module")
def real(root):
    return load_deck("L4.4.2", root), load_spoken(root)


def test_every_cue_of_the_lesson_keeps_its_bounds(real):
    """At most two lines of 42 characters, 20 characters a second, seven seconds."""
    for cue in cues(*real):
        assert 1 <= len(cue.lines) <= 2
        assert all(len(line) <= 42 for line in cue.lines), cue
        assert cue.rate <= 20.01
        assert 0.5 < cue.end - cue.start <= 7.5


def test_the_cues_say_every_word_once_and_in_written_form(real):
    """What is joined again is what stands in the deck."""
    deck, forms = real
    made = cues(deck, forms)
    for slide in deck.slides:
        words = " ".join(line for cue in made if cue.slide == slide.id for line in cue.lines)
        assert words == " ".join(" ".join(slide.spoken).split())


def test_cues_follow_each_other_and_end_with_their_slide(real):
    """No cue begins before the one before it ends, and a slide's cues fill its time."""
    deck, forms = real
    made = cues(deck, forms)
    assert all(one.end <= after.start + 1e-6 for one, after in pairwise(made))
    for one in pace(deck, forms):
        own = [cue for cue in made if cue.slide == one.slide.id]
        assert own[0].start == pytest.approx(one.start)
        assert own[-1].end == pytest.approx(one.end)


def test_measured_audio_sets_the_cues(real):
    """Where the audio of a slide was measured, its cues begin and end with it."""
    deck, forms = real
    made = cues(deck, forms, {"title": (0.5, 20.5), "pickle": (21.0, 100.0)})
    title = [cue for cue in made if cue.slide == "title"]
    pickle = [cue for cue in made if cue.slide == "pickle"]
    assert (title[0].start, title[-1].end) == pytest.approx((0.5, 20.5))
    assert (pickle[0].start, pickle[-1].end) == pytest.approx((21.0, 100.0))


@pytest.mark.parametrize("slower", [1.0, 1.15, 1.5, 2.0])
def test_no_cue_stays_for_more_than_seven_seconds_when_the_audio_is_slow(real, slower):
    """A slide that is spoken to more slowly has more cues, not longer ones."""
    deck, forms = real
    times = {p.slide.id: (p.start * slower, p.end * slower) for p in pace(deck, forms)}
    made = cues(deck, forms, times)
    assert max(cue.end - cue.start for cue in made) <= 7.05
    for slide in deck.slides:
        words = " ".join(line for cue in made if cue.slide == slide.id for line in cue.lines)
        assert words == " ".join(" ".join(slide.spoken).split())


def test_a_line_does_not_end_with_the():
    """A cut costs most after a word that clings to the next one."""
    for cue in cues(
        deck_of(
            "This is a rather long sentence about the way in which the lines of a caption are to be cut."
        ),
        SpokenForms([]),
    ):
        for line in cue.lines[:-1]:
            assert line.split()[-1] not in {"a", "the", "of", "to", "in"}


def test_a_spoken_form_takes_the_time_that_it_takes_to_say():
    """ ".pt" is three characters on the screen and three words in the ear."""
    forms = SpokenForms([SpokenForm(".pt", "dot p t")])
    (cue,) = cues(deck_of(".pt"), forms)
    assert cue.lines == (".pt",)
    assert cue.end == pytest.approx(3 * 60 / 130)


def test_what_nobody_says_has_no_cue():
    """A slide without a script leaves nothing behind."""
    assert cues(deck_of(), SpokenForms([])) == ()


words = st.text(alphabet="abcdefghijklmnop.,", min_size=1, max_size=14)


@given(st.lists(words, min_size=1, max_size=60), st.integers(min_value=90, max_value=200))
def test_any_text_is_cut_within_bounds(text, wpm):
    """Whatever words of ordinary length come, lines and order are kept and nothing is lost."""
    made = cues(deck_of(" ".join(text), wpm=wpm), SpokenForms([]))
    assert " ".join(line for cue in made for line in cue.lines) == " ".join(text)
    assert all(len(line) <= 42 for cue in made for line in cue.lines)
    assert all(one.end <= after.start + 1e-6 for one, after in pairwise(made))


def test_subrip_is_written_as_players_read_it(real):
    """A number, a time with a comma, one or two lines, an empty line; no byte order mark."""
    made = cues(*real)
    blocks = srt(made).rstrip("\n").split("\n\n")
    assert len(blocks) == len(made)
    time = TIME.format(point=",")
    for number, block in enumerate(blocks, 1):
        head, times, *lines = block.split("\n")
        assert head == str(number)
        assert re.fullmatch(f"{time} --> {time}", times)
        assert 1 <= len(lines) <= 2


def test_webvtt_is_written_as_the_standard_says(real):
    """The signature, named cues, points before the milliseconds; < and & are escaped."""
    made = cues(*real)
    head, *blocks = vtt(made).rstrip("\n").split("\n\n")
    assert head == "WEBVTT"
    time = TIME.format(point=r"\.")
    names = [block.split("\n")[0] for block in blocks]
    assert names[0] == "title-1"
    assert len(set(names)) == len(made)
    assert all(re.fullmatch(f"{time} --> {time}", block.split("\n")[1]) for block in blocks)
    cue = replace(made[0], lines=("a <b> & c --> d",))
    assert "a &lt;b&gt; &amp; c --&gt; d" in vtt([cue])


def test_times_beyond_an_hour():
    """Hours are written too."""
    cue = Cue("x", 3661.0015, 3662.9996, ("a",))
    assert "01:01:01,002 --> 01:01:03,000" in srt([cue])
