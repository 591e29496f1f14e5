"""A child that tries something, and tells in JSON what came of it."""

from __future__ import annotations

import json
import sys
import textwrap

import pytest

from unpickled import sandbox


@pytest.fixture
def walled():
    """Only where bubblewrap works; where tests count it has to."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())


@pytest.fixture
def plain(monkeypatch):
    """A machine without bubblewrap."""
    monkeypatch.setattr("unpickled.sandbox.wall.problem", lambda: "bubblewrap is not installed")


ATTEMPT = """
import json, os, sys, time
def attempt(do, *given):
    try:
        return ["done", do(*given)]
    except BaseException as error:
        return [type(error).__name__, getattr(error, "errno", None)]
"""


def python(text, *arguments, **bounds):
    """Run a few lines in a child; returns the outcome."""
    given = {
        name: bounds.pop(name)
        for name in ("readable", "writable", "stdin", "without_wall")
        if name in bounds
    }
    argv = [sys.executable, "-I", "-S", "-c", ATTEMPT + textwrap.dedent(text), *map(str, arguments)]
    return sandbox.run(argv, limits=sandbox.Limits(**{"seconds": 20, **bounds}), **given)


def told(text, *arguments, **bounds):
    """Run lines that print JSON, and return it."""
    outcome = python(text, *arguments, **bounds)
    assert outcome.code == 0, outcome
    return json.loads(outcome.text)
