"""Take a picture of every screen, light and dark, and put them on one contact sheet for a person to look at.

usage: tools/shots.py [--only WORD] [--width N]…      (needs Chromium: on PATH, or named in CHROMIUM)

Every notebook of the released course is run in JupyterLab as a learner runs it, and its widgets are brought into the
states that a learner brings them into. Then come the slides one by one, the lesson as one page, the scoreboard, the
certificate, and the zero-install site; pages and site are made for it where they are not of today. Written is
build/shots/: the pictures, a tall screen in parts; index.html with all of them, and sheet.png. A picture that is one
colour all over and whatever is cut off is named: exit code 1.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from unpickled.authoring.slides.chromium import FLAGS, NAMES

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests")]

from screens import files, learner, sheet, site  # noqa: E402 - needs the path
from screens.pictures import Camera, Shot, blank  # noqa: E402

GOAL = ROOT / "build" / "shots"


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
    camera = Camera(GOAL)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        shots = list(_all(browser, camera, told.width or [1280, 800], told.only))
        browser.close()
    return finish(camera, shots)


def _all(browser: Browser, camera: Camera, widths: list[int], only: str) -> Iterator[Shot]:
    parts = (
        (learner.take, learner.names(ROOT)),
        (files.take, files.names(ROOT)),
        (site.take, [*site.SCREENS]),
    )
    for take, names in parts:
        wanted = [name for name in names if only in name]
        if wanted:
            for shot in take(browser, camera, ROOT, widths, wanted):
                print(f"  {shot.caption}", file=sys.stderr)
                yield shot


def finish(camera: Camera, shots: list[Shot]) -> int:
    """Write the sheet, name what is wrong, and return the exit code."""
    if not shots:
        print("shots: no screen has that in its name", file=sys.stderr)
        return 1
    (camera.goal / "index.html").write_text(sheet.page(shots), encoding="utf-8")
    sheet.picture(shots, camera.goal / "sheet.png")
    empty = [f"{shot.caption}: it is one colour all over" for shot in shots if blank(shot.path)]
    for fault in [*camera.faults, *empty]:
        print(f"shots: {fault}", file=sys.stderr)
    screens = {(shot.what, shot.theme, shot.width) for shot in shots}
    print(f"{len(screens)} screens in {len(shots)} pictures: {camera.goal / 'sheet.png'}")
    return 1 if camera.faults or empty else 0


if __name__ == "__main__":
    sys.exit(main())
