"""Inputs that are made to be costly: memory stays flat, and nothing takes long, however they lie."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from unpickled.pickles import assemble

FLAT = """
import resource, signal, sys, tracemalloc
from unpickled.pickles import trace
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
signal.alarm(100)
peaks = []
for count in (10_000, 100_000):
    items = (b"(" + b"K\\x07M\\x00\\x01" * 499 + b"e") * (count // 1_000)
    data = b"\\x80\\x02]q\\x00" + items + b"."
    tracemalloc.start()
    steps = sum(1 for _ in trace(data))
    peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert steps == count + 4
print(*peaks)
"""

BOUNDED = """
import resource, signal, sys, tracemalloc
from unpickled.errors import TraceError
from unpickled.pickles import Tracing, Limits
data = bytes.fromhex(sys.stdin.read())
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_STACK, (8 << 20, 8 << 20))
signal.alarm(int(sys.argv[1]))
tracing, count = Tracing(data, Limits()), 0
texts = []
try:
    for step in tracing:
        count += 1
        if count % 5_000 == 0 or count < 50:
            texts += [step.arg_text or "", step.calls.text if step.calls else ""]
            texts += tracing.stack(top=3)
            del texts[:-20]
except TraceError as reason:
    texts += [str(reason)]
texts += [*tracing.stack(top=3)]
assert all(len(text) < 400 for text in texts), max(map(len, texts))
print(count)
"""

LONG = b"9" * 4_000_000
ENDLESS = 2**31 - 1
LAYERS = 1_000_000

HOSTILE: dict[str, Callable[[], bytes]] = {
    "put far away": lambda: assemble(
        ["NONE", ("PUT", 10**15), ("LONG_BINPUT", 2**32 - 1), "MEMOIZE", "STOP"]
    ),
    "many pickles after one that noted much": lambda: (
        b"\x80\x04]" + b"\x94" * 100_000 + b"." + b"N." * 100_000
    ),
    "get of a long number": lambda: b"Ng" + LONG + b"\n.",
    "lying string": lambda: b"X" + struct.pack("<I", 2**32 - 1) + b"short.",
    "lying bytes": lambda: b"\x8e" + struct.pack("<Q", 2**62) + b"short.",
    "lying bytearray": lambda: b"\x96" + struct.pack("<Q", 2**40) + b"short.",
    "lying frame": lambda: b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"N.",
    "lying long": lambda: b"\x8b" + struct.pack("<i", ENDLESS) + b"short.",
    "long decimal": lambda: b"L" + LONG + b"L\n.",
    "long hexadecimal": lambda: b"I0x" + LONG + b"\n.",
    "long float": lambda: b"F" + LONG + b"\n.",
    "long binary": lambda: b"\x8b" + struct.pack("<i", 3_000_000) + b"\x7f" * 3_000_000 + b".",
    "long string literal": lambda: b"S'" + b"\\" * 3_000_000 + b"'\n.",
    "long names": lambda: b"c" + LONG + b"\n" + LONG + b"\n.",
    "marks in marks": lambda: b"(" * 300_000 + b"t" * 300_000 + b".",
    "marks beyond the limit": lambda: b"(" * 1_500_000 + b".",
    "tuples in tuples": lambda: b")" + b"\x85" * LAYERS + b".",
    "lists in lists": lambda: b"]" * 300_000 + b"a" * 299_999 + b".",
    "dicts as keys": lambda: b")" + b"}" + b"q\x002s" * 5 + b"\x85" * 50_000 + b".",
    "results of results": lambda: b"ca\nb\n" + b")R" * 100_000 + b".",
    "arguments of arguments": lambda: b"N" + b"\x85q\x00ca\nb\nh\x00R" * 50_000 + b".",
    "states of states": lambda: b"ca\nb\n)R" + b"2b" * 100_000 + b".",
    "states of results": lambda: b"ca\nb\n)R" + b"q\x00ca\nb\n)Rh\x00b" * 30_000 + b".",
    "persistent ids of ids": lambda: b"N" + b"Q" * 200_000 + b".",
    "read-only views of views": lambda: b"\x97" + b"\x98" * 200_000 + b".",
    "doubling": lambda: b"N" + b"2\x86" * 200_000 + b".",
    "doubling through the memo": lambda: b"]" + b"q\x00h\x00h\x00\x87" * 50_000 + b".",
    "a pickle in every two bytes": lambda: b"N." * 50_000,
    "pickles that never end": lambda: b"N." * 3_000 + b"N" * 300_000,
    "all in one set": lambda: b"\x8f(" + b"K\x01" * 300_000 + b"\x90.",
    "one item at a time": lambda: b"]" + b"K\x01a" * 200_000 + b".",
}


def _python(script: str, *arguments: str, stdin: str = "") -> str:
    done: Any = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        input=stdin,
        check=False,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    answer: str = done.stdout
    return answer


def test_memory_is_the_same_for_ten_times_the_opcodes() -> None:
    """Streaming 100,000 opcodes of a list takes at most 1.5 times the memory of 10,000; `make bench` goes to 10^6."""
    few, many = map(int, _python(FLAT).split())
    assert many < 1.5 * few


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_sizes_are_bounded(name: str) -> None:
    """Each ends in texts of bounded length, within 1 GiB of memory and a time that no honest run nears."""
    assert int(_python(BOUNDED, "60", stdin=HOSTILE[name]().hex())) >= 0
