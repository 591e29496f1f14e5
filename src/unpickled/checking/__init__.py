"""The port between a check and a learner's work: plain data goes through it, and nothing else.

A check is a plain function of a `Student`. It asks for values, calls and files and returns an `Outcome`; it never sees
the learner's objects, never compares by their `__eq__` and never loads what they made. So the same check runs inside
the learner's kernel (`InKernel`) and outside of it (`Recorded`, and any engine that speaks the port).
"""

from __future__ import annotations

from unpickled.checking.defining import Visible, defined, visible
from unpickled.checking.harmless import Deeds, deeds, in_workspace, rebuilds_data
from unpickled.checking.kernel import InKernel
from unpickled.checking.plain import Plain, plain
from unpickled.checking.port import Check, File, Outcome, Student, judge
from unpickled.checking.recorded import Recorded, Recording
from unpickled.checking.tally import Tally
from unpickled.checking.telling import meter, told_on_award, told_on_check

__all__ = [
    "Check",
    "Deeds",
    "File",
    "InKernel",
    "Outcome",
    "Plain",
    "Recorded",
    "Recording",
    "Student",
    "Tally",
    "Visible",
    "deeds",
    "defined",
    "in_workspace",
    "judge",
    "meter",
    "plain",
    "rebuilds_data",
    "told_on_award",
    "told_on_check",
    "visible",
]
