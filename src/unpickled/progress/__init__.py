"""The learner's progress: one small JSON file that outlives restarts, crashes, full disks and two kernels at once.

Every change is read, merged and written under a lock between processes, and written whole: a temporary file,
flushed to the disk, takes the old one's place. A file that cannot be understood is set aside under a new name,
never deleted and never an exception for the learner.
"""

from __future__ import annotations

from unpickled.progress.document import Record, status
from unpickled.progress.store import Progress, progress_path

__all__ = ["Progress", "Record", "progress_path", "status"]
