"""`unpickled convert`: a PyTorch file becomes a safetensors file: scanned, loaded in the sandbox, proved equal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

import click

from unpickled.cli.terminal import printable
from unpickled.errors import CourseError
from unpickled.restricted import Conversion, RefusedError, Stage, check_request, stamp
from unpickled.restricted import convert as convert_file
from unpickled.scanners import NO_BAD_NAME, FileReport, Verdict, scan

__all__ = ["convert"]

_Notify: TypeAlias = Callable[[Stage, Path], object]
_STAGES = {
    "scanning": "1 of 3: scanning",
    "loading": "2 of 3: loading in the sandbox, writing",
    "proving": "3 of 3: comparing every tensor",
}
_SHOWN = 12
_UNREAD = frozenset({Verdict.SKIPPED})  # something was left out, and nothing was found


@click.command(
    short_help="Make a safetensors file of a PyTorch file, proved equal.",
    epilog="Examples:\n\n  unpickled convert model.pt model.safetensors\n\n"
    "  unpickled convert checkpoint.pth ema.safetensors --part model_ema\n\n"
    "  unpickled convert pytorch_model.bin model.safetensors --json | jq .left",
)
@click.argument("model", metavar="MODEL", type=click.Path(path_type=str, readable=False))
@click.argument("out", metavar="OUT.safetensors", type=click.Path(path_type=str, readable=False))
@click.option(
    "--force",
    is_flag=True,
    help="Convert it even if the scan does not find it clean; same sandbox.",
)
@click.option("--overwrite", is_flag=True, help="Replace OUT if it is there.")
@click.option("--part", default="", metavar="KEY", help="Of a dict, the entry to take: model_ema.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Of a checkpoint every tensor, not only the state dict.",
)
@click.option(
    "--unsafe-no-sandbox", is_flag=True, help="Do it without bubblewrap too, with limits only."
)
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object on stdout, also for a refusal."
)
def convert(  # noqa: PLR0913, PLR0917 - click passes each option
    model: str,
    out: str,
    force: bool,
    overwrite: bool,
    part: str,
    everything: bool,
    unsafe_no_sandbox: bool,
    as_json: bool,
) -> None:
    """Write the tensors of MODEL, a file of torch.save, to OUT.safetensors.

    MODEL is scanned first. Then a sandboxed child loads it with weights_only=True and writes the new file, and a second
    child, without torch, compares every tensor with what MODEL's pickle describes. OUT appears only when all are equal.

    A state dict keeps its names. Of a checkpoint, a dict with a state dict in it, that is taken. Other nested tensors
    get names with dots. Tied tensors are written under each of their names. What is no tensor is told, not carried.

    Exit 0: converted and proved equal. 1: refused, by the scan or by PyTorch's restricted unpickler. 2: it could not
    be done (missing, damaged, another format, over a limit, no sandbox). No file is written then.
    """
    if part and everything:
        raise click.UsageError("--part takes one part and --all takes everything: choose one.")
    try:
        with _progress() as notify:
            report, done = _convert(
                model,
                out,
                force=force,
                overwrite=overwrite,
                part=part,
                everything=everything,
                without_wall="the user said so" if unsafe_no_sandbox else "none",
                notify=notify,
            )
    except CourseError as error:
        if as_json:
            click.echo(json.dumps(_refusal(model, out, error), indent=2))
        raise
    if as_json:
        told = {**asdict(done), "converted": True, "scan": str(report.verdict)}
        click.echo(json.dumps(told, indent=2))
    else:
        click.echo("\n".join(_lines(done, report)))


def _convert(
    model: str, out: str, *, force: bool, overwrite: bool, notify: _Notify, **options: Any
) -> tuple[FileReport, Conversion]:
    check_request(model, out, overwrite=overwrite)
    since = stamp(model)
    report = scan(model)
    if report.verdict is not Verdict.CLEAN and not force:
        problem = f"the scan does not find it clean, but {report.verdict}{_why(report)}"
        raise RefusedError(model, problem, _way_on(report))
    done = convert_file(model, out, overwrite=overwrite, since=since, notify=notify, **options)
    return report, done


def _why(report: FileReport) -> str:
    """Return what each scanner that did not find it clean did not look at, and which found nothing in all of it."""
    told = [
        f"{one.scanner}: {one.note[:1].lower()}{one.note[1:].rstrip('.')}"
        for one in report.reports
        if one.verdict is not Verdict.CLEAN and one.note
    ]
    if told and report.verdict in _UNREAD:
        read = [one.scanner for one in report.reports if one.verdict is Verdict.CLEAN]
        told += [f"{name}: it read all of it, {NO_BAD_NAME}" for name in read]
    return f" ({'; '.join(told)})" if told else ""


def _way_on(report: FileReport) -> str:
    """Return what to do: where a scanner only left something out, when --force is reasonable and what it does not lift.

    Not where a name was flagged, and not where no scanner read it all: then the scan's own advice stands first.
    """
    found = any(one.findings or one.unlisted for one in report.reports)
    read = any(one.verdict is Verdict.CLEAN for one in report.reports)
    if report.verdict not in _UNREAD or found or not read:
        return f"{report.advice} To convert it even so, in the same sandbox: --force"
    return (
        "No scanner flagged a name. If you know where it comes from, --force is reasonable: PyTorch's restricted "
        "unpickler, in the sandbox, still refuses what is no tensor or plain value."
    )


def _refusal(model: str, out: str, error: CourseError) -> dict[str, object]:
    return {
        "model": model,
        "out": out,
        "converted": False,
        "place": error.place,
        "problem": error.problem,
        "remedy": error.remedy,
        "exit": error.exit_code,
    }


def _lines(done: Conversion, report: FileReport) -> Iterator[str]:
    yield printable(f"{done.model} -> {done.out}")
    noun = "tensor" if done.tensors == 1 else "tensors"
    yield f"  {done.tensors:,} {noun}, {_amount(done.bytes)}; compared with the model's own bytes, and equal"
    if report.verdict is not Verdict.CLEAN:
        yield f"  Forced: the scan's verdict is {report.verdict}. The new file holds numbers only."
    else:
        yield f"  Scanned: {NO_BAD_NAME}."
    if done.part:
        yield printable(f'  Taken: the part "{done.part}", under its own names.')
    for name, kept in done.tied[:_SHOWN]:
        yield printable(
            f"  Tied: {name} is the same tensor as {kept}; a copy is there under each name."
        )
    yield from _rest(len(done.tied) - _SHOWN, "tied")
    if done.left:
        yield "  Not carried over:"
    for left in done.left[:_SHOWN]:
        yield printable(f"    {left}")
    yield from _rest(done.left_total - min(len(done.left), _SHOWN), "not carried over")
    if done.part and any("tensor" in left for left in done.left):
        yield "  There are tensors among it: --part KEY takes another part, --all takes every tensor."
    if done.isolation.startswith("a plain child"):
        yield f"  It was loaded in {done.isolation}."


def _rest(count: int, what: str) -> Iterator[str]:
    if count > 0:
        yield f"    and {count:,} more {what}: --json lists them"


def _amount(size: int) -> str:
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if size >= 10**power:
            return f"{size / 10**power:.1f} {unit}"
    return f"{size} bytes"


@contextmanager
def _progress() -> Iterator[_Notify]:
    """Show on stderr, if a person is watching, which step it is, how much is written, and for how long it goes on."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console  # noqa: PLC0415 - a pipe needs no bar
    from rich.progress import Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    class Written(ProgressColumn):
        """How large the draft has grown."""

        def render(self, task: Task) -> Text:
            draft = task.fields.get("draft")
            size = draft.stat().st_size if draft is not None and draft.is_file() else 0
            return Text(f"{_amount(size)} written" if size else "")

    columns = (TextColumn("{task.description}", markup=False), Written(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(_STAGES["scanning"], total=None)
        yield lambda stage, draft: bar.update(
            task, description=_STAGES[stage], draft=draft, refresh=True
        )
