"""A lock names every file that is not as it was pinned, and reads only what it would have written."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import stat
import string
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.defence.at_each_step import tries
from unpickled import defence
from unpickled.defence.appending import append
from unpickled.defence.folder import Changed, list_folder, open_file
from unpickled.defence.hashing import hash_files
from unpickled.defence.keys import make_keys
from unpickled.defence.names import spelled, unspelled
from unpickled.errors import CourseError

FILES = {"config.json": b"{}", "weights/a.safetensors": b"a" * 5, "weights/b.bin": b"b" * 5}


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def faults(folder, lock):
    return [(fault.kind, fault.name) for fault in defence.verify_folder(folder, lock).faults]


def test_an_untouched_folder_is_as_pinned_and_has_one_lock(model):
    """Pinning twice gives the same bytes, whatever order the file system lists in."""
    lock = defence.pin_folder(model)
    assert [pin.name for pin in lock.pins] == sorted(FILES)
    assert lock.to_bytes() == defence.pin_folder(model).to_bytes()
    assert defence.parse_lock(lock.to_bytes(), "l") == lock
    assert faults(model, lock) == []


def flip(model):
    path = model / "weights/b.bin"
    path.write_bytes(b"bbbbc")


ATTACKS = {
    "one byte": (flip, [("changed", "weights/b.bin")]),
    "longer": (lambda m: (m / "weights/b.bin").write_bytes(b"b" * 6), [("changed", "weights/b.bin")]),
    "emptied": (lambda m: (m / "config.json").write_bytes(b""), [("changed", "config.json")]),
    "added": (lambda m: (m / "weights/x.py").write_bytes(b"x"), [("added", "weights/x.py")]),
    "added, hidden": (lambda m: (m / ".x").write_bytes(b"x"), [("added", ".x")]),
    "a copy added": (lambda m: shutil.copy(m / "config.json", m / "c"), [("added", "c")]),
    "missing": (lambda m: (m / "config.json").unlink(), [("missing", "config.json")]),
    "renamed": (lambda m: (m / "config.json").rename(m / "weights/c"), [("renamed", "config.json")]),
    "folder renamed": (
        lambda m: (m / "weights").rename(m / "w"),
        [("renamed", "weights/a.safetensors"), ("renamed", "weights/b.bin")],
    ),
    "letter case": (lambda m: (m / "config.json").rename(m / "Config.json"), [("renamed", "config.json")]),
    "swapped": (
        lambda m: (
            (m / "weights/a.safetensors").write_bytes(b"b" * 5),
            (m / "weights/b.bin").write_bytes(b"a" * 5),
        ),
        [("changed", "weights/a.safetensors"), ("changed", "weights/b.bin")],
    ),
    "a link to the same bytes": (
        lambda m: ((m / "config.json").rename(m.parent / "out"), (m / "config.json").symlink_to(m.parent / "out")),
        [("symlink", "config.json")],
    ),
    "a folder that is a link": (
        lambda m: ((m / "weights").rename(m.parent / "w"), (m / "weights").symlink_to(m.parent / "w")),
        [("symlink", "weights"), ("missing", "weights/a.safetensors"), ("missing", "weights/b.bin")],
    ),
    "a link to nowhere": (lambda m: (m / "l").symlink_to("nowhere"), [("symlink", "l")]),
    "a pipe": (lambda m: os.mkfifo(m / "p"), [("special", "p")]),
    "a folder in a file's place": (
        lambda m: ((m / "config.json").unlink(), (m / "config.json").mkdir()),
        [("missing", "config.json")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_each_change_is_refused_and_named(model, name):
    """Changed, added, missing, renamed, a link, a special file: none passes, and none is opened that would block."""
    lock = defence.pin_folder(model)
    attack, expected = ATTACKS[name]
    attack(model)
    assert faults(model, lock) == expected


def test_a_renamed_file_says_where_it_is_now(model):
    """Two files of the same bytes that moved are two renamed ones."""
    (model / "config.json").rename(model / "c2")
    lock = defence.pin_folder(model)
    (model / "c2").rename(model / "c3")
    assert [str(f) for f in defence.verify_folder(model, lock).faults] == ["renamed: c2 (now c3)"]


@pytest.mark.parametrize("name", ["a link to nowhere", "a pipe", "a folder that is a link"])
def test_what_is_no_plain_file_is_not_pinned(model, name):
    """A lock of links would pin what they lead to today."""
    ATTACKS[name][0](model)
    with pytest.raises(defence.RefusedError, match="only plain files are pinned"):
        defence.pin_folder(model)


def test_sockets_and_empty_folders(model, tmp_path, monkeypatch):
    """A socket is refused; a folder without a file pins nothing."""
    monkeypatch.chdir(model)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        with pytest.raises(defence.RefusedError, match="it is a socket"):
            defence.pin_folder(model)
    (tmp_path / "empty" / "deep").mkdir(parents=True)
    with pytest.raises(defence.RefusedError, match="holds no file"):
        defence.pin_folder(tmp_path / "empty")
    for wrong, problem in (
        (tmp_path / "none", "no such folder"),
        (model / "config.json", "is a file"),
    ):
        with pytest.raises(defence.GuardError, match=problem):
            defence.pin_folder(wrong)


@pytest.mark.parametrize(
    ("one", "other"), [("A.bin", "a.bin"), ("stra\xdfe", "STRASSE"), ("e\u0301", "\xe9")]
)
def test_two_names_that_are_one_elsewhere_are_refused(model, one, other):
    """On macOS or Windows one of the two files would take the other's place."""
    (model / one).write_bytes(b"1")
    (model / other).write_bytes(b"2")
    with pytest.raises(defence.RefusedError, match="are one name on macOS and Windows"):
        defence.pin_folder(model)


def test_a_lock_inside_its_folder_leaves_itself_out(model):
    """Only that very file: a link of its name, or a file of that name elsewhere, is not left out."""
    path = model / "model.lock"
    path.write_bytes(defence.pin_folder(model, lock=path).to_bytes())
    lock = defence.read_lock(path)
    assert defence.verify_folder(model, lock, path=path).faults == ()
    (model / "weights/model.lock").write_bytes(b"x")
    assert [f.name for f in defence.verify_folder(model, lock, path=path).faults] == [
        "weights/model.lock"
    ]
    (model / "weights/model.lock").unlink()
    path.rename(model.parent / "elsewhere")
    path.symlink_to(model.parent / "elsewhere")
    assert [f.kind for f in defence.verify_folder(model, lock, path=path).faults] == ["symlink"]


NAMES = st.lists(
    st.text(
        st.one_of(st.sampled_from("\\x41 a\n\u202e\u200b\xa0\t\x7f\ufe0f"), st.characters())
    ).filter(lambda part: part not in ("", ".", "..") and "/" not in part and "\0" not in part),
    min_size=1,
    max_size=3,
).map("/".join)


def on_disk(name):
    """Whether a file system can have such a name: a lone surrogate stands for one byte that is no UTF-8."""
    try:
        return os.fsdecode(os.fsencode(name)) == name
    except UnicodeEncodeError:
        return False


@given(NAMES.filter(on_disk))
@settings(max_examples=150)
def test_any_name_is_one_line_and_comes_back(name):
    """Names with line ends, bytes that are no UTF-8, letters that turn the line round: one way to write each."""
    line = spelled(name)
    assert len(line.splitlines()) == 1
    assert line.strip() == line
    assert unspelled(line) == name
    pin = defence.Pin(name, "0" * 64, 1)
    assert defence.parse_lock(defence.Lock.of([pin]).to_bytes(), "l").pins == (pin,)


@given(NAMES.filter(on_disk), NAMES.filter(on_disk))
def test_two_names_are_never_written_alike(one, other):
    """No name can pass for another."""
    assert (spelled(one) == spelled(other)) == (one == other)


@pytest.mark.parametrize(
    "name",
    [b"\xff\xfe.bin", b"new\nline", b"tab\tand\x1b[31m", "\u202eexe".encode(), b"\\x41", b" "],
)
def test_odd_names_are_pinned_and_told_in_one_line(model, name):
    """What is on the disk, in bytes, is what is compared."""
    path = model / os.fsdecode(name)
    path.write_bytes(b"1")
    lock = defence.parse_lock(defence.pin_folder(model).to_bytes(), "l")
    assert faults(model, lock) == []
    path.unlink()
    ((kind, told),) = faults(model, lock)
    assert kind == "missing"
    assert told.isprintable()
    assert unspelled(told) == os.fsdecode(name)


HEAD = "# unpickled model.lock, version 1: sha256, bytes, path\n"
HASH = "ab" * 32


def line(path, digest=HASH, size="1"):
    return f"{digest}  {size}  {path}\n"


BAD_LOCKS = {
    "": "its first line is another",
    "x": "its first line is another",
    HEAD[:-1]: "middle of a line",
    HEAD: "pins no file",
    HEAD.replace("version 1", "version 2")
    + line("a"): "version 2, and this program knows version 1",
    HEAD.replace("\n", "\r\n") + line("a"): "carriage return",
    HEAD + line("a").replace("\n", "\r\n"): "carriage return",
    HEAD + line("a")[:-1]: "middle of a line",
    HEAD + line("a") + line("b")[:70]: "middle of a line",
    HEAD + line("/etc/passwd"): "absolute",
    HEAD + line("../a"): "leads out of the folder",
    HEAD + line("a/../../b"): "leads out of the folder",
    HEAD + line(".."): "leads out of the folder",
    HEAD + line(r"\x2e\x2e/a"): "leads out of the folder",
    HEAD + line(r"\x2fetc"): "absolute",
    HEAD + line("./a"): "no file can have this path",
    HEAD + line("a//b"): "no file can have this path",
    HEAD + line("a/"): "no file can have this path",
    HEAD + line(r"a\x00"): "no file can have this path",
    HEAD + line(r"\x61"): "not written as",
    HEAD + line(r"a\b"): "not written as",
    HEAD + line("a\u202eb"): "not written as",
    HEAD + line("a\tb"): "not written as",
    HEAD + line(r"\xFF"): "not written as",
    HEAD + line("a") + line("a"): "a is there twice",
    HEAD + line("a") + line("a", "cd" * 32): "a is there twice",
    HEAD + line("b") + line("a"): "not in the order",
    HEAD + line("A") + line("a"): "are one name on some systems",
    HEAD + line("A") + line("a/b"): "are one name on some systems",
    HEAD + line("A") + line("a.b") + line("a/b"): "A and a/b are one name",
    HEAD + line("a/" * 500_000 + "b"): "longer than 4,096 bytes",
    HEAD + line("\u0344" * 2049): "longer than 4,096 bytes",
    HEAD + line("a", HASH.upper()): "the line is not",
    HEAD + line("a", HASH[1:]): "the line is not",
    HEAD + line("a", size="01"): "the line is not",
    HEAD + line("a", size="-1"): "the line is not",
    HEAD + line("a", size="9" * 20): "the line is not",
    HEAD + line("a", size="\u0661"): "the line is not",
    HEAD + line("a") + "\n": "the line is not",
    HEAD + "# a remark\n" + line("a"): "the line is not",
}


@pytest.mark.parametrize("text", BAD_LOCKS, ids=lambda text: text[55:115])
def test_a_lock_that_pin_would_not_have_written_is_refused(tmp_path, text):
    """Path outside, absolute, `..`, twice, another version, cut: one line with the place and a remedy."""
    path = tmp_path / "model.lock"
    path.write_bytes(text.encode())
    with pytest.raises(defence.GuardError, match=BAD_LOCKS[text]) as refusal:
        defence.read_lock(path)
    assert refusal.value.place.startswith(str(path))
    assert refusal.value.remedy
    assert len(str(refusal.value).splitlines()) == 1


@given(st.data())
def test_a_damaged_lock_is_another_lock_or_none(data):
    """Whatever one byte is changed or cut away, what is still read is read as it stands."""
    lock = defence.Lock.of(defence.Pin(name, HASH, 12) for name in ("a", "b/c", "b\n\udcff"))
    whole = lock.to_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255))
    for damaged in (
        whole[:at],
        whole[:at] + bytes([byte]) + whole[at + 1 :],
        whole[:at] + whole[at + 1 :],
    ):
        try:
            found = defence.parse_lock(damaged, "l")
        except defence.GuardError:
            continue
        assert found.to_bytes() == damaged


@given(st.binary(max_size=300) | st.text(string.printable).map(lambda text: (HEAD + text).encode()))
def test_any_bytes_are_a_lock_or_one_error(data):
    """Hostile input ends in the error tree."""
    try:
        assert defence.parse_lock(data, "l").to_bytes() == data
    except CourseError as error:
        told = str(error)
        assert len(told.splitlines()) == 1


def test_a_file_that_changes_while_it_is_read_is_told(model):
    """Exchanged, grown or shortened between the listing and the end of the reading."""
    listing = list_folder(model)
    (model / "config.json").unlink()
    (model / "config.json").write_bytes(b"[]")
    with (model / "weights/b.bin").open("ab") as file:
        file.write(b"more")
    found = hash_files(listing.files)
    assert {name: type(digest).__name__ for name, digest in found.items()} == {
        "config.json": "Changed",
        "weights/a.safetensors": "str",
        "weights/b.bin": "Changed",
    }


def test_a_file_that_is_written_to_under_the_reader_is_told(model):
    """Of the same size, in the same place: its time of change tells."""
    path = model / "config.json"
    os.utime(path, (1, 1))
    (file, *_) = list_folder(model).files
    assert type(hash_files([file], lambda _: path.write_bytes(b"[]"))["config.json"]) is Changed


def test_a_file_that_took_anothers_place_is_not_opened(model):
    """Nor is a byte of it hashed."""
    (file, *_) = list_folder(model).files
    (model / "new").write_bytes(b"[]")
    (model / "new").replace(model / "config.json")
    with pytest.raises(Changed):
        open_file(file)


def test_a_link_put_in_place_between_listing_and_reading_is_not_followed(model, tmp_path):
    """The last moment to exchange a file for a link."""
    listing = list_folder(model)
    (model / "config.json").rename(tmp_path / "out")
    (model / "config.json").symlink_to(tmp_path / "out")
    assert type(hash_files(listing.files)["config.json"]).__name__ == "Changed"


def test_an_unreadable_file_is_no_difference_and_no_pass(model, monkeypatch):
    """What cannot be read was not judged."""
    lock = defence.pin_folder(model)

    def refused(path, flags, *rest):
        if str(path).endswith("config.json"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, flags, *rest)

    real = os.open
    monkeypatch.setattr(os, "open", refused)
    found = defence.verify_folder(model, lock)
    assert found.unjudged
    assert [str(f) for f in found.faults] == ["unreadable: config.json (Permission denied)"]
    with pytest.raises(defence.GuardError, match="Permission denied"):
        defence.pin_folder(model)


def test_ctrl_c_ends_the_threads(model):
    """Nothing goes on in the background."""
    before = threading.active_count()

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hash_files(list_folder(model).files, stop)
    assert threading.active_count() == before


def replace_lock(work):
    defence.write_whole(work / "model.lock", b"new" * 10, overwrite=True)


@pytest.mark.parametrize("how", ["killed", "full"])
def test_at_each_write_the_lock_is_the_old_one_or_the_new_one(tmp_path, how):
    """Killed, or out of room, at any change to the disk."""
    start, work = tmp_path / "start", tmp_path / "work"
    start.mkdir()
    (start / "model.lock").write_bytes(b"old")
    seen = []
    for where, ended in tries(start, work, replace_lock, how=how):
        seen.append((where.split()[0], ended))
        new = (work / "model.lock").read_bytes() == b"new" * 10
        assert new or (work / "model.lock").read_bytes() == b"old"
        assert new or ended != "done"
        if ended == "error":
            assert [p.name for p in work.iterdir()] == ["model.lock"]
    assert {name for name, _ in seen} >= (
        {"open", "write"} if how == "full" else {"open", "write", "fsync", "replace"}
    )


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """Each of its bytes; and then its name."""
    path, synced = tmp_path / "model.lock", []
    real = os.fsync

    def fsync(file):
        found = os.fstat(file)
        synced.append((found.st_ino, stat.S_ISREG(found.st_mode) and found.st_size, path.exists()))
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    defence.write_whole(path, iter([b"abc", b"de"]))
    assert synced == [(path.stat().st_ino, 5, False), (tmp_path.stat().st_ino, False, True)]


def test_a_folder_that_nobody_may_list_takes_files(tmp_path, monkeypatch):
    """A drop box: what was written was written, and is not said to have failed."""
    real = os.open

    def refused(path, flags, *rest, **named):
        if path == tmp_path and not flags & os.O_CREAT:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return real(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", refused)
    defence.write_whole(tmp_path / "model.lock", b"x")
    assert make_keys(tmp_path / "keys")
    append(tmp_path / "loads.jsonl", {"event": "load"})
    assert sorted(one.name for one in tmp_path.iterdir()) == ["keys", "loads.jsonl", "model.lock"]


@pytest.mark.parametrize("path", ["", "/", ".", ".."])
def test_a_place_without_a_name_is_none(model, path):
    """`-o ""` and `-o /`, with --overwrite too."""
    for overwrite in (False, True):
        with pytest.raises(defence.GuardError):
            defence.require_place(Path(path), overwrite=overwrite)


def test_a_lock_that_is_there_is_not_replaced(tmp_path):
    """Neither seen before the work nor in the last moment."""
    path = tmp_path / "model.lock"
    path.write_bytes(b"mine")
    for call in (lambda: defence.require_place(path), lambda: defence.write_whole(path, b"x")):
        with pytest.raises(defence.GuardError, match="it is there already"):
            call()
    assert path.read_bytes() == b"mine"
    assert [p.name for p in tmp_path.iterdir()] == ["model.lock"]
