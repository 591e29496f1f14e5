"""A zip in which two readers could find two archives is refused everywhere, and what libraries write is not."""

from __future__ import annotations

import contextlib
import io
import random
import struct
import tempfile
import zipfile
from pathlib import Path

import pytest

from unpickled import canary
from unpickled.checking import deeds
from unpickled.errors import CourseError
from unpickled.pickles import assemble
from unpickled.scanners import Verdict, scan
from unpickled.specimens.torch_files import stored
from unpickled.weights import archives, identify, read_pickle
from unpickled.weights.archives import open_zip
from unpickled.weights.parsers import RefusedError, parse

from .counting import Counting

ENTRY, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"
ONE, TWO = (assemble([("PROTO", 2), ("BININT1", number), "STOP"]) for number in (1, 2))


def model(data: bytes, **more: bytes) -> bytes:
    """A PyTorch file of plain data."""
    return stored({"a/data.pkl": data, "a/version": b"3", **more})


def record(entries: int, length: int, offset: int, **other: int) -> bytes:
    """A 64-bit end record."""
    here = other.get("here", entries)
    head = struct.pack("<4sQ2H", b"PK\x06\x06", other.get("rest", 44), 45, 45)
    return head + struct.pack("<2L4Q", other.get("disk", 0), 0, here, entries, length, offset)


def wide(data: bytes, *, where: int | None = None, short: bool = False, **other: int) -> bytes:
    """The same archive with a 64-bit end; `where` is what its locator says, `other` what its record says instead."""
    at = data.rindex(END)
    entries, length, offset = struct.unpack_from("<H2L", data, at + 10)
    told = {"entries": entries, "length": length, "offset": offset, **other}
    locator = struct.pack(
        "<4sLQL", b"PK\x06\x07", 0, at if where is None else where, other.get("disks", 1)
    )
    none = (0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    end = data[at:] if short else struct.pack("<4s2H2H2LH", END, 0, 0, *none)
    return data[:at] + record(**told) + locator + end


def hidden() -> bytes:
    """Its locator points at a record that is a member's data."""
    within = model(ONE, **{"a/x": record(2, 90, 0)})
    return wide(within, where=within.index(b"PK\x06\x06"))


AMBIGUOUS = {"two archives": model(ONE) + model(TWO), "two 64-bit ends": hidden()}


@pytest.fixture(params=AMBIGUOUS)
def ambiguous(request, tmp_path):
    path = tmp_path / "a.pt"
    path.write_bytes(AMBIGUOUS[request.param])
    return path


def test_what_can_be_read_in_two_ways_is_clean_to_nobody(ambiguous):
    """Check calls it unreadable, trace and inspect refuse it, and it is not proved harmless."""
    report = scan(ambiguous)
    assert report.verdict is Verdict.UNREADABLE
    reason = "stands before or behind|end records contradict each other"
    with pytest.raises(CourseError, match=reason):
        read_pickle(ambiguous)
    with pytest.raises(RefusedError, match=reason):
        parse(identify(ambiguous).id, ambiguous)
    assert not deeds(ambiguous.read_bytes()).harmless


def test_what_can_be_read_in_two_ways_is_never_loaded(ambiguous, monkeypatch):
    """The canary's proof does not take it for what its last reading is."""
    monkeypatch.setattr(
        "unpickled.canary.loading.run_python", lambda *_, **__: pytest.fail("it ran")
    )
    reason = "not for this loader: zip archive; (something stands|its end records)"
    with (
        tempfile.TemporaryDirectory(prefix="unpickled-") as home,
        pytest.raises(CourseError, match=reason),
    ):
        canary.load_in_child(ambiguous, home=Path(home).resolve(), loader="torch")


def test_the_parts_of_ambiguous_files_are_sound():
    """Each is refused for its two readings alone."""
    for data in (model(ONE), wide(model(ONE)), wide(model(ONE), short=True)):
        with open_zip(io.BytesIO(data)) as archive:
            assert archive.read("a/data.pkl") == ONE
        assert deeds(data).harmless


@pytest.mark.parametrize("start", [b"#!/bin/sh\n", b"MZ" + bytes(90), LOCAL + bytes(30)])
@pytest.mark.parametrize("name", ["a.zip", "a.pt", "a.exe"])
def test_an_archive_behind_something_else_is_never_clean(tmp_path, start, name):
    """A program that unpacks itself is not judged: what comes first is what it is."""
    path = tmp_path / name
    path.write_bytes(start + model(ONE))
    assert scan(path).verdict in {Verdict.SKIPPED, Verdict.UNREADABLE}


def put(data: bytes, mark: bytes, at: int, value: bytes) -> bytes:
    """Change the last record of a kind."""
    where = data.rindex(mark) + at
    return data[:where] + value + data[where + len(value) :]


def moved(data: bytes) -> bytes:
    """Four bytes before the archive, of which all offsets know."""
    parts = (LOCAL + data).split(ENTRY)
    for number, part in enumerate(parts[1:], 1):
        offset = struct.unpack_from("<L", part, 38)[0] + 4
        parts[number] = part[:38] + struct.pack("<L", offset) + part[42:]
    return put(ENTRY.join(parts), END, 16, struct.pack("<L", data.index(ENTRY) + 4))


def gap(data: bytes) -> bytes:
    """Bytes between the members and the directory, which is told to begin behind them."""
    at = data.index(ENTRY)
    moved = data[:at] + b"PKPKPKPKPKPKPKPK" + data[at:]
    return put(moved, END, 16, struct.pack("<L", at + 16))


def extra(data: bytes, field: bytes) -> bytes:
    """The last member's entry with an extra field."""
    at = data.rindex(END)
    longer = data[:at] + field + data[at:]
    longer = put(longer, ENTRY, 30, struct.pack("<H", len(field)))
    length = struct.unpack_from("<L", data, at + 12)[0]
    return put(longer, END, 12, struct.pack("<L", length + len(field)))


def streamed(*, large: bool = False, packed: int = zipfile.ZIP_STORED) -> bytes:
    """An archive written to a pipe: the sizes stand behind the member."""

    class Pipe(io.RawIOBase):
        def write(self, data):
            out.extend(data)
            return len(data)

        def writable(self):
            return True

    out = bytearray()
    with zipfile.ZipFile(Pipe(), "w", packed) as archive:
        with archive.open("a/data.pkl", "w", force_zip64=large) as member:
            member.write(ONE)
        archive.writestr("a/version", b"3")
    return bytes(out)


def described(data: bytes, *, packed_twice: bool = False) -> bytes:
    """The first data descriptor says another size; or the packed size once more in the place of the unpacked one."""
    at = data.index(b"PK\x07\x08")
    if packed_twice:
        return data[: at + 12] + data[at + 8 : at + 12] + data[at + 16 :]
    return data[: at + 8] + struct.pack("<L", 6) + data[at + 12 :]


FIELD = struct.pack("<2HQ", 1, 8, 7)
WHOLE = model(ONE)
SECOND = struct.pack("<L", 0)
REFUSED = {
    "nothing of an end": (WHOLE[:80], "missing or damaged"),
    "half an end": (WHOLE[:-3], "missing or damaged"),
    "behind it": (WHOLE + b"PK tail", "before or behind"),
    "before it": (WHOLE[:4] + WHOLE, "before or behind"),
    "before it, and told": (moved(WHOLE), "before or behind"),
    "of two disks": (put(WHOLE, END, 4, b"\1"), "end records contradict"),
    "another number on this disk": (put(WHOLE, END, 8, b"\1"), "end records contradict"),
    "fewer members than listed": (put(WHOLE, END, 8, b"\1\0\1"), "as many members"),
    "the directory is shorter": (put(WHOLE, END, 12, b"\x40"), "before or behind"),
    "64: another place": (wide(WHOLE, where=0), "end records contradict"),
    "64: on another disk": (wide(WHOLE, disk=1), "end records contradict"),
    "64: two disks in all": (wide(WHOLE, disks=2), "end records contradict"),
    "64: a longer record": (wide(WHOLE, rest=45), "end records contradict"),
    "64: another number": (wide(WHOLE, short=True, entries=3), "end records contradict"),
    "64: another number here": (wide(WHOLE, here=1), "end records contradict"),
    "64: another length": (wide(WHOLE, short=True, length=1), "end records contradict"),
    "64: another offset": (wide(WHOLE, offset=1), "before or behind"),
    "64: fewer members": (wide(WHOLE, entries=1), "as many members"),
    "64: too many members": (wide(WHOLE, entries=20_001), "over the limit"),
    "64: too long": (wide(WHOLE, length=1 << 30), "before or behind"),
    "64: a locator alone": (WHOLE[: WHOLE.rindex(END)] + b"PK\x06\x07" + bytes(16) + WHOLE[WHOLE.rindex(END) :],
                            "end records contradict"),
    "bytes of nobody": (gap(WHOLE), "'a/version' there are bytes of no member"),
    "a member at another's place": (put(WHOLE, ENTRY, 42, SECOND), "claim the same bytes"),
    "a member that is not there": (put(WHOLE, LOCAL, 0, b"PK\x03\x03"), "is not where its directory says"),
    "another name": (put(WHOLE, LOCAL, 30, b"b"), "'a/version' has another name"),
    "another length of the name": (put(WHOLE, LOCAL, 26, b"\x08"), "'a/version' has another name"),
    "another method": (put(WHOLE, LOCAL, 8, b"\x08"), "'a/version' has other sizes"),
    "another size": (put(WHOLE, LOCAL, 22, b"\x02"), "'a/version' has other sizes"),
    "another size in the archive": (put(WHOLE, LOCAL, 18, b"\x02"), "'a/version' has other sizes"),
    "sizes elsewhere, and not there": (put(WHOLE, LOCAL, 18, b"\xff" * 8), "'a/version' has other sizes"),
    "encrypted to one": (put(WHOLE, LOCAL, 6, b"\1"), "'a/version' has other sizes or flags"),
    "stored in another size": (put(WHOLE, ENTRY, 24, b"\2"), "is only stored"),
    "a folder by its attributes": (put(WHOLE, ENTRY, 38, b"\x10"), "'a/version' is a folder, and yet has bytes"),
    "a folder by its name": (model(ONE, **{"a/x/": TWO}), "'a/x/' is a folder, and yet has bytes"),
    "a name that ends early": (model(ONE, **{"a/x\0y": b"z"}).replace(b"a/x", b"a\0x"), "two names"),
    "its 64-bit size twice": (extra(WHOLE, FIELD * 2), "'a/version' has two names or sizes"),
    "sizes behind it that nobody announced": (
        put(streamed(), ENTRY, 8, b"\0"), "'a/version' there are bytes of no member",
    ),
    "the packed size twice behind it": (
        described(streamed(packed=zipfile.ZIP_DEFLATED), packed_twice=True),
        "'a/data.pkl' there are bytes of no member",
    ),
    "other sizes behind it": (described(streamed()), "'a/data.pkl' there are bytes of no member"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_whatever_two_readers_could_take_otherwise_is_refused(what):
    """Each by its reason; the archive that it was made from is sound."""
    data, reason = REFUSED[what]
    with pytest.raises(zipfile.BadZipFile, match=reason):
        open_zip(io.BytesIO(data))


def test_two_members_of_one_name_are_refused():
    """In a PyTorch file also those that differ in case only."""
    for data, other in (
        (WHOLE, "a/data.pkl"),
        (WHOLE, "a/DATA.pkl"),
        (stored({"b/x": ONE}), "b/x"),
    ):
        with pytest.raises(zipfile.BadZipFile, match=f"{other}' twice"):
            open_zip(io.BytesIO(again(data, other)))
    open_zip(io.BytesIO(again(stored({"b/x": ONE}), "b/X"))).close()


def again(data: bytes, name: str) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        archive.NameToInfo.clear()  # so that no warning is given
        archive.writestr(name, TWO)
    return out.getvalue()


NAMES = {
    "the same bytes": ("é/x", "é/x".encode()),
    "the same bytes, in capitals": ("é/data.pkl", "é/DATA.PKL".encode()),
    "the same letters": ("ée/x", b"\x82e/x"),
    "the same letters, in capitals": ("ée/x", b"\x82e/X"),
}


@pytest.mark.parametrize("torch", [True, False], ids=["torch", "zip"])
@pytest.mark.parametrize("case", NAMES)
def test_two_members_of_one_name_in_different_letters_are_refused(case, torch):
    """Who knows the flag for UTF-8 goes by a name's letters, who does not by its bytes."""
    name, raw = NAMES[case]
    old = "Q" * len(raw)  # without the flag
    rest = {"é/version": b"3", "é/data.pkl": ONE} if torch else {}
    data = stored({**rest, name: ONE, old: TWO}).replace(old.encode(), raw)
    refused = pytest.raises(zipfile.BadZipFile, match="twice")
    with refused if torch or "capitals" not in case else contextlib.nullcontext():
        open_zip(io.BytesIO(data)).close()


def test_what_libraries_write_is_read(tmp_path):
    """PyTorch with and without sums, NumPy, archives from a pipe, with a comment, with sizes of 64 bits."""
    import numpy as np
    import torch

    made = {name: io.BytesIO() for name in ("sums", "none", "numbers", "packed", "comment")}
    torch.save({"w": torch.ones(300)}, made["sums"])
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"w": torch.ones(300)}, made["none"])
    finally:
        torch.serialization.set_crc32_options(True)
    np.savez(made["numbers"], a=np.ones(3), ü=np.ones(3))
    np.savez_compressed(made["packed"], a=np.ones(3))
    with zipfile.ZipFile(made["comment"], "w") as archive:
        archive.comment = b"PK\x06\x07 a commit's number"
        archive.writestr(folder := zipfile.ZipInfo("a/"), b"")
        folder.external_attr = 0x10
    files = [*made.values(), io.BytesIO(streamed()), io.BytesIO(streamed(large=True))]
    files.append(io.BytesIO(streamed(packed=zipfile.ZIP_DEFLATED)))
    for file in files:
        with open_zip(file) as archive:
            assert archive.testzip() is None or file is made["none"]


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A number changed, or bytes slipped in, mostly where the format keeps its own."""
    marks = [at for at in range(len(data)) if data.startswith(b"PK", at)]
    near = chance.choice(marks) + chance.randrange(4, 60)
    at = min(near if chance.random() < 0.8 else chance.randrange(len(data)), len(data) - 4)
    number = chance.choice((0, 1, 0xFFFFFFFF, chance.randrange(len(data))))
    value = chance.choice((bytes([chance.randrange(256)]), struct.pack("<L", number)))
    return data[:at] + value + data[at + (0 if chance.random() < 0.2 else len(value)) :]


def test_torch_itself_reads_the_same_members():
    """Of damaged archives those that are not refused hold to torch's own reader what they hold to Python's."""
    from torch._C import PyTorchFileReader

    chance = random.Random(20261130)
    seeds = [model(ONE, **{"a/x": TWO}), wide(WHOLE), hidden(), streamed(), model(ONE) + model(TWO)]
    compared = 0
    for _ in range(20_000):
        data = damaged(chance.choice(seeds), chance)
        try:
            with open_zip(io.BytesIO(data)) as archive:
                members = {name.lower(): name for name in reversed(archive.namelist())}
                root = archive.namelist()[0].partition("/")[0].lower()
                reader = PyTorchFileReader(io.BytesIO(data))
                for name in ("data.pkl", "version", "x"):
                    given = bytes(reader.get_record(name))
                    assert given == archive.read(members[f"{root}/{name}"])
                    compared += 1
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, UnicodeDecodeError):
            continue  # refused by one of the two
    assert compared > 500


def test_of_the_members_only_headers_are_read():
    """However large they are."""
    file = Counting(model(ONE, **{"a/data/0": bytes(8 << 20)}))
    open_zip(file).close()
    assert file.taken < 1 << 17


def test_a_directory_of_few_members_may_be_too_long(monkeypatch):
    """Its bytes are bounded as well as its entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(300):
            archive.writestr(member := zipfile.ZipInfo(str(number)), b"")
            member.comment = b"c" * 0xFFFF
    with pytest.raises(zipfile.BadZipFile, match="over the limit"):
        open_zip(out)
    monkeypatch.setattr(archives, "_DIRECTORY", 1 << 30)
    with open_zip(out) as archive:
        assert len(archive.namelist()) == 300


def test_torch_files_are_known_in_any_case():
    """Torch's reader asks for `a/data.pkl` and takes `A/DATA.PKL`; NumPy and Keras are particular."""
    assert archives.zip_kind(["A/DATA.PKL", "A/Version"]) == "torch-zip"
    assert archives.zip_kind(["a/data.pkl", "A/DATA/0"]) == "torch-zip"
    assert archives.zip_kind(["a/data.pkl", "a/.data/version"]) == "torch-zip"
    assert archives.zip_kind(["a/Data.pkl", "a/Constants.pkl"]) == "torchscript"
    assert archives.zip_kind(["a.NPY"]) == archives.zip_kind(["Config.json", "metadata.json"])
