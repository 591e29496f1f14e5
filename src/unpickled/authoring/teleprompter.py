"""The teleprompter: one page that scrolls what is said at the narrator's pace, mirrored for a glass if need be.

It needs no network and no other file. Keys: space starts and stops, the up and down arrows change the pace, page keys
go from slide to slide, M mirrors, plus and minus change the size, Home begins again.
"""

from __future__ import annotations

import json
from importlib.resources import files

from unpickled.authoring.spoken import SpokenForms, clock, pace
from unpickled.content import Deck

__all__ = ["teleprompter"]


def teleprompter(deck: Deck, forms: SpokenForms) -> str:
    """Write a deck's teleprompter page."""
    import jinja2  # noqa: PLC0415 - slow to import

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    template = files("unpickled.authoring").joinpath("teleprompter.html.jinja").read_text("utf-8")
    slides = [
        {
            "number": one.slide.number,
            "title": one.slide.title,
            "words": one.words,
            "time": clock(one.seconds),
            "said": [forms.say(paragraph) for paragraph in one.slide.spoken],
        }
        for one in pace(deck, forms)
    ]
    settings = {"pace": deck.words_per_minute, "words": [slide["words"] for slide in slides]}
    page = environment.from_string(template).render(
        deck=deck,
        slides=slides,
        settings=json.dumps(settings),
        total=clock(sum(one.seconds for one in pace(deck, forms))),
    )
    return page.rstrip("\n") + "\n"
