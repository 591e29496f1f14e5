"""A real load says where it was, and happens for nothing but the harmless canary."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from unpickled import canary, sandbox, specimens
from unpickled.errors import CourseError
from unpickled.pickles import assemble
from unpickled.sandbox import wall
from unpickled.specimens.torch_files import stored


@pytest.fixture
def home():
    with tempfile.TemporaryDirectory(prefix="unpickled-") as folder:
        yield Path(folder).resolve()


@pytest.fixture(params=["walled", "plain"])
def isolation(request, monkeypatch):
    if request.param == "plain":
        monkeypatch.setattr(wall, "problem", lambda: "taken away")
        return sandbox.PLAIN
    if sandbox.problem():
        assert not os.environ.get("CI"), "bubblewrap must work where tests count"
        pytest.skip("no bubblewrap that works on this machine")
    return sandbox.WALLED


def test_the_canary_sings_in_a_child(home, isolation):
    """A plain pickle with the canary makes its folder, and the result says where the child was."""
    path = specimens.write("reduce-canary", home, marker=home / "canary")
    found = canary.load_in_child(path, home=home)
    assert (found.loaded, found.made, found.error) == (True, True, "")
    assert found.isolation == isolation
    assert (home / "canary").is_dir()


def test_weights_only_refuses_the_canary(home):
    """PyTorch's restricted unpickler refuses what the plain one runs."""
    path = specimens.write("torch-bin-canary", home, marker=home / "canary")
    refused = canary.load_in_child(path, home=home, loader="torch")
    assert (refused.made, refused.error) == (False, "UnpicklingError")
    loaded = canary.load_in_child(path, home=home, loader="torch", weights_only=False)
    assert (loaded.made, loaded.loaded) == (True, True)


def test_a_marker_that_stood_before_was_not_made(home):
    """The old folder is not taken for a new one."""
    (home / "canary").mkdir()
    path = specimens.write("reduce-canary", home, marker=home / "canary")
    found = canary.load_in_child(path, home=home)
    assert (found.made, found.error) == (False, "FileExistsError")


def call(module, name, *texts):
    arguments = [("BINUNICODE", text) for text in texts]
    start = [("PROTO", 2), ("GLOBAL", f"{module} {name}"), "MARK"]
    return assemble([*start, *arguments, "TUPLE", "REDUCE", "STOP"])


def refused(home):
    inside = str(home / "canary")
    yield "another function", call("os", "rmdir", inside)
    yield "a harmless function", call("logging", "warning", "hello")
    yield "two arguments", call("os", "mkdir", inside, "511")
    yield "elsewhere", call("os", "mkdir", "/etc/canary")
    yield "relative", call("os", "mkdir", "canary")
    yield "deeper", call("os", "mkdir", str(home / "a" / "canary"))
    yield "upwards", call("os", "mkdir", str(home / "a" / ".." / "canary"))
    yield "itself", call("os", "mkdir", str(home))
    yield "import alone", assemble([("PROTO", 2), ("GLOBAL", "os system"), "STOP"])
    yield "in the second pickle", call("os", "mkdir", inside) + call("os", "rmdir", inside)
    yield (
        "state for a function",
        assemble([("PROTO", 2), ("GLOBAL", "os mkdir"), "EMPTY_DICT", "BUILD", "STOP"]),
    )
    yield "cut off", call("os", "mkdir", inside)[:-2]
    yield "by number", assemble([("PROTO", 2), ("EXT1", 1), "STOP"])


def test_anything_else_is_refused_before_a_child_starts(home, monkeypatch):
    """Another function, other arguments, another place, another pickle behind: refused, nothing loaded."""
    monkeypatch.setattr(
        "unpickled.canary.loading.run_python", lambda *_, **__: pytest.fail("it ran")
    )
    for what, data in refused(home):
        (home / "model.pkl").write_bytes(data)
        with pytest.raises(CourseError) as error:
            canary.load_in_child(home / "model.pkl", home=home)
        assert "Nothing was loaded" in str(error.value), what


def test_another_name_of_the_workspace_is_the_workspace(home, tmp_path):
    """On some machines the temporary folder is a link; what lies behind it counts."""
    (tmp_path / "alias").symlink_to(home)
    (home / "model.pkl").write_bytes(call("os", "mkdir", str(tmp_path / "alias" / "canary")))
    assert canary.load_in_child(home / "model.pkl", home=home).made
    assert (home / "canary").is_dir()


def test_a_link_out_of_the_workspace_is_no_way_out(home, tmp_path):
    """A marker below a link to elsewhere counts as elsewhere."""
    (home / "link").symlink_to(tmp_path)
    (home / "model.pkl").write_bytes(call("os", "mkdir", str(home / "link" / "canary")))
    with pytest.raises(CourseError, match="would make"):
        canary.load_in_child(home / "model.pkl", home=home)
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("name", ["npy-canary", "tar-canary", "zip-canary", "text", "empty"])
def test_what_the_loader_does_not_read_is_refused(home, name):
    """Each loader is given its own formats only."""
    path = specimens.write(name, home, marker=home / "canary")
    for loader in ("pickle", "torch"):
        with pytest.raises(CourseError, match="not for this loader"):
            canary.load_in_child(path, home=home, loader=loader)


def test_a_missing_file_is_named(home):
    """No traceback of the system's for a wrong name."""
    with pytest.raises(CourseError, match=r"none\.pkl"):
        canary.load_in_child(home / "none.pkl", home=home)


def test_a_torch_file_whose_own_pickle_cannot_be_read_is_not_loaded(home, monkeypatch):
    """However sound another one in it is."""
    monkeypatch.setattr(
        "unpickled.canary.loading.run_python", lambda *_, **__: pytest.fail("it ran")
    )
    path, sound = home / "a.pt", assemble([("PROTO", 2), ("BININT1", 1), "STOP"])
    for data in (b"(]\xff", b"", sound[:-1]):
        path.write_bytes(stored({"a/data.pkl": data, "a/version": b"3", "a/zz.pkl": sound}))
        with pytest.raises(CourseError, match=r"cannot be (read to its end|opened)"):
            canary.load_in_child(path, home=home, loader="torch", weights_only=False)
