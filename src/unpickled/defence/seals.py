"""A curator's seal: an elliptic-curve signature over some bytes and over what kind of thing they are.

What is signed is DSSE's pre-authentication encoding, so a seal for one kind never passes for another's, nor for a
signature of a model made with the same key.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from unpickled.defence.refusals import RefusedError

__all__ = ["PEM", "canonical", "check_seal", "seal"]

PEM = "It has to be PEM, of an elliptic curve, without a password: unpickled guard keys"


def canonical(data: dict[str, Any]) -> bytes:
    """Return the one way to write an object as JSON: keys sorted, no space, ASCII."""
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode("ascii")


def seal(data: bytes, kind: str, key: Path) -> str:
    """Seal bytes with a private key.

    Args:
        data: what is sealed.
        kind: what it is, a media type.
        key: PEM.

    Raises:
        GuardError: the key cannot be used.
    """
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - only who seals needs it

    from unpickled.defence.keys import private_key  # noqa: PLC0415

    private = private_key(key)
    signed = private.sign(_encoded(data, kind), ec.ECDSA(_hash(private.curve.key_size)))
    return base64.b64encode(signed).decode("ascii")


def check_seal(data: bytes, kind: str, sealed: object, public: Path, place: str) -> None:
    """Check a seal.

    Args:
        data: what is said to be sealed.
        kind: what it has to be.
        sealed: the seal, as it was read.
        public: the curator's public key, PEM; the private one serves as well.
        place: what to call it in an error.

    Raises:
        RefusedError: the seal is not of this key over these bytes.
        GuardError: the key cannot be used.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only who checks needs it
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    from unpickled.defence.keys import public_key  # noqa: PLC0415

    key = public_key(public)
    try:
        signature = base64.b64decode(str(sealed), validate=True)
        key.verify(signature, _encoded(data, kind), ec.ECDSA(_hash(key.curve.key_size)))
    except (ValueError, InvalidSignature):
        remedy = "Ask the curator; nothing was taken from it."
        raise RefusedError(place, "it is not sealed by this curator's key", remedy) from None


def _hash(bits: int) -> Any:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - as above

    return hashes.SHA256() if bits <= 256 else hashes.SHA384() if bits <= 384 else hashes.SHA512()


def _encoded(data: bytes, kind: str) -> bytes:
    """Return DSSE's PAE: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md."""
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(data), data)
