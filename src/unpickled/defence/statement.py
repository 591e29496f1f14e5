"""What a signature file says: the files that it covers, and whose it is; read strictly, and believed by nobody yet.

The file is a Sigstore bundle around a DSSE envelope around an in-toto statement, as OpenSSF model signing writes it.
Only the keys that it writes are taken: a bundle that said the same thing twice, under two spellings of a key, could be
read here in one way and there in another.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unpickled.defence.reading import read_small
from unpickled.defence.refusals import GuardError

__all__ = ["Statement", "parse_statement", "read_signature"]

_KEYS = {"mediaType", "verificationMaterial", "dsseEnvelope"}
_ENVELOPE = {"payload", "payloadType", "signatures"}
_MATERIAL = {
    "publicKey",
    "x509CertificateChain",
    "certificate",
    "tlogEntries",
    "timestampVerificationData",
}
_HASHES = {"sha256", "blake2", "blake3"}
_FETCH = "Fetch it again from whoever signed."


@dataclass(frozen=True, slots=True)
class Statement:
    """A signed list of files.

    Attributes:
        names: the files, with `/` between the parts of a path.
        method: "files", or "shards" where large files are hashed in parts.
        hash_type: "sha256", "blake2" or "blake3".
        shard_size: bytes of a part; 0 for "files".
        certificate: the signer's certificate, DER; empty for a bare key.
        digests: by name the hash that was signed; empty for "shards".
    """

    names: frozenset[str]
    method: str
    hash_type: str
    shard_size: int
    certificate: bytes
    digests: Mapping[str, str]


def read_signature(path: Path) -> bytes:
    """Read a signature file, with a bound.

    Raises:
        GuardError: it is missing, no file, or too large.
    """
    return read_small(path, _FETCH)


def parse_statement(data: bytes, place: str) -> Statement:
    """Read what is signed.

    Args:
        data: the whole file.
        place: what to call it in an error.

    Raises:
        GuardError: it is no such signature, from beginning to end.
    """
    try:
        bundle = json.loads(data)
        _require(set(bundle) == _KEYS)
        envelope, material = bundle["dsseEnvelope"], bundle["verificationMaterial"]
        _require(set(envelope) == _ENVELOPE and set(material) <= _MATERIAL)
        _require(len(envelope["signatures"]) == 1)
        signed = json.loads(base64.b64decode(envelope["payload"], validate=True))
        return _statement(signed, _certificate(material))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, binascii.Error):
        problem = "it is no signature of OpenSSF model signing, or only a part of one"
        raise GuardError(place, problem, _FETCH) from None


def _statement(signed: dict[str, Any], certificate: bytes) -> Statement:
    predicate = signed["predicate"]
    how = predicate["serialization"]
    method, kind = how["method"], how["hash_type"]
    size = how.get("shard_size", 0)
    _require(type(size) is int)
    _require(
        method in {"files", "shards"} and kind in _HASHES and (size > 0) == (method == "shards")
    )
    names = [resource["name"] for resource in predicate["resources"]]
    _require(all(isinstance(name, str) for name in names) and bool(names))
    if method == "shards":  # "name:from:to"
        names = [name.rsplit(":", 2)[0] for name in names]
        return Statement(frozenset(names), method, kind, size, certificate, {})
    digests = {resource["name"]: str(resource["digest"]) for resource in predicate["resources"]}
    return Statement(frozenset(names), method, kind, size, certificate, digests)


def _certificate(material: dict[str, Any]) -> bytes:
    chain = material.get("x509CertificateChain")
    first = chain["certificates"][0] if chain else material.get("certificate")
    return base64.b64decode(first["rawBytes"], validate=True) if first else b""


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError
