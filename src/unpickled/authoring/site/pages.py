"""The course's notebooks as the site has them: the same cells, and a line over those that no browser can run."""

from __future__ import annotations

import json
from typing import Any

from unpickled.authoring.site.recorded import code_cells, page_needs

__all__ = ["KERNEL", "site_page"]

KERNEL = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
LANGUAGE = {
    "codemirror_mode": {"name": "python", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": "3.8",
}
"""As the kernel names itself, so that opening a page does not change it (the version is the kernel's own slip)."""

_LOCKED = {"deletable": False, "editable": False}
_NOTE = (
    "> **Python runs in this browser tab.** Nothing is installed, and a file that you open stays in the tab. "
    "There are no child processes here: where a page starts one, the tab's own Python plays it, inside the "
    "browser's sandbox.{more} On a touch screen, tap **▶** above the page for a cell, **▶▶** for the whole page."
)
_SOME = (
    " {count} of this page {need} what no browser has: {they} with `%%recorded` and {show} what came of {them} "
    "on a machine."
)
_ONE = {"need": "needs", "they": "it begins", "show": "shows", "them": "it"}
_MANY = {"need": "need", "they": "they begin", "show": "show", "them": "them"}


def site_page(notebook: bytes, modules: frozenset[str]) -> bytes:
    """Return a page for the site.

    Args:
        notebook: as the course has it, without outputs.
        modules: the modules that the site brings.
    """
    page = json.loads(notebook)
    lacking = page_needs(notebook, modules)
    cells = [_cell(cell, lacking) for cell in page["cells"]]
    cells.insert(2, _note(len(lacking), len(code_cells(notebook))))
    page["cells"] = cells
    page["metadata"] |= {"kernelspec": KERNEL, "language_info": LANGUAGE}
    return (json.dumps(page, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _cell(cell: dict[str, Any], lacking: dict[str, Any]) -> dict[str, Any]:
    need = lacking.get("".join(cell["source"]))
    if cell["cell_type"] != "code" or need is None:
        return cell
    return {**cell, "source": [f"%%recorded needs {need.what}\n", *cell["source"]]}


def _note(count: int, of: int) -> dict[str, Any]:
    several = "1 cell" if count == 1 else f"{count} of the {of} cells"
    verbs = _ONE if count == 1 else _MANY
    more = _SOME.format(count=several, **verbs) if count else ""
    text = _NOTE.format(more=more)
    return {"cell_type": "markdown", "id": "in-browser", "metadata": _LOCKED, "source": [text]}
