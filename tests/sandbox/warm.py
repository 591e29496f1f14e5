"""The warm program of the nest's tests: each fork runs the Python text that it reads, and answers with JSON."""

import json
import os
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(sys.argv[3])))

from unpickled.sandbox.enclosing import serve

SECRETS = ["what the warm program knows"]


def attempt(do, *given):
    try:
        return ["done", do(*given)]
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
        return [type(error).__name__, getattr(error, "errno", None)]


def body(fds):
    reading, writing = fds
    text = os.read(reading, 60_000).decode()
    names = {"attempt": attempt, "os": os, "json": json, "sys": sys, "Path": Path}
    exec(text, names)
    os.write(writing, json.dumps(names["told"]).encode())


if __name__ == "__main__":
    control = socket.socket(fileno=int(sys.argv[1]))
    control.send(b"w")
    serve(control, body, walled=sys.argv[2] == "walled")
