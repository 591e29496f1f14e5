"""`weights_only`: many files in one sandboxed child that imports torch once and loads each in a fork of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from unpickled.errors import CourseError, SandboxError, ScanError, SetupError
from unpickled.restricted.answers import WeightsOnly, failed, read_answer
from unpickled.sandbox import Excuse, Limits, Outcome, problem, run_python
from unpickled.weights import Format, NotAFileError, identify

__all__ = ["as_seen", "weights_only"]

_SCRIPT = Path(__file__).with_name("load_each.txt")
_BATCH = 100  # files a child
_START = 120  # seconds for torch to be imported on a busy machine
_TORCH = 3 << 30  # bytes; torch maps 0.7 GB, and a small file may stand for large tensors
_LINE = 132 << 10
_STOPPED = {
    "time": ("TimeoutError", "it took too long"),
    "memory": ("MemoryError", "loading it takes too much memory"),
}
# Torch's unpickler begins on every file, and stops at the first byte that is no opcode of its own.
_TORCH_FORMATS = {"torch-zip", "torch-legacy", "torch-tar", "torchscript", "unknown"}
_PICKLED = _TORCH_FORMATS | {"pickle", "joblib"}


def weights_only(
    paths: Sequence[str | os.PathLike[str]],
    *,
    unsafe_no_sandbox: bool = False,
    seconds: int = 60,
) -> tuple[WeightsOnly, ...]:
    """Tell what `torch.load(path, weights_only=True)` makes of each file.

    A file cannot spoil the others: each is loaded in a fork with its own clock, and where one ends the child with all
    that is in it, the rest is loaded in a new one.

    Args:
        paths: files of any kind; what is no file, or cannot be read, is `failed`.
        unsafe_no_sandbox: whether to do it even where there is no bubblewrap, with limits only.
        seconds: how long each file may take.

    Returns:
        One record a file, in their order.

    Raises:
        SandboxError: there is no bubblewrap that works, and `unsafe_no_sandbox` was not set.
        SetupError: torch cannot be imported.
    """
    excuse: Excuse = "the user said so" if unsafe_no_sandbox else "none"
    found: dict[int, WeightsOnly] = {}
    forms: dict[int, Format] = {}
    for number, path in enumerate(paths):
        try:
            forms[number] = identify(path)
        except ScanError as error:
            found[number] = _not_tried(os.fspath(path), error)
    waiting = list(forms)
    while waiting:
        done = _load_some({n: as_seen(paths[n]) for n in waiting[:_BATCH]}, seconds, excuse)
        for number, record in done.items():
            known = replace(record, path=os.fspath(paths[number]))
            found[number] = _by_format(known, forms[number])
        waiting = [number for number in waiting if number not in done]
    return tuple(found[number] for number in range(len(paths)))


def as_seen(path: str | os.PathLike[str]) -> Path:
    """Return a file's path as a child can follow it: by folders that are there for it, under the file's own name."""
    return Path(path).parent.resolve() / Path(path).name


def _load_some(files: Mapping[int, Path], seconds: int, excuse: Excuse) -> dict[int, WeightsOnly]:
    """Load files in one child, and return at least one record: where a file ends the child, those up to it.

    Raises:
        SandboxError: there is no wall and no excuse.
        SetupError: torch cannot be imported.
    """
    try:
        done = _load(list(files.values()), seconds, excuse)
    except SandboxError as error:  # of a file that vanished, or that no child may see
        lost = {
            n: _not_tried(str(path), error) for n, path in files.items() if str(path) == error.place
        }
        if not lost:
            raise
        return lost
    return dict(zip(files, done, strict=False))


def _load(files: Sequence[Path], seconds: int, excuse: Excuse) -> list[WeightsOnly]:
    """Load files in one child; if it ends too early, the last record is of the file that it was at."""
    names = list(map(str, files))
    asked = {"seconds": seconds, "paths": names, "walled": not problem()}
    ran = run_python(
        _SCRIPT,
        limits=_limits(files, seconds),
        readable=list(dict.fromkeys(names)),
        stdin=json.dumps(asked).encode("ascii"),
        without_wall=excuse,
    )
    ready, *lines = ran.out.split(b"\n")
    if ready or not lines:
        raise SetupError("torch", f"it cannot be used: {_end(ran)}", "Set it up anew: make learn")
    found: list[WeightsOnly] = []
    for line, name in zip(lines[:-1], names, strict=False):
        try:
            found.append(read_answer(line, name, ran.isolation))
        except (ValueError, RecursionError):
            break
    if len(found) < len(names):
        found.append(_unanswered(names[len(found)], ran))
    return found


def _limits(files: Sequence[Path], seconds: int) -> Limits:
    """A legacy file is read into memory, one of today is mapped, and numbers may be read a second time."""
    largest = max((file.stat().st_size for file in files if file.is_file()), default=0)
    memory = _TORCH + 2 * largest
    return Limits(
        seconds=_START + len(files) * (seconds + 1),
        memory=memory,
        address_space=memory + (1 << 30),
        processes=64,
        output=len(files) * _LINE + _LINE,
    )


def _unanswered(name: str, ran: Outcome) -> WeightsOnly:
    error, message = _STOPPED.get(ran.stopped_by, ("ChildProcessError", _end(ran)))
    return failed(name, error, message, ran.isolation, ran.seconds)


def _end(ran: Outcome) -> str:
    if ran.stopped_by:
        return f"the child passed a limit: {ran.stopped_by}"
    last = ran.err.decode("utf-8", "replace").strip().splitlines()
    return f"the child ended with {ran.code}" + (f": {last[-1]}" if last else "")


def _not_tried(path: str, error: CourseError) -> WeightsOnly:
    kind = "NotAFileError" if isinstance(error, NotAFileError) else type(error.__cause__).__name__
    return failed(path, kind, error.problem)


def _by_format(found: WeightsOnly, form: Format) -> WeightsOnly:
    """Call it `failed`, not `refused`, where the first bytes of another format were taken for opcodes."""
    own = _PICKLED if found.outcome == "refused" else _TORCH_FORMATS
    if found.outcome == "loaded" or found.named or form.id in own or not found.isolation:
        return found
    return replace(found, outcome="failed", message=f"it is no PyTorch file: {form.label}")
