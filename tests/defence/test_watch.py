"""What goes around the door is heard, but for the blind spots that are stated; and what nobody expects is told."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading

import pytest

from unpickled import defence
from unpickled.cli.main import run
from unpickled.defence.log import append

CHILD = """
import sys
from pathlib import Path
from unpickled import defence
veto = sys.argv[2] == "veto"
defence.set_tripwire(defence.log_to(Path(sys.argv[1]), veto=veto), veto=veto, allowed={"collections", "numpy.dtype"})
import datetime, io, pickle, collections
import numpy as np
from safetensors.numpy import load, save
heard = {}
def attempt(name, call):
    before = len(Path(sys.argv[1]).read_bytes().splitlines()) if Path(sys.argv[1]).exists() else 0
    try:
        call()
        ended = "loaded"
    except Exception as error:
        ended = type(error).__name__
    after = len(Path(sys.argv[1]).read_bytes().splitlines()) if Path(sys.argv[1]).exists() else 0
    print(name, after - before, ended)
date = pickle.dumps(datetime.date(2026, 11, 23))
attempt("C", lambda: pickle.loads(date))
attempt("Python", lambda: pickle._loads(date))
objects = io.BytesIO()
np.save(objects, np.array([datetime.date(2026, 11, 23)], dtype=object), allow_pickle=True)
attempt("numpy", lambda: np.load(io.BytesIO(objects.getvalue()), allow_pickle=True))
attempt("allowed", lambda: pickle.loads(pickle.dumps(collections.OrderedDict(a=1))))
attempt("plain", lambda: pickle.loads(pickle.dumps({"a": [1, 2]})))
attempt("safetensors", lambda: load(save({"a": np.zeros(3)})))
"""


@pytest.mark.parametrize("mode", ["report", "veto"])
def test_an_unpickler_that_looks_up_a_name_is_heard(tmp_path, mode):
    """In C, in Python, by way of numpy; a pickle of plain data and safetensors are the stated blind spots."""
    log = tmp_path / "loads.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(log), mode], capture_output=True, text=True, check=True
    )
    heard = {
        name: (int(count) > 0, ended)
        for name, count, ended in map(str.split, done.stdout.splitlines())
    }
    ended = "VetoError" if mode == "veto" else "loaded"
    assert heard == {
        "C": (True, ended),
        "Python": (True, ended),
        "numpy": (True, ended),
        "allowed": (False, "loaded"),
        "plain": (False, "loaded"),
        "safetensors": (False, "loaded"),
    }
    assert defence.verify_log(log).faults == ()
    assert json.loads(log.read_bytes().splitlines()[0])["name"] == "datetime.date"


def load(path, outcome="loaded", **more):
    append(path, {"event": "load", "user": "ada", "path": "m", "outcome": outcome, **more})


def test_each_look_tells_what_is_new_and_unexpected(tmp_path):
    """Refused, failed, around the door, not pinned, edited, shorter; and a load that is expected is not told."""
    log = tmp_path / "loads.jsonl"
    load(log, digest="a")
    watch = defence.Watch(log, {"a"})
    assert watch.look() == []
    load(log, "refused", why="its sha256 is\x1b[31m another")
    load(log, digest="b")
    append(
        log,
        {"event": "tripwire", "user": "ada", "path": "x.py", "name": "os.mkdir", "outcome": "seen"},
    )
    assert [alert.text for alert in watch.look()] == [
        r"line 2: refused: m, as ada: its sha256 is\x1b[31m another",
        "line 3: loaded: m, as ada, whose sha256 nobody expects",
        "line 4: seen: x.py unpickled os.mkdir, as ada, around the door",
    ]
    assert watch.look() == []
    with log.open("ab") as file:
        file.write(b'{"half')
    assert watch.look() == []  # it is being written, for all that can be known
    load(log, digest="a")
    assert [alert.text for alert in watch.look()] == [
        "line 5: the line before it was cut, and set aside"
    ]
    rows = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(rows[:3]))
    assert [alert.text for alert in watch.look()] == [
        "line 5: the log has become shorter: lines are missing"
    ]
    log.write_bytes(b"".join([rows[0], rows[2]]))
    assert "missing, added or elsewhere" in defence.Watch(log, {"a", "b"}).look()[0].text


class Hook(http.server.BaseHTTPRequestHandler):
    """A webhook that keeps what it is told, or refuses it."""

    told: list = []  # noqa: RUF012 - one for the test
    status = 200

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.status == 200:
            self.told.append(body)
        self.send_response(self.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def hook(monkeypatch):
    monkeypatch.setattr(Hook, "told", [])
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()


def test_watch_tells_a_webhook(tmp_path, hook, capsys, monkeypatch):
    """On the terminal and to a server on loopback; 0, 1, and 2 where it was not taken."""
    log = tmp_path / "loads.jsonl"
    load(log)
    words = ["guard", "audit", "watch", str(log), "--once", "--webhook", hook]
    assert run(words) == 0
    load(log, "refused", why="no pin")
    assert run(words) == 1
    assert capsys.readouterr().out == "ALERT  line 2: refused: m, as ada: no pin\n"
    (told,) = Hook.told
    assert (told["text"], told["line"]) == ("unpickled: line 2: refused: m, as ada: no pin", 2)
    assert told["record"]["outcome"] == "refused"
    for status in (500, 302):
        monkeypatch.setattr(Hook, "status", status)
        assert run(words) == 2
        assert "the webhook does not take the alert" in capsys.readouterr().err
    assert len(Hook.told) == 1


def test_an_alert_that_was_not_taken_is_sent_again(tmp_path, hook, monkeypatch):
    """When the webhook is back, nothing was lost."""
    from unpickled.cli import guard_audit

    log = tmp_path / "loads.jsonl"
    load(log, "refused", why="one")
    load(log, "refused", why="two")
    looks = []

    def sleep(_):
        looks.append(len(Hook.told))
        monkeypatch.setattr(Hook, "status", 200 if looks else 500)
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Hook, "status", 500)
    monkeypatch.setattr(guard_audit.time, "sleep", sleep)
    assert run(["guard", "audit", "watch", str(log), "--webhook", hook]) == 130
    assert looks == [0, 2, 2]
    assert [told["record"]["why"] for told in Hook.told] == ["one", "two"]


@pytest.mark.parametrize(
    "url", ["http://example.org/x", "file:///etc/passwd", "ftp://h/x", "x", "http://[::1"]
)
def test_an_alert_goes_nowhere_in_the_clear(tmp_path, url):
    """Nor to what is no webhook."""
    with pytest.raises(defence.GuardError):
        defence.require_webhook(url)
