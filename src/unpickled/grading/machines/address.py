"""Where a cluster is, and how it is spoken to: plain on loopback, with TLS everywhere else."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from unpickled.grading.places import GradingError

__all__ = ["Address", "address_of", "on_loopback", "security"]

_ADDRESS = re.compile(
    r"(?:(?P<scheme>\w+)://)?(?P<host>\[[0-9A-Fa-f:.]+\]|[\w.-]+):(?P<port>\d{1,5})", re.ASCII
)
_REMEDY = "Use tls://HOST:PORT with --tls-ca-file, --tls-cert and --tls-key (docs/scaling.md)."


@dataclass(frozen=True, slots=True)
class Address:
    """A scheduler's address, and the files for TLS; empty where there is none.

    Attributes:
        url: "tcp://…" (loopback only) or "tls://…".
        ca: the one certificate authority whose certificates count.
        cert, key: of this process.
    """

    url: str
    ca: str = ""
    cert: str = ""
    key: str = ""

    def as_json(self) -> dict[str, str]:
        """Return it as the messenger takes it."""
        return asdict(self)


def address_of(
    text: str, *, ca: Path | None = None, cert: Path | None = None, key: Path | None = None
) -> Address:
    """Return a scheduler's address.

    Args:
        text: HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT.
        ca: a file with the certificate authority's certificate.
        cert: one with this process's own, signed by that authority.
        key: and one with its key.

    Raises:
        GradingError: it is no address, a plain one that is not on loopback, or TLS lacks a file.
    """
    found = _ADDRESS.fullmatch(text)
    if not found or not 0 < int(found["port"]) < 1 << 16:
        raise GradingError(text, "this is no scheduler's address", "Give tls://HOST:PORT.")
    files = {"--tls-ca-file": ca, "--tls-cert": cert, "--tls-key": key}
    scheme = found["scheme"] or ("tls" if any(files.values()) else "tcp")
    url = f"{scheme}://{found['host']}:{found['port']}"
    if scheme == "tls":
        for option, path in files.items():
            if path is None or not path.is_file():
                problem = f"TLS needs {option}" if path is None else f"{option}: there is no {path}"
                raise GradingError(url, problem, _REMEDY)
        return Address(url, *(str(path) for path in files.values()))
    if scheme != "tcp":
        raise GradingError(url, f"{scheme} is not spoken here", _REMEDY)
    if any(files.values()):
        raise GradingError(url, "this address is without TLS, and files for TLS are given", _REMEDY)
    if not on_loopback(url):
        problem = (
            "plain tcp leaves submissions and hidden tests for anyone on the way to read and change"
        )
        raise GradingError(url, problem, _REMEDY)
    return Address(url)


def on_loopback(url: str) -> bool:
    """Tell whether an address is this machine's own; a name other than `localhost` is not, whatever it means today."""
    found = _ADDRESS.fullmatch(url)
    if not found:
        return False
    host = found["host"].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def security(address: Mapping[str, str]) -> Any:
    """Return Dask's `Security` for an address as JSON; imports Dask."""
    from distributed import Security  # noqa: PLC0415 - a second, and only for those who have a cluster

    if not address["url"].startswith("tls://"):
        return Security(require_encryption=False)
    roles = ("client", "worker")
    return Security(
        require_encryption=True,
        tls_ca_file=address["ca"],
        **{f"tls_{role}_cert": address["cert"] for role in roles},
        **{f"tls_{role}_key": address["key"] for role in roles},
    )
