"""What a learner has on a machine: the bundle that is released, in JupyterLab, every notebook run and worked on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from browser.for_everyone import cut
from browser.learner import OPEN, learning, opened, run_all, try_all, use_theme
from playwright.sync_api import Browser, Page

from unpickled.content import load_course
from unpickled.grading.bundle import make_bundle

from .pictures import Camera, Shot
from .states import STATES

__all__ = ["names", "take"]

THEMES = ("light", "dark")
LAB, QUIZ = "labs/L4.8/L4.8", "quizzes/L4.4.2/L4.4.2-quiz"


def names(root: Path) -> list[str]:
    """Every notebook that a learner gets, without its suffix."""
    lessons = load_course(root).lessons
    pages = [f"course/{lesson.id}/{page.id}" for lesson in lessons for page in lesson.pages]
    return ["course/start", *pages, QUIZ, LAB]


def take(
    browser: Browser, camera: Camera, root: Path, widths: Sequence[int], wanted: Sequence[str]
) -> Iterator[Shot]:
    """Take pictures of some notebooks of the released course, and of the states of their widgets."""
    with tempfile.TemporaryDirectory(prefix="unpickled-shots-") as name:
        home = Path(name)
        make_bundle(home / "checkout", root)  # where `learning` looks for what it serves
        with learning(home) as server:
            for notebook in wanted:
                page = browser.new_page(
                    viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
                )
                with camera.going_on(notebook):
                    page.goto(server.page(notebook))
                    _run(page, notebook)
                    yield from _first(page, camera, notebook, widths)
                    yield from _states(page, camera, notebook, widths)
                page.close()


def _run(page: Page, notebook: str) -> None:
    """As far as it runs: a quiz has no code, and in the lab the learner's own is still to be written."""
    if notebook == LAB:
        opened(page)
        try_all(page)
    elif notebook == QUIZ:
        opened(page)
    else:
        run_all(page)


def _first(page: Page, camera: Camera, notebook: str, widths: Sequence[int]) -> Iterator[Shot]:
    for theme in THEMES:
        use_theme(page, theme)
        for width in widths:
            yield from camera.notebook(page, notebook, theme, width)
            camera.faults.extend(f"{notebook}, {theme}, {width}: {fault}" for fault in cut(page))


def _states(page: Page, camera: Camera, notebook: str, widths: Sequence[int]) -> Iterator[Shot]:
    panel = page.locator(OPEN)
    for state, reach in STATES.get(notebook, ()):
        page.set_viewport_size({"width": 1280, "height": 1000})
        place = reach(page, panel)
        for theme in THEMES:
            use_theme(page, theme)
            for width in widths:
                what = f"{notebook}: {state}"
                if place is None:
                    page.set_viewport_size({"width": width, "height": 1000})
                    page.evaluate("document.activeElement.scrollIntoView({block: 'center'})")
                    page.wait_for_timeout(250)
                    yield camera.window(page, what, theme)
                else:
                    yield from camera.one(place, what, theme, width)
