"""What one cell puts out is bounded, and takes nothing from the cells behind it but what was kept of it."""

from __future__ import annotations

import json
from time import monotonic, sleep

import pytest

from unpickled.kernels import Distant
from unpickled.kernels.wires import Wires

from .conftest import BOUNDS

pytestmark = pytest.mark.long
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


def shown(outputs):
    """The formats of each display or result."""
    return [one["data"] for one in outputs if one["output_type"] != "stream"]


@pytest.mark.parametrize("value", ["[[0] * 9] * 9_000", "nested"], ids=["large", "deep"])
def test_a_display_that_no_message_can_hold_is_shown_as_text(kernel, value):
    """What honest libraries show may be larger or deeper than what is read here; it ends no kernel."""
    kernel.run("nested = []\nfor _ in range(30): nested = [nested]\nkept = 7")
    bundle = f"{{'text/plain': 'a chart', 'application/json': {value}}}"
    assert shown(kernel.run(f"display({bundle}, raw=True)")) == [{"text/plain": "a chart"}]
    assert told(kernel.run("print(kept)")) == ("7\n", [])
    assert kernel.evidence == []


def test_a_thread_may_show_something_whenever_it_likes(kernel):
    """Also after its cell, with the end of it, and while a question is answered."""
    kernel.run(BACKGROUND)
    for number in range(40):
        assert told(kernel.run(f"print({number})")) == (f"{number}\n", [])
    assert kernel.evidence == []
    assert not kernel.ended


def test_what_is_printed_behind_a_display_is_its_cells(kernel, monkeypatch):
    """Two ways lead out of a kernel; what came by the one before the end came by the other is no other cell's."""
    wait = Wires.wait

    def late(wires, seconds):
        found = wait(wires, seconds)
        sleep(0.05)  # so long that the cell prints and ends between the look and the reading
        return found

    monkeypatch.setattr(Wires, "wait", late)
    for number in range(5):
        outputs = kernel.run(f"display({number}); print({number})")
        assert told(outputs) == (f"{number}\n", [])


BACKGROUND = """
import threading, time
handle = display('0 %', display_id=True)
def work():
    for part in range(20_000):
        handle.update(f'{part} %')
        time.sleep(0.0002)
threading.Thread(target=work, daemon=True).start()
"""


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\nfor task in asyncio.all_tasks(): task.cancel()",
        "import asyncio\nasyncio.get_running_loop().stop()\nawait asyncio.sleep(0)",
        "import asyncio\nloop = asyncio.get_running_loop()\nloop.call_soon(loop.stop)\nawait asyncio.sleep(1)",
        "import os, tempfile\nwith tempfile.TemporaryDirectory() as folder: os.chdir(folder)",
    ],
    ids=["tasks", "loop", "loop closed", "folder"],
)
def test_what_a_cell_does_to_itself_ends_no_kernel(kernel, source):
    """Its own tasks cancelled, the loop stopped, its folder gone: the next cell runs, and questions are answered."""
    kernel.run("def double(x): return x + x")
    kernel.run(source)
    assert told(kernel.run("print(double(4))")) == ("8\n", [])
    assert Distant(kernel, monotonic() + 2).call("double", 3) == 6
    assert not kernel.ended


@pytest.mark.parametrize(
    "source",
    [
        "display({'text/plain': '\\ud800', 'application/json': {'\\ud800': ['\\udfff']}}, raw=True)",
        "raise OSError('cannot read ' + os.fsdecode(b'caf\\xe9.txt'))",
    ],
)
def test_every_output_can_be_written_down(kernel, source):
    """Half of a surrogate pair, as the name of a file that is no UTF-8 has it, is a question mark in the notebook."""
    kernel.run("import os")
    outputs = kernel.run(source)
    assert outputs
    assert b"?" in json.dumps(outputs, ensure_ascii=False).encode()


def test_an_update_counts_as_often_as_it_is_shown(kernel):
    """Many displays of one identity, then one large update of them all: no more is kept than one cell may have."""
    kernel.run("for _ in range(50): display({'text/plain': 'x'}, raw=True, display_id='a')")
    outputs = kernel.run(
        "for _ in range(99): display({'text/plain': 'x'}, raw=True, display_id='a')\n"
        "from IPython.display import update_display\n"
        "update_display({'text/plain': 'y' * 50_000}, raw=True, display_id='a')"
    )
    assert told(outputs)[1] == ["TooMuchOutput"]
    assert len(json.dumps(outputs)) < 2 * BOUNDS.output
