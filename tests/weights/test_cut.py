"""A file that is cut or whose header lies is never described as whole; it is told as what it most likely is."""

from __future__ import annotations

import io
import json
import struct

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from safetensors.numpy import save

from unpickled.cli.main import run as command
from unpickled.errors import ScanError
from unpickled.scanners import Verdict, scan
from unpickled.weights import identify, inspect
from unpickled.weights.damaged import damage
from unpickled.weights.identify import describe
from unpickled.weights.parsers import RefusedError, parse


@pytest.fixture(scope="module")
def torch():
    import torch

    return torch


def legacy(torch, given, path):
    torch.save(given, path, _use_new_zipfile_serialization=False)
    return path


def test_a_legacy_file_that_is_cut_is_refused_wherever_it_is_cut(torch, tmp_path):
    """Also where only as many bytes are missing as the counts before the storages take."""
    path = legacy(torch, {f"t{n}": torch.randn(4) for n in range(50)}, tmp_path / "m.pt")
    whole = path.read_bytes()
    assert parse("torch-legacy", path).total == 50
    for less in (*range(1, 50), *range(50, 1200, 29), 399, 400, 401, 1199, 1200, 1201):
        path.write_bytes(whole[:-less])
        with pytest.raises(RefusedError, match=r"^it is cut off[^\n]*$"):
            parse("torch-legacy", path)
    for size in (1, 3, 700, len(whole) - 400):
        path.write_bytes(whole[:size])
        with pytest.raises(ScanError) as caught:
            inspect(path)
        assert "\n" not in str(caught.value), size


def test_the_command_says_where_a_legacy_file_is_cut(torch, tmp_path, capsys):
    """One line, exit 2."""
    path = legacy(torch, [torch.ones(4), torch.ones(4)], tmp_path / "m.pt")
    path.write_bytes(path.read_bytes()[:-8])
    assert command(["inspect", str(path)]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert "it is cut off in storage 2 of 2: 16 of 24 bytes are there" in told.err


def whole_ones(torch):
    base = torch.randn(6, 8)
    yield "shared", {"a": base, "b": base, "c": base[2:], "d": base.t(), "e": base[:, ::2]}
    yield "empty", [torch.empty(0), torch.empty(0, 3, dtype=torch.int64), torch.ones(2)]
    names = (
        "float64 float32 float16 bfloat16 complex64 complex128 int64 int32 int16 int8 uint8 bool"
    )
    yield "types", {name: torch.ones(3, 5).to(getattr(torch, name)) for name in names.split()}
    new = ("float8_e4m3fn", "float8_e5m2", "uint16", "uint32", "uint64")
    yield "new types", {name: torch.ones(3).to(getattr(torch, name)) for name in new}
    yield "big", {"w": torch.zeros(1_000_000), "b": torch.zeros(7, dtype=torch.int16)}
    yield "several", {f"layer.{n}": torch.randn(3) for n in range(300)}
    yield "none", {"epoch": 3}
    yield "storages", [base.untyped_storage(), torch.ones(3).storage(), torch.ones(2)]
    bytes_ = torch.ones(3, dtype=torch.uint8)
    yield "storage first", [bytes_.untyped_storage(), bytes_]
    yield "parameters", torch.nn.Linear(3, 4).state_dict()
    yield "sparse", torch.eye(4).to_sparse()
    optimizer = torch.optim.Adam(torch.nn.Linear(3, 4).parameters())
    yield "optimizer", {"optimizer": optimizer.state_dict(), "w": torch.nn.Parameter(base)}


@pytest.mark.filterwarnings("ignore")
def test_whole_legacy_files_pass_and_lack_no_byte(torch, tmp_path):
    """Shared storages, views, empty ones, every type, large and many: as torch wrote them, and one byte less."""
    kinds = [*whole_ones(torch)]
    for scheme, name in (("qint8", "qint8"), ("quint8", "quint8"), ("qint32", "qint32")):
        made = torch.quantize_per_tensor(torch.ones(3), 0.1, 0, getattr(torch, name))
        kinds.append((scheme, {"q": made, "w": torch.ones(3)}))
    for kind, given_object in kinds:
        path = legacy(torch, given_object, tmp_path / "m.pt")
        found = parse("torch-legacy", path)
        assert set(found.order) == set(found.storages), kind
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with pytest.raises(RefusedError):
            parse("torch-legacy", path)
        path.write_bytes(whole)
        assert found.total or kind in {"none", "sparse", "qint8", "quint8", "qint32"}, kind


def test_a_legacy_file_whose_counts_lie_is_refused(torch, tmp_path):
    """What stands before the numbers has to be what the pickle says."""
    path = legacy(torch, {"w": torch.zeros(4)}, tmp_path / "m.pt")
    data = bytearray(path.read_bytes())
    data[-24] = 3
    path.write_bytes(data)
    with pytest.raises(RefusedError, match="says that it has 3 elements, and its pickle 4"):
        parse("torch-legacy", path)


SAFE = save({"a": np.zeros((2, 3)), "bb": np.arange(4)}, metadata={"by": "me"})
HEADER = int.from_bytes(SAFE[:8], "little")


def onnx_model():
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    weights = helper.make_tensor("w", TensorProto.INT64, [50], list(range(50)))
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    made = helper.make_graph(nodes, "g", ends[:1], ends[1:], initializer=[weights])
    return helper.make_model(made).SerializeToString()


def said(folder, name, data):
    """What `inspect` says of it; it must refuse, in one line, with exit code 2."""
    (folder / name).write_bytes(data)
    with pytest.raises(ScanError) as caught:
        inspect(folder / name)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


LIES = [
    (
        struct.pack("<Q", 1 << 62) + SAFE[8:],
        "its header's length is 4,611,686,018,427,387,904, and",
    ),
    (struct.pack("<Q", HEADER + 9999) + SAFE[8:], f"length is {HEADER + 9999:,}, and there are"),
    (struct.pack("<Q", HEADER - 30) + SAFE[8:], "that much is no JSON object"),
    (struct.pack("<Q", HEADER + 3) + SAFE[8:], "that much is no JSON object"),
    (struct.pack("<Q", 0) + SAFE[8:], "its header's length is 0, and that much is no JSON object"),
    (SAFE[:9], f"its header's length is {HEADER}, and there is 1 byte."),
    (SAFE[:8], "cut short before its header: 8 bytes"),
    (SAFE[:1], "cut short before its header: 1 byte."),
]


@pytest.mark.parametrize(("data", "reason"), LIES)
def test_a_safetensors_file_whose_header_lies_is_told_as_one(tmp_path, data, reason):
    """With its length, and what there is."""
    told = said(tmp_path, "m.safetensors", data)
    assert "it is most likely safetensors, " in told
    assert reason in told


def test_every_cut_of_a_safetensors_file_is_told_as_one(tmp_path):
    """Under any name once the header has begun; behind the header its own reader refuses it."""
    for size in range(9, len(SAFE)):
        file = io.BytesIO(SAFE[:size])
        found = describe(file, "m.bin").id
        if size < HEADER + 8:
            told = damage(file, "m.bin", found)
            assert told is not None, size
            assert (told.label, "cut short or false" in told.problem) == ("safetensors", True)
        else:
            assert found == "safetensors", size
    assert "safetensors" in said(tmp_path, "a.bin", SAFE[:60])
    assert "safetensors" in said(tmp_path, "a.bin", SAFE[:-1])


def test_every_cut_of_an_onnx_model_is_told_as_one(tmp_path):
    """From the third byte on; a model without what follows the graph is no whole one either."""
    model = onnx_model()
    for size in range(3, len(model)):
        file = io.BytesIO(model[:size])
        found = describe(file, "m.onnx").id
        told = damage(file, "m.onnx", found)
        assert found == "onnx" or (told and told.label == "ONNX model"), size
        if found == "onnx":
            path = tmp_path / "m.onnx"
            path.write_bytes(model[:size])
            with pytest.raises(RefusedError, match="it is cut short"):
                parse("onnx", path)
    assert "it is most likely ONNX model, cut short:" in said(tmp_path, "m.onnx", model[:-1])


@pytest.mark.parametrize("method", ["zlib", "gzip", "bz2", "xz", "lzma"])
def test_every_cut_of_compressed_data_is_told_as_cut(tmp_path, method):
    """From the first bytes that say how it is compressed; nine bytes of zlib among them."""
    joblib.dump({"a": np.arange(500) % 7}, tmp_path / "m.joblib", compress=(method, 6))
    whole = (tmp_path / "m.joblib").read_bytes()
    for size in range(6, len(whole)):
        file = io.BytesIO(whole[:size])
        found = describe(file, "m.joblib").id
        assert found == "joblib-compressed" or "cut short" in damage(file, "", found).problem, size
    assert "as joblib writes it, cut short" in said(tmp_path, "m.joblib", whole[:9])
    assert "cut off" in said(tmp_path, "m.joblib", whole[:-1])


def test_whole_files_of_other_kinds_are_told_as_nothing_else(tmp_path):
    """A compressed text is whole, and text with braces is text."""
    import gzip
    import zlib

    for data in (zlib.compress(b"words " * 9), gzip.compress(b"words " * 9), b'  {} {}  {"a": 1}'):
        assert "most likely" not in said(tmp_path, "m.bin", data)


BRACES = st.builds(
    lambda before, rest: (before + '{"' + rest).encode(),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60),
)
NEARLY = st.builds(
    lambda length, rest: struct.pack("<Q", length) + b'{"' + rest,
    st.integers(0, (1 << 64) - 1),
    st.binary(max_size=80),
)


def is_safetensors(data):
    length = int.from_bytes(data[:8], "little")
    try:
        return length <= len(data) - 8 and isinstance(json.loads(data[8 : 8 + length]), dict)
    except ValueError:
        return False


@given(st.one_of(BRACES, NEARLY, st.binary(max_size=200)))
@settings(max_examples=200, deadline=None)
def test_identify_calls_nothing_safetensors_that_is_none(data):
    """Weak signs serve a message only: what a file is, is told by a length that fits and a JSON object."""
    file = io.BytesIO(data)
    found = describe(file, "m.safetensors").id
    assert (found == "safetensors") <= is_safetensors(data)
    told = damage(file, "m", found)
    if told is not None:
        assert found in {"unknown", "gzip", "bz2", "xz", "lzma", "lz4", "zlib"}
        assert told.label != "safetensors" or data[8:9] == b"{"


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_text_is_never_told_as_damaged_safetensors(words):
    """Unless it holds a control character where a length would be."""
    file = io.BytesIO(words.encode("utf-8", "replace"))
    found = describe(file, "m.txt").id
    if found == "text":
        assert damage(file, "m.txt", found) is None


@pytest.mark.parametrize(
    "data", [*(data for data, _ in LIES), onnx_model()[:-1], b"x\x9c\x01\x00\x00\x00"]
)
def test_no_scan_of_a_damaged_file_is_clean(tmp_path, data):
    """What it most likely is, is no verdict: to `check` it stays unknown."""
    path = tmp_path / "m.bin"
    path.write_bytes(data)
    assert identify(path).id in {"unknown", "text"}
    assert scan(path).verdict is not Verdict.CLEAN
