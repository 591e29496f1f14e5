"""PowerPoint's zip as the same bytes each time, with the theme's fonts and colours set.

Members are stored without compression: what zlib makes of the same input differs from build to build of it, and git
compresses a stored file better, since two versions of it have most of their bytes in common.
"""

from __future__ import annotations

import io
import re
import zipfile

from unpickled.authoring.slides.canvas import SANS
from unpickled.authoring.slides.look import COLOURS, RISKS

__all__ = ["repacked"]

THUMBNAIL = "docProps/thumbnail.jpeg"
THEME = re.compile(r"ppt/theme/theme\d+\.xml")
SCHEME = {
    "dk2": COLOURS["night"],
    "lt2": COLOURS["tint"],
    "accent1": COLOURS["brand"],
    "accent2": COLOURS["alarm"],
    "accent3": RISKS["some"].colour,
    "accent4": RISKS["low"].colour,
    "accent5": "#5B3E9B",
    "accent6": COLOURS["lime"],
    "hlink": COLOURS["brand"],
    "folHlink": COLOURS["soft"],
}


def repacked(data: bytes) -> bytes:
    """Write a presentation's members anew, in order of their names, with one date."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        names = sorted(
            set(old.namelist()) - {THUMBNAIL},
            key=lambda name: (name != "[Content_Types].xml", name),
        )
        for name in names:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            new.writestr(entry, _member(name, old.read(name)), zipfile.ZIP_STORED)
    return out.getvalue()


def _member(name: str, data: bytes) -> bytes:
    if name == "_rels/.rels":  # the template's own picture of its first slide, which is empty
        return re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", data)
    return _theme(data.decode("utf-8")).encode() if THEME.fullmatch(name) else data


def _theme(text: str) -> str:
    text = re.sub(r'(<a:(?:major|minor)Font>\s*<a:latin typeface=")[^"]*', rf"\g<1>{SANS}", text)
    for name, value in SCHEME.items():
        text = re.sub(
            rf"(<a:{name}>).*?(</a:{name}>)",
            rf'\g<1><a:srgbClr val="{value.lstrip("#")}"/>\g<2>',
            text,
            flags=re.DOTALL,
        )
    return text
