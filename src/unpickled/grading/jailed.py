"""The nbgrader step that runs a submission in a jail and judges its checks from outside, as `teach grade` does.

With it `nbgrader autograde` and the form grader's *Autograde* button run no submission with the rights of whoever
grades. They start a warm Python for each notebook, so they stay slow.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from traitlets import Bool

from unpickled.grading.execution import BoundedExecute
from unpickled.grading.plans import bounds_of, files_in, imports_of, shown
from unpickled.grading.working import run_notebook
from unpickled.kernels import Warmth
from unpickled.sandbox import problem

__all__ = ["JailedExecute"]


class JailedExecute(BoundedExecute):
    """Run the cells of one notebook in a jailed kernel; check cells are judged from outside."""

    without_jail = Bool(
        False, help="Run submissions with your own rights where there can be no jail."
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any, km: Any = None) -> tuple[Any, Any]:
        """Run one notebook; `resources["metadata"]["path"]` is the submission's graded folder.

        Raises:
            SandboxError: there can be no jail here, and nobody said that it may run without.
        """
        if problem() and self.without_jail:
            return super().preprocess(nb, resources, km)
        code = [cell for cell in nb.cells if cell.cell_type == "code"]
        if not any(cell.source.strip() for cell in code):
            return nb, resources
        given = Path(resources["metadata"]["path"] or ".").resolve()
        source = given.parents[2] / "source" / resources["nbgrader"]["assignment"]
        readable, variables = shown(self.course)
        locked = (cell for cell in code if cell.metadata.get("nbgrader", {}).get("locked"))
        with Warmth(
            imports_of(cell.source for cell in locked),
            bounds=bounds_of(self),
            readable=readable,
            variables=variables,
        ) as warmth:
            for line in run_notebook(nb, source, [*files_in(given, ())], warmth):
                self.log.warning(line)
        return nb, resources
