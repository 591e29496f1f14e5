"""LZ4 frames: what the LZ4 project's own library wrote is read, and what is damaged or too large is told."""

from __future__ import annotations

import pytest

from unpickled.weights.lz4 import MAGIC, Lz4Decompressor
from unpickled.weights.squeezed import compression, unsqueeze

TEXT = b"hello model " * 40 + bytes(range(40)) + b"hello model " * 6
# Written by lz4 4.4.5 for TEXT: as it is by default; then with both checksums, without the size, at level 9.
DEFAULT = bytes.fromhex(
    "04224d18684050020000000000009444000000cf68656c6c6f206d6f64656c200c00ffc2ff1900010203040506"
    "0708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627fc0130506f64656c20000000"
    "00"
)
SUMMED = bytes.fromhex(
    "04224d187440bd44000000cf68656c6c6f206d6f64656c200c00ffc2ff19000102030405060708090a0b0c0d0e"
    "0f101112131415161718191a1b1c1d1e1f2021222324252627700030506f64656c208f38d370000000005da3d8"
    "82"
)
# 200,000 bytes of "ab" in four blocks of 64 KiB, each of which reaches back into the one before it.
LINKED = bytes.fromhex(
    "04224d184040c00c0100002f61620200ffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffe65062616261620a0100000f0200ffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffe85062616261620a0100000f0200ffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "ffffe8506261626162170000000f0200ffffffffffffffffffffffffff3550626162616200000000"
)


def stored(data: bytes, size: int = 1 << 16) -> bytes:
    """A frame of blocks that are not compressed."""
    blocks = [data[at : at + size] for at in range(0, len(data), size)]
    parts = [(len(one) | 1 << 31).to_bytes(4, "little") + one for one in blocks]
    return MAGIC + b"\x60\x40\x82" + b"".join(parts) + bytes(4)


def block(body: bytes) -> bytes:
    """A frame of one compressed block."""
    return MAGIC + b"\x60\x40\x82" + len(body).to_bytes(4, "little") + body + bytes(4)


@pytest.mark.parametrize("frame", [DEFAULT, SUMMED, stored(TEXT), stored(TEXT, 7)])
def test_a_frame_is_read(frame: bytes) -> None:
    """The bytes come back, whichever options the frame was written with."""
    assert compression(frame[:16]) == "lz4"
    assert unsqueeze(frame, "lz4", 1 << 20) == (TEXT, "")


def test_linked_blocks_are_read() -> None:
    """A match may reach into the block before, at most 64 KiB back."""
    assert unsqueeze(LINKED, "lz4", 1 << 20) == (b"ab" * 100_000, "")


@pytest.mark.parametrize("frame", [DEFAULT, SUMMED])
@pytest.mark.parametrize("step", [1, 7, 64])
@pytest.mark.parametrize("room", [1, 30, 1 << 16])
def test_any_portions_give_the_same(frame: bytes, step: int, room: int) -> None:
    """However the data comes in and is asked for, the same bytes come out, and what follows is left alone."""
    data, machine, out, at = frame + b"next", Lz4Decompressor(), bytearray(), 0
    while not machine.eof or not machine.needs_input:
        more = data[at : at + step] if machine.needs_input else b""
        at += len(more)
        piece = machine.decompress(more, room)
        assert len(piece) <= room
        out += piece
        if machine.eof and not piece:
            break
    assert bytes(out) == TEXT
    assert machine.unused_data + data[at:] == b"next"


def test_two_frames_are_both_read() -> None:
    """A call in a second frame must not hide."""
    assert unsqueeze(stored(b"first ") + stored(b"second"), "lz4", 99) == (b"first second", "")


@pytest.mark.parametrize("frame", [DEFAULT, SUMMED, stored(TEXT)])
def test_a_cut_frame_is_told(frame: bytes) -> None:
    """Half a frame gives a problem, never an exception and never a whole."""
    for size in range(4, len(frame)):
        assert unsqueeze(frame[:size], "lz4", 1 << 20)[1], size


@pytest.mark.parametrize(
    "frame",
    [
        MAGIC + b"\x20\x40\x82" + bytes(4),  # another version
        MAGIC + b"\x61\x40\x82" + bytes(8),  # a dictionary that is not in the file
        MAGIC + b"\x60\x00\x82" + bytes(4),  # a block size that there is none
        MAGIC + b"\x60\x40\x82" + (1 << 17).to_bytes(4, "little") + bytes(1 << 17),
        block(b"\x00\x00\x00"),  # a match at distance 0
        block(b"\x10a\x02\x00"),  # a match before the first byte
        block(b"\xf0\xff\xff"),  # a length without its end
        block(b"\x50ab"),  # a literal without its end
        block(b"\x1fa\x01\x00" + b"\xff" * 300 + b"\x00\x00"),  # more than a block may hold
    ],
)
def test_a_damaged_frame_is_told(frame: bytes) -> None:
    """What the format does not allow is damage."""
    assert unsqueeze(frame, "lz4", 1 << 20)[1]


def test_a_bomb_costs_its_limit() -> None:
    """One block of a few hundred bytes stands for 64 KiB; a frame of many is read up to the limit."""
    one = b"\x1fa\x01\x00" + b"\xff" * 256 + b"\x90\x00"
    frame = block(one)[:-4] + (len(one).to_bytes(4, "little") + one) * 200 + bytes(4)
    data, problem = unsqueeze(frame, "lz4", 1 << 20)
    assert len(data) == 1 << 20
    assert data == b"a" * (1 << 20)
    assert "or more" in problem
