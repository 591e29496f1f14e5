"""`lab.convert` in a cell: scanned first, and without bubblewrap only what was proved to be tensors."""

from __future__ import annotations

import pytest

from unpickled import lab, restricted
from unpickled.errors import CourseError
from unpickled.lab import converting


@pytest.fixture
def asked(monkeypatch):
    """What the conversion is asked for; nothing is converted."""
    seen = {}
    monkeypatch.setattr(
        restricted, "convert", lambda model, out, **given: seen.update(given, model=model)
    )
    return seen


def test_only_tensors_need_no_wall(asked, tmp_path):
    """The excuse has its name, and an older file gives way in the workspace alone."""
    out = lab.workspace() / "out.safetensors"
    out.touch()
    lab.convert("torch-plain", out)
    assert (asked["without_wall"], asked["overwrite"]) == ("proved harmless", True)
    assert asked["since"] == restricted.stamp(asked["model"])
    (tmp_path / "out.safetensors").touch()
    with pytest.raises(CourseError, match="there already"):
        lab.convert("torch-plain", tmp_path / "out.safetensors")


def test_what_traces_as_anything_else_needs_the_wall(asked, monkeypatch):
    """A file that is clean for both scanners can still do what nobody lists."""
    monkeypatch.setattr(converting, "_only_tensors", lambda _: False)
    lab.convert("torch-plain", lab.workspace() / "other.safetensors")
    assert asked["without_wall"] == "none"
    monkeypatch.undo()
    assert not converting._only_tensors(lab.specimen("torch-canary"))
    assert not converting._only_tensors(lab.specimen("unlisted-call"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("torch-canary", "but dangerous"),
        ("safetensors", "already"),
        (b"x", "only a file"),
        ("none.pt", "neither"),
    ],
)
def test_everything_else_is_refused(asked, given, said):
    """By the scan, by the format, by name."""
    with pytest.raises(CourseError, match=said):
        lab.convert(given, lab.workspace() / "never.safetensors")
    assert not asked
