"""The site is made whole or not at all, of pinned files, and not twice; it is small, and holds no key."""

from __future__ import annotations

import base64
import hashlib
import sys
import zipfile

import pytest
from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION

from unpickled.authoring.site import building, fetching, lite, own_wheel
from unpickled.authoring.site.lock import Lock, Wheel, read_lock
from unpickled.errors import SetupError
from unpickled.grading.secrets import answers, leaks


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


def test_another_pyodide_than_the_pinned_one_is_not_kept(tmp_path, monkeypatch):
    """npm's own sum decides, SHA-512 in base64, also over what an earlier build has left in the cache."""

    def brings(text):
        command = [sys.executable, "-c", f"open('pyodide-0.tgz', 'w').write({text!r})"]
        monkeypatch.setattr(fetching, "_npm", lambda version: command)

    sum_ = base64.b64encode(hashlib.sha512(b"right").digest()).decode()
    lock = Lock("0", f"sha512-{sum_}", ())
    brings("wrong")
    with pytest.raises(SetupError, match="not the file that the lock names"):
        fetching.fetch(lock, tmp_path, lambda step: None)
    assert [*tmp_path.iterdir()] == []
    (tmp_path / "pyodide-0.tgz").write_text("wrong")
    brings("right")
    said = []
    for _ in range(2):
        archive, _wheels = fetching.fetch(lock, tmp_path, said.append)
        assert archive.read_text() == "right"
    assert said == ["bringing pyodide 0 from the npm registry"]


@pytest.fixture
def built_around(monkeypatch, tmp_path):
    """A builder whose JupyterLite is one file of so many bytes."""

    def put(size):
        def build(_lite, out, *_):
            out.mkdir()
            with (out / "large").open("wb") as file:
                file.truncate(size)

        monkeypatch.setattr(lite, "build_lite", build)

    monkeypatch.setattr(building, "fetch", lambda *_: (tmp_path / "none", {}))
    monkeypatch.setattr(lite, "put_pyodide", lambda *_: [])
    monkeypatch.setattr(building, "keep_offline", lambda _site: None)  # it needs JupyterLite's own
    return put


def test_a_site_above_the_promised_size_is_not_made(root, tmp_path, built_around):
    """60 MB are promised to whoever waits for it; one that is too large does not take the old one's place."""
    out = tmp_path / "made" / "site"
    built_around(1_000)
    made = building.build_site(root, out, lambda step: None)
    assert made.size < 60_000_000
    (out / building._STAMP).write_text("an older one")
    built_around(60_000_000)
    with pytest.raises(SetupError, match="60,000,000 are promised"):
        building.build_site(root, out, lambda step: None)
    assert [path.name for path in out.parent.iterdir()] == ["site"]
    assert (out / "large").stat().st_size == 1_000
    assert (out / building._STAMP).read_text() == "an older one"


FOR_AUTHORS = {"authoring", "cli", "defence", "grading", "kernels", "quizzes"}


def test_no_key_reaches_a_learner(root, tmp_path):
    """The site's own wheel has neither a graded quiz nor what scores it, neither a lab's solution nor a hidden test."""
    path = tmp_path / own_wheel.NAME
    path.write_bytes(own_wheel.own_wheel(root))
    names = zipfile.ZipFile(path).namelist()
    there = {name.split("/")[1] for name in names if name.count("/") > 1}
    here = {one.parent.name for one in (root / "src" / "unpickled").glob("*/__init__.py")}
    assert here >= FOR_AUTHORS
    assert there == here - FOR_AUTHORS
    kit = [name.removeprefix("unpickled/here/kit/") for name in names if "/here/kit/" in name]
    assert {name.split("/")[0] for name in kit} == {"course", "quizzes", "recorded.json"}
    assert {name.split("/")[-1] for name in kit if name.startswith("quizzes/")} == {"practice.toml"}
    assert leaks(tmp_path, answers(root)) == []


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
