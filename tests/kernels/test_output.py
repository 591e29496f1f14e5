"""What one cell puts out is bounded, and takes nothing from the cells behind it but what was kept of it."""

from __future__ import annotations

import pytest

from .conftest import BOUNDS

FLOOD = "while True:\n    print('x' * 1000)"
ON = "import signal\nsignal.signal(signal.SIGINT, lambda *_: None)\nprint('y' * 3_000_000)"
"""More than all cells may put out together, before the kernel can be interrupted."""
FRESH = """
import sys
print(len(In), Out, repr(_ + __ + ___ + _i), hasattr(sys, 'last_type'))
print(*sorted(set(globals()) - {'__builtin__', '__builtins__', '__doc__', '__loader__', '__package__', '__spec__'}))
"""
NAMES = "In Out _ __ ___ __name__ _dh _i _i1 _ih _ii _iii _oh exit get_ipython open quit sys"


def told(outputs):
    """The text that was printed, and the names of the errors."""
    texts = "".join(one["text"] for one in outputs if one["output_type"] == "stream")
    return texts, [one["ename"] for one in outputs if one["output_type"] == "error"]


@pytest.mark.parametrize("source", [FLOOD, ON], ids=["a loop", "one print"])
def test_a_flood_costs_its_own_cell_alone(kernel, source):
    """However much came before the cell stood still: what is printed next is kept, and the names are there."""
    kernel.run("kept = 7")
    text, errors = told(kernel.run(source))
    assert len(text) == BOUNDS.output
    assert errors[-1] == "TooMuchOutput"
    assert told(kernel.run("print(kept)")) == ("7\n", [])


def test_output_that_comes_with_the_end_of_its_cell_is_bounded_too(kernel):
    """A cell that is done before it can be stopped says that its output was cut."""
    text, errors = told(kernel.run(f"print('x' * {BOUNDS.output + 1})"))
    assert (len(text), errors[-1]) == (BOUNDS.output, "TooMuchOutput")


def test_an_interrupt_that_comes_too_late_ends_no_kernel(warmth):
    """A cell that is done just when it is interrupted: the next one runs, with all that was defined."""
    with warmth.kernel() as kernel:
        kernel.run("kept = 7")
        for _ in range(9):
            kernel.run(f"print('x' * {BOUNDS.output + 1})")
            assert not kernel.ended
        assert told(kernel.run("print(kept)")) == ("7\n", [])


def test_all_cells_together_have_a_bound(kernel):
    """What is kept of each counts; when nothing is left, a cell that prints says so."""
    for _ in range(BOUNDS.all_output // BOUNDS.output):
        text, _ = told(kernel.run(f"print('x' * {BOUNDS.output + 1})"))
        assert len(text) == BOUNDS.output
    assert told(kernel.run("print(1)")) == ("", ["TooMuchOutput"])


def test_the_first_cell_finds_nothing_of_the_warm_program(kernel):
    """What was run to warm up is gone: names, results, the last error, the number of the cell."""
    text, errors = told(kernel.run(FRESH))
    assert (text, errors) == (f"2 {{}} '' False\n{NAMES}\n", [])
