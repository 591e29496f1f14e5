"""What an honest notebook may do under ipykernel, it may do here: no cell ends early, no name is missing."""

from __future__ import annotations

from time import monotonic

import pytest

from unpickled.errors import StudentError
from unpickled.kernels import Bounds, Distant, Warmth

from .conftest import BOUNDS

pytestmark = pytest.mark.long


def told(outputs):
    """The text that was printed, and the names of the errors."""
    texts = "".join(one["text"] for one in outputs if one["output_type"] == "stream")
    return texts, [one["ename"] for one in outputs if one["output_type"] == "error"]


def ask(kernel):
    return Distant(kernel, monotonic() + 5)


MAGICS = (
    "autosave 0", "clear", "cls", "connect_info", "edit read.py", "ed", "less read.py", "more read.py", "man ls",
    "qtconsole", "subshell",
)  # fmt: skip


@pytest.mark.parametrize("magic", MAGICS)
def test_a_magic_of_ipykernels_is_known_and_does_nothing(kernel, magic):
    """The line behind it runs."""
    kernel.run("open('read.py', 'w').write('x = 1')")
    assert told(kernel.run(f"%{magic}\nkept = 7")) == ("", [])
    assert ask(kernel).value("kept") == 7


@pytest.mark.parametrize("magic", ["autosave soon", "less", "less missing.py"])
def test_a_magic_fails_where_ipykernels_does(kernel, magic):
    """A line behind it does not run under stock either."""
    kernel.run(f"%{magic}\nkept = 7")
    with pytest.raises(StudentError, match="there is no kept"):
        ask(kernel).value("kept")


def test_what_is_stored_is_there_in_the_notebook(kernel):
    """`%store` is loaded as in every kernel; with nothing stored, `%store -r` is no error."""
    assert told(kernel.run("%store -r\nx = [3]\n%store x")) == ("Stored 'x' (list)\n", [])
    assert told(kernel.run("del x\n%store -r x\nprint(x)")) == ("[3]\n", [])


def test_nothing_that_another_notebook_stored_is_there(warmth):
    """Each has a home of its own."""
    for printed in ("None\n", "None\n"):
        with warmth.kernel() as kernel:
            source = "%store -r\nprint(globals().get('y'))\ny = 1\n%store y"
            text, errors = told(kernel.run(source))
            assert (text, errors) == (f"{printed}Stored 'y' (int)\n", [])


def test_the_user_has_a_name(kernel):
    """Without one `getpass.getuser` looks into a list of users that is not there."""
    assert told(kernel.run("import getpass\nprint(getpass.getuser())")) == ("sandbox\n", [])


def test_hundreds_of_files_and_threads_are_no_attack():
    """With the bounds that grading has: 300 open files, and a pool of 100 threads."""
    with Warmth(bounds=Bounds()) as warmth, warmth.kernel() as kernel:
        files = "held = [open('/dev/null') for _ in range(300)]\nprint(len(held))"
        assert told(kernel.run(files)) == ("300\n", [])
        pool = (
            "import time\nfrom concurrent.futures import ThreadPoolExecutor\n"
            "with ThreadPoolExecutor(100) as pool:\n"
            "    print(len(list(pool.map(lambda _: time.sleep(0.2), range(100)))))"
        )
        assert told(kernel.run(pool)) == ("100\n", [])


@pytest.mark.parametrize("word", ["exit()", "quit()", "exit", "exit(keep_kernel=True)", "leave()"])
def test_a_notebook_goes_on_after_exit(kernel, word):
    """In the middle of a cell, at its end, in a function: as with stock, whose kernel ends later, if it comes to it."""
    kernel.run("def leave():\n    exit()\n    return 3")
    assert told(kernel.run(f"{word}\nprint('behind it')")) == ("behind it\n", [])
    assert told(kernel.run(f"kept = 7\n{word}")) == ("", [])
    assert ask(kernel).value("kept") == 7
    assert ask(kernel).call("leave") == 3
    assert not kernel.ended


BEGUN = """
import asyncio
async def define():
    await asyncio.sleep(0)
    global double
    double = lambda x: 2 * x
task = asyncio.create_task(define())
"""


def test_a_task_goes_on_when_its_cell_is_done(kernel):
    """What it defines is there for the next cell, and for a check."""
    kernel.run(BEGUN)
    assert ask(kernel).call("double", 4) == 8
    assert told(kernel.run("print(double(3), task.done())")) == ("6 True\n", [])


def test_a_task_goes_on_in_later_cells(kernel):
    """However long it takes: each later cell gives it its turn."""
    kernel.run("import asyncio, time\nsteps = []")
    kernel.run(
        "async def walk():\n    for step in range(4):\n        await asyncio.sleep(0.06)\n        steps.append(step)"
    )
    kernel.run("task = asyncio.create_task(walk())")
    for _ in range(20):
        kernel.run("time.sleep(0.05)")
    assert ask(kernel).value("steps") == [0, 1, 2, 3]


def test_a_task_without_end_costs_next_to_nothing(kernel):
    """No cell waits for it longer than for a moment, and none loses its own time."""
    kernel.run("import asyncio\ncount = 0")
    source = "async def ever():\n    global count\n    while True:\n        count += 1\n        await asyncio.sleep(0)"
    kernel.run(source)
    started = monotonic()
    assert told(kernel.run("task = asyncio.create_task(ever())")) == ("", [])
    for number in range(20):
        assert told(kernel.run(f"print({number})")) == (f"{number}\n", [])
    assert monotonic() - started < BOUNDS.cell * 5
    assert ask(kernel).value("count") > 20


@pytest.mark.parametrize(
    "error", ["1 / 0", "raise SystemExit", "asyncio.get_running_loop().stop()"]
)
def test_a_task_that_fails_fails_no_cell(kernel, error):
    """Neither the one that has begun it nor a later one."""
    kernel.run(f"import asyncio\nasync def fails():\n    await asyncio.sleep(0.001)\n    {error}")
    assert told(kernel.run("task = asyncio.create_task(fails())"))[1] == []
    for number in range(3):
        assert told(kernel.run(f"print({number})")) == (f"{number}\n", [])
    assert told(kernel.run("await asyncio.sleep(0.001)\nprint('slept')")) == ("slept\n", [])
    assert not kernel.ended


IN_CALLS = """
import asyncio
async def one():
    return 1
def runs():
    return asyncio.run(one())
def drives():
    return asyncio.new_event_loop().run_until_complete(one())
def begins():
    task = asyncio.create_task(one())
    return asyncio.get_running_loop() is asyncio.get_event_loop()
"""


def test_what_a_check_calls_finds_the_loop_running_as_a_cell_does(kernel):
    """A task can be begun there; a second loop cannot, as the visible check says in the learner's own notebook."""
    kernel.run(IN_CALLS)
    for name in ("runs", "drives"):
        with pytest.raises(StudentError, match="RuntimeError"):
            ask(kernel).call(name)
    assert ask(kernel).call("begins") is True
    assert told(kernel.run("print(await one())")) == ("1\n", [])
