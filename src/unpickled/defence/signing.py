"""Sign a model's folder, and check the signature, with OpenSSF model signing: by key, by certificate, or keyless.

The package leaves four names of git's out of a signature and of its check, so that a file put there would pass. Here
nothing is left out: what the signature does not cover is refused.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from unpickled.defence.folder import list_folder
from unpickled.defence.names import spelled
from unpickled.defence.pinning import require_plain
from unpickled.defence.reading import read_small
from unpickled.defence.refusals import GuardError, RefusedError
from unpickled.defence.scratch import Scratch
from unpickled.defence.seals import PEM
from unpickled.defence.statement import Statement, parse_statement, read_signature
from unpickled.defence.writing import require_place, write_whole

if TYPE_CHECKING:
    from model_signing import hashing, signing, verifying

__all__ = ["Signed", "Signer", "Trust", "check_signature", "sign_folder"]

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """With what to sign.

    Attributes:
        key: the private key, PEM; None to sign keyless, by an account, over the network.
        certificate: the certificate of the key, PEM; None to sign with the bare key.
        chain: certificates between that one and the root.
    """

    key: Path | None = None
    certificate: Path | None = None
    chain: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose signature is taken: that of a key, of whoever has a certificate of a CA, or of an account.

    Attributes:
        public_key: the one key, PEM.
        roots: certificates of the CAs that are trusted, PEM.
        identity: an account, "ada@example.org", for a keyless signature.
        issuer: who vouches for that account, an address.
    """

    public_key: Path | None = None
    roots: tuple[Path, ...] = ()
    identity: str = ""
    issuer: str = ""

    def __post_init__(self) -> None:
        """Refuse to trust nobody, or several: with no root, model signing would trust the system's web CAs."""
        ways = [self.public_key is not None, bool(self.roots), bool(self.identity and self.issuer)]
        if sum(ways) != 1:
            remedy = "Name one: a public key, certificates of a CA, or identity and issuer."
            raise GuardError("trust", "it is not said whose signature is taken", remedy)


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that holds.

    Attributes:
        files: how many files it covers.
        who: the key, the certificate's subject, or the account.
        sha256: by name what was signed; empty where that is another hash, or of parts of a file.
    """

    files: int
    who: str
    sha256: Mapping[str, str]


def sign_folder(
    folder: str | os.PathLike[str], out: Path, signer: Signer, *, overwrite: bool = False
) -> Signed:
    """Sign every file of a folder, and write the signature beside it.

    Args:
        folder: the folder.
        out: the signature file; not in the folder.
        signer: with what.
        overwrite: whether `out` may take the place of a file.

    Raises:
        RefusedError: the folder holds what cannot be signed.
        GuardError: the key is none, does not fit the certificate, there is no network, `out` cannot be written.
    """
    require_place(out, overwrite=overwrite)
    place = os.fspath(folder)
    if out.absolute().resolve().is_relative_to(Path(folder).resolve()):
        raise GuardError(str(out), "it lies in the folder that is signed", "Write it beside it.")
    names = _names(place)
    with _private(str(out)) as draft:
        _configured(signer, draft.parent).set_hashing_config(_everything()).sign(place, draft)
        data = draft.read_bytes()
    statement = parse_statement(data, str(out))
    _require_covered(statement, names, place)
    write_whole(out, data, overwrite=overwrite)
    return Signed(len(statement.names), _who(statement, signer.key), _sha256(statement))


def check_signature(
    folder: str | os.PathLike[str], path: Path, trust: Trust, *, called: str = ""
) -> Signed:
    """Check that a folder is, file by file, what somebody trusted has signed.

    Args:
        folder: the folder.
        path: the signature file.
        trust: whose signature is taken.
        called: what to call folder and signature in an error, where they are copies that nobody knows.

    Raises:
        RefusedError: it is of another key or CA, or a file is changed, added, missing or a link.
        GuardError: it could not be judged: no signature, no such key, no network.
    """
    place = os.fspath(folder)
    shown = called or str(path)
    data = read_signature(path)
    statement = parse_statement(data, shown)
    names = _names(place, called)
    with _private(shown) as copy:
        copy.write_bytes(data)  # what was parsed is what is verified
        checker = _checker(trust, copy.parent).set_hashing_config(_everything(statement))
        _require_way(statement, trust, shown)
        checker.verify(Path(place), copy)
    _require_covered(statement, names, called or place)
    who = _who(statement, trust.public_key) or trust.identity
    return Signed(len(statement.names), who, _sha256(statement))


def _require_way(statement: Statement, trust: Trust, place: str) -> None:
    """Refuse a signature by certificate where one by a bare key is asked for, and the other way round."""
    by_key = trust.public_key is not None
    if by_key and statement.certificate:
        remedy = "Check it with --ca, or ask for a signature with the key alone."
        raise RefusedError(place, "it is signed with a certificate, not with a bare key", remedy)
    if not by_key and not statement.certificate:
        remedy = "Check it with --public-key, or ask for a signature with a certificate."
        raise RefusedError(place, "it is signed with a bare key, without a certificate", remedy)


def _names(folder: str, called: str = "") -> set[str]:
    """List the folder's files, and refuse what a signature does not tell apart."""
    listing, place = list_folder(folder), called or folder
    require_plain(listing, place)
    for file in listing.files:
        try:
            file.name.encode()
        except UnicodeEncodeError:
            problem = f"the name {spelled(file.name)} is no UTF-8, which no signature can hold"
            raise RefusedError(place, problem, "Rename it.") from None
    return {file.name for file in listing.files}


def _require_covered(statement: Statement, names: set[str], place: str) -> None:
    unsigned = sorted(names - statement.names)
    if unsigned:
        shown = ", ".join(spelled(name) for name in unsigned[:_SHOWN])
        problem = f"the signature does not cover {shown}"
        raise RefusedError(place, problem, "Take out what was not signed, or have it signed.")


@contextlib.contextmanager
def _private(place: str) -> Iterator[Path]:
    """Give a path in a folder of our own, and turn whatever the packages below raise into one line."""
    from unpickled.defence.signing_problems import told  # noqa: PLC0415 - it imports them

    scratch = Scratch("unpickled-sign-")
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # the package prints warnings there
            yield scratch.path / "model.sig"
    except GuardError:
        raise
    except Exception as error:
        raise told(error, place) from error
    finally:
        scratch.close()


@contextlib.contextmanager
def _reading_keys(place: object) -> Iterator[None]:
    from unpickled.defence.signing_problems import told_of_keys  # noqa: PLC0415 - it imports them

    try:
        yield
    except Exception as error:
        raise told_of_keys(error, str(place)) from error


def _copied(paths: Iterable[Path], home: Path) -> list[Path]:
    """Copy keys and certificates, since the package reads what is there without bound, a device or a pipe too."""
    copies = []
    for number, path in enumerate(paths):
        copies.append(home / f"{number}.pem")
        copies[-1].write_bytes(read_small(path, PEM))
    return copies


def _configured(signer: Signer, home: Path) -> signing.Config:
    from model_signing import signing  # noqa: PLC0415 - a second of imports

    config = signing.Config()  # type: ignore[no-untyped-call]
    if signer.key is None:
        with _reading_keys("sigstore"):
            return config.use_sigstore_signer(use_ambient_credentials=True)
    read_small(signer.key, PEM)  # a secret is looked at, and not copied
    if signer.certificate is None:
        with _reading_keys(signer.key):
            return config.use_elliptic_key_signer(private_key=signer.key)
    certificate, *chain = _copied([signer.certificate, *signer.chain], home)
    with _reading_keys(f"{signer.key} with {signer.certificate}"):
        return config.use_certificate_signer(
            private_key=signer.key,
            signing_certificate=certificate,
            certificate_chain=chain or [certificate],  # it does not take none
        )


def _checker(trust: Trust, home: Path) -> verifying.Config:
    from model_signing import verifying  # noqa: PLC0415 - a second of imports

    config = verifying.Config()  # type: ignore[no-untyped-call]
    if trust.public_key is not None:
        (public_key,) = _copied([trust.public_key], home)
        with _reading_keys(trust.public_key):
            return config.use_elliptic_key_verifier(public_key=public_key)
    if trust.roots:
        roots = _copied(trust.roots, home)
        with _reading_keys(", ".join(map(str, trust.roots))):
            return config.use_certificate_verifier(certificate_chain=roots)
    with _reading_keys("sigstore"):
        return config.use_sigstore_verifier(identity=trust.identity, oidc_issuer=trust.issuer)


def _everything(statement: Statement | None = None) -> hashing.Config:
    """Hash each file, git's own too, in the way that the statement says."""
    from model_signing import hashing  # noqa: PLC0415 - a second of imports

    config = hashing.Config()  # type: ignore[no-untyped-call]
    config.set_ignored_paths(paths=[], ignore_git_paths=False)
    if statement is None:
        return config
    kind = statement.hash_type
    if statement.method == "files":
        return config.use_file_serialization(hashing_algorithm=kind)  # type: ignore[arg-type]
    return config.use_shard_serialization(
        hashing_algorithm=kind,  # type: ignore[arg-type]
        shard_size=statement.shard_size,
    )


def _sha256(statement: Statement) -> Mapping[str, str]:
    return statement.digests if statement.hash_type == "sha256" else {}


def _who(statement: Statement, key: Path | None) -> str:
    from unpickled.defence.keys import key_name, subject  # noqa: PLC0415 - it needs cryptography

    if statement.certificate:
        return subject(statement.certificate)
    return key_name(key) if key is not None else ""
