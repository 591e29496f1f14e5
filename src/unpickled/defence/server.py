"""The registry that is a server: any that speaks OCI's distribution protocol, by way of oras.

The same manifests as in a folder. A server keeps no index that a curator could seal, so what counts is the record in
each artifact: it names lock and signature, and the curator sealed it. The manifest goes up last; before that nothing is
named.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from unpickled.defence.admission import Admission
from unpickled.defence.artifact import MANIFEST, Blob, Manifest, Reference, digest_of
from unpickled.defence.reading import LARGEST
from unpickled.defence.refusals import AwayError, GuardError, RefusedError
from unpickled.defence.registry import Entry, Registry, not_there, other_bytes, verified, whole
from unpickled.defence.scratch import Scratch, no_room
from unpickled.defence.shelf import Shelf

if TYPE_CHECKING:
    from unpickled.defence.client import Client

__all__ = ["Server", "is_loopback", "open_registry"]

_PART = 16 << 20  # bytes; a larger file goes up in parts
_TAGS = 10_000
LISTING = 600.0
"""Seconds for all that is listed under one name."""
_BY_DIGEST = "Pull by the digest that you were told."
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HOST = re.compile(  # with a port, or a name with a dot and a path behind it
    r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]+(?:/.*)?|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+/.+"
)
_ADDRESS = "Write a server as http://127.0.0.1:5000 or https://registry.example.org"


def open_registry(where: str) -> Registry:
    """Return the registry at an address (`http://…`, `https://…`), or in a folder.

    Raises:
        GuardError: the address is no server's, or plain http to another machine; or it is an address of another kind,
            of which a folder would be made.
    """
    scheme = _SCHEME.match(where)
    if scheme and scheme[1].lower() in {"http", "https"}:
        return Server.at(where)
    begun = where.split("/", maxsplit=1)[0]
    if not where or scheme or (_HOST.fullmatch(where) and not os.path.lexists(begun)):
        remedy = f"{_ADDRESS}; a folder, by its path, as ./{where or 'shelf'}"
        raise GuardError(where or "the registry", "it is no registry's address", remedy)
    return Shelf(Path(where))


@dataclass(frozen=True, slots=True)
class Server:
    """A registry behind an address."""

    host: str
    plain: bool

    @classmethod
    def at(cls, address: str) -> Server:
        """Read an address.

        Raises:
            GuardError: it is none, or plain http to another machine.
        """
        try:
            parts = urlsplit(address)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            host = ""
        if not host or parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            raise GuardError(address, "it is no registry's address", _ADDRESS)
        if parts.scheme == "http" and not is_loopback(host):
            problem = "plain http to another machine shows your login to whoever listens"
            raise GuardError(address, problem, "Use https.")
        return cls(parts.netloc, parts.scheme == "http")

    def entries(
        self,
        curator: Path,
        name: str = "",
        *,
        left_out: Callable[[GuardError], object] = lambda _: None,
    ) -> tuple[Entry, ...]:
        """Return what this curator has let in under a name; what others put there is left out.

        Args:
            curator: the curator's public key.
            name: the name.
            left_out: told what could not be read, tag by tag: others may have put that there, or it is damaged.

        Raises:
            GuardError: no name is given, the server does not answer, or nothing that it names can be read.
        """
        if not name:
            raise GuardError(
                self.host, "a server is asked for one name", "unpickled guard list NAME"
            )
        found: list[Entry] = []
        unread: list[GuardError] = []
        judged = 0
        end = time.monotonic() + LISTING
        with self._client(name) as client:
            for tag in client.tags(_TAGS):
                if time.monotonic() > end:
                    problem = f"its list is not at its end after {LISTING / 60:g} minutes"
                    raise GuardError(self.host, problem, _BY_DIGEST)
                try:
                    found += self._tagged(client, name, tag, curator)
                    judged += 1
                except AwayError:
                    raise
                except GuardError as error:
                    unread.append(GuardError(f"{name}:{tag}", error.problem, error.remedy))
        if unread and not judged:
            raise unread[0]
        for one in unread:
            left_out(one)
        return tuple(sorted(set(found), key=lambda one: one.admitted))

    def manifest(self, reference: Reference, curator: Path) -> bytes:  # noqa: ARG002 - its record is asked for the curator
        """Return a manifest, verified by its digest.

        Raises:
            RefusedError: it is not there, or its bytes are others.
            GuardError: the server does not answer.
        """
        with self._client(reference.name) as client:
            data = client.get(f"manifests/{reference.digest}", LARGEST, accept=MANIFEST)
        if data is None:
            raise not_there(reference)
        if digest_of(data) != reference.digest:
            raise other_bytes(Blob(MANIFEST, reference.digest, len(data)), reference)
        return data

    def read(self, blob: Blob, reference: Reference) -> bytes:
        """Return a small blob, whole and verified; raises as `pieces`, and for one that is too large."""
        return whole(self.pieces(blob, reference), blob, reference)

    def pieces(self, blob: Blob, reference: Reference) -> Iterator[bytes]:
        """Yield a blob's bytes; where they turn out not to be its own, the end is an error.

        Raises:
            RefusedError: its bytes are others.
            GuardError: it is not there, or the server does not answer, or goes away half-way.
        """
        with self._client(reference.name) as client, client.stream(f"blobs/{blob.digest}") as got:
            if got is None:
                problem = f"the registry does not have {blob.digest}"
                raise GuardError(str(reference), problem, "It was removed: tell the curator.")
            yield from verified(client.pieces(got), blob, reference)

    @contextlib.contextmanager
    def held(self, waits: Callable[[], object] = lambda: None) -> Iterator[Path]:  # noqa: ARG002 - nobody is waited for
        """Give a folder for unfinished things; a server sorts out its publishers itself.

        Raises:
            GuardError: there is no room for it.
        """
        scratch = Scratch("unpickled-publish-")
        try:
            yield scratch.path
        except OSError as error:
            raise no_room(scratch.path.parent, error) from error
        finally:
            scratch.close()

    def keep(self, staged: Path, blob: Blob, name: str) -> None:
        """Send a whole file up, unless the server has it, and see that it gives it back.

        Raises:
            GuardError: the server does not answer, does not take it, or gives back something else.
        """
        with self._client(name) as client:
            client.send(staged, blob, in_parts=blob.size > _PART, part=_PART)
            if not _given_back(client, blob, name):
                raise self._not_kept(blob.digest)

    def add(self, reference: Reference, manifest: bytes, when: str, key: Path) -> None:  # noqa: ARG002 - the record is sealed
        """Send a manifest up, under a tag of its own, and ask for it: from then on the artifact is there.

        Raises:
            GuardError: the server does not answer, does not take it, or gives back something else.
        """
        stamp = "".join(letter for letter in when if letter.isdigit())
        with self._client(reference.name) as client:
            client.put(f"manifests/t{stamp}-{reference.digest[7:19]}", manifest, MANIFEST)
            if client.get(f"manifests/{reference.digest}", LARGEST, accept=MANIFEST) != manifest:
                raise self._not_kept(reference.digest)

    def _not_kept(self, digest: str) -> GuardError:
        problem = f"it does not give back {digest} as it was sent, so this is not published"
        remedy = "Its disk may be damaged, or it is no registry: ask whoever runs it."
        return GuardError(self.host, problem, remedy)

    def _client(self, name: str) -> contextlib.AbstractContextManager[Client]:
        from unpickled.defence.client import client  # noqa: PLC0415 - oras is imported for a server only

        return client(self.host, name, plain=self.plain)

    def _tagged(self, client: Client, name: str, tag: str, curator: Path) -> tuple[Entry, ...]:
        """Return what has a tag, if this curator let it in.

        Raises:
            GuardError: it cannot be read, or its bytes are others.
        """
        data = client.get(f"manifests/{tag}", LARGEST, accept=MANIFEST)
        if data is None:
            return ()
        reference = Reference(name, digest_of(data))
        try:
            manifest = Manifest.parse(data, str(reference))
        except RefusedError:
            return ()
        record = self.read(manifest.admission, reference)
        try:
            admission = Admission.read(record, curator, str(reference))
        except RefusedError:
            return ()
        entry = Entry(reference, len(data), admission.when)
        return (entry,) if admission.name == name else ()


def _given_back(client: Client, blob: Blob, name: str) -> bool:
    """Read a blob back: a server that has it already took none of what was sent, and its own may be damaged."""
    with client.stream(f"blobs/{blob.digest}") as got:
        if got is None:
            return False
        try:
            for _ in verified(client.pieces(got), blob, Reference(name, blob.digest)):
                pass
        except RefusedError:
            return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name or number; no name is looked up."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
