"""The same gate in front of a real registry server on loopback; and a server that lies, stalls or goes away."""

from __future__ import annotations

import contextlib
import errno
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest

from tests.defence.test_registry import Place, unscanned
from unpickled import defence
from unpickled.cli.main import run
from unpickled.defence import client
from unpickled.defence.artifact import digest_of

__all__ = ["unscanned"]

CONFIG = """
version: 0.1
log: {{accesslog: {{disabled: true}}, level: error}}
storage: {{filesystem: {{rootdirectory: {root}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


def free_port():
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return asking.getsockname()[1]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Debian's docker-registry, with its files in a temporary folder."""
    program = shutil.which("docker-registry") or shutil.which("registry")
    if not program:
        reason = "no docker-registry on PATH: sudo apt-get install docker-registry"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    home, port = tmp_path_factory.mktemp("server"), free_port()
    (home / "config.yml").write_text(CONFIG.format(root=home / "data", port=port))
    with subprocess.Popen(
        [program, "serve", str(home / "config.yml")],
        stdout=subprocess.DEVNULL,
        stderr=(home / "log").open("wb"),
    ) as server:
        try:
            for _ in range(200):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            else:
                pytest.fail((home / "log").read_text())
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()


@pytest.fixture(scope="module")
def made(tmp_path_factory, address):
    """A model that was published there, with the real scanners."""
    place = Place(tmp_path_factory.mktemp("published"))
    place.shelf = defence.open_registry(address)
    place.done = place.publish()
    return place


def entries(place, name="team/tiny"):
    return place.shelf.entries(place.home / "curator/signing.pub", name)


def test_what_was_published_is_pulled_from_the_server(made):
    """By digest, whole, with its record; and listed under its name."""
    assert [one.reference for one in entries(made)] == [made.done.reference]
    done = made.pull(made.done.reference)
    lock = defence.read_lock(made.home / "out/model.lock")
    assert defence.verify_folder(made.home / "out/model", lock).faults == ()
    assert done.admission.why == "Ada read the code"
    shutil.rmtree(made.home / "out")


def test_folder_and_server_hold_the_same_manifest(made, tmp_path, unscanned):
    """A model has one way to be written down: what differs is time, and the seals with it."""
    folder = made.publish(shelf=defence.Shelf(tmp_path / "shelf"))
    one = json.loads(made.shelf.manifest(made.done.reference, made.home))
    other = json.loads(
        defence.Shelf(tmp_path / "shelf").manifest(
            folder.reference, made.home / "curator/signing.pub"
        )
    )
    assert one["layers"][:-1] == other["layers"][:-1]
    assert one["config"] == other["config"]


def test_a_large_file_goes_up_in_parts(made, unscanned, monkeypatch):
    """Never whole in memory."""
    monkeypatch.setattr("unpickled.defence.server._PART", 1000)
    (made.home / "large").mkdir()
    place = Place(made.home / "large", {"a.bin": os.urandom(3500)})
    place.shelf = made.shelf
    done = place.publish(name="large")
    assert place.pull(done.reference).lock.size == 3500


def test_what_others_put_on_the_server_is_not_listed_and_not_pulled(made, unscanned):
    """The curator's seal counts, not who may push."""
    stranger = made.publish("stranger", name="team/evil")
    assert entries(made, "team/evil") == ()
    with pytest.raises(defence.RefusedError, match="not sealed by this curator"):
        made.pull(stranger.reference)
    nobody = defence.Reference("team/tiny", "sha256:" + "0" * 64)
    with pytest.raises(defence.RefusedError, match="nobody has let it into"):
        made.pull(nobody)
    assert entries(made, "team/none") == ()
    with pytest.raises(defence.GuardError, match="asked for one name"):
        entries(made, "")


def record_of(place, reference):
    """Return a model's manifest, and of it what describes its record."""
    manifest = json.loads(place.shelf.manifest(reference, place.home))
    return manifest, manifest["layers"][-1]


def other_record(place, reference, **changes):
    """Put a manifest on the server that says something else of its record; whoever may push can."""
    manifest, record = record_of(place, reference)
    record.update(changes)
    data = json.dumps(manifest).encode()
    other = defence.Reference(reference.name, digest_of(data))
    place.shelf.add(other, data, "2026", place.home)
    return f"{other.name}:t2026-{other.digest[7:19]}"


def test_what_cannot_be_read_is_left_out_and_told(made, unscanned, capsys, monkeypatch):
    """One bad tag hides no model: a record that is too large, or one whose bytes are others."""
    good = made.publish(name="team/many").reference
    large = other_record(made, good, size=1 << 40)
    other = other_record(made, good, size=7)
    left = []
    pub = made.home / "curator/signing.pub"
    listed = made.shelf.entries(pub, "team/many", left_out=left.append)
    assert [one.reference for one in listed] == [good]
    assert {one.place: one.problem for one in left} == {
        large: "a part of over 64 MB is not read",
        other: f"the registry gives other bytes for {record_of(made, good)[1]['digest']}",
    }
    monkeypatch.chdir(made.home)
    words = ["guard", "list", "team/many", "--registry", f"http://{made.shelf.host}"]
    words += ["--curator", "curator/signing.pub"]
    assert run(words) == 0
    told = capsys.readouterr()
    assert told.out.split()[-1] == str(good)
    assert "2 of what it lists cannot be read, and left out. team/many:t2026-" in told.err
    assert run([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["reference"] for one in told["models"]] == [str(good)]
    assert {one["tag"] for one in told["left_out"]} == {large, other}


def test_a_record_under_another_name_does_not_pass(made, unscanned):
    """Whoever may push could copy a sealed artifact to the name of another."""
    data = made.shelf.manifest(made.done.reference, made.home)
    moved = defence.Reference("team/moved", made.done.reference.digest)
    for part in (*json.loads(data)["layers"], json.loads(data)["config"]):
        blob = defence.publishing.Blob(part["mediaType"], part["digest"], part["size"])
        file = made.home / "part"
        file.write_bytes(made.shelf.read(blob, made.done.reference))
        made.shelf.keep(file, blob, "team/moved")
    made.shelf.add(moved, data, "2026", made.home)
    with pytest.raises(defence.RefusedError, match="record is that of another artifact"):
        made.pull(moved)
    assert entries(made, "team/moved") == ()


@pytest.mark.parametrize(
    "address",
    ["http://registry.example.org", "http://10.0.0.1:5000", "https://", "http://[::1", "http://127.0.0.1:x",
     "https://h/path", "https://user:secret@h", "HTTP://10.0.0.1:5000", "oci://x", "file:///x", "127.0.0.1:5000",
     "registry.example.org/models",
     "localhost:5000/team", "[::1]:5000", ""],
)  # fmt: skip
def test_an_address_that_is_none_or_shows_a_login(address, tmp_path, monkeypatch):
    """Plain http stays on this machine; and no folder is made of what was meant as a server."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(defence.GuardError) as error:
        defence.open_registry(address)
    assert error.value.remedy
    (tmp_path / "127.0.0.1:5000").mkdir()
    assert isinstance(defence.open_registry("127.0.0.1:5000"), defence.Shelf)  # it is there
    assert isinstance(defence.open_registry("./registry.example.org/models"), defence.Shelf)
    assert defence.open_registry("HTTP://127.0.0.1:5000") == defence.Server("127.0.0.1:5000", True)


def test_the_commands_take_an_address(made, capsys, monkeypatch):
    """`publish`, `list` and `pull` are the same for a folder and a server."""
    monkeypatch.chdir(made.home)
    where = ["--registry", f"http://{made.shelf.host}", "--curator", "curator/signing.pub"]
    assert run(["guard", "list", "team/tiny", *where]) == 0
    reference = capsys.readouterr().out.split()[-1]
    assert reference == str(made.done.reference)
    assert run(["guard", "list", "team/tiny", *where[:1], "http://127.0.0.1:9", *where[2:]]) == 2
    assert "there is no registry" in capsys.readouterr().err


class Liar(http.server.BaseHTTPRequestHandler):
    """Passes everything on to the real registry, and then does something to the answer for a blob of the model."""

    protocol_version = "HTTP/1.1"
    real, how, victim = "", "", ""

    def do_GET(self):
        try:
            headers = {"Accept": self.headers.get("Accept", "*/*")}
            asked = urllib.request.Request(self.real + self.path, headers=headers)
            with urllib.request.urlopen(asked, timeout=10) as got:
                data, kind = got.read(), got.headers["Content-Type"]
        except urllib.error.HTTPError as error:
            error.close()
            return self.send_error(error.code)
        if self.victim not in self.path:
            return self.answer(data, kind)
        return getattr(self, self.how.replace(" ", "_"))(data, kind)

    def do_HEAD(self):
        self.answer(b"", "text/plain")

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(b"", "text/plain", 201)

    def answer(self, data, kind, status=200, length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def other_bytes(self, data, kind):
        self.answer(data[:-1] + bytes([data[-1] ^ 1]), kind)

    def too_few(self, data, kind):
        self.answer(data[:-1], kind)

    def too_many(self, data, kind):
        self.answer(data + b"x", kind)

    def without_end(self, data, kind):
        self.answer(data * 100_000, kind)

    def goes_away(self, data, kind):
        self.answer(data[: len(data) // 2], kind, length=len(data))
        self.close_connection = True

    def stalls(self, data, kind):
        self.answer(data[:1], kind, length=len(data))
        time.sleep(1.5)

    def drips(self, data, kind):
        self.answer(data[:1], kind, length=len(data))
        self.drip(b"x")

    def drips_in_its_head(self, data, kind):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        self.drip(b"x")

    def drip(self, byte):
        with contextlib.suppress(OSError):  # until nobody listens
            for _ in range(60):
                self.wfile.write(byte)
                time.sleep(0.1)

    def breaks(self, data, kind):
        self.answer(b'{"errors": [{"message": "disk\\nfull"}]}', kind, 500)

    def gone(self, data, kind):
        self.answer(b"", kind, 404)

    def asks_for_a_login(self, data, kind):
        self.answer(b"", kind, 401, **{"WWW-Authenticate": 'Basic realm="x"'})

    def redirects(self, data, kind):
        self.answer(b"", kind, 307, Location=self.path)

    def nests(self, data, kind):
        self.answer(b'{"tags": ' + b"[" * 100_000, "application/json")

    def zipped(self, data, kind):
        self.answer(b"no gzip", kind, **{"Content-Encoding": "gzip"})

    def log_message(self, *_):
        pass


BLOB, MANIFEST = "/blobs/", "/manifests/"
LIES = [
    ("other bytes", BLOB, "other bytes for sha256"),
    ("other bytes", MANIFEST, "other bytes for sha256"),
    ("too few", BLOB, "other bytes for sha256"),
    ("too many", BLOB, "other bytes for sha256"),
    ("without end", BLOB, "other bytes for sha256"),
    ("without end", MANIFEST, "its answer is too large"),
    ("goes away", BLOB, "went away half-way"),
    ("goes away", MANIFEST, "went away half-way"),
    ("stalls", BLOB, "does not answer in time|went away half-way"),
    ("stalls", MANIFEST, "does not answer in time|went away half-way"),
    ("drips", BLOB, "does not answer in time"),
    ("drips in its head", MANIFEST, "does not answer in time"),
    ("breaks", BLOB, "500 disk full"),
    ("breaks", MANIFEST, "500 disk full"),
    ("asks for a login", BLOB, "does not let you in"),
    ("redirects", BLOB, "none of a registry"),
    ("zipped", MANIFEST, "none of a registry"),
]


@contextlib.contextmanager
def served(handler):
    """Give the registry that a handler plays on loopback."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield defence.open_registry(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


@pytest.fixture(scope="module")
def liar(made):
    """A server on loopback between us and the registry."""
    Liar.real = f"http://{made.shelf.host}"
    with served(Liar) as liar:
        yield liar


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: f"{lie[0]} {lie[1]}")
def test_a_server_that_lies_or_fails_gives_nothing(made, liar, unscanned, monkeypatch, lie):
    """One line with a remedy, soon; and nothing in the destination, not even unfinished."""
    how, what, problem = lie
    monkeypatch.setattr(client, "READ", 0.7)
    monkeypatch.setattr(client, "CONNECT", 0.2)
    monkeypatch.setattr(client, "_PAUSE", 0.01)
    monkeypatch.setattr("unpickled.defence.server.LARGEST", 1 << 20)
    monkeypatch.setattr(Liar, "how", how)
    monkeypatch.setattr(Liar, "victim", what)
    before, started = sorted(made.home.iterdir()), time.monotonic()
    with pytest.raises(defence.GuardError, match=problem) as error:
        made.pull(made.done.reference, shelf=liar)
    assert sorted(made.home.iterdir()) == before
    assert error.value.remedy
    assert len(str(error.value).splitlines()) == 1
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("how", ["gone", "breaks", "goes away", "asks for a login"])
def test_a_lost_record_is_left_out_and_a_lost_server_is_not(
    made, liar, unscanned, monkeypatch, how
):
    """What fails for one model is told of that one; a server that is away, or fails for all, is an error."""
    good = made.publish(name="team/lost").reference
    old = made.publish(name="team/lost", why="another record").reference
    record = record_of(made, old)[1]["digest"]
    pub, left = made.home / "curator/signing.pub", []
    monkeypatch.setattr(Liar, "how", how)
    monkeypatch.setattr(Liar, "victim", record)
    if how in {"gone", "breaks"}:
        listed = liar.entries(pub, "team/lost", left_out=left.append)
        assert good in [one.reference for one in listed]
        assert old not in [one.reference for one in listed]
        (problem,) = left
        assert problem.place.startswith("team/lost:t")
        monkeypatch.setattr(Liar, "victim", BLOB)
    with pytest.raises(defence.GuardError) as error:
        liar.entries(pub, "team/lost", left_out=left.append)
    assert error.value.remedy


def test_tags_that_nest_without_end_are_one_line(made, liar, monkeypatch):
    """JSON that no parser follows to its ground."""
    monkeypatch.setattr(Liar, "how", "nests")
    monkeypatch.setattr(Liar, "victim", "/tags/")
    with pytest.raises(defence.GuardError, match="none of a registry"):
        liar.entries(made.home / "curator/signing.pub", "team/tiny")


def test_through_an_honest_middleman_it_is_pulled(made, liar, unscanned, monkeypatch):
    """The tests above fail for the reason that they name."""
    monkeypatch.setattr(Liar, "victim", "nothing")
    made.pull(made.done.reference, "honest", shelf=liar)
    shutil.rmtree(made.home / "honest")


def test_a_server_that_goes_away_while_publishing_has_nothing_new(made, liar, unscanned):
    """It takes no upload; what is named there is what was named before."""
    before = entries(made)
    with pytest.raises(defence.GuardError):
        made.publish(shelf=liar)
    assert entries(made) == before


class Polite(http.server.BaseHTTPRequestHandler):
    """Says yes to whatever it is asked, and keeps nothing."""

    def yes(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Location", self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.yes
        raise AttributeError(name)

    def log_message(self, *_):
        pass


def test_a_server_that_only_says_yes_has_published_nothing(made, unscanned):
    """What was sent is asked for again before anybody says "Published"."""
    with served(Polite) as polite, pytest.raises(defence.GuardError, match="does not give back"):
        made.publish(shelf=polite)


@pytest.mark.parametrize("what", [BLOB, MANIFEST])
def test_a_server_whose_copy_is_damaged_has_published_nothing(made, liar, monkeypatch, what):
    """The server has a blob already, so nothing is sent up; and a manifest comes last."""
    monkeypatch.setattr(Liar, "how", "other bytes")
    monkeypatch.setattr(Liar, "victim", what)
    (made.home / "two").write_bytes(b"{}")
    reference, data = made.done.reference, made.shelf.manifest(made.done.reference, made.home)
    steps = {
        BLOB: lambda: liar.keep(made.home / "two", defence.publishing.EMPTY, "team/tiny"),
        MANIFEST: lambda: liar.add(reference, data, "2", made.home),
    }
    with pytest.raises(defence.GuardError, match="does not give back"):
        steps[what]()


class Endless(http.server.BaseHTTPRequestHandler):
    """Gives one of its answers without end, or with no end that this test waits for."""

    protocol_version = "HTTP/1.1"
    how, sent = "", 0

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = (self.command, "token" in self.path)
        where = f"http://{self.headers['Host']}"
        match self.how, asked:
            case ("an error", _):
                self.say(500)
            case ("a redirect", _):
                self.say(307, Location="/v2/")
            case ("a token", (_, True)):
                self.say(200)
            case ("a token", _):
                self.say(
                    401, 0, **{"WWW-Authenticate": f'Bearer realm="{where}/token",service="x"'}
                )
            case ("no login", _):
                self.say(401, **{"WWW-Authenticate": 'Basic realm="x"'})
            case ("an upload", ("GET" | "HEAD", _)):
                self.say(404, 0)
            case ("an upload", _):
                self.say(202)

    def say(self, status, length=1 << 40, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):  # until nobody listens
            while length and Endless.sent < 200 << 20:
                Endless.sent += self.wfile.write(bytes(1 << 20))
        self.close_connection = length > 0

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("how", ["an error", "a redirect", "a token", "no login", "an upload"])
def test_no_answer_is_read_without_end(made, unscanned, monkeypatch, how):
    """Not even those that oras and requests read by themselves: a few megabytes are the most."""
    monkeypatch.setattr(Endless, "how", how)
    monkeypatch.setattr(Endless, "sent", 0)
    with served(Endless) as endless, pytest.raises(defence.GuardError, match="is too large"):
        made.publish(shelf=endless) if how == "an upload" else made.pull(
            made.done.reference, shelf=endless
        )
    assert Endless.sent < 50 << 20


def test_an_answer_in_many_pieces_takes_no_longer_than_it_has_to():
    """Sixty-four megabytes, put together once and not a thousand times."""
    started = time.process_time()
    data = client._joined(iter([bytes(1 << 16)] * 1024), 1 << 30, "")
    assert (len(data), time.process_time() - started < 5) == (64 << 20, True)


class Lister(http.server.BaseHTTPRequestHandler):
    """Lists tags page by page, and has no manifest for any."""

    protocol_version = "HTTP/1.1"
    tags = link = staticmethod(str)
    asked = 0

    def do_GET(self):
        Lister.asked += 1
        if Lister.asked > 400:  # nobody should ask that often, and no test should hang
            self.send_error(500)
            return
        page = int(self.path.rpartition("page=")[2]) if "page=" in self.path else 0
        told = {"name": "team/tiny", "tags": self.tags(page)}
        data = json.dumps(told).encode() if "/tags/" in self.path else b""
        self.send_response(200 if data else 404)
        if link := self.link(page + 1):
            self.send_header("Link", f'<{link}>; rel="next"')
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


NEXT, LAST = "/v2/team/tiny/tags/list?page={}".format, lambda _: ""
LISTS = {
    "one page for ever": (lambda _: ["a"], NEXT, "none of a registry"),
    "nothing for ever": (lambda _: [], NEXT, "none of a registry"),
    "a way out": (lambda _: ["a/../../b"], LAST, "none of a registry"),
    "a tag of no letters": (lambda _: ["\ud800"], LAST, "none of a registry"),
    "a long tag": (lambda _: ["a" * 129], LAST, "none of a registry"),
    "no text": (lambda _: [5], LAST, "none of a registry"),
    "another server": (lambda _: ["a"], "http://127.0.0.2:9/v2/team/tiny/tags/".format, "none of a reg"),
    "more than there can be": (lambda n: [f"{n}-{i}" for i in range(900)], NEXT, "more than 10,000"),
    "slowly": (lambda n: [str(n)], NEXT, "not at its end after 0.005 minutes"),
}  # fmt: skip


@pytest.mark.parametrize("what", LISTS)
def test_a_list_of_tags_has_an_end(made, monkeypatch, what):
    """However a server lists: in a circle, without end, with what is no tag; and no link is followed elsewhere."""
    tags, link, problem = LISTS[what]
    monkeypatch.setattr(Lister, "tags", staticmethod(tags))
    monkeypatch.setattr(Lister, "link", staticmethod(link))
    monkeypatch.setattr(Lister, "asked", 0)
    if what == "slowly":
        monkeypatch.setattr("unpickled.defence.server.LISTING", 0.3)
    if what.startswith("more"):  # its manifests are not what this is about
        monkeypatch.setattr(client.Client, "get", lambda *_, **__: None)
    with served(Lister) as lister, pytest.raises(defence.GuardError, match=problem):
        lister.entries(made.home / "curator/signing.pub", "team/tiny")
    assert Lister.asked < 400
    if what == "another server":
        assert Lister.asked == 2  # the list, and the one manifest that it names


def test_all_pages_of_a_list_are_read(made, monkeypatch):
    """In order, to the last."""
    monkeypatch.setattr(Lister, "tags", staticmethod(lambda n: [f"{n}a", f"{n}b"]))
    link = lambda n: "list?page=1" if n == 1 else ""  # noqa: E731 - it is that short
    monkeypatch.setattr(Lister, "link", staticmethod(link))
    with served(Lister) as lister, client.client(lister.host, "team/tiny", plain=True) as asking:
        assert list(asking.tags(10)) == ["0a", "0b", "1a", "1b"]


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(made, unscanned, monkeypatch):
    """Nor would it know what to do with 127.0.0.1."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert entries(made)


def test_what_a_killed_publisher_left_is_swept(tmp_path, monkeypatch):
    """A model's copy, in the system's temporary place."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "unpickled-publish-left").mkdir()
    with defence.open_registry("http://127.0.0.1:1").held() as draft:
        assert [*tmp_path.iterdir()] == [draft]
    assert not [*tmp_path.iterdir()]


def test_no_room_for_a_copy_is_one_line():
    """With a remedy, and not a traceback."""
    with (
        pytest.raises(defence.GuardError, match="TMPDIR"),
        defence.open_registry("http://127.0.0.1:1").held(),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_two_publishers_at_once_are_both_there(made, unscanned):
    """Each manifest has a tag of its own, so none takes the place of another's."""
    threads = [
        threading.Thread(target=made.publish, kwargs={"name": "both", "why": why}) for why in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entries(made, "both")) == 2


@pytest.mark.parametrize("what", ["PUT blobs", "PUT manifests", "GET blobs", "GET manifests"])
@pytest.mark.parametrize("failures", [1, 2])
def test_a_server_that_fails_is_asked_once_more(made, unscanned, monkeypatch, what, failures):
    """As docker-registry fails for a blob that somebody else is sending up, too; and no oftener than that."""
    real, left = client._Oras.do_request, {}
    wanted, kind = what.split()

    def failing(self, url, method="GET", **options):
        got = real(self, url, method, **options)
        thing = url.partition("digest=")[2] or url
        if method == wanted and f"/{kind}/" in url and left.setdefault(thing, failures):
            left[thing] -= 1
            got.status_code = 500
        return got

    monkeypatch.setattr(client._Oras, "do_request", failing)
    monkeypatch.setattr(client._Oras, "blob_exists", lambda *_: False)
    monkeypatch.setattr(client, "_PAUSE", 0.01)
    name = f"failing-{failures}-{what.replace(' ', '-').lower()}"
    if failures == 1:
        made.publish(name=name)
        assert left
        assert len(entries(made, name)) == 1
    else:
        with pytest.raises(defence.GuardError, match="answers with an error: 500"):
            made.publish(name=name)
    assert not any(left.values())


def test_a_publisher_killed_at_any_request_leaves_nothing_half(made, unscanned, monkeypatch):
    """What is named afterwards can be pulled; and publishing again is all it takes."""
    real, left = client._Oras.do_request, [0]

    def counted(self, *args, **options):
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return real(self, *args, **options)

    monkeypatch.setattr(client._Oras, "do_request", counted)
    for number in range(1, 100):
        left[0] = number
        try:
            made.publish(name="killed")
        except KeyboardInterrupt:
            ended = False
        else:
            ended = True
        left[0] = 0
        found = entries(made, "killed")
        assert len(found) <= 1, number
        assert found or not ended, number
        for one in found:  # killed while it asked for the manifest, it is there and whole
            made.pull(one.reference, "killed")
        if found:
            break
    assert number > 5
    shutil.rmtree(made.home / "killed")
