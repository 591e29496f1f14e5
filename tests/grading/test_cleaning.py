"""Nothing of a submission runs in the browser of whoever looks at it in the form grader."""

from __future__ import annotations

import time

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from unpickled.grading.cleaning import CleanCells

WIDGETS = {"application/vnd.jupyter.widget-state+json": {"state": {}, "version_major": 2}}
RUNS = "document.title='taken'"
HOSTILE = (
    f"<script>{RUNS}</script>",
    f'<img src="x" onerror="{RUNS}">',
    f"<svg onload=\"{RUNS}\"><a xlink:href='#'/></svg>",
    f'<iframe srcdoc="<script>parent.{RUNS}</script>"></iframe>',
    f'<a id="go" href="javascript:{RUNS}">x</a>',
    f'<details open ontoggle="{RUNS}">x</details>',
    f"<math><mtext></form><form><mglyph><style></math><img src onerror={RUNS}>",
    "<style>@import url(http://192.0.2.1/x.css)</style>",
    '<link rel=stylesheet href="http://192.0.2.1/y.css">',
    '<img src="http://192.0.2.1/z.png">',
    f"<scr<script>ipt>{RUNS}</script>",
    f"<body onload={RUNS}>",
    f'<input autofocus onfocus="{RUNS}">',
    f'<object data="data:text/html,<script>{RUNS}</script>"></object>',
)
MARKDOWN = (
    f"[go](javascript:{RUNS}) ![p](javascript:{RUNS})",
    f"[go][1] and [1]\n\n[1]: javascript:{RUNS}",
    f"[go](JaVa&#115;cript:{RUNS})",
    f"[go](&#x01;javascript:{RUNS})",
    f"<javascript:{RUNS}>",
    f"[go](data:text/html,<script>{RUNS}</script>)",
    f"`[go](javascript:{RUNS})`",
    f"\\[go\\](javascript:{RUNS})",
    f"    [go](javascript:{RUNS})",
    "[go](/api/contents) [go](terminals) [go](//192.0.2.1/a)",
    "![p](http://192.0.2.1/p.png) ![p](/api/contents)",
    "![p][2]\n\n[2]: http://192.0.2.1/q.png",
    f"$\\href{{javascript:{RUNS}}}{{go}}$",
    f"<div\n\n[go](javascript:{RUNS})</div>\n\n[go](javascript:{RUNS})",
)


def hostile_notebook():
    data = {"text/html": "".join(HOSTILE), "application/javascript": RUNS, "text/plain": "x"}
    data |= {
        "image/svg+xml": HOSTILE[2],
        "image/png": f'x" onerror="{RUNS}',
        "text/markdown": HOSTILE[0],
    }
    data["application/vnd.jupyter.widget-view+json"] = {"model_id": "x"}
    outputs = [
        new_output("display_data", data),
        new_output("execute_result", {"text/html": "<b>7</b>", "text/plain": "7"}),
    ]
    outputs += [new_output("error", ename=one, evalue=one, traceback=[one]) for one in HOSTILE[:2]]
    outputs += [new_output("stream", text=one) for one in HOSTILE[:2]]
    texts = [
        *HOSTILE,
        *(f"- a\n\n{one}\n" for one in HOSTILE),
        *MARKDOWN,
        *(f"> - {one}\n" for one in MARKDOWN),
    ]
    code = new_code_cell(HOSTILE[0], outputs=outputs)
    return new_notebook(cells=[code, *map(new_markdown_cell, texts)], metadata={"widgets": WIDGETS})  # fmt: skip


def test_what_is_harmless_stays():
    """Quotes, tables, emphasis, pictures, the bar of a check; the author's own cells word for word."""
    author = new_markdown_cell(
        "<details onclick='x'>hint</details>",
        metadata={"nbgrader": {"locked": True, "solution": False}},
    )
    learner = new_markdown_cell(
        "> quoted & **bold** a > b\n\n<table><tr><td>1</td></tr></table>\n\n```\nx = 1\n\ny = '<b>'\n```\n\n"
        "[away](https://example.org/?a=1&b=2)"
    )
    picture = {
        "image/png": "iVBORw0KGgo=\n",
        "text/html": '<meter max="2" value="1">1 of 2</meter>',
    }
    code = new_code_cell("1", outputs=[new_output("display_data", picture)])
    made, _ = CleanCells().preprocess(new_notebook(cells=[author, learner, code]), {})
    assert made.cells[0].source == "<details onclick='x'>hint</details>"
    shown = BeautifulSoup(markdown2html_mistune(made.cells[1].source), "html.parser")
    assert shown.blockquote.get_text().strip() == "quoted & bold a > b"
    assert (shown.strong.string, shown.td.string) == ("bold", "1")
    assert shown.pre.get_text() == "x = 1\n\ny = '<b>'\n"
    assert shown.a["href"] == "https://example.org/?a=1&b=2"
    assert made.cells[2].outputs[0].data == picture
    assert made.cells[2].outputs[0].metadata == {}


PASTED = (
    "![mine](attachment:a.png) ![other](attachment:b.svg) ![lost](attachment:c.png) ![p](x.png)"
)
PNG = "iVBORw0KGgo="


def pasted():
    """A Markdown cell with a picture, one that could run, one that is not there, and one from the server."""
    cell = new_markdown_cell(PASTED)
    cell.attachments = {
        "a.png": {"image/png": f"{PNG}\n"},
        "b.svg": {"image/svg+xml": "PHN2Zz4=", "image/png": f'"onerror={RUNS}'},
    }
    return cell


@pytest.mark.parametrize("html", ["<div>" * 150_000, "<b><i><a href=x>" * 50_000, "<td>" * 5_001])
def test_html_that_would_hold_a_page_up_is_not_laid_out(html):
    """The output's text stands in its place; what is shown of all of them together has a bound."""
    table = "<tr><td>1</td></tr>" * 1_000
    shown = [
        {"text/html": html, "text/plain": "x"},
        {"text/html": html},
        *[{"text/html": table}] * 5,
    ]
    outputs = [new_output("display_data", dict(data)) for data in shown]
    started = time.process_time()
    made, _ = CleanCells().preprocess(new_notebook(cells=[new_code_cell("1", outputs=outputs)]), {})
    assert time.process_time() - started < 10
    kept = [output.data for output in made.cells[0].outputs]
    assert kept[0] == {"text/plain": "x"}
    assert html.startswith(kept[1]["text/plain"].split("\n")[0])
    assert ["text/html" in one for one in kept[2:]] == [True, True, True, False, False]


def test_pasted_pictures_are_shown_and_no_others():
    """A picture that is not there ends no page, and says so; done twice, as nbgrader does it, it is the same."""
    made, _ = CleanCells().preprocess(new_notebook(cells=[pasted()]), {})
    (cell,) = CleanCells().preprocess(made, {})[0].cells
    shown = BeautifulSoup(markdown2html_mistune(cell.source), "html.parser")
    kept = [one for one in shown.find_all("img") if one.get("src")]
    assert [(one["src"], one["alt"]) for one in kept] == [(f"data:image/png;base64,{PNG}", "mine")]
    assert [one.string for one in shown.find_all("em")] == ["(a picture that is not there)"] * 2
    assert "attachments" not in cell


def test_pictures_have_a_bound_together():
    """Megabytes of them are no page's burden, and take no time."""
    cells = [new_markdown_cell("![p](attachment:p)") for _ in range(8)]
    for cell in cells:
        cell.attachments = {"p": {"image/png": "A" * 1_500_000}}
    started = time.process_time()
    made, _ = CleanCells().preprocess(new_notebook(cells=cells), {})
    made, _ = CleanCells().preprocess(made, {})
    shown = "".join(markdown2html_mistune(cell.source) for cell in made.cells)
    assert time.process_time() - started < 10
    assert (shown.count("<img"), shown.count("a picture that is not there")) == (2, 6)


@pytest.mark.parametrize("text", ["<a " * 60_000, "[" * 60_000, "*a " * 60_000, "> " * 30_000])
def test_long_texts_are_shown_as_they_were_typed(text):
    """Laid out they would hold the page up for minutes; the whole of them is there to read."""
    cells = [new_markdown_cell(text), new_markdown_cell("**short**")]
    started = time.process_time()
    made, _ = CleanCells().preprocess(new_notebook(cells=cells), {})
    shown = [markdown2html_mistune(cell.source) for cell in made.cells]
    assert time.process_time() - started < 10
    assert BeautifulSoup(shown[0], "html.parser").pre.get_text().startswith(text[:99_999])
    assert "<strong>short</strong>" in shown[1]


def test_all_texts_together_have_a_bound():
    """Many cells of the longest kind that is laid out: at some point the rest is text."""
    text = "[" * 9_000
    made, _ = CleanCells().preprocess(
        new_notebook(cells=[new_markdown_cell(text) for _ in range(20)]), {}
    )
    plain = [cell for cell in made.cells if "<pre>" in cell.source]
    assert len(plain) == 14


def test_code_is_cut_where_nobody_reads_on():
    """A cell of megabytes is no page's burden; the notebook has it all."""
    made, _ = CleanCells().preprocess(new_notebook(cells=[new_code_cell("x = 1\n" * 100_000)]), {})
    assert len(made.cells[0].source) < 100_100
    assert made.cells[0].source.endswith("… (cut: 600,000 characters)")


def test_formats_that_run_are_left_out():
    """JavaScript, SVG, widgets, pictures that are none; of HTML what is marked up is left, not what acts."""
    made, _ = CleanCells().preprocess(hostile_notebook(), {})
    shown = made.cells[0].outputs[0].data
    assert set(shown) == {"text/html", "text/plain"}
    assert "widgets" not in made.metadata
    for word in ("<script", "onerror", "<iframe", "javascript:", "192.0.2.1/z", "<style", "<svg"):
        assert word not in shown["text/html"]
    assert made.cells[0].outputs[1].data == {"text/html": "<b>7</b>", "text/plain": "7"}


@pytest.mark.browser
def test_a_page_of_it_runs_and_fetches_nothing(tmp_path, browser):
    """As the form grader makes it, by nbconvert with this step; opened, looked over and clicked on in Chromium."""
    exporter = HTMLExporter(preprocessors=[CleanCells], template_name="basic")
    body, _ = exporter.from_notebook_node(nbformat.from_dict(hostile_notebook()))
    (tmp_path / "page.html").write_text(f"<title>quiet</title>{body}")
    asked = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "page.html").as_uri())
    page.evaluate(
        "document.querySelectorAll('a:not([href^=http]), summary').forEach(one => one.click())"
    )
    addresses = page.evaluate("[...document.querySelectorAll('a[href]')].map(one => one.href)")
    assert [one for one in addresses if not one.startswith(("http", f"{page.url}#"))] == []
    page.wait_for_timeout(300)
    assert page.title() == "quiet"
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
