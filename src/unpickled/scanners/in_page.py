"""The scanners where there is no child to run them in: in a browser, picklescan is asked in the page itself.

modelscan cannot be there. For a file that it was asked about when the site was made it has its recorded answer, dated;
for any other it has none, and no answer is not a clean one.
"""

from __future__ import annotations

import time
from typing import Any

from unpickled import here
from unpickled.here.runs import key
from unpickled.scanners.worker import answer

__all__ = ["PageWorkshop", "scan_key"]

_REMEDY = "it cannot run in a browser; on a machine, make learn asks it too"


class PageWorkshop:
    """What `Workshop` is on a machine."""

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one request, here or from what was recorded."""
        started = time.perf_counter()
        reply = answer({**request, "seconds": 0})
        if reply["version"]:
            return reply
        found = here.recorded("scans").get(scan_key(request))
        if found is None:
            return {**reply, "error": _REMEDY, "seconds": time.perf_counter() - started}
        version = f"{found['version']}, recorded on {here.shown_date()}"
        return {**found, "version": version}

    def close(self) -> None:
        """Nothing was started."""


def scan_key(request: dict[str, Any]) -> str:
    """Return what a recorded answer is found by: the scanner, the file's name and its content."""
    return key([request["scanner"], request["path"]])
