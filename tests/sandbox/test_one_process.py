"""What the kernel itself holds every process of a child to, seen from inside."""

from __future__ import annotations

import errno
import os

import pytest

from unpickled import sandbox

from .conftest import told

LIMITS = """
    import resource
    print(json.dumps({name: list(resource.getrlimit(getattr(resource, name))) for name in sys.argv[1:]}))
    """


@pytest.fixture(params=["walled", "plain"])
def excuse(request):
    """Both ways to hold a child; gives the excuse that the plain one needs."""
    request.getfixturevalue(request.param)
    return "none" if request.param == "walled" else "the user said so"


def test_every_limit_of_the_kernel_stands_soft_and_hard(excuse):
    """Processor time, open files, the size of a file, memory and core dumps: none can be raised again."""
    limits = sandbox.Limits(seconds=7, open_files=40, disk=3 << 20, memory=512 << 20)
    wanted = limits.of_one_process()
    assert (wanted["RLIMIT_CPU"], wanted["RLIMIT_NOFILE"]) == (8, 40)
    found = told(
        LIMITS,
        *wanted,
        seconds=7,
        open_files=40,
        disk=3 << 20,
        memory=512 << 20,
        without_wall=excuse,
    )
    assert found == {name: [most, most] for name, most in wanted.items()}


def test_files_cannot_be_opened_without_end(excuse):
    """The fortieth is refused by the system, and the program may say so."""
    text = "held = []\nprint(json.dumps(attempt(lambda: [held.append(os.open('/', 0)) for _ in range(60)])))"
    found = told(text, open_files=40, without_wall=excuse)
    assert found == ["OSError", errno.EMFILE]
    assert os.strerror(errno.EMFILE)
