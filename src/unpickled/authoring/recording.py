"""What a narrator and an editor of the video need: the script, a teleprompter and captions, all from one deck."""

from __future__ import annotations

from pathlib import Path

from unpickled.authoring.audio import measured
from unpickled.authoring.captions import cues, srt, vtt
from unpickled.authoring.script import script
from unpickled.authoring.spoken import load_spoken
from unpickled.authoring.teleprompter import teleprompter
from unpickled.content import load_deck

__all__ = ["recording"]


def recording(root: Path, lesson: str) -> dict[str, bytes]:
    """Return a lesson's script.md, teleprompter.html, captions.srt and captions.vtt.

    The captions follow the measured audio where there is any for the words as they are now, and the deck's words a
    minute elsewhere.

    Raises:
        ContentError: the deck or the table of spoken forms is wrong.
    """
    deck, forms = load_deck(lesson, root), load_spoken(root)
    made = cues(deck, forms, measured(root, deck, forms))
    files = {
        "script.md": script(root, deck, forms),
        "teleprompter.html": teleprompter(deck, forms),
        "captions.srt": srt(made),
        "captions.vtt": vtt(made),
    }
    return {name: text.encode() for name, text in files.items()}
