"""Do something again and again, and have it killed, or the disk full, at its first, second, third … change to the disk.

Each try is a fork of its own on a fresh copy of the start. Every system call that changes a disk and that the defences
make is counted; of a write, half the bytes are there when it ends.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import traceback

NEED_ROOM = ("open", "write", "fsync", "mkdir", "link", "symlink")
CALLS = (*NEED_ROOM, "replace", "rename", "unlink", "rmdir", "chmod", "ftruncate")
DONE, ERROR = 0, 3


def tries(start, work, action, *, how):
    """Yield, for each change to the disk, its name and how the fork ended; ends with the try that was left alone.

    Args:
        start: the folder to begin with.
        work: where its copy is; look at it before you ask for the next try.
        action: called with `work` in the fork. A `GuardError` of its own is an end like any other.
        how: "killed" (by SIGKILL) or "full" (from then on no call gets room on the disk).
    """
    number, ended = 0, None
    while ended != "done":
        number += 1
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(start, work, symlinks=True)
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.close(read)
            _in_the_fork(action, work, number, how, write)
        os.close(write)
        with os.fdopen(read) as told:
            where = told.read()
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            ended = "killed"
        else:
            code = os.WEXITSTATUS(status)
            assert code in (DONE, ERROR), where
            ended = "done" if code == DONE else "error"
            if how == "full" and where and code == DONE:
                ended = "coped"
        yield where or "not at all", ended


def _in_the_fork(action, work, number, how, write):
    from unpickled.defence import GuardError

    try:
        os.set_inheritable(write, False)
        _count(number, how, write)
        action(work)
        os._exit(DONE)
    except GuardError:
        os._exit(ERROR)
    except BaseException:  # noqa: BLE001 - a fork has nobody to raise to
        _real["write"](write, traceback.format_exc().encode())
        os._exit(9)


_real = {name: getattr(os, name) for name in CALLS}


def _count(number, how, told):
    left = [number]

    def counted(name):
        real = _real[name]

        def call(*args, **kwargs):
            if name == "open" and not args[1] & (os.O_CREAT | os.O_TRUNC):
                return real(*args, **kwargs)
            if how == "full" and name not in NEED_ROOM:
                return real(*args, **kwargs)
            left[0] -= 1
            if left[0] == 0:
                _real["write"](told, f"{name} {args[:1]}".encode())
                if name == "write":
                    real(args[0], bytes(args[1])[: len(args[1]) // 2])
                if how == "killed":
                    os.kill(os.getpid(), signal.SIGKILL)
            if how == "full" and left[0] <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), args[0])
            return None if name == "fsync" else real(*args, **kwargs)  # no test pulls the plug

        return call

    for name in CALLS:
        setattr(os, name, counted(name))
