"""A theme that a learner chose before JupyterLab followed the system stays chosen: `unpickled learn` sees to it.

With the course's settings `adaptive-theme` is on, and JupyterLab then passes over a `theme` of the learner's own.
Who chooses one today has `adaptive-theme` written beside it by JupyterLab's menu; an older file says nothing of it.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

__all__ = ["keep_chosen_theme"]

_FILE = Path("@jupyterlab", "apputils-extension", "themes.jupyterlab-settings")
_LONGEST = (
    20_000  # bytes; JupyterLab writes some hundred, and its parser takes seconds for many more
)
_OPENING = re.compile(r"(?:\s|//[^\r\n]*+|/\*[\s\S]*?\*/)*+\{")  # comments may stand before it


def keep_chosen_theme(settings: Path) -> None:
    """Write `"adaptive-theme": false` into the learner's theme settings where they name a theme and not that.

    All else in the file stays as it is, comments too. What cannot be read, or written, is left alone: JupyterLab
    tells of it.

    Args:
        settings: JupyterLab's folder of the learner's own settings.
    """
    path = (settings / _FILE).resolve()
    with suppress(OSError):
        if not path.is_file() or path.stat().st_size > _LONGEST:
            return
        written = path.read_bytes()
        if (mended := _mended(written)) is not None:
            _replace(path, mended)


def _mended(written: bytes) -> bytes | None:
    """Return the settings with the line in them; None where it is not needed, or they are not understood."""
    from json5 import loads  # noqa: PLC0415 - JupyterLab's own parser for this file; few learners have the file

    try:
        text = written.decode()
        found = loads(text)
        if not isinstance(found, dict) or "theme" not in found or "adaptive-theme" in found:
            return None
        mended = _OPENING.sub(lambda brace: f'{brace[0]}\n    "adaptive-theme": false,', text, 1)
        return mended.encode() if loads(mended) == {**found, "adaptive-theme": False} else None
    except (ValueError, RecursionError):
        return None


def _replace(path: Path, data: bytes) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        shutil.copymode(path, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
