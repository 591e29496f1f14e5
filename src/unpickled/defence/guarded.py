"""`guarded_load`: the one way to load. Format, policy, then the right library in the sandbox, then a line in the log.

This package cannot unpickle, so what is loaded stays in a child behind the wall; handed over is what it is: names and
types. Of a format that holds no program the copy that was judged is handed over, too, for the caller's own library.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from unpickled.defence.account import account
from unpickled.defence.appending import append
from unpickled.defence.gate import judge
from unpickled.defence.loaders import HANDED, LOADERS, LOOKED_INTO, PASSED, UNRESTRICTED
from unpickled.defence.lock import read_lock
from unpickled.defence.names import spelled
from unpickled.defence.policy import Policy, same_file
from unpickled.defence.refusals import GuardError, RefusedError
from unpickled.defence.scratch import Scratch, no_room, require_room
from unpickled.defence.signing import check_signature
from unpickled.errors import CourseError, SandboxError
from unpickled.sandbox import Limits, run_python
from unpickled.weights import identify, inspect
from unpickled.weights.files import open_regular

__all__ = ["GuardedLoad", "guarded_load"]

_SCRIPT = Path(__file__).with_name("load_guarded.txt")
_CHUNK = 1 << 20
_TORCH = 3 << 30
_REFUSE = "Nothing was loaded."
_OPTION = "--unsafe-no-sandbox"  # other commands have it, and this door has not
_WALL = f"{_REFUSE} Install bubblewrap: apt install bubblewrap"
_GRACE = 30  # seconds from the child's last moment to the line that tells its end


@dataclass(frozen=True, slots=True)
class GuardedLoad:
    """What was loaded. Use it in a `with`: at its end the copy that was judged is removed.

    Attributes:
        format: id of its format.
        digest: SHA-256 of the very bytes that were loaded.
        tool: the library, with its version.
        found: what it handed over, in a few lines: names and types.
        isolation: where it was loaded.
        line: the hash of its line in the log.
    """

    format: str
    digest: str
    tool: str
    found: tuple[str, ...]
    isolation: str
    line: str
    _copy: Path = field(repr=False)
    _scratch: Scratch = field(repr=False)
    _handed: bool = field(repr=False)

    @property
    def path(self) -> Path:
        """The very copy that was judged, pinned, signed and loaded: read-only, and nobody else's to change.

        Raises:
            GuardError: the format can hold a program, and such a file is loaded in the sandbox only.
        """
        if not self._handed:
            problem = f"a file of this format ({self.format}) can hold a program, and stays in the sandbox"
            remedy = "Use safetensors, and weights_only = true: unpickled convert makes it."
            raise GuardError(self._copy.name, problem, remedy)
        return self._copy

    def open(self) -> BinaryIO:
        """Open that copy for reading; raises as `path`."""
        return self.path.open("rb")

    def close(self) -> None:
        """Remove the copy."""
        self._scratch.close()

    def __enter__(self) -> GuardedLoad:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(slots=True)
class _Attempt:
    """What is known so far of one load, for its line."""

    path: Path
    digest: str = ""
    form: str = ""
    verdict: str = "not scanned"
    signer: str = ""
    begun: str = ""
    told: dict[str, object] = field(default_factory=dict)


def guarded_load(path: str | os.PathLike[str], policy: Policy, *, seconds: int = 60) -> GuardedLoad:
    """Load a file if the policy lets it, and write down what came of it, whatever that is.

    A copy that nobody else can write to is judged, and that copy is loaded. A line says that the load begins, before it
    does, and one what came of it, before anything is handed over.

        with guarded_load("model.safetensors", policy) as done:
            weights = safetensors.numpy.load_file(done.path)

    Args:
        path: the file.
        policy: what it has to pass.
        seconds: how long the load may take.

    Raises:
        RefusedError: the policy does not let it. The log says so.
        GuardError: it could not be judged or loaded (the log says so), or the log cannot be written.
        SandboxError: there is no sandbox here. The log says so.
    """
    attempt = _Attempt(Path(path))
    if same_file(attempt.path, policy.log):
        raise GuardError(str(policy.log), "what is to be loaded is the log", "Name another log.")
    with contextlib.ExitStack() as stack:
        try:
            scratch = Scratch("unpickled-guarded-")
            stack.callback(scratch.close)
            copy = _copied(attempt, scratch.path)
            _judged(attempt, copy, policy)
            attempt.begun = _write(attempt, policy, "begun", "", until=seconds + _GRACE)
            _loaded(attempt, copy, policy, seconds)
        except CourseError as error:
            outcome = "refused" if isinstance(error, RefusedError) else "failed"
            _write(attempt, policy, outcome, f"{error.place}: {error.problem}")
            raise
        except BaseException as error:
            _write(attempt, policy, "failed", f"stopped by {type(error).__name__}")
            raise
        line = _write(attempt, policy, "loaded", "")
        stack.pop_all()
    found = attempt.told["found"]
    assert isinstance(found, tuple)  # noqa: S101 - for the type checker
    tool, isolation = str(attempt.told["tool"]), str(attempt.told["isolation"])
    handed = policy.weights_only and attempt.form in HANDED
    return GuardedLoad(
        attempt.form, attempt.digest, tool, found, isolation, line, copy, scratch, handed
    )


def _write(
    attempt: _Attempt, policy: Policy, outcome: str, why: str, *, until: int | None = None
) -> str:
    """Write a line: the end of a load, or that one begins, and by when its end is to be expected."""
    now = datetime.now(UTC)
    record = {
        "event": "load",
        "time": _written(now),
        "user": account(),
        "path": spelled(str(attempt.path.absolute())),
        "digest": attempt.digest,
        "format": attempt.form,
        "verdict": attempt.verdict,
        "signer": attempt.signer,
        "policy": policy.digest,
        "outcome": outcome,
        "why": why[:1000],
    }
    if attempt.begun:
        record["begun"] = attempt.begun
    if until is not None:
        record["until"] = _written(now + timedelta(seconds=until))
    return append(policy.log, record)


def _written(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _copied(attempt: _Attempt, home: Path) -> Path:
    """Copy the file as long as it was when it was opened, and hash it on its way."""
    digest = hashlib.sha256()
    copy = home / attempt.path.name
    with open_regular(attempt.path) as source:
        left = os.fstat(source.fileno()).st_size
        require_room(home, left)
        _add(copy, b"")
        while left and (piece := source.read(min(left, _CHUNK))):
            digest.update(piece)
            _add(copy, piece)
            left -= len(piece)
        if left or source.read(1):
            problem, remedy = "it changed while it was read", "Let whoever writes to it end first."
            raise GuardError(str(attempt.path), problem, remedy)
    copy.chmod(0o400)
    attempt.digest = digest.hexdigest()
    attempt.form = identify(copy).id
    return copy


def _add(copy: Path, piece: bytes) -> None:
    try:
        with copy.open("ab") as target:
            target.write(piece)
    except OSError as error:
        raise no_room(copy.parent.parent, error) from error


def _judged(attempt: _Attempt, copy: Path, policy: Policy) -> None:
    """Ask for everything that the policy asks for, the cheapest first."""
    place = str(attempt.path)
    if attempt.form not in policy.formats:
        allowed = ", ".join(policy.formats) or "nothing"
        problem = f"its format is {attempt.form}, and the policy allows {allowed}"
        raise RefusedError(place, problem, _REFUSE)
    if policy.weights_only and LOADERS[attempt.form] in UNRESTRICTED:
        problem = f"nothing here loads the weights only of this format ({attempt.form})"
        raise RefusedError(
            place, problem, f"{_REFUSE} Use one that has no program in it: safetensors."
        )
    if "pinned" in policy.must:
        _require_pinned(attempt, policy)
    if "signed" in policy.must:
        _require_signed(attempt, policy)
    if "scanned" in policy.must:
        _require_scanned(attempt, copy)
    elif policy.weights_only and attempt.form in LOOKED_INTO:
        for risk in inspect(copy).contents.risks:
            if risk.kind not in PASSED:
                problem = f"it is not weights only: {risk.text.rstrip('.')}"
                raise RefusedError(place, problem, _REFUSE)


def _require_scanned(attempt: _Attempt, copy: Path) -> None:
    """Have it scanned, and keep what the scan said, whether it lets the file pass or not."""
    try:
        (judged,) = judge(copy.parent, [copy.name])
    except RefusedError as error:
        attempt.verdict = error.verdict
        raise
    attempt.verdict = judged.how


def _name(attempt: _Attempt, policy: Policy) -> str:
    """Return the file's name below the policy's folder."""
    assert policy.folder is not None  # noqa: S101 - the policy was read with care
    folder = policy.folder.resolve()
    real = attempt.path.parent.resolve() / attempt.path.name
    if not real.is_relative_to(folder):
        problem = f"it does not lie in the policy's folder, {policy.folder}"
        raise RefusedError(str(attempt.path), problem, _REFUSE)
    return real.relative_to(folder).as_posix()


def _require_pinned(attempt: _Attempt, policy: Policy) -> None:
    assert policy.lock is not None  # noqa: S101 - as above
    name = _name(attempt, policy)
    pins = {pin.name: pin.sha256 for pin in read_lock(policy.lock).pins}
    if name not in pins:
        raise RefusedError(str(attempt.path), f"{policy.lock.name} does not pin it", _REFUSE)
    if pins[name] != attempt.digest:
        problem = f"its sha256 is {attempt.digest[:12]}…, pinned is {pins[name][:12]}…"
        raise RefusedError(str(attempt.path), problem, _REFUSE)


def _require_signed(attempt: _Attempt, policy: Policy) -> None:
    assert policy.folder is not None  # noqa: S101 - as above
    assert policy.signature is not None  # noqa: S101
    assert policy.trust is not None  # noqa: S101
    signed = check_signature(policy.folder, policy.signature, policy.trust)
    if signed.sha256.get(_name(attempt, policy)) != attempt.digest:
        problem = (
            "what was read is not what was signed, or is signed with another hash than SHA-256"
        )
        raise RefusedError(str(attempt.path), problem, _REFUSE)
    attempt.signer = signed.who


def _loaded(attempt: _Attempt, copy: Path, policy: Policy, seconds: int) -> None:
    """Load the copy behind the wall, and keep what the child tells."""
    loader = LOADERS[attempt.form]
    words = [str(copy), loader, "yes" if policy.weights_only else "no"]
    limits = Limits(seconds=seconds, memory=_TORCH + 3 * copy.stat().st_size, processes=64)
    try:
        ran = run_python(_SCRIPT, words, limits=limits, readable=[copy])
    except SandboxError as lacking:
        if _OPTION not in lacking.remedy:
            raise
        raise SandboxError(lacking.place, lacking.problem, _WALL) from lacking
    place = str(attempt.path)
    try:
        told = json.loads(ran.out)
        found = tuple(str(line)[:600] for line in told["found"][:12])
        loaded, tool = told["loaded"] is True, str(told["tool"])[:100]
        error = f"{told['error']}: {told['message']}"[:600]
    except (ValueError, KeyError, TypeError, RecursionError):
        ended = ran.stopped_by or f"exit code {ran.code}"
        raise GuardError(place, f"the child that loads it ended: {ended}", _REFUSE) from None
    if not loaded:
        raise GuardError(place, f"its library does not load it: {error}", _REFUSE)
    attempt.told = {"found": found, "tool": tool, "isolation": ran.isolation}
