"""`unpickled guard keys`, `sign`, `check-signature`: who made a model, file by file, with OpenSSF model signing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from unpickled import defence
from unpickled.cli.guard_shared import json_option, refusals_as_json

__all__ = ["check_signature", "keys", "sign", "trust_options", "trusted"]

_FILE = click.Path(path_type=Path)
_F = TypeVar("_F", bound=Callable[..., object])


@click.command(
    short_help="Make a pair of keys, and a CA if you want one.",
    epilog="Examples:\n\n  unpickled guard keys keys/\n\n"
    '  unpickled guard keys keys/ --ca "Our models" --name "Ada, model review"',
)
@click.argument("folder", metavar="KEYS", type=_FILE)
@click.option("--ca", default="", metavar="NAME", help="Also a CA of that name, and a certificate.")
@click.option("--name", default="model signing", metavar="NAME", help="The signer's name in it.")
@json_option
def keys(folder: Path, ca: str, name: str, as_json: bool) -> None:
    """Make a new folder KEYS with signing.key, which is secret, and signing.pub, which you give to others.

    With --ca also ca.crt, which you give to others instead, ca.key, which is secret, and signing.crt. Whoever trusts
    the CA takes the signatures of every key that it has a certificate for.

    The keys are P-256 without a password, in files that only you can read. Take ca.key off the machine when you are
    done. Where it matters, keep keys in hardware or a key service.

    Exit 0: made. 2: it could not be done; nothing is left.
    """
    from unpickled.defence.keys import key_name, make_keys  # noqa: PLC0415 - it needs cryptography

    with refusals_as_json(as_json):
        files = make_keys(folder, ca=ca, name=name)
        public = key_name(folder / "signing.pub")
    if as_json:
        told = {"ok": True, "folder": str(folder), "files": files, "key": public}
        click.echo(json.dumps(told, indent=2))
        return
    secret = [file for file in files if file.endswith(".key")]
    click.echo(f"{defence.shown(str(folder))}: {', '.join(files)}. This is {public}.")
    click.echo(f"Keep to yourself: {', '.join(secret)}.")


@click.command(
    short_help="Sign every file of a folder.",
    epilog="Examples:\n\n  unpickled guard sign model/ -o model.sig --key keys/signing.key\n\n"
    "  unpickled guard sign model/ -o model.sig --key keys/signing.key --certificate keys/signing.crt\n\n"
    "  unpickled guard sign model/ -o model.sig --keyless",
)
@click.argument("folder", metavar="DIR", type=_FILE)
@click.option(
    "-o",
    "--output",
    default="model.sig",
    metavar="SIG",
    type=_FILE,
    show_default=True,
    help="Where to write the signature; not in DIR.",
)
@click.option("--key", type=_FILE, metavar="PEM", help="The private key.")
@click.option("--certificate", type=_FILE, metavar="PEM", help="The certificate of that key.")
@click.option(
    "--chain",
    type=_FILE,
    metavar="PEM",
    multiple=True,
    help="A certificate between that one and the root; may be given again.",
)
@click.option("--keyless", is_flag=True, help="By an account, with Sigstore; needs a network.")
@click.option("--overwrite", is_flag=True, help="Replace SIG if it is there.")
@json_option
def sign(  # noqa: PLR0913, PLR0917 - click passes each option
    folder: Path,
    output: Path,
    key: Path | None,
    certificate: Path | None,
    chain: tuple[Path, ...],
    keyless: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write a signature over name and SHA-256 of every file in DIR, hidden ones and git's own too.

    It is a Sigstore bundle as OpenSSF model signing writes it. With a key or a certificate no network is needed.
    Keyless, the identity that a CI service gives to its job signs, where there is one; otherwise an account of yours is
    asked for in the browser. The signature is noted in a public log.

    Exit 0: signed. 1: refused: DIR holds a link, a special file, or nothing. 2: it could not be done.
    """
    if keyless == (key is not None):
        raise click.UsageError("Sign with --key, or with --keyless.")
    if (certificate is not None or chain) and key is None:
        raise click.UsageError("--certificate and --chain go with --key.")
    signer = defence.Signer(key=key, certificate=certificate, chain=chain)
    with refusals_as_json(as_json):
        signed = defence.sign_folder(folder, output, signer, overwrite=overwrite)
    if as_json:
        told = {"ok": True, "signature": str(output), "files": signed.files, "signer": signed.who}
        click.echo(json.dumps(told, indent=2))
        return
    noun = "file" if signed.files == 1 else "files"
    by = f" by {defence.shown(signed.who)}" if signed.who else ""
    click.echo(f"{defence.shown(str(output))}: {signed.files:,} {noun} signed{by}.")


def trust_options(command: _F) -> _F:
    """Add the options that say whose signature is taken."""
    for option in (
        click.option("--issuer", default="", metavar="URL", help="Who vouches for the account."),
        click.option(
            "--identity", default="", metavar="WHO", help="Keyless: the account; needs a network."
        ),
        click.option(
            "--ca",
            type=_FILE,
            metavar="PEM",
            multiple=True,
            help="Or: anybody with a certificate of this CA; may be given again.",
        ),
        click.option("--public-key", type=_FILE, metavar="PEM", help="Only this key."),
    ):
        command = option(command)
    return command


def trusted(
    public_key: Path | None, ca: tuple[Path, ...], identity: str, issuer: str
) -> defence.Trust:
    """Return whose signature is taken.

    Raises:
        click.UsageError: nobody's, or it is said in several ways.
    """
    if [public_key is not None, bool(ca), bool(identity)].count(True) != 1:
        raise click.UsageError("Say whose signature: --public-key, --ca, or --identity.")
    if bool(identity) != bool(issuer):
        raise click.UsageError("--identity and --issuer go together.")
    return defence.Trust(public_key=public_key, roots=ca, identity=identity, issuer=issuer)


@click.command(
    "check-signature",
    short_help="Refuse a folder that is not as it was signed.",
    epilog="Examples:\n\n  unpickled guard check-signature model/ model.sig --public-key signing.pub\n\n"
    "  unpickled guard check-signature model/ model.sig --ca ca.crt\n\n"
    "  unpickled guard check-signature model/ model.sig --identity ada@example.org --issuer https://accounts.example.org",
)
@click.argument("folder", metavar="DIR", type=_FILE)
@click.argument("signature", metavar="SIG", type=_FILE)
@trust_options
@json_option
def check_signature(  # noqa: PLR0913, PLR0917 - click passes each option
    folder: Path,
    signature: Path,
    public_key: Path | None,
    ca: tuple[Path, ...],
    identity: str,
    issuer: str,
    as_json: bool,
) -> None:
    """Check that DIR is, file by file, what somebody you trust has signed in SIG.

    A file that is changed, added, missing, or a link is refused, and so is a signature of another key or of a foreign
    CA. It proves who signed, and not that the model is harmless. Nobody looks at when a certificate begins or ends, at
    what it may be used for, or whether it was called back.

    Exit 0: it holds. 1: refused. 2: it could not be judged (SIG is no signature, no such key, no network).
    """
    trust = trusted(public_key, ca, identity, issuer)
    with refusals_as_json(as_json):
        signed = defence.check_signature(folder, signature, trust)
    if as_json:
        told = {"ok": True, "folder": str(folder), "files": signed.files, "signer": signed.who}
        click.echo(json.dumps(told, indent=2))
        return
    noun = "file" if signed.files == 1 else "files"
    who = defence.shown(signed.who)
    click.echo(f"{defence.shown(str(folder))}: {signed.files:,} {noun} as signed by {who}.")
