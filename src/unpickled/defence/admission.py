"""Why a model was let in: who, when, why, and what the scan said; sealed by the curator, and part of the artifact."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from unpickled.defence.gate import Judged
from unpickled.defence.refusals import GuardError, RefusedError
from unpickled.defence.seals import canonical, check_seal, seal

__all__ = ["Admission"]

_KIND = "application/vnd.unpickled.model.admission.v1+json"
_LONGEST = 1000
_SEAL = "seal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """One decision of a curator.

    Attributes:
        name: of the artifact.
        lock: digest of the lock, and with it of every file.
        signature: digest of the signature file.
        signer: whose signature it is, as it was checked.
        who: the curator's account on the machine where it was decided.
        key: the curator's key.
        when: the time, UTC.
        why: the reason, in the curator's words.
        unscanned: patterns of names of texts that were let in without a scan.
        files: how each file passed, with the scanners' versions.
    """

    name: str
    lock: str
    signature: str
    signer: str
    who: str
    key: str
    when: str
    why: str
    unscanned: tuple[str, ...]
    files: tuple[Judged, ...]

    def sealed(self, key: Path) -> bytes:
        """Return it as it is kept.

        Raises:
            GuardError: the key cannot be used.
        """
        record = asdict(self)
        return canonical({**record, _SEAL: seal(canonical(record), _KIND, key)})

    @classmethod
    def read(cls, data: bytes, curator: Path, place: str) -> Admission:
        """Read what was sealed by a curator.

        Raises:
            RefusedError: it is not sealed by this one, or is no such record.
        """
        try:
            record: dict[str, Any] = json.loads(data)
            sealed = record.pop(_SEAL)
            body = canonical(record)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise RefusedError(place, "it says nowhere who let it in", "Ask the curator.") from None
        check_seal(body, _KIND, sealed, curator, place)
        try:
            files = tuple(
                Judged(one["name"], one["how"], tuple(one["scanners"])) for one in record["files"]
            )
            kept = {**record, "unscanned": tuple(record["unscanned"]), "files": files}
            return cls(**kept)
        except (KeyError, TypeError):
            raise RefusedError(
                place, "its record is of another version", "Ask the curator."
            ) from None


def require_why(why: str) -> str:
    """Return a reason, if it is one that somebody can read later.

    Raises:
        GuardError: it is empty, or too long.
    """
    line = " ".join(why.split())
    if not line or len(line) > _LONGEST:
        remedy = 'In a sentence: --why "Ada read the model card and the training code"'
        raise GuardError("the reason", f"it has to be 1 to {_LONGEST} letters", remedy)
    return line


def require_patterns(patterns: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Return patterns of names, if none lets everything in.

    Args:
        patterns: shell patterns.
        names: the names of the model's files.

    Raises:
        GuardError: one fits any name, or each of these.
    """
    for pattern in patterns:
        every = len(names) > 1 and all(fnmatchcase(name, pattern) for name in names)
        if every or not pattern.strip("*?"):
            remedy = "Name what you have read: --unscanned '*.json'"
            raise GuardError(pattern or "the pattern", "it would let every file in", remedy)
    return tuple(patterns)
