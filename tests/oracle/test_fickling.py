"""A second opinion: the imports that fickling finds are ours too, in every object it can read."""

from __future__ import annotations

import ast
import pickle

import pytest
from fickling.fickle import Pickled

from unpickled.pickles import trace

from .handmade import handmade
from .objects import PROTOCOLS, everything


def _found(data: bytes) -> set[tuple[str, str]] | None:
    """Return the imports that fickling finds; None if it cannot read the pickle."""
    try:
        decoded = Pickled.load(data)
        if decoded.has_interpretation_error:
            return None
        imports = decoded.properties.imports
    except (
        NotImplementedError,
        ValueError,
        IndexError,
        KeyError,
        AttributeError,
        TypeError,
        RecursionError,
    ):
        return None
    return {
        (node.module or "", name.name)
        for node in imports
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


def _ours(data: bytes) -> set[tuple[str, str]]:
    return {
        (step.imports.module, step.imports.name)
        for step in trace(data)
        if step.imports and step.pickle == 0
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_fickling_finds_the_same_imports(protocol: int) -> None:
    """Nothing that fickling imports is missing; what we have beyond it, it counts as built in or leaves unused."""
    read = 0
    for name, made in everything():
        try:
            data = pickle.dumps(made, protocol)
        except (TypeError, pickle.PicklingError, RecursionError):
            continue
        found = _found(data)
        if found is not None:
            read += 1
            assert found <= _ours(data), name
            beyond = {(module, _) for module, _ in _ours(data) - found}
            assert all(module in _NOT_TOLD for module, _ in beyond), (name, beyond)
    assert read > 100


_NOT_TOLD = {"builtins", "__builtin__", "__builtins__", ""}


def test_fickling_finds_the_same_in_pickles_made_by_hand() -> None:
    """The same for old opcodes and odd ones, wherever it can read them."""
    answers = {
        name: (found, _ours(data))
        for name, data in handmade()
        if (found := _found(data)) is not None
    }
    assert len(answers) > 10
    for name, (found, ours) in answers.items():
        assert found <= ours, name
