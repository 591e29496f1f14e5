"""The contact sheet of `tools/shots.py`: every pixel row of a tall screen is on it, and what is cut or blank fails."""

from __future__ import annotations

import colorsys
import importlib
import itertools
import sys

import pytest
from PIL import Image

ROW = 70  # pixels


@pytest.fixture
def part(root, monkeypatch):
    """A module of the tool, by its name."""
    monkeypatch.setattr(sys, "path", [str(root / "tools"), str(root / "tests"), *sys.path])
    return importlib.import_module


def colour(at):
    """Another one for each row than for those near it."""
    red, green, blue = colorsys.hsv_to_rgb((at * 0.13) % 1, 0.8, 0.3 + 0.6 * (at % 7) / 6)
    return int(red * 255), int(green * 255), int(blue * 255)


def rows(count):
    return "".join(
        f"<div class='jp-Cell' style='height:{ROW}px;background:rgb{colour(at)}'>{at}</div>"
        for at in range(count)
    )


def shown(paths, header=0):
    """The colours of the rows on some pictures, put below each other."""
    found = []
    for at, path in enumerate(paths):
        with Image.open(path) as picture:
            line = picture.convert("RGB").crop((200, 0, 201, picture.height))
            pixels = [line.getpixel((0, y)) for y in range(line.height)]
            found += pixels[0 if at else header :]
    return [found[at * ROW + ROW // 2] for at in range(len(found) // ROW)]


@pytest.mark.parametrize("height", [1, 2399, 2400, 2401, 14_458, 99_991])
def test_slices_leave_nothing_out(part, height):
    """They meet, none is taller than a picture may be, and none is a sliver."""
    slices = part("screens.pictures").slices(height, 2400)
    assert slices[0][0] == 0
    assert slices[-1][1] == height
    assert all(before[1] == after[0] for before, after in itertools.pairwise(slices))
    tall = [bottom - top for top, bottom in slices]
    assert max(tall) <= 2400
    assert max(tall) - min(tall) <= 1


@pytest.mark.browser
def test_a_tall_page_is_on_its_pictures_from_top_to_bottom(part, browser, tmp_path):
    """Above 16,000 pixels, too, where a picture once ended without a word."""
    pictures = part("screens.pictures")
    camera = pictures.Camera(tmp_path)
    page = browser.new_page(viewport={"width": 600, "height": 500})
    page.set_content(f"<body style='margin:0'>{rows(260)}")
    shots = [*camera.document(page, "a/tall page", "light")]
    page.close()
    assert [shot.part for shot in shots] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert shown([shot.path for shot in shots]) == [colour(at) for at in range(260)]
    assert camera.faults == []


@pytest.mark.browser
def test_a_page_little_taller_than_its_window_is_one_picture_without_a_void(
    part, browser, tmp_path
):
    """Nothing but the page is on it."""
    camera = part("screens.pictures").Camera(tmp_path)
    page = browser.new_page(viewport={"width": 600, "height": 500})
    page.set_content(f"<body style='margin:0;padding-bottom:min(6vh, 40px)'>{rows(10)}")
    (shot,) = camera.document(page, "page", "light")
    page.close()
    with Image.open(shot.path) as picture:
        assert picture.size == (600, 10 * ROW + 40)


NOTEBOOK = """<body style='margin:0'>
<div class='jp-NotebookPanel' style='height:100vh;display:flex;flex-direction:column'>
<div style='flex:0 0 {header}px'>tools</div>
<div class='jp-WindowedPanel-outer' style='flex:1;overflow:auto'>{rows}</div></div>"""


@pytest.mark.browser
@pytest.mark.parametrize("count", [3, 33, 36, 150])
def test_a_notebook_is_on_its_pictures_from_first_to_last_cell(part, browser, tmp_path, count):
    """It scrolls within its window, and at its end no further: the last part begins where the one before ended."""
    header = 140
    camera = part("screens.pictures").Camera(tmp_path)
    page = browser.new_page(viewport={"width": 600, "height": 500})
    page.set_content(NOTEBOOK.format(header=header, rows=rows(count)))
    shots = [*camera.notebook(page, "notebook", "dark", 700)]
    page.close()
    assert shown([shot.path for shot in shots], header)[:count] == [
        colour(at) for at in range(count)
    ]
    assert camera.faults == []


@pytest.mark.browser
@pytest.mark.parametrize(("count", "faults"), [(5, 0), (90, 0), (260, 1)])
def test_one_tall_thing_is_on_its_pictures(part, browser, tmp_path, count, faults):
    """A widget that is opened far down a notebook; one that no picture has room for is told."""
    pictures = part("screens.pictures")
    camera = pictures.Camera(tmp_path)
    page = browser.new_page(viewport={"width": 600, "height": 500})
    scroller = f"<div style='height:900px'></div><div class='it'>{rows(count)}</div>"
    page.set_content(NOTEBOOK.format(header=140, rows=scroller))
    shots = [*camera.one(page.locator(".it"), "it", "light", 700)]
    page.close()
    assert all(Image.open(shot.path).height <= pictures.MOST for shot in shots)
    assert len(camera.faults) == faults
    if not faults:
        assert shown([shot.path for shot in shots]) == [colour(at) for at in range(count)]


@pytest.mark.browser
def test_what_is_wrong_fails_and_the_sheet_is_made_all_the_same(part, browser, tmp_path, capsys):
    """Blank, wider than its window, or not to be reached: each is named, with its place."""
    pictures, shots = part("screens.pictures"), part("shots")

    def seen(html):
        camera = pictures.Camera(tmp_path)
        page = browser.new_page(viewport={"width": 600, "height": 500})
        page.set_content(html)
        with camera.going_on("missing"):
            taken = [camera.window(page, "it", "light")]
            assert page.get_by_text("there").count(), "it is gone"
        page.close()
        code = shots.finish(camera, taken)
        with Image.open(tmp_path / "sheet.png") as sheet:
            assert sheet.width == 3200
        assert 'src="it-light-600.png"' in (tmp_path / "index.html").read_text()
        return code, capsys.readouterr().err

    assert seen("<p>there, in black and white</p>") == (0, "")
    code, told = seen("<p style='color:white'>there</p>")
    assert (code, told) == (1, "shots: it, light, 600: it is one colour all over\n")
    code, told = seen("<p style='width:900px'>there is a lot</p>")
    assert (code, told) == (1, "shots: it, light, 600: it is wider than its window\n")
    code, told = seen("<p>nothing</p>")
    assert code == 1
    assert told.startswith("shots: missing: not seen to its end (it is gone")


def test_the_sheet_lays_nothing_over_another(part):
    """In reading order, within its width."""
    sheet = part("screens.sheet")
    sizes = [(256, 480), (160, 480), (120, 30)] * 20
    corners, height = sheet.places(sizes)
    assert corners == sorted(corners, key=lambda corner: (corner[1], corner[0]))
    boxes = [(x, y, x + w, y + h) for (x, y), (w, h) in zip(corners, sizes, strict=True)]
    for at, (left, top, right, bottom) in enumerate(boxes):
        assert right <= sheet.WIDE
        assert bottom <= height
        for x, y, far, low in boxes[:at]:
            assert right <= x or far <= left or bottom <= y or low <= top


def test_every_screen_is_meant(part, root):
    """Each notebook that a learner gets, each deck and page, the site in three shapes, and later states."""
    learner, files = part("screens.learner"), part("screens.files")
    site, states = part("screens.site"), part("screens.states")
    notebooks = learner.names(root)
    assert {learner.LAB, learner.QUIZ, "course/start"} <= {*notebooks}
    assert all((root / f"{name}.ipynb").is_file() for name in notebooks)
    assert {*states.STATES} <= {*notebooks}
    assert {"slides/L4.4.2", "html/L4.4.2"} <= {*files.names(root)}
    addresses = " ".join(site.SCREENS.values())
    assert all(name in addresses for name in ("index.html", "lab/", "notebooks/"))
