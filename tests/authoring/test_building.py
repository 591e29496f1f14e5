"""A build makes what is not up to date and nothing else, and the stale-file gate tells what is not."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from unpickled.authoring import build, files, slides, stale_files, stamps, units, write
from unpickled.authoring.files import Output, stale
from unpickled.authoring.prints import MANIFEST
from unpickled.errors import ContentError, SetupError

SLIDES = "slides/L4.4.2"


class Drawn(list):
    """Stand-ins for the slide writers and the browser, and what was printed; the real ones have their own tests."""

    def put_in(self, monkeypatch):
        def html(root, deck):
            said = "".join(f"slide {s.id} {s.parts} {s.spoken}\n" for s in deck.slides)
            return said.encode()

        monkeypatch.setattr(slides, "html_slides", html)
        monkeypatch.setattr(
            slides, "pptx_slides", lambda root, deck: packed({"deck": html(root, deck)})
        )
        monkeypatch.setattr(slides, "printed", self.pictures)

    def pictures(self, html):
        self.append(html)
        ids = [line.split()[1] for line in html.decode().splitlines() if line.startswith("slide ")]
        named = {f"{number:02}-{name}.png": html for number, name in enumerate(ids, 1)}
        return {"slides.pdf": b"%PDF of " + html} | named


@pytest.fixture
def drawn(monkeypatch):
    made = Drawn()
    made.put_in(monkeypatch)
    return made


@pytest.fixture(scope="module")
def template(root, tmp_path_factory):
    """Build the course once."""
    copy = tmp_path_factory.mktemp("template")
    for folder in ("course", "quizzes", "labs"):
        shutil.copytree(root / folder, copy / folder)
    with pytest.MonkeyPatch.context() as monkeypatch:
        Drawn().put_in(monkeypatch)
        build(copy)
    return copy


@pytest.fixture
def built(written, template, drawn):
    """A course of which everything has been built."""
    shutil.copytree(template, written, dirs_exist_ok=True)
    return written


def packed(members, level=9):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, level)
    return made.getvalue()


def names(root, paths):
    return sorted(path.relative_to(root).as_posix() for path in paths)


def test_a_first_build_makes_every_file_and_a_second_none(written, drawn):
    """Notebooks, slides, scripts and pictures are there, and nothing is made twice."""
    said = []
    first = build(written, say=said.append)
    assert {
        "slides L4.4.2",
        "script L4.4.2",
        "pages L4.4.2",
        "quiz L4.4.2",
        "lab L4.8",
        "timeline",
    } <= set(said)
    assert first.files == len({*first.written, written / "course/L4.4.2/pictures/timeline.svg"})
    assert {path.suffix for path in first.written} == {
        ".ipynb", ".html", ".pptx", ".pdf", ".png", ".md", ".srt", ".vtt", ".json"
    }  # fmt: skip
    said.clear()
    second = build(written, say=said.append)
    assert (second.files, second.written, said) == (first.files, (), [])
    assert stale_files(written) == (first.files, [])


def test_a_changed_slide_makes_slides_and_script_and_leaves_the_notebooks(built, edit):
    """A unit is made anew when a file that it reads has changed."""
    edit("See you there.", "See you soon.")
    said = []
    report = build(built, quick=True, say=said.append)
    assert said == ["slides L4.4.2", "script L4.4.2"]
    assert {path.name for path in report.written} == {
        "slides.html", "slides.pptx", "script.md", "teleprompter.html", "captions.srt", "captions.vtt"
    }  # fmt: skip
    assert report.postponed == ("L4.4.2",)


@pytest.mark.parametrize("table", ["formats", "incidents", "spoken", "sources"])
def test_a_changed_table_alone_makes_slides_and_script_stale(built, table):
    """Slides and script draw from the course's data: a deck that nobody touched is not up to date by its stamp."""
    known = stamps.Stamps(built)
    drawing = [one for one in units(built) if one.name in ("slides L4.4.2", "script L4.4.2")]
    assert [one.name for one in drawing if known.current(one)] == ["slides L4.4.2", "script L4.4.2"]
    file = built / f"course/data/{table}.toml"
    file.write_text(file.read_text("utf-8") + "# One line more\n", "utf-8")
    assert [one.name for one in drawing if stamps.Stamps(built).current(one)] == []


@pytest.mark.long
def test_quick_leaves_the_pictures_for_the_next_build(built, edit, drawn):
    """The gate tells that they are of older slides, and a build without --quick prints them."""
    edit("See you there.", "See you soon.")
    build(built, quick=True)
    assert not drawn
    _, found = stale_files(built)
    assert {stale.problem for stale in found} == {"printed from another slides.html"}
    assert len(found) == 9
    build(built)
    assert len(drawn) == 1
    assert stale_files(built)[1] == []


def test_a_picture_of_a_slide_that_is_no_more_is_removed(built, edit):
    """A slide with another id has another picture; the old one does not stay behind."""
    edit("{#next layout=next", "{#later layout=next")
    report = build(built)
    assert names(built, report.removed) == [f"{SLIDES}/08-next.png"]
    assert (built / SLIDES / "08-later.png").is_file()


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(b"drawn over"), "not as it was printed"),
    ],
)
@pytest.mark.long
def test_the_gate_knows_printed_files_without_a_browser(built, drawn, spoil, problem):
    """By the sums that were committed with them."""
    spoil(built / SLIDES / "03-why.png")
    count, (found,) = stale_files(built)
    assert (names(built, [found.path]), found.problem) == ([f"{SLIDES}/03-why.png"], problem)
    assert count > 20
    assert not drawn
    build(built)
    assert stale_files(built)[1] == []


@pytest.mark.long
def test_a_picture_left_over_is_told(built):
    """A picture that no slide has is as misleading as a stale one."""
    (built / SLIDES / "09-old.png").write_bytes(b"old")
    _, (found,) = stale_files(built)
    assert found.problem == "left over from slides that are no more"


def test_what_was_made_of_a_deck_that_is_no_more_is_told(built):
    """Slides and scripts of a lesson that was taken out would look as true as the others; start leads there."""
    (built / "course/L4.4.2/deck.md").unlink()
    _, found = stale_files(built)
    left = [stale for stale in found if "left over" in stale.problem]
    assert names(built, [one.path for one in found if one not in left]) == ["course/start.ipynb"]
    assert {(names(built, [stale.path])[0], stale.remedy) for stale in left} == {
        ("slides/L4.4.2", "Remove it, or restore the deck"),
        ("video-scripts/L4.4.2", "Remove it, or restore the deck"),
    }
    assert {stale.problem for stale in left} == {
        "left over, since there is no course/L4.4.2/deck.md"
    }


@pytest.mark.parametrize("text", [None, "", "[]", '{"sha256": 1}'])
def test_without_a_manifest_the_pictures_are_stale(built, text, drawn):
    """Nothing tells what they were printed from, so they are printed again."""
    path = built / SLIDES / MANIFEST
    path.unlink() if text is None else path.write_text(text)
    _, (found,) = stale_files(built)
    assert found.problem.startswith("missing, so that nothing tells")
    build(built)
    assert len(drawn) == 1


def test_without_a_browser_the_rest_is_built_and_it_is_said(written, drawn, monkeypatch):
    """What cannot be printed is reported, never raised; it is printed once there is one."""

    def missing(html):
        raise SetupError("Chromium", "it is not installed", "Run: sudo apt-get install chromium")

    monkeypatch.setattr(slides, "printed", missing)
    report = build(written)
    assert [str(error) for error in report.unprinted] == [
        "Chromium: it is not installed. Run: sudo apt-get install chromium"
    ]
    assert (written / SLIDES / "slides.pptx").is_file()
    assert not (written / SLIDES / "slides.pdf").exists()


def test_one_lesson_or_lab_can_be_built_alone(written, drawn):
    """The others are left alone; an unknown one is refused with those that there are."""
    build(written, "L4.8")
    assert (written / "labs/L4.8/L4.8.ipynb").is_file()
    assert not (written / SLIDES).exists()
    with pytest.raises(
        ContentError, match=r"L9\.9: is no lesson or lab .* There are: L4\.4\.2, L4\.8\."
    ):
        build(written, "L9.9")


def test_a_fault_in_a_source_stops_the_build_and_spoils_nothing(built, edit):
    """Files of before are as they were, and the place is told."""
    before = (built / SLIDES / "slides.html").read_bytes()
    line = edit("layout=next", "layout=nxt")
    with pytest.raises(ContentError, match="unknown layout") as caught:
        build(built)
    assert caught.value.place == f"course/L4.4.2/deck.md:{line}"
    assert (built / SLIDES / "slides.html").read_bytes() == before


def test_a_file_that_was_removed_or_edited_is_made_again(built):
    """The stamp holds what is on the disk, not only what was read."""
    (built / "video-scripts/L4.4.2/script.md").unlink()
    (built / "video-scripts/L4.4.2/captions.srt").write_text("mine")
    assert {stale.problem for stale in stale_files(built)[1]} == {"missing", "stale"}
    report = build(built)
    assert {path.name for path in report.written} == {"script.md", "captions.srt"}


def test_the_times_of_files_decide_nothing(built):
    """A checkout sets them as it likes."""
    for path in built.rglob("*.toml"):
        os.utime(path, (1, 1))
    said = []
    build(built, say=said.append)
    assert said == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"slides L4.4.2": 1}'])
def test_broken_stamps_cost_time_and_nothing_else(built, text):
    """They are this machine's own, and worth no message."""
    (built / ".unpickled" / "build.json").write_text(text)
    assert build(built).written == ()


def test_another_version_of_the_package_or_a_library_makes_everything_anew(built, monkeypatch):
    """What makes the files is part of what they were made from."""
    monkeypatch.setattr(stamps, "maker", lambda: "another")
    said = []
    build(built, say=said.append)
    assert len(said) == len(units(built))


def test_the_sum_over_the_package_follows_its_source(monkeypatch, tmp_path):
    """A changed line of code, style or template is another maker; compiled files are not."""
    (tmp_path / "one.py").write_text("x = 1\n")
    (tmp_path / "__pycache__").mkdir()
    monkeypatch.setattr(stamps, "PACKAGE", tmp_path)
    first = stamps.maker()
    (tmp_path / "__pycache__" / "one.pyc").write_text("compiled")
    assert stamps.maker() == first
    (tmp_path / "style.css").write_text("p {}")
    assert stamps.maker() != first


def test_a_presentation_is_what_it_holds_not_how_tightly_it_is_packed(tmp_path):
    """Another machine's zlib packs otherwise, and the file is not stale for that."""
    path, members = tmp_path / "a.pptx", {"slide": bytes(range(256)) * 40}
    path.write_bytes(packed(members, level=1))
    assert path.read_bytes() != packed(members)
    assert stale([Output(path, packed(members))]) == []
    assert stale([Output(path, packed({"slide": b"other"}))]) == [path]
    path.write_bytes(b"no archive")
    assert stale([Output(path, packed(members))]) == [path]


def test_a_write_that_is_stopped_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    """Ctrl-C in the middle of a write: the file is the old one, whole, and the draft is gone."""
    path = tmp_path / "slides.html"
    path.write_text("old")

    def stop(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        write([Output(path, b"new")])
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    """With its path, why, and what to do."""
    (tmp_path / "slides").write_text("a file where a folder should be")
    with pytest.raises(SetupError, match=r"slides/a\.html: cannot be written: .*Make room"):
        write([Output(tmp_path / "slides" / "a.html", b"x")])


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    """What cannot be written whole is not written."""
    path = tmp_path / "a.html"
    path.write_text("old")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fdopen", full)
    with pytest.raises(SetupError, match="No space left"):
        write([Output(path, b"new")])
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "old"


def test_the_manifest_names_what_was_printed_and_from_what(built):
    """One sum for the page, one for each file, and nothing of the machine."""
    found = json.loads((built / SLIDES / MANIFEST).read_text())
    assert found["from"] == "slides.html"
    assert found["sha256"] == stamps.sum_of(built / SLIDES / "slides.html")
    assert len(found["files"]) == 9
