"""How wide words are in a picture, told from a small table, so that layout needs no font and no drawing library.

The widths are upper bounds for the sans-serif faces that pictures ask for: the bold cut of DejaVu Sans, the widest of
them, sets them. A test measures that font and holds the table above it.
"""

from __future__ import annotations

__all__ = ["width", "wrap"]

EMS = {
    0.32: "'",
    0.40: "ijlIJ,.:;/\\| ",
    0.50: "frt-()[]!_`",
    0.60: 'scz?"*',
    0.69: "aekvxyEFLT",
    0.74: "0123456789bdghnopquCPSYZ${}",
    0.78: "ABKRVX",
    0.86: "DGHNOQU#+<=>^~",
    0.93: "w&",
    1.05: "mM%@",
}
WIDTHS = {letter: ems for ems, letters in EMS.items() for letter in letters}
OTHER = 1.11  # em, for W and for every letter that the table does not name


def width(text: str, size: float) -> float:
    """Return an upper bound of the width of `text`, in the unit of `size`, set in regular or bold."""
    return sum(WIDTHS.get(letter, OTHER) for letter in text) * size


def wrap(text: str, size: float, limit: float) -> list[str]:
    """Break `text` into the fewest lines of at most `limit`, as even as they can be; words stay whole.

    A word that is wider than `limit` by itself gets a line of its own.
    """
    lines = _greedy(text, size, limit)
    narrow = limit
    while narrow > limit * 0.4 and len(_greedy(text, size, narrow - 4)) == len(lines):
        narrow -= 4
    return _greedy(text, size, narrow)


def _greedy(text: str, size: float, limit: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and width(f"{lines[-1]} {word}", size) <= limit:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
