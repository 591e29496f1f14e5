"""A notebook's shell without a kernel around it: IPython's own, whose displays go to one callable.

Cells behave as under ipykernel: a loop runs while they do, so that `await` works; input is refused; `exit()` does
nothing; what a child process or a library in C prints counts as output too, since the file descriptors themselves are
read outside.
"""

from __future__ import annotations

import asyncio
import base64
import builtins
import os
import sys
from collections.abc import Callable
from typing import Any

from IPython.core.autocall import ZMQExitAutocall
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from unpickled.kernels.inside.loops import go_on
from unpickled.kernels.inside.magics import register_magics

__all__ = ["Shell", "make_shell"]

Tell = Callable[[dict[str, Any]], None]

_Exit: Any = ZMQExitAutocall
_Hook: Any = DisplayHook
_Publisher: Any = DisplayPublisher
_Shell: Any = InteractiveShell


class ResultHook(_Hook):  # type: ignore[misc]  # IPython publishes no types
    """Tells the value of a cell's last line."""

    def write_output_prompt(self) -> None:
        """Write nothing: outputs are numbered outside."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Tell the value in each of its formats."""
        if format_dict:
            self.shell.tell_output("result", format_dict, md_dict)

    def finish_displayhook(self) -> None:
        """Write nothing."""


class Displays(_Publisher):  # type: ignore[misc]
    """Tells what `display` shows."""

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,  # noqa: ARG002
        *,
        transient: Any = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        """Tell one display, or the change of an earlier one."""
        identity = (transient or {}).get("display_id", "")
        self.shell.tell_output("update" if update else "display", data, metadata, identity)

    def clear_output(self, wait: bool = False) -> None:
        """Tell that the cell's outputs are to go."""
        self.shell.tell({"event": "clear", "wait": bool(wait)})


class Shell(_Shell):  # type: ignore[misc]
    """IPython's shell; `tell` is set in each fork."""

    displayhook_class = Type(ResultHook)
    display_pub_class = Type(Displays)
    tell: Tell
    system = _Shell.system_raw  # behind the wall there is no terminal to borrow

    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing: there is no screen."""

    def ask_exit(self) -> None:
        """Do nothing: ipykernel goes on as well, for a tenth of a second at least."""

    def _exiter_default(self) -> Any:
        """Return what `exit` and `quit` are in a kernel; traitlets finds this by its name."""
        return _Exit(self)

    def tell_output(self, event: str, data: Any, metadata: Any, identity: str = "") -> None:
        """Tell one output; pictures as base64."""
        flush()
        told = {kind: _text(value) for kind, value in dict(data).items()}
        message = {"event": event, "data": told, "metadata": metadata or {}, "display": identity}
        try:
            self.tell(message)
        except (TypeError, ValueError):  # no JSON: as under ipykernel the text is what is left
            plain = {"text/plain": str(told.get("text/plain", ""))}
            self.tell({**message, "data": plain, "metadata": {}})

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        flush()
        lines = [str(line) for line in stb]
        try:
            text = str(evalue)
        except Exception:  # noqa: BLE001 - an exception of the learner's own may fail even at this
            text = ""
        self.tell({"event": "error", "name": etype.__name__, "text": text, "traceback": lines})


def make_shell() -> Shell:
    """Make the one shell of this process, with nothing of a notebook in it."""
    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.banner1 = ""
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    shell: Shell = Shell.instance(config=settings)
    shell.tell = _silent
    register_magics(shell)
    builtins.input = _no_input
    _practise(shell)
    return shell


def _practise(shell: Shell) -> None:
    """Run a cell that shows something and one that fails, and forget both.

    What IPython only makes at its first cell is made here once, and not again in each fork.
    """
    names, hidden = dict(shell.user_ns), dict(shell.user_ns_hidden)
    loop = asyncio.new_event_loop()
    for source in ("0", "1 / 0"):
        loop.run_until_complete(_run(shell, source, keep=False))
    loop.close()
    for place, before in ((shell.user_ns, names), (shell.user_ns_hidden, hidden)):
        place.clear()
        place.update(before)
    shell.history_manager.output_hist.clear()
    shell.last_execution_succeeded, shell.last_execution_result = True, None
    del sys.last_type, sys.last_value, sys.last_traceback


def run_cell(shell: Shell, loop: asyncio.AbstractEventLoop, source: str) -> None:
    """Run one cell; what it raises is told, as every output is."""
    loop.run_until_complete(_run(shell, source))
    go_on(loop)
    flush()


async def _run(shell: Shell, source: str, *, keep: bool = True) -> None:
    transformed, problem = source, None
    try:
        transformed = shell.transform_cell(source)
    except Exception:  # noqa: BLE001 - the shell tells it as the cell's own
        problem = sys.exc_info()
    await shell.run_cell_async(
        source,
        store_history=keep,
        transformed_cell=transformed,
        preprocessing_exc_tuple=problem,
    )


def flush() -> None:
    """Let everything that was printed reach its file descriptor."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # noqa: BLE001, S112 - a notebook may have put anything there
            continue


def _silent(_: dict[str, Any]) -> None:
    """Tell nobody: there is no notebook yet."""


def _no_input(prompt: object = "") -> str:
    raise StdinNotImplementedError(f"nobody is here to answer: {prompt!s:.80}")


def _text(value: Any) -> Any:
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value
