"""The child process in which the scanners run: their noise, memory, hangs and crashes stay in it.

It reads one JSON request a line from stdin, `{"scanner": …, "path": …, "seconds": …}`, and answers each with one
JSON line: the answer, or `{"error": reason}`. Scanners parse hostile files, partly in C (HDF5), so a learner's
kernel is no place for them.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

__all__ = ["MEMORY", "SCANNERS", "answer", "main"]

SCANNERS = {
    "picklescan": "unpickled.scanners.with_picklescan",
    "modelscan": "unpickled.scanners.with_modelscan",
}
MEMORY = 2 << 30  # bytes of address space; the libraries themselves map 0.2 to 0.6 GB


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Answer one request; whatever the scanner raises becomes an `error`."""
    name = request["scanner"]
    started = time.perf_counter()
    try:
        version = metadata.version(name)
        found = import_module(SCANNERS[name]).examine(request["path"])
        reply = {"version": version, "answer": found.to_json()}
    except metadata.PackageNotFoundError:
        reply = {"version": "", "error": "it is not installed"}
    except MemoryError:
        reply = {"version": version, "error": f"it needed more than {MEMORY >> 30} GB of memory"}
    except RecursionError:
        reply = {"version": version, "error": "the file is nested too deep for it"}
    except Exception as error:  # noqa: BLE001 - a scanner may raise anything on a hostile file
        reply = {"version": version, "error": _plain(error, request["path"])}
    return {**reply, "seconds": time.perf_counter() - started}


def _plain(error: Exception, path: str) -> str:
    """Say in one line what a scanner raised, without the machine's paths."""
    text = " ".join(str(error).split())
    for name in (str(Path(path).absolute()), path):
        text = text.replace(name, "the file")
    return f"it raised {type(error).__name__}" + (f": {text[:160]}" if text else "")


def main() -> None:
    """Answer requests until stdin ends."""
    replies = os.fdopen(os.dup(1), "w", encoding="ascii")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    logging.disable(logging.CRITICAL)
    # Ctrl-C is for the parent, which then ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit()
    for line in sys.stdin:
        request = json.loads(line)
        signal.alarm(int(request["seconds"]) + 5)  # in case the parent is gone by then
        replies.write(json.dumps(answer(request)) + "\n")
        replies.flush()
        signal.alarm(0)


def _limit() -> None:
    """Bound this process's memory and core dumps where the system can."""
    try:
        import resource  # noqa: PLC0415 - Unix only
    except ImportError:
        return
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (soft, hard))


if __name__ == "__main__":
    main()
