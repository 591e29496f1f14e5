"""The proof that specimens are harmless: an allow-list over every opcode, and a real load in a child."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from unpickled.errors import TraceError
from unpickled.pickles import Step, Tracing, assemble
from unpickled.pickles.limits import Limits
from unpickled.specimens import Specimen, catalogue, default_marker, make, write
from unpickled.weights import pieces

TORCH = {
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch", "FloatStorage"),
    ("collections", "OrderedDict"),
}
NUMPY = {("numpy._core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")}
JOBLIB = {("joblib.numpy_pickle", "NumpyArrayWrapper")}
CANARY = ("os", "mkdir")
INERT = ("logging", "warning")
BY_NUMBER = ("", "extension code 1")  # no registry entry exists, so loading ends in an error
MARKS = {("dill._dill", "_load_type"), ("cloudpickle.cloudpickle", "_make_empty_cell")}
MARK_NAMES = {".".join(mark) for mark in MARKS}
ALLOWED = TORCH | NUMPY | JOBLIB | MARKS | {CANARY, INERT, BY_NUMBER}


def offences(data: bytes, marker: Path) -> list[str]:
    """Everything in any pickle inside `data` that the allow-list does not hold."""
    found = []
    for piece in pieces(data):
        if piece.kind == "closed":
            found.append(f"{piece.where}: closed: {piece.problem}")
        if piece.kind == "pickle":
            found += [
                f"{piece.where}: {what}"
                for what in _offences(steps(piece.data, piece.start), marker)
            ]
    return found


def steps(data: bytes, start: int = 0) -> Iterator[Step]:
    try:
        yield from Tracing(bytes(data), Limits(), start)
    except TraceError:
        return


def _offences(found: Iterator[Step], marker: Path) -> Iterator[str]:
    for step in found:
        if step.imports and tuple(step.imports) not in ALLOWED:
            yield step.imports.text
        if step.calls and step.calls.callable in MARK_NAMES:  # looked up, never called
            yield step.calls.text
        if (
            step.calls
            and step.calls.callable.startswith("os.")
            and step.calls.text != f"os.mkdir({str(marker)!r})"
        ):
            yield step.calls.text


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.id) for entry in catalogue()])
def test_every_import_and_call_is_on_the_allow_list(entry: Specimen) -> None:
    """Every pickle in every specimen names only the canary, an inert call, or what tensors and arrays need."""
    data = make(entry.id)
    assert default_marker().parent == Path(tempfile.gettempdir())
    assert offences(data or b"", default_marker()) == []


def test_canaries_were_seen_by_the_allow_list() -> None:
    """The walk truly reaches the calls: each specimen called a canary shows one to the allow-list's eyes."""
    other = Path(tempfile.gettempdir()) / "other"
    for entry in catalogue():
        if "canary" in entry.id or entry.id.startswith("pickle-as") or entry.id == "zip-nested":
            assert offences(make(entry.id) or b"", other), entry.id


@pytest.mark.parametrize(
    ("module", "name", "argument"), [("os", "system", "true"), ("builtins", "exec", "1")]
)
def test_a_planted_call_is_caught(module: str, name: str, argument: str) -> None:
    """A specimen that called anything else would fail, also deep in archives and behind other pickles."""
    import gzip
    import io
    import zipfile

    bad = assemble(
        [
            ("PROTO", 2),
            ("GLOBAL", f"{module} {name}"),
            ("BINUNICODE", argument),
            "TUPLE1",
            "REDUCE",
            "STOP",
        ]
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("inner.gz", gzip.compress(bad))
    for data in (
        bad,
        (make("plain-4") or b"") + bad,
        out.getvalue(),
        gzip.compress(out.getvalue()),
    ):
        assert any(f"{module}.{name}" in what for what in offences(data, default_marker()))


@pytest.mark.parametrize("mark", sorted(MARKS))
def test_a_called_mark_is_caught(mark: tuple[str, str]) -> None:
    """A specimen may name dill's or cloudpickle's helper, and not call it."""
    named = ("GLOBAL", " ".join(mark))
    harmless = assemble([("PROTO", 2), named, "STOP"])
    called = assemble([("PROTO", 2), named, ("BINUNICODE", "x"), "TUPLE1", "REDUCE", "STOP"])
    assert offences(harmless, default_marker()) == []
    assert offences(called, default_marker())


@pytest.mark.parametrize("where", ["/etc/canary", "elsewhere", "/tmp"])
def test_a_canary_elsewhere_is_caught(where: str) -> None:
    """os.mkdir of another folder than the marker is an offence."""
    bad = assemble(
        [("PROTO", 2), ("GLOBAL", "os mkdir"), ("BINUNICODE", where), "TUPLE1", "REDUCE", "STOP"]
    )
    assert offences(bad, default_marker())


LOADS = """
import json, logging, os, pickle, sys, zipfile, io
logging.disable(logging.CRITICAL)
import joblib, numpy, torch, torch._utils, torch.serialization, tarfile, warnings
warnings.simplefilter("ignore")

def raw(path):
    with open(path, "rb") as file:
        while True:
            pickle.load(file)

def archive(path):
    whole = zipfile.ZipFile(path)
    for name in whole.namelist():
        data = whole.read(name)
        if name.endswith(".zip"):
            archive(io.BytesIO(data))
        elif name.endswith(".pkl"):
            pickle.loads(data)

def arrays(path):
    found = numpy.load(path, allow_pickle=True)
    if hasattr(found, "files"):
        for name in found.files:
            found[name]

LOADERS = {
    "pickle": raw, "zip": archive, "npy": arrays, "npz": arrays, "joblib": joblib.load,
    "joblib-compressed": joblib.load, "text": raw, "empty": raw,
    "torch-zip": lambda path: torch.load(path, weights_only=False),
    "torch-legacy": lambda path: torch.load(path, weights_only=False),
    "torch-tar": lambda path: torch.load(path, weights_only=False),
}
# A first load of each kind, so that what the libraries do once is not taken for a specimen's deed.
for kind, path in json.loads(sys.argv[2]):
    LOADERS[kind](path) if kind != "pickle" else pickle.load(open(path, "rb"))

seen = []
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
def watch(event, args):
    if event == "open":
        if isinstance(args[2], int) and args[2] & WRITES:
            seen.append([event, str(args[0])])
    elif event == "os.mkdir":
        seen.append([event, str(args[0])])
    elif event.partition(".")[0] in {"os", "subprocess", "socket", "shutil", "ctypes", "pty", "tempfile"}:
        if event not in {"os.listdir", "os.scandir", "os.putenv"}:
            seen.append([event, repr(args)[:100]])
sys.addaudithook(watch)

for ident, kind, path in json.loads(sys.argv[1]):
    seen.clear()
    try:
        LOADERS[kind](path)
        end = "loaded"
    except BaseException as error:
        end = type(error).__name__
    print(json.dumps([ident, end, seen]), flush=True)
"""
WARM = (
    "plain-4",
    "torch-plain",
    "legacy-plain",
    "npy-objects",
    "npz-objects",
    "joblib-arrays",
    "joblib-zlib-plain",
)
# Cut off before the call; no entry in the registry; joblib needs a package for LZ4.
SURVIVES = {"truncated", "extension-code", "extension-code-4", "torch-extension"}
if importlib.util.find_spec("lz4") is None:
    SURVIVES.add("joblib-lz4")


def test_a_real_load_makes_the_marker_and_does_nothing_else(tmp_path: Path) -> None:
    """Each loadable specimen is truly loaded in a child: at most its marker folder appears."""
    jobs, markers = [], {}
    for entry in catalogue():
        if entry.recipe != "folder" and entry.format in {
            "pickle", "zip", "npy", "npz", "joblib", "joblib-compressed", "torch-zip", "torch-legacy", "torch-tar",
        }:  # fmt: skip
            markers[entry.id] = tmp_path / "markers" / entry.id
            path = write(entry.id, tmp_path / "files", marker=markers[entry.id])
            jobs.append([entry.id, entry.format, str(path)])
    (tmp_path / "markers").mkdir()
    (tmp_path / "cwd").mkdir()
    (tmp_path / "scratch").mkdir()
    warm = [
        [entry.format, str(write(entry.id, tmp_path / "warm"))]
        for entry in catalogue()
        if entry.id in WARM
    ]
    before = tree(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", LOADS, json.dumps(jobs), json.dumps(warm)],
        cwd=tmp_path / "cwd",
        env={**os.environ, "TMPDIR": str(tmp_path / "scratch"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results = {ident: (end, seen) for ident, end, seen in map(json.loads, done.stdout.splitlines())}
    assert set(results) == set(markers)
    fired = set()
    for ident, (end, seen) in results.items():
        deeds = [deed for deed in seen if deed != ["os.mkdir", str(markers[ident])]]
        if ident.startswith("tar-"):  # torch unpacks a tar into a temporary folder of its own first
            own = (str(tmp_path / "scratch"), "('storages'", "('tensors'")
            deeds = [deed for deed in deeds if not any(name in deed[1] for name in own)]
        assert deeds == [], (ident, end)
        if ["os.mkdir", str(markers[ident])] in seen:
            fired.add(ident)
    expected = {
        entry.id
        for entry in catalogue()
        if entry.id in markers
        and str(markers[entry.id]).encode()
        in b"".join(bytes(piece.data) for piece in of(entry, markers))
    }
    assert fired == expected - SURVIVES
    assert tree(tmp_path) - before == {str(markers[ident].relative_to(tmp_path)) for ident in fired}
    assert before <= tree(tmp_path)


def of(entry: Specimen, markers: dict[str, Path]) -> Iterator[object]:
    return pieces(make(entry.id, marker=markers[entry.id]) or b"")


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}
