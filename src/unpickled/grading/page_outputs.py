"""What a feedback page shows of a cell's outputs: what the checks say, cut short; of a learner's own cells nothing.

While it is graded, a submission can read the hidden tests and print them in any code that it likes. No search finds
that, so the page holds no text of its making: no more than a check says in a few lines, and the names of exceptions.
Behind the first hidden check its code knows that check's inputs, and could tell them by whether it prints and by what
it raises: from there on its own cells say the same whatever they did, and the assignment's only that they raised.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from nbformat import NotebookNode

from unpickled.grading.scores import NUMBER

__all__ = ["LEFT_OUT", "MOST", "of_a_check", "of_a_later_cell", "of_an_own_cell"]

LEFT_OUT = "(what this cell printed is left out: you have it in your own copy)"
NOT_SHOWN = "(what cells of your own do is left out from here on: you have it in your own copy)"
RAISED = "an exception"
MOST = 400
"""Characters that are kept of what one check says."""
NO_TEXT = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[^\n -~\u00a0-\uffff]")
WORD = re.compile(r"[^\W\d]\w*\Z")
OURS = {
    "DeadKernel": "the kernel ended while this cell ran",
    "KernelProblem": "this cell was given up, since the kernel did not answer as it should",
    "NotRun": "this cell was not run, since grading had ended before it",
    "Timeout": "this cell did not come to an end",
    "TooMuchOutput": "this cell was stopped, since it put out too much",
}
"""What `execution` says of a cell, without anything that a submission can word."""


def of_a_check(
    outputs: Sequence[Any], written: Iterable[str], clean: Callable[[str], str]
) -> list[Any]:
    """Return a check cell's outputs for the page: what it printed, cut at `MOST` characters, its number, its error.

    Args:
        outputs: the cell's.
        written: sources of the notebook's cells; an exception's name counts if it stands there.
        clean: takes hidden lines out of a text.
    """
    printed = "".join(
        _joined(output.text)
        for output in outputs
        if output.output_type == "stream" and output.name == "stdout"
    )
    text = NO_TEXT.sub("", clean(printed[: 100 * MOST]))
    if len(text) > MOST:
        text = f"{text[:MOST].rstrip()} … (cut)\n"
    made = [_stream(text)] if text.strip() else []
    numbers = (
        _joined(output.get("data", {}).get("text/plain", ""))
        for output in outputs
        if output.output_type == "execute_result"
    )
    number = next((f"{float(one):g}" for one in numbers if NUMBER.match(one)), "")
    if number:
        made.append(
            NotebookNode(
                output_type="execute_result",
                data=NotebookNode({"text/plain": number}),
                metadata=NotebookNode(),
                execution_count=None,
            )
        )
    return made + _errors(outputs, written)


def of_an_own_cell(outputs: Sequence[Any], written: Iterable[str]) -> list[Any]:
    """Return any other cell's outputs for the page: a note in place of them, and the name of an exception."""
    printed = any(output.output_type != "error" for output in outputs)
    return ([_stream(f"{LEFT_OUT}\n")] if printed else []) + _errors(outputs, written)


def of_a_later_cell(outputs: Sequence[Any], *, own: bool) -> list[Any]:
    """Return the outputs for the page of a cell behind the first hidden check.

    Args:
        outputs: the cell's.
        own: whether a learner has added the cell: there can be any number of them.
    """
    return [_stream(f"{NOT_SHOWN}\n")] if own else _errors(outputs, (), builtin=False)


def _errors(outputs: Sequence[Any], written: Iterable[str], *, builtin: bool = True) -> list[Any]:
    """Return the last error as its class name alone; a name that only arose while it ran is not told either."""
    raised = [output.ename for output in outputs if output.output_type == "error"]
    if not raised:
        return []
    name = str(raised[-1])
    if name in OURS:
        name = f"{name}: {OURS[name]}"
    elif not (builtin and hasattr(builtins, name)) and not (
        WORD.match(name) and any(re.search(rf"\b{name}\b", text) for text in written)
    ):
        name = RAISED
    return [NotebookNode(output_type="error", ename=name, evalue="", traceback=[name])]


def _stream(text: str) -> Any:
    return NotebookNode(output_type="stream", name="stdout", text=text)


def _joined(text: object) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)
