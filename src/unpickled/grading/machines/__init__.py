"""More machines: submissions go to workers of a Dask cluster as JSON, and come back as JSON that is checked.

Four programs, each knowing as little as it can: the grading process (`cluster`) holds the gradebook and never meets
Dask; `messenger` speaks Dask and holds nothing; `station` is a worker that does nothing but grade; `desk` is one of its
places, where a submission is worked on. None of those that meet Dask lets a pickle look up a name: see `closed`.
"""

from __future__ import annotations

from unpickled.grading.machines.address import Address, address_of

__all__ = ["Address", "address_of"]
