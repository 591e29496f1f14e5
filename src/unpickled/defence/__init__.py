"""The maximum bar with real parts: pin what was reviewed, sign it, and refuse everything else."""

from __future__ import annotations

from unpickled.defence.lock import Lock, Pin, parse_lock, read_lock
from unpickled.defence.names import shown, spelled
from unpickled.defence.pinning import (
    Fault,
    FaultKind,
    Verification,
    pin_folder,
    pinned_size,
    verify_folder,
)
from unpickled.defence.refusals import GuardError, RefusedError
from unpickled.defence.signing import Signed, Signer, Trust, check_signature, sign_folder
from unpickled.defence.writing import require_place, write_whole

__all__ = [
    "Fault",
    "FaultKind",
    "GuardError",
    "Lock",
    "Pin",
    "RefusedError",
    "Signed",
    "Signer",
    "Trust",
    "Verification",
    "check_signature",
    "parse_lock",
    "pin_folder",
    "pinned_size",
    "read_lock",
    "require_place",
    "shown",
    "sign_folder",
    "spelled",
    "verify_folder",
    "write_whole",
]
