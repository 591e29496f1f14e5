"""`unpickled guard load`, `audit verify`, `audit watch`: one door for all loads, its log, and who looks at it."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from unpickled import defence
from unpickled.cli.guard_shared import json_option, refusals_as_json

__all__ = ["audit", "load", "watch"]

_TOLD = ("format", "digest", "tool", "found", "isolation", "line")
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

    The format is told by content. Whatever comes of it is a line in the policy's log: time, user, path, digest,
    format, verdict, policy, outcome. A refusal is a line, too. Before a load begins there is a line that says so, so
    that one whose process was killed shows as well; and where no line can be written, nothing is loaded.

    Exit 0: loaded. 1: refused by the policy. 2: it could not be judged or loaded, or the log cannot be written.
    """
    with refusals_as_json(as_json), _ended_like_ctrl_c():
        done = defence.guarded_load(file, defence.read_policy(policy))
        done.close()
    if as_json:
        told = {name: getattr(done, name) for name in _TOLD}
        click.echo(json.dumps({"ok": True, **told}, indent=2))
        return
    click.echo(f"{defence.shown(str(file))}: {done.format}, loaded by {done.tool}.")
    for line in done.found:
        click.echo(f"  {defence.shown(line)}")
    click.echo(f"  Where: {done.isolation}. Logged: {done.line[:16]}…")


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """Have a SIGTERM end things in order: with a line in the log, and no copy left behind."""
    if threading.current_thread() is not threading.main_thread():  # where no signal may be set
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Examples:\n\n  unpickled guard audit verify loads.jsonl",
)
def audit() -> None:
    """Look through the log of all loads."""


@audit.command(
    epilog="Examples:\n\n  unpickled guard audit verify loads.jsonl\n\n"
    "Hold it against the head that was noted, and note the new one only if the log passes:\n\n"
    "\b\n"
    '  unpickled guard audit verify loads.jsonl --head "$(cat noted)" --json > found &&\n'
    "    jq -r .head found > noted.new && mv noted.new noted",
)
@click.argument("log", metavar="LOG", type=_PATH)
@click.option("--head", metavar="HASH", help="A line's hash that was noted before: 64 digits.")
@json_option
def verify(log: Path, head: str | None, as_json: bool) -> int:
    """Check that no line of LOG was edited, taken out, added or moved.

    Each line carries the hash of the one before. That tells nothing of lines missing at the end, nor of a log that was
    written anew from its first line: note the last hash where a writer of the log cannot reach it, and give it as
    --head.

    A load that began and whose end is not there is told; it was killed, or is under way.

    Exit 0: whole. 1: it is not; the lines are named. 2: it cannot be read, or --head is no hash.
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
        for line in found.unfinished[:20]:
            click.echo(f"  line {line}: a load began, and its end is not there")
    if found.faults:
        remedy = "Keep it as it is, and find out who could write to it."
        name = defence.shown(str(log))
        click.echo(f"unpickled: {name}: the log is not as it was written. {remedy}", err=True)
        return 1
    if not as_json:
        noun = "line" if found.lines == 1 else "lines"
        click.echo(f"{defence.shown(str(log))}: {found.lines} {noun}, whole. Head: {found.head}")
    return 0


def _seconds(_: click.Context, __: click.Parameter, value: float) -> float:
    if not 0.1 <= value <= 86_400:  # which no NaN passes
        raise click.BadParameter(f"{value} is not in the range 0.1<=x<=86400.")
    return value


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
@click.option(
    "--every",
    default=2.0,
    show_default=True,
    callback=_seconds,
    help="Seconds between two looks, 0.1 to 86400.",
)
@click.option("--json", "as_json", is_flag=True, help="An alert a line, as JSON.")
def watch(  # noqa: PLR0913, PLR0917 - a parameter for each option
    log: Path, webhook: str, locks: tuple[Path, ...], once: bool, every: float, as_json: bool
) -> int:
    """Tell each line of LOG that nobody expects, on the terminal and to a webhook, until Ctrl-C.

    Unexpected are a refused or a failed load, one that began and did not end, a load of what no LOCK pins, a name that
    the tripwire saw, a line that was cut, edited, taken out or moved, and a log that is gone. An alert that the webhook
    does not take is sent again; one that it refuses five times is passed over, and that is told here. Every 30th look
    reads the whole log again.

    A log that is not there yet, before the first load, is waited for; with --once it is an error.

    Exit, with --once, 0: nothing unexpected. 1: alerts. 2: the log cannot be read, or an alert was not taken.
    """
    if webhook:
        defence.require_webhook(webhook)
    pins = [pin.sha256 for path in locks for pin in defence.read_lock(path).pins]
    watching = defence.Watch(log, set(pins) if locks else None)
    outbox = defence.Outbox(webhook)
    found = 0
    if _missing(log):
        if once:
            remedy = "Check the path; or nothing was loaded so far."
            raise defence.GuardError(str(log), "there is no such file", remedy)
        place = defence.shown(str(log))
        click.echo(f"unpickled: {place}: there is no log yet, and it is waited for.", err=True)
    while _missing(log):
        time.sleep(every)
    while True:
        new = watching.look(whole=once)
        found += len(new)
        for alert in new:
            click.echo(json.dumps(alert.to_dict()) if as_json else f"ALERT  {alert.text}")
        if webhook:
            _tell(outbox, new, once=once)
        if once:
            return 2 if outbox.waiting else 1 if found else 0
        time.sleep(every)


def _missing(log: Path) -> bool:
    try:
        log.stat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):  # which a look tells
        return False
    return False


def _tell(outbox: defence.Outbox, alerts: list[defence.Alert], *, once: bool) -> None:
    """Send alerts, and say here which were passed over; of what is tried again, the first."""
    lost = outbox.lost
    problems = outbox.send(alerts)
    for problem in problems[: max(outbox.lost - lost, 1)]:
        told = problem
        if once:  # nothing is tried again
            remedy = "It was not sent: see to the webhook, and look again."
            told = defence.GuardError(problem.place, problem.problem, remedy)
        click.echo(f"unpickled: {told}", err=True)
