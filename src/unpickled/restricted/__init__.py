"""PyTorch's restricted unpickler, asked in the sandbox: what it makes of files that nobody vouches for."""

from __future__ import annotations

from unpickled.restricted.answers import WeightsOnly
from unpickled.restricted.loading import weights_only

__all__ = ["WeightsOnly", "weights_only"]
