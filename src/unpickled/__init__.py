"""Unpickled: a lesson and lab on pickle deserialization and weight-format risk.

This module holds the version and nothing else, so that importing the package costs nothing.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
