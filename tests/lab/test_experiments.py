"""A row's files are really loaded; what happened is held against the row, kept, and shown in each table of the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from unpickled import lab
from unpickled.canary import Loaded
from unpickled.content import load_formats, load_sources
from unpickled.errors import ContentError, ProgressError
from unpickled.lab.experiments import Bench
from unpickled.lab.results import Result, Tried
from unpickled.progress import Seen, seen_path

TRIED = (
    "safetensors",
    "gguf",
    "onnx",
    "h5",
    "joblib",
    "npy",
)  # PyTorch's children take seconds: page 03b runs them


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    path = tmp_path_factory.mktemp("kept") / "progress.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNPICKLED_PROGRESS", str(path))
        yield path


@pytest.fixture(scope="module")
def shown(root, kept):
    """One bench with a table on its page, and all rows but PyTorch's tried."""
    bench = Bench(root)
    table = bench.table()
    before = {row["id"]: row["seen"]["state"] for row in table.rows}
    formats = {row.id: row for row in load_formats(root)}
    return before, table, {name: bench.run(formats[name]) for name in TRIED}


@pytest.mark.parametrize("name", TRIED)
def test_what_happens_is_what_the_row_says(shown, name):
    """Every file that can be tried went as formats.toml expects."""
    result = shown[2][name]
    assert result.holds, result
    assert result.happened == {one.id: one.expect for one in result.row.experiments}
    assert ("canary appeared" in repr(result)) == (result.row.pickle != "No")


def test_every_row_has_one_that_is_tried(root):
    """No row rests on what is only told."""
    for row in load_formats(root):
        assert any(one.expect != "told" for one in row.experiments), row.id


def test_the_folder_is_there_to_be_looked_at(shown):
    """Where the canary appeared its folder stands beside the file; elsewhere there is none."""
    for result in shown[2].values():
        for one in result:
            if one.path:
                assert (one.path.parent / "canary").is_dir() == (one.happened == "made")
                assert lab.workspace() in one.path.parents


def test_the_table_on_the_page_follows(shown):
    """Before, nothing was tried; afterwards each row that was tried says what, with what and when."""
    before, table, _ = shown
    assert set(before.values()) == {"none"}
    rows = {row["id"]: row["seen"] for row in table.rows}
    assert rows["pytorch"]["state"] == "none"
    assert all(rows[name]["state"] == "all" and rows[name]["holds"] for name in TRIED)
    assert rows["joblib"]["with"].startswith("joblib ")
    assert rows["h5"]["when"].split()[-1].isdecimal()


def test_another_kernel_remembers_and_a_changed_experiment_does_not_count(shown, root, monkeypatch):
    """What was seen is shown in a new session, but only for what is still the same experiment."""
    again = {row["id"]: row["seen"] for row in Bench(root).table().rows}
    assert again["npy"]["state"] == "all"
    formats = tuple(
        replace(row, experiments=tuple(replace(one, shows="else") for one in row.experiments))
        for row in load_formats(root)
    )
    monkeypatch.setattr("unpickled.content.load_formats", lambda *_: formats)
    changed = {row["id"]: row["seen"]["state"] for row in Bench(root).table().rows}
    assert set(changed.values()) == {"none"}


def test_what_cannot_be_kept_is_shown_all_the_same(shown, root, tmp_path, monkeypatch):
    """A disk that takes nothing costs the memory of it, not the look."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "file" / "progress.json"))
    bench = Bench(root)
    table = bench.table()
    monkeypatch.setattr("unpickled.lab.experiments._try", lambda *_: tuple(shown[2]["joblib"])[:1])
    row = next(row for row in load_formats(root) if row.id == "joblib")
    result = bench.run(replace(row, experiments=row.experiments[:1]))
    assert "cannot be saved" in repr(result)
    assert next(r for r in table.rows if r["id"] == "joblib")["seen"]["state"] == "some"


def test_a_damaged_file_is_told_below_the_result(shown, root, tmp_path, monkeypatch):
    """It is set aside, and what was seen now is kept in a new one."""
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "progress.json"))
    seen_path(tmp_path).write_text("{")
    monkeypatch.setattr("unpickled.lab.experiments._try", lambda *_: tuple(shown[2]["joblib"])[:1])
    row = next(row for row in load_formats(root) if row.id == "joblib")
    assert "is kept as progress-seen.aside-" in repr(Bench(root).run(row))
    assert set(Seen(seen_path(tmp_path)).outcomes()) == {"joblib-canary"}


def test_a_damaged_file_is_told_once_by_the_table_that_found_it(root, tmp_path, monkeypatch):
    """Looking alone sets it aside, so the look says so, with the name; the next one has nothing more to say."""
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "progress.json"))
    seen_path(tmp_path).write_text("garbage{")
    bench = Bench(root)
    table = bench.table()
    (aside,) = tmp_path.glob("progress-seen.aside-*.json")
    assert "progress-seen.json could not be used" in table.message
    assert aside.name in table.message
    assert bench.table().message == ""


def test_a_file_that_may_not_be_read_is_told_by_the_table(root, tmp_path, monkeypatch):
    """What was seen before is not shown then, and the table says why."""
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "progress.json"))

    def refused(_self):
        raise ProgressError("progress-seen.json", "cannot be read (Permission denied)", "Allow it.")

    monkeypatch.setattr(Seen, "outcomes", refused)
    assert "cannot be read (Permission denied)" in Bench(root).table().message


def test_a_row_that_there_is_not_is_named():
    """The message lists those that there are."""
    with pytest.raises(ContentError, match="pytorch, safetensors"):
        lab.experiment("pickle")


MADE = Loaded(True, True, "", "", "a wall", ("a dict",), "tool 1")
REFUSED = Loaded(False, False, "ValueError", "allow_pickle=False", "a wall", (), "tool 1")


@pytest.fixture
def one(root):
    row = next(row for row in load_formats(root) if row.id == "npy")
    return next(one for one in row.experiments if one.expect == "refused")


@pytest.mark.parametrize(
    ("loaded", "happened", "holds"),
    [
        (REFUSED, "refused", True),
        (replace(REFUSED, message="no such file"), "refused", False),
        (MADE, "made", False),
        (replace(MADE, made=False), "loaded", False),
        (replace(REFUSED, made=True), "made", False),
        (replace(REFUSED, error="TimeoutError"), "failed", False),
        (replace(REFUSED, error="ChildProcessError"), "failed", False),
        (None, "failed", False),
    ],
)  # fmt: skip
def test_only_the_refusal_that_is_meant_counts(root, one, loaded, happened, holds):
    """A refusal for another reason, a canary before the error, a child that died: none is what the row says."""
    tried = Tried(one, Path("a.npy"), loaded, "" if loaded else "it could not be written")
    row = replace(next(r for r in load_formats(root) if r.id == "npy"), experiments=(one,))
    result = Result(row, (tried,), load_sources(root))
    assert (tried.happened, result.holds) == (happened, holds)
    assert ("✓ yes" in result._repr_html_()) == holds
    assert ("  ok " in repr(result)) == holds
    assert ("  NO " in repr(result)) == (not holds)
    assert ("not as the row says" in repr(result)) == (not holds)


def test_nothing_of_a_file_becomes_markup(root, one):
    """What a loader says is the file's author's text."""
    bad = "<script>alert(1)</script>"
    loaded = replace(MADE, message=bad, error=bad, found=(bad,), tool=bad, isolation=bad)
    for loader in (loaded, replace(loaded, loaded=False, made=False)):
        tried = Tried(replace(one, what=bad, shows=""), Path(f"{bad}.npy".replace("/", "")), loader)
        row = replace(next(r for r in load_formats(root) if r.id == "npy"), name=bad)
        page = Result(row, (tried,), load_sources(root), bad)._repr_html_()
        assert "<script" not in page
