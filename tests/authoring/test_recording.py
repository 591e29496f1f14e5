"""Script, teleprompter and measured audio come out of the same deck."""

from __future__ import annotations

import io
import json
import re
import wave

import pytest

from unpickled.authoring.audio import AUDIO, PAUSE, manifest, measured, said, seconds
from unpickled.authoring.caption_checks import caption_faults
from unpickled.authoring.captions import cues
from unpickled.authoring.recording import recording
from unpickled.authoring.script import plain
from unpickled.authoring.spoken import clock, load_spoken, pace
from unpickled.content import load_deck
from unpickled.errors import ContentError


@pytest.fixture
def files(root):
    return {name: data.decode() for name, data in recording(root, "L4.4.2").items()}


def wav(length, *, rate=8000, channels=1, width=2):
    """A WAV file of silence."""
    made = io.BytesIO()
    with wave.open(made, "wb") as opened:
        opened.setnchannels(channels)
        opened.setsampwidth(width)
        opened.setframerate(rate)
        opened.writeframes(b"\0" * (round(length * rate) * channels * width))
    return made.getvalue()


def put(course, times):
    deck, forms = load_deck("L4.4.2", course), load_spoken(course)
    folder = course / "video-scripts" / "L4.4.2"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / AUDIO).write_bytes(manifest(deck, forms, times))
    return deck, forms


def test_the_script_tells_words_and_times_of_each_slide(root, files):
    """The table on top, and a section for each slide with what is shown and what is said, as it is said."""
    deck, forms = load_deck("L4.4.2", root), load_spoken(root)
    text = files["script.md"]
    for one in pace(deck, forms):
        row = f"| {one.slide.number} · {one.slide.title} | {clock(one.start)} | {clock(one.seconds)} |"
        assert row in text
        section = text.split(f"## {one.slide.number} · {one.slide.title}\n")[1].split("\n## ")[0]
        for paragraph in one.slide.spoken:
            assert f"> {forms.say(paragraph)}" in section
    total = sum(one.words for one in pace(deck, forms))
    assert f"8 slides, {total} words" in text
    assert "| `.pt` | dot p t |" in text
    assert "dot p t, dot bin and dot p t h files" in text
    assert "[@" not in text
    assert "{{" not in text


def test_the_script_lists_what_is_on_the_screen(files):
    """A narrator sees the rows of the table and the events of the timeline."""
    assert "- `.safetensors`, pickle: No, risk: **none**" in files["script.md"]
    assert "- The timeline:" in files["script.md"]
    assert "- Step 1: Scan it first." in files["script.md"]


def test_marks_are_taken_out_of_a_slides_text():
    """Bold, code and citations are for the eye."""
    assert plain("A **bold** `code` [@one; @two]") == "A bold code"


def test_the_teleprompter_needs_nothing_else(files):
    """No address in it, a policy that forbids requests, every paragraph escaped."""
    page = files["teleprompter.html"]
    assert not re.search(r"https?://|src=|@import|url\(", page)
    assert "default-src 'none'" in page
    assert page.count("<section>") == 8
    assert "Python&#39;s documentation is blunt" in page


@pytest.mark.browser
def test_the_teleprompter_scrolls_mirrors_and_obeys_keys(files, tmp_path, browser):
    """Driven as a narrator does: start, faster, mirror, next slide, from the beginning."""
    (tmp_path / "page.html").write_text(files["teleprompter.html"], "utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    errors, asked = [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "page.html").as_uri())
    assert page.inner_text("#pace") == "130 words a minute"
    page.keyboard.press("ArrowUp")
    assert page.inner_text("#pace") == "135 words a minute"
    page.keyboard.press("m")
    assert page.get_attribute("#mirror", "aria-pressed") == "true"
    assert "matrix(-1" in page.evaluate(
        "getComputedStyle(document.querySelector('main')).transform"
    )
    page.keyboard.press("PageDown")
    first = page.evaluate("scrollY")
    page.keyboard.press("PageDown")
    assert page.evaluate("scrollY") > first
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    page.wait_for_function("() => scrollY > 40")
    page.keyboard.press(" ")
    stopped = page.evaluate("scrollY")
    page.wait_for_timeout(200)
    assert page.evaluate("scrollY") == stopped
    page.click("#larger")
    assert (
        page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--size')")
        == "56px"
    )
    assert not errors
    assert len(asked) == 1


@pytest.mark.parametrize("form", [{}, {"rate": 44100}, {"channels": 2}, {"width": 1}])
def test_a_wav_file_lasts_its_frames_by_its_rate(form):
    """Whatever its rate, channels and width."""
    assert seconds(wav(1.25, **form)) == pytest.approx(1.25, abs=1e-4)


def test_a_wav_whose_header_lies_is_measured_by_its_samples():
    """A voice that writes to a pipe cannot know the length in advance, and writes the largest number there is."""
    data = bytearray(wav(2))
    data[40:44] = (0x7FFFFFF0).to_bytes(4, "little")
    assert seconds(bytes(data)) == pytest.approx(2, abs=1e-4)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"no sound at all", wav(0)])
def test_what_is_no_sound_is_refused(data):
    """Nothing is measured by guessing."""
    with pytest.raises(ContentError, match=r"no WAV file|holds no sound"):
        seconds(data)


def test_measured_slides_follow_each_other_with_a_pause(written):
    """Each slide's time, then the pause, then the next one."""
    deck, forms = put(written, {"title": 10.0, "pickle": 80.0})
    times = measured(written, deck, forms)
    assert times["title"] == (0.0, 10.0)
    assert times["pickle"] == pytest.approx((10 + PAUSE, 90 + PAUSE))
    third = pace(deck, forms)[2]
    assert times["why"] == pytest.approx((90 + 2 * PAUSE, 90 + 2 * PAUSE + third.seconds))
    made = cues(deck, forms, times)
    assert [cue for cue in made if cue.slide == "pickle"][-1].end == pytest.approx(90 + PAUSE)


def test_a_slide_whose_words_have_changed_is_not_measured_any_more(written, edit):
    """The captions of the others still follow the audio; this one goes by words a minute."""
    before, forms = put(written, {"title": 10.0, "pickle": 80.0})
    edit("Pickle deserialization and weight-format risk, in about", "All of it, in about")
    deck = load_deck("L4.4.2", written)
    times = measured(written, deck, forms)
    first = pace(deck, forms)[0]
    assert times["title"] == (0.0, first.seconds)
    assert times["pickle"][1] - times["pickle"][0] == pytest.approx(80.0)
    assert said(before.slides[0], forms) != said(deck.slides[0], forms)


def test_the_captions_of_a_build_follow_the_measured_audio(written):
    """audio.json beside the script is read by the build."""
    put(written, {"title": 30.0})
    captions = recording(written, "L4.4.2")["captions.srt"].decode()
    assert "--> 00:00:30,000" in captions


def test_captions_that_nobody_can_read_in_their_time_are_told(written):
    """Audio that was spoken too fast; by words a minute there is no fault."""
    deck, _ = put(written, {})
    assert caption_faults(written, deck) == []
    put(written, {"title": 4.0})
    faults = caption_faults(written, deck)
    assert [str(fault) for fault in faults] == [
        'course/L4.4.2/deck.md:9: slide "title" has a caption of 64.2 characters a second, and 20 are the most: '
        '"Pickle deserialization and weight-format risk, in about four minutes.". '
        "Say it in fewer words, or more slowly: its times are in video-scripts/L4.4.2/audio.json."
    ]


def test_a_pace_that_nobody_can_read_is_told_once_for_a_slide(written, edit):
    """Without audio the pace is the deck's, and so is the remedy."""
    edit("words_per_minute = 130", "words_per_minute = 215")
    deck = load_deck("L4.4.2", written)
    faults = caption_faults(written, deck)
    places = [fault.place for fault in faults]
    assert len(places) >= 3
    assert len(places) == len(set(places)), "one fault for each slide"
    for fault in faults:
        assert re.search(r"has a caption of 2\d\.\d characters a second, and 20 are", fault.problem)
        assert "of 20.0 characters" not in fault.problem
        assert fault.remedy == "Say it in fewer words, or lower words_per_minute = 215."


def test_a_word_that_no_caption_line_holds_is_told(written, edit):
    """It cannot be broken, so it is written otherwise."""
    line = edit("## Up next", "## Up next")
    edit("See you there.", f"See you {'o' * 43}.")
    faults = caption_faults(written, load_deck("L4.4.2", written))
    assert {fault.place for fault in faults} == {f"course/L4.4.2/deck.md:{line}"}
    problem = 'slide "next" has a caption line of 44 characters, and 42 are the most: '
    assert any(fault.problem.startswith(problem) for fault in faults)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"slides": {"title": {}}}', '{"slides": {"title": 1}}']
)
def test_a_broken_audio_json_is_told(written, text):
    """With its place and what to do."""
    put(written, {})
    (written / "video-scripts/L4.4.2" / AUDIO).write_text(text)
    with pytest.raises(ContentError) as caught:
        recording(written, "L4.4.2")
    assert caught.value.place == f"video-scripts/L4.4.2/{AUDIO}"
    assert "unpickled author build --video" in caught.value.remedy


def test_the_manifest_holds_only_slides_of_the_deck(root):
    """Times of slides that are no more are left out."""
    deck, forms = load_deck("L4.4.2", root), load_spoken(root)
    rows = json.loads(manifest(deck, forms, {"title": 1.23456, "gone": 2.0}))["slides"]
    assert list(rows) == ["title"]
    assert rows["title"]["seconds"] == 1.235
