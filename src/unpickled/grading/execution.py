"""The nbgrader step that runs a submission: in a folder of its own, with bounded time and output, cell by cell.

Stock nbgrader gives a submission no score at all when its kernel dies, and holds whatever it prints in memory. Here
a cell that ends badly is an error of that cell; the cells after a dead kernel say that they were not run. This is no
jail: the code runs with the rights of whoever grades.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from subprocess import DEVNULL
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from jupyter_client.utils import ensure_async
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from traitlets import Integer, Unicode

__all__ = ["BoundedExecute", "environment", "failure"]

PATIENCE = 10.0
"""Seconds that an interrupted cell may take to come to its end before its kernel is ended."""
PER_MESSAGE = 200
"""Bytes that a message counts at least, so that a flood of empty ones is bounded too."""

Base: Any = Execute


class BoundedExecute(Base):  # type: ignore[misc]  # nbgrader publishes no types
    """Run the cells of one notebook in a fresh kernel and a temporary copy of the submission's folder."""

    notebook_timeout = Integer(
        600, help="Seconds that all cells of a notebook may take together."
    ).tag(config=True)
    max_output = Integer(1_000_000, help="Bytes of output that are kept of one cell.").tag(
        config=True
    )
    course = Unicode(
        "", help="The course's checkout; found as `unpickled` finds it where empty."
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any, km: Any = None) -> tuple[Any, Any]:
        """Run one notebook; `resources["metadata"]["path"]` is the folder whose files it may use."""
        if not any(cell.cell_type == "code" and cell.source.strip() for cell in nb.cells):
            return nb, resources
        self._until, self._ended = monotonic() + self.notebook_timeout, ""
        given = resources["metadata"]["path"]
        with TemporaryDirectory(prefix="unpickled-grade-", ignore_cleanup_errors=True) as folder:
            work = Path(folder, "work")
            work.mkdir()
            _copy_files(Path(given or "."), work)
            resources["metadata"]["path"] = str(work)
            try:
                with environment(self.course, Path(folder)):
                    return super().preprocess(nb, resources, km)  # type: ignore[no-any-return]
            finally:
                resources["metadata"]["path"] = given

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """Run one cell; what goes wrong becomes an error output of it."""
        if cell.cell_type != "code" or not cell.source.strip():
            return cell, resources
        if not self._ended and monotonic() > self._until:
            self._ended = f"the notebook took more than {self.notebook_timeout} seconds"
        if self._ended:
            cell.outputs = [failure("NotRun", f"This cell was not run: {self._ended}.")]
            return cell, resources
        self._seen, self._asked = 0, 0.0
        try:
            return super().preprocess_cell(cell, resources, index)  # type: ignore[no-any-return]
        except DeadKernelError:
            self._ended = "the kernel ended in a cell before it"
            cell.outputs.append(failure("DeadKernel", "The kernel ended while this cell ran."))
        except CellTimeoutError as error:
            cell.outputs.append(
                failure("Timeout", f"This cell did not come to an end: {error!s:.200}")
            )
        except Exception as error:  # noqa: BLE001 - a kernel that goes down shows in many ways; none ends the class
            self._ended = self._ended or "the kernel ended in a cell before it"
            cell.outputs.append(failure("KernelProblem", f"This cell was given up: {error!s:.200}"))
        return cell, resources

    async def _async_handle_timeout(self, timeout: int, cell: Any = None) -> Any:
        """Interrupt a cell that takes too long; a kernel that does not come back from it is ended, once for all."""
        reply = await super()._async_handle_timeout(timeout, cell)
        try:
            await ensure_async(self.kc.shell_channel.get_msg(timeout=PATIENCE))
        except Empty:
            self._ended = "a cell before it could not be interrupted"
            self.iopub_timeout = 0  # nothing more will come
            await ensure_async(self.km.shutdown_kernel(now=True))
        return reply

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Take one message of the kernel; past the limit of a cell, interrupt it and keep no more output."""
        kind = msg["msg_type"]
        if kind in {"stream", "display_data", "execute_result", "update_display_data", "error"} or (
            kind.startswith("comm")
        ):
            self._seen += PER_MESSAGE + _size(msg["content"])
            if self._seen > self.max_output:
                self._stop(cell)
                return None
        return super().process_message(msg, cell, cell_index)

    def _stop(self, cell: Any) -> None:
        """Interrupt the kernel; where it goes on printing, kill it."""
        now = monotonic()
        if not self._asked:
            self._asked = now
            problem = f"This cell was stopped: it put out more than {self.max_output} bytes."
            cell.outputs.append(failure("TooMuchOutput", problem))
            asyncio.ensure_future(ensure_async(self.km.interrupt_kernel()))  # noqa: RUF006 - ends with the loop
        elif now > self._asked + PATIENCE and not self._ended:
            self._ended = "a cell before it put out too much and could not be interrupted"
            asyncio.ensure_future(ensure_async(self.km.shutdown_kernel(now=True)))  # noqa: RUF006

    def start_new_kernel(self, **kwargs: Any) -> Any:
        """Start the kernel; what it writes past Jupyter does not reach the grader's terminal."""
        return super().start_new_kernel(stdout=DEVNULL, stderr=DEVNULL, **kwargs)


def failure(name: str, text: str) -> Any:
    """Return an error output that says why a cell has no result."""
    return NotebookNode(output_type="error", ename=name, evalue=text, traceback=[f"{name}: {text}"])


@contextmanager
def environment(course: str, folder: Path) -> Iterator[None]:
    """Let kernels that start meanwhile find the course, and keep what they write aside in the run's own folder.

    Args:
        course: the checkout; empty for none.
        folder: gone when the run is over. A kernel that is killed cleans up nothing: it leaves its workspace in there,
            and its progress too, which is not the grader's.
    """
    temporary = folder / "tmp"
    temporary.mkdir()
    wanted = {"UNPICKLED_PROGRESS": str(folder / "progress.json"), "TMPDIR": str(temporary)}
    wanted["NBGRADER_EXECUTION"] = "autograde"
    if course:
        wanted["UNPICKLED_COURSE"] = course
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _copy_files(source: Path, target: Path) -> None:
    """Copy what lies beside a notebook, without notebooks and without following links."""
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_symlink() or path.suffix == ".ipynb":
            continue
        if path.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        elif path.is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


def _size(content: dict[str, Any]) -> int:
    """Return about how many bytes a message brings."""
    parts = [content.get("text"), content.get("evalue"), *(content.get("traceback") or ())]
    data = content.get("data")
    parts += data.values() if isinstance(data, dict) else [data]
    return sum(len(part) if isinstance(part, str) else len(str(part)) for part in parts if part)
