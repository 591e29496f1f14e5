"""What was visited opens without a network: the keeper on a small site with a worker of its own, then on the lesson."""

from __future__ import annotations

import functools
import threading
import time
from http.server import ThreadingHTTPServer

import pytest
from playwright.sync_api import Error, expect

from unpickled.authoring.site.keeping import WORKER, keep_offline

from .conftest import PLACE, Served
from .test_in_browser import run_all

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

HEARTBEAT = "() => fetch('/api/service-worker-heartbeat').then(told => told.text())"
KEPT = "() => fetch('kept.json').then(told => told.json())"
WORKS = """
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (new URL(event.request.url).pathname.startsWith("/api/")) event.respondWith(new Response("theirs"));
});
"""
PAGE = """<!doctype html><title>%s</title><script>
addEventListener("load", () => navigator.serviceWorker.register("service-worker.js"));
</script>"""
CONTROLLED = "() => navigator.serviceWorker.controller !== null"


def small_site(folder, title="first"):
    """Write a site of five files, one of which nobody asks for, and the worker that keeps the others."""
    (folder / "deep").mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(PAGE % title)
    (folder / "deep" / "a file.txt").write_text(f"{title} deep")
    (folder / "unasked.txt").write_text(f"{title} unasked")
    (folder / "same.txt").write_text("the same in every version")
    (folder / "font.eot").write_text("of earlier days")
    (folder / WORKER).write_text(WORKS)
    keep_offline(folder)


class Server:
    """A server of files that can be taken away and come back at the same port, and whose answers can be other ones."""

    def __init__(self, folder):
        self.asked = []
        self.instead = None  # what a handler does in place of its answer
        server = self

        class Handler(Served):
            def do_GET(self):  # noqa: N802 - the name is http.server's
                server.asked.append(self.path)
                (server.instead or super().do_GET.__func__)(self)

        self._handler = functools.partial(Handler, directory=str(folder))
        self._port = 0
        self.start()

    def start(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler)
        self._server.daemon_threads = True
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self):
        return f"http://127.0.0.1:{self._port}{PLACE}"


def failing(handler):
    handler.send_error(503)


def hanging(handler):
    time.sleep(90)  # longer than a test waits


def half_a_file(handler):
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    handler.wfile.write(b"first")


def a_cafes_page(handler):
    handler.send_response(200)
    handler.send_header("content-type", "text/html")
    handler.end_headers()
    handler.wfile.write(b"<title>Log in</title>")


@pytest.fixture
def served(tmp_path):
    """A small site and its server."""
    small_site(tmp_path)
    server = Server(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def visitor(browser):
    """A page of a browser that was never there."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def visit(page, server):
    """Open the small site, and once more as a page that its worker stands behind."""
    page.goto(f"{server.address}/")
    page.wait_for_function(CONTROLLED)
    page.goto(f"{server.address}/")


def until(holds, within=60):
    """Wait until something holds, or for so many seconds."""
    end = time.monotonic() + within
    while not holds() and time.monotonic() < end:
        time.sleep(0.3)


def filled(page, of, within=60):
    """Ask as JupyterLite does every twenty seconds, until so many files are kept; return what is kept."""

    def all_there():
        page.evaluate(HEARTBEAT)
        return page.evaluate(KEPT)["kept"] >= of

    until(all_there, within)
    return page.evaluate(KEPT)


def text_of(page, name):
    return page.evaluate("name => fetch(name).then(told => told.text())", name)


def test_a_quiet_page_brings_the_rest_and_all_of_it_opens_without_a_network(visitor, served):
    """What was asked for is kept at once, what was not a while after; old fonts never."""
    visit(visitor, served)
    until(lambda: visitor.evaluate(KEPT)["kept"] >= 1)
    assert visitor.evaluate(HEARTBEAT) == "theirs"
    assert visitor.evaluate(KEPT)["kept"] == 1  # the page has just asked: it is not yet quiet
    assert filled(visitor, 4) == {"kept": 4, "of": 4}
    served.stop()
    visitor.goto(f"{served.address}/?path=of/a/notebook")
    assert visitor.title() == "first"
    assert text_of(visitor, "deep/a file.txt?1") == "first deep"
    assert text_of(visitor, "unasked.txt") == "first unasked"
    with pytest.raises(Error, match="Failed to fetch"):
        text_of(visitor, "font.eot")
    with pytest.raises(Error, match="Failed to fetch"):
        text_of(visitor, "never/there")
    served.start()


def test_the_network_comes_before_what_is_kept(visitor, served, tmp_path):
    """A newer site is seen at once, even where its worker is not yet here; and what is kept stays as it was."""
    visit(visitor, served)
    filled(visitor, 4)
    (tmp_path / "unasked.txt").write_text("changed")
    assert text_of(visitor, "unasked.txt?new") == "changed"
    served.stop()
    assert text_of(visitor, "unasked.txt") == "first unasked"
    served.start()


def test_a_file_that_is_not_of_this_version_is_not_kept(visitor, served, tmp_path):
    """Half of a new upload, or what something on the way has put into a page; and it is not asked for for ever."""
    (tmp_path / "unasked.txt").write_text("changed on the way")
    visit(visitor, served)
    assert filled(visitor, 4, within=14) == {"kept": 3, "of": 4}
    assert 1 <= len([path for path in served.asked if "unasked" in path]) <= 2
    (tmp_path / "unasked.txt").write_text("first unasked")
    assert text_of(visitor, "unasked.txt") == "first unasked"
    until(lambda: visitor.evaluate(KEPT)["kept"] == 4, within=10)
    assert visitor.evaluate(KEPT) == {"kept": 4, "of": 4}


@pytest.mark.long
@pytest.mark.parametrize("answer", [failing, hanging, a_cafes_page])
def test_a_server_that_gives_no_answer_is_no_network(visitor, served, answer):
    """Its own failure, its silence, or a page in place of a file: then what is kept is shown."""
    visit(visitor, served)
    filled(visitor, 4)
    served.instead = answer
    assert text_of(visitor, "unasked.txt?again") == "first unasked"
    visitor.goto(f"{served.address}/?again")
    assert visitor.title() == ("Log in" if answer is a_cafes_page else "first")
    served.instead = None
    visitor.goto(f"{served.address}/?once-more")
    assert visitor.title() == "first"


def test_half_a_file_ends_nothing(visitor, served):
    """A load that breaks off, by a reload or a bad line, says nothing about the browser's disk."""
    visit(visitor, served)
    served.instead = half_a_file
    visitor.evaluate("() => fetch('unasked.txt').then(told => told.text()).catch(() => {})")
    served.instead = None
    assert filled(visitor, 4) == {"kept": 4, "of": 4}


def test_a_file_that_is_gone_is_gone(visitor, served, tmp_path):
    """A 404 is an answer: a newer site has no such file."""
    visit(visitor, served)
    filled(visitor, 4)
    (tmp_path / "unasked.txt").unlink()
    assert visitor.evaluate("() => fetch('unasked.txt?gone').then(told => told.status)") == 404


def test_a_folder_is_found_without_its_slash(visitor, served, tmp_path):
    """As a server leads on to it, so does the worker where there is none."""
    (tmp_path / "deep" / "index.html").write_text(PAGE % "deep")
    (tmp_path / WORKER).write_text(WORKS)
    keep_offline(tmp_path)
    visit(visitor, served)
    filled(visitor, 5)
    served.stop()
    visitor.goto(f"{served.address}/deep?path=x")
    assert visitor.title() == "deep"
    assert visitor.url == f"{served.address}/deep/?path=x"
    served.start()


@pytest.mark.long
def test_a_new_version_keeps_what_it_has_unchanged(visitor, served, tmp_path):
    """No two versions mix, nothing is brought twice, and what other sites have kept is not touched."""
    visit(visitor, served)
    filled(visitor, 4)
    visitor.evaluate("() => caches.open('unpickled /another/').then(() => caches.open('theirs'))")
    small_site(tmp_path, "second")
    visitor.goto(f"{served.address}/")
    assert visitor.title() == "second"
    until(lambda: visitor.evaluate(KEPT)["kept"] < 4)
    visitor.goto(f"{served.address}/")
    until(lambda: visitor.evaluate(KEPT)["kept"] == 2)
    served.stop()
    visitor.goto(f"{served.address}/")
    assert visitor.title() == "second"
    assert text_of(visitor, "same.txt") == "the same in every version"
    with pytest.raises(Error, match="Failed to fetch"):
        text_of(visitor, "unasked.txt")  # the first version's is not shown in the second
    served.start()
    assert filled(visitor, 4) == {"kept": 4, "of": 4}
    assert set(visitor.evaluate("() => caches.keys()")) == {
        f"unpickled {PLACE}/",
        "unpickled /another/",
        "theirs",
    }
    entries = f"async () => (await (await caches.open('unpickled {PLACE}/')).keys()).length"
    assert visitor.evaluate(entries) == 4


@pytest.mark.long
def test_a_page_that_was_never_opened_runs_without_a_network(visitor, site):
    """One visit to one page; then the server is gone, and another page runs from its first cell to its last."""
    server = Server(site)
    visitor.goto(f"{server.address}/lab/index.html?path=course/start.ipynb")
    visitor.get_by_text("Python (Pyodide) | Idle").wait_for(timeout=180_000)
    of = visitor.evaluate("() => fetch('../kept.json').then(told => told.json())")["of"]
    visitor.goto(f"{server.address}/")
    assert filled(visitor, of, within=120) == {"kept": of, "of": of}
    server.stop()
    visitor.goto(f"{server.address}/")
    expect(visitor.get_by_role("status")).to_contain_text("All of it is kept in this browser")
    visitor.goto(
        f"{server.address}/lab/index.html?path=course/L4.4.2/01-pickle-in-90-seconds.ipynb"
    )
    panel = run_all(visitor, "01-pickle-in-90-seconds")
    expect(panel.locator(".jp-Cell", has_text="LOAD = ").last).to_contain_text("folder made: True")
    server.start()
    server.stop()
