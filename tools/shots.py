"""Take a picture of every screen, light and dark, and put them on one contact sheet for a person to look at.

usage: tools/shots.py [--only WORD] [--width N]…      (needs Chromium: on PATH, or named in CHROMIUM)

Every page of the course is run in JupyterLab as a learner runs it, on a copy of the course; then come the slides, the
page to take away where `unpickled author build --html` has made it, and a certificate. Written is build/shots/: the
pictures, index.html with all of them, and sheet.png. A screen that is one colour all over is named: exit code 1.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from unpickled.authoring.slides.chromium import FLAGS, NAMES
from unpickled.certificate import completed, to_page
from unpickled.content import load_course, load_practice
from unpickled.progress import Progress

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browser.learner import learning, run_all, use_theme  # noqa: E402 - needs the path

GOAL = ROOT / "build" / "shots"
THEMES = ("light", "dark")
ENDS = """() => {
  const panel = document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer");
  panel.scrollTop = 0;
  return [...panel.querySelectorAll(".jp-Cell")].at(-1).getBoundingClientRect().bottom;
}"""  # where the last cell ends, with the first one in view
TALL = 16_000  # pixels that a picture may have in height


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: what it shows, in which theme and width, and its file."""

    what: str
    theme: str
    width: int
    path: Path


def main() -> int:
    """Take them all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", default="", help="screens whose name has this in it")
    parser.add_argument(
        "--width", type=int, action="append", help="in pixels; default: 1280 and 800"
    )
    told = parser.parse_args()
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not path:
        sys.exit("shots: no Chromium. Run: sudo apt-get install chromium")
    shutil.rmtree(GOAL, ignore_errors=True)
    GOAL.mkdir(parents=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        shots = list(_all(browser, told.width or [1280, 800], told.only))
        index = GOAL / "index.html"
        index.write_text(_sheet(shots), encoding="utf-8")
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(index.as_uri())
        page.screenshot(path=GOAL / "sheet.png", full_page=True, timeout=300_000)
        browser.close()
    blank = [shot for shot in shots if _is_blank(shot.path)]
    for shot in blank:
        print(f"{shot.path.relative_to(ROOT)}: it is one colour all over", file=sys.stderr)
    print(f"{len(shots)} screens: {(GOAL / 'sheet.png').relative_to(ROOT)}")
    return 1 if blank else 0


def _all(browser: Browser, widths: list[int], only: str) -> Iterator[Shot]:
    for part in (_lab, _files):
        for shot in part(browser, widths, only):
            print(f"  {shot.what}, {shot.theme}, {shot.width}", file=sys.stderr)
            yield shot


def _shot(page: Page, what: str, theme: str, width: int) -> Shot:
    path = GOAL / f"{what.replace('/', '-')}-{theme}-{width}.png"
    page.screenshot(path=path)
    return Shot(what, theme, width, path)


def _lab(browser: Browser, widths: list[int], only: str) -> Iterator[Shot]:
    """Every notebook of the course and the lab, run, at its full height."""
    names = [
        "course/start",
        *(
            f"course/{lesson.id}/{page.id}"
            for lesson in load_course(ROOT).lessons
            for page in lesson.pages
        ),
    ]
    names = [name for name in [*names, "labs/L4.8/L4.8"] if only in name]
    if not names:
        return
    with (
        tempfile.TemporaryDirectory(prefix="unpickled-shots-") as home,
        learning(Path(home)) as server,
    ):
        server.follow_the_system()
        for name in names:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(server.page(name))
            run_all(page)
            for theme in THEMES:
                use_theme(page, theme)
                for width in widths:
                    yield _tall(page, name, theme, width)
            page.close()


def _tall(page: Page, name: str, theme: str, width: int) -> Shot:
    """With a window as high as the whole notebook."""
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(300)
    height = page.evaluate(ENDS)
    page.set_viewport_size({"width": width, "height": min(TALL, int(height) + 60)})
    page.wait_for_timeout(500)
    page.evaluate(ENDS)
    page.wait_for_timeout(700)
    return _shot(page, name, theme, width)


def _files(browser: Browser, widths: list[int], only: str) -> Iterator[Shot]:
    """What is opened from a disk."""
    with tempfile.TemporaryDirectory(prefix="unpickled-shots-") as folder:
        for name, address in _addresses(Path(folder)):
            if only not in name:
                continue
            for theme in THEMES:
                for width in widths:
                    page = browser.new_page(
                        viewport={"width": width, "height": 900}, color_scheme=theme
                    )
                    page.goto(address)
                    page.wait_for_timeout(700)
                    height = page.evaluate("document.documentElement.scrollHeight")
                    page.set_viewport_size({"width": width, "height": min(TALL, int(height))})
                    page.wait_for_timeout(300)
                    yield _shot(page, name, theme, width)
                    page.close()


def _addresses(folder: Path) -> Iterator[tuple[str, str]]:
    for slides in sorted((ROOT / "slides").glob("*/slides.html")):
        yield f"slides/{slides.parent.name}", slides.as_uri()
    for page in sorted((ROOT / "build" / "html").glob("*.html")):
        yield f"html/{page.stem}", page.as_uri()
    items = load_practice(ROOT)
    progress = Progress(folder / "progress.json")
    for item in items[::2]:
        progress.attempt(item.id, correct=True, item=item.fingerprint)
    told = completed(load_course(ROOT), items, progress)
    (folder / "page.html").write_text(
        to_page(told, name="Ada Lovelace", day=datetime.now(UTC).date()), encoding="utf-8"
    )
    yield "certificate", (folder / "page.html").as_uri()


def _sheet(shots: list[Shot]) -> str:
    figures = "\n".join(
        f'<figure><a href="{escape(shot.path.name)}"><img src="{escape(shot.path.name)}" alt=""></a>'
        f"<figcaption>{escape(shot.what)}, {shot.theme}, {shot.width}</figcaption></figure>"
        for shot in shots
    )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Every screen</title><style>"
        "body{margin:1rem;background:#888;font:12px system-ui;columns:6;column-gap:1rem}"
        "figure{margin:0 0 1rem;break-inside:avoid}img{width:100%;display:block}"
        f"figcaption{{background:#fff;padding:.2rem .4rem}}</style>{figures}</html>"
    )


def _is_blank(path: Path) -> bool:
    with Image.open(path) as picture:
        return picture.convert("RGB").getcolors(4) is not None


if __name__ == "__main__":
    sys.exit(main())
