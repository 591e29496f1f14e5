"""What goes around the door is heard, but for the blind spots that are stated; and what nobody expects is told."""

from __future__ import annotations

import http.server
import json
import socket
import subprocess
import sys
import threading

import pytest

from unpickled import defence
from unpickled.cli.main import run
from unpickled.defence.appending import append

CHILD = """
import sys
from pathlib import Path
from unpickled import defence
veto = sys.argv[2] == "veto"
defence.set_tripwire(defence.log_to(Path(sys.argv[1]), veto=veto), veto=veto, allowed={"collections", "numpy"})
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
attempt("below", lambda: pickle.loads(pickle.dumps(np.zeros(2))))
attempt("plain", lambda: pickle.loads(pickle.dumps({"a": [1, 2]})))
attempt("safetensors", lambda: load(save({"a": np.zeros(3)})))
class Own(pickle.Unpickler):
    def find_class(self, module, name):
        return getattr(sys.modules[module], name)
attempt("own", lambda: Own(io.BytesIO(date)).load())
import copyreg
copyreg.add_extension("datetime", "date", 240)
numbered = pickle.dumps(datetime.date(2026, 11, 23))
attempt("numbered", lambda: pickle.loads(numbered))
attempt("again", lambda: pickle.loads(numbered))
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters
other, there = interpreters.create(), f"import pickle; pickle.loads({date})"
attempt("another interpreter", lambda: interpreters.run_string(other, there))
"""


@pytest.mark.parametrize("mode", ["report", "veto"])
def test_an_unpickler_that_looks_up_a_name_is_heard(tmp_path, mode):
    """In C, in Python, by way of numpy; the rest are the stated blind spots."""
    log = tmp_path / "loads.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(log), mode], capture_output=True, text=True, check=True
    )
    heard = {
        name: (int(count) > 0, ended)
        for name, count, ended in (line.rsplit(" ", 2) for line in done.stdout.splitlines())
    }
    ended = "VetoError" if mode == "veto" else "loaded"
    assert heard == {
        "C": (True, ended),
        "Python": (True, ended),
        "numpy": (True, ended),
        "allowed": (False, "loaded"),
        "below": (True, ended),
        "plain": (False, "loaded"),
        "safetensors": (False, "loaded"),
        "own": (False, "loaded"),
        "numbered": (True, ended),
        "again": (mode == "veto", ended),
        "another interpreter": (False, "loaded"),
    }
    assert defence.verify_log(log).faults == ()
    assert json.loads(log.read_bytes().splitlines()[0])["name"] == "datetime.date"


ALLOWED = """
import os, pickle, random, sys, types
from unpickled import defence
from unpickled.defence import VetoError
mine, old = types.ModuleType("mine"), types.ModuleType("Queue")
source = "import os; from os import mkdir\\n"
source += "def own(path): pass\\nclass Outer:\\n def __init__(self, path): pass\\n"
source += " class Inner:\\n  def __init__(self, path): pass\\n class Other(Inner): pass\\n"
exec(source, mine.__dict__)
exec("class Queue:\\n def __init__(self, path): pass\\n", old.__dict__)
sys.modules.update(mine=mine, Queue=old)
heard = []
allowed = ["random", "mine", "mine.Outer.Inner", "colorsys", "Queue"]
defence.set_tripwire(heard.append, veto=True, allowed=allowed)
allowed.append("os.mkdir")
def text(words):
    return b"\\x8c" + bytes([len(words)]) + words.encode()
for asked in sys.argv[2:]:
    module, name = asked.split(":")
    if module == "Queue":
        data = b"\\x80\\x02cQueue\\nQueue\\n"
    else:
        data = b"\\x80\\x04" + text(module) + text(name) + b"\\x93"
    try:
        pickle.loads(data + text(sys.argv[1]) + b"\\x85R.")
        print(asked, "passed", len(heard))
    except VetoError:
        print(asked, "vetoed", len(heard))
    heard.clear()
assert "colorsys" not in sys.modules
"""
NAMES = {
    "mine:own": "passed",
    "mine:Outer": "passed",
    "mine:Outer.Inner": "passed",  # by its own name
    "mine:Outer.Other": "vetoed",
    "mine:mkdir": "vetoed",  # imported from elsewhere
    "mine:os.mkdir": "vetoed",
    "mine:own.__globals__": "vetoed",
    "mine:none": "vetoed",
    "random:_os.mkdir": "vetoed",
    "colorsys:rgb_to_hsv": "vetoed",  # not imported so far, so nobody can tell
    "Queue:Queue": "vetoed",  # an old pickle gets that of Python's queue
    "os:mkdir": "vetoed",
}


def test_an_allowed_module_stands_for_no_other(tmp_path):
    """What it has imported is not its own: the canary's folder is not made, and each name is heard."""
    words = [sys.executable, "-c", ALLOWED, str(tmp_path / "canary"), *NAMES]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert dict(line.split(" ", 1) for line in done.stdout.splitlines()) == {
        name: "passed 0" if how == "passed" else "vetoed 1" for name, how in NAMES.items()
    }
    assert list(tmp_path.iterdir()) == []


def load(path, outcome="loaded", **more):
    append(path, {"event": "load", "user": "ada", "path": "m", "outcome": outcome, **more})


@pytest.mark.parametrize("name", ["path", "why", "user", "name", "outcome"])
def test_half_of_a_pair_of_letters_ends_no_watch(tmp_path, capsys, name):
    """It is no text that a terminal or a file could have: it is written out."""
    log = tmp_path / "loads.jsonl"
    append(
        log,
        {"event": "tripwire" if name == "name" else "load", "outcome": "failed", name: "\ud800"},
    )
    load(log, "refused", why="\udcff")
    assert run(["guard", "audit", "watch", str(log), "--once"]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert r"\xed\xa0\x80" in first
    assert second.endswith(r"\xff")


def test_a_log_that_is_emptied_and_then_gone_is_told_twice(tmp_path):
    """It has no line that was read, but it was there."""
    log = tmp_path / "loads.jsonl"
    load(log)
    watch = defence.Watch(log)
    assert watch.look() == []
    log.write_bytes(b"")
    assert [alert.text for alert in watch.look()] == [
        "line 1: the log has become shorter: lines are missing"
    ]
    log.unlink()
    assert [alert.text for alert in watch.look()] == [
        "the log cannot be read any more: there is no such file"
    ]
    assert watch.look() == []
    with pytest.raises(defence.GuardError, match="no such file"):
        defence.Watch(log).look()


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
        "line 5: the line before it was cut, or blank, and is set aside"
    ]
    rows = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(rows[:3]))
    assert (
        [alert.text for alert in watch.look()]
        == [
            "line 5: the log has become shorter: lines are missing"  # and what was told is not told again
        ]
    )
    log.unlink()
    assert [alert.text for alert in watch.look()] == [
        "the log cannot be read any more: there is no such file"
    ]
    assert watch.look() == []
    log.write_bytes(b"".join(rows[:3]))
    load(log, "refused", why="after all")
    assert [alert.text for alert in watch.look()] == ["line 4: refused: m, as ada: after all"]
    log.write_bytes(b"".join([rows[0], rows[2]]))
    assert "missing, added or elsewhere" in defence.Watch(log, {"a", "b"}).look()[0].text


def test_an_edit_of_what_was_read_shows_in_time(tmp_path, monkeypatch):
    """Of the same length, and with a hash of its own: by the next look at the whole log."""
    monkeypatch.setattr(defence.watch, "_DEEP", 3)
    log = tmp_path / "loads.jsonl"
    load(log, digest="a")
    load(log, digest="b")
    watch = defence.Watch(log)
    assert watch.look() == []
    first, second = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(first.replace(b"ada", b"bob") + second)
    assert watch.look() == []
    assert [alert.text for alert in watch.look()] == [
        "line 2: the log was changed where it had been read already",
        "line 1: it was edited",
    ]
    assert [watch.look() for _ in range(3)] == [[], [], []]


def test_another_log_in_its_place_is_told_anew(tmp_path, capsys):
    """A log that was rotated: the same words on the same line are another load's; and each alert as JSON."""
    log = tmp_path / "loads.jsonl"
    load(log, "refused", why="no pin")
    watch = defence.Watch(log)
    (told,) = watch.look()
    log.unlink()
    load(log, "refused", why="no pin", digest="of another file")
    load(log)
    alerts = watch.look()
    assert [alert.text for alert in alerts][-1] == told.text
    assert alerts[-1].record["hash"] != told.record["hash"]
    assert run(["guard", "audit", "watch", str(log), "--once", "--json"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == alerts[-1].to_dict()


def test_a_log_that_comes_back_is_read_whole(tmp_path):
    """At once: one that was edited in between may be as long, and end in the same line."""
    log = tmp_path / "loads.jsonl"
    load(log, digest="a")
    load(log)
    watch = defence.Watch(log)
    assert watch.look() == []
    rows = log.read_bytes()
    log.unlink()
    assert len(watch.look()) == 1
    log.write_bytes(rows.replace(b"ada", b"bob", 1))
    assert [alert.text for alert in watch.look()] == [
        "line 2: the log was changed where it had been read already",
        "line 1: it was edited",
    ]


def test_another_log_of_the_same_length_is_told_at_once(tmp_path):
    """In the place of the one that was read, whether it was seen to be gone or not."""
    log = tmp_path / "loads.jsonl"
    for look_between in (True, False):
        log.unlink(missing_ok=True)
        load(log, "refused", why="no pin")
        watch = defence.Watch(log)
        length = len(watch.look()[0].record) and log.stat().st_size
        log.unlink()
        assert not look_between or len(watch.look()) == 1
        load(log, "refused", why="no Pin")
        assert log.stat().st_size == length
        assert [alert.text for alert in watch.look()] == [
            "line 1: the log was changed where it had been read already",
            "line 1: refused: m, as ada: no Pin",
        ]


def test_a_load_without_an_end_is_told_when_its_time_is_over(tmp_path):
    """Once; and not while it may be under way, nor when it ended."""
    log = tmp_path / "loads.jsonl"
    watch = defence.Watch(log)
    far = "9999-01-01T00:00:00.000000Z"
    for until, ended in (("2026-11-01T00:00:00.000000Z", True), (far, False), ("zzzz", False)):
        line = {"event": "load", "user": "ada", "path": "m", "outcome": "begun", "until": until}
        begun = append(log, line)
        if ended:
            load(log, begun=begun)
    assert [alert.text for alert in watch.look()] == [
        "line 4: begun: m, as ada, and its end is not in the log: it was killed"
    ]
    assert watch.look() == []
    assert defence.verify_log(log).unfinished == (3, 4)


def test_a_log_at_rest_is_read_to_its_end(tmp_path, capsys):
    """With --once, half a line was cut; it is not being written."""
    log = tmp_path / "loads.jsonl"
    load(log)
    load(log)
    log.write_bytes(log.read_bytes()[:-10])
    assert run(["guard", "audit", "watch", str(log), "--once"]) == 1
    assert capsys.readouterr().out == "ALERT  line 2: it is cut\n"


class Hook(http.server.BaseHTTPRequestHandler):
    """A webhook that keeps what it is told, or refuses it."""

    told: list = []  # noqa: RUF012 - one for the test
    status = 200
    refused = ()  # numbers of lines

    def do_GET(self):
        self.told.append("redirected")
        self.send_error(200)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = 400 if body["line"] in self.refused else self.status
        if status == 200:
            self.told.append(body)
        self.send_response(status)
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
    """On the terminal and to a server on loopback, with no proxy; 0, 1, and 2 where it was not taken, or sent on."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
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
    assert sorted(told["record"]["why"] for told in Hook.told) == ["one", "two"]


def test_an_alert_that_is_refused_does_not_hold_up_the_others(hook, monkeypatch):
    """It is tried again behind them, and passed over in the end, which is told."""
    monkeypatch.setattr(Hook, "refused", (1,))
    outbox = defence.Outbox(hook)
    alerts = [defence.Alert(f"line {number}", number, {}) for number in (1, 2, 3)]
    told = [outbox.send(alerts), *(outbox.send([]) for _ in range(5))]
    assert [one["line"] for one in Hook.told] == [2, 3]
    assert [len(problems) for problems in told] == [1, 1, 1, 1, 1, 0]
    assert "the webhook refuses the alert: 400, for the 5th time" in str(told[4][0])
    assert (outbox.waiting, outbox.lost) == ([], 1)


@pytest.mark.parametrize("status", [429, 503])
def test_a_webhook_that_says_later_loses_nothing(hook, monkeypatch, status):
    """However often; and when the time of a round is over, the log is looked at again first."""
    monkeypatch.setattr(Hook, "status", status)
    outbox = defence.Outbox(hook)
    alert = defence.Alert("x", 1, {})
    assert [len(outbox.send([alert] if not n else [])) for n in range(7)] == [1] * 7
    monkeypatch.setattr(Hook, "status", 200)
    monkeypatch.setattr(defence.webhook, "_ROUND", 0)
    assert outbox.send([]) == []
    assert (outbox.waiting, outbox.lost, Hook.told) == ([(alert, 0)], 0, [])


ANSWERS = {
    "garbage": b"\x00\xff" * 100 + b"\r\n\r\n",
    "no status": b"HTTP/1.1 abc\r\n\r\n",
    "a line too long": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    "too many lines": b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 101 + b"\r\n",
    "nothing": b"",
}


def answering(answer):
    """Serve one answer on loopback, whatever is asked; returns its address and what ends it."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve():
        connection, _ = listening.accept()
        with connection, listening:
            connection.recv(65536)
            answer(connection, over)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}/", over


@pytest.mark.parametrize("name", ANSWERS)
def test_no_answer_of_a_webhook_ends_the_watch(name):
    """Whatever it is, the alert was not taken, and it is tried again."""
    url, _ = answering(lambda connection, _: connection.sendall(ANSWERS[name]))
    outbox = defence.Outbox(url)
    (problem,) = outbox.send([defence.Alert("x", 1, {})])
    assert "the webhook does not take the alert" in str(problem)
    assert "no answer in" not in str(problem)
    assert len(outbox.waiting) == 1


def test_an_answer_that_does_not_end_is_not_waited_for(monkeypatch):
    """A byte now and then outlives the timeout of a socket, but not that of the alert; nor do threads pile up."""
    monkeypatch.setattr(defence.webhook, "_PATIENCE", 0.2)
    monkeypatch.setattr(defence.webhook, "_HANGING", 1)

    def drip(connection, over):
        for _ in range(60):
            if over.wait(0.05):
                return
            connection.sendall(b"H")

    url, over = answering(drip)
    for problem in ("no answer in 0.2 seconds", "has not ended its earlier answers"):
        with pytest.raises(defence.GuardError, match=problem):
            defence.tell_webhook(url, defence.Alert("x", 1, {}))
    over.set()


def test_a_log_that_is_not_there_yet_is_waited_for(tmp_path, capsys, monkeypatch):
    """A service begins before the first load; said once. With --once it is an error, whose remedy is true."""
    from unpickled.cli import guard_audit

    log = tmp_path / "loads.jsonl"
    sleeps = []

    def sleep(_):
        sleeps.append(capsys.readouterr())
        if len(sleeps) == 3:
            load(log, "refused", why="no pin")
        if len(sleeps) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(guard_audit.time, "sleep", sleep)
    assert run(["guard", "audit", "watch", str(log), "--once"]) == 2
    told = capsys.readouterr().err
    assert "there is no such file. Check the path; or nothing was loaded so far." in told
    assert run(["guard", "audit", "watch", str(log)]) == 130
    assert [("it is waited for" in one.err, one.out) for one in sleeps] == [
        (True, ""),
        (False, ""),
        (False, ""),
        (False, "ALERT  line 1: refused: m, as ada: no pin\n"),
    ]


def test_what_was_not_sent_once_is_not_said_to_be_tried_again(tmp_path, hook, capsys, monkeypatch):
    """With --once nobody does."""
    monkeypatch.setattr(Hook, "status", 400)
    load(tmp_path / "loads.jsonl", "refused", why="no pin")
    words = ["guard", "audit", "watch", str(tmp_path / "loads.jsonl"), "--once"]
    assert run([*words, "--webhook", hook]) == 2
    told = capsys.readouterr().err
    assert "the webhook refuses the alert: 400. It was not sent" in told
    assert "again." not in told.replace("look again.", "")


@pytest.mark.parametrize("every", ["nan", "inf", "0", "-1"])
def test_a_time_between_looks_is_a_time(tmp_path, every, capsys):
    """Anything else is wrong usage."""
    assert run(["guard", "audit", "watch", str(tmp_path / "x"), "--every", every]) == 2
    assert "not in the range" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x",
        "file:///etc/passwd",
        "ftp://h/x",
        "x",
        "http://[::1",
        "http://127.0.0.1:abc/",
        "http://127.0.0.1/a b",
        "https://ada:secret@example.org/",
    ],
)
def test_an_alert_goes_nowhere_in_the_clear(tmp_path, url):
    """Nor to what is no webhook."""
    with pytest.raises(defence.GuardError):
        defence.require_webhook(url)
