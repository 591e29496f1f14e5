"""Whose process this is, as the system knows it: no variable of the environment has a say."""

from __future__ import annotations

import getpass
import os

__all__ = ["account"]


def account() -> str:
    """Return the name of the account, or its number where it has none."""
    try:
        import pwd  # noqa: PLC0415 - not on every system
    except ImportError:
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
