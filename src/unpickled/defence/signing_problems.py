"""What the packages below a signature raise, turned into one line: refused, or could not be judged."""

from __future__ import annotations

import ast
import errno
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from OpenSSL.crypto import X509StoreContextError

from unpickled.defence.refusals import GuardError, RefusedError
from unpickled.defence.scratch import no_room
from unpickled.defence.seals import PEM

__all__ = ["told", "told_of_keys"]

_REFUSE = "Do not load it: ask whoever published it."
_MISMATCH = "Signature mismatch: "
_SHOWN = 300
_OFFLINE = (
    "Keyless signatures need it. Without: sign with a key (unpickled guard keys), "
    "or check with --public-key or --ca."
)


def told(error: Exception, place: str) -> GuardError:
    """Return the error for a reader; what is not known to be a failure of ours or of the network is a refusal."""
    text = str(error)
    if _network(error):
        return GuardError("sigstore", "there is no network, or it does not answer", _OFFLINE)
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return no_room(Path(tempfile.gettempdir()), error)
    if isinstance(error, OSError):
        return GuardError(str(error.filename or place), error.strerror or text, "Check the path.")
    return RefusedError(place, _refusal(error, text), _REFUSE)


def told_of_keys(error: Exception, place: str) -> GuardError:
    """Return the error for what is raised while a key or a certificate is read."""
    if _network(error) or isinstance(error, OSError):
        return told(error, place)
    other = isinstance(
        error, AttributeError | UnsupportedAlgorithm
    )  # a key of RSA, say, has no curve
    why = "it is a key of another kind" if other else _line(str(error)) or type(error).__name__
    problem = f"it cannot be used: {why}"
    return GuardError(place, problem, PEM)


def _refusal(error: Exception, text: str) -> str:
    if isinstance(error, InvalidSignature):
        return "the signature is not of this key, or what it signs was changed"
    if isinstance(error, X509StoreContextError):
        return f"its certificate is not one of a CA that is trusted here ({_line(text)})"
    if text.startswith("Key mismatch"):
        return "it was signed with another key"
    if text.startswith(_MISMATCH):
        return f"the folder is not what was signed: {_diff(text)}"
    return f"it does not verify: {_line(text) or type(error).__name__}"


def _diff(text: str) -> str:
    """Return the list of differences as the package words it, without the list's own marks."""
    try:
        found = ast.literal_eval(text.removeprefix(_MISMATCH))
        return _line("; ".join(one.partition(": Expected 'Digest(")[0] for one in found))
    except (ValueError, SyntaxError, TypeError, AttributeError):
        return _line(text)


def _network(error: BaseException) -> bool:
    return any(_of_network(one) for one in _chain(error))


def _of_network(error: BaseException) -> bool:
    kind = type(error)
    return isinstance(error, ConnectionError | TimeoutError) or any(
        parent.__name__ in {"DownloadError", "RequestException", "NetworkError", "HTTPError"}
        for parent in kind.__mro__
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
