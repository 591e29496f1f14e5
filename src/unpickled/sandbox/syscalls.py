"""A filter of system calls for the child: it takes away memory that nobody could count, and doors nobody needs.

The watch over a child's memory counts what its processes hold and what lies in its folder. Shared memory without a
file escapes such a count, so it is refused: `memfd_create`, System V segments, anonymous shared maps. So are the
calls by which kernels have been broken into, and every kind of socket that a network namespace does not enclose.

Formats: classic BPF over `struct seccomp_data` (seccomp(2)), numbers from the kernel's table of each processor.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Mapping

__all__ = ["PROCESSORS", "known_processor", "program"]


PROCESSORS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # with the audit system's numbers
_REFUSED = {  # numbers on x86_64 and aarch64
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "ptrace": (101, 117),
    "syslog": (103, 116),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
}
_MODES = {  # None where a processor lacks the call
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
}
_NESTING = ("unshare", "setns", "mount")
_CLONE, _CLONE3 = (56, 220), (435, 435)
_NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW… flag that clone(2) takes
_SOCKET = (41, 198)
_MMAP = (9, 222)
_SOCKETS = (1, 2, 10, 16)  # unix, inet, inet6, netlink: what a network namespace encloses
_MAPS = (0x21, 0x40000)  # MAP_SHARED with MAP_ANONYMOUS, MAP_HUGETLB

_LOAD, _AND, _ANY_BIT = 0x20, 0x54, 0x45
_EQUAL, _AT_LEAST, _RETURN = 0x15, 0x35, 0x06
_KILL, _ALLOW = 0x80000000, 0x7FFF0000
_NUMBER, _AUDIT, _ARGUMENT = 0, 4, 16
_X32 = 0x40000000  # the third way to call an x86 kernel has numbers from here on


def known_processor() -> bool:
    """Tell whether there is a filter for this machine's processor."""
    return platform.machine() in PROCESSORS


def program(processor: str, *, as_root: bool, nesting: bool = False, nested: bool = False) -> bytes:
    """Assemble the filter, as bytes for `bwrap --seccomp`.

    Args:
        processor: a key of `PROCESSORS`.
        as_root: the caller is root. Its child owns the machine's device files, though it can reach two of them
            only; changing modes and owners then does nothing, and reports success.
        nesting: for the warm program of a nest, which builds walls for its forks: that much is let through.
        nested: for such a fork, around which nobody has closed the making of further namespaces: refused here.

    Raises:
        ValueError: there is no filter for this processor.
    """
    column = list(PROCESSORS).index(processor)
    refuse, pretend = _answer(errno.ENOSYS), _answer(0)
    code = [_do(_LOAD, _AUDIT), *_unless(_EQUAL, PROCESSORS[processor], _do(_RETURN, _KILL))]
    code += [_do(_LOAD, _NUMBER), *_when(_AT_LEAST, _X32, refuse)]
    for name in sorted(_REFUSED.keys() - set(_NESTING if nesting else ())):
        code += _when(_EQUAL, _REFUSED[name][column], refuse)
    for number in _column(_MODES, column) if as_root else ():
        code += _when(_EQUAL, number, pretend)
    code += _when(_EQUAL, _SOCKET[column], *_check_socket())
    code += _when(_EQUAL, _MMAP[column], *_check_map())
    if nested:
        code += _when(
            _EQUAL, _CLONE3[column], refuse
        )  # its flags lie in memory: no filter sees them
        code += _when(_EQUAL, _CLONE[column], *_check_clone())
    code.append(_do(_RETURN, _ALLOW))
    return b"".join(code)


def _column(table: Mapping[str, tuple[int | None, ...]], column: int) -> list[int]:
    return [number for row in table.values() if (number := row[column]) is not None]


def _check_socket() -> list[bytes]:
    code = [_do(_LOAD, _ARGUMENT)]
    for family in _SOCKETS:
        code += _when(_EQUAL, family, _do(_RETURN, _ALLOW))
    return [*code, _answer(errno.EAFNOSUPPORT)]


def _check_clone() -> list[bytes]:
    flagged = _when(_ANY_BIT, _NEW_NAMESPACES, _answer(errno.EPERM))
    return [_do(_LOAD, _ARGUMENT), *flagged, _do(_RETURN, _ALLOW)]


def _check_map() -> list[bytes]:
    code = []
    for mask in _MAPS:
        code += [_do(_LOAD, _ARGUMENT + 3 * 8), _do(_AND, mask)]
        code += _when(_EQUAL, mask, _answer(errno.EPERM))
    return [*code, _do(_RETURN, _ALLOW)]


def _do(operation: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, then, otherwise, value)


def _answer(number: int) -> bytes:
    return _do(_RETURN, 0x00050000 | number)


def _when(test: int, value: int, *body: bytes) -> list[bytes]:
    return [_do(test, value, 0, len(body)), *body]


def _unless(test: int, value: int, *body: bytes) -> list[bytes]:
    return [_do(test, value, len(body), 0), *body]
