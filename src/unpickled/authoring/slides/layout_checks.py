"""stub"""
from __future__ import annotations

from unpickled.content.deck import Deck
from unpickled.errors import ContentError


def faults(html: bytes, deck: Deck) -> list[ContentError]:
    return []
