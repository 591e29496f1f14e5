"""Children that use up what they can, and are stopped; others that end by themselves, and are reported truly."""

from __future__ import annotations

import errno
import resource
import signal
import struct
import time
from pathlib import Path

import pytest

from unpickled import sandbox
from unpickled.sandbox import syscalls

from .conftest import python, told

MB = 1 << 20


@pytest.fixture(params=["walled", "plain"])
def excuse(request):
    """Both ways to hold a child; gives the excuse that the plain one needs."""
    request.getfixturevalue(request.param)
    return "none" if request.param == "walled" else "the user said so"


def test_exit_code_output_and_input_pass(excuse):
    """An honest program is told from stdin, says its part on both streams, and its code is its own."""
    text = "data = sys.stdin.buffer.read(); print(len(data)); print('err', file=sys.stderr); sys.exit(7)"
    outcome = python(text, stdin=b"x" * (3 * MB), without_wall=excuse)
    assert (outcome.code, outcome.text, outcome.err) == (7, f"{3 * MB}\n", b"err\n")
    assert outcome.stopped_by == ""


def test_input_that_nobody_reads_holds_nothing_up(excuse):
    """A program may leave its input alone, or close everything and go on."""
    text = "for fd in range(3): os.close(fd)\ntime.sleep(0.3)\nos._exit(3)"
    assert python(text, stdin=b"x" * (3 * MB), without_wall=excuse).code == 3


def test_a_signal_is_told_as_shells_do(excuse):
    """128 and the signal's number."""
    assert python("os.abort()", without_wall=excuse).code == 128 + signal.SIGABRT


def test_a_program_that_is_not_there_is_an_error(walled):
    """No outcome is made up for it."""
    with pytest.raises(sandbox.SandboxError, match="did not start"):
        sandbox.run(["/nowhere/at-all"])


@pytest.mark.parametrize("text", ["while True: pass", "time.sleep(30)"])
def test_time_ends_it_busy_idle_or_deaf(excuse, text):
    """Signals that it may ignore are not what ends it."""
    deaf = "import signal\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\n"
    started = time.monotonic()
    outcome = python(deaf + text, seconds=0.5, without_wall=excuse)
    assert (outcome.code, outcome.stopped_by) == (None, "time")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_printing_without_end_is_cut_while_it_streams(excuse, stream):
    """No more than the limit is kept, and this process does not grow."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    text = f"while True: sys.{stream}.write('x' * 100_000)"
    outcome = python(text, output=100_000, without_wall=excuse)
    assert outcome.stopped_by == "output"
    assert (len(outcome.out), len(outcome.err)) == (
        (100_000, 0) if stream == "stdout" else (0, 100_000)
    )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_one_process_cannot_map_without_end(excuse):
    """The kernel refuses, and an honest program can tell why."""
    outcome = python("bytearray(8 << 30)", without_wall=excuse)
    assert b"MemoryError" in outcome.err
    assert outcome.code == 1


@pytest.mark.parametrize("processes", [1, 3])
def test_memory_counts_over_all_processes(excuse, processes):
    """300 MB, in one process or in three, under a limit of 150."""
    text = """
        for _ in range(int(sys.argv[1]) - 1):
            if os.fork() == 0: break
        held = bytearray((300 << 20) // int(sys.argv[1]))
        time.sleep(5)
        """
    outcome = python(text, processes, memory=150 * MB, without_wall=excuse)
    assert (outcome.code, outcome.stopped_by) == (None, "memory")
    assert outcome.seconds < 5


def test_memory_cannot_be_hidden(walled):
    """Shared memory that belongs to no process is refused; in files it counts."""
    found = told(
        """
        import ctypes, mmap
        libc = ctypes.CDLL(None, use_errno=True)
        print(json.dumps([
            attempt(os.memfd_create, "x"),
            attempt(lambda: mmap.mmap(-1, 1 << 20).close()),
            attempt(lambda: open("/dev/zero", "rb").close())[0],
            libc.shmget(0, 1 << 20, 0o1600),
            attempt(lambda: mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()),
        ]))
        """
    )
    assert found == [
        ["OSError", errno.ENOSYS],
        ["PermissionError", errno.EPERM],
        "FileNotFoundError",
        -1,
        ["done", None],
    ]
    text = "open('/dev/shm/x', 'wb').write(bytes(60 << 20)); time.sleep(5)"
    assert python(text, memory=50 * MB, disk=100 * MB).stopped_by == "memory"


def test_forks_stop_at_the_limit(excuse):
    """Sixty-four are tried; the kernel or the watch ends it at twelve."""
    text = """
        for number in range(64):
            try:
                if os.fork() == 0:
                    time.sleep(4)
                    os._exit(0)
            except OSError:
                print("refused"); sys.exit(0)
        time.sleep(4)
        """
    outcome = python(text, processes=12, without_wall=excuse)
    assert outcome.stopped_by == "processes" or outcome.text == "refused\n"
    assert outcome.seconds < 4


def test_open_files_count_over_all_processes(excuse):
    """Each has no more than it may have, and all too many: what is kept for them is nobody's memory."""
    if not Path("/proc/self/fd").stat().st_size:
        pytest.skip("this Linux does not tell how many files are open")
    text = """
        for _ in range(3):
            if os.fork() == 0: break
        held = [open(os.devnull) for _ in range(100)]
        time.sleep(5)
        """
    outcome = python(text, open_files=200, open_together=300, without_wall=excuse)
    assert (outcome.code, outcome.stopped_by) == (None, "open files")
    assert outcome.seconds < 5


def test_the_private_folder_is_bounded_in_bytes_and_in_files(walled):
    """Neither large files nor many empty ones fill the machine's memory."""
    found = told(
        """
        def fill():
            for number in range(8):
                with open(str(number), "wb") as file: file.write(bytes(3 << 20))
        print(json.dumps(attempt(fill)))
        """,
        disk=8 * MB,
    )
    assert found == ["OSError", errno.ENOSPC]
    text = "for number in range(3000): open(str(number), 'w').close()\ntime.sleep(5)"
    outcome = python(text, files=500)
    assert (outcome.stopped_by, outcome.seconds < 5) == ("disk", True)


def test_one_file_in_a_folder_of_the_caller_s_is_bounded(excuse, tmp_path):
    """There is no wall around space there, but a single file ends."""
    text = "print(json.dumps(attempt(open(sys.argv[1] + '/big', 'wb').write, bytes(3 << 20))))"
    outcome = python(text, tmp_path, writable=[tmp_path], disk=2 * MB, without_wall=excuse)
    assert str(errno.EFBIG) in outcome.text or (tmp_path / "big").stat().st_size <= 2 * MB


def test_the_plain_child_ends_with_its_children_and_sees_no_secrets(plain, tmp_path, monkeypatch):
    """Without a wall: the session dies with the child, and variables stay outside."""
    monkeypatch.setenv("SOME_TOKEN", "secret")
    text = """
        print(os.environ.get("SOME_TOKEN"), flush=True)
        if os.fork() == 0:
            time.sleep(0.6); open(sys.argv[1] + "/outlived", "w").close()
        """
    outcome = python(text, tmp_path, without_wall="the user said so")
    assert (outcome.text, outcome.isolation) == ("None\n", sandbox.PLAIN)
    time.sleep(0.8)
    assert not list(tmp_path.iterdir())


def run_filter(program, number, audit, arguments=(0,) * 6):
    """Interpret the filter as the kernel would; returns its answer."""
    data = struct.pack("<IIQ6Q", number, audit, 0, *arguments)
    code = list(struct.iter_unpack("=HBBI", program))
    at = value = 0
    while True:
        operation, then, otherwise, operand = code[at]
        at += 1
        if operation == 0x06:
            return operand
        if operation == 0x20:
            value = struct.unpack_from("<I", data, operand)[0]
        elif operation == 0x54:
            value &= operand
        else:
            holds = value == operand if operation == 0x15 else value >= operand
            at += then if holds else otherwise


@pytest.mark.parametrize("processor", syscalls.PROCESSORS)
def test_the_filter_of_each_processor_answers_as_it_should(processor):
    """Interpreted here, since one machine has one processor only."""
    audit, column = syscalls.PROCESSORS[processor], list(syscalls.PROCESSORS).index(processor)
    allow, kill = 0x7FFF0000, 0x80000000
    program = syscalls.program(processor, as_root=False)
    assert run_filter(program, 0, 0xDEAD) == kill
    assert run_filter(program, 0x40000001, audit) == 0x50000 | errno.ENOSYS
    for row in syscalls._REFUSED.values():
        assert run_filter(program, row[column], audit) == 0x50000 | errno.ENOSYS
    open_at, mmap, sockets = (257, 56)[column], syscalls._MMAP[column], syscalls._SOCKET[column]
    assert run_filter(program, open_at, audit) == allow
    assert run_filter(program, sockets, audit, (2, 1, 0, 0, 0, 0)) == allow
    assert run_filter(program, sockets, audit, (40, 1, 0, 0, 0, 0)) != allow
    for flags, answer in (
        (0x22, True),
        (0x21, False),
        (0x23, False),
        (0x01, True),
        (0x40022, False),
    ):
        assert (run_filter(program, mmap, audit, (0, 0, 0, flags, 0, 0)) == allow) is answer
    fchmod = syscalls._MODES["fchmod"][column]
    assert run_filter(program, fchmod, audit) == allow
    assert run_filter(syscalls.program(processor, as_root=True), fchmod, audit) == 0x50000


def test_nothing_is_left_open(walled):
    """A hundred file descriptors lost would be noticed after three runs."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        sandbox.run(["true"])
    with pytest.raises(sandbox.SandboxError):
        sandbox.run(["/nowhere/at-all"])
    assert len(list(Path("/proc/self/fd").iterdir())) == before
