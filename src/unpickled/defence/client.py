"""oras, with time limits, without its minutes of waiting, and with one line for whatever goes wrong."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import oras.auth
import oras.container
import oras.provider
import requests

from unpickled.defence.artifact import Blob
from unpickled.defence.pace import Pace, Paced
from unpickled.defence.refusals import AwayError, GuardError

__all__ = ["CONNECT", "READ", "Client", "client"]

CONNECT, READ = 10.0, 60.0
"""Seconds for a server to take a call, and to say something more."""

_CHUNK = 1 << 16
_PAUSE = 1.0  # seconds for a server that failed to come to itself
_SMALL = 4 << 20  # bytes of an answer that oras reads whole: an error, a token, a page of tags
_PAGE = 1000  # tags
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)  # OCI's distribution specification
_ON_THE_WAY = (
    requests.exceptions.Timeout,
    requests.exceptions.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
)
_AGAIN = "Nothing was changed here. Try again, or ask whoever runs it."


class _Bounded(Paced):
    """Requests waits for ever by default, and reads an answer to its end, however far away that is."""

    def send(self, request: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        options["timeout"] = (CONNECT, READ)
        self._pace.begin(CONNECT + READ, int(request.headers.get("Content-Length", 0)))
        got: requests.Response = super().send(request, **options)
        if not (options.get("stream") and got.status_code == 200):  # which nobody reads in pieces
            host = urlsplit(request.url).netloc
            with contextlib.closing(got):
                whole = _joined(_pieces(got, self._pace), _SMALL, host)
            got._content = whole  # noqa: SLF001 - where requests keeps what it has read
        return got


def _pieces(got: requests.Response, pace: Pace) -> Iterator[bytes]:
    """Yield what an answer holds, as long as it comes fast enough."""
    for piece in got.iter_content(_CHUNK):
        pace.more(len(piece))
        yield piece
    if pace.late:
        raise requests.exceptions.Timeout


def _joined(pieces: Iterator[bytes], most: int, place: str) -> bytes:
    """Return a small answer as a whole.

    Raises:
        GuardError: it is not small.
    """
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > most:
            raise GuardError(place, "its answer is too large", _AGAIN)
    return bytes(data)


class _Oras(oras.provider.Registry):  # type: ignore[misc] # it has no types
    """oras asks again for two minutes when a server is away; a person would rather know."""

    def do_request(self, *args: Any, **options: Any) -> Any:
        """Ask once."""
        return oras.provider.Registry.do_request.__wrapped__(self, *args, **options)


class Client:
    """One name on one server.

    Attributes:
        refused: whether the last answer asked for a login.
    """

    def __init__(self, host: str, name: str, *, plain: bool) -> None:
        self._host = host
        self._oras = _Oras(hostname=host, insecure=plain)
        self.refused = False
        self._oras.session.hooks["response"].append(self._note)
        self._oras.session.trust_env = not plain  # no proxy between this machine and itself
        self._pace = Pace()
        for scheme in ("http://", "https://"):
            self._oras.session.mount(scheme, _Bounded(self._pace, max_retries=0))
        self._container = oras.container.Container(f"{host}/{name}")
        if (self._container.registry, self._container.api_prefix) != (host, name):
            raise GuardError(
                f"{host}/{name}", "oras reads this name in another way", "Choose another name."
            )
        self._oras.auth.load_configs(self._container)
        self._base = f"{self._oras.prefix}://{host}/v2/{name}"

    def close(self) -> None:
        """Close the connections."""
        self._oras.session.close()
        self._pace.end()

    @property
    def late(self) -> bool:
        """Whether the server was too slow on the whole, and was left."""
        return self._pace.late

    def pieces(self, got: requests.Response) -> Iterator[bytes]:
        """Yield what an answer holds, as long as it comes fast enough."""
        return _pieces(got, self._pace)

    def tags(self, most: int) -> Iterator[str]:
        """Yield the tags of the name, page by page; none where the server does not know it.

        Raises:
            GuardError: there are more.
            ValueError: it is no list of tags, or one that leads round in a circle, or to another server.
        """
        seen: set[str] = set()
        path = f"tags/list?n={_PAGE}"
        while path:
            with self.stream(path) as got:
                if got is None:
                    return
                page = json.loads(_joined(self.pieces(got), _SMALL, self._host))["tags"] or []
                link = got.links.get("next", {}).get("url", "")
            if not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in page):
                raise ValueError("that is no tag")
            if seen.intersection(page) or (link and not page):
                raise ValueError("a page comes again")
            seen.update(page)
            if len(seen) > most:
                problem = f"it has more than {most:,} tags of this name"
                raise GuardError(self._host, problem, "Pull by the digest that you were told.")
            yield from page
            path = self._below(link) if link else ""

    def _below(self, link: str) -> str:
        """Return a link's path below the name; a login is shown to nobody else."""
        url = urljoin(f"{self._base}/tags/", link)
        if not url.startswith(f"{self._base}/tags/"):
            raise ValueError("it leads elsewhere")
        return url.removeprefix(f"{self._base}/")

    def get(self, path: str, most: int, *, accept: str = "") -> bytes | None:
        """Return a small answer; None where the server does not have it."""
        with self.stream(path, accept=accept) as got:
            return None if got is None else _joined(self.pieces(got), most, self._host)

    @contextlib.contextmanager
    def stream(self, path: str, *, accept: str = "") -> Iterator[requests.Response | None]:
        """Give an answer to read piece by piece; None where the server does not have it."""
        headers = {"Accept-Encoding": "identity"} | ({"Accept": accept} if accept else {})
        with contextlib.closing(self._ask("GET", path, headers=headers, stream=True)) as got:
            if got.status_code == 404:
                yield None
                return
            self._require(got)
            yield got

    def send(self, file: Path, blob: Blob, *, in_parts: bool, part: int) -> None:
        """Send a file up as a blob, unless it is there."""
        layer = {"digest": blob.digest, "size": blob.size, "mediaType": blob.kind}

        def up() -> requests.Response:
            return self._oras.upload_blob(  # type: ignore[no-any-return]
                str(file), self._container, layer, do_chunked=in_parts, chunk_size=part
            )

        self._require(_twice(up))

    def put(self, path: str, data: bytes, kind: str) -> None:
        """Put a manifest, byte by byte as it is."""
        headers = {"Content-Type": kind}
        self._require(self._ask("PUT", path, data=data, headers=headers))

    def _ask(self, method: str, path: str, **options: Any) -> requests.Response:
        return _twice(lambda: self._oras.do_request(f"{self._base}/{path}", method, **options))

    def _note(self, got: requests.Response, **_: Any) -> None:
        """Note whether it was the login that an answer lacked; what oras then trips over says less."""
        self.refused = got.status_code in (401, 403)

    def _require(self, got: requests.Response) -> None:
        if got.status_code in (200, 201, 202):
            return
        if got.status_code in (401, 403):
            raise _closed(self._host)
        raise GuardError(self._host, f"it answers with an error: {_said(got)}", _AGAIN)


def _twice(ask: Callable[[], requests.Response]) -> requests.Response:
    """Ask, and once more where the server fails, as docker-registry does while two send up one blob."""
    got = ask()
    if got.status_code < 500:
        return got
    got.close()
    time.sleep(_PAUSE)
    return ask()


@contextlib.contextmanager
def client(host: str, name: str, *, plain: bool) -> Iterator[Client]:
    """Give a client, and turn what requests and oras raise into one line.

    Raises:
        AwayError: the server does not answer, goes away half-way, or says something that is no answer.
    """
    asking: Client | None = None
    try:
        asking = Client(host, name, plain=plain)
        yield asking
    except oras.auth.AuthenticationException as error:
        raise _closed(host) from error
    except (
        requests.exceptions.RequestException,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        if asking is not None and asking.refused and not isinstance(error, _ON_THE_WAY):
            raise _closed(host) from error
        raise _why(host, error, late=asking is not None and asking.late) from error
    finally:
        if asking is not None:
            asking.close()


def _why(host: str, error: Exception, *, late: bool) -> AwayError:
    """Return the error for what requests raised, or tripped over."""
    if late or isinstance(error, requests.exceptions.Timeout):
        return AwayError(host, "it does not answer in time", _AGAIN)
    if isinstance(error, requests.exceptions.SSLError):
        remedy = "Do not go on over http: have its certificate put right."
        return AwayError(host, "its certificate is not one that this machine trusts", remedy)
    if isinstance(
        error, requests.exceptions.ConnectionError | requests.exceptions.ChunkedEncodingError
    ):
        problem = "there is no registry, or it went away half-way"
        return AwayError(host, problem, f"Is it running? {_AGAIN}")
    return AwayError(host, "its answer is none of a registry", _AGAIN)


def _closed(host: str) -> AwayError:
    remedy = "Log in with oras or docker, whose configuration is read, then try again."
    return AwayError(host, "it does not let you in", remedy)


def _said(got: requests.Response) -> str:
    """Return the first message of an OCI error, or the status."""
    with contextlib.suppress(
        ValueError, KeyError, TypeError, IndexError, requests.RequestException
    ):
        text = str(json.loads(got.content[:10_000])["errors"][0]["message"])
        return f"{got.status_code} {' '.join(text.split())[:200]}"
    return f"{got.status_code} {got.reason}"
