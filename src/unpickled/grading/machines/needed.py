"""What only those install who have more than one machine."""

from __future__ import annotations

from importlib.util import find_spec

from unpickled.errors import SetupError

__all__ = ["require_dask"]


def require_dask() -> None:
    """Make sure that Dask is installed, without importing it.

    Raises:
        SetupError: it is not.
    """
    if find_spec("distributed") is None:
        problem = "Dask is not installed: only those need it who grade on several machines"
        raise SetupError("--scheduler", problem, "Run in the checkout: tools/setup.sh scale")
