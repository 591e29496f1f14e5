"""Hidden check: a flipped byte, a cut file, an added byte and a wrong pin are refused."""

import hashlib

from unpickled.checking import File, Tally
from unpickled.errors import StudentError


def check(student):
    """Each refusal is an exception; the honest file comes back whole."""
    data = bytes(range(256)) * 3
    digest = hashlib.sha256(data).hexdigest()

    def refused(changed, pinned=digest):
        try:
            student.call("load_pinned", File("held.bin", changed), pinned)
        except StudentError as error:
            return error.raised == "ValueError"
        return False

    def honest():
        return student.call("load_pinned", File("held.bin", data), digest) == data

    middle = data[:400] + bytes([data[400] ^ 1]) + data[401:]
    tally = Tally(2)
    tally.part(
        1, lambda: honest() and refused(middle) and refused(data[:-1] + b"\x00"),
        "load_pinned should raise a ValueError for one flipped byte, wherever it is, and return honest bytes.",
    )  # fmt: skip
    tally.part(
        0.5, lambda: honest() and refused(data[:-1]) and refused(data + b"\x00"),
        "load_pinned should raise a ValueError for a file that is cut off or longer.",
    )  # fmt: skip
    tally.part(
        0.5,
        lambda: honest() and all(refused(data, p) for p in ("", digest[:8], "0" * 64, digest[:-1] + "x")),
        "load_pinned should raise a ValueError unless all 64 digits agree.",
    )  # fmt: skip
    return tally.outcome()
