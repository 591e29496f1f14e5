"""What `assemble` writes is what `pickletools` reads."""

from __future__ import annotations

import pickletools

import pytest

from unpickled.pickles import assemble


@pytest.mark.parametrize("opcode", ["LONG1", "LONG4", "LONG", "INT"])
@pytest.mark.parametrize("exponent", [0, 1, 7, 8, 15, 16, 31, 63, 64, 300])
def test_integers_of_every_size_and_sign_come_back(opcode: str, exponent: int) -> None:
    """Each integer near a power of two is written so that it reads back as itself."""
    for value in {sign * (1 << exponent) + off for sign in (1, -1) for off in (-1, 0, 1)}:
        if opcode == "INT" and value in (0, 1):
            continue  # the text 00 and 01 are booleans, 0 and 1 are not written so
        written = assemble([(opcode, value), "STOP"])
        _, argument, _ = next(pickletools.genops(written))
        assert argument == value
