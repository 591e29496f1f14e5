"""The maximum bar with real parts: pin what was reviewed, sign it, keep it in a registry, log every load."""

from __future__ import annotations

from unpickled.defence.admission import Admission
from unpickled.defence.artifact import Reference
from unpickled.defence.gate import Judged
from unpickled.defence.guarded import GuardedLoad, guarded_load
from unpickled.defence.lock import Lock, Pin, parse_lock, read_lock
from unpickled.defence.log import Chain, verify_log
from unpickled.defence.names import shown, spelled
from unpickled.defence.pinning import (
    Fault,
    FaultKind,
    Verification,
    pin_folder,
    pinned_size,
    verify_folder,
)
from unpickled.defence.policy import Policy, read_policy
from unpickled.defence.publishing import Offer, Published, publish
from unpickled.defence.pulling import Pulled, pull
from unpickled.defence.refusals import GuardError, RefusedError
from unpickled.defence.registry import Entry, Registry
from unpickled.defence.server import Server, open_registry
from unpickled.defence.shelf import Shelf
from unpickled.defence.signing import Signed, Signer, Trust, check_signature, sign_folder
from unpickled.defence.tripwire import VetoError, log_to, set_tripwire
from unpickled.defence.watch import Alert, Watch
from unpickled.defence.webhook import Outbox, require_webhook, tell_webhook
from unpickled.defence.writing import require_place, write_whole

__all__ = [
    "Admission",
    "Alert",
    "Chain",
    "Entry",
    "Fault",
    "FaultKind",
    "GuardError",
    "GuardedLoad",
    "Judged",
    "Lock",
    "Offer",
    "Outbox",
    "Pin",
    "Policy",
    "Published",
    "Pulled",
    "Reference",
    "RefusedError",
    "Registry",
    "Server",
    "Shelf",
    "Signed",
    "Signer",
    "Trust",
    "Verification",
    "VetoError",
    "Watch",
    "check_signature",
    "guarded_load",
    "log_to",
    "open_registry",
    "parse_lock",
    "pin_folder",
    "pinned_size",
    "publish",
    "pull",
    "read_lock",
    "read_policy",
    "require_place",
    "require_webhook",
    "set_tripwire",
    "shown",
    "sign_folder",
    "spelled",
    "tell_webhook",
    "verify_folder",
    "verify_log",
    "write_whole",
]
