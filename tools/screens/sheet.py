"""All pictures in reading order: as a page whose pictures open, and as one picture."""

from __future__ import annotations

from html import escape
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .pictures import Shot

__all__ = ["page", "picture", "places"]

SCALE = 0.2  # of each picture on the sheet
WIDE = 3200  # pixels of the sheet's picture
GAP, CAPTION = 16, 30
LOOK = (
    "body{margin:1rem;background:#888;font:12px system-ui;display:flex;flex-wrap:wrap;gap:1rem}"
    "figure{margin:0;background:#fff}img{display:block;width:100%}h2{flex-basis:100%;margin:1rem 0 0;color:#fff}"
    "figcaption{padding:.2rem .4rem}"
)


def page(shots: list[Shot]) -> str:
    """The sheet as HTML: a heading for each screen, and its pictures, which open at a click."""
    told, last = [], ""
    for shot in shots:
        if shot.what != last:
            told.append(f"<h2>{escape(shot.what)}</h2>")
            last = shot.what
        name = escape(shot.path.name)
        told.append(
            f'<figure style="width:{shot.width * SCALE:.0f}px"><a href="{name}"><img src="{name}" loading="lazy" '
            f'alt=""></a><figcaption>{escape(shot.caption)}</figcaption></figure>'
        )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Every screen</title>"
        f"<style>{LOOK}</style>{chr(10).join(told)}</html>"
    )


def places(sizes: list[tuple[int, int]]) -> tuple[list[tuple[int, int]], int]:
    """Lay things out in rows as wide as the sheet, in their order.

    Returns:
        The left upper corner of each, and how high the sheet becomes.
    """
    found, x, y, tallest = [], GAP, GAP, 0
    for width, height in sizes:
        if x + width + GAP > WIDE and x > GAP:
            x, y, tallest = GAP, y + tallest + CAPTION + GAP, 0
        found.append((x, y))
        x, tallest = x + width + GAP, max(tallest, height)
    return found, y + tallest + CAPTION + GAP


def picture(shots: list[Shot], path: Path) -> None:
    """The sheet as one picture."""
    small = []
    for shot in shots:
        with Image.open(shot.path) as whole:
            size = (max(1, int(whole.width * SCALE)), max(1, int(whole.height * SCALE)))
            small.append(whole.convert("RGB").resize(size, Image.Resampling.BOX))
    corners, height = places([(max(one.width, 120), one.height) for one in small])
    sheet = Image.new("RGB", (WIDE, height), "#888888")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for shot, one, (x, y) in zip(shots, small, corners, strict=True):
        sheet.paste(one, (x, y))
        pen.text((x, y + one.height + 3), _lines(shot, max(one.width, 120)), "white", font)
    sheet.save(path)


def _lines(shot: Shot, width: int) -> str:
    """Its caption in two lines that stay below it."""
    room = width // 6
    what, rest = shot.what, shot.caption.removeprefix(f"{shot.what}, ")
    return f"{what if len(what) <= room else '…' + what[-room + 1 :]}\n{rest[:room]}"
