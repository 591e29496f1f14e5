"""The site, made once for all tests and served under a path of its own; and a page for which there is no other host."""

from __future__ import annotations

import contextlib
import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from filelock import FileLock

from unpickled.authoring.site import OUT, build_site

PLACE = "/courses/below/here"  # the base path: no file of the site knows it


@pytest.fixture(scope="session")
def site(root) -> Path:
    """The site of today's sources; kept in build/, so that a second run has nothing to make."""
    (root / "build").mkdir(exist_ok=True)
    with FileLock(root / "build" / "site.lock"):
        return build_site(root, root / OUT, print).folder


class Served(SimpleHTTPRequestHandler):
    """Files of the site below `PLACE`, and nothing else."""

    extensions_map: ClassVar = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def translate_path(self, path):
        inside = path.startswith(f"{PLACE}/")
        return super().translate_path(path.removeprefix(PLACE) if inside else "/nothing/there")

    def log_message(self, *_):
        pass

    def copyfile(self, source, outputfile):
        with contextlib.suppress(OSError):  # the browser went away
            super().copyfile(source, outputfile)


@pytest.fixture(scope="session")
def address(site):
    """Where the site is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Served, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{PLACE}"
    server.shutdown()


@pytest.fixture
def page(browser, address, root, request):
    """A page with the network blocked: a request to another host is stopped, and told in `troubles`."""
    ours = address.removesuffix(PLACE)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    troubles = []

    def stop(route):
        troubles.append(f"request: {route.request.url}")
        route.abort()

    context.route(lambda url: not url.startswith((ours, "data:", "blob:")), stop)
    opened = context.new_page()
    opened.troubles = troubles
    opened.on("pageerror", lambda error: troubles.append(f"error: {error}"))
    yield opened
    shots = root / "build" / "site-tests"
    shots.mkdir(parents=True, exist_ok=True)
    opened.screenshot(path=shots / f"{request.node.name}.png")
    context.close()
