"""One door for all loads: the policy refuses what it does not let, and each try is a line that cannot change unseen."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.defence.at_each_step import tries
from tests.defence.test_registry import WEIGHTS, Place
from unpickled import defence
from unpickled.cli.main import run
from unpickled.defence import appending, guarded
from unpickled.defence.appending import append
from unpickled.defence.log import START, hash_of
from unpickled.defence.seals import canonical
from unpickled.errors import CourseError
from unpickled.sandbox import wall
from unpickled.specimens import write

WORDS = {
    "version": "1",
    "formats": '["safetensors", "npy"]',
    "must": '["pinned", "signed", "scanned"]',
    "weights_only": "true",
    "log": '"loads.jsonl"',
    "folder": '"model"',
    "lock": '"model.lock"',
    "signature": '"model.sig"',
    "public_key": '"publisher/signing.pub"',
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Place(tmp_path_factory.mktemp("audit"))


@pytest.fixture
def home(made, tmp_path):
    shutil.copytree(made.home, tmp_path / "home")
    policy(tmp_path / "home")
    return tmp_path / "home"


def policy(home, **words):
    said = {**WORDS, **words}
    text = "\n".join(f"{name} = {value}" for name, value in said.items() if value)
    (home / "policy.toml").write_text(text)
    return home / "policy.toml"


def load(home, name="w/model.safetensors", **words):
    where = policy(home, **words) if words else home / "policy.toml"
    return defence.guarded_load(home / "model" / name, defence.read_policy(where))


def read_lines(path):
    return path.read_bytes().splitlines()


def lines(home):
    return [json.loads(line) for line in read_lines(home / "loads.jsonl")]


def test_what_passes_is_loaded_and_logged(home):
    """In the sandbox, by the right library; the line has what the issue asks for."""
    done = load(home)
    assert done.tool.startswith("safetensors ")
    assert done.found == ("layer: an array of F32, shape (3,)",)
    assert done.isolation.startswith("bubblewrap")
    begun, line = lines(home)
    assert {
        name: line[name]
        for name in ("format", "verdict", "outcome", "digest", "prev", "n", "begun")
    } == {
        "format": "safetensors",
        "verdict": "header",
        "outcome": "loaded",
        "digest": done.digest,
        "prev": begun["hash"],
        "n": 2,
        "begun": begun["hash"],
    }
    assert (begun["outcome"], begun["prev"], begun["n"]) == ("begun", START, 1)
    assert begun["digest"] == done.digest
    assert begun["until"] > line["time"]
    done.close()
    assert line["path"] == str(home / "model/w/model.safetensors")
    assert line["signer"].startswith("key ")
    assert line["policy"] == defence.read_policy(home / "policy.toml").digest
    assert line["hash"] == done.line
    assert defence.verify_log(home / "loads.jsonl").faults == ()


@pytest.fixture
def unloaded(monkeypatch):
    """Leave the sandbox out, for what is not about it."""

    def loaded(attempt, *_):
        attempt.told = {"found": (), "tool": "none", "isolation": "none"}

    monkeypatch.setattr(guarded, "_loaded", loaded)


def flip(home):
    path = home / "model/w/model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


REFUSALS = {
    "a byte": (flip, {}, "pinned is"),
    "a byte, only signed": (flip, {"must": '["signed"]'}, "not what was signed"),
    "format": (lambda _: None, {"formats": '["gguf"]'}, "its format is safetensors"),
    "no format": (lambda _: None, {"formats": "[]"}, "allows nothing"),
    "not pinned": (
        lambda h: shutil.copy(h / "model/w/model.safetensors", h / "model/x"),
        {"file": "x"},
        "does not pin it",
    ),
    "outside": (
        lambda h: shutil.copy(h / "model/w/model.safetensors", h / "x"),
        {"file": "../x"},
        "does not lie in",
    ),
    "a link to outside": (
        lambda h: (
            shutil.copytree(h / "model/w", h / "w"),
            shutil.rmtree(h / "model/w"),
            (h / "model/w").symlink_to(h / "w"),
        ),
        {},
        "does not lie in",
    ),
    "added beside it": (
        lambda h: (h / "model/x.py").write_text("x"),
        {"must": '["signed"]'},
        "not what was signed",
    ),
    "a stranger's signature": (
        lambda _: None,
        {"public_key": '"stranger/signing.pub"'},
        "signed with another key",
    ),
    "a pickle": (
        lambda h: write("plain-4", h / "model"),
        {"file": "plain-4.pkl", "formats": '["pickle"]', "must": "[]"},
        "nothing here loads the weights only",
    ),
    "dangerous": (
        lambda h: write("torch-canary", h / "model", marker=h / "canary"),
        {"file": "*canary*", "formats": '["torch-zip"]', "must": '["scanned"]'},
        "the scan says dangerous",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_does_not_pass_is_refused_and_logged(home, unloaded, name):
    """Each gate by itself; and the refusal is a line like any other."""
    spoil, words, problem = REFUSALS[name]
    words = dict(words)
    spoil(home)
    file = words.pop("file", "w/model.safetensors")
    if "*" in file:
        (file,) = [path.name for path in (home / "model").glob(file)]
    policy(home, **words)
    with pytest.raises(defence.RefusedError, match=problem):
        load(home, file)
    (line,) = lines(home)
    assert line["outcome"] == "refused"
    assert not (home / "canary").exists()


def test_what_cannot_be_loaded_is_failed_and_logged(home):
    """A file that is not there; one that its own library does not take."""
    with pytest.raises(CourseError, match="no such file"):
        load(home, "none")
    path = home / "model/w/model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(defence.GuardError, match="does not load it: SafetensorError"):
        load(home, must="[]")
    assert [line["outcome"] for line in lines(home)] == ["failed", "begun", "failed"]


def test_nothing_is_handed_over_without_a_line(home, unloaded):
    """A log that cannot be written is the end of loading."""
    policy(home, must="[]")
    (home / "loads.jsonl").write_text("something else\n")
    with pytest.raises(defence.GuardError, match="none of this log's"):
        load(home)
    assert (home / "loads.jsonl").read_text() == "something else\n"
    (home / "loads.jsonl").unlink()
    read = defence.read_policy(home / "policy.toml")
    (home / "loads.jsonl").symlink_to(os.devnull)
    with pytest.raises(defence.GuardError, match="no plain file"):
        defence.guarded_load(home / "model/w/model.safetensors", read)


BAD_POLICIES = {
    "another version": ({"version": "2"}, "version 2, and this program knows version 1"),
    "unknown word": ({"formts": "[]"}, 'knows no "formts"'),
    "missing word": ({"weights_only": ""}, 'does not say "weights_only"'),
    "no log": ({"log": ""}, 'does not say "log"'),
    "unknown format": ({"formats": '["pickles"]'}, 'no format "pickles"'),
    "unknown must": ({"must": '["sined"]'}, 'no must "sined"'),
    "wrong type": ({"weights_only": '"false"'}, "true or false"),
    "a number for true": ({"weights_only": "1"}, "true or false"),
    "true for a number": ({"version": "true"}, "version|a number"),
    "list of numbers": ({"formats": "[1]"}, "a list of texts"),
    "pinned by nothing": ({"lock": ""}, 'needs "lock"'),
    "signed by nobody": ({"public_key": ""}, "whose signature"),
    "signed by two": ({"ca": '["ca.crt"]'}, "whose signature"),
    "no TOML": ({"log": '"'}, "it is no TOML"),
    "no loader": ({"formats": '["keras-zip"]'}, "nothing here loads keras-zip"),
    "no path": ({"folder": '"a\\u0000"'}, "a text"),
    "a log that is no path": ({"log": '"a\\u0000"'}, "a text"),
    "a log that is a folder": ({"log": '"/"'}, "cannot be a log"),
    "a log in no folder": ({"log": '"none/loads.jsonl"'}, "cannot be a log"),
    "a log that is a device": ({"log": '"/dev/null"'}, "cannot be a log"),
}


@pytest.mark.parametrize("name", BAD_POLICIES)
def test_a_policy_that_is_not_clear_lets_nothing(home, name):
    """One line, and nothing is loaded."""
    words, problem = BAD_POLICIES[name]
    with pytest.raises(defence.GuardError, match=problem) as error:
        load(home, **words)
    assert len(str(error.value).splitlines()) == 1
    assert not (home / "loads.jsonl").exists()


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "loads.jsonl"
    for number in range(6):
        append(path, {"event": "load", "path": f"model {number}"})
    return path


@given(st.data())
@settings(max_examples=150)
def test_whatever_is_changed_in_a_log_shows(log, data):
    """One byte changed, put in or taken out; a line dropped, doubled or moved; but for lines missing at the end."""
    whole = log.read_bytes()
    rows = whole.splitlines(keepends=True)
    head = defence.verify_log(log).head
    kind = data.draw(st.sampled_from(["change", "cut", "insert", "drop", "double", "swap", "end"]))
    at, row = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, len(rows) - 2))
    byte = bytes([data.draw(st.integers(0, 255).filter(lambda value: value != whole[at]))])
    changed = {
        "change": whole[:at] + byte + whole[at + 1 :],
        "cut": whole[:at] + whole[at + 1 :],
        "insert": whole[:at] + byte + whole[at:],
        "drop": b"".join(rows[:row] + rows[row + 1 :]),
        "double": b"".join([*rows[: row + 1], *rows[row:]]),
        "swap": b"".join([*rows[:row], rows[row + 1], rows[row], *rows[row + 2 :]]),
        "end": b"".join(rows[: row + 1]),
    }[kind]
    other = log.with_name("changed.jsonl")
    other.write_bytes(changed)
    assert defence.verify_log(other, head=head).faults
    if kind != "end":
        assert defence.verify_log(other).faults
    assert not defence.verify_log(log, head=head).faults


def test_a_line_written_anew_shows_in_the_next(log, tmp_path):
    """Who edits a line and hashes it again would have to do so for all that follow."""
    rows = [json.loads(line) for line in read_lines(log)]
    rows[2]["path"] = "another"
    rows[2]["hash"] = hash_of(rows[2])
    other = tmp_path / "log"
    other.write_bytes(b"".join(defence.log.canonical(row) + b"\n" for row in rows))
    assert [(f.line, f.problem) for f in defence.verify_log(other).faults] == [
        (4, "a line before it is missing, added or elsewhere")
    ]


def test_half_a_line_is_set_aside_and_told(log, tmp_path):
    """A killed writer's last bytes are kept beside the log, and the next line names them."""
    path = tmp_path / "loads.jsonl"
    whole = log.read_bytes()
    path.write_bytes(whole[:-10])
    (fault,) = defence.verify_log(path).faults
    assert (fault.line, fault.problem) == (6, "it is cut")
    append(path, {"event": "load"})
    assert defence.verify_log(path).faults == ()
    last = [json.loads(line) for line in read_lines(path)][-1]
    (aside,) = tmp_path.glob("loads.jsonl.cut-*")
    assert aside.read_bytes() == whole.splitlines(keepends=True)[-1][:-10]
    assert aside.name.endswith(last["cut"][:16])
    assert last["n"] == 6


@pytest.mark.parametrize("blank", [b"\n", b"\n\r\n \t\n", b'\n{"half', b"  "])
def test_blank_lines_at_the_end_are_set_aside_and_told(log, tmp_path, blank):
    """An editor's, or of `echo`: verify tells them until a next line is there, and no load is kept from it."""
    path = tmp_path / "loads.jsonl"
    whole = log.read_bytes()
    path.write_bytes(whole + blank)
    assert defence.verify_log(path).faults[0].line == 7
    append(path, {"event": "load"})
    assert defence.verify_log(path).faults == ()
    (aside,) = tmp_path.glob("loads.jsonl.cut-*")
    assert aside.read_bytes() == blank
    assert path.read_bytes().startswith(whole)
    last = json.loads(read_lines(path)[-1])
    assert (last["n"], last["cut"]) == (7, hashlib.sha256(blank).hexdigest())


@pytest.mark.parametrize("number", [-1, 0, 2**63 - 1, 2**63, 10**4300 - 1])
def test_a_number_that_no_line_can_have_is_one_line(home, unloaded, number, capsys):
    """Hashed as it should be: nobody goes on behind it, and what to do is told; no traceback, no load."""
    path = home / "loads.jsonl"
    line = {"event": "load", "n": number, "prev": START, "outcome": "loaded"}
    line["hash"] = hash_of(line)
    path.write_bytes(canonical(line) + b"\n")
    before = path.read_bytes()
    policy(home, must="[]")
    words = ["guard", "load", str(home / "model/w/model.safetensors")]
    assert run([*words, "--policy", str(home / "policy.toml")]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert "its last line is none of this log's. Put it aside, and name another log" in told
    assert path.read_bytes() == before
    assert defence.verify_log(path).faults
    policy(home, must="[]", log='"another.jsonl"')
    assert run([*words, "--policy", str(home / "policy.toml")]) == 0


FIRST = b'{"event":"load","hash":"'
NO_LOGS = {
    "a text": b"first line\nsecond line without end",
    "one line": b"only one line",
    "weights": WEIGHTS,
    "JSON": b'{"event":"load"}',
    "JSON of many lines": b'{\n"event":1}',
    "no half of ours": b'{"architectures":["x',
    "no text": b'{"event":["x',
    "no end of brackets": b'{"event":"x","y":' + b"[" * 100_000,
    "a line of ours, and a text": b"text\n" + FIRST,
    "long": b"x" * (3 << 20),
    "blank": b"\n",
    "blank and long": b"\n" * (3 << 20),
}


@pytest.mark.parametrize("what", NO_LOGS)
def test_what_is_no_log_is_left_as_it_is(tmp_path, what):
    """No byte is moved before it is known whose file this is."""
    path = tmp_path / "notes.txt"
    path.write_bytes(NO_LOGS[what])
    with pytest.raises(defence.GuardError, match="none of this log's"):
        append(path, {"event": "load"})
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [NO_LOGS[what]]


@pytest.mark.parametrize("half", [b"{", FIRST[:9], FIRST])
def test_half_of_the_first_line_is_set_aside(tmp_path, half):
    """Killed at its first line, a log has no other to be known by."""
    path = tmp_path / "loads.jsonl"
    path.write_bytes(half)
    append(path, {"event": "load"})
    assert defence.verify_log(path).faults == ()
    (aside,) = tmp_path.glob("*.cut-*")
    assert aside.read_bytes() == half


@pytest.mark.parametrize("what", ["link", "dangling", "pipe", "folder", "file"])
def test_what_lies_where_half_a_line_is_put_is_not_touched(tmp_path, log, what):
    """No link is followed, no pipe is waited for."""
    path = tmp_path / "loads.jsonl"
    path.write_bytes(log.read_bytes() + b'{"half')
    half = hashlib.sha256(b'{"half').hexdigest()
    planted = tmp_path / f"loads.jsonl.cut-{half[:16]}"
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    {
        "link": lambda: planted.symlink_to(victim),
        "dangling": lambda: planted.symlink_to(tmp_path / "none"),
        "pipe": lambda: os.mkfifo(planted),
        "folder": planted.mkdir,
        "file": lambda: planted.hardlink_to(victim),
    }[what]()
    append(path, {"event": "load"})
    assert victim.read_bytes() == b"mine"
    assert not (tmp_path / "none").exists()
    (aside,) = tmp_path.glob("*.cut-*-*")
    assert aside.read_bytes() == b'{"half'
    assert defence.verify_log(path).faults == ()


def test_a_line_that_nobody_could_go_on_behind_is_not_written(tmp_path):
    """Whoever calls it with something else than texts is told, and not the next one."""
    with pytest.raises(TypeError, match="holds texts"):
        append(tmp_path / "loads.jsonl", {"event": "load", "count": 5})
    assert list(tmp_path.iterdir()) == []


TYPES = {
    "digest": [],
    "path": None,
    "until": 5,
    "why": {},
    "user": True,
    "hash": 0,
    "prev": 0,
    "n": "7",
    "outcome": ["loaded"],
}


@pytest.mark.parametrize("name", TYPES)
def test_a_line_whose_values_are_no_texts_is_none_of_ours(log, tmp_path, name):
    """Hashed and chained as it should be: verify tells it, and nobody goes on behind it."""
    path, head = tmp_path / "loads.jsonl", defence.verify_log(log).head
    line = {"event": "load", "outcome": "refused", "n": 7, "prev": head, name: TYPES[name]}
    line = {"hash": hash_of(line), **line}
    path.write_bytes(log.read_bytes() + defence.log.canonical(line) + b"\n")
    ((number, problem),) = [
        (fault.line, fault.problem) for fault in defence.verify_log(path).faults
    ]
    assert (number, problem) == (7, "it was edited, or is no line of this log")
    with pytest.raises(defence.GuardError, match="none of this log's"):
        append(path, {"event": "load"})


OTHERS = ["model.lock", "model.sig", "publisher/signing.pub", "policy.toml", "hard", "link"]


@pytest.mark.parametrize("what", [*OTHERS, "model/new"])
def test_a_log_is_no_other_file_of_the_policy(home, unloaded, what):
    """Empty as it may be; nor is it in the folder that would not be as pinned with it."""
    (home / "hard").hardlink_to(home / "model.lock")
    (home / "link").symlink_to(home / "model.sig")
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    with pytest.raises(defence.GuardError, match=r"the log (is a file that|lies in)"):
        load(home, log=f'"{what}"')
    before[home / "policy.toml"] = (home / "policy.toml").read_bytes()
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
def test_what_is_loaded_is_not_the_log(home, unloaded, link):
    """An empty file, say, by another name."""
    (home / "empty").touch()
    link(home / "log", home / "empty")
    policy(home, log='"log"', must="[]", folder="", lock="", signature="", public_key="")
    with pytest.raises(defence.GuardError, match="what is to be loaded is the log"):
        defence.guarded_load(home / "empty", defence.read_policy(home / "policy.toml"))
    assert (home / "empty").read_bytes() == b""


def test_a_file_that_grows_or_has_no_room_is_not_copied(home, unloaded, tmp_path, monkeypatch):
    """It is as long as it was when it was opened; and one of holes is as long as it says."""
    path = home / "model/w/model.safetensors"
    policy(home, must="[]")
    real, place = guarded._add, scratch(tmp_path, monkeypatch)

    def grow(copy, piece):
        real(copy, piece)
        with path.open("ab") as file:
            file.write(piece)

    with monkeypatch.context() as patch:
        patch.setattr(guarded, "_add", grow)
        with pytest.raises(defence.GuardError, match="it changed while it was read"):
            load(home)
        patch.setattr(
            guarded, "_add", lambda copy, piece: (real(copy, piece), os.truncate(path, 5))
        )
        with pytest.raises(defence.GuardError, match="it changed while it was read"):
            load(home)
    wrote = []
    monkeypatch.setattr(guarded, "_add", lambda *given: wrote.append(given))
    os.truncate(path, 1 << 33)  # a hole, which takes nothing where it is
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 30))
    with pytest.raises(defence.GuardError, match=r"takes 8,589,934,592 bytes, and 1,073.*TMPDIR"):
        load(home)
    assert (wrote, list(place.iterdir())) == ([], [])


def test_the_format_is_that_of_the_copy(home, unloaded, monkeypatch):
    """The file may be another by then."""
    path = home / "model/w/model.safetensors"
    real = guarded._add

    def exchange(copy, piece):
        real(copy, piece)
        write("plain-4", home).replace(path)

    monkeypatch.setattr(guarded, "_add", exchange)
    with load(home, must="[]") as done:
        assert (done.format, lines(home)[-1]["format"]) == ("safetensors", "safetensors")


def test_a_link_is_not_the_file_that_it_leads_to(home, unloaded):
    """What is pinned is the name in the folder: a link of that name outside, or of another inside, is none."""
    (home / "model.safetensors").symlink_to(home / "model/w/model.safetensors")
    (home / "model/other").symlink_to(home / "model/w/model.safetensors")
    policy(home, must='["pinned"]')
    with pytest.raises(defence.RefusedError, match="does not lie in"):
        load(home, "../model.safetensors")
    with pytest.raises(defence.RefusedError, match="does not pin it"):
        load(home, "other")


def test_a_follower_holds_lines_against_their_numbers(log, tmp_path):
    """A line with another number, hashed anew, in its own place."""
    *rows, last = log.read_bytes().splitlines(keepends=True)
    line = json.loads(last)
    line["n"] = 60
    line["hash"] = hash_of(line)
    path = tmp_path / "log"
    path.write_bytes(b"".join(rows) + defence.log.canonical(line) + b"\n")
    assert [fault.line for fault in defence.verify_log(path).faults] == [6]


@pytest.mark.parametrize("how", ["killed", "full"])
def test_at_each_write_the_log_keeps_what_it_had(log, tmp_path, how):
    """Killed, or out of room: no line is lost, and the next one is taken."""
    start, work = tmp_path / "start", tmp_path / "work"
    start.mkdir()
    shutil.copy(log, start / "loads.jsonl")
    (start / "loads.jsonl").write_bytes(log.read_bytes() + b'{"half')
    whole = log.read_bytes()
    for _, ended in tries(
        start, work, lambda f: append(f / "loads.jsonl", {"event": "load"}), how=how
    ):
        path = work / "loads.jsonl"
        assert path.read_bytes().startswith(whole)
        if ended == "error":  # of the half line it began nothing is left
            assert path.read_bytes() in (whole, whole + b'{"half')
        if ended != "done":
            append(path, {"event": "load"})
        assert defence.verify_log(path).faults == ()
        kept = {aside.read_bytes() for aside in work.glob("*.cut-*")}
        assert b'{"half' in kept


WRITER = """
import sys
from pathlib import Path
from unpickled.defence.appending import append
for number in range(20):
    append(Path(sys.argv[1]), {"event": "load", "path": f"{sys.argv[2]} {number}"})
"""


def test_writers_at_once_make_one_chain(tmp_path):
    """No line is lost, and none is in two places, though each knows the log by another name."""
    path = tmp_path / "loads.jsonl"
    path.touch()
    (tmp_path / "1").symlink_to(path)
    (tmp_path / "2").hardlink_to(path)
    children = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(name), str(n)])
        for n, name in enumerate((path, tmp_path / "1", tmp_path / "2"))
    ]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    found = defence.verify_log(path)
    assert (found.lines, found.faults) == (60, ())


def test_the_commands(home, capsys, monkeypatch):
    """`guard load` and `guard audit verify`: what they say, and 0, 1, 2."""
    monkeypatch.chdir(home)
    assert run(["guard", "load", "model/w/model.safetensors"]) == 0
    assert "layer: an array of F32, shape (3,)" in capsys.readouterr().out
    flip(home)
    assert run(["guard", "load", "model/w/model.safetensors", "--json"]) == 1
    assert "pinned is" in json.loads(capsys.readouterr().out)["problem"]
    assert run(["guard", "audit", "verify", "loads.jsonl"]) == 0
    assert capsys.readouterr().out.startswith("loads.jsonl: 3 lines, whole. Head: ")
    data = (home / "loads.jsonl").read_bytes()
    (home / "loads.jsonl").write_bytes(data.replace(b"loaded", b"failed"))
    assert run(["guard", "audit", "verify", "loads.jsonl", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["faults"][0]["line"] == 2
    assert run(["guard", "audit", "verify", "none"]) == 2


@pytest.mark.parametrize(
    ("specimen", "form", "tool"),
    [
        ("torch-plain", "torch-zip", "torch 2"),
        ("gguf", "gguf", "gguf 0"),
        ("onnx", "onnx", "onnx 1"),
        ("h5-plain", "hdf5", "h5py 3"),
        ("npy-plain", "npy", "numpy 2"),
        ("plain-4", "pickle", "Python 3"),
    ],
)
def test_each_format_is_loaded_by_its_own_library(home, specimen, form, tool):
    """In the sandbox; a pickle only where the policy says so in so many words."""
    path = write(specimen, home / "model")
    words = {"formats": f'["{form}"]', "must": "[]", "weights_only": str(form != "pickle").lower()}
    done = load(home, path.name, **words)
    assert done.tool.startswith(tool)
    assert done.found
    assert done.isolation.startswith("bubblewrap")


def test_a_load_that_runs_code_cannot_reach_out(home):
    """Where a policy lets unpicklers in, the canary's folder does not appear: it is behind the wall."""
    path = write("reduce-canary", home / "model", marker=home / "canary")
    words = {"formats": '["pickle"]', "must": "[]", "weights_only": "false"}
    with pytest.raises(defence.GuardError, match="does not load it"):
        load(home, path.name, **words)
    assert not (home / "canary").exists()
    assert lines(home)[-1]["outcome"] == "failed"


def scratch(tmp_path, monkeypatch):
    """Make a temporary place that nobody else uses."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_the_copy_that_was_judged_is_handed_over(home, unloaded, tmp_path, monkeypatch):
    """Read-only and private, whatever becomes of the file; gone at the end, or with the last who holds it."""
    place = scratch(tmp_path, monkeypatch)
    with load(home, must='["pinned"]') as done:
        flip(home)
        with done.open() as file:
            assert hashlib.sha256(file.read()).hexdigest() == done.digest
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (done.path, done.path.parent)]
        assert modes == [0o400, 0o700]
    assert not done.path.exists()
    flip(home)
    kept = load(home, must="[]")
    assert len(list(place.iterdir())) == 1
    del kept
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("specimen", "words"),
    [
        ("torch-plain", {"formats": '["torch-zip"]'}),
        ("npy-plain", {"weights_only": "false"}),
        ("h5-plain", {"formats": '["hdf5"]'}),
    ],
)
def test_what_can_hold_a_program_is_not_handed_over(home, unloaded, specimen, words):
    """It was loaded behind the wall, and its copy stays there."""
    path = write(specimen, home / "model")
    with load(home, path.name, must="[]", **words) as done:
        for ask in (lambda: done.path, done.open):
            with pytest.raises(defence.GuardError, match="can hold a program"):
                ask()


def killed(home, blow):
    """Run `guard load` in a fork, and end it while its own child would load."""
    read, write = os.pipe()
    fork = os.fork()
    if not fork:
        guarded._loaded = lambda *_: (os.write(write, b"x"), signal.pause())
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.chdir(home)
        os._exit(run(["guard", "load", "model/w/model.safetensors"]))
    assert os.read(read, 1) == b"x"
    os.kill(fork, blow)
    os.close(read)
    os.close(write)
    return os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])


def test_a_load_whose_process_is_killed_leaves_a_line(
    home, unloaded, tmp_path, monkeypatch, capsys
):
    """By SIGKILL the one that it began, and its copy until the next load; by SIGTERM both lines, and no copy."""
    place = scratch(tmp_path, monkeypatch)
    policy(home, must="[]")
    assert killed(home, signal.SIGKILL) == -signal.SIGKILL
    assert [line["outcome"] for line in lines(home)] == ["begun"]
    assert len(list(place.iterdir())) == 1
    assert run(["guard", "audit", "verify", str(home / "loads.jsonl")]) == 0
    assert "line 1: a load began, and its end is not there" in capsys.readouterr().out
    with load(home):
        (kept,) = place.iterdir()
        load(home).close()
        assert list(place.iterdir()) == [kept]  # which is in use, and so not swept
    assert defence.verify_log(home / "loads.jsonl").unfinished == (1,)
    assert killed(home, signal.SIGTERM) == 130
    assert [line["outcome"] for line in lines(home)][5:] == ["begun", "failed"]
    assert list(place.iterdir()) == []


def test_a_forks_end_takes_nothing_from_its_parent(tmp_path):
    """A child that ends in the ordinary way, or closes what it did not make."""
    script = """
import os, sys
from pathlib import Path
from unpickled.defence.scratch import Scratch
made = Scratch("unpickled-x-", Path(sys.argv[1]))
for ending in (sys.exit, made.close):
    if not os.fork():
        ending()
        sys.exit()
    os.wait()
    assert made.path.is_dir(), ending
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    assert list(tmp_path.iterdir()) == []


def test_without_a_sandbox_the_remedy_is_one_that_load_has(home, monkeypatch, capsys):
    """The door has no way around the wall, and names none."""
    monkeypatch.setattr(wall, "problem", lambda: "bubblewrap is not there")
    policy(home, must="[]")
    words = ["guard", "load", str(home / "model/w/model.safetensors")]
    assert run([*words, "--policy", str(home / "policy.toml")]) == 2
    told = capsys.readouterr().err
    assert "Install bubblewrap" in told
    assert "--unsafe" not in told
    assert [line["outcome"] for line in lines(home)] == ["begun", "failed"]


def test_a_load_in_a_thread(home, unloaded, capsys):
    """No thread but the first may ask for signals, and any may load."""
    policy(home, must="[]")
    words = ["guard", "load", str(home / "model/w/model.safetensors")]
    codes = []
    thread = threading.Thread(
        target=lambda: codes.append(run([*words, "--policy", str(home / "policy.toml")]))
    )
    thread.start()
    thread.join()
    assert codes == [0]


def test_ctrl_c_is_a_line(home, monkeypatch):
    """It went as far as loading, so the log says what came of it."""

    def loaded(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(guarded, "_loaded", loaded)
    with pytest.raises(KeyboardInterrupt):
        load(home, must="[]")
    assert [(line["outcome"], line["why"]) for line in lines(home)] == [
        ("begun", ""),
        ("failed", "stopped by KeyboardInterrupt"),
    ]


def test_the_log_has_the_scans_own_word(home, unloaded, tmp_path, monkeypatch):
    """What was found is on record also where it is the reason of a refusal; and who asked is no variable's to say."""
    path = write("torch-canary", home / "model", marker=home / "canary")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    place = scratch(tmp_path, monkeypatch)
    with pytest.raises(defence.RefusedError) as error:
        load(home, path.name, formats='["torch-zip"]', must='["scanned"]')
    assert list(place.iterdir()) == []
    (line,) = lines(home)
    assert line["verdict"] == "dangerous"
    assert line["user"] == pwd.getpwuid(os.getuid()).pw_name
    assert "--unscanned" not in error.value.remedy


def test_what_was_signed_has_to_be_what_was_read(home, unloaded, monkeypatch):
    """The folder passes, and the copy is another: the file was exchanged in between."""
    real = guarded.check_signature

    def checked(*given):
        signed = real(*given)
        return replace(signed, sha256=dict.fromkeys(signed.sha256, "0" * 64))

    monkeypatch.setattr(guarded, "check_signature", checked)
    with pytest.raises(defence.RefusedError, match="what was read is not what was signed"):
        load(home, must='["signed"]')


@pytest.mark.parametrize(("specimen", "form"), [("h5-lambda", "hdf5"), ("onnx-external", "onnx")])
def test_weights_only_is_weights_only(home, unloaded, specimen, form):
    """HDF5 with a layer of code and ONNX that names another file are refused, whether a scan is asked for or not."""
    path = write(specimen, home / "model")
    with pytest.raises(defence.RefusedError, match="not weights only"):
        load(home, path.name, formats=f'["{form}"]', must="[]")


@pytest.mark.parametrize("must", ["[]", '["scanned"]'])
@pytest.mark.parametrize(("specimen", "form"), [("gguf", "gguf"), ("npy-plain", "npy")])
def test_nothing_is_handed_over_behind_a_files_own_end(home, unloaded, specimen, form, must):
    """A pickle, say: the format's library leaves it unread, and another reads nothing else."""
    path = write(specimen, home / "model")
    path.write_bytes(path.read_bytes() + b"cos\nmkdir\n(S'canary'\ntR.")
    with pytest.raises(defence.RefusedError, match="24 bytes follow its end"):
        load(home, path.name, formats=f'["{form}"]', must=must)


def test_a_template_and_a_name_are_no_weights(home, unloaded):
    """Most GGUF files carry a chat template: without a scan, weights only means that the weights are."""
    path = write("gguf-template", home / "model").rename(home / "model" / "a.bin")
    load(home, path.name, formats='["gguf"]', must="[]").close()


def test_no_room_for_the_copy(home, monkeypatch):
    """It is the temporary place that is full, and the remedy says how to name another."""

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    read = defence.read_policy(policy(home, must="[]"))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        with pytest.raises(defence.GuardError, match=r"no copy can be made: No space.*TMPDIR"):
            guarded._add(home / "x" / "y", b"1")
    monkeypatch.setattr(tempfile, "mkdtemp", full)
    with pytest.raises(defence.GuardError, match=r"no copy can be made: No space.*TMPDIR"):
        defence.guarded_load(home / "model/w/model.safetensors", read)


HEADS = ["", "0" * 63, "Z" * 64, "0" * 64 + "\n"]


@pytest.mark.parametrize("head", HEADS)
def test_a_noted_head_that_is_none_is_no_head(log, head, capsys):
    """An empty file where it was noted is no leave to take any log."""
    assert run(["guard", "audit", "verify", str(log), "--head", head]) == 2
    assert "no line's hash" in capsys.readouterr().err


def test_one_dropped_line_is_one_fault(log, tmp_path):
    """The lines after it go on with their own numbers."""
    rows = log.read_bytes().splitlines(keepends=True)
    other = tmp_path / "log"
    other.write_bytes(b"".join([*rows[:1], *rows[2:]]))
    assert [fault.line for fault in defence.verify_log(other).faults] == [2]


@pytest.mark.parametrize("what", ["device", "pipe"])
def test_what_is_no_file_is_no_log(tmp_path, what):
    """It is not opened: it would never end."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    with pytest.raises(defence.GuardError, match="which is not opened"):
        defence.verify_log(tmp_path / what)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_a_folder_that_takes_no_files_is_told_at_once():
    """Nobody is waited for, and nobody else is blamed."""
    with pytest.raises(defence.GuardError, match="its folder takes no files"):
        append(Path("/proc/loads.jsonl"), {"event": "load"})


def test_a_writer_waits_for_the_other(tmp_path, monkeypatch):
    """As long as somebody holds the lock, by whatever name of the log, nothing is written."""
    path = tmp_path / "loads.jsonl"
    path.touch()
    (tmp_path / "link").symlink_to(path)
    (tmp_path / "hard").hardlink_to(path)
    monkeypatch.setattr(appending, "_PATIENCE", 0)
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for name in ("loads.jsonl", "link", "hard"):
            with pytest.raises(defence.GuardError, match="another program"):
                append(tmp_path / name, {"event": "load"})
        assert path.read_bytes() == b""
    append(path, {"event": "load"})
    append(tmp_path / "hard", {"event": "load"})
    assert sorted(one.name for one in tmp_path.iterdir()) == ["hard", "link", "loads.jsonl"]


def test_a_line_is_on_the_disk_before_its_hash_is_told(tmp_path, monkeypatch):
    """Each of its bytes; and, for the first, the log's own name."""
    path, synced = tmp_path / "loads.jsonl", []
    real = os.fsync

    def fsync(file):
        found = os.fstat(file)
        synced.append((found.st_ino, found.st_size if stat.S_ISREG(found.st_mode) else 0))
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    append(path, {"event": "load"})
    assert synced == [(path.stat().st_ino, path.stat().st_size), (tmp_path.stat().st_ino, 0)]
