"""The warm program of a nest: a Python with a shell and the assignment's libraries, forked for each notebook.

Run by its path: `python warm.py CONTROL WALLED LIBRARY…`. It never sees a notebook, a test or a key.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import socket
import sys
from collections.abc import Sequence

__all__ = ["main"]


def main() -> None:
    """Import what notebooks will need, tell that it is done, and fork on demand."""
    gc.disable()  # a tenth of the time of large imports, in which nothing becomes garbage
    from unpickled.kernels.inside.serving import serve_notebook  # noqa: PLC0415 - what takes its time
    from unpickled.kernels.inside.shell import make_shell  # noqa: PLC0415
    from unpickled.sandbox.enclosing import serve  # noqa: PLC0415

    control = socket.socket(fileno=int(sys.argv[1]))
    shell = make_shell()
    for name in sys.argv[3:]:
        with contextlib.suppress(
            Exception
        ):  # one that is missing is missed by the cell that asks for it
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a fork would touch, and so copy, every object
    gc.enable()
    control.send(b"w")

    def body(fds: Sequence[int]) -> None:
        serve_notebook(shell, fds)

    serve(control, body, walled=sys.argv[2] == "walled")


if __name__ == "__main__":
    main()
