"""The inner side of a nest: a warm program that forks, each fork in namespaces of its own, without a privilege.

The warm program runs behind the wall with just the rights to build another one (`wall.command(nesting=True)`). It runs
only code of ours. What it forks is the untrusted part, and before that runs, its fork has a process, mount, network,
IPC and host-name namespace of its own, an empty private folder over the warm program's, a `/proc` that shows nobody
else, no capability, the kernel's limits and the full filter of system calls.

Formats: flags from mount(2), unshare(2), prctl(2), capset(2) and netdevice(7).
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import re
import resource
import signal
import socket
import stat
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

__all__ = ["Body", "serve"]

Body: TypeAlias = Callable[[Sequence[int]], None]
"""What a fork runs: it gets the file descriptors that came with the order, and must not return."""

_NEWNS, _NEWUTS, _NEWIPC, _NEWPID, _NEWNET = 0x20000, 0x4000000, 0x8000000, 0x20000000, 0x40000000
_NOSUID, _NODEV, _NOEXEC, _RDONLY, _REMOUNT, _BIND = 2, 4, 8, 1, 32, 4096
_REC, _PRIVATE = 0x4000, 1 << 18
_BOUNDING_DROP, _AMBIENT, _AMBIENT_CLEAR, _NO_NEW_PRIVS, _SECCOMP, _DEATH = 24, 47, 4, 38, 22, 1
_CAPSET = {"x86_64": 126, "aarch64": 91}
_LINK_FLAGS, _UP = 0x8914, 0x41  # SIOCSIFFLAGS; IFF_UP and IFF_RUNNING
_TCP_BUFFER = "4096 65536 65536"  # bytes of one socket at least, at first, at most
_HOME = "/tmp"  # noqa: S108 - the private one, as `wall.HOME`
_LARGEST_ORDER = 65_536
_MOST_FDS = 8
_LIBC = ctypes.CDLL(None, use_errno=True)


def serve(control: socket.socket, body: Body, *, walled: bool) -> None:
    """Fork once for every order, until the other end of the control socket is closed.

    An order is JSON with `limits` (by the names of `resource`), `disk`, `files` and `filter` (hexadecimal), and brings
    the file descriptors for the body. The answer brings a process descriptor of the fork's first process.

    Args:
        control: a socket that keeps messages apart.
        body: what each fork runs.
        walled: False where there is no wall, and so no right to build one: forks then only get limits.
    """
    signal.signal(
        signal.SIGCHLD, signal.SIG_IGN
    )  # nobody waits for the forks: the kernel clears them away
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC) if walled else -1
    while True:
        data, fds, _, _ = socket.recv_fds(control, _LARGEST_ORDER, _MOST_FDS)
        if not data:
            return
        order = json.loads(data)
        try:
            with _children_apart(own):
                pid = os.fork()
                if not pid:
                    control.close()
                    _become_first(order, fds, body, walled=walled)
            bell = os.pidfd_open(pid)
            socket.send_fds(control, [b'{"problem": ""}'], [bell])
            os.close(bell)
        except OSError as error:
            control.send(json.dumps({"problem": f"it cannot fork: {error.strerror}"}).encode())
        for fd in fds:
            os.close(fd)


@contextmanager
def _children_apart(own: int) -> Iterator[None]:
    """Let what is forked inside be the first of a new process namespace; `own` is this process's, -1 for no wall."""
    if own < 0:
        yield
        return
    _call("unshare", _NEWPID)
    try:
        yield
    finally:
        _call("setns", own, _NEWPID)


def _become_first(
    order: Mapping[str, Any], fds: Sequence[int], body: Body, *, walled: bool
) -> None:
    """Be the first process of a fork: build its walls, start the body in a child, and wait for everything."""
    code = 121
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if walled:
            _wall_in(order)
        else:
            os.setsid()
            _call("prctl", _DEATH, signal.SIGKILL, 0, 0, 0)
        _limit(order["limits"])
        _let_go(fds)
        _give_up_rights(bytes.fromhex(order["filter"]))
        watched = {signal.SIGCHLD, signal.SIGINT}
        signal.pthread_sigmask(signal.SIG_BLOCK, watched)
        child = os.fork()
        if not child:
            os.setpgid(0, 0)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, watched)
            body(fds)
            os._exit(0)
        _let_go(())
        code = _wait_for(child, watched)
    except BaseException as error:  # noqa: BLE001 - a fork must never go on as the warm program
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def _wait_for(child: int, watched: set[signal.Signals]) -> int:
    """Clear away what ends, pass interrupts on to the child, and return its code when it has ended."""
    while True:
        if signal.sigwait(watched) == signal.SIGINT:
            with suppress(
                OSError
            ):  # the group, as a terminal does it: what the program waits for ends too
                os.killpg(child, signal.SIGINT)
            continue
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == child:
                    code = os.waitstatus_to_exitcode(status)
                    return code if code >= 0 else 128 - code
                if not pid:
                    break


def _wall_in(order: Mapping[str, Any]) -> None:
    """Enter the other namespaces, and cover what belongs to the warm program."""
    _call("unshare", _NEWNS | _NEWUTS | _NEWIPC | _NEWNET)
    _mount(None, "/", None, _REC | _PRIVATE, None)
    _cover(f"size={int(order['disk'])},nr_inodes={int(order['files'])},mode=0700")
    hardened = _NOSUID | _NODEV | _NOEXEC
    _mount("proc", "/proc", "proc", hardened, None)
    with suppress(OSError), open("/proc/sys/user/max_user_namespaces", "w") as file:  # noqa: PTH123
        file.write("0")
    for buffers in ("tcp_rmem", "tcp_wmem"):  # which are in no count of memory
        with suppress(OSError), open(f"/proc/sys/net/ipv4/{buffers}", "w") as file:  # noqa: PTH123
            file.write(_TCP_BUFFER)
    _mount(None, "/proc", None, _REMOUNT | _BIND | _RDONLY | hardened, None)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        fcntl.ioctl(link, _LINK_FLAGS, struct.pack("16sh22x", b"lo", _UP))
    os.chdir(_HOME)


def _cover(options: str) -> None:
    """Put an empty folder over the warm program's own; what is shown below that place is shown in it again."""
    below = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in _shown_below(_HOME)]
    _mount("tmpfs", _HOME, "tmpfs", _NOSUID | _NODEV, options)
    for path, fd in below:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            os.makedirs(path, exist_ok=True)  # noqa: PTH103 - pathlib is not loaded in every warm program
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
            os.close(os.open(path, os.O_CREAT | os.O_CLOEXEC))
        _mount(f"/proc/self/fd/{fd}", path, None, _BIND, None)  # as read-only as it was
        os.close(fd)


def _shown_below(place: str) -> list[str]:
    """Return where something is mounted below a place, outer ones first."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:  # noqa: PTH123
        points = [re.sub(r"\\([0-7]{3})", _octal, line.split(" ")[4]) for line in file]
    return [point for point in points if point.startswith(f"{place}/")]


def _octal(found: re.Match[str]) -> str:
    return chr(int(found[1], 8))


def _let_go(kept: Sequence[int]) -> None:
    """Close what is open but for these. The warm program's error output is one file, which would join all forks."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    last = 2
    for fd in [*sorted(kept), resource.getrlimit(resource.RLIMIT_NOFILE)[0]]:
        os.closerange(last + 1, fd)
        last = fd


def _limit(limits: Mapping[str, int]) -> None:
    """Set the kernel's limits on this process, from which all others inherit them.

    What the warm program has mapped already does not count against the address space and the data in it.
    """
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123
        pages = [int(field) * resource.getpagesize() for field in file.read().split()]
    mapped = {"RLIMIT_AS": pages[0], "RLIMIT_DATA": pages[5]}
    for name, most in limits.items():
        what = getattr(resource, name)
        hard = resource.getrlimit(what)[1]
        value = most + mapped.get(name, 0)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))


def _give_up_rights(filtered: bytes) -> None:
    """Drop every capability for good, and let the kernel refuse what the filter names."""
    _call("prctl", _AMBIENT, _AMBIENT_CLEAR, 0, 0, 0)
    for capability in range(64):
        if _LIBC.prctl(_BOUNDING_DROP, capability, 0, 0, 0) < 0:
            break  # past the last one, or not ours to drop
    header = struct.pack("=Ii", 0x20080522, 0)
    _call("syscall", _CAPSET[os.uname().machine], header, bytes(24))
    _call("prctl", _NO_NEW_PRIVS, 1, 0, 0, 0)
    if filtered:
        code = ctypes.create_string_buffer(filtered, len(filtered))
        program = struct.pack("@HP", len(filtered) // 8, ctypes.addressof(code))
        _call("prctl", _SECCOMP, 2, program, 0, 0)


def _mount(
    source: str | None, place: str, kind: str | None, flags: int, options: str | None
) -> None:
    words = [None if word is None else word.encode() for word in (source, place, kind, options)]
    _call("mount", *words[:3], ctypes.c_ulong(flags), words[3])


def _call(name: str, *arguments: Any) -> None:
    if getattr(_LIBC, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
