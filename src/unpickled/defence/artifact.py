"""What is kept and asked for by digest: an OCI manifest over a model's files, lock, signature, and why it is here.

The same manifest serves a folder on this machine (an OCI image layout) and a registry on a server.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from unpickled.defence.lock import Lock, Pin
from unpickled.defence.names import spelled
from unpickled.defence.refusals import GuardError, RefusedError
from unpickled.defence.seals import canonical

__all__ = [
    "ADMISSION",
    "EMPTY",
    "FILE",
    "LOCK",
    "MANIFEST",
    "SIGNATURE",
    "Blob",
    "Manifest",
    "Reference",
    "digest_of",
]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
ARTIFACT = "application/vnd.unpickled.model.v1"
FILE = "application/vnd.unpickled.model.file.v1"
LOCK = "application/vnd.unpickled.model.lock.v1"
SIGNATURE = "application/vnd.unpickled.model.signature.v1+json"
ADMISSION = "application/vnd.unpickled.model.admission.v1+json"
TITLE = "org.opencontainers.image.title"
_EMPTY = b"{}"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NAME = re.compile(
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
)
_LONGEST = 128
_REFUSE = "Do not use it: ask the curator."


def digest_of(data: bytes) -> str:
    """Return the digest by which some bytes are asked for."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Reference:
    """One artifact: a name, and the digest that says which."""

    name: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read `NAME@sha256:…`.

        Raises:
            GuardError: it is not that.
        """
        name, _, digest = text.partition("@")
        require_name(name)
        if not _DIGEST.fullmatch(digest):
            remedy = "Ask by digest: a name alone gives whatever is there today. unpickled guard list tells it."
            raise GuardError(text, "it is not NAME@sha256: and 64 digits", remedy)
        return cls(name, digest)

    def __str__(self) -> str:
        return f"{self.name}@{self.digest}"


@dataclass(frozen=True, slots=True)
class Blob:
    """Some bytes of an artifact: what they are, their digest and size; of a model's file its name too."""

    kind: str
    digest: str
    size: int
    name: str = ""

    @classmethod
    def of(cls, kind: str, data: bytes) -> Blob:
        """Describe bytes."""
        return cls(kind, digest_of(data), len(data))

    @classmethod
    def of_file(cls, pin: Pin) -> Blob:
        """Describe a file that is pinned."""
        return cls(FILE, f"sha256:{pin.sha256}", pin.size, pin.name)

    def to_json(self) -> dict[str, Any]:
        """Return an OCI descriptor."""
        described: dict[str, Any] = {
            "mediaType": self.kind,
            "digest": self.digest,
            "size": self.size,
        }
        if self.kind == FILE:
            described["annotations"] = {TITLE: spelled(self.name)}
        return described


EMPTY = Blob.of("application/vnd.oci.empty.v1+json", _EMPTY)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The parts of an artifact beside the model's files, which the lock names."""

    lock: Blob
    signature: Blob
    admission: Blob

    def to_bytes(self, lock: Lock) -> bytes:
        """Return the manifest of these parts and of the files of a lock."""
        layers = [*map(Blob.of_file, lock.pins), self.lock, self.signature, self.admission]
        return canonical(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "artifactType": ARTIFACT,
                "config": EMPTY.to_json(),
                "layers": [blob.to_json() for blob in layers],
            }
        )

    @classmethod
    def parse(cls, data: bytes, place: str) -> Manifest:
        """Read a manifest's own three parts; `require_files` holds the rest against the lock.

        Raises:
            RefusedError: it is none of ours.
        """
        try:
            found = json.loads(data)
            if (found["mediaType"], found["artifactType"]) != (MANIFEST, ARTIFACT):
                raise ValueError
            parts = {kind: _only(found["layers"], kind) for kind in (LOCK, SIGNATURE, ADMISSION)}
            return cls(parts[LOCK], parts[SIGNATURE], parts[ADMISSION])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise RefusedError(place, "it is no manifest of a model", _REFUSE) from None

    def require_files(self, data: bytes, lock: Lock, place: str) -> None:
        """Refuse a manifest that is not, byte by byte, that of these parts and of this lock.

        Raises:
            RefusedError: it lists other files than the lock.
        """
        if self.to_bytes(lock) != data:
            raise RefusedError(place, "its manifest and its lock do not agree", _REFUSE)


def require_name(name: str) -> None:
    """Refuse a name that a registry could not have.

    Raises:
        GuardError: it is none.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        remedy = "Use small letters and digits, with . _ - between them and / between parts: team/tiny-model"
        raise GuardError(name or "the name", "no artifact can have this name", remedy)


def _only(layers: Iterable[dict[str, Any]], kind: str) -> Blob:
    (layer,) = (layer for layer in layers if layer["mediaType"] == kind)
    digest, size = layer["digest"], layer["size"]
    if not _DIGEST.fullmatch(digest) or type(size) is not int or size < 0:
        raise ValueError
    return Blob(kind, digest, size)
