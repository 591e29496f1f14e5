"""The symbolic pickle machine: reads a pickle opcode by opcode, and never runs what it says.

`trace` streams the steps of an input; `record` keeps them, with the stack and the memo after each.
`assemble` writes a pickle, and `explain` says in plain words what an opcode does. Nothing in here
imports, calls or builds what a pickle names. Needs the standard library only.
"""

from __future__ import annotations

from unpickled.pickles.assembler import assemble
from unpickled.pickles.limits import RECORD, CutShortError, Limits, OverLimitError
from unpickled.pickles.opcodes import OPCODES, Opcode, explain
from unpickled.pickles.recorder import Trace, record
from unpickled.pickles.steps import Step
from unpickled.pickles.tracer import Tracing, trace
from unpickled.pickles.values import Call, Cropped, Import

__all__ = [
    "OPCODES",
    "RECORD",
    "Call",
    "Cropped",
    "CutShortError",
    "Import",
    "Limits",
    "Opcode",
    "OverLimitError",
    "Step",
    "Trace",
    "Tracing",
    "assemble",
    "explain",
    "record",
    "trace",
]
