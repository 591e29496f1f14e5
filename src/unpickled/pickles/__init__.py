"""The symbolic pickle machine: reads a pickle opcode by opcode, and never runs what it says.

`trace` streams the steps of an input; `record` keeps them, with the stack and the memo after each.
`assemble` writes a pickle, `replace_opcode` changes one opcode of one, and `explain` says in plain words
what an opcode does. Nothing in here imports, calls or builds what a pickle names. Needs the standard
library only.
"""

from __future__ import annotations

from unpickled.pickles.assembler import assemble
from unpickled.pickles.edit import Edited, replace_opcode
from unpickled.pickles.limits import RECORD, CutShortError, Limits, OverLimitError
from unpickled.pickles.literals import KINDS, argument_text
from unpickled.pickles.opcodes import OPCODES, Opcode, explain
from unpickled.pickles.recorder import Trace, record
from unpickled.pickles.steps import Step
from unpickled.pickles.tracer import Tracing, trace
from unpickled.pickles.values import Call, Cropped, Import

__all__ = [
    "KINDS",
    "OPCODES",
    "RECORD",
    "Call",
    "Cropped",
    "CutShortError",
    "Edited",
    "Import",
    "Limits",
    "Opcode",
    "OverLimitError",
    "Step",
    "Trace",
    "Tracing",
    "argument_text",
    "assemble",
    "explain",
    "record",
    "replace_opcode",
    "trace",
]
