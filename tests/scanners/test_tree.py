"""Folders: every entry is accounted for, in order, and no link leads out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from unpickled.scanners import Verdict, scan_tree, survey
from unpickled.scanners import tree as module
from unpickled.specimens import make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tree with hidden files, links of all kinds, a pipe, and names that sort awkwardly."""
    root = tmp_path / "root"
    for name in (
        "b.pkl",
        "a/c.pkl",
        "a/.hidden.pkl",
        ".cache/d.pkl",
        "a/deep/e.pkl",
        "new\nline.pkl",
        "B.pkl",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make("plain-4") or b"")
    (tmp_path / "outside.pkl").write_bytes(make("plain-4") or b"")
    (root / "inside-link.pkl").symlink_to("a/c.pkl")
    (root / "outside-link.pkl").symlink_to(tmp_path / "outside.pkl")
    (root / "folder-link").symlink_to("a")
    (root / "up").symlink_to("..")
    (root / "broken").symlink_to("nowhere")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "pipe")
    (root / "a" / "empty").mkdir()
    return root


def shown(folder: Path, **options: object) -> dict[str, str]:
    targets = survey([folder], **options).targets  # type: ignore[arg-type]
    return {
        os.path.relpath(each.path, folder): each.problem.problem if each.problem else ""
        for each in targets
    }


def test_every_entry_is_accounted_for_in_order(folder: Path) -> None:
    """Files come sorted, hidden ones too; links and pipes are listed with the reason why they are not opened."""
    found = shown(folder)
    everything = [path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()]
    assert set(found) == {str(path.relative_to(folder)) for path in everything}
    opened = [name for name, problem in found.items() if not problem]
    assert opened == [
        "B.pkl", "b.pkl", "inside-link.pkl", "new\nline.pkl", ".cache/d.pkl", "a/.hidden.pkl", "a/c.pkl",
        "a/deep/e.pkl",
    ]  # fmt: skip
    assert "out of the folder" in found["outside-link.pkl"]
    assert "link" in found["folder-link"]
    assert "out of the folder" in found["up"]
    assert "no such file" in found["broken"]
    assert found["loop"]
    assert "named pipe" in found["pipe"]


def test_a_folder_whose_name_begins_alike_is_outside(tmp_path: Path) -> None:
    """Out of `models` no link into `models-private` is followed."""
    for name in ("models", "models-private"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.pkl").write_bytes(make("plain-4") or b"")
    (tmp_path / "models" / "b.pkl").symlink_to(tmp_path / "models-private" / "a.pkl")
    found = shown(tmp_path / "models")
    assert (found["a.pkl"], "out of the folder" in found["b.pkl"]) == ("", True)


def test_what_is_left_out_is_counted(folder: Path) -> None:
    """A pattern fits a name, a path below the folder, or a folder on the way; the number is kept."""
    total = len(survey([folder]).targets)
    for pattern, left_out in (
        ("*.pkl", 9),
        ("a", 3),
        ("a/deep/*", 1),
        (".*", 2),
        ("nothing", 0),
        ("pipe", 1),
    ):
        found = survey([folder], ignore=[pattern])
        assert (found.ignored, len(found.targets)) == (left_out, total - left_out), pattern


def test_nothing_to_scan_is_a_target_of_its_own(tmp_path: Path, folder: Path) -> None:
    """An empty folder, and one of which all was left out, do not pass in silence."""
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    for found in (survey([tmp_path / "empty"]), survey([folder], ignore=["*"])):
        (target,) = found.targets
        assert target.problem is not None
        assert module.report_on(target).verdict is Verdict.SKIPPED
    assert survey([folder / "b.pkl"], ignore=["b.*"]).targets[0].problem is not None


def test_a_link_given_by_hand_is_followed(folder: Path, tmp_path: Path) -> None:
    """Links inside a folder are judged with care; one that the reader named is what they mean."""
    (reports,) = scan_tree([folder / "outside-link.pkl"])
    assert reports.verdict is Verdict.CLEAN
    (tmp_path / "shortcut").symlink_to(folder / "a")
    assert len(survey([tmp_path / "shortcut"]).targets) == 3


def test_an_unreadable_folder_is_accounted_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that may not be listed is a target with the reason; the rest is still walked."""
    real = os.scandir

    def guarded(path: str) -> object:
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(module.os, "scandir", guarded)
    found = shown(folder)
    assert "may not read" in found["a"]
    assert found["b.pkl"] == ""
    (report,) = [each for each in scan_tree([folder]) if each.path.endswith("/a")]
    assert report.verdict is Verdict.FAILED


def test_an_unreadable_file_is_failed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without permission gets a report that says so."""
    real = os.open

    def guarded(path: str, *args: int, **options: object) -> int:
        if os.fspath(path).endswith("b.pkl"):
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", guarded)
    (report,) = scan_tree([folder / "b.pkl"])
    assert (report.verdict, report.format) == (Verdict.FAILED, None)
    assert "may not read" in report.advice


def test_paths_stay_as_given(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path is reported relative."""
    monkeypatch.chdir(folder.parent)
    assert survey(["root/b.pkl"]).targets[0].path == "root/b.pkl"
    assert survey(["root"]).targets[0].path.startswith("root/")
    assert survey(["root/"]).targets[0].path.startswith("root/")
    assert not survey(["root/"]).targets[0].path.startswith("root//")
