"""`unpickled guard pin` and `verify`: one line a file with its hash, and a folder held against it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from unpickled import defence
from unpickled.cli.guard_shared import amount, counted, hashing, json_option, refusals_as_json

__all__ = ["pin", "verify"]

_SHOWN = 20


@click.command(
    short_help="Write down what each file of a folder is.",
    epilog="Examples:\n\n  unpickled guard pin model/ -o model.lock\n\n"
    "  unpickled guard pin model/ -o model.lock --overwrite && git diff model.lock",
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    default="model.lock",
    metavar="LOCK",
    type=click.Path(path_type=Path),
    show_default=True,
    help="Where to write the lock.",
)
@click.option("--overwrite", is_flag=True, help="Replace LOCK if it is there.")
@json_option
def pin(folder: Path, output: Path, overwrite: bool, as_json: bool) -> None:
    r"""Write a lock of DIR: SHA-256, size and name of every file in it, hidden ones too, one line each, sorted.

    A name is written as it is; letters that end a line, steer a terminal or cannot be seen are written \xNN. Links and
    special files are refused, empty folders left out. A lock inside DIR leaves itself out.

    Exit 0: pinned. 1: refused: DIR holds something that cannot be pinned, or nothing. 2: it could not be done.
    """
    with refusals_as_json(as_json):
        defence.require_place(output, overwrite=overwrite)
        with hashing(lambda: defence.pinned_size(folder, lock=output)) as advance:
            lock = defence.pin_folder(folder, lock=output, advance=advance)
        defence.write_whole(output, lock.to_bytes(), overwrite=overwrite)
    if as_json:
        told = {"ok": True, "lock": str(output), "files": len(lock.pins), "bytes": lock.size}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(f"{defence.shown(str(output))}: {counted(lock)} pinned, {amount(lock.size)}.")


@click.command(
    short_help="Refuse a folder that is not as it was pinned.",
    epilog="Examples:\n\n  unpickled guard verify model/ model.lock\n\n"
    "  unpickled guard verify model/ model.lock --json | jq -r '.faults[].path'",
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("path", metavar="LOCK", type=click.Path(path_type=Path))
@json_option
def verify(folder: Path, path: Path, as_json: bool) -> int:
    """Hold DIR against LOCK, and name each file that is changed, added, missing, renamed, a link or no plain file.

    It proves that the files are those that were pinned, at this moment, and not that they were harmless then.

    Exit 0: every file is as it was pinned, and there is no other. 1: refused. 2: it could not be judged (a lock that is
    damaged or of another version, a file that cannot be read).
    """
    with refusals_as_json(as_json):
        lock = defence.read_lock(path)
        with hashing(lambda: defence.pinned_size(folder, lock=path)) as advance:
            found = defence.verify_folder(folder, lock, path=path, advance=advance)
    if as_json:
        click.echo(json.dumps(_as_data(found, folder, path), indent=2))
    elif not found.faults:
        click.echo(
            f"{defence.shown(str(folder))}: {counted(lock)} as pinned, {amount(lock.size)}, and no other."
        )
    else:
        _tell(found, folder)
    if found.unjudged:
        return 2
    return 1 if found.faults else 0


def _tell(found: defence.Verification, folder: Path) -> None:
    for fault in found.faults[:_SHOWN]:
        click.echo(f"  {fault}")
    if len(found.faults) > _SHOWN:
        click.echo(f"  and {len(found.faults) - _SHOWN} more: --json lists them")
    count = len(found.faults)
    what = (
        "cannot be read"
        if found.unjudged
        else "not as pinned"
        if count == 1
        else "are not as pinned"
    )
    remedy = (
        "See to its permissions."
        if found.unjudged
        else "Do not load it: fetch it again, or review what changed and pin anew."
    )
    verb = "is " if count == 1 and not found.unjudged else ""
    noun = "file" if count == 1 else "files"
    click.echo(
        f"unpickled: {defence.shown(str(folder))}: {count} {noun} {verb}{what}. {remedy}", err=True
    )


def _as_data(found: defence.Verification, folder: Path, path: Path) -> dict[str, object]:
    return {
        "ok": not found.faults,
        "folder": str(folder),
        "lock": str(path),
        "files": len(found.lock.pins),
        "bytes": found.lock.size,
        "faults": [
            {"kind": fault.kind, "path": fault.name, "detail": fault.detail}
            for fault in found.faults
        ],
    }
