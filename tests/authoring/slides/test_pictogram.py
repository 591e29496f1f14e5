"""The pictures of a checklist: chosen by a whole word, and the same strokes on the page and in PowerPoint."""

from __future__ import annotations

import re

import pytest

from unpickled.authoring.slides import pictogram


@pytest.mark.parametrize(
    ("head", "drawn"),
    [("Scan it first", True), ("Pin the **hash**", True), ("Prefer the `safetensors` variant", True),
     ("A catalogue of scanners", False), ("", False)],
)  # fmt: skip
def test_a_picture_is_chosen_by_a_whole_word(head, drawn):
    assert bool(pictogram.svg(head)) is drawn


def test_lines_and_curves_are_the_same_in_powerpoint():
    made = pictogram.custom_geometry('<svg><path d="M 1,2 L 3,4.5 C 1,1 2,2 3,3 Z"/></svg>')
    assert re.findall(r"<a:(moveTo|lnTo|cubicBezTo|close)", made) == [
        "moveTo",
        "lnTo",
        "cubicBezTo",
        "close",
    ]
    assert '<a:lnTo><a:pt x="300" y="450"/></a:lnTo>' in made


def test_each_file_has_only_what_powerpoint_can_draw(root):
    files = list((root / "src/unpickled/authoring/slides/pictograms").glob("*.svg"))
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert set(re.findall(r"<(\w+)", text)) == {"svg", "path"}, file.name
        assert set("".join(re.findall(r' d="([^"]*)"', text))) <= set("MLCZ 0123456789.,-"), (
            file.name
        )
        assert 'viewBox="0 0 48 48"' in text
        assert 'aria-hidden="true"' in text
