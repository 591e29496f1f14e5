"""Publish: pinned, signed and scanned, a model is let into a registry; and what was judged is what is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from unpickled.defence.account import account
from unpickled.defence.admission import Admission, require_patterns, require_why
from unpickled.defence.artifact import (  # fmt: skip
    ADMISSION,
    EMPTY,
    LOCK,
    SIGNATURE,
    Blob,
    Manifest,
    Reference,
    digest_of,
    require_name,
)
from unpickled.defence.folder import Changed, File, list_folder, open_file
from unpickled.defence.gate import judge
from unpickled.defence.hashing import Advance
from unpickled.defence.lock import Lock, parse_lock
from unpickled.defence.names import spelled
from unpickled.defence.pinning import verify_folder
from unpickled.defence.reading import read_small
from unpickled.defence.refusals import GuardError, RefusedError
from unpickled.defence.registry import Registry
from unpickled.defence.signing import Trust, check_signature
from unpickled.defence.statement import parse_statement, read_signature
from unpickled.defence.writing import write_whole

__all__ = ["Offer", "Published", "publish"]

_CHUNK = 1 << 20
_ANEW = "Make it anew: unpickled guard pin"
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is offered to the curator.

    Attributes:
        folder: the model.
        name: what it will be called.
        lock: its lock.
        signature: its signature.
        trust: whose signature is taken.
        why: the curator's reason.
        unscanned: patterns of names of texts, which no scanner reads, that may pass.
    """

    folder: Path
    name: str
    lock: Path
    signature: Path
    trust: Trust
    why: str
    unscanned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """What has come of an offer: by which reference it is pulled from now on, and the record."""

    reference: Reference
    admission: Admission


def publish(
    offer: Offer,
    registry: Registry,
    key: Path,
    *,
    advance: Advance = lambda _: None,
    waits: Callable[[], object] = lambda: None,
) -> Published:
    """Let a model into a registry.

    It is copied first, and the copy is held against lock, signature and scanners: nobody can exchange a file between
    the judgement and the keeping. Killed at any moment, the registry is as it was, or has the model whole.

    Args:
        offer: the model, and what vouches for it.
        registry: the registry, a folder or a server.
        key: the curator's private key, which seals record and index.
        advance: told how many more bytes were hashed.
        waits: told when another publisher holds the registry, and is waited for.

    Raises:
        RefusedError: it is not as it was pinned, or as it was signed, or does not pass the scan.
        GuardError: it could not be done.
    """
    require_name(offer.name)
    why = require_why(offer.why)
    pinned, signature = read_small(offer.lock, _ANEW), read_signature(offer.signature)
    lock = parse_lock(pinned, str(offer.lock))
    names = [pin.name for pin in lock.pins]
    unscanned = require_patterns(offer.unscanned, names)
    _require_lock_beside(offer, signature)
    _require_as_pinned(offer, lock, advance)
    curator = _name_of(key)
    with registry.held(waits) as draft:
        model = draft / "model"
        _copy(offer.folder, lock, model)
        sig = draft / "model.sig"
        write_whole(sig, signature)
        signed = check_signature(model, sig, offer.trust, called=str(offer.signature))
        judged = judge(model, names, unscanned=unscanned)
        admission = Admission(
            name=offer.name,
            lock=digest_of(pinned),
            signature=digest_of(signature),
            signer=signed.who,
            who=account(),
            key=curator,
            when=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            why=why,
            unscanned=unscanned,
            files=judged,
        )
        return _keep(registry, draft, lock, (pinned, signature, admission), key)


def _name_of(key: Path) -> str:
    from unpickled.defence.keys import key_name  # noqa: PLC0415 - it needs cryptography

    return key_name(key)


def _keep(
    registry: Registry, draft: Path, lock: Lock, parts: tuple[bytes, bytes, Admission], key: Path
) -> Published:
    """Move everything among the blobs, and last of all name it in the index."""
    pinned, signature, admission = parts
    record = admission.sealed(key)
    kinds = ((LOCK, pinned), (SIGNATURE, signature), (ADMISSION, record))
    parts_of = {Blob.of(kind, data): data for kind, data in kinds}
    manifest = Manifest(*parts_of).to_bytes(lock)
    for pin in {pin.sha256: pin for pin in lock.pins}.values():
        registry.keep(draft / "model" / pin.name, Blob.of_file(pin), admission.name)
    for blob, data in {**parts_of, EMPTY: b"{}"}.items():
        write_whole(draft / "blob", data, overwrite=True)
        registry.keep(draft / "blob", blob, admission.name)
    reference = Reference(admission.name, digest_of(manifest))
    registry.add(reference, manifest, admission.when, key)
    return Published(reference, admission)


def _require_lock_beside(offer: Offer, signature: bytes) -> None:
    """Refuse a signature over the lock: what is signed would not be what is kept, and nobody tampered with it."""
    folder = offer.folder.resolve()
    lock = offer.lock.parent.resolve() / offer.lock.name
    if not lock.is_relative_to(folder):
        return
    name = lock.relative_to(folder).as_posix()
    if name in parse_statement(signature, str(offer.signature)).names:
        problem = (
            f"it covers the lock, {name}, which lies in the folder and is no part of the model"
        )
        remedy = "Move the lock out of the folder, and sign anew."
        raise GuardError(str(offer.signature), problem, remedy)


def _require_as_pinned(offer: Offer, lock: Lock, advance: Advance) -> None:
    faults = verify_folder(offer.folder, lock, path=offer.lock, advance=advance).faults
    if faults:
        shown = "; ".join(map(str, faults[:_SHOWN]))
        more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        remedy = "Review what changed, then pin and sign anew."
        raise RefusedError(str(offer.folder), f"it is not as pinned: {shown}{more}", remedy)


def _copy(folder: Path, lock: Lock, model: Path) -> None:
    """Copy what is pinned; each file is hashed once more on its way."""
    files = {file.name: file for file in list_folder(folder).files}
    model.mkdir()
    for pin in lock.pins:
        target = model / pin.name
        target.parent.mkdir(parents=True, exist_ok=True)
        place = f"{folder}: {spelled(pin.name)}"
        try:
            write_whole(target, _pieces(files[pin.name], pin.sha256, place))
        except (KeyError, Changed):
            raise _changed(place) from None


def _pieces(file: File, sha256: str, place: str) -> Iterator[bytes]:
    digest = hashlib.sha256()
    with open_file(file) as stream:
        left = file.size  # a file that grows is not followed for ever
        while left and (piece := stream.read(min(left, _CHUNK))):
            digest.update(piece)
            left -= len(piece)
            yield piece
    if digest.hexdigest() != sha256:
        raise _changed(place)


def _changed(place: str) -> RefusedError:
    return RefusedError(
        place, "it changed while it was copied", "Publish when nobody writes to it."
    )
