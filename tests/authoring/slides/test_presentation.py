"""The PPTX: read back by python-pptx, it says what the deck says, in native parts, and is the same bytes each time."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE
from pptx.oxml.ns import qn

from unpickled.authoring.slides import pptx_slides
from unpickled.authoring.slides.inline import plain, step
from unpickled.authoring.slides.look import COLOURS, HEADS, RISKS
from unpickled.content import load_formats, load_incidents
from unpickled.content.deck import Steps

SHADED = "a:highlight"


@pytest.fixture(scope="module")
def slides(powerpoint):
    return list(Presentation(io.BytesIO(powerpoint)).slides)


def shapes(collection):
    for shape in collection:
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            yield from shapes(shape.shapes)
        yield shape


def text(slide) -> str:
    return "\n".join(s.text_frame.text for s in shapes(slide.shapes) if s.has_text_frame)


def test_titles_and_notes_are_the_decks(slides, deck):
    assert [slide.shapes.title.text_frame.text for slide in slides] == [
        s.title for s in deck.slides
    ]
    for made, source in zip(slides, deck.slides, strict=True):
        assert made.notes_slide.notes_text_frame.text.split("\n") == list(source.spoken)


def test_every_text_of_the_deck_is_on_its_slide(slides, deck):
    for made, source in zip(slides, deck.slides, strict=True):
        seen = text(made)
        steps = [item for part in source.parts if isinstance(part, Steps) for item in part.items]
        for item in steps:
            head, rest = step(item)
            assert plain(head) in seen
            assert plain(rest) in seen
        for _, words in source.texts:
            assert words in steps or plain(words) in seen


def test_bullets_are_bullets(slides):
    points = next(s for s in slides[1].shapes if s.name == "Points")
    assert len(points.text_frame.paragraphs) == 4
    assert all(p._p.find(".//" + qn("a:buChar")) is not None for p in points.text_frame.paragraphs)


def test_the_table_is_native_and_coloured_by_risk(slides, root):
    table = next(s for s in slides[3].shapes if s.has_table).table
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert tuple(rows[0]) == HEADS
    for row, source, cells in zip(list(table.rows)[1:], load_formats(root), rows[1:], strict=True):
        assert [cells[0], cells[1], cells[3], cells[4]] == [
            source.name,
            source.pickle,
            source.risk_text,
            source.notes,
        ]
        assert re.fullmatch(rf"[▲◆●■] {source.risk}", cells[2])
        tint = RISKS[source.risk].tint.lstrip("#")
        assert {str(cell.fill.fore_color.rgb) for cell in row.cells} == {tint}


def test_code_is_one_text_box_with_the_trick_on_red(slides):
    code = next(s for s in slides[1].shapes if s.name == "Disassembly")
    red = [
        run.text
        for paragraph in code.text_frame.paragraphs
        for run in paragraph.runs
        if run._r.find(".//" + qn(SHADED)) is not None
    ]
    assert [line.split()[1] for line in red] == ["GLOBAL", "BINUNICODE", "TUPLE1", "REDUCE"]
    assert len({len(line) for line in red}) == 1  # padded, so that the red is even
    shade = code._element.find(".//" + qn(SHADED)).find(qn("a:srgbClr")).get("val")
    assert f"#{shade}" == COLOURS["alarm"]


def test_the_timeline_is_made_of_shapes_that_can_be_edited(slides, root):
    group = next(s for s in slides[2].shapes if s.name == "Timeline")
    assert group.shape_type == MSO_SHAPE_TYPE.GROUP
    seen = " ".join(s.text_frame.text for s in group.shapes if s.has_text_frame)
    for incident in load_incidents(root):
        assert incident.title in seen.replace("\n", " ")


def test_what_is_drawn_has_words_for_those_who_do_not_see_it(slides):
    drawn = [
        s
        for slide in slides
        for s in slide.shapes
        if s.shape_type in (MSO_SHAPE_TYPE.GROUP, MSO_SHAPE_TYPE.TABLE)
    ]
    drawn += [
        s
        for slide in slides
        for s in slide.shapes
        if s.name in ("Disassembly", "Bytes", "picklescan", "modelscan")
    ]
    assert len(drawn) == 8 + 2 + 4
    for shape in drawn:
        assert shape._element.xpath(".//p:cNvPr")[0].get("descr")
    assert not [
        s for slide in slides for s in slide.shapes if s.shape_type == MSO_SHAPE_TYPE.PICTURE
    ]


def test_nothing_stands_outside_of_its_slide(powerpoint, slides):
    whole = Presentation(io.BytesIO(powerpoint))
    for slide in slides:
        for shape in shapes(slide.shapes):
            assert shape.left >= 0
            assert shape.left + shape.width <= whole.slide_width
            assert shape.top + shape.height <= whole.slide_height


def test_no_type_is_smaller_than_on_the_page(slides):
    sizes = {r.font.size.pt for s in slides for shape in shapes(s.shapes) if shape.has_text_frame
             for p in shape.text_frame.paragraphs for r in p.runs}  # fmt: skip
    assert min(sizes) >= 13.5  # 18 px


def test_another_process_in_another_folder_writes_the_same_bytes(powerpoint, root, tmp_path):
    script = (
        "import sys, pathlib; from unpickled.content import load_deck;"
        "from unpickled.authoring.slides import pptx_slides; root = pathlib.Path(sys.argv[1]);"
        "sys.stdout.buffer.write(pptx_slides(root, load_deck('L4.4.2', root)))"
    )
    made = subprocess.run(
        [sys.executable, "-c", script, str(root)], cwd=tmp_path, capture_output=True, check=True
    )
    assert made.stdout == powerpoint


def test_the_zip_holds_no_date_and_no_empty_thumbnail(powerpoint):
    with zipfile.ZipFile(io.BytesIO(powerpoint)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.namelist()[0] == "[Content_Types].xml"
        assert "docProps/thumbnail.jpeg" not in archive.namelist()
        assert b"thumbnail" not in archive.read("_rels/.rels")
        assert b'typeface="Arial"' in archive.read("ppt/theme/theme1.xml")


def test_a_text_slide_has_its_points(course):
    place, deck = course(
        "## One {#one layout=text seconds=9}\n\n- A `b`\n- C\n\nAnd d.\n\n### Spoken\n\nSaid.\n"
    )
    made = Presentation(io.BytesIO(pptx_slides(place, deck))).slides[0]
    assert next(s for s in made.shapes if s.name == "Points").text_frame.text == "A b\nC"
    assert next(s for s in made.shapes if s.name == "Message").text_frame.text == "And d."


@pytest.mark.skipif(
    not shutil.which("soffice") and not os.environ.get("CI"), reason="LibreOffice is not installed"
)
@pytest.mark.long
def test_libreoffice_opens_it_and_prints_a_page_for_each_slide(powerpoint, deck, tmp_path):
    (tmp_path / "slides.pptx").write_bytes(powerpoint)
    home = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    subprocess.run(["soffice", home, "--headless", "--convert-to", "pdf", "slides.pptx"], cwd=tmp_path,
                   check=True, capture_output=True, timeout=100)  # fmt: skip
    pages = re.findall(rb"/Type\s*/Page\b(?!s)", (tmp_path / "slides.pdf").read_bytes())
    assert len(pages) == len(deck.slides)
