"""What a child behind the wall can see of the system: the programs, Python and its libraries, and nothing of anyone's.

Whole folders are avoided. Of a virtual environment in a checkout only `bin` and `lib` are shown, so that what lies
beside it (answers, keys, other people's work) stays out of sight.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["SYSTEM", "bindings", "environment"]

SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_SETTINGS = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "alternatives")
_HIDDEN = ("/usr/src", "/usr/local/src")
_OF_PYTHON = ("bin", "lib", "lib64", "libexec", "pyvenv.cfg")
_USER = "sandbox"
_LIBRARIES = ("site-packages", "dist-packages")


def bindings() -> list[str]:
    """Return the options of bubblewrap that show the system and this Python, read-only."""
    words = ["--ro-bind", "/usr", "/usr"]
    for name in SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    for name in _SETTINGS:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for path in _python():
        words += ["--ro-bind", str(path), str(path)]
    for hidden in _HIDDEN:
        if Path(hidden).is_dir():
            words += ["--tmpfs", hidden, "--remount-ro", hidden]
    return words


def _python() -> Iterator[Path]:
    """Yield what this Python needs and `/usr` does not hold."""
    prefixes = dict.fromkeys([sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix])
    parts = [Path(prefix, part) for prefix in prefixes for part in _OF_PYTHON]
    real = Path(sys.executable).resolve().parent  # a link to a Python may leave the prefix
    sites = [Path(entry) for entry in sys.path if Path(entry).name in _LIBRARIES]
    shown: list[Path] = [Path("/usr")]
    for path in dict.fromkeys([*parts, real, *sites]):
        if path.exists() and not any(path.is_relative_to(other) for other in shown):
            shown.append(path)
            yield path


def environment(home: str) -> dict[str, str]:
    """Return the child's whole environment: nothing of the caller's but what finds programs and libraries.

    Args:
        home: its home and temporary folder.
    """
    path = [str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    kept = {
        name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ
    }
    quiet = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", "LANG": "C.UTF-8"}
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    who = {"USER": _USER, "LOGNAME": _USER}  # there is no list of users to look it up in
    places = {"PATH": os.pathsep.join(path), "HOME": home, "TMPDIR": home}
    return {**kept, **quiet, **single, **who, **places}
