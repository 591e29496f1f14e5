"""The zero-install site's start against its promises: first notebook under 6 s, first widget under 20 s, under 60 MB.

Each visit is a browser that was never there; the times are from opening the address on. A broken promise: exit code 1.
"""

from __future__ import annotations

import functools
import statistics
import sys
import threading
import time
from collections.abc import Mapping
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which

from playwright.sync_api import Page, sync_playwright

from unpickled.authoring.site import OUT, build_site
from unpickled.authoring.slides.chromium import FLAGS, NAMES

ROOT = Path(__file__).resolve().parents[1]
VISITS = 3
PROMISED = {"notebook": ("s", 6), "widget": ("s", 20), "site": ("MB", 60)}
OPEN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
PAGE = "lab/index.html?path=course/L4.4.2/01-pickle-in-90-seconds.ipynb"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def visit(page: Page, address: str) -> dict[str, float]:
    """Open the first page, run its first cell, and return what was seen after how many seconds."""
    brought = [0]
    page.on("response", lambda told: brought.append(int(told.headers.get("content-length", 0))))
    started = time.perf_counter()
    page.goto(f"{address}/{PAGE}")
    page.locator(f"{OPEN} .jp-Cell").first.wait_for(timeout=120_000)
    seen = {"notebook": time.perf_counter() - started}
    page.get_by_text("Python (Pyodide) | Idle").wait_for(timeout=120_000)
    page.locator(f"{OPEN} .jp-CodeCell").first.click()
    page.keyboard.press("Shift+Enter")
    page.locator(f"{OPEN} .unp-stops").first.wait_for(timeout=120_000)
    seen["widget"] = time.perf_counter() - started
    seen["brought"] = sum(brought) / 1e6
    return seen


def missed(told: Mapping[str, float]) -> list[str]:
    """What was promised and is not so, in words: of "site", "notebook" and "widget"."""
    return [
        f"{what}: {told[what]:.1f} {unit}, and under {most} {unit} are promised"
        for what, (unit, most) in PROMISED.items()
        if told[what] >= most
    ]


def main() -> int:
    made = build_site(ROOT, ROOT / OUT, print)
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(made.folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    seen = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=next(filter(None, map(which, NAMES))), args=list(FLAGS)
        )
        for _ in range(VISITS):
            context = browser.new_context()
            seen.append(visit(context.new_page(), address))
            context.close()
    told = {what: statistics.median(one[what] for one in seen) for what in seen[0]}
    told["site"] = made.size / 1e6
    for what, middle in told.items():
        unit, most = PROMISED.get(what, ("MB", 0))
        promise = f"(promised: under {most})" if most else "(on a first visit)"
        found = f"  of {sorted(round(one[what], 1) for one in seen)}" if what in seen[0] else ""
        print(f"{what:14}{middle:6.1f} {unit:2}  {promise}{found}")
    broken = missed(told)
    print("\n" + "\n".join(broken or ["Every promise is kept."]))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
