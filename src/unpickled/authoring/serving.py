"""The author's preview: slides and teleprompter at an address of this machine, which reload when told to.

A page is shown as it is, in a frame; the page around it listens for events and reloads the frame, so that what authors
look at is what readers get, with its own rule against requests. The server listens on the loopback address alone,
answers only to that name (a web page elsewhere cannot reach it by a name of its own), and hands out nothing but what is
generated.
"""

from __future__ import annotations

import json
import time
from html import escape
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Thread
from types import TracebackType
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from unpickled.errors import SetupError

__all__ = ["Server"]

SERVED = ("slides", "video-scripts")
HOSTS = ("127.0.0.1", "localhost")
KEEP = 10.0  # seconds after which a silent line says that it is still there
AROUND = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
html, body, iframe {{ margin: 0; width: 100%; height: 100%; border: 0; display: block; overflow: hidden; }}
#fault {{ position: fixed; inset: auto 0 0 0; padding: 12px 18px; background: #7a1f17; color: #fff;
  font: 18px/1.4 monospace; white-space: pre-wrap; }}
#fault:empty {{ display: none; }}
</style></head><body>
<iframe src="{address}" title="{title}"></iframe><div id="fault" role="alert"></div>
<script>
"use strict";
const frame = document.querySelector("iframe"), fault = document.getElementById("fault");
let shown = null;
frame.addEventListener("load", () => frame.contentWindow.focus());
new EventSource("/events").addEventListener("message", (event) => {{
  const told = JSON.parse(event.data);
  fault.textContent = told.fault;
  if (shown !== null && told.version !== shown) frame.contentWindow.location.reload();
  shown = told.version;
}});
</script></body></html>
"""


class Server:
    """Serves a course's generated pages until it is closed; use it as a context.

    Args:
        root: the course's folder.
        port: to listen at; 0 for any free one.

    Raises:
        SetupError: the port is taken.
    """

    def __init__(self, root: Path, port: int = 0) -> None:
        try:
            self._server = _Listener((HOSTS[0], port), root)
        except OSError as error:
            remedy = "Name another: --port 0 takes a free one."
            raise SetupError(
                f"port {port}", f"cannot be listened at: {error.strerror}", remedy
            ) from error
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{HOSTS[0]}:{self._server.server_address[1]}/"

    def tell(self, *, fault: str = "", built: bool = True) -> None:
        """Have every open page reload, if something was built, and show a fault, or take the last one away."""
        self._server.tell(fault, built=built)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        self._thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], root: Path) -> None:
        self.root = root
        self.changed = Condition()
        self.version = time.time_ns()  # a page that outlives us reloads when we are back
        self.events = 1
        self.fault = ""
        self.open = True
        super().__init__(address, _Handler)

    def tell(self, fault: str, *, built: bool) -> None:
        with self.changed:
            self.events += 1
            self.version += built
            self.fault = fault
            self.changed.notify_all()

    def wait(self, told: int) -> tuple[int, str]:
        """Return the number of the last event and its data: a new one, or the one told after a while in any case."""
        with self.changed:
            self.changed.wait_for(lambda: self.events != told or not self.open, timeout=KEEP)
            row = {"version": str(self.version), "fault": self.fault}
            return self.events, json.dumps(row)

    def close(self) -> None:
        with self.changed:
            self.open = False
            self.changed.notify_all()
        self.shutdown()
        self.server_close()


class _Handler(SimpleHTTPRequestHandler):
    server: _Listener

    def __init__(self, request: Any, address: Any, server: _Listener) -> None:
        super().__init__(request, address, server, directory=str(server.root))

    def do_GET(self) -> None:
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        path = unquote(urlsplit(self.path).path)
        if host not in HOSTS:
            self.send_error(HTTPStatus.FORBIDDEN, "This server answers to its own machine only")
        elif path == "/":
            self._page(_index(self.server.root))
        elif path == "/events":
            self._events()
        elif path.startswith("/watch/") and self._generated(path[7:]):
            address = escape(quote(path[6:]), quote=True)
            self._page(AROUND.format(title=escape(path[7:]), address=address))
        elif self._generated(path[1:]):
            super().do_GET()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def _generated(self, name: str) -> bool:
        """Tell whether a name is that of a generated file, wherever dots and links in it may lead."""
        target = (self.server.root / name).resolve()
        folders = [self.server.root.resolve() / served for served in SERVED]
        return target.is_file() and any(target.is_relative_to(folder) for folder in folders)

    def _page(self, text: str) -> None:
        data = text.encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _events(self) -> None:
        """Send the version that is built now, and each later one (https://html.spec.whatwg.org/#server-sent-events)."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        told = 0
        try:
            while self.server.open:
                last, row = self.server.wait(told)
                self.wfile.write(
                    b": still here\n\n" if last == told else f"data: {row}\n\n".encode()
                )
                told = last
        except (BrokenPipeError, ConnectionResetError):
            return  # the page was closed

    def end_headers(self) -> None:
        """Forbid keeping what was sent: the next one is newer."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing of single requests."""


def _index(root: Path) -> str:
    """List the pages that reload, and the other generated files."""
    rows = []
    for folder in SERVED:
        for path in sorted((root / folder).rglob("*.*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and not path.name.startswith(".") and path.suffix != ".json":
                prefix = "/watch/" if path.suffix == ".html" else "/"
                rows.append(f'<li><a href="{prefix}{quote(name)}">{escape(name)}</a></li>')
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Preview</title></head>'
        f"<body><h1>Preview</h1><ul>{''.join(rows)}</ul></body></html>\n"
    )
