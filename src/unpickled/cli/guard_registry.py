"""`unpickled guard publish`, `pull`, `list`: a registry in a folder or on a server, and the gate in front of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from unpickled import defence
from unpickled.cli.guard_shared import amount, counted, hashing, json_option, refusals_as_json
from unpickled.cli.guard_sign import trust_options, trusted

__all__ = ["list_models", "publish", "pull"]

_PATH = click.Path(path_type=Path)
_HOW = {
    "clean": "no known bad name found",
    "header": "a format that no scanner reads; its header names nothing that runs",
    "unscanned": "let in by name, not scanned",
}
_registry = click.option(
    "--registry",
    required=True,
    metavar="WHERE",
    help="The registry: a folder, or the address of a server that speaks OCI.",
)
_curator = click.option(
    "--curator", required=True, metavar="PEM", type=_PATH, help="The curator's public key."
)


@click.command(
    short_help="Let a model into a registry: pinned, signed, scanned.",
    epilog="Examples:\n\n"
    "  unpickled guard publish model/ team/tiny --registry shelf/ --public-key keys/signing.pub "
    '--curator-key curator/signing.key --why "Ada read the training code"\n\n'
    "  unpickled guard publish model/ team/tiny --registry shelf/ --ca keys/ca.crt --unscanned '*.json' "
    '--curator-key curator/signing.key --why "as above, and the configuration was read"',
)
@click.argument("folder", metavar="DIR", type=_PATH)
@click.argument("name", metavar="NAME")
@_registry
@click.option("--lock", default="model.lock", type=_PATH, show_default=True, help="DIR's lock.")
@click.option(
    "--signature", default="model.sig", type=_PATH, show_default=True, help="DIR's signature."
)
@trust_options
@click.option(
    "--curator-key", required=True, type=_PATH, metavar="PEM", help="Your private key as curator."
)
@click.option("--why", required=True, metavar="TEXT", help="Why it may be used, for the record.")
@click.option(
    "--unscanned",
    multiple=True,
    metavar="GLOB",
    help="Let texts in that have such names, and that you have read; may be given again.",
)
@json_option
def publish(  # noqa: PLR0913, PLR0917 - click passes each option
    folder: Path,
    name: str,
    registry: str,
    lock: Path,
    signature: Path,
    public_key: Path | None,
    ca: tuple[Path, ...],
    identity: str,
    issuer: str,
    curator_key: Path,
    why: str,
    unscanned: tuple[str, ...],
    as_json: bool,
) -> None:
    """Let the model in DIR into a registry under NAME, if it is as it was pinned and signed, and passes the scan.

    Each file has to be clean, or of a weight format whose header names nothing that runs, under a name that fits; what
    it is its content says. A text, which no scanner looks at, is let in only by --unscanned. Anything else that was not
    looked at, that a scanner found bad or that could not be read is let in by nothing. Who let it in, when, why, and
    what each scanner said is sealed with your key and kept with the model.

    The registry is an OCI image layout in a folder, and a new one is made; or a server. A server with a login is asked
    with what docker or oras have stored. What is judged is a copy, and that copy is kept.

    Exit 0: published; the last word of the first line is what to pull. 1: refused. 2: it could not be done. Whatever
    happens, the registry has the model whole, or not at all.
    """
    offer = defence.Offer(
        folder=folder,
        name=name,
        lock=lock,
        signature=signature,
        trust=trusted(public_key, ca, identity, issuer),
        why=why,
        unscanned=unscanned,
    )
    with refusals_as_json(as_json), hashing(lambda: defence.pinned_size(folder)) as advance:
        done = defence.publish(
            offer,
            defence.open_registry(registry),
            curator_key,
            advance=advance,
            waits=lambda: _say(registry, "another publisher is at work, and is waited for"),
        )
    if as_json:
        told = {"ok": True, "reference": str(done.reference), "admission": asdict(done.admission)}
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(f"Published {done.reference}")
    click.echo(f"  Signed by {defence.shown(done.admission.signer)}.")
    _tell(done.admission.files)


@click.command(
    short_help="Take a model out of a registry, by name and digest.",
    epilog="Examples:\n\n"
    "  unpickled guard pull team/tiny@sha256:… tiny/ --registry shelf/ --curator curator/signing.pub "
    "--public-key keys/signing.pub\n\n"
    "  unpickled guard verify tiny/model tiny/model.lock",
)
@click.argument("reference", metavar="NAME@sha256:…")
@click.argument("target", metavar="DIR", type=_PATH)
@_registry
@_curator
@trust_options
@json_option
def pull(  # noqa: PLR0913, PLR0917 - click passes each option
    reference: str,
    target: Path,
    registry: str,
    curator: Path,
    public_key: Path | None,
    ca: tuple[Path, ...],
    identity: str,
    issuer: str,
    as_json: bool,
) -> None:
    """Take a model out of a registry into a new folder DIR: model/, model.lock, model.sig and admission.json.

    That the curator let it in, every byte of it, the signature and the scan are looked at again, and DIR appears only
    when all of that has passed.

    Exit 0: it is there. 1: refused. 2: it could not be done. DIR is whole, or not there.
    """
    trust = trusted(public_key, ca, identity, issuer)
    with refusals_as_json(as_json):
        wanted = defence.Reference.parse(reference)
        done = defence.pull(
            wanted, target, registry=defence.open_registry(registry), curator=curator, trust=trust
        )
    if as_json:
        told = {"ok": True, "folder": str(target), "signer": done.signer}
        click.echo(json.dumps({**told, "files": [asdict(one) for one in done.files]}, indent=2))
        return
    click.echo(f"{defence.shown(str(target))}: {counted(done.lock)}, {amount(done.lock.size)}.")
    click.echo(f"  Signed by {defence.shown(done.signer)}.")
    record = done.admission
    click.echo(
        f"  Let in by {defence.shown(record.who)} ({record.key}), {record.when}: {defence.shown(record.why)}"
    )
    _tell(done.files)


@click.command(
    "list",
    short_help="What is in a registry.",
    epilog="Examples:\n\n  unpickled guard list --registry shelf/ --curator curator/signing.pub\n\n"
    "  unpickled guard list team/tiny --registry http://127.0.0.1:5000 --curator curator/signing.pub",
)
@click.argument("name", default="")
@_registry
@_curator
@json_option
def list_models(name: str, registry: str, curator: Path, as_json: bool) -> None:
    """List what the curator let into a registry, the oldest first: when, and by which NAME@sha256:… it is pulled.

    With NAME only what has that name; a server has to be asked for one. What a server has and does not give, or what is
    too large to be a record of ours, is left out; how much that is, is told on stderr.

    Exit 0: listed. 1: the index is not sealed by this curator. 2: it cannot be read, or nothing in it can.
    """
    with refusals_as_json(as_json):
        left: list[defence.GuardError] = []
        entries = defence.open_registry(registry).entries(curator, name, left_out=left.append)
    if as_json:
        told = [{"reference": str(one.reference), "admitted": one.admitted} for one in entries]
        lacking = [{"tag": one.place, "problem": one.problem} for one in left]
        click.echo(json.dumps({"ok": True, "models": told, "left_out": lacking}, indent=2))
        return
    for one in entries:
        click.echo(f"{one.admitted}  {one.reference}")
    if left:
        _say(registry, f"{len(left)} of what it lists cannot be read, and left out. {left[0]}")


def _say(registry: str, problem: str) -> None:
    click.echo(f"unpickled: {defence.shown(registry)}: {problem}", err=True)


def _tell(files: tuple[defence.Judged, ...]) -> None:
    for how, meaning in _HOW.items():
        names = [defence.spelled(one.name) for one in files if one.how == how]
        if names:
            shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            click.echo(f"  {len(names)} {how} ({meaning}): {shown}")
