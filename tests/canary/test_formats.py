"""Each format's own loader, in a child: the canary sings where the format lets it, and nothing else is loaded."""

from __future__ import annotations

import io
import json
import random
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import get_args

import joblib
import numpy as np
import pytest

from unpickled import canary, specimens
from unpickled.checking.arrays import objects_at, without_numbers
from unpickled.checking.harmless import first_pickle
from unpickled.content import CALLS
from unpickled.errors import CourseError
from unpickled.pickles import assemble
from unpickled.specimens.numpy_files import _dtype, _header
from unpickled.specimens.pickled import call, global_name, text
from unpickled.weights import inspect


@pytest.fixture
def home():
    with tempfile.TemporaryDirectory(prefix="unpickled-") as folder:
        yield Path(folder).resolve()


@pytest.fixture
def unrun(monkeypatch):
    """No child may start in this test."""
    monkeypatch.setattr(
        "unpickled.canary.loading.run_python", lambda *_, **__: pytest.fail("it ran")
    )


@pytest.mark.parametrize("name", ["joblib-gzip", "joblib-xz", "joblib-arrays-canary"])
def test_joblib_has_no_way_to_refuse(home, name):
    """Plain, compressed, with arrays between the opcodes: joblib.load calls what the file names."""
    path = specimens.write(name, home / "in", marker=home / "canary")
    found = canary.load_in_child(path, home=home, loader="joblib")
    assert (found.loaded, found.made) == (True, True)
    assert (home / "canary").is_dir()
    assert found.tool == f"joblib {joblib.__version__}"


def test_the_words_of_a_call_name_a_loader_that_there_is():
    """What formats.toml may say and what can be loaded are the same list."""
    assert {how.loader for how in CALLS.values()} == set(canary.LOADERS) == set(get_args(canary.Loader))  # fmt: skip


@pytest.mark.parametrize(
    ("name", "loader"),
    [
        ("safetensors", "gguf"), ("onnx", "safetensors"), ("npy-canary", "joblib"), ("gguf", "keras"),
        ("joblib-zlib", "numpy"), ("pickle-as-safetensors", "safetensors"), ("zip-canary", "numpy"),
        ("torch-plain", "keras"), ("h5-plain", "onnx"),
    ],
)  # fmt: skip
def test_each_loader_is_given_its_own_formats_only(home, unrun, name, loader):
    """By content, not by name: a pickle called .safetensors is none."""
    path = specimens.write(name, home, marker=home / "canary")
    with pytest.raises(CourseError, match="not for this loader"):
        canary.load_in_child(path, home=home, loader=loader)


def test_a_loader_that_there_is_not_is_named(home, unrun):
    """The list of those that there are stands in the message."""
    path = specimens.write("safetensors", home)
    with pytest.raises(CourseError, match="joblib, numpy"):
        canary.load_in_child(path, home=home, loader="dill")


RMDIR = [text("note", 4), *call("os", "rmdir", "/x", 4), "SETITEM"]


def npy(item, *, code="O8", order="|", flags=63):
    """An array of one object, its dtype told as it is or otherwise."""
    state = ["MARK", ("BININT1", 3), text(order, 4), "NONE", "NONE", "NONE"]
    state += [("BININT", -1), ("BININT", -1), ("BININT1", flags), "TUPLE", "BUILD"]
    dtype = [*global_name("numpy", "dtype", 4), text(code, 4), "NEWFALSE", "NEWTRUE", "TUPLE3"]
    ops = [("PROTO", 4), *global_name("numpy._core.multiarray", "_reconstruct", 4)]
    ops += [*global_name("numpy", "ndarray", 4), ("BININT1", 0), "TUPLE1"]
    ops += [("SHORT_BINBYTES", b"b"), "TUPLE3", "REDUCE", "MARK", ("BININT1", 1), ("BININT1", 1)]
    ops += ["TUPLE1", *dtype, "REDUCE", *state, "NEWFALSE", *item, "TUPLE", "BUILD", "STOP"]
    return _header("|O", 1) + assemble(ops)


def wrapped(*, shape=5, code="i8", order="<", extra=(), subclass=("numpy", "ndarray"), before=()):
    """A stream of joblib's with one array of five numbers, as it is or as somebody would like to have it."""
    ops = [("PROTO", 4), "EMPTY_DICT", *before, text("a", 4)]
    ops += [*global_name("joblib.numpy_pickle", "NumpyArrayWrapper", 4), "EMPTY_TUPLE", "NEWOBJ"]
    ops += ["EMPTY_DICT", text("subclass", 4), *global_name(*subclass, 4), "SETITEM"]
    ops += [text("shape", 4), ("BININT", shape), "TUPLE1", "SETITEM"]
    ops += [text("order", 4), text("C", 4), "SETITEM"]
    ops += [text("dtype", 4), *_dtype(code, order), "SETITEM"]
    ops += [text("allow_mmap", 4), "NEWTRUE", "SETITEM", *extra, "BUILD"]
    return assemble(ops) + struct.pack("<5q", 1, 2, 3, 4, 5) + assemble(["SETITEM", "STOP"])


def archive(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as opened:
        for name, data in members:
            opened.writestr(name, data)
    return out.getvalue()


LIST = ["EMPTY_LIST", text("x", 4), "APPEND"]
_squeeze = zlib.compressobj(
    9, zlib.DEFLATED, 13
)  # begins with 0x58: a zlib stream, and joblib does not know it
SMALL_WINDOW = _squeeze.compress(specimens.make("joblib-plain")) + _squeeze.flush()
HOSTILE = {
    "numpy": {
        "another call among the objects": npy(["EMPTY_LIST", *call("os", "rmdir", "/x", 4), "APPEND"]),
        "numbers said to be objects": npy(LIST, code="i8"),
        "objects said to be numbers": npy(LIST, flags=0),
        "bytes for objects": npy([("SHORT_BINBYTES", b"\x41" * 8)]),
        "fewer objects than the shape says": npy(["EMPTY_LIST"]),
        "a dtype of its own making": npy(LIST, code="V8"),
        "a record with objects": specimens.make("npy-plain").replace(b"'<i8', ", b"[('a','O')], "),
        "an object beside numbers": specimens.make("npy-plain").replace(b"'<i8'", b"'O,i4'"),
        "another version": specimens.make("npy-plain").replace(b"\x01\x00v", b"\x02\x00v"),
        "a member that is no array": archive(("a.npy", specimens.make("npy-plain")), ("b.npy", b"\x80\x04N.")),
        "a call in the second member": archive(
            ("a.npy", specimens.make("npy-plain")),
            ("b.npy", npy(["EMPTY_LIST", *call("os", "rmdir", "/x", 4), "APPEND"])),
        ),
    },
    "joblib": {
        "another call": wrapped(before=RMDIR),
        "objects: another pickle follows": wrapped(code="O8", order="|"),
        "another class of arrays": wrapped(subclass=("numpy", "memmap")),
        "more numbers than there are": wrapped(shape=1 << 20),
        "fewer numbers than there are": wrapped(shape=2),
        "a key of its own": wrapped(extra=[text("read", 4), "NONE", "SETITEM"]),
        "a key twice": wrapped(extra=[text("shape", 4), ("BININT", 4), "TUPLE1", "SETITEM"]),
        "twice compressed": zlib.compress(zlib.compress(specimens.make("joblib-plain"))),
        "what joblib takes for no compression": SMALL_WINDOW,
        "another call, compressed": zlib.compress(wrapped(before=RMDIR)),
        "cut off": specimens.make("joblib-zlib-plain")[:-20],
        "protocol 0, which it may read as it likes": specimens.make("plain-0"),
        "the old joblib's wrapper": assemble(
            [("PROTO", 2), ("GLOBAL", "joblib.numpy_pickle_compat NDArrayWrapper"), "EMPTY_TUPLE", "NEWOBJ", "STOP"]
        ),
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("loader", "what"), [(loader, what) for loader, files in HOSTILE.items() for what in files]
)
def test_whatever_only_resembles_an_array_is_refused(home, unrun, loader, what):
    """Another call, a lying dtype, a second pickle, another reading of the same bytes: nothing is loaded."""
    path = home / {"numpy": "a.npy", "joblib": "a.joblib"}[loader]
    path.write_bytes(HOSTILE[loader][what])
    with pytest.raises(CourseError):
        canary.load_in_child(path, home=home, loader=loader, allow_pickle=True)


def test_the_untouched_forms_are_not_refused():
    """What the hostile ones were made from is sound, so each is refused for its own sake."""
    assert first_pickle(without_numbers(wrapped()), arrays=True).harmless
    good = npy(LIST)
    assert first_pickle(good, objects_at(good), arrays=True).harmless
    assert objects_at(specimens.make("npy-plain")) == 0


def test_what_the_libraries_themselves_write_is_harmless():
    """Arrays of many types, shapes and orders, as numpy and joblib save them today."""
    arrays = [np.arange(12.0).reshape(3, 4), np.asfortranarray(np.ones((2, 3))), np.array([True]),
              np.zeros(0, "f4"), np.zeros((), "u1"), np.zeros((2, 1, 3), "i2")]  # fmt: skip
    for value in (*arrays, {"all": arrays, "again": arrays[0]}, [1, "two"]):
        stream = io.BytesIO()
        joblib.dump(value, stream)
        assert first_pickle(without_numbers(stream.getvalue()), arrays=True).problems == ()
    for value in (*arrays, np.array([["x", 1], [2.5, {"a": (None,)}]], dtype=object)):
        stream = io.BytesIO()
        np.save(stream, value, allow_pickle=True)
        start = objects_at(stream.getvalue())
        assert start is not None
        if start:
            assert first_pickle(stream.getvalue(), start, arrays=True).problems == ()


WATCH = """
import io, json, sys, warnings
import joblib, numpy
warnings.simplefilter("ignore")
seen = set()
armed = False
def watch(event, arguments):
    if armed and (event in ("pickle.find_class", "exec") or event.startswith(("os.", "subprocess."))):
        seen.add((event, str(arguments[:2])))
sys.addaudithook(watch)
names = ["numpy", "ndarray"]
joblib.load(io.BytesIO(bytes.fromhex(json.loads(sys.argv[1])[0])))  # whatever is imported late is imported now
armed = True
for data in map(bytes.fromhex, json.load(sys.stdin)):
    try:
        joblib.load(io.BytesIO(data)) if data[:1] == b"\\x80" else numpy.load(io.BytesIO(data), allow_pickle=True)
    except Exception:
        pass
armed = False
print(json.dumps(sorted(seen)))
"""
REBUILT = {
    "('numpy', 'dtype')", "('numpy', 'ndarray')", "('joblib.numpy_pickle', 'NumpyArrayWrapper')",
    "('numpy._core.multiarray', '_reconstruct')", "('numpy.core.multiarray', '_reconstruct')",
}  # fmt: skip


def test_damaged_files_that_pass_for_harmless_are(tmp_path):
    """Of thousands of damaged arrays those that are let through call nothing but what arrays are rebuilt with."""
    chance = random.Random(8)
    passed = []
    for name in ("joblib-arrays", "npy-objects"):
        whole = specimens.make(name)
        for _ in range(1500):
            data = bytearray(whole)
            for _ in range(chance.choice((1, 1, 2, 4))):
                data[chance.randrange(len(data))] = chance.choice(
                    (chance.randrange(256), *b"cRbo.}()")
                )
            data = bytes(data)
            if name == "npy-objects":
                start = objects_at(data)
                found = first_pickle(data, start, arrays=True) if start else None
            else:
                found = first_pickle(without_numbers(data), arrays=True)
                found = found if data[:1] == b"\x80" else None
            if found and found.harmless:
                assert found.folders == ()
                passed.append(data.hex())
    assert len(passed) > 100
    ran = subprocess.run(
        [sys.executable, "-c", WATCH, json.dumps([specimens.make("joblib-arrays").hex()])],
        input=json.dumps(passed), capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path,
    )  # fmt: skip
    seen = json.loads(ran.stdout)
    assert {event for event, _ in seen} <= {"pickle.find_class"}
    assert {name for _, name in seen} <= REBUILT
    assert seen


def test_a_child_that_lies_is_cut_and_disbelieved(home, monkeypatch):
    """What a child prints is text, bounded; anything that is no answer is a failure."""
    from unpickled.canary.loading import _told

    answer = {
        "loaded": True,
        "error": "",
        "message": "x" * 9999,
        "found": ["y" * 9999] * 99,
        "tool": "t",
    }
    found = _told(json.dumps(answer), 0, made=False, isolation="")
    assert len(found.message) < 700
    assert len(found.found) == 12
    assert all(len(line) < 700 for line in found.found)
    for bad in ({**answer, "found": [1]}, {**answer, "tool": None}, {**answer, "message": {}}, []):
        assert _told(json.dumps(bad), 0, made=True, isolation="").error == "ChildProcessError"


def test_several_files_are_loaded_in_one_child_and_told_apart(home):
    """Each by its own argument, with a folder of its own; what one of them ends with is not the others'."""
    for name in ("a", "b", "c"):
        (home / name).mkdir()
    jobs = [
        canary.Job(
            specimens.write("npy-canary", home / name, marker=home / name / "canary"),
            home / name,
            allowed,
        )
        for name, allowed in (("a", False), ("b", True), ("c", False))
    ]
    found = canary.load_each(jobs, loader="numpy")
    assert [one.made for one in found] == [False, True, False]
    assert [one.error for one in found] == ["ValueError", "", "ValueError"]
    assert [(job.home / "canary").is_dir() for job in jobs] == [False, True, False]


def test_one_file_that_is_refused_keeps_all_from_being_loaded(home, unrun):
    """No child starts, so nothing is half done."""
    good = specimens.write("npy-canary", home, marker=home / "canary")
    (home / "bad.npy").write_bytes(HOSTILE["numpy"]["another call among the objects"])
    with pytest.raises(CourseError, match=r"os\.rmdir"):
        canary.load_each(
            [canary.Job(good, home, True), canary.Job(home / "bad.npy", home, True)], loader="numpy"
        )


def test_two_files_may_not_make_the_same_folder(home, unrun):
    """Nobody could tell which of them it was."""
    job = canary.Job(specimens.write("npy-canary", home, marker=home / "canary"), home, True)
    with pytest.raises(CourseError, match="the same folder"):
        canary.load_each([job, job], loader="numpy")


def test_a_child_that_ends_early_is_told_for_those_it_had_not_come_to(home, monkeypatch):
    """The first file's answer stands; the second's is a failure, and no refusal."""
    from unpickled.canary import loading
    from unpickled.sandbox import Outcome

    line = {"loaded": True, "error": "", "message": "", "found": [], "tool": "t"}
    ended = Outcome(
        code=None,
        out=json.dumps(line).encode(),
        err=b"",
        stopped_by="time",
        isolation="",
        seconds=1,
        memory=1,
    )
    monkeypatch.setattr(loading, "run_python", lambda *_, **__: ended)
    jobs = [canary.Job(specimens.write("npy-plain", home), home)] * 2
    found = canary.load_each(jobs, loader="numpy")
    assert [(one.loaded, one.error) for one in found] == [(True, ""), (False, "TimeoutError")]


def test_an_array_inside_a_frame_is_refused(home, unrun):
    """joblib takes its numbers from behind the frame, and then goes on in it: two orders for the same bytes."""
    path = home / "x.joblib"
    joblib.dump([np.zeros(64, np.uint8), 5], path)
    data = path.read_bytes()
    (size,) = struct.unpack_from("<Q", data, data.index(b"\x95") + 1)
    for more in (0, 1, 40):
        path.write_bytes(data.replace(struct.pack("<Q", size), struct.pack("<Q", size + more), 1))
        told = first_pickle(without_numbers(path.read_bytes()), arrays=True)
        assert told.harmless == (more == 0)
        closed = [risk.text for risk in inspect(path).contents.risks if risk.kind == "closed"]
        assert closed == ["An array stands inside a FRAME; what follows was not read."] * (more > 0)
        if more:
            with pytest.raises(CourseError, match="cannot be read to its end"):
                canary.load_in_child(path, home=home, loader="joblib")
