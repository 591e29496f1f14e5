"""The learner's progress: a small JSON file that outlives restarts, crashes, full disks and two kernels at once.

A second one beside it keeps what the experiments of the format table showed on this machine (`Seen`).

Every change is read, merged and written under a lock between processes, and written whole: a temporary file,
flushed to the disk, takes the old one's place. A file that cannot be understood is set aside under a new name,
never deleted and never an exception for the learner.
"""

from __future__ import annotations

from unpickled.progress.bounds import one_line
from unpickled.progress.carrying import (
    NAME,
    TakenIn,
    carry_out,
    read_carried,
    take_in,
    write_carried,
    write_new,
)
from unpickled.progress.document import LARGEST, Record, parse, record, status
from unpickled.progress.seen import Outcome, Seen, seen_path
from unpickled.progress.store import NothingDoneError, Progress, progress_path

__all__ = [
    "LARGEST",
    "NAME",
    "NothingDoneError",
    "Outcome",
    "Progress",
    "Record",
    "Seen",
    "TakenIn",
    "carry_out",
    "one_line",
    "parse",
    "progress_path",
    "read_carried",
    "record",
    "seen_path",
    "status",
    "take_in",
    "write_carried",
    "write_new",
]
