"""Small pickles, and what can go wrong with their bytes: everything follows from a seed."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from random import Random

from unpickled.pickles import OPCODES, assemble

try:  # in a child, which runs as a script, or in a test
    from .handmade import handmade
    from .objects import pickled
    from .programs import operation, program
except ImportError:
    from handmade import handmade  # type: ignore[import-not-found, no-redef]
    from objects import pickled  # type: ignore[import-not-found, no-redef]
    from programs import operation, program  # type: ignore[import-not-found, no-redef]

_NAMES = list(OPCODES)
_LENGTHS = b"TUBC\x8e\x96X\x8c\x8d\x8a\x8b\x95"  # opcodes whose argument begins with a length
_LIES = [struct.pack("<Q", number) for number in (0, 1, 255, 256, 65_535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1,
                                                  2**63, 2**64 - 1)]  # fmt: skip
_SAYS = (b"I010\n", b"I \n", b"I1\0x\n", b"L5L\n", b"F 1_0\n", b"I0x_f\n", b"S'\\x'\n", b"S'\\q\\101'\n", b"c\n\n",
         b"V\\u12\n", b"g\n", b"p-1\n", b"p+1\n", b"P\xff\n", b"cos\nmkdir", b"(ios\n", b"NN\x86b", b"}(ub", b"(e",
         b"(\x90", b"\x8a\x00b", b"I00\n", b"I01\n", b"\x80\x06", b"2", b"0", b"1", b".")  # fmt: skip


def _flip(random: Random, data: bytearray) -> None:
    for _ in range(random.choice((1, 1, 2, 5))):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _byte(random: Random, data: bytearray) -> None:
    data[random.randrange(len(data))] = random.choice(
        (*(OPCODES[name].code for name in _NAMES), 0, 10, 255)
    )


def _insert(random: Random, data: bytearray) -> None:
    data.insert(random.randrange(len(data) + 1), random.randrange(256))


def _delete(random: Random, data: bytearray) -> None:
    at = random.randrange(len(data))
    del data[at : at + random.choice((1, 1, 2, 9))]


def _truncate(random: Random, data: bytearray) -> None:
    del data[random.randrange(len(data)) :]


def _repeat(random: Random, data: bytearray) -> None:
    at, to = sorted((random.randrange(len(data)), random.randrange(len(data) + 1)))
    data[at:at] = data[at:to]


def _say(random: Random, data: bytearray) -> None:
    """Insert an operation where one ends, or where none does."""
    said = (
        random.choice(_SAYS)
        if random.random() < 0.5
        else assemble([operation(random.choice(_NAMES), random)])
    )
    at = random.randrange(len(data) + 1)
    data[at:at] = said


def _lie(random: Random, data: bytearray) -> None:
    """Change a length to one that is not so."""
    places = [at for at, byte in enumerate(data) if byte in _LENGTHS]
    if places:
        at = random.choice(places) + 1
        width = random.choice((1, 4, 8))
        data[at : at + width] = random.choice(_LIES)[:width]


_WAYS: tuple[Callable[[Random, bytearray], None], ...] = (
    _flip, _flip, _byte, _insert, _delete, _truncate, _repeat, _say, _say, _say, _lie,
)  # fmt: skip


def _splice(random: Random, data: bytes, other: bytes) -> bytearray:
    return bytearray(
        data[: random.randrange(len(data) + 1)] + other[random.randrange(len(other)) :]
    )


def seeds(random: Random) -> list[bytes]:
    """Return small sound pickles: of objects, made by hand, and random programs."""
    known = [data for _, data in [*pickled(), *handmade()] if len(data) < 90]
    return known + [program(random, length=random.randrange(4, 20)) for _ in range(len(known) // 2)]


def mutated(seed: str, count: int) -> Iterator[bytes]:
    """Yield that many inputs."""
    random = Random(seed)
    pickles = seeds(random)
    for _ in range(count):
        data = bytearray(random.choice(pickles))
        if random.random() < 0.1:
            data = _splice(random, data, random.choice(pickles))
        if random.random() < 0.1:
            data += random.choice(pickles)  # one more, stacked
        for _ in range(random.choice((1, 1, 2, 3))):
            if data:
                random.choice(_WAYS)(random, data)
        yield bytes(data)
