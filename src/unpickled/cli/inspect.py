"""`unpickled inspect`: what a weight file's header says, for a person or, with --json, for a program."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import click

from unpickled.cli.terminal import printable
from unpickled.errors import ScanError
from unpickled.weights import Inspection, Tensor
from unpickled.weights import inspect as look_into

__all__ = ["inspect"]

_TENSORS = 20
_ENTRIES = 15


@click.command(
    short_help="What a weight file's header says, without loading it.",
    epilog="Examples:\n\n  unpickled inspect model.safetensors\n\n  unpickled inspect model.gguf --all\n\n"
    "  unpickled inspect *.pt --json | jq '.[].risks'",
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
    "--all", "everything", is_flag=True, help="Every tensor and entry, not the first few."
)
def inspect(files: tuple[str, ...], as_json: bool, everything: bool) -> int:
    """Print the metadata and tensors of each FILE, and what in it would be risky to load.

    The format is told by content. The header is read by the format's own library, in a child process with limits; no
    weight is read, nothing is unpickled, and no other file that the file names is opened.

    Without bubblewrap, the child has limits but no wall, and the output says so: it parses and loads nothing.

    Exit 0: every file was described, risky or not. 2: a file is missing, damaged, over a limit or no weight file.
    For a verdict on whether a file may be loaded: unpickled check.
    """
    rows: list[dict[str, Any]] = []
    failed = False
    for number, name in enumerate(files):
        try:
            found = look_into(name)
        except ScanError as error:
            failed = True
            rows.append({"path": name, "error": str(error)})
            click.echo(f"unpickled: {printable(str(error))}", err=True)
            continue
        rows.append(found.to_dict())
        if not as_json:
            lines = _lines(found, everything=everything)
            click.echo("\n".join(["", *lines] if number else list(lines)))
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    return 2 if failed else 0


def _lines(found: Inspection, *, everything: bool) -> Iterator[str]:
    width = shutil.get_terminal_size().columns
    contents = found.contents
    yield printable(found.path)
    yield f"  {found.format.label}, {_amount(found.size)}, {contents.total:,} tensor{'s' * (contents.total != 1)}"
    if found.format.note and found.format.matches_name:
        yield f"  {found.format.note}"
    shown = contents.metadata if everything else contents.metadata[:_ENTRIES]
    if shown:
        yield "Metadata"
    for name, value in shown:
        line = f"  {printable(name)}: {printable(value)}"
        yield line if everything or len(line) <= width else f"{line[: width - 3]}..."
    yield from _rest(len(contents.metadata) - len(shown), "entries")
    tensors = contents.tensors if everything else contents.tensors[:_TENSORS]
    if tensors:
        yield "Tensors"
    yield from _table(tensors)
    yield from _rest(contents.total - len(tensors), "tensors")
    yield "Risky in it" if contents.risks else "Nothing in its header stands out as risky."
    for risk in contents.risks:
        yield f"  {risk.kind:<9} {printable(f'{risk.where}: {risk.text}' if risk.where else risk.text)}"
    if found.isolation.startswith("a plain child"):
        yield f"The header was read in {found.isolation} (bubblewrap is missing)."


def _table(tensors: tuple[Tensor, ...]) -> Iterator[str]:
    rows = [
        (
            printable(t.name or "(the object itself)"),
            printable(t.dtype),
            "x".join(map(str, t.shape)) or "-",
        )
        for t in tensors
    ]
    widths = [min(max((len(row[i]) for row in rows), default=0), 60) for i in range(3)]
    for row, tensor in zip(rows, tensors, strict=True):
        size = "size not told" if tensor.bytes is None else _amount(tensor.bytes)
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}  {size}"


def _rest(count: int, what: str) -> Iterator[str]:
    if count > 0:
        yield f"  and {count:,} more {what}: --all, --json"


def _amount(size: int) -> str:
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if size >= 10**power:
            return f"{size / 10**power:.1f} {unit}"
    return f"{size} bytes"
