"""`unpickled check`: the lesson's 30-second test on files and folders, for a person or, with --json, for a program."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator

import click

from unpickled.cli.terminal import is_plain, printable
from unpickled.scanners import NO_BAD_NAME, FileReport, Survey, Target, Verdict, report_on, survey

__all__ = ["check", "exit_code", "summary"]

_ORDER = (
    Verdict.DANGEROUS,
    Verdict.SUSPICIOUS,
    Verdict.FAILED,
    Verdict.UNREADABLE,
    Verdict.SKIPPED,
    Verdict.CLEAN,
)


@click.command(
    short_help="The 30-second test: may these files be loaded?",
    epilog="Examples:\n\n  unpickled check model.pt\n\n  unpickled check downloads/ --ignore '*.md'\n\n"
    "  unpickled check model.bin --json | jq '.[].verdict'",
)
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=str, readable=False),
)
@click.option("--json", "as_json", is_flag=True, help="One JSON list on stdout, one entry a file.")
@click.option(
    "--ignore", multiple=True, metavar="GLOB", help="Leave out what fits; may be given again."
)
@click.pass_context
def check(
    ctx: click.Context, files: tuple[str, ...], as_json: bool, ignore: tuple[str, ...]
) -> None:
    """Ask picklescan and modelscan about each FILE, and say in one word and one sentence what comes of it.

    The format is told by content. Folders are walked, hidden files too, and every file is accounted for.

    Exit 0: no known bad name in any file. 1: dangerous or suspicious. 2: something could not be judged
    (unreadable, skipped, failed, missing, empty, or nothing to scan). 130: stopped by Ctrl-C, after the
    verdicts so far.
    """
    listed = survey(files, ignore=ignore)
    reports: list[FileReport] = []
    try:
        reports.extend(_scanned(listed.targets))
    except KeyboardInterrupt:
        if reports:
            _give(reports, listed, as_json=as_json)
            click.echo(f"Stopped: {len(reports)} of {len(listed.targets)} files.", err=True)
        raise
    _give(reports, listed, as_json=as_json)
    ctx.exit(exit_code(reports))


def _give(reports: list[FileReport], listed: Survey, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([report.to_dict() for report in reports], indent=2))
        if listed.ignored:
            click.echo(f"unpickled: {_left_out(listed.ignored)}", err=True)
    else:
        _show(reports, listed)


def exit_code(reports: Iterable[FileReport]) -> int:
    """Return 1 if any file is dangerous or suspicious, else 2 if any is not clean (or there is none), else 0."""
    found = {report.verdict for report in reports}
    if found & {Verdict.DANGEROUS, Verdict.SUSPICIOUS}:
        return 1
    return 0 if found == {Verdict.CLEAN} else 2


def summary(reports: Iterable[FileReport], ignored: int = 0) -> str:
    """Return the last line: how many of each verdict, and how many were left out on purpose."""
    counts = Counter(report.verdict for report in reports)
    total = sum(counts.values())
    words = ", ".join(f"{counts[verdict]} {verdict}" for verdict in _ORDER if counts[verdict])
    line = f"{total} file{'s' if total != 1 else ''}: {words}."
    return f"{line} {_left_out(ignored)}" if ignored else line


def _left_out(count: int) -> str:
    return f"{count} file{'s were' if count != 1 else ' was'} left out by --ignore."


def _scanned(targets: tuple[Target, ...]) -> Iterator[FileReport]:
    """Scan target by target, with a bar on stderr if a person is watching."""
    if not sys.stderr.isatty():
        yield from map(report_on, targets)
        return
    from rich.console import Console  # noqa: PLC0415 - a pipe needs no bar
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=len(targets))
        for target in targets:
            bar.update(task, description=_tail(target.path, 30))
            yield report_on(target)
            bar.advance(task)


def _tail(path: str, width: int) -> str:
    text = printable(path)
    return text if len(text) <= width else "…" + text[1 - width :]


def _show(reports: list[FileReport], listed: Survey) -> None:
    from rich.console import Console  # noqa: PLC0415 - not for --json

    from unpickled.cli.scan_table import scan_table  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=False)
    with console.capture() as shown:  # rich has an exit code of its own for a closed pipe
        console.print(scan_table(reports, plain=is_plain()))
        console.print(summary(reports, listed.ignored), markup=False, soft_wrap=True)
        if any(report.verdict is Verdict.CLEAN for report in reports):
            console.print(
                f"Clean means: {NO_BAD_NAME}. Scanners know some bad names, not all.", markup=False
            )
    click.echo(shown.get(), nl=False)
