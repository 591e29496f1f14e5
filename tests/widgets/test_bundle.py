"""Joining modules and sheets, and the pages without a kernel, as text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from unpickled.widgets import CourseWidget, QuizCard, Stepper, bundle, to_html, to_page
from unpickled.widgets import bundle as workshop

from .samples import ITEM, canary

MODULES = ["stepper", "header", "table", "card", "scan", "rail", "whatif"]


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(workshop, "STATIC", tmp_path)
    for cached in (workshop.bundle, workshop.mountable, workshop.styles):
        cached.cache_clear()
    yield tmp_path
    for cached in (workshop.bundle, workshop.mountable, workshop.styles):
        cached.cache_clear()


@pytest.mark.parametrize("name", MODULES)
def test_a_bundle_is_one_module_that_imports_nothing(name: str) -> None:
    """A joined module has one default export, no import, and no address to fetch anything from."""
    source = bundle.bundle(name)
    assert re.findall(r"^export ", source, re.MULTILINE) == ["export "]
    assert source.rstrip().endswith("export default { render };")
    assert not re.search(r"^\s*import\b", source, re.MULTILINE)
    addresses = set(re.findall(r"https?://[^\"'\s)]+", source + bundle.styles(name)))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert "@import" not in bundle.styles(name)
    assert "url(" not in bundle.styles(name)


@pytest.mark.parametrize("path", sorted(bundle.STATIC.glob("*.js")), ids=lambda path: path.name)
def test_no_module_turns_data_into_markup(path: Path) -> None:
    """Text reaches the page as text nodes: no module uses a way that parses markup or code."""
    source = path.read_text()
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
    ):
        assert way not in source
    assert len(source.splitlines()) < 400


def test_modules_are_joined_once_and_before_their_users(scratch: Path) -> None:
    """A neighbour that two modules need is there once, first."""
    (scratch / "low.js").write_text("export const low = 1;\n")
    (scratch / "mid.js").write_text(
        'import { low } from "./low.js";\nexport const mid = low + 1;\n'
    )
    top = 'import { mid } from "./mid.js";\nimport {\n  low,\n} from "./low.js";\nexport default { mid };\n'
    (scratch / "top.js").write_text(top)
    joined = workshop.bundle("top")
    assert joined.split() == [
        "const",
        "low",
        "=",
        "1;",
        "const",
        "mid",
        "=",
        "low",
        "+",
        "1;",
        "export",
        "default",
        "{",
        "mid",
        "};",
    ]
    assert "return { mid };" in workshop.mountable("top")


def test_an_import_that_cannot_be_joined_is_refused(scratch: Path) -> None:
    """An import in another form than the agreed one is an error, not left in for the browser."""
    (scratch / "top.js").write_text('import low from "./low.js";\nexport default { low };\n')
    with pytest.raises(ValueError, match=r"top\.js: this import cannot be joined"):
        workshop.bundle("top")


def test_two_modules_may_not_declare_one_name(scratch: Path) -> None:
    """Joined modules share one scope, so a name declared twice is an error."""
    (scratch / "low.js").write_text("export const low = 1;\nfunction same() {}\n")
    (scratch / "top.js").write_text(
        'import { low } from "./low.js";\nfunction same() {}\nexport default { low };\n'
    )
    with pytest.raises(ValueError, match="'same'"):
        workshop.bundle("top")


def test_state_cannot_end_its_script_element() -> None:
    """Whatever a pickle or an item says, the JSON in the widgets' script stays inside its element."""
    hostile = "</script><script>alert(1)</script><!-- \u2028"
    card = QuizCard({**ITEM, "prompt": hostile})
    page = to_html([card, Stepper(canary(), name=hostile)])
    assert hostile not in page
    assert page.count("</script>") == 1
    states = re.findall(r'host\.mountStatic\("[^"]+", (.*), make_\w+\),$', page, re.MULTILINE)
    assert json.loads(states[0])["item"]["prompt"] == hostile
    assert json.loads(states[1])["trace"]["name"] == hostile


def test_each_class_brings_its_script_once() -> None:
    """Several widgets in one call share script and style."""
    one, two = to_html(QuizCard(ITEM)), to_html([QuizCard(ITEM), QuizCard(ITEM)])
    assert two.count("<style>") == 1
    assert len(two) - len(one) < 3_000


def test_snippets_of_one_page_do_not_share_ids() -> None:
    """Snippets made apart can stand on one page."""
    card = QuizCard(ITEM)
    ids = re.findall(r'id="(unp-static-[^"]+)"', to_html(card) + to_html(card))
    assert len(ids) == len(set(ids)) == 2


def test_a_page_can_be_held_to_a_theme() -> None:
    """`to_page` is a whole document, in the reader's theme or the one that is asked for."""
    assert '<html lang="en" data-theme="dark">' in to_page(QuizCard(ITEM), theme="dark")
    assert '<html lang="en">' in to_page(QuizCard(ITEM))


def test_every_widget_has_joined_script_and_style() -> None:
    """anywidget is handed text, not a path."""
    for widget in CourseWidget.__subclasses__():
        assert "\nexport default { render };" in widget._esm
        assert ".unp {" in widget._css
