"""Recognition by content, held true by files that the real libraries write."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import pickle
import socket
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unpickled.errors import ScanError
from unpickled.weights import KINDS, NotAFileError, identify
from unpickled.weights.files import open_regular
from unpickled.weights.identify import HEAD, describe
from unpickled.weights.inside import inside

from .counting import Counting


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files written by torch, joblib, numpy, safetensors, gguf, onnx and h5py."""
    import gguf
    import h5py
    import joblib
    import numpy as np
    import onnx
    import torch
    from onnx import TensorProto, helper
    from safetensors.numpy import save_file

    folder = tmp_path_factory.mktemp("real")
    state = {"w": torch.arange(6.0).reshape(2, 3), "b": torch.zeros(2)}
    torch.save(state, folder / "torch-zip.pt")
    torch.save(state, folder / "torch-legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(state["w"], folder / "torch-zip-tensor.pth")
    torch.jit.script(torch.nn.Linear(2, 2)).save(folder / "torchscript.pt")
    joblib.dump({"a": np.arange(5)}, folder / "joblib.joblib")
    for method in ("zlib", "gzip", "bz2", "lzma", "xz"):
        joblib.dump(
            {"a": np.arange(5)}, folder / f"joblib-compressed-{method}.joblib", compress=(method, 3)
        )
    np.save(folder / "npy.npy", np.arange(5))
    np.save(folder / "npy-objects.npy", np.array([{1: 2}], dtype=object), allow_pickle=True)
    np.savez(folder / "npz.npz", a=np.arange(3), b=np.arange(4))
    np.savez_compressed(folder / "npz-compressed.npz", a=np.array([None], dtype=object))
    save_file({"a": np.zeros(3, dtype="float32")}, folder / "safetensors.safetensors")
    save_file(
        {f"layer.{n}": np.zeros(1) for n in range(20_000)}, folder / "safetensors-many.safetensors"
    )
    writer = gguf.GGUFWriter(str(folder / "gguf.gguf"), "llama")
    writer.add_tensor("t", np.zeros(4, dtype="float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    onnx.save(
        helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:])), folder / "onnx.onnx"
    )
    with h5py.File(folder / "hdf5.h5", "w") as file:
        file["a"] = [1, 2]
    with h5py.File(folder / "hdf5-user-block.h5", "w", userblock_size=2048) as file:
        file["a"] = [1, 2]
    return folder


REAL = [
    "torch-zip.pt",
    "torch-legacy.pt",
    "torch-zip-tensor.pth",
    "torchscript.pt",
    "joblib.joblib",
    *(f"joblib-compressed-{method}.joblib" for method in ("zlib", "gzip", "bz2", "lzma", "xz")),
    "npy.npy",
    "npy-objects.npy",
    "npz.npz",
    "npz-compressed.npz",
    "safetensors.safetensors",
    "safetensors-many.safetensors",
    "gguf.gguf",
    "onnx.onnx",
    "hdf5.h5",
    "hdf5-user-block.h5",
]


@pytest.mark.parametrize("name", REAL)
def test_real_files_are_named(real: Path, name: str) -> None:
    """What a library wrote is recognised, under its own name and under a lying one."""
    expected = max((kind for kind in KINDS if name.startswith(kind)), key=len)
    found = identify(real / name)
    assert (found.id, found.matches_name) == (expected, True)
    liar = real / f"{name}.txt"
    liar.write_bytes((real / name).read_bytes())
    found = identify(liar)
    assert (found.id, found.matches_name) == (expected, False)
    assert ".txt" in found.note
    assert KINDS[expected].label in found.note


def test_the_real_folder_is_covered(real: Path) -> None:
    """No file that the fixture makes goes untested."""
    assert {path.name for path in real.iterdir() if path.suffix != ".txt"} == set(REAL)


def test_object_arrays_are_told_from_number_arrays(real: Path) -> None:
    """Whether an npy holds a pickle is read from its dtype."""
    assert identify(real / "npy.npy").pickled is False
    assert identify(real / "npy-objects.npy").pickled is True


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(PLAIN, st.integers(0, 5))
@settings(max_examples=300, deadline=None)
def test_every_pickle_of_every_protocol_is_a_pickle(value: object, protocol: int) -> None:
    """A pickle is recognised whatever is in it, also without a PROTO opcode."""
    assert describe(io.BytesIO(pickle.dumps(value, protocol)), "x.pkl").id == "pickle"


@given(st.binary(max_size=400))
@settings(max_examples=500, deadline=None)
def test_any_bytes_get_an_answer(data: bytes) -> None:
    """Random bytes are never an exception and always a known id."""
    assert describe(io.BytesIO(data), "x").id in KINDS


@pytest.mark.parametrize("protocol", range(6))
def test_a_cut_pickle_is_still_a_pickle(protocol: int) -> None:
    """Truncation must not make a pickle look like something harmless."""
    data = pickle.dumps({"name": "x" * 50, "call": os.mkdir, "numbers": list(range(50))}, protocol)
    shortest = 3 if protocol >= 2 else 140
    for size in range(shortest, len(data)):
        assert describe(io.BytesIO(data[:size]), "x").id == "pickle", size


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", ["x" * (2 * HEAD), {"w": "x" * (2 * HEAD)}, b"x" * (2 * HEAD)])
def test_a_long_first_argument_does_not_hide_a_pickle(
    tmp_path: Path, value: object, protocol: int
) -> None:
    """The first opcode's argument may be longer than what recognition reads, in a member of an archive too."""
    path = tmp_path / "long.pkl"
    path.write_bytes(pickle.dumps(value, protocol))
    assert identify(path).id == "pickle"
    with zipfile.ZipFile(tmp_path / "long.zip", "w") as archive:
        archive.write(path, "long.txt")
    assert [piece.kind for piece in inside(tmp_path / "long.zip")].count("pickle") == 1


@pytest.mark.parametrize("text", ["The quick fox. ", "Very long ", "V", "X", "{'a': 1}, "])
def test_a_long_text_is_no_pickle(tmp_path: Path, text: str) -> None:
    """Letters that are opcodes too, whose arguments would reach beyond the first bytes."""
    path = tmp_path / "long.txt"
    path.write_text(text * (2 * HEAD // len(text)))
    assert identify(path).id == "text"


def test_a_long_protocol_0_pickle_is_a_pickle() -> None:
    """Without a magic number, a pickle longer than the first bytes is told by opcodes that make sense."""
    assert describe(io.BytesIO(pickle.dumps(list(range(40_000)), 0)), "x").id == "pickle"


TEXTS = [
    "Hello.\n",
    "# Title\n\nSome words.\n",
    "a,b\n1,2\n",
    '{"a": 1}\n',
    "I am here.\n",
    "cat\ndog\nbird\n",
]
TEXTS += [
    "(see below)\n",
    "Nothing.\n",
    "\ufeffwith a mark\n",
    "import os\nprint(1)\n",
    "}\n",
    "x = 1\n",
    "hCello\n",
]


@pytest.mark.parametrize("words", TEXTS)
def test_text_is_text(words: str) -> None:
    """Words are not taken for a pickle, though every letter of some is an opcode."""
    assert describe(io.BytesIO(words.encode()), "note.txt").id == "text"


def test_containers_are_named() -> None:
    """zip, tar, gzip, bz2, 7z and the empty file have names of their own."""
    tar, archive = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as file:
        file.addfile(tarfile.TarInfo("a"))
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "a")
    samples = {
        "tar": tar.getvalue(),
        "zip": archive.getvalue(),
        "gzip": gzip.compress(b"words"),
        "bz2": bz2.compress(b"words"),
        "7z": b"7z\xbc\xaf\x27\x1c" + bytes(30),
        "empty": b"",
        "unknown": bytes(range(128, 256)),
    }
    for kind, data in samples.items():
        assert describe(io.BytesIO(data), "x").id == kind
    assert "tar" in describe(io.BytesIO(gzip.compress(tar.getvalue())), "x.tgz").note


def test_pickles_of_dill_and_cloudpickle_say_so() -> None:
    """They hold functions as code; the note comes beside the one on the name."""
    import cloudpickle

    from unpickled.pickles import assemble

    found = describe(io.BytesIO(cloudpickle.dumps(lambda x: x + 1)), "model.pkl")
    assert (found.id, found.matches_name) == ("pickle", True)
    assert found.note.startswith("Written by cloudpickle")
    dilled = assemble([("PROTO", 4), ("GLOBAL", "dill._dill _create_function"), "STOP"])
    assert describe(io.BytesIO(dilled), "x.dill").note.startswith("Written by dill")
    renamed = describe(io.BytesIO(dilled), "x.safetensors").note
    assert "name ends in .safetensors" in renamed
    assert "Written by dill" in renamed


def test_a_broken_zip_is_still_a_zip() -> None:
    """A zip without a directory is named, with a note, rather than passed over."""
    found = describe(io.BytesIO(b"PK\x03\x04" + bytes(100)), "x.pt")
    assert found.id == "zip"
    assert "directory" in found.note


def test_a_directory_of_millions_is_not_read() -> None:
    """A lying count of members ends in a note, not in memory."""
    end = (
        b"PK\x05\x06" + bytes(4) + b"\xff\xfe\xff\xfe" + (1 << 30).to_bytes(4, "little") + bytes(6)
    )
    assert describe(io.BytesIO(b"PK\x03\x04" + bytes(100) + end), "x.zip").note


@pytest.mark.parametrize(
    "start", [b"\x80\x04]", b"hello ", b"\x89HDF\r\n\x1a\n", b"\x08\x08\x3a", b"\x1f\x8b\x08"]
)
def test_reading_is_bounded(start: bytes) -> None:
    """Recognition reads about the first 64 KiB of a large file and no more."""
    file = Counting(start + bytes(8 << 20))
    describe(file, "x")
    assert file.taken < 3 * HEAD


def test_a_header_length_beyond_the_file_is_no_safetensors() -> None:
    """A safetensors length that does not fit the file is not believed."""
    assert (
        describe(io.BytesIO((1 << 40).to_bytes(8, "little") + b'{"a":1}'), "x").id != "safetensors"
    )


def test_what_is_no_file_is_refused_unopened(tmp_path: Path) -> None:
    """A pipe would block and a device may act: both are refused, like a folder and a socket."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for path in (tmp_path / "pipe", tmp_path / "socket", tmp_path, Path("/dev/zero")):
            with pytest.raises(NotAFileError):
                identify(path)


def test_a_pipe_that_comes_in_between_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was a file when it was looked at, and a pipe when it was opened."""
    os.mkfifo(tmp_path / "pipe")
    real = Path.stat
    monkeypatch.setattr(Path, "stat", lambda path, **_: real(Path(__file__)))
    problem: list[Exception] = []

    def look() -> None:
        try:
            with open_regular(tmp_path / "pipe"):
                pass
        except ScanError as error:
            problem.append(error)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(10)
    assert "named pipe" in str(problem)


def test_missing_and_impossible_paths_are_one_line(tmp_path: Path) -> None:
    """A missing file, a NUL in a name and a link to itself are ScanErrors."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in (tmp_path / "no", "a\0b", tmp_path / "loop", tmp_path / ("x" * 5000)):
        with pytest.raises(ScanError):
            identify(path)
