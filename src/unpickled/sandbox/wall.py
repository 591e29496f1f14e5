"""The wall: bubblewrap's command line, and whether it stands on this machine."""

from __future__ import annotations

import functools
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from unpickled.errors import SandboxError
from unpickled.sandbox.limits import Limits
from unpickled.sandbox.syscalls import known_processor, program
from unpickled.sandbox.system import SYSTEM, bindings

__all__ = ["HOME", "Shown", "command", "filter_fd", "problem", "shown"]

HOME = "/tmp"  # noqa: S108 - a private one, behind the wall
_NAMESPACES = ("user", "ipc", "pid", "net", "uts", "cgroup-try")
_TO_NEST = ("CAP_SYS_ADMIN", "CAP_SYS_RESOURCE", "CAP_SETPCAP", "CAP_NET_ADMIN")
_NEVER = ("/proc", "/dev", "/sys")
_WHOLE = frozenset({"/", HOME, "/run", "/var", "/var/run"})  # parts of them may be shown
_NOT_WRITTEN = (*_NEVER, "/usr", "/etc", *(f"/{name}" for name in SYSTEM))
_DEVICES = ("/dev/null", "/dev/urandom", "/dev/random")


class Shown(NamedTuple):
    """Absolute paths: what a child may read, and where it may write, beside its private folder."""

    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()


@functools.cache
def problem() -> str:
    """Tell why there is no wall on this machine; empty if it stands. Tried once a process, on a program that ends."""
    if not sys.platform.startswith("linux"):
        return "bubblewrap needs Linux"
    if not known_processor():
        return f"there is no filter of system calls for the processor {platform.machine()}"
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed"
    filtered = filter_fd()
    try:
        words = command(Limits(), Shown(), filtered=filtered)
        tried = subprocess.run(
            [*words, sys.executable, "-I", "-S", "-c", ""],
            capture_output=True,
            timeout=20,
            check=False,
            pass_fds=(filtered,),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not start: {error}"
    finally:
        os.close(filtered)
    if not tried.returncode:
        return ""
    told = tried.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"bubblewrap does not work here: {told[-1] if told else 'no reason given'}"


def filter_fd(*, nesting: bool = False) -> int:
    """Return a file descriptor from which bubblewrap reads the filter of system calls; the caller closes it.

    Args:
        nesting: for the warm program of a nest.
    """
    reading, writing = os.pipe()
    try:
        as_root = os.geteuid() == 0
        os.write(writing, program(platform.machine(), as_root=as_root, nesting=nesting))
    finally:
        os.close(writing)
    return reading


def command(  # noqa: PLR0913 - each is named at the call
    limits: Limits,
    shown: Shown,
    *,
    filtered: int,
    status: int = -1,
    gate: int = -1,
    nesting: bool = False,
) -> list[str]:
    """Return the words before the child's own.

    Args:
        limits: of which the size of the private folder is set here.
        shown: what to show beside the system.
        filtered: file descriptor of the filter.
        status: file descriptor that bubblewrap reports to; -1 for none.
        gate: file descriptor on which the child waits before it starts; -1 for none.
        nesting: the child is a warm program of ours, which builds such walls for what it forks.
    """
    words = [shutil.which("bwrap") or "bwrap"]
    words += [f"--unshare-{name}" for name in _NAMESPACES]
    words += ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--cap-drop", "ALL"]
    if nesting:
        words += [word for right in _TO_NEST for word in ("--cap-add", right)]
    else:
        words.append("--disable-userns")
    words += ["--die-with-parent", "--new-session", "--seccomp", str(filtered)]
    if status >= 0:
        words += ["--json-status-fd", str(status)]
    if gate >= 0:
        words += ["--block-fd", str(gate)]
    # Not `--dev`: it brings /dev/zero, of which shared maps are memory that nobody counts, and an unbounded /dev/shm.
    words += ["--proc", "/proc", "--remount-ro", "/proc", "--tmpfs", "/dev"]
    for device in _DEVICES:
        words += ["--dev-bind", device, device]
    words += ["--symlink", HOME, "/dev/shm", "--remount-ro", "/dev"]  # noqa: S108
    words += ["--size", str(limits.disk), "--perms", "0700", "--tmpfs", HOME, *bindings()]
    for path in shown.readable:
        words += ["--ro-bind", str(path.resolve()), str(path)]
    for path in shown.writable:
        words += ["--bind", str(path.resolve()), str(path)]
    # The root is memory as well: nothing may be put there.
    return [*words, "--remount-ro", "/", "--chdir", HOME, "--"]


def shown(
    readable: Sequence[str | os.PathLike[str]], writable: Sequence[str | os.PathLike[str]]
) -> Shown:
    """Make the paths absolute, and refuse those that no child may have.

    Raises:
        SandboxError: one is missing, is the root, or belongs to the system.
    """
    return Shown(
        tuple(_checked(path, _NEVER, "shown") for path in readable),
        tuple(_checked(path, _NOT_WRITTEN, "written to") for path in writable),
    )


def _checked(given: str | os.PathLike[str], never: Sequence[str], doing: str) -> Path:
    path = Path(os.path.abspath(given))  # noqa: PTH100 - links stay as they were named
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise SandboxError(
            str(path), f"it cannot be {doing}: it is not there", "Check the path."
        ) from error
    for one in (path, real):
        if str(one) in _WHOLE or any(one.is_relative_to(top) for top in never):
            remedy = "Name a folder of your own."
            raise SandboxError(str(path), f"it may not be {doing} in a sandbox", remedy)
    return path
