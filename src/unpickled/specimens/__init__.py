"""Harmless specimen files for every class that the lesson names: what each teaches, what each scanner makes of it."""

from __future__ import annotations

from unpickled.specimens.catalogue import (
    Specimen,
    SpecimenClass,
    Truth,
    catalogue,
    classes,
    default_marker,
    make,
    specimen,
    write,
    write_all,
)

__all__ = [
    "Specimen",
    "SpecimenClass",
    "Truth",
    "catalogue",
    "classes",
    "default_marker",
    "make",
    "specimen",
    "write",
    "write_all",
]
