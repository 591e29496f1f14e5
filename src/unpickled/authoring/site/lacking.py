"""Which cells of a page no browser can run, by reading them: no list is kept that could be wrong about a changed page.

A statement lacks something when it imports a module that is neither Python's own nor in the site, calls what loads
models, or uses a name that such a statement would have bound. What a browser can do in another way (a child that is
played, a scanner's recorded answer) is not lacking; that is seen to at run time, in `unpickled.here`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Needs", "needs"]

_MISSING = frozenset({"resource", "termios", "tkinter", "curses"})
"""Of Python's own modules, those that Pyodide has not, as far as a lesson could want them."""

_NOT_IN_THE_SITE = {
    "unpickled.cli": "a command line",
    "importlib.metadata": "the packages of a machine",
}
_CALLS = {"convert": "PyTorch"}
_CALLED = {"torch": "PyTorch", "numpy": "NumPy", "safetensors": "the safetensors library"}
_PREPARES = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
)


@dataclass(frozen=True, slots=True)
class Needs:
    """What stands in the way of one cell.

    Attributes:
        what: what it needs and a browser has not; empty where the cell can run.
        prepares: of a cell that cannot, the statements that can: imports, names and functions for the cells behind it.
    """

    what: str = ""
    prepares: tuple[str, ...] = ()


def needs(cells: Iterable[str], modules: frozenset[str]) -> Iterator[Needs]:
    """Read a page's code cells in order, and yield for each what it lacks.

    Args:
        cells: their sources.
        modules: the modules that the site brings, beside Python's own and `unpickled`.
    """
    tainted: dict[str, str] = {}
    there = (sys.stdlib_module_names - _MISSING) | modules | {"unpickled"}
    for source in cells:
        reasons, fine = [], []
        for statement in ast.parse(source).body:
            reason = _reason(statement, there, tainted)
            bound = [*_bound(statement)]
            if reason:
                reasons.append(reason)
                tainted |= dict.fromkeys(bound, reason)
            else:
                for name in bound:
                    tainted.pop(name, None)
                if isinstance(statement, _PREPARES):
                    fine.append(ast.unparse(statement))
        yield Needs(reasons[0], tuple(fine)) if reasons else Needs()


def _reason(statement: ast.stmt, there: frozenset[str], tainted: dict[str, str]) -> str:
    for node in ast.walk(statement):
        found = ""
        if isinstance(node, ast.Import):
            found = _missing((alias.name for alias in node.names), there)
        elif isinstance(node, ast.ImportFrom):
            found = _missing([node.module or ""], there)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found = _CALLS.get(node.attr, "") if node.value.id == "lab" else ""
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found = tainted.get(node.id, "")
        if found:
            return found
    return ""


def _missing(names: Iterable[str], there: frozenset[str]) -> str:
    for name in names:
        top = name.partition(".")[0]
        for place, words in _NOT_IN_THE_SITE.items():
            if name == place or name.startswith(f"{place}."):
                return words
        if top not in there:
            return _CALLED.get(top, top)
    return ""


def _bound(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
