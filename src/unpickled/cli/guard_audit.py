"""`unpickled guard load`, `audit verify`, `audit watch`: one door for all loads, its log, and who looks at it."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import click

from unpickled import defence
from unpickled.cli.guard_shared import json_option, refusals_as_json

__all__ = ["audit", "load", "watch"]

_PATH = click.Path(path_type=Path)


@click.command(
    short_help="Load a file if a policy lets it, and write a line into the log.",
    epilog="A policy (paths start at its own folder):\n\n"
    "\b\n"
    "  version = 1\n"
    '  formats = ["safetensors", "torch-zip"]\n'
    '  must = ["pinned", "signed", "scanned"]\n'
    "  weights_only = true\n"
    '  log = "loads.jsonl"\n'
    '  folder = "model"\n'
    '  lock = "model.lock"\n'
    '  signature = "model.sig"\n'
    '  public_key = "signing.pub"      # or: ca = ["ca.crt"]\n\n'
    "Examples:\n\n  unpickled guard load tiny/model/model.safetensors --policy policy.toml",
)
@click.argument("file", metavar="FILE", type=_PATH)
@click.option(
    "--policy",
    default="policy.toml",
    show_default=True,
    metavar="TOML",
    type=_PATH,
    help="What may be loaded.",
)
@json_option
def load(file: Path, policy: Path, as_json: bool) -> None:
    """Load FILE in the sandbox if the policy lets it, and tell what is in it: names and types.

    The format is told by content. Whatever comes of it is one line in the policy's log: time, user, path, digest,
    format, verdict, policy, outcome. A refusal is a line, too; and where the line cannot be written, nothing is handed
    over.

    Exit 0: loaded. 1: refused by the policy. 2: it could not be judged or loaded, or the log cannot be written.
    """
    with refusals_as_json(as_json):
        done = defence.guarded_load(file, defence.read_policy(policy))
    if as_json:
        click.echo(json.dumps({"ok": True, **asdict(done)}, indent=2))
        return
    click.echo(f"{defence.shown(str(file))}: {done.format}, loaded by {done.tool}.")
    for line in done.found:
        click.echo(f"  {defence.shown(line)}")
    click.echo(f"  Where: {done.isolation}. Logged: {done.line[:16]}…")


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Examples:\n\n  unpickled guard audit verify loads.jsonl",
)
def audit() -> None:
    """Look through the log of all loads."""


@audit.command(
    epilog="Examples:\n\n  unpickled guard audit verify loads.jsonl\n\n"
    '  unpickled guard audit verify loads.jsonl --head "$(cat noted)" --json | jq -r .head > noted',
)
@click.argument("log", metavar="LOG", type=_PATH)
@click.option("--head", default="", metavar="HASH", help="A line's hash that was noted before.")
@json_option
def verify(log: Path, head: str, as_json: bool) -> int:
    """Check that no line of LOG was edited, taken out, added or moved.

    Each line carries the hash of the one before. That tells nothing of lines missing at the end, nor of a log that was
    written anew from its first line: note the last hash where a writer of the log cannot reach it, and give it as
    --head.

    Exit 0: whole. 1: it is not; the lines are named. 2: it cannot be read.
    """
    with refusals_as_json(as_json):
        found = defence.verify_log(log, head=head)
    if as_json:
        click.echo(json.dumps({"ok": not found.faults, **asdict(found)}, indent=2))
    else:
        for fault in found.faults[:20]:
            click.echo(f"  line {fault.line}: {fault.problem}")
        if len(found.faults) > 20:
            click.echo(f"  and {len(found.faults) - 20} more: --json lists them")
    if found.faults:
        remedy = "Keep it as it is, and find out who could write to it."
        name = defence.shown(str(log))
        click.echo(f"unpickled: {name}: the log is not as it was written. {remedy}", err=True)
        return 1
    if not as_json:
        noun = "line" if found.lines == 1 else "lines"
        click.echo(f"{defence.shown(str(log))}: {found.lines} {noun}, whole. Head: {found.head}")
    return 0


@audit.command(
    epilog="Examples:\n\n  unpickled guard audit watch loads.jsonl --lock model.lock\n\n"
    "  unpickled guard audit watch loads.jsonl --webhook https://chat.example.org/hooks/models\n\n"
    "  unpickled guard audit watch loads.jsonl --once || mail -s 'a load nobody expects' ada@example.org",
)
@click.argument("log", metavar="LOG", type=_PATH)
@click.option("--webhook", default="", metavar="URL", help="Where to send each alert, as JSON.")
@click.option(
    "--lock",
    "locks",
    multiple=True,
    type=_PATH,
    metavar="LOCK",
    help="Loads of what is pinned here are expected, and no others; may be given again.",
)
@click.option("--once", is_flag=True, help="Look at the whole log once, and end.")
@click.option("--every", default=2.0, show_default=True, help="Seconds between two looks.")
def watch(log: Path, webhook: str, locks: tuple[Path, ...], once: bool, every: float) -> int:
    """Tell each line of LOG that nobody expects, on the terminal and to a webhook, until Ctrl-C.

    Unexpected are a refused or a failed load, a load of what no LOCK pins, a name that the tripwire saw, and a line
    that was cut, edited, taken out or moved. An alert that the webhook does not take is sent again.

    Exit, with --once, 0: nothing unexpected. 1: alerts. 2: the log cannot be read, or an alert was not taken.
    """
    if webhook:
        defence.require_webhook(webhook)
    pins = [pin.sha256 for path in locks for pin in defence.read_lock(path).pins]
    watching = defence.Watch(log, set(pins) if locks else None)
    waiting: list[defence.Alert] = []
    found = 0
    while True:
        new = watching.look()
        found += len(new)
        for alert in new:
            click.echo(f"ALERT  {alert.text}")
        waiting = _sent(webhook, [*waiting, *new]) if webhook else []
        if once:
            return 2 if waiting else 1 if found else 0
        time.sleep(max(every, 0.1))


def _sent(webhook: str, alerts: list[defence.Alert]) -> list[defence.Alert]:
    """Send alerts, and return those that were not taken."""
    for number, alert in enumerate(alerts):
        try:
            defence.tell_webhook(webhook, alert)
        except defence.GuardError as error:
            click.echo(f"unpickled: {error}", err=True)
            return alerts[number:]
    return []
