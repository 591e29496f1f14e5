"""How long a reader of the offline page waits for the first step of its first stepper, against the promise: under 1 s.

Each visit is a new browser profile that opens the file from the disk. `work` is what the page's main thread did until
then, which a busy machine hardly changes; `wall` is by the clock, from opening the address to the frame with the step.
Fails if the work is over the promise.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from unpickled.authoring.offline import build_pages
from unpickled.authoring.slides.chromium import FLAGS, NAMES

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from browser.learner import ROOT

VISITS = 7
PROMISE = 1000.0  # ms
STEP = """(() => {
  const look = () => {
    const next = document.querySelector(".unp-stepper [aria-label='Next step']");
    if (!next) return void requestAnimationFrame(look);
    next.click();
    requestAnimationFrame(() => setTimeout(() => { window.stepped = performance.now(); }, 0));
  };
  look();
})()"""


def main() -> None:
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not path:
        sys.exit("no Chromium: install the chromium package, or set CHROMIUM to its path")
    over = []
    made = list(build_pages(ROOT, "", print))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        for page in made:
            seen = [_visit(browser, page.path.as_uri()) for _ in range(VISITS)]
            work, wall = (statistics.median(one[place] for one in seen) for place in (0, 1))
            print(
                f"{page.path.stem}: {page.size / 1e6:.1f} MB, first step after {work:5.0f} ms of work, "
                f"{wall:5.0f} ms by the clock (promised: {PROMISE:.0f})"
            )
            over += [page.path.stem] if work > PROMISE else []
        browser.close()
    sys.exit(1 if over else 0)


def _visit(browser: Browser, address: str) -> tuple[float, float]:
    """Milliseconds of the main thread's work, and by the clock, to the first step."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    page = context.new_page()
    page.add_init_script(STEP)
    chrome = context.new_cdp_session(page)
    chrome.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(address, wait_until="commit")
    page.wait_for_function("window.stepped > 0", timeout=60_000)
    told = chrome.send("Performance.getMetrics")["metrics"]
    assert page.locator(".unp-stepper .unp-counter").first.inner_text().startswith("2 /")
    work = next(one["value"] for one in told if one["name"] == "TaskDuration") * 1000
    wall = page.evaluate("window.stepped")
    context.close()
    return work, wall


if __name__ == "__main__":
    main()
