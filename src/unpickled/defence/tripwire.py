"""A tripwire for loads that go around the one door: Python's own audit events, reported or vetoed.

It hears `pickle.find_class`: every name that an unpickler of Python's looks up, in C or in Python, whoever calls it
(joblib, numpy, dill, cloudpickle, torch.load without weights_only). It does not hear what never looks up a name there:
a pickle of plain data, torch.load(weights_only=True), safetensors, GGUF, ONNX, HDF5, torch.jit.load, and a native
library of somebody's; an Unpickler whose own find_class does not ask Python's; a name by its number in the extension
registry (copyreg), from the second time on, since Python has kept what it found. Nor a subinterpreter of this process,
which has hooks of its own, nor other processes. And code that runs already can do what it likes: it is a tripwire, no
wall.
"""

from __future__ import annotations

import sys
import threading
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from unpickled.defence.account import account
from unpickled.defence.appending import append
from unpickled.defence.names import shown

__all__ = ["VetoError", "log_to", "set_tripwire"]

_EVENT = "pickle.find_class"


class VetoError(RuntimeError):
    """An unpickler was stopped before it had a name looked up."""


def set_tripwire(
    report: Callable[[str], object], *, veto: bool = False, allowed: Collection[str] = ()
) -> None:
    """Watch this process until it ends; Python has no way to take a hook away again.

    Args:
        report: told each name that an unpickler looks up, "module.name". What it raises ends that load.
        veto: whether to stop the unpickler then.
        allowed: what is neither reported nor vetoed, since this program itself pickles it, between its own processes
            say: names, "module.name", or modules. A module stands for the classes and functions that are its own, once
            it is imported, and not for what it has imported. A name with a dot in it (a class in a class, say) is
            allowed by itself only.
    """
    busy, known = threading.local(), frozenset(allowed)

    def heard(event: str, given: tuple[Any, ...]) -> None:
        if event != _EVENT or getattr(busy, "now", False):
            return
        module, name = str(given[0]), f"{given[0]}.{given[1]}"
        if all(_lets(known, *one) for one in _meant(module, str(given[1]))):
            return
        busy.now = True
        try:
            report(name)
        finally:
            busy.now = False
        if veto:
            raise VetoError(f"vetoed: an unpickler asked for {shown(name)}")

    sys.addaudithook(heard)


def _meant(module: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield a name, and the one by which it is looked up in an old pickle, if Python 2 called that so."""
    yield module, name
    if (module, name) in NAME_MAPPING:
        yield NAME_MAPPING[module, name]
    elif module in IMPORT_MAPPING:
        yield IMPORT_MAPPING[module], name


def _lets(known: Collection[str], module: str, name: str) -> bool:
    return f"{module}.{name}" in known or (module in known and _own(module, name))


def _own(module: str, name: str) -> bool:
    """Whether a name is that of a module's own class or function; nothing is imported or called to tell."""
    try:
        found = object.__getattribute__(sys.modules[module], "__dict__")[name]
        look = type if issubclass(type(found), type) else object
        home = look.__getattribute__(found, "__module__")
    except (KeyError, AttributeError):
        return False
    return "." not in name and type(home) is str and home == module


def log_to(path: Path, *, veto: bool = False) -> Callable[[str], object]:
    """Return a report that writes each name as a line of the audit log.

    Args:
        path: the log.
        veto: what to say came of it; as it is given to `set_tripwire`.
    """
    user = account()

    def report(name: str) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        outcome = "vetoed" if veto else "seen"
        program = shown(sys.argv[0] if sys.argv else "")
        line = {"event": "tripwire", "time": now, "user": user, "path": program}
        append(path, {**line, "name": shown(name)[:500], "outcome": outcome})

    return report
