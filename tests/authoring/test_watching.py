"""Watching: a save is built and the open page reloads; the preview serves this machine, and what is generated alone."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from unpickled.authoring import slides
from unpickled.authoring.serving import Server
from unpickled.authoring.watching import watch
from unpickled.errors import SetupError

SLIDES = "slides/L4.4.2/slides.html"


@pytest.fixture
def drawn(monkeypatch):
    """A writer of slides that is done at once."""
    page = "<!DOCTYPE html><html><body><p>{}</p></body></html>"
    monkeypatch.setattr(
        slides, "html_slides", lambda root, deck: page.format(deck.slides[-1].spoken[0]).encode()
    )
    monkeypatch.setattr(slides, "pptx_slides", lambda root, deck: b"pptx")


@contextmanager
def watching(course, lesson=""):
    """Watch in a thread; gives the lines that it says and a way to wait for one."""
    said, stop, wake = [], threading.Event(), threading.Condition()

    def say(line):
        with wake:
            said.append(line)
            wake.notify_all()

    def wait(words, after=0):
        def there():
            return any(words in line for line in said[after:])

        with wake:
            assert wake.wait_for(there, timeout=40), said
        return next(line for line in said[after:] if words in line)

    thread = threading.Thread(
        target=watch, args=(course, lesson), kwargs={"say": say, "stop": stop}
    )
    thread.start()
    try:
        yield said, wait
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def get(address, path="/", **headers):
    host = address.split("/")[2]
    connection = http.client.HTTPConnection(host, timeout=20)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, data.decode()


def test_a_save_is_built_and_told(written, edit, drawn):
    """The slide is made anew, the saved file is named, and notebooks that are written start no second round."""
    with watching(written) as (said, wait):
        wait("Open http://127.0.0.1:")
        before = len(said)
        edit("See you there.", "See you soon.")
        wait(f"wrote {SLIDES}", before)
        assert "saved course/L4.4.2/deck.md" in said[before:]
        assert "See you soon." in (written / SLIDES).read_text("utf-8")
        time.sleep(1)
        assert sum("saved" in line for line in said[before:]) == 1


def test_a_fault_is_shown_and_the_watch_goes_on(written, edit, drawn):
    """An author who is in the middle of a line sees the fault, mends it, and goes on."""
    with watching(written, "L4.4.2") as (said, wait):
        wait("Open http")
        before = len(said)
        line = edit("layout=next", "layout=nxt")
        wait(f"course/L4.4.2/deck.md:{line}: ", before)
        edit("layout=nxt", "layout=next")
        edit("See you there.", "See you soon.")
        wait(f"wrote {SLIDES}", before)


def test_a_rule_that_is_broken_is_shown_beside_the_new_slide(written, edit, drawn):
    """A deck that can be built is built, and what its rules say of it is told as well."""
    with watching(written, "L4.4.2") as (said, wait):
        wait("Open http")
        before = len(said)
        edit("do three things", "do four things")
        wait('slide "minimum" says "four things" and shows 3 steps. Make them the same.', before)
        assert (
            "wrote slides/L4.4.2/slides.pptx" in said[before:]
            or "wrote video-scripts/L4.4.2/script.md" in said[before:]
        )


def test_what_no_author_writes_is_not_watched(written, drawn):
    """Notebooks, drafts of editors and hidden folders start no build."""
    with watching(written, "L4.8") as (said, wait):
        wait("Open http")
        before = len(said)
        for name in ("x.ipynb", ".deck.md.swp", ".#deck.md", "~deck.md", "deck.md~"):
            (written / "course/L4.4.2" / name).write_text("x")
        time.sleep(1.2)
        assert said[before:] == []


def test_a_missing_tool_is_named_with_the_command_that_mends_it(written, monkeypatch):
    """Without watchfiles there is nothing to watch with."""
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(
        SetupError, match=r"watchfiles: it is not installed\. Run: tools/setup\.sh dev"
    ):
        watch(written, say=print)


@pytest.fixture
def pages(tmp_path):
    for name in (
        SLIDES,
        "video-scripts/L4.4.2/captions.srt",
        "course/secret.toml",
        "slides/.draft.html",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"this is {name}")
    (tmp_path / "slides" / "out.html").symlink_to(tmp_path / "course" / "secret.toml")
    return tmp_path


def test_the_first_page_lists_what_there_is(pages):
    """Pages lead to their reloading selves, files to themselves."""
    with Server(pages) as server:
        status, text = get(server.address)
        assert status == 200
        assert f'href="/watch/{SLIDES}"' in text
        assert 'href="/video-scripts/L4.4.2/captions.srt"' in text
        assert ".draft" not in text
        status, text = get(server.address, f"/watch/{SLIDES}")
        assert status == 200
        assert f'src="/{SLIDES}"' in text
        assert get(server.address, f"/{SLIDES}") == (200, f"this is {SLIDES}")


@pytest.mark.parametrize(
    "path",
    ["/course/secret.toml", "/slides/../course/secret.toml", "/slides/%2e%2e/course/secret.toml", "/slides/out.html",
     "/watch/course/secret.toml", "//etc/passwd", "/slides", "/slides/", "/none", "/watch/"],
)  # fmt: skip
def test_nothing_but_generated_files_is_served(pages, path):
    """No source, no folder, nothing above, wherever dots and links may lead."""
    with Server(pages) as server:
        status, text = get(server.address, path)
    assert status == 404
    assert "this is" not in text


@pytest.mark.parametrize("host", ["example.org", "example.org:80", "", "127.0.0.1.example.org"])
def test_another_name_is_refused(pages, host):
    """A page elsewhere that has its own name lead here gets nothing."""
    with Server(pages) as server:
        assert get(server.address, f"/{SLIDES}", Host=host)[0] == 403


def test_it_listens_to_this_machine_alone(pages):
    """The loopback address, and no other."""
    with Server(pages) as server:
        assert server.address.startswith("http://127.0.0.1:")
        assert server._server.server_address[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_told(pages):
    """With what to do."""
    with Server(pages) as server:
        port = int(server.address.split(":")[2].strip("/"))
        with pytest.raises(SetupError, match=rf"port {port}: cannot be listened at: .*--port 0"):
            Server(pages, port)


def test_pages_are_told_of_each_version_and_of_faults(pages):
    """An open line gets what is built now, then each change, and ends when the server does."""
    with Server(pages) as server:
        connection = http.client.HTTPConnection(server.address.split("/")[2], timeout=20)
        connection.request("GET", "/events")
        answer = connection.getresponse()
        assert answer.getheader("Content-Type") == "text/event-stream"

        def event():
            line = answer.readline()
            answer.readline()
            return json.loads(line.removeprefix(b"data: "))

        first = event()
        server.tell()
        second = event()
        server.tell(fault="deck.md:3: is wrong.", built=False)
        third = event()
        assert int(first["version"]) < int(second["version"]) == int(third["version"])
        assert (first["fault"], second["fault"], third["fault"]) == ("", "", "deck.md:3: is wrong.")
    answer.read()  # ends
    connection.close()


@pytest.mark.browser
def test_the_open_page_reloads_and_shows_a_fault(written, edit, drawn, browser):
    """In a browser: the sentence changes without a key, and a fault stands at the foot until it is mended."""
    with watching(written, "L4.4.2") as (_, wait):
        address = wait("Open http").split()[1]
        page = browser.new_page()
        page.goto(f"{address}watch/{SLIDES}")
        frame = page.frame_locator("iframe")
        frame.get_by_text("See you there.").wait_for()
        edit("See you there.", "See you soon.")
        frame.get_by_text("See you soon.").wait_for()
        edit("layout=next", "layout=nxt")
        page.get_by_role("alert").get_by_text("unknown layout").wait_for()
        edit("layout=nxt", "layout=next")
        page.get_by_role("alert").wait_for(state="hidden")


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal as a shell does")
def test_ctrl_c_ends_the_command_and_leaves_no_draft(written):
    """Exit code 0, a word about PDF, no temporary file, and the port is free."""
    command = [str(Path(sys.executable).parent / "unpickled"), "author", "watch", "L4.8"]
    run = subprocess.Popen(
        command,
        cwd=written,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    seen = ""
    while "Open http" not in seen:
        line = run.stdout.readline()
        assert line, "the command ended by itself"
        seen += line
    run.send_signal(signal.SIGINT)
    rest, _ = run.communicate(timeout=30)
    assert run.returncode == 0
    assert "Stopped. For PDF and pictures run: unpickled author build" in rest
    assert not list(written.rglob(".*.ipynb.*"))


def test_a_lesson_that_is_not_there_is_told_while_watching(written):
    """The watch goes on: it may be there after the next save."""
    with watching(written, "L9.9") as (_, wait):
        assert wait("L9.9: is no lesson or lab")
