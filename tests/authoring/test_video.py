"""The narrated draft: its times, its files, and stand-ins for the voice and the renderer."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from unpickled.authoring.audio import PAUSE, seconds
from unpickled.authoring.video import draft, joined
from unpickled.content import load_deck
from unpickled.errors import ContentError, SetupError

LESSON = "L4.4.2"
VOICE = """
import sys, wave
words = open(sys.argv[sys.argv.index("-f") + 1], encoding="utf-8").read()
with wave.open(sys.argv[sys.argv.index("-w") + 1], "wb") as out:
    out.setnchannels(1); out.setsampwidth(2); out.setframerate(8000)
    out.writeframes(bytes(2 * 800 * len(words.split())))  # a tenth of a second a word
"""
RENDERER = """
import pathlib, sys
folder = pathlib.Path(sys.argv[-1]).parent
parts = [(folder / name).read_bytes() for name in ("slides.txt", "sound.wav", "captions.srt")]
pathlib.Path(sys.argv[-1]).write_bytes(b"FILM" + b"|".join(parts))
"""


def wav(samples, *, rate=8000, channels=1, width=2):
    made = io.BytesIO()
    with wave.open(made, "wb") as opened:
        opened.setnchannels(channels)
        opened.setsampwidth(width)
        opened.setframerate(rate)
        opened.writeframes(samples)
    return made.getvalue()


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """Put a voice and a renderer on PATH, and nothing else."""
    folder = tmp_path / "tools"
    folder.mkdir()

    def put(name, source):
        path = folder / name
        path.write_text(f"#!{sys.executable}\n{source}")
        path.chmod(0o755)

    put("espeak-ng", VOICE)
    put("ffmpeg", RENDERER)
    monkeypatch.setenv("PATH", str(folder))
    return put


@pytest.fixture
def pictured(written):
    """The course with a picture for each slide."""
    folder = written / "slides" / LESSON
    folder.mkdir(parents=True)
    for slide in load_deck(LESSON, written).slides:
        (folder / f"{slide.number:02}-{slide.id}.png").write_bytes(b"png")
    return written


def test_the_draft_is_as_long_as_its_audio_and_the_times_are_kept(pictured, tools):
    """Each slide stands for its words and the pause; audio.json holds what was measured."""
    said = []
    film = draft(pictured, LESSON, said.append)
    assert film == pictured / "build" / f"{LESSON}-draft.mp4"
    listed, rest = film.read_bytes().removeprefix(b"FILM").split(b"|", 1)
    lasts = [
        float(line.split()[1])
        for line in listed.decode().splitlines()
        if line.startswith("duration")
    ]
    rows = json.loads((pictured / f"video-scripts/{LESSON}/audio.json").read_text())["slides"]
    assert [row["seconds"] + PAUSE for row in rows.values()] == pytest.approx(lasts)
    assert len(lasts) == 8
    sound = rest[: rest.rindex(b"|1\n00:00:00,000")]
    assert seconds(sound) == pytest.approx(sum(lasts), abs=0.01)
    assert any("voice" in line for line in said)


def test_the_last_caption_ends_with_the_last_word(pictured, tools):
    """Captions inside the film follow its own audio, not words a minute."""
    film = draft(pictured, LESSON, lambda _: None).read_bytes()
    captions = film[film.rindex(b"|1\n00:00:00,000") + 1 :].decode()
    rows = json.loads((pictured / f"video-scripts/{LESSON}/audio.json").read_text())["slides"]
    end = sum(row["seconds"] for row in rows.values()) + PAUSE * (len(rows) - 1)
    last = captions.rstrip().split("\n\n")[-1].split(" --> ")[1].split("\n")[0]
    hours, minutes, rest = last.replace(",", ".").split(":")
    assert int(hours) * 3600 + int(minutes) * 60 + float(rest) == pytest.approx(end, abs=0.002)


@pytest.mark.parametrize("tool", ["espeak-ng", "ffmpeg"])
def test_a_missing_tool_is_named_with_the_command_that_mends_it(pictured, tools, monkeypatch, tool):
    """Before anything is made."""
    (Path(os.environ["PATH"]) / tool).unlink()
    with pytest.raises(SetupError) as caught:
        draft(pictured, LESSON, lambda _: None)
    assert str(caught.value) == f"{tool}: it is not installed. Run: sudo apt-get install {tool}"
    assert not (pictured / "build").exists()


@pytest.mark.parametrize("tool", ["espeak-ng", "ffmpeg"])
def test_a_tool_that_fails_is_told_with_its_last_line_and_nothing_is_kept(pictured, tools, tool):
    """No film, no times of a film that is not there."""
    tools(tool, "import sys\nsys.exit('first line\\nno such codec')")
    with pytest.raises(SetupError, match=f"{tool}: it fails: no such codec"):
        draft(pictured, LESSON, lambda _: None)
    assert not (pictured / "build").exists()
    assert not (pictured / f"video-scripts/{LESSON}/audio.json").exists()


def test_a_missing_picture_is_told(pictured, tools):
    """With the command that makes it."""
    (pictured / "slides" / LESSON / "03-why.png").unlink()
    with pytest.raises(
        ContentError, match=r"slides/L4\.4\.2/03-why\.png: the picture is missing. Run: unpickled"
    ):
        draft(pictured, LESSON, lambda _: None)


def test_a_silent_slide_is_told(pictured, tools, edit):
    """A film has nothing to say to it."""
    edit("Next lesson: model-card lies and provenance gaps. See you there.\n", "")
    with pytest.raises(ContentError, match="a slide is silent"):
        draft(pictured, LESSON, lambda _: None)


def test_sound_is_joined_with_silence_between(tmp_path):
    """Samples stay as they are; silence is zero, and 128 where samples have no sign."""
    with wave.open(io.BytesIO(joined([wav(b"\1\2" * 8), wav(b"\3\4" * 8)], 0.001)), "rb") as made:
        assert made.readframes(99) == b"\1\2" * 8 + bytes(16) + b"\3\4" * 8 + bytes(16)
    with wave.open(io.BytesIO(joined([wav(b"\1" * 8, width=1)], 0.001)), "rb") as made:
        assert made.readframes(99) == b"\1" * 8 + b"\x80" * 8


@pytest.mark.parametrize("form", [{"rate": 16000}, {"channels": 2}, {"width": 1}])
def test_sound_of_two_forms_is_not_joined(form):
    """It would play at the wrong pace."""
    with pytest.raises(ContentError, match="its parts differ in form"):
        joined([wav(bytes(16)), wav(bytes(16), **form)], 0.1)


@pytest.mark.skipif(
    not (shutil.which("espeak-ng") and shutil.which("ffmpeg")),
    reason="no espeak-ng and ffmpeg here",
)
def test_the_real_tools_make_a_film_with_sound_and_captions(pictured, root, tmp_path):
    """Where both are installed: one short slide, a picture, sound and a caption track, as long as measured."""
    from PIL import Image

    deck = pictured / "course" / LESSON / "deck.md"
    text = deck.read_text("utf-8")
    deck.write_text(text[: text.index("## Pickle in 90")], "utf-8")
    Image.new("RGB", (1280, 720), "navy").save(pictured / "slides" / LESSON / "01-title.png")
    film = draft(pictured, LESSON, lambda _: None)
    shown = subprocess.run(
        ["ffmpeg", "-hide_banner", "-i", str(film)], capture_output=True, text=True, check=False
    ).stderr
    assert "Video: h264" in shown
    assert "Audio: aac" in shown
    assert "Subtitle: mov_text" in shown
    rows = json.loads((pictured / f"video-scripts/{LESSON}/audio.json").read_text())["slides"]
    minutes, rest = shown.split("Duration: 00:")[1].split(",")[0].split(":")
    assert int(minutes) * 60 + float(rest) == pytest.approx(
        rows["title"]["seconds"] + PAUSE, abs=0.5
    )
