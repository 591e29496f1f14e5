"""Measured audio: how long each slide was spoken to, kept beside the script, so that captions follow the recording.

`video-scripts/LESSON/audio.json` holds, for each slide, the seconds and a sum of the words that were spoken. A slide
whose words have changed since counts as not measured, and goes by the deck's words a minute again.
"""

from __future__ import annotations

import hashlib
import io
import json
import wave
from collections.abc import Mapping
from pathlib import Path

from unpickled.authoring.spoken import SpokenForms, pace
from unpickled.authoring.units import scripts_folder
from unpickled.content import Deck, Slide
from unpickled.errors import ContentError

__all__ = ["AUDIO", "PAUSE", "manifest", "measured", "recorded", "said", "seconds"]

AUDIO = "audio.json"
PAUSE = 0.6  # seconds of silence after each slide


def measured(root: Path, deck: Deck, forms: SpokenForms) -> dict[str, tuple[float, float]]:
    """Return when each slide's words begin and end, in seconds from the start; empty if nothing was measured.

    Raises:
        ContentError: audio.json is there and cannot be read.
    """
    if not _times(root, deck.lesson):
        return {}
    times = recorded(root, deck, forms)
    found: dict[str, tuple[float, float]] = {}
    at = 0.0
    for one in pace(deck, forms):
        lasts = times.get(one.slide.id, one.seconds)
        found[one.slide.id] = (at, at + lasts)
        at += lasts + PAUSE
    return found


def recorded(root: Path, deck: Deck, forms: SpokenForms) -> dict[str, float]:
    """Return the seconds of audio of each slide that was measured and whose words have not changed since.

    Raises:
        ContentError: audio.json is there and cannot be read.
    """
    times = _times(root, deck.lesson)
    return {
        slide.id: times[slide.id][1]
        for slide in deck.slides
        if slide.id in times and times[slide.id][0] == said(slide, forms)
    }


def manifest(deck: Deck, forms: SpokenForms, times: Mapping[str, float]) -> bytes:
    """Write audio.json: `times` are the seconds of each slide's audio by its id, without the pause after it."""
    rows = {
        slide.id: {"said": said(slide, forms), "seconds": round(times[slide.id], 3)}
        for slide in deck.slides
        if slide.id in times
    }
    return (json.dumps({"slides": rows}, indent=1) + "\n").encode()


def said(slide: Slide, forms: SpokenForms) -> str:
    """Return a sum over a slide's words as they are said."""
    text = "\n".join(forms.say(paragraph) for paragraph in slide.spoken)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def seconds(audio: bytes) -> float:
    """Return how long a WAV file plays: its frames by its rate.

    Raises:
        ContentError: it is no WAV file, or holds no sound.
    """
    try:
        with wave.open(io.BytesIO(audio)) as opened:
            rate: int = opened.getframerate()
            frames, width = opened.getnframes(), opened.getsampwidth()
            held: int = len(opened.readframes(frames)) // (width * opened.getnchannels())
    except (wave.Error, EOFError) as error:
        raise ContentError("audio", f"is no WAV file: {error}", "Record it again.") from error
    if not held:
        raise ContentError("audio", "holds no sound", "Record it again.")
    return held / rate  # not `frames`: a voice that writes to a pipe cannot know them in advance


def _times(root: Path, lesson: str) -> dict[str, tuple[str, float]]:
    path = scripts_folder(root, lesson) / AUDIO
    try:
        found = json.loads(path.read_bytes())
        return {
            str(name): (str(row["said"]), float(row["seconds"]))
            for name, row in found["slides"].items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        place = path.relative_to(root).as_posix()
        remedy = "Remove it, or measure again: unpickled author build --video."
        raise ContentError(place, f"cannot be read: {error}", remedy) from error
