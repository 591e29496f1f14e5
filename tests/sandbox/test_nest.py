"""Forks of a warm program: each walled in on its own, bounded, and gone with all that it started."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import subprocess
import time
from pathlib import Path

import pytest

from unpickled import sandbox
from unpickled.sandbox import wall  # noqa: F401 - as sandbox.wall

ROOT = Path(__file__).parents[2]
WARM = Path(__file__).with_name("warm.py")


def nest_of(**bounds):
    without = bounds.pop("without_wall", "none")
    return sandbox.Nest(
        WARM,
        [str(ROOT / "src")],
        limits=sandbox.Limits(**bounds),
        readable=[ROOT / "src" / "unpickled"],
        without_wall=without,
    )


@contextlib.contextmanager
def warm(**bounds):
    nest = nest_of(**bounds)
    nest.start()
    try:
        nest.wait()
        yield nest
    finally:
        nest.end()


@pytest.fixture(scope="module")
def nest():
    if sandbox.problem():
        pytest.skip(sandbox.problem())
    with warm(memory=256 << 20, disk=8 << 20, files=64) as made:
        yield made


@contextlib.contextmanager
def running(nest, text):
    """A fork that runs the text; gives it, and what reads its answer."""
    (order, asking), (answer, answering) = os.pipe(), os.pipe()
    fork = nest.fork([order, answering])
    os.close(order)
    os.close(answering)
    os.write(asking, text.encode())
    try:
        yield fork, answer
    finally:
        fork.end()
        os.close(asking)
        os.close(answer)


ABOVE = [*ROOT.parts[2:3]] if ROOT.is_relative_to("/tmp") else []
"""What a fork sees in its `/tmp` all the same: the way to this checkout, where it lies below the real one."""


def told(nest, text):
    with running(nest, text) as (fork, answer):
        assert select.select([answer], [], [], 20)[0]
        data = os.read(answer, 1 << 16)
        assert data, fork.ended()
        return json.loads(data)


def test_a_fork_sees_nobody_else_and_an_empty_folder(nest):
    """Two processes, itself and the one that waits for it; what an earlier one wrote is gone."""
    text = (
        "Path('/tmp/left').touch(); told = [os.getpid(), *filter(str.isdigit, os.listdir('/proc'))]"
    )
    assert told(nest, text) == [2, "1", "2"]
    assert told(nest, "told = [os.listdir('/tmp'), os.getcwd()]") == [ABOVE, "/tmp"]


def test_no_open_file_joins_one_fork_to_another(nest):
    """Neither its first process nor itself holds one of the warm program's, which a fork could write into and read.

    The first process lets go of the fork's own pipes when it has started the fork, which can be there before it.
    """
    found = told(
        nest,
        """
import time
def held(pid):
    folder = f"/proc/{pid}/fd"
    return sorted(os.readlink(f"{folder}/{fd}") for fd in os.listdir(folder) if os.path.lexists(f"{folder}/{fd}"))
end = time.monotonic() + 10
while len(held("1")) > 3 and time.monotonic() < end:
    time.sleep(0.01)
told = {"first": held("1"), "itself": held("self")}
""",
    )
    assert found["first"] == ["/dev/null"] * 3
    others = [name for name in found["itself"] if not name.startswith("/proc/")]  # the list itself
    assert others[:3] == ["/dev/null"] * 3
    assert [name.split(":")[0] for name in others[3:]] == ["pipe", "pipe"]


def test_what_the_kernel_keeps_for_a_connection_is_little(nest):
    """Buffers of sockets are in no count of memory: 64 kB each, and a fork cannot raise that."""
    found = told(
        nest,
        """
path = Path("/proc/sys/net/ipv4/tcp_wmem")
told = [path.read_text().split(), path.with_name("tcp_rmem").read_text().split(),
        attempt(lambda: path.write_text("4096 65536 9999999"))[0]]
""",
    )
    assert found[:2] == [["4096", "65536", "65536"]] * 2
    assert found[2] != "done"


def test_a_fork_has_no_right_and_gets_none(nest):
    """No capability in any set, no new namespace by any call, no mount; the warm program's cover stays on."""
    found = told(
        nest,
        """
import ctypes
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
c = ctypes.CDLL(None, use_errno=True)
user, pids, mounts = 0x10000000, 0x20000000, 0x20000
call = c.syscall
numbers = {"x86_64": (56, 435), "aarch64": (220, 435)}[os.uname().machine]
made = [call(numbers[0], flag | 17, 0, 0, 0, 0) for flag in (user, pids, mounts)] + [call(numbers[1], 0, 0)]
told = {
    "sets": {name: int(status["Cap" + name], 16) for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")},
    "made": made,
    "unshare": [c.unshare(user), c.unshare(mounts)],
    "mount": [c.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None), c.umount2(b"/tmp", 2), c.umount2(b"/proc", 2)],
    "more": Path("/proc/sys/user/max_user_namespaces").read_text().strip(),
    "threads": attempt(__import__("threading").Thread(target=int).start)[0],
    "fork": attempt(lambda: os.waitpid(os.fork() or os._exit(0), 0))[0],
}
""",
    )
    assert set(found["sets"].values()) == {0}
    assert found["made"] == [-1] * 4
    assert found["unshare"] == [-1, -1]
    assert found["mount"] == [-1] * 3
    assert found["more"] == "0"
    assert (found["threads"], found["fork"]) == ("done", "done")


def test_a_fork_writes_only_into_its_folder(nest):
    """The system, the root, devices and kernel settings stay as they are; the folder has a size and a count."""
    found = told(
        nest,
        """
put = lambda folder: (Path(folder) / "unpickled-was-here").write_text("x")
tried = {folder: attempt(put, folder) for folder in ("/", "/dev", "/etc", "/usr", "/proc", "/home", "/tmp")}
tried["setting"] = attempt(open, "/proc/sys/kernel/printk", "w")
tried["first"] = attempt(open, "/proc/1/mem", "wb")
tried["full"] = attempt((lambda: Path("/tmp/big").write_bytes(bytes(9 << 20))))
tried["many"] = attempt((lambda: [Path(f"/tmp/{n}").touch() for n in range(99)]))
told = tried
""",
    )
    assert [place for place, result in found.items() if result[0] == "done"] == ["/tmp"]
    assert found["many"][1] == errno.ENOSPC


def test_what_is_shown_below_tmp_is_shown_to_forks_and_cannot_be_written(tmp_path):
    """A checkout may lie there; the folder around it is the fork's own all the same."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())
    shown, other = tmp_path / "sho wn", tmp_path / "other"
    shown.mkdir()
    (shown / "read").write_text("me")
    other.write_text("alone")
    nest = nest_of()
    nest._shown = sandbox.wall.shown([WARM, ROOT / "src" / "unpickled", shown, other], ())
    nest.start()
    nest.wait()
    text = f"""
here, other = Path({str(shown)!r}), Path({str(other)!r})
told = [(here / "read").read_text(), attempt((here / "new").touch), other.read_text(), attempt(other.write_text, "x"),
        attempt((here.parent / "mine").touch)[0], sorted(p.name for p in here.parent.iterdir())]
"""
    try:
        found = told(nest, text)
    finally:
        nest.end()
    assert found[0] == "me"
    assert found[1][1] == found[3][1] == errno.EROFS
    assert found[2] == "alone"
    assert found[4:] == ["done", ["mine", "other", "sho wn"]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "sho wn"]


AS_NOBODY = """
import os, sys, time
sys.path.insert(0, {src!r})
from pathlib import Path
from unpickled import sandbox
nest = sandbox.Nest(Path({warm!r}), [{src!r}], limits=sandbox.Limits(), readable=[Path({src!r}) / "unpickled"])
nest.start(); nest.wait()
(order, asking), (answer, answering) = os.pipe(), os.pipe()
fork = nest.fork([order, answering])
os.close(answering)
text = "told = [line for line in open('/proc/self/status') if 'Cap' in line and int(line.split()[1], 16)]"
end = time.monotonic() + 20
while not (counted := fork.usage().processes) and time.monotonic() < end:
    time.sleep(0.01)  # its wall is still being built
os.write(asking, (text + "; told += os.listdir('/tmp')").encode())
print(os.read(answer, 1000).decode(), counted > 0)
fork.end(); nest.end()
"""


def test_it_holds_for_an_ordinary_user_too():
    """The same walls where nobody is root, as long as the system lets users have namespaces."""
    python = Path("/usr/bin/python3")
    if os.geteuid() or not python.exists() or sandbox.problem():
        pytest.skip(
            "only root can become an ordinary user here, with a Python that anybody can read"
        )
    text = AS_NOBODY.format(src=str(ROOT / "src"), warm=str(WARM))
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    done = subprocess.run(
        [python, "-c", text], cwd="/", capture_output=True, text=True, check=False, **nobody
    )
    if any(
        word in done.stderr
        for word in ("Permission denied", "SyntaxError", "ImportError", "ModuleNotFoundError")
    ):
        pytest.skip("an ordinary user cannot read this checkout, or its Python is too old")
    assert done.stdout.split() == [json.dumps(ABOVE), "True"], done.stderr


def test_forks_do_not_hear_of_each_other(nest):
    """Each has a loopback and abstract sockets of its own, and loopback works."""
    listen = """
import socket
tcp = socket.create_server(("127.0.0.1", 0)); port = tcp.getsockname()[1]
socket.create_connection(("127.0.0.1", port))
unix = socket.socket(socket.AF_UNIX); unix.bind("\\0unpickled-nest"); unix.listen()
os.write(sys._getframe(1).f_locals["writing"], str(port).encode())
import time; time.sleep(20)
"""
    with running(nest, listen) as (_, answer):
        assert select.select([answer], [], [], 20)[0]
        port = int(os.read(answer, 100))
        found = told(
            nest,
            f"""
import socket
told = [attempt(socket.create_connection, ("127.0.0.1", {port}), 2)[0],
        attempt(socket.socket(socket.AF_UNIX).connect, "\\0unpickled-nest")[0]]
""",
        )
    assert found == ["ConnectionRefusedError", "ConnectionRefusedError"]


def test_what_a_fork_started_is_dead_when_it_is(nest):
    """A grandchild in a session of its own, deaf to signals, does not go on; nothing of it can be found."""
    text = """
import signal, time
if not os.fork():
    os.setsid()
    for number in range(1, 32):
        attempt(signal.signal, number, signal.SIG_IGN)
    if not os.fork():
        while True: time.sleep(1)
    time.sleep(60)
time.sleep(0.2)
told = os.readlink("/proc/self/ns/pid")
"""
    space = told(nest, text)
    alive = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            alive += [process] if str((process / "ns" / "pid").readlink()) == space else []
    assert not alive


def test_use_is_counted_and_an_interrupt_arrives(nest):
    """Memory of all its processes together, files, and their number; Ctrl-C reaches the program itself."""
    text = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
held = bytearray(os.urandom(30 << 20)); Path("/tmp/file").write_bytes(held[:4 << 20])
child = os.fork() or time.sleep(60)
try:
    os.write(sys._getframe(1).f_locals["writing"], b"ready")
    time.sleep(60)
except KeyboardInterrupt:
    told = "interrupted"
"""
    with running(nest, text) as (fork, answer):
        assert os.read(answer, 100) == b"ready"
        used = fork.usage()
        assert 60 << 20 < used.memory < 120 << 20
        assert used.disk >= 4 << 20
        assert used.processes == 2
        fork.interrupt()
        assert json.loads(os.read(answer, 100)) == "interrupted"
    assert fork.usage() == sandbox.Usage()


def test_one_process_is_held_to_its_memory(nest):
    """More than the limit beyond what the warm program had mapped is a MemoryError, not a killed machine."""
    text = "told = [attempt(lambda: len(bytearray(100 << 20)))[0], attempt(lambda: len(bytearray(300 << 20)))[0]]"
    assert told(nest, text) == ["done", "MemoryError"]


def test_the_nest_goes_and_takes_its_forks_with_it():
    """Ended, or its owner killed: nothing stays."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())
    with warm() as nest, running(nest, "import time; time.sleep(60)") as (fork, _):
        time.sleep(0.1)
        assert not fork.ended()
        nest.end()
        assert select.select([fork.bell], [], [], 5)[0]
        with pytest.raises(sandbox.SandboxError, match="warm program"):
            nest.fork([0, 1])


def test_without_a_wall_nothing_is_run_unless_the_user_said_so(monkeypatch):
    """Refused; with the excuse a fork has limits only, says so, and is ended with its group."""
    monkeypatch.setattr("unpickled.sandbox.wall.problem", lambda: "bubblewrap is not installed")
    with pytest.raises(sandbox.SandboxError, match="untrusted code is not run"):
        nest_of().start()
    with warm(without_wall="the user said so") as nest:
        assert nest.isolation == sandbox.PLAIN
        with running(nest, "import time; os.fork(); told = os.getpid(); time.sleep(60)") as (
            fork,
            _,
        ):
            time.sleep(0.3)
            assert fork.usage().processes >= 2
        assert fork.ended()


def test_a_warm_program_that_cannot_start_says_why(tmp_path):
    """Its last line is the reason."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no such library')")
    nest = sandbox.Nest(broken, limits=sandbox.Limits())
    nest.start()
    with pytest.raises(sandbox.SandboxError, match="no such library"):
        nest.wait()
    nest.end()
