"""One notebook's run: it ends in time as a whole, and leaves nothing behind."""

from __future__ import annotations

import os
from pathlib import Path

from nbformat.v4 import new_code_cell, new_notebook

from unpickled.grading.execution import BoundedExecute

LEAVES = "import os, tempfile, time\nprint(tempfile.mkdtemp(prefix='unpickled-'))\ntime.sleep(8)"


def test_a_notebook_has_a_time_of_its_own_and_leaves_no_temporary_folder(tmp_path, root):
    """Each cell is quick enough, all together are not; a kernel that is killed cleans up nothing, and need not."""
    book = new_notebook(cells=[new_code_cell(LEAVES), new_code_cell("open('late', 'w')")])
    before = os.environ.get("TMPDIR")
    step = BoundedExecute(
        notebook_timeout=8, timeout=60, shutdown_kernel="immediate", course=str(root)
    )
    step.preprocess(book, {"metadata": {"path": str(tmp_path)}})
    assert os.environ.get("TMPDIR") == before
    assert not list(tmp_path.iterdir())
    (said,) = book.cells[0].outputs
    place = Path(said.text.strip())
    assert place.parents[1].name.startswith("unpickled-grade-")
    assert not place.parents[1].exists()
    (error,) = book.cells[1].outputs
    assert error.ename == "NotRun"
    assert "the notebook took more than 8 seconds" in error.evalue
