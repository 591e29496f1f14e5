"""Pull: by name and digest, and pin, signature and scan are all looked at again before anything is in its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from unpickled.defence.admission import Admission
from unpickled.defence.artifact import Blob, Manifest, Reference
from unpickled.defence.gate import Judged, judge
from unpickled.defence.hashing import Advance
from unpickled.defence.lock import Lock, parse_lock
from unpickled.defence.refusals import RefusedError
from unpickled.defence.registry import Registry
from unpickled.defence.scratch import Scratch
from unpickled.defence.signing import Trust, check_signature
from unpickled.defence.writing import DRAFT, cannot_write, require_place, sync_folder, write_whole

__all__ = ["Pulled", "described", "pull"]

_REFUSE = "Nothing was taken. Ask the curator."


@dataclass(frozen=True, slots=True)
class Pulled:
    """What was taken out of a registry.

    Attributes:
        lock: what is there now.
        signer: whose signature it is.
        admission: why it was let in.
        files: how each file passed today.
    """

    lock: Lock
    signer: str
    admission: Admission
    files: tuple[Judged, ...]


def pull(  # noqa: PLR0913 - each is named at the call
    reference: Reference,
    target: Path,
    *,
    registry: Registry,
    curator: Path,
    trust: Trust,
    advance: Advance = lambda _: None,
) -> Pulled:
    """Take a model out of a registry, into a new folder of `model/`, `model.lock`, `model.sig` and `admission.json`.

    All of it is verified in a hidden folder beside the target, which gets its name in one step when everything passed.

    Args:
        reference: name and digest.
        target: a folder that is not there yet.
        registry: the registry.
        curator: the curator's public key.
        trust: whose signature is taken.
        advance: told how many more bytes were copied.

    Raises:
        RefusedError: it was not let in, its bytes are others, nobody trusted has signed it, or the scan refuses.
        GuardError: it could not be done; nothing is left.
    """
    require_place(target, folder=True)
    lock, parts, admission = described(reference, registry, curator)
    with _draft(target) as draft:
        for pin in lock.pins:
            file = draft / "model" / pin.name
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, _told(registry.pieces(Blob.of_file(pin), reference), advance))
        for name, data in parts.items():
            write_whole(draft / name, data)
        signed = check_signature(
            draft / "model", draft / "model.sig", trust, called=f"{reference}: model.sig"
        )
        names = [pin.name for pin in lock.pins]
        files = judge(draft / "model", names, unscanned=admission.unscanned)
        draft.rename(target)
    sync_folder(target.absolute().parent)
    return Pulled(lock, signed.who, admission, files)


def described(
    reference: Reference, registry: Registry, curator: Path
) -> tuple[Lock, dict[str, bytes], Admission]:
    """Read what the registry says of an artifact, and believe only what curator and digest vouch for."""
    place = str(reference)
    data = registry.manifest(reference, curator)
    manifest = Manifest.parse(data, place)
    parts = {
        "model.lock": registry.read(manifest.lock, reference),
        "model.sig": registry.read(manifest.signature, reference),
        "admission.json": registry.read(manifest.admission, reference),
    }
    lock = parse_lock(parts["model.lock"], f"{place}: model.lock")
    manifest.require_files(data, lock, place)
    admission = Admission.read(parts["admission.json"], curator, f"{place}: admission.json")
    said = (admission.name, admission.lock, admission.signature)
    if said != (reference.name, manifest.lock.digest, manifest.signature.digest):
        raise RefusedError(place, "its record is that of another artifact", _REFUSE)
    return lock, parts, admission


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """Give a hidden folder beside the target; it goes away with what is still in it, as do those of killed pulls."""
    scratch = Scratch(f"{DRAFT}pull-", target.absolute().parent)
    try:
        draft = scratch.path / target.name
        draft.mkdir(mode=0o755)
        yield draft
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        scratch.close()


def _told(pieces: Iterator[bytes], advance: Advance) -> Iterator[bytes]:
    for piece in pieces:
        advance(len(piece))
        yield piece
