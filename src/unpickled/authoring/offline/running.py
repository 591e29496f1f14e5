"""Run a page's notebook as a learner would, and keep its outputs and its widgets' state."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from unpickled.errors import ContentError

__all__ = ["run_page"]

_SECONDS = 300  # of one cell; the scoreboard takes some twenty


def run_page(notebook: bytes, place: str, folder: Path) -> Any:
    """Return the notebook as it is after Run All.

    Args:
        notebook: the bytes of an `.ipynb`.
        place: what an error calls it.
        folder: where its kernel starts.

    Progress goes into a file of its own, so that no reader's page shows the author's.

    Raises:
        ContentError: a cell fails, takes too long, or ends its kernel.
    """
    book = nbformat.reads(notebook.decode(), as_version=4)
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
    return book
