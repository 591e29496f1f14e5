"""A scheduler that means harm: `python -m tests.grading.rogue PORT-FILE MARKER` answers with pickles wherever it can.

Loading any of them makes the folder MARKER: whoever speaks to this must not.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from distributed import protocol
from distributed.core import Server
from distributed.protocol.serialize import ToPickle

from unpickled.grading.machines.briefing import fingerprint

MARKER = sys.argv[2] if len(sys.argv) > 2 else ""


class PayloadError(Exception):
    def __reduce__(self):
        # Dask loads what it is about to send as an error, to see whether that can be done: here, that is no harm.
        return exec, (f"import os; os.getpid() == {os.getpid()} or os.mkdir({MARKER!r})",)


def hello(**more):
    return json.dumps(
        {"fingerprint": fingerprint(""), "lacking": "", "places": 1, "run": ""} | more
    )


def fails():
    raise PayloadError


ANSWERS = {
    "pickled": lambda: ToPickle(PayloadError()),
    "serialized": lambda: protocol.to_serialize(PayloadError()),
    "in-a-dict": lambda: {"deep": [ToPickle(PayloadError())]},
    "error": fails,
    "old": lambda: hello(fingerprint="other"),
    "bare": lambda: hello(lacking="no bubblewrap"),
    "busy": hello,
    "no-json": lambda: '{"lacking": NaN',
    "silent": lambda: None,
}


class Rogue(Server):
    def __init__(self) -> None:
        super().__init__({"identity": self.identity, "proxy": self.proxy})

    def identity(self):
        return {"workers": {f"tcp://127.0.0.1:{n}": {} for n in range(1, len(ANSWERS) + 1)}}

    def proxy(self, worker, msg, serializers=None):
        name = list(ANSWERS)[int(worker.rpartition(":")[2]) - 1]
        if name == "busy" and msg["op"] == "unpickled_begin":
            return json.dumps({"run": "of another"})
        return ANSWERS[name]()


async def main() -> None:
    server = Rogue()
    await server.listen("tcp://127.0.0.1:0")
    Path(sys.argv[1]).write_text(server.address)
    await asyncio.sleep(120)


if __name__ == "__main__":
    asyncio.run(main())
