"""Children that try to leave the sandbox, each in its own way, and cannot."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import unpickled
from unpickled import sandbox

from .conftest import python, told

pytestmark = pytest.mark.usefixtures("walled")
ROOT = Path(__file__).parents[2]


def test_it_writes_only_where_it_may(tmp_path):
    """The system, the root, devices, kernel settings and what it is shown stay as they are."""
    shown, opened = tmp_path / "shown", tmp_path / "opened"
    shown.mkdir()
    opened.mkdir()
    folders = ["/", "/dev", "/etc", "/usr", "/usr/lib", "/proc", "/home", "/root", str(shown)]
    found = told(
        """
        from pathlib import Path
        put = lambda folder: (Path(folder) / "unpickled-was-here").write_text("x")
        tried = {folder: attempt(put, folder)[0] for folder in sys.argv[1:]}
        level = Path("/proc/sys/kernel/printk")
        tried["setting"] = attempt(lambda: level.write_text(level.read_text()))[0]
        tried["own score"] = attempt(lambda: Path("/proc/self/oom_score_adj").write_text("0"))[0]
        print(json.dumps(tried))
        """,
        *folders,
        str(opened),
        "/tmp",
        readable=[shown],
        writable=[opened],
    )
    done = {place for place, result in found.items() if result == "done"}
    assert done == {str(opened), "/tmp"}
    assert (opened / "unpickled-was-here").exists()
    assert not Path("/tmp/unpickled-was-here").exists()
    assert not list(shown.iterdir())


def test_the_machine_s_devices_keep_their_modes():
    """The child of root owns /dev/null; what it does to its mode does nothing."""
    before = Path("/dev/null").stat().st_mode
    try:
        found = told(
            """
            tried = [attempt(os.chmod, "/dev/null", 0o600)]
            with open("/dev/null") as file:
                tried.append(attempt(os.fchmod, file.fileno(), 0o600))
            tried.append(sorted(os.listdir("/dev")))
            print(json.dumps(tried))
            """
        )
        assert Path("/dev/null").stat().st_mode == before
    finally:
        if os.geteuid() == 0:
            Path("/dev/null").chmod(before & 0o7777)
    assert found[2] == ["null", "random", "shm", "urandom"]


def test_the_network_is_out_of_reach(tmp_path):
    """Loopback, a socket in a folder, an abstract one, and kinds that no namespace encloses."""
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind("\0unpickled-test-" + str(os.getpid()))
        unix.listen()
        found = told(
            """
            import socket
            def call(family, address):
                with socket.socket(family) as there:
                    there.settimeout(2)
                    there.connect(address)
            print(json.dumps({
                "loopback": attempt(call, socket.AF_INET, ("127.0.0.1", int(sys.argv[1])))[0],
                "outside": attempt(call, socket.AF_INET, ("192.0.2.1", 80))[0],
                "abstract": attempt(call, socket.AF_UNIX, "\\0" + sys.argv[2])[0],
                "machine": attempt(lambda: socket.socket(40).close()),
                "interfaces": [name for _, name in socket.if_nameindex()],
            }))
            """,
            tcp.getsockname()[1],
            f"unpickled-test-{os.getpid()}",
        )
    assert found["interfaces"] == ["lo"]
    assert found["machine"] == ["OSError", errno.EAFNOSUPPORT]
    assert "done" not in (found["loopback"], found["outside"], found["abstract"])


def test_nobody_else_is_there(monkeypatch):
    """No process, variable, home, file of the course or temporary file of anyone's can be seen."""
    monkeypatch.setenv("SOME_TOKEN", "secret")
    found = told(
        """
        everyone = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        words = b"".join(open(f"/proc/{pid}/environ", "rb").read() for pid in everyone)
        print(json.dumps({
            "everyone": everyone,
            "kill": attempt(os.kill, int(sys.argv[1]), 0),
            "secret": "secret" in words.decode(),
            "there": [place for place in sys.argv[2:] if os.path.exists(place)],
            "temporary": os.listdir("/tmp"),
            "user": os.getuid(),
        }))
        """,
        os.getpid(),
        *[ROOT / name for name in ("quizzes", "labs", "tests", ".git", "src")],
        *["/etc/passwd", "/etc/shadow", "/run", "/var", "/sys", "/home", Path.home() / ".bashrc"],
    )
    assert max(found["everyone"]) <= 3
    assert found["kill"][0] == "ProcessLookupError"
    # A checkout below /tmp is seen there by its folder's name, and nothing else is.
    mine = [ROOT.relative_to("/tmp").parts[0]] if ROOT.is_relative_to("/tmp") else []
    assert (found["secret"], found["there"], found["temporary"]) == (False, [], mine)
    assert found["user"] == 1000


def test_no_new_door_can_be_built():
    """Another user namespace, tracing, keys, a kernel program: refused."""
    found = told(
        """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        def call(name, *given):
            ctypes.set_errno(0)
            return libc[name](*given), ctypes.get_errno()
        print(json.dumps([
            call("unshare", 0x10000000), call("ptrace", 0, 0, 0, 0), call("syscall", 321, 0, 0, 0),
            call("setns", 0, 0), call("klogctl", 10, 0, 0),
        ]))
        """
    )
    assert all(result == -1 for result, _ in found)
    assert {number for _, number in found} <= {errno.ENOSYS, errno.EPERM}


def test_what_it_started_is_dead_with_it(tmp_path):
    """A process in a session of its own, with its output closed, does nothing afterwards."""
    outcome = python(
        """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for fd in range(3): os.close(fd)
                open(sys.argv[1] + "/started", "w").close()
                time.sleep(0.6)
                open(sys.argv[1] + "/outlived", "w").close()
            os._exit(0)
        while not os.path.exists(sys.argv[1] + "/started"): time.sleep(0.01)
        """,
        tmp_path,
        writable=[tmp_path],
    )
    assert (outcome.code, outcome.stopped_by) == (0, "")
    time.sleep(0.8)
    assert [path.name for path in tmp_path.iterdir()] == ["started"]


def test_nothing_is_left_of_it_when_its_parent_is_killed(tmp_path):
    """SIGKILL leaves the parent no time to clean up; the child dies all the same."""
    endless = "while 1: open(sys.argv[1] + '/alive', 'w').close(); time.sleep(0.02)"
    parent = f"""
import sys
from unpickled import sandbox
sandbox.run([sys.executable, "-I", "-S", "-c", "import sys, time\\n{endless}", {str(tmp_path)!r}],
    writable=[{str(tmp_path)!r}], limits=sandbox.Limits(seconds=20))
"""
    alive = tmp_path / "alive"
    process = subprocess.Popen([sys.executable, "-c", parent], start_new_session=True)
    try:
        deadline = time.monotonic() + 15
        while not alive.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert alive.exists()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    time.sleep(0.3)
    alive.unlink()
    time.sleep(0.3)
    assert not alive.exists()


def test_an_ordinary_user_has_the_same_wall():
    """Bubblewrap needs no root: tried as nobody, by the system's Python."""
    if os.geteuid() != 0 or not Path("/usr/bin/python3").exists():
        pytest.skip("already an ordinary user, or no Python that another may run")
    source = Path(unpickled.__file__).parents[1]
    text = """
import sys
if sys.version_info < (3, 11): sys.exit(77)
from unpickled import sandbox
child = '''
import os, time
for number in range(64):
    try:
        if os.fork() == 0: time.sleep(3); os._exit(0)
    except OSError: print("refused at", number); break
'''
print(repr(sandbox.problem()))
ended = sandbox.run([sys.executable, "-c", child], limits=sandbox.Limits(processes=20, seconds=20))
print(ended.isolation == sandbox.WALLED, ended.text.strip() or ended.stopped_by)
ended = sandbox.run([sys.executable, "-c", "bytearray(200 << 20); import time; time.sleep(1)"],
    limits=sandbox.Limits(memory=100 << 20, seconds=20))
print(ended.stopped_by or ended)
"""
    done = subprocess.run(
        ["/usr/bin/python3", "-B", "-c", text],
        user=65534,
        group=65534,
        extra_groups=[],
        cwd="/",
        env={"PYTHONPATH": str(source), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77 or "No module named 'unpickled'" in done.stderr:
        pytest.skip("the system's Python is too old, or may not read this checkout")
    problem, forked, memory = done.stdout.splitlines()
    assert problem == "''"
    assert forked.startswith(("True refused at", "True processes"))
    assert memory == "memory"


def test_the_default_is_to_refuse(monkeypatch):
    """Without bubblewrap untrusted code is not run, and the message says what to do."""
    monkeypatch.setattr("unpickled.sandbox.wall.problem", lambda: "bubblewrap is not installed")
    with pytest.raises(sandbox.SandboxError, match="--unsafe-no-sandbox"):
        sandbox.run(["true"])
    assert sandbox.run(["true"], without_wall="the user said so").isolation == sandbox.PLAIN


@pytest.mark.parametrize(
    "path", ["/", "/proc", "/proc/self", "/dev", "/sys/kernel", "/tmp", "/run"]
)
def test_some_places_are_never_shown(path):
    """Showing them would undo the wall."""
    with pytest.raises(sandbox.SandboxError, match=r"in a sandbox|not there"):
        sandbox.run(["true"], readable=[path])


@pytest.mark.parametrize("path", ["/usr", "/etc", "/bin", "/usr/lib/none"])
def test_the_system_is_never_written_to(path):
    """Not even when the caller names it."""
    with pytest.raises(sandbox.SandboxError, match="written to"):
        sandbox.run(["true"], writable=[path])


def test_a_link_to_such_a_place_is_no_way_round(tmp_path):
    """What lies behind the name counts."""
    (tmp_path / "link").symlink_to("/proc")
    with pytest.raises(sandbox.SandboxError, match="may not be shown"):
        sandbox.run(["true"], readable=[tmp_path / "link"])
