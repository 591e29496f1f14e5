"""Kernels on demand: forks of one warm program, each in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from unpickled.checking import File
from unpickled.kernels.bounds import Bounds
from unpickled.kernels.kernel import Kernel
from unpickled.sandbox import PLAIN, Excuse, Fork, Nest

__all__ = ["Warmth"]

_PACKAGE = Path(__file__).resolve().parents[1]
_WARM = Path(__file__).with_name("inside") / "warm.py"
_FOLDER = "/tmp/work"  # noqa: S108 - a private one, behind the wall


class Warmth:
    """A warm Python that gives kernels, one after the other or at the same time.

    Args:
        libraries: modules that notebooks will import; one that is missing is left out.
        bounds: of each notebook.
        readable: what notebooks may read beside the system, this Python and this package.
        variables: environment variables for notebooks.
        without_wall: as in `sandbox.run`.
    """

    def __init__(
        self,
        libraries: Sequence[str] = (),
        *,
        bounds: Bounds,
        readable: Sequence[str | os.PathLike[str]] = (),
        variables: dict[str, str] | None = None,
        without_wall: Excuse = "none",
    ) -> None:
        self._bounds = bounds
        self._variables = variables or {}
        self._nest = Nest(
            _WARM,
            libraries,
            limits=bounds.limits(),
            readable=[_PACKAGE, *readable],
            without_wall=without_wall,
        )
        self._ready = False

    def __enter__(self) -> Warmth:
        """Start to warm up; the first kernel waits for the rest."""
        self._nest.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End everything."""
        self._nest.end()

    @property
    def isolation(self) -> str:
        """What stands around its kernels, as the sandbox words it."""
        return self._nest.isolation

    @contextlib.contextmanager
    def kernel(self, files: Sequence[File] = ()) -> Iterator[Kernel]:
        """Give a fresh kernel in a folder with these files; it is dead with all it started at the end.

        Raises:
            SandboxError: there can be none.
        """
        if not self._ready:
            self._nest.wait()
            self._ready = True
        with self._folder() as folder, Kernel(self._fork, self._bounds) as kernel:
            kernel.begin(folder, files, self._variables)
            yield kernel

    def _fork(self, fds: Sequence[int]) -> Fork:
        return self._nest.fork(fds)

    @contextlib.contextmanager
    def _folder(self) -> Iterator[str]:
        if self.isolation != PLAIN:
            yield _FOLDER
            return
        with tempfile.TemporaryDirectory(
            prefix="unpickled-grade-", ignore_cleanup_errors=True
        ) as folder:
            yield folder
