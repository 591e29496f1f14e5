"""LZ4 frames, which joblib writes with `compress="lz4"`, opened a bounded bit at a time and in Python alone.

Format: the LZ4 frame and block descriptions of the LZ4 project. Checksums are not compared: a loader may refuse what
is read here, and reading more than a loader does is the safe side.
"""

from __future__ import annotations

__all__ = ["MAGIC", "Lz4Decompressor"]

MAGIC = b"\x04\x22\x4d\x18"
_WINDOW = 1 << 16  # bytes that a match may reach back
_LARGEST = {
    4: 1 << 16,
    5: 1 << 18,
    6: 1 << 20,
    7: 1 << 22,
}  # bytes of one block, by the frame's code for it
_BLOCK_SUM, _SIZE, _FRAME_SUM, _DICTIONARY = 0x10, 0x08, 0x04, 0x01  # flags of a frame


class Lz4Decompressor:
    """One LZ4 frame, with the interface of `bz2.BZ2Decompressor`; it holds at most two blocks.

    Attributes:
        eof: whether the end of the frame was reached.
        unused_data: what came after the end of the frame.
    """

    def __init__(self) -> None:
        self.eof = False
        self.unused_data = b""
        self._kept = bytearray()  # not decoded yet
        self._out = bytearray()  # decoded, not handed out yet
        self._window = b""
        self._flags = -1
        self._largest = 0

    @property
    def needs_input(self) -> bool:
        """Whether nothing can be handed out before more data comes."""
        return not self._out and not self.eof

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take more data, and return at most so many decoded bytes.

        Raises:
            ValueError: the data is damaged, or needs a dictionary that is not in it.
        """
        self._kept += data
        while len(self._out) <= max_length and not self.eof and self._next():
            pass
        if self.eof and self._kept:
            self.unused_data, self._kept = bytes(self._kept), bytearray()
        given = bytes(self._out[:max_length])
        del self._out[:max_length]
        return given

    def _next(self) -> bool:
        """Decode the header or one block; tell whether there was enough data for it."""
        return self._header() if self._flags < 0 else self._block()

    def _header(self) -> bool:
        if len(self._kept) < 7:
            return False
        flags, code = self._kept[4], self._kept[5] >> 4 & 7
        if (
            self._kept[:4] != MAGIC
            or flags >> 6 != 1
            or flags & _DICTIONARY
            or code not in _LARGEST
        ):
            raise ValueError("no LZ4 frame that can be read")
        size = 7 + (8 if flags & _SIZE else 0)
        if len(self._kept) < size:
            return False
        self._flags, self._largest = flags, _LARGEST[code]
        del self._kept[:size]
        return True

    def _block(self) -> bool:
        if len(self._kept) < 4:
            return False
        word = int.from_bytes(self._kept[:4], "little")
        size = word & 0x7FFFFFFF
        if not word:
            return self._end()
        if size > self._largest:
            raise ValueError("a block is larger than its frame allows")
        whole = 4 + size + (4 if self._flags & _BLOCK_SUM else 0)
        if len(self._kept) < whole:
            return False
        block = bytes(self._kept[4 : 4 + size])
        del self._kept[:whole]
        plain = block if word >> 31 else _decoded(block, self._window, self._largest)
        self._out += plain
        self._window = (self._window + plain)[-_WINDOW:]
        return True

    def _end(self) -> bool:
        size = 4 + (4 if self._flags & _FRAME_SUM else 0)
        if len(self._kept) < size:
            return False
        del self._kept[:size]
        self.eof = True
        return True


def _decoded(block: bytes, window: bytes, largest: int) -> bytes:
    """Decode one block: literals and matches by turns, each match a copy of what came before.

    Raises:
        ValueError: the block is damaged.
    """
    out = bytearray(window)
    most = len(window) + largest
    at = 0
    try:
        while True:
            token = block[at]
            count, at = _length(block, at + 1, token >> 4)
            if at + count > len(block):
                raise ValueError("a literal is cut off")
            out += block[at : at + count]
            at += count
            if at == len(block):
                break
            distance = block[at] | block[at + 1] << 8
            count, at = _length(block, at + 2, token & 15)
            if not 0 < distance <= len(out) or len(out) + count + 4 > most:
                raise ValueError("a match reaches too far")
            _copy(out, distance, count + 4)
    except IndexError:
        raise ValueError("a block is cut off") from None
    if len(out) > most:
        raise ValueError("a block is larger than its frame allows")
    return bytes(out[len(window) :])


def _length(block: bytes, at: int, first: int) -> tuple[int, int]:
    """Read the rest of a length: 15 means that bytes follow, and 255 that one more does."""
    if first < 15:
        return first, at
    while block[at] == 255:
        first += 255
        at += 1
    return first + block[at], at + 1


def _copy(out: bytearray, distance: int, count: int) -> None:
    """Append `count` bytes from `distance` back, which may overlap what is being appended."""
    piece = bytes(out[-distance:][:count])
    whole, rest = divmod(count, len(piece))
    out += piece * whole + piece[:rest]
