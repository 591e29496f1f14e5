"""The walk over everything in a file that a loader could unpickle."""

from __future__ import annotations

import ast
import gzip
import io
import pickle
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unpickled.weights import Piece, identify, inside, pieces
from unpickled.weights.squeezed import compression, unsqueeze

PICKLE = pickle.dumps({"a": 1}, 4)


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def tarred(**members: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def found(data: bytes, name: str = "x") -> list[tuple[str, str]]:
    return [(piece.kind, piece.where) for piece in pieces(data, name)]


def test_pickles_are_found_through_every_container() -> None:
    """zip, tar and compression are opened, one in the other, whatever the members are called."""
    assert found(PICKLE) == [("pickle", "")]
    assert found(zipped(note=b"words", model=PICKLE)) == [("pickle", "model")]
    assert found(tarred(a=PICKLE, b=b"words")) == [("pickle", "a")]
    assert found(gzip.compress(PICKLE)) == [("pickle", "<gzip>")]
    deep = gzip.compress(tarred(inner=zipped(model=PICKLE)))
    assert found(deep) == [("pickle", "<gzip> > inner > model")]


def test_nesting_without_end_is_closed() -> None:
    """Beyond four levels the walk says that it did not look."""
    data = PICKLE
    for _ in range(6):
        data = zipped(a=data)
    assert [piece.problem for piece in pieces(data)] == ["it is nested too deep"]


def test_a_bomb_costs_its_limit_and_is_closed() -> None:
    """A member that unpacks to far more than the limit is not unpacked whole, and is not passed over."""
    bomb = zipped(
        **{"data.pkl": b"\x80\x04\x8e" + (1 << 28).to_bytes(8, "little") + bytes(1 << 28)}
    )
    (piece,) = pieces(bomb)
    assert piece.kind == "closed"
    assert piece.too_large
    stream = zlib.compress(b"\x80\x04]" + bytes(1 << 28))
    data, problem = unsqueeze(stream, "zlib", 1 << 20)
    assert len(data) == 1 << 20
    assert problem


@pytest.mark.parametrize("name", ["gzip", "zlib", "bz2", "xz", "lzma"])
def test_cut_and_damaged_compression_is_told(name: str) -> None:
    """Half a stream gives a problem, never an exception."""
    import bz2
    import lzma

    make = {"gzip": gzip.compress, "zlib": zlib.compress, "bz2": bz2.compress, "xz": lzma.compress}
    make["lzma"] = lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE)
    whole = make[name](bytes(range(256)) * 40)
    assert compression(whole) == name
    assert unsqueeze(whole, name, 1 << 20) == (bytes(range(256)) * 40, "")
    for size in range(2, len(whole) - 1):
        assert unsqueeze(whole[:size], name, 1 << 20)[1], size


def test_two_gzip_members_are_both_read() -> None:
    """gzip allows several members; a call in the second must not hide."""
    data = gzip.compress(b"first ") + gzip.compress(b"second")
    assert unsqueeze(data, "gzip", 1 << 20) == (b"first second", "")


def test_encrypted_and_damaged_members_are_closed() -> None:
    """A member that cannot be opened is a piece of its own, with the reason."""
    data = bytearray(zipped(**{"model.pkl": PICKLE}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    assert [piece.problem for piece in pieces(bytes(data))] == ["it is encrypted"]
    data = bytearray(zipped(**{"model.pkl": PICKLE}))
    data[data.index(b"model.pkl") + 12] ^= 0xFF
    assert [(piece.kind, piece.where) for piece in pieces(bytes(data))] == [("closed", "model.pkl")]


def test_a_member_without_a_name_is_read() -> None:
    """An empty member name, on which zipfile's own is_dir stumbles, hides nothing."""
    data = bytearray(zipped(a=PICKLE))
    for mark, length in ((b"PK\x03\x04", 26), (b"PK\x01\x02", 28)):
        at = data.index(mark) + length
        data[at : at + 4] = b"\0\0\1\0"  # the one byte of the name becomes an extra field
    assert found(bytes(data)) == [("pickle", "")]


def test_raw_numbers_of_a_torch_file_are_no_pickles() -> None:
    """A storage whose first bytes happen to read as a pickle is not one: torch never unpickles it."""
    members = {
        "a__data.pkl": PICKLE,
        "a__version": b"3",
        "a__data__0": b"N.N.",
        "a__data__1": PICKLE,
    }
    assert found(zipped(**members)) == [("pickle", "a/data.pkl")]


def test_only_a_storage_at_its_own_place_is_passed_over() -> None:
    """A folder of that name elsewhere in a torch file holds no storages."""
    members = {"a__data.pkl": PICKLE, "a__version": b"3", "a__extra__data__0": PICKLE}
    assert found(zipped(**members)) == [("pickle", "a/data.pkl"), ("pickle", "a/extra/data/0")]


def test_the_limit_of_bytes_is_for_all_members_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first has taken, the next ones have not."""
    module = sys.modules["unpickled.weights.inside"]
    real = module._Budget
    monkeypatch.setattr(module, "_Budget", lambda **more: real(bytes=1_000, **more))
    data = pickle.dumps("x" * 600)
    for archive in (zipped(a=data, b=data, c=PICKLE), tarred(a=data, b=data, c=PICKLE)):
        assert found(archive) == [("pickle", "a"), ("closed", "b"), ("pickle", "c")]


def test_arrays_of_numbers_are_arrays_and_objects_are_pickles() -> None:
    """In an npz each member is judged by its own header, and numbers are not read through."""
    out = io.BytesIO()
    np.savez(
        out, a=np.zeros(1000), b=np.array([1], dtype=object), c=np.zeros(2, dtype=[("f", "O")])
    )
    assert found(out.getvalue()) == [("array", "a.npy"), ("pickle", "b.npy"), ("pickle", "c.npy")]
    (piece,) = [piece for piece in pieces(out.getvalue()) if piece.where == "b.npy"]
    assert bytes(piece.data[piece.start :])[:1] == b"\x80"


def test_a_legacy_torch_file_counts_its_pickles(tmp_path: Path) -> None:
    """The raw numbers behind the fifth pickle are no broken sixth one."""
    import torch

    torch.save({"w": torch.ones(3)}, tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    (piece,) = inside(tmp_path / "a.pt")
    assert (piece.kind, piece.format, piece.pickles) == ("pickle", "torch-legacy", 5)


def test_a_container_of_nothing_is_nothing() -> None:
    """A zip of words has one piece, which says that there is nothing in it."""
    assert found(zipped(readme=b"words")) == [("nothing", "")]
    assert found(zipped()) == [("nothing", "")]
    assert found(b"") == [("nothing", "")]


def test_too_many_members_are_told() -> None:
    """A zip with more members than the limit is closed, not read to the end."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(20_001):
            archive.writestr(str(number), b"")
    assert [piece.kind for piece in pieces(out.getvalue())] == ["closed"]


def test_a_large_file_is_mapped_not_read(tmp_path: Path) -> None:
    """A large pickle is looked at through a map."""
    path = tmp_path / "large.pkl"
    with path.open("wb") as file:
        file.write(b"\x80\x04\x8e" + (1 << 30).to_bytes(8, "little"))
        file.truncate(1 << 30)
    (piece,) = (piece.kind for piece in inside(path))
    assert piece == "pickle"


SEEDS = [
    PICKLE,
    zipped(a=PICKLE, b=zipped(c=PICKLE)),
    tarred(a=PICKLE),
    gzip.compress(tarred(a=PICKLE)),
]


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=6),
    st.data(),
)
@settings(max_examples=300, deadline=None)
def test_mutated_containers_never_raise(
    seed: bytes, flips: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Flipped and cut containers give pieces, at least one, and no exception."""
    mutated = bytearray(seed)
    for at, value in flips:
        mutated[at % len(mutated)] = value
    cut = data.draw(st.integers(0, len(mutated)))
    for sample in (bytes(mutated), bytes(mutated[:cut])):
        assert all(isinstance(piece, Piece) for piece in pieces(sample))
        assert any(True for _ in pieces(sample))


@pytest.mark.parametrize(
    "descr",
    ["'i4,O'", "'O,O'", "('i4,O', (2,))", "[('a', 'i4,O')]", "'object'", "[('a', '|O', (2,))]",
     "'T'", "{('a', '|O')}", "{('a', '|O'): 1}"],
)  # fmt: skip
def test_every_way_to_write_an_object_dtype_is_a_pickle(descr: str) -> None:
    """numpy itself is the judge: where it would unpickle, the piece is a pickle."""
    assert np.lib.format.descr_to_dtype(ast.literal_eval(descr)).hasobject
    head = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,)}}\n".encode()
    data = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + pickle.dumps([1], 2)
    assert [piece.kind for piece in pieces(data, "a.npy")] == ["pickle"]


def test_arrays_of_numbers_and_texts_are_none() -> None:
    """Of every code that NumPy has, in records, with shapes and titles: as NumPy itself writes them."""
    codes = [one for one in np.typecodes["All"] if one not in "Oc"] + [
        "U5",
        "S3",
        "V7",
        "M8[ns]",
        "m8[25s]",
        ">f8",
    ]
    records = [[("a", "<i4"), ("b", "U3", (2, 2))], [(("title", "a"), "f8"), ("c", [("d", "?")])]]
    for code in [*codes, *records]:
        out = io.BytesIO()
        np.save(out, np.zeros(2, code), allow_pickle=False)
        assert found(out.getvalue()) == [("array", "")], code


NONSENSE = b"(]\xff"  # too short to be taken for a pickle by what it holds; a loader runs it up to the last byte


@settings(max_examples=150, deadline=None)
@given(
    data=st.one_of(
        st.binary(max_size=40),
        st.sampled_from([NONSENSE, b"", gzip.compress(PICKLE), zipped(x=PICKLE), PICKLE[:5]]),
    ),
    name=st.sampled_from(["a__data.pkl", "a__DATA.PKL", "b__deep__data.pkl", "a__constants.Pkl"]),
    more=st.sampled_from([{}, {"a__version": b"3"}, {"note": b"words"}]),
)
def test_what_torch_unpickles_for_its_name_is_never_passed_over(data, name, more) -> None:
    """Whatever it begins with, and whatever else the archive holds."""
    whole = zipped(**more, **{name: data}, a__zz=PICKLE)
    told = found(whole)
    where = name.replace("__", "/")
    assert {("pickle", where), ("closed", where)} & {*told}
    assert ("pickle", "a/zz") in told


def test_a_first_argument_beyond_what_is_looked_at_hides_nothing() -> None:
    """A text of 33 MB, and then an import: torch would run it."""
    text = b"X" + (33 << 20).to_bytes(4, "little") + bytes(33 << 20)
    whole = zipped(a__version=b"3", **{"a__data.pkl": text + b"0cos\ngetcwd\n."}, a__zz=PICKLE)
    assert found(whole) == [("pickle", "a/data.pkl"), ("pickle", "a/zz")]


@pytest.mark.parametrize("name", ["pickle", "storages", "tensors"])
def test_what_torch_unpickles_of_an_old_tar_is_never_passed_over(name) -> None:
    """By its name, as in a zip; and a link in its place is told."""
    rest = {"pickle": PICKLE, "storages": PICKLE, "tensors": PICKLE}
    assert ("pickle", name) in found(tarred(**{**rest, name: NONSENSE}))
    out = io.BytesIO(tarred(**rest))
    with tarfile.open(fileobj=out, mode="a") as archive:
        linked = tarfile.TarInfo(name)
        linked.type, linked.linkname = tarfile.LNKTYPE, "other"
        archive.addfile(linked)
    assert ("closed", name) in found(out.getvalue())


def test_a_member_that_is_called_a_pickle_is_one_unless_it_holds_another() -> None:
    """In any archive; compressed and zipped pickles are found in it by what they are."""
    for packed in (zipped, tarred):
        assert found(packed(**{"x.pkl": NONSENSE})) == [("pickle", "x.pkl")]
        assert found(packed(**{"X.PICKLE": b""})) == [("closed", "X.PICKLE")]
        assert found(packed(**{"x.pkl": gzip.compress(PICKLE)})) == [("pickle", "x.pkl > <gzip>")]
        assert found(packed(**{"x.bin": NONSENSE})) == [("nothing", "")]


def test_a_storage_is_passed_over_only_where_no_loader_unpickles_it() -> None:
    """NumPy opens an array of objects in any zip, and PyTorch's importer of packages any member of a package."""
    out = io.BytesIO()
    np.save(out, np.array([1, "x"], dtype=object))
    model = {"a__data.pkl": PICKLE, "a__version": b"3"}
    assert found(zipped(**model, a__data__b=PICKLE)) == [("pickle", "a/data.pkl")]
    assert ("pickle", "a/data/b") in found(zipped(**model, a__data__b=out.getvalue()))
    package = {"a__.data__extern_modules": b"os", "a__data__b": PICKLE}
    assert ("pickle", "a/data/b") in found(zipped(**model, **package))


def test_a_tar_member_of_an_unknown_type_is_a_file(tmp_path: Path) -> None:
    """To Python it is; and what makes an old PyTorch file of a tar may stand behind other members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for number in range(80):
            archive.addfile(tarfile.TarInfo(f"note {number}"))
        for name in ("storages", "tensors", "pickle"):
            member = tarfile.TarInfo(name)
            member.size, member.type = len(PICKLE), b"Z" if name == "storages" else tarfile.REGTYPE
            archive.addfile(member, io.BytesIO(PICKLE))
    told = [*pieces(out.getvalue(), "x")]
    assert [piece.where for piece in told if piece.kind == "pickle"] == [
        "storages",
        "tensors",
        "pickle",
    ]
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as archive:
        assert archive.extractfile("storages").read() == PICKLE
    (tmp_path / "x").write_bytes(out.getvalue())
    assert identify(tmp_path / "x").id == "torch-tar"
