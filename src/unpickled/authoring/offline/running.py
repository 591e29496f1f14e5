"""Run a page's notebook as a learner would, and keep its outputs, its widgets' state and what its panels answered."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from unpickled.authoring.offline.asking import CELL
from unpickled.errors import ContentError

__all__ = ["TOLD", "run_page"]

TOLD = "told"
"""The key in a notebook's metadata for what `asking` brought out of its kernel, by the model of a panel."""

_SECONDS = 300  # of one cell; the scoreboard takes some twenty


def run_page(notebook: bytes, place: str, folder: Path) -> Any:
    """Return the notebook as it is after Run All, and after its panels were asked about all their files.

    Args:
        notebook: the bytes of an `.ipynb`.
        place: what an error calls it.
        folder: where its kernel starts.

    Progress goes into a file of its own, so that no reader's page shows the author's.

    Raises:
        ContentError: a cell fails, takes too long, or ends its kernel.
    """
    book = nbformat.reads(notebook.decode(), as_version=4)
    asking = nbformat.v4.new_code_cell(CELL)
    book.cells.append(asking)
    with tempfile.TemporaryDirectory(prefix="unpickled-page-") as own:
        client = NotebookClient(
            book,
            timeout=_SECONDS,
            kernel_name="python3",
            store_widget_state=True,
            extra_arguments=["--log-level=ERROR"],  # a kernel warns of what it is started with
            resources={"metadata": {"path": str(folder)}},
        )
        env = os.environ | {"UNPICKLED_PROGRESS": str(Path(own) / "progress.json")}
        try:
            client.execute(env=env)
        except CellExecutionError as error:
            last = f"{error.ename}: {error.evalue}".splitlines()[0]
            raise ContentError(place, f"a cell fails: {last}", "Run the page.") from error
        except (CellTimeoutError, DeadKernelError) as error:
            first = str(error).strip().splitlines()[0]
            raise ContentError(place, f"it does not run to its end: {first}") from error
    book.cells.remove(asking)
    told = [one.text for one in asking.outputs if one.get("name") == "stdout"]
    book.metadata[TOLD] = json.loads("".join(told).splitlines()[-1])
    return book
