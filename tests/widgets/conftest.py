"""A browser for the widgets: the system's Chromium on self-contained pages, with every surprise made a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from unpickled.widgets import CourseWidget, to_page

expect.set_options(timeout=3_000)

Show = Callable[..., Page]


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Show]:
    """Open widgets on a page of their own; any console error, exception or request fails the test at its end."""
    trouble: list[str] = []
    contexts = []

    def open_page(
        *widgets: CourseWidget,
        theme: str = "light",
        width: int = 1000,
        height: int = 900,
        **options: object,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, offline=True, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        target = tmp_path / f"page-{len(contexts)}.html"
        target.write_text(to_page(list(widgets), theme=theme), encoding="utf-8")
        address = target.as_uri()
        page.on("request", lambda request: request.url != address and trouble.append(request.url))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not trouble, f"the page complained or asked for something: {trouble}"
