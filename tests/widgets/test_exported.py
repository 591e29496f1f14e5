"""A notebook exported to HTML: the course's widgets are drawn from their saved state, and nothing is fetched."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode, v4
from playwright.sync_api import Browser, Page, expect

from unpickled.cli.learn import CONFIG
from unpickled.widgets import CourseWidget, QuizCard, Stepper

from .samples import TYPED, canary

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
OWN = {"preprocessors": ["unpickled.widgets.exported.OwnWidgets"]}
SLIDER = {
    "model_name": "IntSliderModel",
    "model_module": "@jupyter-widgets/controls",
    "state": {"value": 3},
}


def model(widget: CourseWidget) -> dict[str, Any]:
    """A widget as JupyterLab and nbclient save it."""
    state = {name: value for name, value in widget.get_state().items() if name != "layout"}
    return {"model_name": "AnyModel", "model_module": "anywidget", "state": state}


def notebook(models: dict[str, Any], *shown: str, prose: str = "Plain words.") -> NotebookNode:
    outputs = [
        v4.new_output(
            "display_data", {VIEW: {"model_id": name, "version_major": 2}, "text/plain": "W"}
        )
        for name in shown
    ]
    cells = [v4.new_markdown_cell(prose), v4.new_code_cell("lab.show()", outputs=outputs)]
    state = {STATE: {"state": models, "version_major": 2, "version_minor": 0}}
    return v4.new_notebook(cells=cells, metadata={"widgets": state})


def exported(book: NotebookNode, *, sanitize: bool = False) -> str:
    html: str = HTMLExporter(**OWN, sanitize_html=sanitize).from_notebook_node(book)[0]
    return html


def carried(html: str) -> str:
    """The script in the page's head."""
    found = re.search(r'src="data:text/javascript;charset=utf-8;base64,([^"]+)"', html)
    assert found
    return base64.b64decode(found[1]).decode()


@pytest.mark.browser
@pytest.mark.parametrize("sanitize", [True, False])
def test_the_widgets_work_from_a_disk_with_no_network(
    browser: Browser, tmp_path: Path, sanitize: bool
) -> None:
    """Stepper and card are there over file://, can be used, and nothing is asked of anybody."""
    book = notebook(
        {"a": model(Stepper(canary(), step=2)), "b": model(QuizCard(TYPED))}, "a", "b", "a"
    )
    target = tmp_path / "page.html"
    target.write_text(exported(book, sanitize=sanitize), encoding="utf-8")
    page, asked = opened(browser, target)
    expect(page.locator(".unp-stepper")).to_have_count(2)
    stepper = page.locator(".unp-stepper").first
    icon, button = stepper.locator("svg").first, stepper.locator(".unp-next-call")
    assert icon.bounding_box()["width"] < 30, "its style is there"
    code = page.locator(".unp-entry code").first
    assert code.evaluate("n => getComputedStyle(n).whiteSpace") != "pre-wrap", "not the page's look"
    assert button.evaluate("n => getComputedStyle(n).borderRadius") != "0px"
    expect(stepper.locator(".unp-counter")).to_have_text("3 / 37")
    stepper.get_by_role("button", name="Next step").click()
    expect(stepper.locator(".unp-counter")).to_have_text("4 / 37")
    page.get_by_role("textbox").fill("reduce")
    page.keyboard.press("Enter")
    expect(page.locator(".unp-reply")).to_contain_text("REDUCE calls.")
    assert asked == []
    page.context.close()


def opened(browser: Browser, target: Path) -> tuple[Page, list[str]]:
    """The page in a browser without a network, and what went wrong or was asked of elsewhere."""
    page = browser.new_context(offline=True).new_page()
    asked: list[str] = []
    ours = (target.as_uri(), "data:")
    page.on("request", lambda one: one.url.startswith(ours) or asked.append(one.url))
    page.on("pageerror", lambda error: asked.append(str(error)))
    page.on("console", lambda line: line.type == "error" and asked.append(line.text))
    page.goto(target.as_uri())
    return page, asked


def test_each_script_stands_in_the_page_once() -> None:
    """Ten steppers cost one script and their states."""
    one = exported(notebook({"a": model(Stepper(canary()))}, "a"))
    ten = exported(notebook({"a": model(Stepper(canary()))}, *["a"] * 10))
    assert len(ten) - len(one) < len(one)
    assert carried(ten).count("class StepperView") == 1


def test_other_peoples_widgets_are_left_to_nbconvert() -> None:
    """A slider beside a card keeps its state, and the scripts that it needs."""
    html = exported(notebook({"a": model(QuizCard(TYPED)), "s": SLIDER}, "a", "s"))
    assert 'class="unp-static"' in html
    assert "require.min.js" in carried(html)
    assert "embed-amd.js" in html
    assert '"s"' in html


def test_a_widget_without_its_state_says_what_to_do() -> None:
    """A notebook that was saved without widget state gives a sentence with the remedy, not an empty place."""
    html = exported(notebook({}, "a"))
    assert "saved without its state" in html
    assert "nbconvert --to html --execute" in html


@pytest.mark.parametrize(
    ("prose", "fetched"), [("It costs nothing.", False), ("With $x^2$ in it.", True)]
)
def test_mathjax_comes_only_with_a_formula(prose: str, fetched: bool) -> None:
    """What draws formulas is fetched where there is one."""
    html = exported(notebook({"a": model(QuizCard(TYPED))}, "a", prose=prose))
    assert ("mathjax/2" in html) is fetched
    assert "require.min.js" not in html + carried(html)


def test_state_cannot_end_its_script() -> None:
    """A name out of a hostile file stays text in the exported page."""
    evil = "</script><img src=x onerror=alert(1)>"
    html = exported(notebook({"a": model(Stepper(canary(), name=evil))}, "a"))
    assert "<img src=x" not in html
    assert "</script>" not in carried(html)


def test_a_sanitized_export_keeps_no_script_of_an_output() -> None:
    """What the notebook itself brings along is cleaned as before."""
    book = notebook({"a": model(QuizCard(TYPED))}, "a")
    evil = v4.new_output("display_data", {"text/html": "<script>alert(1)</script>"})
    book.cells[1].outputs.append(evil)
    html = exported(book, sanitize=True)
    assert "<script>alert(1)" not in html
    assert "alert(1)" not in carried(html)


def test_the_settings_of_the_course_name_the_exporter(root: Path) -> None:
    """The course's server, its terminals and a plain nbconvert of the environment all draw widgets so."""
    for name in ("jupyter_server_config", "jupyter_nbconvert_config"):
        assert json.loads((CONFIG / f"{name}.json").read_text())["HTMLExporter"] == OWN
    built = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    installed = built["targets"]["wheel"]["shared-data"]
    source = (CONFIG / "jupyter_nbconvert_config.json").relative_to(root)
    assert installed == {str(source): "etc/jupyter/jupyter_nbconvert_config.json"}


@pytest.mark.browser
@pytest.mark.long
def test_plain_nbconvert_runs_a_page_and_exports_it(
    root: Path, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`jupyter nbconvert --to html --execute` of this environment, with no settings of ours around it."""
    checkout = tmp_path / "checkout"
    for part in ("course", "quizzes"):
        shutil.copytree(root / part, checkout / part)
    monkeypatch.delenv("JUPYTER_CONFIG_PATH", raising=False)
    monkeypatch.setenv("UNPICKLED_COURSE", str(checkout))
    page = checkout / "course" / "L4.4.2" / "03-weight-formats.ipynb"
    words = [str(Path(sys.executable).parent / "jupyter"), "nbconvert", "--to", "html", "--execute"]
    done = subprocess.run([*words, page], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown, asked = opened(browser, page.with_suffix(".html"))
    expect(shown.locator(".unp-rail")).to_be_visible()
    shown.get_by_role("button", name=re.compile("^None")).click()
    expect(shown.locator(".unp-shown")).to_contain_text("1 of 7")
    assert asked == []
    assert nbformat.read(page, 4).cells[1].outputs == []  # the notebook itself is left as it was
    shown.context.close()
