"""What was visited opens without a network: the keeper on a small site with a worker of its own, then on the lesson."""

from __future__ import annotations

import functools
import re
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

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


FULL = """
Cache.prototype.put = () => Promise.reject(new DOMException("the disk is full", "QuotaExceededError"));
"""
SAVING = """
Object.defineProperty(self.navigator, "connection", { value: { saveData: true } });
"""
KERNEL = """
addEventListener("message", () => fetch("unasked.txt?kernel").then((told) => told.text()).then(postMessage));
postMessage("started");
"""
START = """() => new Promise((resolve) => {
  window.kernel = new Worker("kernel.js");
  window.kernel.onmessage = (event) => resolve(event.data);
})"""
ASK = """() => new Promise((resolve) => {
  window.kernel.onmessage = (event) => resolve(event.data);
  window.kernel.postMessage("ask");
})"""
SCRIPT = """() => new Promise((resolve) => {
  const script = document.createElement("script");
  script.onload = script.onerror = () => resolve(window.ran);
  script.src = "script.js?again";
  document.head.append(script);
})"""
STATUS = "name => fetch(name).then(told => told.status)"
UPDATE = "() => navigator.serviceWorker.getRegistration().then(one => one.update()).then(() => {})"
SETTLED = """() => navigator.serviceWorker.getRegistration().then(
  (one) => !one.installing && !one.waiting && one.active.state === "activated"
)"""


def small_site(folder, title="first", theirs=WORKS, more=None, **hurry):
    """Write a site of five files, one of which nobody asks for, and the worker that keeps the others.

    `theirs` is the worker that stands behind the keeper, `more` has further files, and `hurry` has other times for it.
    """
    (folder / "deep").mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(PAGE % title)
    (folder / "deep" / "a file.txt").write_text(f"{title} deep")
    (folder / "unasked.txt").write_text(f"{title} unasked")
    (folder / "same.txt").write_text("the same in every version")
    (folder / "font.eot").write_text("of earlier days")
    for name, text in (more or {}).items():
        (folder / name).write_text(text)
    (folder / WORKER).write_text(theirs)
    keep_offline(folder)
    worker = (folder / WORKER).read_text()
    for name, milliseconds in ({"QUIET": 1500, "PATIENCE": 1000} | hurry).items():
        worker, found = re.subn(rf"const {name} = \d+;", f"const {name} = {milliseconds};", worker)
        assert found == 1
    (folder / WORKER).write_text(worker)


class Server:
    """A server of files that can be taken away and come back at the same port, and whose answers can be other ones."""

    def __init__(self, folder):
        self.asked = []
        self.instead = None  # what a handler does in place of its answer
        self.only = ""  # in which paths
        self.max_age = 0  # seconds for which a browser need not ask again
        server = self

        class Handler(Served):
            def do_GET(self):  # noqa: N802 - the name is http.server's
                server.asked.append(self.path)
                other = server.instead if server.only in self.path else None
                (other or super().do_GET.__func__)(self)

            def end_headers(self):
                if server.max_age:
                    self.send_header("cache-control", f"max-age={server.max_age}")
                super().end_headers()

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


def refusing(handler):
    handler.send_error(403)


def status(code):
    """What answers with a status alone."""

    def handle(handler):
        handler.send_error(code)

    handle.__name__ = str(code)
    return handle


def slow(handler):
    time.sleep(2)  # longer than the keeper of the small site waits
    SimpleHTTPRequestHandler.do_GET(handler)


def hanging(handler):
    time.sleep(90)  # longer than a test waits


def stalling(handler):
    half_a_file(handler)
    hanging(handler)


def dripping(handler):
    """As slow as a bad line, but never silent for as long as the keeper of the small site waits."""
    bytes_ = Path(handler.translate_path(handler.path), "index.html").read_bytes()
    handler.send_response(200)
    handler.send_header("content-type", "text/html")
    handler.send_header("content-length", str(len(bytes_)))
    handler.end_headers()
    for start in range(0, len(bytes_), 50):
        handler.wfile.write(bytes_[start : start + 50])
        time.sleep(0.4)


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


def a_machines_answer(handler):
    handler.send_response(200)
    handler.send_header("content-type", "application/json")
    handler.end_headers()
    handler.wfile.write(b'{"error": "log in"}')


@pytest.fixture
def portal(tmp_path_factory):
    """What answers by leading on to a login page of another host."""
    login = Server(tmp_path_factory.mktemp("login"))
    login.instead = a_cafes_page

    def lead_away(handler):
        handler.send_response(302)
        handler.send_header("location", login.address.replace("127.0.0.1", "localhost"))
        handler.end_headers()

    yield lead_away
    login.stop()


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


def newer(page):
    """Have a page bring the worker of a second version, and wait until that has kept all of it."""
    page.evaluate(UPDATE)
    until(lambda: page.evaluate(SETTLED))  # asks the worker nothing: the old one must be idle
    until(lambda: page.evaluate(KEPT)["kept"] == 1)  # what the new version has unchanged
    assert filled(page, 4) == {"kept": 4, "of": 4}


def restart(page):
    """End the worker, as a browser does whenever it is idle; the next request starts it again."""
    tools = page.context.new_cdp_session(page)
    tools.send("ServiceWorker.enable")
    tools.send("ServiceWorker.stopAllWorkers")


def lacks(page, name):
    """A page gets no such file, but a network error."""
    with pytest.raises(Error, match="Failed to fetch"):
        text_of(page, name)


def text_of(page, name):
    return page.evaluate("name => fetch(name).then(told => told.text())", name)


def test_a_quiet_page_brings_the_rest_and_all_of_it_opens_without_a_network(
    visitor, served, tmp_path
):
    """What was asked for is kept at once, what was not a while after; old fonts never."""
    small_site(tmp_path, QUIET=5000)
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


def test_a_page_comes_from_the_network_before_what_is_kept(visitor, served, tmp_path):
    """A newer site is seen at once, even where its worker is not yet here; and what is kept stays as it was."""
    visit(visitor, served)
    filled(visitor, 4)
    small_site(tmp_path, "second")
    (tmp_path / WORKER).write_text("throw new Error('no worker yet');")
    visitor.goto(f"{served.address}/")
    assert visitor.title() == "second"
    assert text_of(visitor, "unasked.txt") == "second unasked"
    served.stop()
    visitor.goto(f"{served.address}/")
    assert visitor.title() == "first"
    assert text_of(visitor, "unasked.txt") == "first unasked"
    served.start()


def test_a_page_that_stays_open_gets_what_is_kept_of_its_version(visitor, served, tmp_path):
    """Half of a new upload is on the server, or the old files are gone from it: the page stays whole."""
    visit(visitor, served)
    filled(visitor, 4)
    (tmp_path / "unasked.txt").write_text("second unasked")
    (tmp_path / "same.txt").unlink()
    assert text_of(visitor, "unasked.txt?new") == "first unasked"
    assert text_of(visitor, "same.txt?gone") == "the same in every version"


@pytest.mark.long
@pytest.mark.parametrize(
    "there", [True, pytest.param(False, marks=pytest.mark.long)], ids=["changed", "gone"]
)
def test_a_file_that_is_not_of_this_version_is_not_kept(visitor, served, tmp_path, there):
    """Half of a new upload, or what something on the way has put into a page; and it is not asked for for ever."""
    (tmp_path / "unasked.txt").write_text("changed on the way")
    if not there:
        (tmp_path / "unasked.txt").unlink()
    visit(visitor, served)
    assert filled(visitor, 4, within=6) == {"kept": 3, "of": 4}
    assert 1 <= len([path for path in served.asked if "unasked" in path]) <= 2
    (tmp_path / "unasked.txt").write_text("first unasked")
    assert text_of(visitor, "unasked.txt") == "first unasked"
    until(lambda: visitor.evaluate(KEPT)["kept"] == 4, within=10)
    assert visitor.evaluate(KEPT) == {"kept": 4, "of": 4}


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        (failing, "first"),
        (a_cafes_page, "Log in"),
        *(
            pytest.param(*case, marks=pytest.mark.long)
            for case in [
                (hanging, "first"),
                (stalling, "first"),
                (status(400), "first"),
                (status(408), "first"),
                (status(429), "first"),
                (status(401), "Error response"),
                (refusing, "Error response"),
                (status(511), "Error response"),
                (a_machines_answer, ""),
            ]
        ),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_server_that_gives_no_answer_is_no_network(visitor, served, answer, title):
    """A file is the kept one whatever comes; a page is, unless one can do something about what comes: log in."""
    visit(visitor, served)
    filled(visitor, 4)
    served.instead = answer
    assert text_of(visitor, "unasked.txt?again") == "first unasked"
    visitor.goto(f"{served.address}/?again", timeout=10_000)
    assert visitor.title() == title
    served.instead = None
    visitor.goto(f"{served.address}/?once-more")
    assert visitor.title() == "first"


@pytest.mark.long
def test_a_page_that_comes_slowly_is_the_networks(visitor, served, tmp_path):
    """The patience is for a silent line: as long as something comes, it is waited for."""
    visit(visitor, served)
    filled(visitor, 4)
    small_site(tmp_path, "second")
    served.instead, served.only = dripping, f"{PLACE}/?slowly"
    begun = time.monotonic()
    visitor.goto(f"{served.address}/?slowly")
    assert visitor.title() == "second"
    assert time.monotonic() - begun > 1.5


@pytest.mark.long
def test_a_server_that_gives_a_page_and_then_nothing_keeps_nobody_waiting(
    visitor, served, tmp_path
):
    """A notebook has dozens of files: each of them would wait in vain."""
    small_site(tmp_path, PATIENCE=5000)
    visit(visitor, served)
    filled(visitor, 4)
    served.instead, served.only = hanging, ".txt"
    visitor.goto(f"{served.address}/?again")
    begun = time.monotonic()
    for name in ("unasked.txt", "same.txt", "deep/a file.txt"):
        assert text_of(visitor, name)
    assert time.monotonic() - begun < 5


@pytest.mark.long
def test_half_a_file_ends_nothing(visitor, served):
    """A load that breaks off, by a reload or a bad line, says nothing about the browser's disk."""
    visit(visitor, served)
    served.instead = half_a_file
    visitor.evaluate("() => fetch('unasked.txt').then(told => told.text()).catch(() => {})")
    served.instead = None
    assert filled(visitor, 4) == {"kept": 4, "of": 4}


@pytest.mark.long
def test_a_page_that_is_gone_is_gone(visitor, served, tmp_path):
    """A 404 is an answer: a newer site has no such page."""
    small_site(tmp_path, more={"deep/index.html": PAGE % "deep"})
    visit(visitor, served)
    filled(visitor, 5)
    (tmp_path / "deep" / "index.html").unlink()
    (tmp_path / "deep" / "a file.txt").unlink()
    (tmp_path / "deep").rmdir()
    visitor.goto(f"{served.address}/deep/")
    assert visitor.title() == "Error response"


@pytest.mark.long
@pytest.mark.parametrize("answer", [None, failing, hanging], ids=["gone", "failing", "hanging"])
def test_a_folder_is_found_without_its_slash(visitor, served, tmp_path, answer):
    """As a server leads on to it, so does the worker where there is none, or none that answers."""
    small_site(tmp_path, more={"deep/index.html": PAGE % "deep"})
    visit(visitor, served)
    filled(visitor, 5)
    visitor.goto(f"{served.address}/deep?path=there")
    assert visitor.url == f"{served.address}/deep/?path=there"
    served.instead = answer
    if answer is None:
        served.stop()
    visitor.goto(f"{served.address}/deep?path=x", timeout=10_000)
    assert visitor.title() == "deep"
    assert visitor.url == f"{served.address}/deep/?path=x"
    if answer is None:
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
        f"unpickled {PLACE}/ pages",
        "unpickled /another/",
        "theirs",
    }
    entries = f"async () => (await (await caches.open('unpickled {PLACE}/')).keys()).length"
    assert visitor.evaluate(entries) == 4


def replaced(visitor, served, folder, answer=None):
    """Replace the site by another version while the first one's worker stands, and open it.

    Its pages are the same, as JupyterLite's are. `answer` is what the server gives for one of its files.
    """
    visit(visitor, served)
    filled(visitor, 4)
    small_site(folder, more={"unasked.txt": "second unasked"})
    (folder / WORKER).write_text("throw new Error('no worker yet');")
    served.instead, served.only = answer, "unasked"
    visitor.goto(f"{served.address}/")


def test_a_newer_site_is_not_mixed_with_what_the_browser_has_in_its_http_cache(
    visitor, served, tmp_path
):
    """GitHub Pages lets a browser hold a file for ten minutes; page and files are the server's for all that."""
    served.max_age = 600
    visit(visitor, served)
    filled(visitor, 4)
    assert text_of(visitor, "unasked.txt") == "first unasked"
    small_site(tmp_path, "second")
    visitor.goto(f"{served.address}/")
    assert visitor.title() == "second"
    assert text_of(visitor, "unasked.txt") == "second unasked"


@pytest.mark.long
def test_a_file_that_the_browser_holds_in_an_older_version_is_brought_from_the_server(
    visitor, served, tmp_path
):
    """The HTTP cache saves a second load of what the visit has loaded; what it has of an older version is no use."""
    served.max_age = 600
    visit(visitor, served)
    filled(visitor, 4)
    small_site(tmp_path, "second")
    visitor.goto(f"{served.address}/")
    until(lambda: visitor.evaluate(KEPT)["kept"] < 4)
    assert filled(visitor, 4, within=30) == {"kept": 4, "of": 4}


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (failing, "Service Unavailable"),
        pytest.param(slow, "second unasked", marks=pytest.mark.long),
    ],
    ids=["failing", "slow"],
)
def test_a_newer_page_gets_no_file_that_an_older_worker_has_kept(
    visitor, served, tmp_path, answer, text
):
    """Not even where the pages of both are the same but for their version's name."""
    replaced(visitor, served, tmp_path, answer)
    assert text in text_of(visitor, "unasked.txt")


@pytest.mark.long
def test_a_newer_page_gets_no_older_file_when_the_network_goes(visitor, served, tmp_path):
    """An error is better than half of one version and half of another."""
    replaced(visitor, served, tmp_path)
    served.stop()
    with pytest.raises(Error, match="Failed to fetch"):
        text_of(visitor, "unasked.txt")
    served.start()


@pytest.mark.long
def test_a_page_that_was_kept_gets_its_files_from_what_is_kept(visitor, served, tmp_path):
    """The server had no answer for the page, and then has one for the files: it gives only what is not kept."""
    visit(visitor, served)
    filled(visitor, 4)
    served.instead = failing
    visitor.goto(f"{served.address}/")
    served.instead = None
    small_site(tmp_path, "second", more={"new.txt": "new"})
    assert text_of(visitor, "unasked.txt") == "first unasked"
    assert text_of(visitor, "new.txt") == "new"
    visitor.goto(f"{served.address}/")
    assert visitor.title() == "second"
    assert text_of(visitor, "unasked.txt") == "second unasked"


@pytest.mark.long
def test_a_worker_of_a_page_is_of_its_version(visitor, served, tmp_path):
    """A kernel asks for itself, and gets a kept file as its page does."""
    small_site(tmp_path, more={"kernel.js": KERNEL})
    visit(visitor, served)
    filled(visitor, 5)
    assert visitor.evaluate(START) == "started"
    served.instead = failing
    assert visitor.evaluate(ASK) == "first unasked"


def test_a_worker_that_was_restarted_knows_its_pages(visitor, served, tmp_path):
    """And the workers of its pages: a kernel loads late what it needs."""
    small_site(tmp_path, more={"kernel.js": KERNEL})
    visit(visitor, served)
    assert visitor.evaluate(START) == "started"
    filled(visitor, 5)
    restart(visitor)
    served.instead = failing
    assert visitor.evaluate(STATUS, "unasked.txt") == 200
    assert visitor.evaluate(ASK) == "first unasked"
    restart(visitor)
    served.stop()
    assert text_of(visitor, "unasked.txt") == "first unasked"
    assert visitor.evaluate(ASK) == "first unasked"
    served.start()


def test_a_page_of_which_nothing_is_known_gets_no_kept_file(visitor, served):
    """It may be of any version."""
    visit(visitor, served)
    filled(visitor, 4)
    assert visitor.evaluate(f"() => caches.delete('unpickled {PLACE}/ pages')")
    restart(visitor)
    assert text_of(visitor, "unasked.txt") == "first unasked"  # the network has it
    served.stop()
    lacks(visitor, "unasked.txt")
    visitor.goto(f"{served.address}/")
    assert text_of(visitor, "unasked.txt") == "first unasked"
    served.start()


@pytest.mark.long
def test_a_page_that_stays_open_gets_no_file_that_a_newer_worker_has_kept(
    visitor, served, tmp_path
):
    """Another tab has brought the newer version; and that tab, whose page an older worker gave, has what is kept."""
    visit(visitor, served)
    filled(visitor, 4)
    small_site(tmp_path, "second")
    other = visitor.context.new_page()
    other.goto(f"{served.address}/")
    newer(other)
    served.instead = failing
    assert visitor.evaluate(STATUS, "unasked.txt") == 503
    served.stop()
    lacks(visitor, "unasked.txt")
    assert text_of(other, "unasked.txt") == "second unasked"
    restart(visitor)
    lacks(visitor, "unasked.txt")
    assert text_of(other, "unasked.txt") == "second unasked"
    served.start()


def test_a_kept_page_gets_no_file_that_a_newer_worker_has_kept(visitor, served, tmp_path):
    """The server comes back with a newer version while the page is open."""
    visit(visitor, served)
    filled(visitor, 4)
    served.instead = failing
    visitor.goto(f"{served.address}/")
    served.instead = None
    small_site(tmp_path, "second")
    newer(visitor)
    served.stop()
    lacks(visitor, "unasked.txt")
    visitor.goto(f"{served.address}/")
    assert visitor.title() == "second"
    assert text_of(visitor, "unasked.txt") == "second unasked"
    served.start()


@pytest.mark.long
def test_a_page_that_was_there_before_the_first_worker_is_of_its_version(visitor, served, tmp_path):
    """A first visit's page has what is kept from then on, and no newer version's."""
    visitor.goto(f"{served.address}/")
    visitor.wait_for_function(CONTROLLED)
    filled(visitor, 4)
    served.instead = failing
    assert visitor.evaluate(STATUS, "unasked.txt") == 200
    served.instead = None
    small_site(tmp_path, "second")
    newer(visitor)
    served.stop()
    lacks(visitor, "unasked.txt")
    served.start()


@pytest.mark.long
def test_a_page_that_was_closed_is_forgotten(visitor, served):
    """Else a browser would hold a line for each page that was ever opened."""
    visit(visitor, served)
    for _ in range(3):
        visitor.goto(f"{served.address}/")
    noted = f"async () => (await (await caches.open('unpickled {PLACE}/ pages')).keys()).length"
    assert visitor.evaluate(noted) >= 4

    def forgotten():
        visitor.evaluate(HEARTBEAT)
        return visitor.evaluate(noted) == 1

    until(forgotten, within=20)
    assert visitor.evaluate(noted) == 1


def test_a_network_that_leads_away_to_its_login_is_no_network(visitor, served, tmp_path, portal):
    """A script's answer from another host cannot be looked into; a page's is shown, so that one can log in."""
    small_site(tmp_path, more={"script.js": "window.ran = 'first';"})
    visit(visitor, served)
    filled(visitor, 5)
    served.instead = portal
    assert visitor.evaluate(SCRIPT) == "first"
    assert text_of(visitor, "unasked.txt") == "first unasked"
    visitor.goto(f"{served.address}/")
    assert visitor.title() == "Log in"


@pytest.mark.long
def test_a_way_out_of_the_folder_on_the_same_host_is_no_answer(visitor, served):
    """The portal may be where the site is."""
    visit(visitor, served)
    filled(visitor, 4)

    def lead_out(handler):
        if handler.path.startswith("/login"):
            handler.send_response(200)
            handler.send_header("content-type", "text/plain")
        else:
            handler.send_response(302)
            handler.send_header("location", "/login")
        handler.end_headers()

    served.instead = lead_out
    assert text_of(visitor, "unasked.txt") == "first unasked"


@pytest.mark.long
@pytest.mark.parametrize(
    "answer",
    [failing, hanging, pytest.param(stalling, marks=pytest.mark.long)],
    ids=lambda one: one.__name__,
)
def test_a_file_that_does_not_come_keeps_no_other_from_being_brought(
    visitor, served, tmp_path, answer
):
    """It is asked for again later: a server that fails for a moment has it then."""
    small_site(tmp_path, LONGEST=2000)
    served.instead, served.only = answer, "same.txt"
    visit(visitor, served)
    assert filled(visitor, 3, within=15) == {"kept": 3, "of": 4}
    served.instead = None
    assert filled(visitor, 4, within=15) == {"kept": 4, "of": 4}


def test_a_full_disk_ends_the_keeping(visitor, served, tmp_path):
    """Else all of the site would be brought again and again, for nothing."""
    small_site(tmp_path, theirs=WORKS + FULL)
    visit(visitor, served)
    assert filled(visitor, 1, within=4) == {"kept": 0, "of": 4}
    assert not [path for path in served.asked if path.endswith(".txt")]


@pytest.mark.long
def test_where_data_are_to_be_saved_nothing_is_brought(visitor, served, tmp_path):
    """What the visit asks for is kept all the same."""
    small_site(tmp_path, theirs=WORKS + SAVING)
    visit(visitor, served)
    assert filled(visitor, 2, within=4) == {"kept": 1, "of": 4}


@pytest.mark.long
def test_a_part_of_a_file_is_not_answered_with_the_whole(visitor, served):
    """The keeper has no parts: who asks for one asks the network."""
    visit(visitor, served)
    filled(visitor, 4)
    served.stop()
    part = "() => fetch('unasked.txt', { headers: { range: 'bytes=0-4' } })"
    with pytest.raises(Error, match="Failed to fetch"):
        visitor.evaluate(part)
    served.start()


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
