r"""A file's name in one line of text that nobody can misread, and back: the spelling of locks, reports and logs.

The path below the folder with `/` between its parts. A backslash is written `\\`. Each byte of a letter that would end
the line, steer the terminal, or not be seen is written `\xNN`, and so is a byte that is no UTF-8. The list of such
letters is fixed here, since Python's own grows from version to version and a lock must not.
"""

from __future__ import annotations

import os
import re
import unicodedata

from unpickled.errors import CourseError

__all__ = ["LONGEST", "folded", "shown", "spelled", "unspelled"]

_LETTERS = (
    "\x00-\x1f\x7f-\xa0\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
)
_HIDDEN = re.compile(f"[{_LETTERS}]")
_WRITTEN_OUT = re.compile(f"[{_LETTERS}]|^ | \\Z")  # an editor takes away a space at a line's end
_ESCAPE = re.compile(r"\\(?:\\|x([0-9a-f]{2}))")
LONGEST = 4096
"""Bytes of a path, as on Linux; what is longer could keep a reader busy for hours."""
_WAYS_OUT = ("", ".", "..")


def spelled(path: str) -> str:
    """Return a path below a folder as it is written in a lock.

    Args:
        path: with `/` between its parts, as the file system gives it.
    """
    return _WRITTEN_OUT.sub(_escaped, path.replace("\\", r"\\"))


def shown(text: str) -> str:
    """Return any text fit for one line on a terminal: letters that steer it, and bytes of no UTF-8, written out."""
    return _HIDDEN.sub(_escaped, text)


def unspelled(text: str) -> str:
    """Return the path that a lock's spelling stands for; only the one spelling that `spelled` gives is taken.

    Raises:
        CourseError: it leads out of the folder, or is written in another way. `place` is empty: the caller knows it.
    """
    if len(text) > LONGEST * len(r"\x00"):
        raise CourseError("", f"the path is longer than {LONGEST:,} bytes")
    at, parts = 0, bytearray()
    for found in _ESCAPE.finditer(text):
        parts += text[at : found.start()].encode("utf-8", "surrogatepass")
        parts += bytes.fromhex(found[1]) if found[1] else b"\\"
        at = found.end()
    parts += text[at:].encode("utf-8", "surrogatepass")
    if len(parts) > LONGEST:
        raise CourseError("", f"the path is longer than {LONGEST:,} bytes")
    path = bytes(parts).decode("utf-8", "surrogateescape")
    _require_inside(path)
    if spelled(path) != text:
        raise CourseError("", "the path is not written as `unpickled guard pin` writes it")
    return path


def folded(path: str) -> str:
    """Return what two paths share that are one file where letter case, or how an accent is composed, does not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def _escaped(found: re.Match[str]) -> str:
    byte = "\udc80" <= found[0] <= "\udcff"  # of a name that is no UTF-8, and no half of a pair
    data = found[0].encode("utf-8", "surrogateescape" if byte else "surrogatepass")
    return "".join(f"\\x{byte:02x}" for byte in data)


def _require_inside(path: str) -> None:
    parts = path.split("/")
    if path.startswith("/") or (os.name == "nt" and re.match(r"[A-Za-z]:|.*\\", path)):
        raise CourseError("", "the path is absolute, or of another system")
    if ".." in parts:
        raise CourseError("", "the path leads out of the folder (..)")
    if any(part in _WAYS_OUT for part in parts) or "\0" in path:
        raise CourseError("", "no file can have this path")
