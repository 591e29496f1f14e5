"""The CVE numbers that a text names, also where several share their beginning."""

from __future__ import annotations

import re

__all__ = ["cves"]

CVE = re.compile(
    r"\bCVE-(?P<year>\d{4})(?P<numbers>-\d{4,}(?:(?:,\s*|,?\s+and\s+)-\d{4,})*)", re.IGNORECASE
)


def cves(text: str) -> list[str]:
    """Return the CVE numbers of a text; "CVE-2026-22606, -22607" are two."""
    found: dict[str, None] = {}
    for match in CVE.finditer(text):
        year, numbers = match["year"], re.findall(r"\d{4,}", match["numbers"])
        found.update(dict.fromkeys(f"CVE-{year}-{number}" for number in numbers))
    return list(found)
