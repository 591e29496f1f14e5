"""The second lock before a real load: the pickle at the very start is read by itself, as `pickle.load` reads it."""

from __future__ import annotations

import pytest

from unpickled import canary
from unpickled.canary import proving
from unpickled.checking import Deeds
from unpickled.errors import CourseError
from unpickled.pickles import assemble


def test_what_a_walk_through_the_file_overlooks_is_not_loaded(tmp_path, monkeypatch):
    """Were the search for pickles in a file wrong about it, the one that is loaded is still judged."""
    call = [("GLOBAL", "os rmdir"), ("BINUNICODE", str(tmp_path / "x")), "TUPLE1", "REDUCE"]
    (tmp_path / "x").mkdir()
    (tmp_path / "model.pkl").write_bytes(assemble([("PROTO", 2), *call, "STOP"]))
    monkeypatch.setattr(proving, "deeds", lambda *_: Deeds((), 0, (), 1))
    with pytest.raises(CourseError, match=r"os\.rmdir"):
        canary.load_in_child(tmp_path / "model.pkl", home=tmp_path)
    assert (tmp_path / "x").is_dir()
