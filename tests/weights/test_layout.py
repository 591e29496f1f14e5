"""Which byte is what: every specimen is covered without a hole, fields say what the file says, damage is a sentence."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from unpickled.specimens import catalogue, write
from unpickled.weights import identify
from unpickled.weights.layout import Layout, lay_out


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every specimen that is a file, by its id."""
    folder = tmp_path_factory.mktemp("specimens")
    found = {one.id: write(one.id, folder, marker=folder / "canary") for one in catalogue()}
    return {name: path for name, path in found.items() if path.is_file()}


def laid_out(data: bytes, kind: str) -> Layout:
    """The layout of these bytes, checked: no hole, no overlap, fields inside of their regions and in order."""
    told = lay_out(io.BytesIO(data), kind, len(data))
    at = 0
    for region in told.regions:
        assert (region.start, region.end > region.start) == (at, True)
        inner = at
        for field in region.fields:
            assert inner <= field.start < field.end <= region.end
            inner = field.end
        at = region.end
    assert at == len(data)
    return told


def values(told: Layout) -> dict[str, str]:
    return {field.label: field.value for region in told.regions for field in region.fields}


def test_every_specimen_is_covered(files: dict[str, Path]) -> None:
    """Each byte of each specimen is in one region, and a whole file leaves no problem."""
    for name, path in files.items():
        told = laid_out(path.read_bytes(), identify(path).id)
        assert not told.problem, name


def test_damage_is_a_sentence_and_never_an_exception(files: dict[str, Path]) -> None:
    """Cut and overwritten files of every format: still every byte is covered."""
    for path in files.values():
        data, kind = path.read_bytes(), identify(path).id
        for cut in range(0, len(data), max(1, len(data) // 12)):
            laid_out(data[:cut], kind)
            laid_out(data[:cut] + b"\xff" * 8 + data[cut + 8 :], kind)
            laid_out(data[:cut] + b"\x00" * 8 + data[cut + 8 :], kind)


def test_a_zip_is_told_apart_to_the_field(files: dict[str, Path]) -> None:
    """Local header, member, directory, end record: with the values that zipfile reads there."""
    path = files["torch-canary"]
    told = laid_out(path.read_bytes(), "torch-zip")
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0]
        count = len(archive.infolist())
    head, member, *_ = told.regions
    by_label = {field.label: field.value for field in head.fields}
    assert head.label == f"{first.filename}: local header"
    assert by_label["CRC-32"] == f"{first.CRC:08x}"
    assert by_label["time and date"] == "{}-{:02}-{:02}".format(*first.date_time)
    assert by_label["size unpacked"] == f"{first.file_size:,}"
    assert (member.where, member.end - member.start) == (first.filename, first.compress_size)
    assert (
        sum(region.label.endswith(": entry of the directory") for region in told.regions) == count
    )
    assert values(told)["members"] == str(count)
    assert told.regions[-1].label == "end of the directory"


@pytest.mark.parametrize(
    ("packed", "told"), [(0, ""), (13 << 5 | 1, ""), (2 << 5 | 30, ""), (33, "1980-01-01")]
)
def test_a_date_that_is_none_is_not_told(packed: int, told: str) -> None:
    """PyTorch leaves the field at zero, which would read 1980-00-00; a month 13 or a 30 February is none either."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a"), b"1")
    data = bytearray(made.getvalue())
    data[12:14] = packed.to_bytes(2, "little")
    assert values(laid_out(bytes(data), "zip"))["time and date"] == told


@pytest.mark.parametrize(
    ("specimen", "kind", "wanted"),
    [
        ("safetensors", "safetensors", {"length of the JSON that follows": "72"}),
        ("gguf", "gguf", {"magic": "GGUF", "version": "3", "tensors": "1", "value of general.architecture": "llama"}),
        ("npy-objects", "npy", {"magic": "·NUMPY", "length of the header": "118"}),
        ("onnx", "onnx", {"ir_version": "8", "producer_name": "unpickled"}),
        ("h5-plain", "hdf5", {"signature": "·HDF····", "size of offsets": "8"}),
        ("joblib-gzip", "joblib-compressed", {"method": "8"}),
        ("tar-canary", "torch-tar", {"signature": "ustar·00"}),
    ],
)  # fmt: skip
def test_headers_say_what_the_format_says(
    files: dict[str, Path], specimen: str, kind: str, wanted: dict[str, str]
) -> None:
    """Magic, version, counts and names stand at their places."""
    found = values(laid_out(files[specimen].read_bytes(), kind))
    assert {label: found.get(label) for label in wanted} == wanted


def test_lies_of_a_header_are_told() -> None:
    """A length past the end, tensors that overlap, a GGUF of no known version: the problem says so."""
    lies = {
        "safetensors": struct.pack("<Q", 1 << 60) + b"{}",
        "gguf": b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1 << 62) + b"key",
        "npy": b"\x93NUMPY\x01\x00\xff\xff{",
        "tar": b"name".ljust(124, b"\0") + b"77777777777\0" + b"\0" * 376,
    }
    for kind, data in lies.items():
        assert "the file ends inside" in laid_out(data, kind).problem, kind
    header = b'{"a":{"data_offsets":[0,8]},"b":{"data_offsets":[4,8]}}'
    both = struct.pack("<Q", len(header)) + header + bytes(8)
    assert "the numbers of b overlap" in laid_out(both, "safetensors").problem
    assert "version 77" in laid_out(b"GGUF" + struct.pack("<I", 77), "gguf").problem


def test_two_members_at_one_place_are_told(tmp_path: Path) -> None:
    """A directory that points twice at the same member gives a problem, and the rest is not told apart."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one", b"x" * 50)
        archive.writestr("two", b"y" * 50)
    data = bytearray(path.read_bytes())
    second = data.rfind(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)
    assert "claim the same bytes" in laid_out(bytes(data), "zip").problem


def test_more_than_can_be_told_apart_is_one_region(tmp_path: Path) -> None:
    """A zip of 2,000 members costs no more regions than the limit allows."""
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2_000):
            archive.writestr(f"{number}", b"")
    told = laid_out(path.read_bytes(), "zip")
    assert len(told.regions) <= 602
    assert any("more members" in region.label for region in told.regions)
