"""PyTorch's restricted unpickler, asked in the sandbox: what it makes of files that nobody vouches for."""

from __future__ import annotations

from unpickled.restricted.answers import WeightsOnly
from unpickled.restricted.converting import Conversion, Stage, check_request, convert, stamp
from unpickled.restricted.loading import weights_only
from unpickled.restricted.refusals import ConvertError, RefusedError

__all__ = [
    "Conversion",
    "ConvertError",
    "RefusedError",
    "Stage",
    "WeightsOnly",
    "check_request",
    "convert",
    "stamp",
    "weights_only",
]
