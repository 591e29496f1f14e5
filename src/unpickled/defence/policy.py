"""`policy.toml`: what may be loaded here, and where the log of it is."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unpickled.defence.loaders import LOADERS
from unpickled.defence.reading import read_small
from unpickled.defence.refusals import GuardError
from unpickled.defence.signing import Trust
from unpickled.weights import KINDS

__all__ = ["MUSTS", "Policy", "read_policy", "same_file"]

MUSTS = ("pinned", "signed", "scanned")
_VERSION = 1
_REQUIRED = {"version": int, "formats": list, "must": list, "weights_only": bool, "log": str}
_OPTIONAL = {"folder": str, "lock": str, "signature": str, "public_key": str, "ca": list}
_NEEDS = {"pinned": ("folder", "lock"), "signed": ("folder", "signature")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a load has to pass.

    Attributes:
        formats: ids of formats, told by content.
        must: of `MUSTS`.
        weights_only: whether nothing may be loaded by an unpickler that calls what a file names.
        log: where each load is written down.
        folder: the model that lock and signature are of; None where neither is asked for.
        lock: its lock.
        signature: its signature.
        trust: whose signature is taken.
        digest: SHA-256 of the policy file, for the log.
    """

    formats: tuple[str, ...]
    must: tuple[str, ...]
    weights_only: bool
    log: Path
    folder: Path | None
    lock: Path | None
    signature: Path | None
    trust: Trust | None
    digest: str


def read_policy(path: Path) -> Policy:
    """Read a policy; its paths start at its own folder.

    Raises:
        GuardError: it is missing, no TOML, of another version, or says too little, too much, or something unknown.
    """
    from unpickled.defence.artifact import digest_of  # noqa: PLC0415 - it needs no more than this

    data, place = read_small(path, "Write it anew."), str(path)
    try:
        said = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise GuardError(place, f"it is no TOML: {error}", "Mend that line.") from None
    _require_words(said, place)
    at = path.absolute().parent
    _require_log(at / said["log"], place)
    places = {
        name: at / said[name] if name in said else None for name in ("folder", "lock", "signature")
    }
    trust = _trust(said, at, place)
    keys = (trust.public_key, *trust.roots) if trust else ()
    _require_apart(
        at / said["log"], places["folder"], path, places["lock"], places["signature"], *keys
    )
    return Policy(
        formats=tuple(said["formats"]),
        must=tuple(said["must"]),
        weights_only=said["weights_only"],
        log=at / said["log"],
        trust=trust,
        digest=digest_of(data),
        **places,
    )


def _require_words(said: dict[str, Any], place: str) -> None:
    version = said.get("version", _VERSION)
    if version != _VERSION:
        problem = f"it is a policy of version {version}, and this program knows version {_VERSION}"
        raise GuardError(place, problem, "Use the release of unpickled that it was written for.")
    known = {**_REQUIRED, **_OPTIONAL}
    for name in said.keys() - known.keys():
        raise GuardError(place, f'it knows no "{name}"', f"It may say: {', '.join(known)}.")
    for name in _REQUIRED.keys() - said.keys():
        raise GuardError(
            place, f'it does not say "{name}"', "Say it: nothing is taken for granted."
        )
    for name, value in said.items():
        if type(value) is not known[name] or not _texts(value):
            raise GuardError(place, f'"{name}" is {value!r}', f"Write {_WORDS[known[name]]}.")
    _require_known(said["formats"], KINDS, "format", place)
    _require_loaders(said["formats"], place)
    _require_known(said["must"], MUSTS, "must", place)
    for must in said["must"]:
        for name in _NEEDS.get(must, ()):
            if name not in said:
                raise GuardError(
                    place, f'what must be {must} needs "{name}"', f"Say it: {name} = …"
                )


_WORDS = {int: "a number", list: "a list of texts", bool: "true or false", str: "a text"}


def _texts(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, str) and _texts(one) for one in value)
    return value != "" and not (isinstance(value, str) and "\0" in value)


def _require_loaders(formats: list[str], place: str) -> None:
    for form in formats:
        if form not in LOADERS:
            problem = f"nothing here loads {form} ({KINDS[form].label}), so none could ever pass"
            raise GuardError(place, problem, f"Take it out. There is {', '.join(LOADERS)}.")


def _require_log(log: Path, place: str) -> None:
    """Refuse a log that no line could be written to, before anything is loaded."""
    try:
        if log.is_dir() or not log.parent.is_dir() or (log.exists() and not log.is_file()):
            raise IsADirectoryError
    except OSError:
        remedy = "Name a file, in a folder that is there."
        raise GuardError(place, f'"log" is {str(log)!r}, which cannot be a log', remedy) from None


def _require_apart(log: Path, folder: Path | None, *others: Path | None) -> None:
    """Refuse a log that is something else already, or that would change what is pinned."""
    remedy = "Name a file of its own."
    if folder is not None and os.path.realpath(log).startswith(os.path.realpath(folder) + os.sep):
        raise GuardError(str(log), "the log lies in the policy's folder of weights", remedy)
    for other in others:
        if other is not None and same_file(log, other):
            raise GuardError(str(log), "the log is a file that the policy needs", remedy)


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths are one file, by way of links too."""
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    return one.exists() and other.exists() and one.samefile(other)


def _require_known(words: list[str], known: Any, what: str, place: str) -> None:
    for word in words:
        if word not in known:
            raise GuardError(
                place, f'there is no {what} "{word}"', f"Choose from: {', '.join(known)}."
            )


def _trust(said: dict[str, Any], at: Path, place: str) -> Trust | None:
    if "signed" not in said["must"]:
        return None
    if ("public_key" in said) == bool(said.get("ca")):
        problem = "it does not say, once, whose signature is taken"
        raise GuardError(place, problem, 'Say public_key = "…", or ca = ["…"].')
    if "public_key" in said:
        return Trust(public_key=at / said["public_key"])
    return Trust(roots=tuple(at / name for name in said["ca"]))
