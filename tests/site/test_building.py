"""The site is made whole or not at all, of pinned files, and not twice."""

from __future__ import annotations

import hashlib
import sys

import pytest
from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION

from unpickled.authoring.site import building, fetching, lite
from unpickled.authoring.site.lock import Lock, Wheel, read_lock
from unpickled.errors import SetupError


def test_the_lock_is_for_the_kernel_that_is_installed(root):
    """The kernel is made for one version of Pyodide."""
    lock = read_lock(root)
    assert lock.pyodide == PYODIDE_VERSION
    assert lock.integrity.startswith("sha512-")
    assert all(
        len(wheel.sha256) == 64 and wheel.file.endswith("-none-any.whl") for wheel in lock.wheels
    )


def test_the_lock_holds_no_address(root):
    """Where a machine brings its packages from is its own business."""
    text = (root / "locks" / "site.toml").read_text()
    assert "://" not in text
    assert "/" not in text.replace(
        "sha512-" + read_lock(root).integrity.removeprefix("sha512-"), ""
    )


@pytest.fixture
def small_lock():
    wheel = Wheel(
        "tiny", "1.0", "tiny-1.0-py3-none-any.whl", hashlib.sha256(b"right").hexdigest(), ()
    )
    return Lock("0", "sha512-", (wheel,))


def client(text):
    """A package client that brings one file with this text."""
    return [sys.executable, "-c", f"open('tiny-1.0-py3-none-any.whl', 'w').write({text!r})"]


def test_another_file_than_the_pinned_one_is_not_kept(small_lock, tmp_path, monkeypatch):
    """The sum decides; the cache holds nothing that did not pass."""
    monkeypatch.setattr(fetching, "_npm", lambda version: [sys.executable, "-c", "open('p', 'w')"])
    monkeypatch.setattr(
        fetching, "_is", lambda path, wanted: wanted == "sha512-" or is_(path, wanted)
    )
    monkeypatch.setattr(fetching, "_pip", lambda wheels: client("wrong"))
    with pytest.raises(SetupError, match="not the file that the lock names"):
        fetching.fetch(small_lock, tmp_path, lambda step: None)
    assert [*tmp_path.iterdir()] == []
    monkeypatch.setattr(fetching, "_pip", lambda wheels: client("right"))
    said = []
    for _ in range(2):
        fetching.fetch(small_lock, tmp_path, said.append)
    assert said == ["bringing tiny from PyPI"]  # the second time it is there


is_ = fetching._is


def test_a_client_that_fails_says_why(small_lock, tmp_path, monkeypatch):
    """Without a network the last line of pip or npm is the reason."""
    monkeypatch.setattr(fetching, "_is", lambda path, wanted: wanted == "sha512-")
    monkeypatch.setattr(
        fetching, "_pip", lambda wheels: [sys.executable, "-c", "raise SystemExit('no route')"]
    )
    with pytest.raises(SetupError, match="no route"):
        fetching.fetch(small_lock, tmp_path, lambda step: None)


@pytest.mark.parametrize("end", [KeyboardInterrupt, SetupError("the site", "it failed")])
def test_an_interrupted_build_leaves_what_was_there(root, tmp_path, monkeypatch, end):
    """The old site stays whole, and no draft lies beside it."""
    out = tmp_path / "site"
    out.mkdir()
    (out / building._STAMP).write_text("an older one")

    def stop(*_):
        raise end

    monkeypatch.setattr(building, "fetch", lambda *_: (tmp_path / "none", {}))
    monkeypatch.setattr(lite, "put_pyodide", lambda *_: [])
    monkeypatch.setattr(lite, "build_lite", stop)
    with pytest.raises(end if isinstance(end, type) else SetupError):
        building.build_site(root, out, lambda step: None)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert (out / building._STAMP).read_text() == "an older one"


def test_a_folder_of_somebody_elses_is_left_alone(root, tmp_path):
    """Nothing is built over what is no site of ours."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "thesis.tex").write_text("years of work")
    with pytest.raises(SetupError, match="no site of ours"):
        building.build_site(root, tmp_path / "site", lambda step: None)
    assert (tmp_path / "site" / "thesis.tex").read_text() == "years of work"
