"""`unpickled trace`: the steps of a pickle, for a person or, with --json, for a program. Nothing is loaded."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from unpickled.cli.terminal import is_plain, printable, standard_input
from unpickled.errors import CourseError, TraceError
from unpickled.pickles import Limits, Step, Tracing
from unpickled.pickles import trace as steps_of

if TYPE_CHECKING:
    from unpickled.weights import Reading

__all__ = ["as_json", "trace"]

ARGUMENT = 28
_BEGUN = 2  # the step up to which text may be taken for opcodes
MANY = 10_000  # steps after which each line's stack and memo are worth a hint,
MUCH = 8_000_000  # or letters: few steps can have a large memo


@click.command(
    epilog="Examples:\n\n  unpickled trace model.bin\n\n  unpickled trace weights.npz --member labels.npy\n\n"
    "  unpickled trace model.bin --json | head -3\n\n  cat some.pkl | unpickled trace -",
)
@click.argument("file", type=click.Path(path_type=str, readable=False))
@click.option("--json", "lines", is_flag=True, help="One JSON object a step.")
@click.option(
    "--brief", is_flag=True, help="Leave stack and memo out of the JSON: fast on large files."
)
@click.option(
    "--member", metavar="NAME", help="Which pickle of an archive; data.pkl is found by itself."
)
def trace(file: str, lines: bool, brief: bool, member: str | None) -> int:
    """Print every opcode of a pickle: what it does, imports and would call. Nothing is run.

    FILE may be a pickle, an archive that holds one, or - for standard input. Exit 0: traced to its end;
    2: malformed, over a limit, or no pickle.
    """
    reading = _read(file, member)
    name = "standard input" if file == "-" else file
    tracing, where = steps_of(reading.data), reading.where
    try:
        if lines:
            _write(tracing, brief=brief)
        else:
            _print(tracing, where)
    except TraceError as error:
        place = f"{where or name}, {error.place}"
        if reading.text and tracing.machine.now < _BEGUN:
            problem = f"the file is plain text, and no pickle ({error.problem})"
            raise CourseError(place, problem, "See what it is: unpickled check FILE") from error
        raise CourseError(place, error.problem, error.remedy) from error
    finally:
        for other in reading.others:
            click.echo(
                printable(f"unpickled: {name} holds another pickle: --member {other}"), err=True
            )
    return 0


def as_json(tracing: Tracing, *, brief: bool = False) -> Iterator[dict[str, Any]]:
    """Yield each step as a JSON-able object.

    `stack` is the stack after the step, bottom first, and `memo` maps indices to values, both as the texts of
    `pickles.render` (null when `brief`); `imports` is [module, name] or null; `calls` is {callable, args} or null.

    Raises:
        TraceError: after the last step that could be read.
    """
    for step in tracing:
        calls = step.calls
        yield {
            "index": step.index,
            "offset": step.offset,
            "opcode": step.opcode,
            "arg": _plain(step),
            "stack": None if brief else list(tracing.stack()),
            "memo": None if brief else {str(index): text for index, text in tracing.memo().items()},
            "imports": list(step.imports) if step.imports else None,
            "calls": {"callable": calls.callable, "args": calls.args} if calls else None,
        }


def _read(file: str, member: str | None) -> Reading:
    from unpickled.weights import read_pickle, read_pickle_in  # noqa: PLC0415 - numpy is slow to import

    if file == "-":
        data = standard_input().read(Limits().bytes + 1)
        return read_pickle_in(data, "standard input", member)
    return read_pickle(file, member)


def _plain(step: Step) -> str | int | float | bool | None:
    """Return the argument as JSON can hold it: text where it is bytes, long, not finite, or beyond 64 bits."""
    argument = step.arg
    if argument is None or isinstance(argument, bool | str):
        return argument
    if isinstance(argument, int) and abs(argument) < 2**63:
        return argument
    if isinstance(argument, float) and math.isfinite(argument):
        return argument
    return step.arg_text


def _write(tracing: Tracing, *, brief: bool) -> None:
    written, told = 0, brief
    for number, row in enumerate(as_json(tracing, brief=brief)):
        if not told and (number == MANY or written > MUCH):
            told = True
            hint = "unpickled: a long pickle; --brief leaves out what makes this slow"
            click.echo(hint, err=True)
        written += sys.stdout.write(json.dumps(row, allow_nan=False) + "\n")


def _print(tracing: Tracing, where: str) -> None:
    # Not click.echo, which flushes each line: a million steps would take five times as long.
    coloured, plain = sys.stdout.isatty(), is_plain()
    head = f"{'offset':>8}  {'opcode':<17}{'argument':<{ARGUMENT}} stack  effect"
    for line in [f"pickle: {printable(where, plain=plain)}"] * bool(where) + [head]:
        sys.stdout.write((click.style(line, bold=True) if coloured else line) + "\n")
    count, calls, states, imports = 0, 0, 0, set[str]()
    for step in tracing:
        sys.stdout.write(_line(step, coloured=coloured, plain=plain) + "\n")
        count += 1
        if step.calls:
            states += step.opcode == "BUILD"
            calls += step.opcode != "BUILD"
        if step.imports:
            imports.add(printable(step.imports.text, plain=plain))
    sys.stdout.write(_summary(count, calls, states, sorted(imports), tracing.trailing) + "\n")


def _line(step: Step, *, coloured: bool, plain: bool) -> str:
    argument = printable(step.arg_text or "", plain=plain)
    if len(argument) >= ARGUMENT:
        argument = f"{argument[: ARGUMENT - 4]}..." if plain else f"{argument[: ARGUMENT - 2]}…"
    line = f"{step.offset:>8}  {step.opcode:<17}{argument:<{ARGUMENT}} {step.depth:>5}  "
    if step.calls:
        line += f"CALLS {printable(step.calls.text, plain=plain)}"
        line += ", if it has one" * (step.opcode == "BUILD")
        return click.style(line, fg="red", bold=True) if coloured else line
    if step.imports:
        line += f"imports {printable(step.imports.text, plain=plain)}"
        return click.style(line, fg="yellow") if coloured else line
    return line.rstrip()


def _summary(count: int, calls: int, states: int, imports: list[str], trailing: int) -> str:
    made = [f"make {calls} call{'s' * (calls != 1)}"] if calls else []
    made += [f"set the state of {states} object{'s' * (states != 1)}"] if states else []
    parts = [
        f"{count} opcodes",
        "imports " + ", ".join(imports) if imports else "imports nothing",
        f"would {' and '.join(made)}" if made else "calls nothing",
    ]
    if trailing:
        parts.append(f"{trailing} bytes follow that are no pickle")
    return "; ".join(parts) + ". Nothing was imported, called or unpickled here."
