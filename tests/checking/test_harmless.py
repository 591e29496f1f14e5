"""The harmless canary is told from everything else by its opcodes alone."""

from __future__ import annotations

import io
import os
import pickle
import zipfile

import pytest

from unpickled import specimens
from unpickled.checking import deeds, in_workspace
from unpickled.pickles import assemble

MARKER = "/tmp/unpickled-a1/canary"


class Does:
    def __init__(self, function, *arguments):
        self.what = (function, arguments)

    def __reduce__(self):
        return self.what


def test_a_canary_in_every_protocol_is_the_canary():
    """What pickle itself writes for os.mkdir(marker) is recognised, in whichever protocol."""
    for protocol in range(6):
        told = deeds(pickle.dumps(Does(os.mkdir, MARKER), protocol))
        assert (told.folders, told.harmless) == ((MARKER,), True)


@pytest.mark.parametrize(
    "function",
    [os.rmdir, os.makedirs, os.getcwd, print, getattr, len, eval],
    ids=lambda one: one.__name__,
)
def test_another_function_is_not(function):
    """However harmless it may be."""
    assert not deeds(pickle.dumps(Does(function, MARKER))).harmless


@pytest.mark.parametrize("arguments", [(), (MARKER, 0o700), (MARKER.encode(),), (7,), ([MARKER],)])
def test_mkdir_with_other_arguments_is_not(arguments):
    """One text, the path, and nothing beside it."""
    assert not deeds(pickle.dumps(Does(os.mkdir, *arguments))).harmless


def test_a_state_for_the_result_is_not():
    """BUILD calls, too: on anything but an OrderedDict of the pickle's own it is something else."""
    made = [("GLOBAL", "os mkdir"), ("BINUNICODE", MARKER), "TUPLE1", "REDUCE"]
    data = assemble([("PROTO", 2), *made, "EMPTY_DICT", "BUILD", "STOP"])
    assert not deeds(data).harmless


@pytest.mark.parametrize("name", ["FloatStorage._new_shared", "FloatStorageX", "xFloatStorage"])
def test_a_name_that_merely_begins_like_a_storage_is_none(name):
    """A storage of torch's is known by its whole name."""
    data = assemble([("PROTO", 2), ("GLOBAL", f"torch {name}"), "STOP"])
    assert deeds(data).problems == (f"it would import torch.{name}",)
    assert deeds(assemble([("PROTO", 2), ("GLOBAL", "torch FloatStorage"), "STOP"])).harmless


def zipped():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("more.pkl", pickle.dumps(Does(os.rmdir, MARKER)))
    return made.getvalue()


@pytest.mark.parametrize("more", [zipped(), b"\0", b"\n", b"just text", b"\x1f\x8b" + bytes(30)])
def test_whatever_stands_behind_a_pickle_is_told(more):
    """A zip, of which another program may read the end, or a single byte: it is not the canary alone."""
    data = pickle.dumps(Does(os.mkdir, MARKER))
    told = deeds(data + more, "canary.pkl")
    assert told.folders == (MARKER,)
    assert told.problems == (f"behind its last pickle it goes on, {len(more)} bytes long",)


def test_stacked_pickles_are_counted():
    """One behind the other: all are read, and how many there are is told."""
    data = pickle.dumps(Does(os.mkdir, MARKER))
    assert (deeds(data).pickles, deeds(data + pickle.dumps([1])).pickles) == (1, 2)
    assert deeds(specimens.make("legacy-plain") or b"").problems == ()


def test_every_specimen_that_is_no_canary_or_tensor_is_told_apart():
    """Unlisted calls, extension codes, broken and cut files have problems; honest tensors have none."""
    for name in ("unlisted-call", "extension-code", "truncated", "broken-canary", "npy-canary"):
        assert not deeds(specimens.make(name) or b"").harmless, name
    told = deeds(specimens.make("torch-plain") or b"")
    assert (told.harmless, told.folders, told.tensors) == (True, (), 2)
    assert len(deeds(specimens.make("stacked-canary") or b"").folders) == 1


@pytest.mark.parametrize(
    ("folder", "inside"),
    [
        (MARKER, True),
        ("/var/folders/xy/T/unpickled-9_b/canary", True),
        ("C:\\Users\\me\\Temp\\unpickled-x\\canary", True),
        ("/etc/canary", False),
        ("unpickled-x/canary", False),
        ("/tmp/unpickled-x/../../etc/unpickled-x/canary", False),
        ("/tmp/unpickled-x/a/canary", False),
        ("/tmp/unpickled-x", False),
        ("/tmp/unpickled-x y/canary", False),
        ("/tmp/unpickled-x.old/canary", False),
        ("", False),
    ],
)
def test_a_workspace_is_known_by_its_path(folder, inside):
    """Absolute, nothing upwards, directly inside a folder as the lab makes them."""
    assert in_workspace(folder) is inside


NONSENSE = b"(]\xff"  # too short to be taken for a pickle by what it holds; a loader runs it up to the last byte


def archive(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in members.items():
            made.writestr(f"a/{name.replace('_', '.')}", data)
    return out.getvalue()


@pytest.mark.parametrize("data", [NONSENSE, b"", b"\x80\x02K\x01"])
def test_what_torch_would_read_and_we_cannot_is_no_canary(data):
    """A second, sound pickle beside it proves nothing."""
    assert deeds(archive(version=b"3", data_pkl=pickle.dumps(1), zz_pkl=pickle.dumps(1))).harmless
    told = deeds(archive(version=b"3", data_pkl=data, zz_pkl=pickle.dumps(1)))
    assert told.pickles == 1
    assert any("cannot be" in problem for problem in told.problems)


@pytest.mark.parametrize("data", [NONSENSE, b"words", bytes(90), b"\xff" * 40])
def test_bytes_of_no_known_format_are_no_canary(data):
    """A loader that is given them unpickles them as far as it comes."""
    assert not deeds(data).harmless
