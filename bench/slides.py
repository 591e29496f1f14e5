"""How long the eight slides of L4.4.2 take as HTML, PPTX and PDF, beside Marp CLI on the same slides.

`python bench/slides.py [--json] [--quick]`. Both run as programs of their own, in turns, so that a busy machine slows
them alike; a figure is the best of three rounds (`--quick`: one), by the clock and in processor seconds. Ours is built
from nothing, scanners included; its PPTX is native text, tables and shapes with notes, where Marp's is a picture of
each slide. `whole build` is all of it with a PNG for each slide; `one slide changed` is HTML and PPTX built again in a
process that has built them before, as `unpickled author watch` does. Marp is installed once, with npm, into
.cache/bench; without npm our own figures stand alone. The exit code is 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from unpickled.authoring.slides import html_slides, pptx_slides
from unpickled.authoring.slides.disassembly import listing
from unpickled.authoring.slides.inline import plain
from unpickled.authoring.slides.terminal import run
from unpickled.content import load_deck, load_formats, load_incidents
from unpickled.content.deck import Bullets, Data, Steps

ROOT = Path(__file__).resolve().parents[1]
LESSON = "L4.4.2"
MARP = "@marp-team/marp-cli@4.5.0"
KEPT = ROOT / ".cache" / "bench" / "marp"
TARGETS = {"whole build": 12.0, "one slide changed": 1.0}
OURS = {
    "html": "out.write_bytes(html_slides(root, deck))",
    "pptx": "out.write_bytes(pptx_slides(root, deck))",
    "pdf": "with opened(html_slides(root, deck)) as page: out.write_bytes(pdf(page))",
}
WHOLE = """html = html_slides(root, deck)
out.write_bytes(pptx_slides(root, deck) + b"".join(printed(html).values()))"""
PROGRAM = """import sys, pathlib
from unpickled.content import load_deck
from unpickled.authoring.slides import html_slides, pptx_slides, printed
from unpickled.authoring.slides.chromium import opened
from unpickled.authoring.slides.print import pdf
root, out = map(pathlib.Path, sys.argv[1:])
deck = load_deck("L4.4.2", root)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quick", action="store_true", help="one round")
    options = parser.parse_args()
    result = measure(1 if options.quick else 3)
    print(json.dumps(result, indent=1) if options.json else told(result))
    return (
        0 if all(result["ours"][name]["seconds"] <= most for name, most in TARGETS.items()) else 1
    )


def measure(rounds: int) -> dict[str, object]:
    """Return seconds of each step of both, and their ratios; `marp` holds a reason where it could not be run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(
            ROOT / "course", folder / "course", ignore=shutil.ignore_patterns("*.ipynb")
        )
        ours: dict[str, Callable[[], None]] = {
            step: ours_step(folder, code) for step, code in OURS.items()
        }
        ours["whole build"] = ours_step(folder, WHOLE)
        marp, reason = installed()
        theirs = {step: marp_step(folder, marp, step) for step in OURS} if marp else {}
        best: dict[tuple[str, str], tuple[float, float]] = {}
        for _ in range(rounds):
            for step in ours:
                for who, steps in (("ours", ours), ("marp", theirs)):
                    if step in steps:
                        took = timed(steps[step])
                        best[who, step] = min(best.get((who, step), took), took)
        best["ours", "one slide changed"] = changed(folder)
    figures = {
        who: {
            step: {"seconds": round(wall, 2), "cpu": round(cpu, 2)}
            for (w, step), (wall, cpu) in best.items()
            if w == who
        }
        for who in ("ours", "marp")
    }
    if not marp:
        return {"ours": figures["ours"], "marp": reason}
    ratios = {
        step: {
            kind: round(figures["marp"][step][kind] / max(figures["ours"][step][kind], 0.01), 2)
            for kind in ("seconds", "cpu")
        }
        for step in OURS
    }
    return {**figures, "times as long as ours": ratios}


def ours_step(folder: Path, code: str) -> Callable[[], None]:
    """Build from nothing: what is known of the scanners is forgotten first."""

    def step() -> None:
        shutil.rmtree(folder / ".cache", ignore_errors=True)
        subprocess.run([sys.executable, "-c", PROGRAM + code, folder, folder / "out"], check=True)

    return step


def marp_step(folder: Path, marp: Path, kind: str) -> Callable[[], None]:
    source = folder / "slides.md"
    source.write_text(markdown(), encoding="utf-8")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
    command = [
        str(marp),
        "--no-stdin",
        "--allow-local-files",
        f"--{kind}" if kind != "html" else "--html",
    ]

    def step() -> None:
        subprocess.run(
            [*command, str(source), "-o", str(folder / f"marp.{kind}")],
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"CHROME_PATH": chromium, "CHROME_NO_SANDBOX": "1"},
        )

    return step


def installed() -> tuple[Path | None, str]:
    """Return Marp's program, installed if need be; or why there is none."""
    program = KEPT / "node_modules" / ".bin" / "marp"
    if program.exists():
        return program, ""
    npm = shutil.which("npm")
    if not npm:
        return None, "not run: npm is not on PATH, and Marp CLI is a program of Node"
    KEPT.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--prefix", str(KEPT), MARP],
        capture_output=True,
        text=True,
        env=os.environ | {"PUPPETEER_SKIP_DOWNLOAD": "1"},
        check=False,
    )
    if done.returncode or not program.exists():
        return (
            None,
            f"not run: npm could not install {MARP}: {done.stderr.strip().splitlines()[-1:]}",
        )
    return program, ""


def changed(folder: Path) -> tuple[float, float]:
    """Return how long HTML and PPTX take when one slide's words have changed, in a process that has built both."""
    deck = load_deck(LESSON, folder)
    html_slides(folder, deck)
    pptx_slides(folder, deck)
    slides = [
        replace(slide, title=f"{slide.title}!") if slide.id == "minimum" else slide
        for slide in deck.slides
    ]
    again = replace(deck, slides=tuple(slides))
    start, cpu = time.perf_counter(), time.process_time()
    html_slides(folder, again)
    pptx_slides(folder, again)
    return time.perf_counter() - start, time.process_time() - cpu


def timed(step: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds of a step by the clock and of its processes."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    step()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def markdown() -> str:
    """Write the deck as Marp reads it: the same titles, points, table, code and notes."""
    deck = load_deck(LESSON, ROOT)
    slides = []
    for slide in deck.slides:
        blocks = [f"# {slide.title}"]
        for part in slide.parts:
            if isinstance(part, Bullets):
                blocks.append("\n".join(f"- {plain(item)}" for item in part.items))
            elif isinstance(part, Steps):
                blocks.append(
                    "\n".join(f"{n}. {plain(item)}" for n, item in enumerate(part.items, 1))
                )
            elif isinstance(part, Data):
                blocks.append(data(part))
            else:
                blocks.append(plain(part.text))
        blocks.append("<!--\n{}\n-->".format("\n\n".join(slide.spoken)))
        slides.append("\n\n".join(blocks))
    return "---\nmarp: true\n---\n\n" + "\n\n---\n\n".join(slides) + "\n"


def data(part: Data) -> str:
    specimen = part.options.get("specimen", "")
    if part.name == "formats":
        rows = [
            f"| {r.name} | {r.pickle} | {r.risk} | {r.risk_text} | {r.notes} |"
            for r in load_formats(ROOT)
        ]
        return "\n".join(
            ["| Format | Pickle | Risk | Code | Notes |", "|---|---|---|---|---|", *rows]
        )
    if part.name == "timeline":
        return "\n".join(f"- {row.date}: {row.title}" for row in load_incidents(ROOT))
    if part.name == "disassembly":
        rows = [
            f"{row.offset:>4} {row.opcode:<12} {row.text}"
            for row in listing(specimen, "reduce", "").rows
        ]
        return "\n".join(["```", *rows, "```"])
    lines = [
        line for session in run(specimen, "") for line in (f"$ {session.command}", *session.lines)
    ]
    return "\n".join(["```", *lines, "```"])


def told(result: dict[str, object]) -> str:
    """Write the figures as lines of text."""
    ours, marp = result["ours"], result["marp"]
    lines = [f"{'':>18} {'ours':>8} {'cpu':>7} {'Marp':>8} {'cpu':>7}   Marp takes"]
    for step, own in ours.items():
        line = f"{step:>18} {own['seconds']:>6.2f} s {own['cpu']:>5.2f} s"
        if isinstance(marp, dict) and step in marp:
            ratio = result["times as long as ours"][step]
            line += f" {marp[step]['seconds']:>6.2f} s {marp[step]['cpu']:>5.2f} s   {ratio['seconds']} times as long"
        lines.append(line + (f"   at most {TARGETS[step]:g} s" if step in TARGETS else ""))
    if isinstance(marp, str):
        lines.append(f"Marp CLI {marp}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
