"""How long one step of the stepper takes in Chromium, beside drawing the whole list again at each step.

usage: python bench/widgets.py

200 steps each: forward by one, jumps to anywhere, and a trace whose stack and memo are deep. `cpu` is what the page's
thread worked for a step, layout included: a busy machine does not change it. `wall` is the median by the clock, and
`key to frame` that from the key press to the frame that shows the step, which waits for the next frame anyway.
Fails if a step's work is over the budget.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from unpickled.authoring.slides.chromium import FLAGS
from unpickled.pickles import assemble
from unpickled.widgets import Stepper, to_page

BUDGET = 16.0  # ms of work a step at 10,000 opcodes

WORK = """(jump) => {
  const view = document.querySelector(".unp-static").unpView;
  const total = view.machine.length;
  const times = [];
  for (let turn = 0; turn < 200; turn += 1) {
    const target = jump ? (turn * 7919) % total : (total >> 1) + turn;
    const start = performance.now();
    view.go(target, { quiet: true });
    view.root.getBoundingClientRect();
    view.list.pane.scrollHeight;
    times.push(performance.now() - start);
  }
  return times;
}"""

FRAMES = """async () => {
  const view = document.querySelector(".unp-static").unpView;
  const shown = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  const times = [];
  for (let turn = 0; turn < 100; turn += 1) {
    const start = performance.now();
    view.list.pane.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
    await shown();
    times.push(performance.now() - start);
  }
  return times;
}"""

AGAIN = """() => {
  const view = document.querySelector(".unp-static").unpView;
  const { steps, names } = view.machine.columns;
  const host = document.body.appendChild(document.createElement("div"));
  host.style.cssText = "height: 20rem; overflow: auto";
  const times = [];
  for (let turn = 0; turn < 5; turn += 1) {
    const start = performance.now();
    host.innerHTML = steps.op.map((op, at) => `<div${at === turn ? " class=now" : ""}><span>${steps.offset[at]}</span>
      <span>${names[op]}</span><span>${steps.arg[at] ?? ""}</span></div>`).join("");
    host.scrollHeight;
    times.push(performance.now() - start);
  }
  host.remove();
  return times;
}"""


def plain(opcodes: int) -> bytes:
    """A list of names, as a state dict's keys are."""
    ops: list[object] = [("PROTO", 4), "EMPTY_LIST", "MEMOIZE"]
    for number in range((opcodes - 4) // 3):
        ops += [("SHORT_BINUNICODE", f"layer.{number}.weight"), "MEMOIZE", "APPEND"]
    return assemble([*ops, "STOP"])  # type: ignore[arg-type]


def deep(opcodes: int) -> bytes:
    """Everything stays on the stack and in the memo."""
    ops: list[object] = [("PROTO", 4)]
    for number in range((opcodes - 1) // 3):
        ops += ["EMPTY_DICT", "MEMOIZE", ("SHORT_BINUNICODE", f"key {number}")]
    return assemble(ops)  # type: ignore[arg-type]


def median(page: Page, script: str, argument: object = None) -> float:
    return statistics.median(page.evaluate(script, argument))


class Clock:
    """The processor time that the page's main thread has used, in seconds."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def read(self) -> float:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def work(page: Page, clock: Clock, jump: bool) -> tuple[float, float]:
    """Milliseconds a step: of processor time (mean) and by the wall clock (median)."""
    before = clock.read()
    wall = median(page, WORK, jump)
    return (clock.read() - before) * 1000 / 200, wall


def measure(page: Page, name: str, data: bytes, folder: Path) -> bool:
    stepper = Stepper(data, name=name)
    target = folder / "bench.html"
    target.write_text(to_page(stepper), encoding="utf-8")
    page.goto(target.as_uri())
    page.wait_for_selector(".unp-op")
    steps = len(stepper.trace["columns"]["steps"]["offset"])
    clock = Clock(page)
    (ahead, ahead_wall), (jump, jump_wall) = work(page, clock, False), work(page, clock, True)
    frame, again = median(page, FRAMES), median(page, AGAIN)
    print(
        f"{name:>6} {steps:>7,} opcodes  next {ahead:5.1f} ms cpu {ahead_wall:5.1f} wall"
        f"  jump {jump:5.1f} ms cpu {jump_wall:5.1f} wall  key to frame {frame:5.1f} ms"
        f"  whole list again {again:6.1f} ms ({again / max(ahead_wall, 0.1):.0f} times a step)"
    )
    return max(ahead, jump) <= BUDGET or steps > 10_000


def main() -> int:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not found:
        print(
            "no Chromium: install the chromium package, or set CHROMIUM to its path",
            file=sys.stderr,
        )
        return 2
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        inputs = [
            ("plain", plain(1_000)),
            ("plain", plain(10_000)),
            ("deep", deep(10_000)),
            ("plain", plain(50_000)),
        ]
        good = [measure(page, name, data, Path(folder)) for name, data in inputs]
        browser.close()
    print(f"budget: {BUDGET:.0f} ms of work a step")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
