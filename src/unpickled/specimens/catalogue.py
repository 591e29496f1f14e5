"""The specimens: harmless files for every class of the lesson, described in `catalogue.toml`, made on demand.

The worst that any of them does when it is loaded is `os.mkdir(marker)`; a test holds every opcode of every pickle in
them to that.
"""

from __future__ import annotations

import base64
import os
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, cast

from unpickled import here
from unpickled.errors import SpecimenError

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

_CATALOGUE = Path(__file__).with_name("catalogue.toml")

Truth: TypeAlias = Literal[
    "calls code", "carries code", "points outside", "plain data", "nobody can judge"
]
"""What is true of a file, whatever a scanner says; the head of `catalogue.toml` tells what each word means."""


@dataclass(frozen=True, slots=True)
class SpecimenClass:
    """A row of the scoreboard: specimens that are alike in what makes them hard to judge, and in truth.

    Attributes:
        id: stable name.
        title: a few words for readers.
        truth: what is true of every file of the class.
    """

    id: str
    title: str
    truth: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """One entry of the catalogue.

    Attributes:
        id: stable name.
        filename: name of the file that `write` makes.
        family: group for tables: raw pickle, PyTorch, NumPy, joblib, Keras, no pickle, renamed, archives, broken.
        kind: id of its `SpecimenClass`.
        format: format id that `weights.identify` gives; empty for a folder.
        teaches: one sentence.
        harmful_looking: whether a reader should distrust it: it calls, or cannot be read, or carries a code layer.
        expect: scanner name to the verdict expected from it.
        exits: scanner name to the exit code of its console script.
        recipe: `module.function` in this package; `options` are its keyword arguments.
    """

    id: str
    filename: str
    family: str
    kind: str
    format: str
    teaches: str
    harmful_looking: bool
    expect: Mapping[str, str]
    exits: Mapping[str, int]
    recipe: str = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)


@cache
def catalogue() -> tuple[Specimen, ...]:
    """Return all specimens, in the catalogue's order."""
    with _CATALOGUE.open("rb") as file:
        return tuple(_read(entry) for entry in tomllib.load(file)["specimen"])


@cache
def classes() -> tuple[SpecimenClass, ...]:
    """Return the classes of specimens, in the catalogue's order."""
    with _CATALOGUE.open("rb") as file:
        return tuple(SpecimenClass(**entry) for entry in tomllib.load(file)["class"])


def _read(entry: dict[str, Any]) -> Specimen:
    return Specimen(
        id=entry["id"],
        filename=entry["filename"],
        family=entry["family"],
        kind=entry["class"],
        format=entry["format"],
        teaches=entry["teaches"],
        harmful_looking=entry["harmful_looking"],
        expect=MappingProxyType(entry["expect"]),
        exits=MappingProxyType(entry["exit"]),
        recipe=entry["recipe"],
        options=MappingProxyType(entry.get("options", {})),
    )


def specimen(name: str) -> Specimen:
    """Return the specimen with that id.

    Raises:
        SpecimenError: if there is none.
    """
    for entry in catalogue():
        if entry.id == name:
            return entry
    known = ", ".join(entry.id for entry in catalogue())
    raise SpecimenError(name, "there is no such specimen", f"Choose from: {known}.")


def default_marker() -> Path:
    """Return the folder that a canary makes: `unpickled-canary` in the system's temporary folder."""
    return Path(tempfile.gettempdir()) / "unpickled-canary"


def make(name: str, *, marker: str | os.PathLike[str] | None = None) -> bytes | None:
    """Return a specimen's bytes; None for a folder.

    Args:
        name: the specimen's id.
        marker: the folder that the canary would make; it must lie inside the system's temporary folder.

    Raises:
        SpecimenError: if the id is unknown or the marker lies elsewhere.
    """
    entry = specimen(name)
    if entry.recipe == "folder":
        return None
    module, _, function = entry.recipe.rpartition(".")
    found = getattr(import_module(f"unpickled.specimens.{module}"), function)
    recipe = cast("Callable[..., bytes]", found)
    try:
        return recipe(_marker_text(marker), **entry.options)
    except ModuleNotFoundError as error:  # in a browser: the library that writes such files
        kept = here.recorded("files").get(name)
        if kept is None:
            raise here.on_a_machine(error.name or name) from error
        return base64.b64decode(kept)


def _marker_text(marker: str | os.PathLike[str] | None) -> str:
    path = Path(marker) if marker is not None else default_marker()
    home = Path(tempfile.gettempdir()).resolve()
    if not path.is_absolute() or home not in path.resolve().parents:
        remedy = f"Choose a path below {tempfile.gettempdir()}."
        raise SpecimenError(str(path), "a canary may only make a temporary folder", remedy)
    return str(path)


def write(
    name: str, folder: str | os.PathLike[str], *, marker: str | os.PathLike[str] | None = None
) -> Path:
    """Write a specimen into a folder, which is made if need be; a reader never sees half a file.

    Returns:
        The path of the file, or of the empty folder.

    Raises:
        SpecimenError: if the id is unknown, the marker lies elsewhere or the file cannot be written.
    """
    entry, data = specimen(name), make(name, marker=marker)
    goal = Path(folder) / entry.filename
    try:
        if data is None:
            goal.mkdir(parents=True, exist_ok=True)
            return goal
        goal.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(goal, data)
    except OSError as error:
        remedy = "Choose a folder that you may write to."
        raise SpecimenError(str(goal), f"it cannot be written: {error.strerror}", remedy) from error
    return goal


def _write_whole(goal: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{goal.name}.", dir=goal.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        draft.replace(goal)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def write_all(
    folder: str | os.PathLike[str], *, marker: str | os.PathLike[str] | None = None
) -> tuple[Path, ...]:
    """Write every specimen into a folder; returns the paths in the catalogue's order."""
    return tuple(write(entry.id, folder, marker=marker) for entry in catalogue())
