"""Kernels that nobody has to trust: a notebook's code runs in a fork of a warm Python, behind a wall of its own.

What decides points stays outside. A check asks a kernel through the port (`Distant` is a `checking.Student`); what
comes back is strict, bounded, plain data. The programs in `inside` are the only part that runs where the notebook does.
"""

from __future__ import annotations

from unpickled.kernels.bounds import Bounds
from unpickled.kernels.distant import Distant, TimeIsUp
from unpickled.kernels.judging import BROKEN, Asked, asked, judged
from unpickled.kernels.kernel import Kernel
from unpickled.kernels.outputs import failure, storable
from unpickled.kernels.warmth import Warmth

__all__ = [
    "BROKEN",
    "Asked",
    "Bounds",
    "Distant",
    "Kernel",
    "TimeIsUp",
    "Warmth",
    "asked",
    "failure",
    "judged",
    "storable",
]
