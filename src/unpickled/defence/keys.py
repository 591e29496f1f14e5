"""A pair of keys to sign with, and a CA of one's own: elliptic curve P-256, as files that only their owner can read."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from unpickled.defence.reading import read_small
from unpickled.defence.refusals import GuardError
from unpickled.defence.scratch import Scratch
from unpickled.defence.seals import PEM
from unpickled.defence.writing import DRAFT, cannot_write, require_place, sync_folder, write_whole

__all__ = ["key_name", "make_keys", "private_key", "public_key", "subject"]

_CURVE = ec.SECP256R1
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_YEAR = datetime.timedelta(days=365)
_LONGEST = 64  # letters of a name in a certificate


def make_keys(folder: Path, *, ca: str = "", name: str = "model signing") -> tuple[str, ...]:
    """Make `signing.key` and `signing.pub`; with a CA also `ca.key`, `ca.crt` and `signing.crt`, which it vouches for.

    Args:
        folder: a folder that is not there yet; it appears with all the files or not at all.
        ca: the name of the CA; empty for none.
        name: the signer's name in the certificate.

    Returns:
        The names of the files.

    Raises:
        GuardError: the folder is there, a name is too long, or the system refuses.
    """
    require_place(folder, folder=True)
    _require_name(ca, "the CA")
    if ca and not name:
        raise GuardError("the signer", "a certificate needs a name", 'Say whose: --name "Ada"')
    _require_name(name, "the signer")
    key = ec.generate_private_key(_CURVE())
    files = {"signing.key": _private(key), "signing.pub": _public(key)}
    if ca:
        files |= _certificates(key, ca, name)
    scratch = Scratch(f"{DRAFT}keys-", folder.absolute().parent)
    try:
        draft = scratch.path / folder.name
        draft.mkdir(mode=0o700)
        for file, data in files.items():
            write_whole(draft / file, data, private=file.endswith(".key"))
        draft.rename(folder)
        sync_folder(folder.absolute().parent)
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        scratch.close()
    return tuple(sorted(files))


def key_name(path: Path) -> str:
    """Return how a key is called in messages: by the beginning of the SHA-256 of its public half.

    Raises:
        GuardError: it cannot be read as a key.
    """
    return f"key {hashlib.sha256(_pem(public_key(path))).hexdigest()[:16]}"


def private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read a private key: PEM, of a curve that models are signed with.

    Raises:
        GuardError: it is none.
    """
    with _reading(path, "a private key") as data:
        key = serialization.load_pem_private_key(data, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError
    _require_curve(key.curve, path)
    return key


def public_key(path: Path) -> ec.EllipticCurvePublicKey:
    """Read a public key, or the public half of a private one; raises as `private_key`."""
    with _reading(path, "a key") as data:
        if b"PRIVATE" in data:
            return private_key(path).public_key()
        key = serialization.load_pem_public_key(data)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise TypeError
    _require_curve(key.curve, path)
    return key


@contextlib.contextmanager
def _reading(path: Path, what: str) -> Iterator[bytes]:
    data = read_small(path, PEM)
    try:
        yield data
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise GuardError(str(path), f"it cannot be used as {what}", PEM) from error


def _require_curve(curve: ec.EllipticCurve, path: Path) -> None:
    """Refuse what model signing refuses, too: one rule for all keys."""
    if curve.name not in _CURVES:
        problem = f"it cannot be used: its curve is {curve.name}, and not {', '.join(_CURVES)}"
        raise GuardError(str(path), problem, "Make another: unpickled guard keys")


def subject(certificate: bytes) -> str:
    """Return whose certificate it is: its subject, and for a keyless one the account.

    Args:
        certificate: DER.
    """
    found = x509.load_der_x509_certificate(certificate)
    told = found.subject.rfc4514_string()
    if told:
        return told
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return f"a certificate that names nobody, number {found.serial_number:x}"
    return ", ".join(str(name.value) for name in names)


def _require_name(name: str, whose: str) -> None:
    if len(name) > _LONGEST or not name.isprintable():
        problem = f"the name of {whose} has to be at most {_LONGEST} printable letters"
        raise GuardError(name[:_LONGEST], problem, "Choose another.")


def _certificates(key: ec.EllipticCurvePrivateKey, ca: str, name: str) -> dict[str, bytes]:
    root = ec.generate_private_key(_CURVE())
    issuer = _named(ca)
    own = _certificate(root.public_key(), issuer, issuer, root, years=10)
    signing = _certificate(key.public_key(), _named(name), issuer, root, years=1)
    return {"ca.key": _private(root), "ca.crt": own, "signing.crt": signing}


def _certificate(
    public: ec.EllipticCurvePublicKey,
    whose: x509.Name,
    issuer: x509.Name,
    root: ec.EllipticCurvePrivateKey,
    *,
    years: int,
) -> bytes:
    """Make a certificate of `public`, signed by `root`: the CA's own if that is the same key."""
    is_ca = public == root.public_key()
    now = datetime.datetime.now(datetime.UTC)
    limits = x509.BasicConstraints(ca=is_ca, path_length=0 if is_ca else None)
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key())
    built = (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + _YEAR * years)
        .add_extension(limits, critical=True)
        .add_extension(_key_usage(ca=is_ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(above, critical=False)
    )
    if not is_ca:
        code = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
        built = built.add_extension(code, critical=False)
    return built.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _public(key: ec.EllipticCurvePrivateKey) -> bytes:
    return _pem(key.public_key())


def _pem(public: ec.EllipticCurvePublicKey) -> bytes:
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
