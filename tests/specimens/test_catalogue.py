"""The catalogue: complete, deterministic, written whole, and true to the libraries whose files it imitates."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import get_args
from unittest.mock import patch

import pytest

from unpickled.errors import SpecimenError, TraceError
from unpickled.pickles import Limits, Tracing
from unpickled.specimens import (
    Specimen,
    Truth,
    catalogue,
    classes,
    default_marker,
    make,
    specimen,
    write,
    write_all,
)
from unpickled.weights import KINDS, identify, pieces

ALL = [pytest.param(entry, id=entry.id) for entry in catalogue()]
VERDICTS = {"clean", "suspicious", "dangerous", "unreadable", "skipped", "failed"}


def test_ids_and_file_names_are_unique() -> None:
    """Two specimens never overwrite each other."""
    entries = catalogue()
    assert (
        len({entry.id for entry in entries})
        == len({entry.filename for entry in entries})
        == len(entries)
    )
    assert sum(entry.recipe != "folder" for entry in entries) >= 70


@pytest.mark.parametrize("entry", ALL)
def test_every_entry_is_complete(entry: Specimen) -> None:
    """Each entry says what it teaches in a sentence and states a verdict and an exit code for each scanner."""
    assert entry.teaches.endswith(".")
    assert len(entry.teaches) > 25
    assert set(entry.expect) == set(entry.exits) == {"picklescan", "modelscan"}
    assert set(entry.expect.values()) <= VERDICTS
    assert entry.format in KINDS or entry.recipe == "folder"


def test_every_class_has_files_and_a_title_of_its_own() -> None:
    """The scoreboard's rows: each specimen counts in one, each row has a file, and no two look alike."""
    rows = classes()
    assert {row.id for row in rows} == {entry.kind for entry in catalogue()}
    assert len({row.id for row in rows}) == len({row.title for row in rows}) == len(rows)
    assert {row.truth for row in rows} == set(get_args(Truth))


def called(entry: Specimen) -> set[str]:
    """What the pickles in a specimen call, beside what rebuilds tensors and arrays."""
    names: set[str] = set()
    for piece in pieces(make(entry.id) or b""):
        if piece.kind == "pickle":
            steps = Tracing(bytes(piece.data), Limits(), piece.start)
            with contextlib.suppress(TraceError):
                for step in steps:
                    names |= {step.calls.callable} if step.calls else set()
    return {name for name in names if name in {"os.mkdir", "logging.warning", "(extension code 1)"}}


@pytest.mark.parametrize("entry", ALL)
def test_truth_is_what_the_tracer_sees(entry: Specimen) -> None:
    """A class that calls code has a call in each of its files, and no other class has one; looks agree with truth."""
    truth = {row.id: row.truth for row in classes()}[entry.kind]
    assert bool(called(entry)) == (truth == "calls code")
    if truth != "nobody can judge":
        assert entry.harmful_looking == (truth != "plain data")


@pytest.mark.parametrize("entry", ALL)
def test_content_is_what_the_catalogue_says(entry: Specimen, tmp_path: Path) -> None:
    """The format told by content is the stated one; a renamed specimen does not fit its name."""
    path = write(entry.id, tmp_path)
    assert path == tmp_path / entry.filename
    if entry.recipe == "folder":
        assert path.is_dir()
        return
    found = identify(path)
    assert found.id == entry.format
    assert found.matches_name == (entry.family != "renamed" and entry.format != "empty")


@pytest.mark.parametrize("entry", ALL)
def test_bytes_are_the_same_each_time(entry: Specimen) -> None:
    """A specimen is made from its recipe alone, not from the time or the machine."""
    marker = Path(tempfile.gettempdir()) / "m"
    assert make(entry.id, marker=marker) == make(entry.id, marker=marker)


def test_every_family_has_a_harmless_looking_one_beside_a_harmful_looking_one() -> None:
    """A learner can compare, in the families where both exist."""
    for family in ("raw pickle", "PyTorch", "NumPy", "joblib", "Keras"):
        looks = {entry.harmful_looking for entry in catalogue() if entry.family == family}
        assert looks == {True, False}, family


def test_an_unknown_id_lists_the_known_ones(tmp_path: Path) -> None:
    """A typing error is answered with the ids that exist."""
    with pytest.raises(SpecimenError, match="reduce-canary"):
        specimen("reduce-canari")
    with pytest.raises(SpecimenError):
        write("nope", tmp_path)


@pytest.mark.parametrize("marker", ["/etc/unpickled", "relative", "/", "~/x"])
def test_a_marker_outside_the_temporary_folder_is_refused(marker: str) -> None:
    """No specimen can be asked to make a folder anywhere else."""
    with pytest.raises(SpecimenError, match="temporary"):
        make("reduce-canary", marker=marker)


def test_a_marker_may_not_climb_out() -> None:
    """`..` does not lead out of the temporary folder."""
    with pytest.raises(SpecimenError):
        make("reduce-canary", marker=Path(tempfile.gettempdir()) / ".." / "etc" / "x")


def test_the_default_marker_is_in_the_temporary_folder() -> None:
    """Without a marker the canary is `unpickled-canary` in the system's temporary folder."""
    assert default_marker() == Path(tempfile.gettempdir()) / "unpickled-canary"
    assert str(default_marker()).encode() in (make("reduce-canary") or b"")


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    """When the disk fills up, neither half a file nor the draft stays, and an older file survives."""
    path = write("plain-4", tmp_path)
    before = path.read_bytes()
    full = OSError(28, "No space left on device")
    with (
        patch("pathlib.Path.replace", side_effect=full),
        pytest.raises(SpecimenError, match="No space"),
    ):
        write("plain-4", tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["plain-4.pkl"]
    assert path.read_bytes() == before


def test_write_all_writes_everything(tmp_path: Path) -> None:
    """One call makes the whole collection, in order."""
    paths = write_all(tmp_path / "new" / "folder")
    assert [path.name for path in paths] == [entry.filename for entry in catalogue()]
    assert all(path.exists() for path in paths)


def test_torch_files_are_what_torch_expects(tmp_path: Path) -> None:
    """The benign ones load with weights_only=True and hold the tensors; the harmful ones are refused."""
    import torch

    for name in ("torch-plain", "torch-bin", "torch-pth", "legacy-plain"):
        state = torch.load(write(name, tmp_path), weights_only=True)
        assert set(state) == {"layer.weight", "layer.bias"}
        assert torch.equal(state["layer.weight"], torch.arange(1.0, 7.0).reshape(2, 3)), name
        assert torch.equal(state["layer.bias"], torch.tensor([0.5, -0.5])), name
    for name in ("torch-canary", "torch-bin-canary", "torch-pth-canary", "legacy-canary"):
        with pytest.raises(Exception, match="mkdir"):
            torch.load(write(name, tmp_path), weights_only=True)


def test_torch_files_have_the_parts_of_real_ones(tmp_path: Path) -> None:
    """The zip has the members that torch.save writes, and its pickle the same imports."""
    import zipfile

    import torch

    from unpickled.pickles import trace

    torch.save(
        {"layer.weight": torch.ones(2, 3), "layer.bias": torch.ones(2)}, tmp_path / "archive.pt"
    )
    shapes = []
    for path in (tmp_path / "archive.pt", write("torch-plain", tmp_path)):
        with zipfile.ZipFile(path) as archive:
            steps = list(trace(archive.read("archive/data.pkl")))
            shapes.append((sorted(archive.namelist()), {step.imports for step in steps}))
    assert shapes[0] == shapes[1]


def test_numpy_and_joblib_files_are_what_the_libraries_expect(tmp_path: Path) -> None:
    """numpy and joblib read the benign ones; numpy refuses objects unless asked."""
    import joblib
    import numpy as np

    numbers = [3, 1, 4, 1, 5]
    assert np.load(write("npy-plain", tmp_path)).tolist() == numbers
    assert np.load(write("npy-objects", tmp_path), allow_pickle=True).tolist() == ["a text"]
    with pytest.raises(ValueError, match="allow_pickle"):
        np.load(write("npy-canary", tmp_path))
    with np.load(write("npz-objects", tmp_path), allow_pickle=True) as arrays:
        assert arrays["weights"].tolist() == numbers
        assert arrays["labels"].tolist() == ["a text"]
    assert joblib.load(write("joblib-arrays", tmp_path))["array"].tolist() == numbers
    for name in ("joblib-plain", "joblib-zlib-plain"):
        assert joblib.load(write(name, tmp_path))["weights"] == numbers


def test_models_without_pickle_are_what_the_libraries_expect(tmp_path: Path) -> None:
    """safetensors, gguf, onnx and h5py read theirs."""
    import gguf
    import h5py
    import onnx
    from safetensors.numpy import load_file

    assert load_file(write("safetensors", tmp_path))["layer.weight"].shape == (2, 3)
    (tensor,) = gguf.GGUFReader(write("gguf", tmp_path)).tensors
    assert (tensor.name, tensor.data.tolist()) == ("layer.weight", [[1, 2, 3], [4, 5, 6]])
    onnx.checker.check_model(onnx.load(write("onnx", tmp_path)))
    with h5py.File(write("h5-lambda", tmp_path)) as file:
        layers = json.loads(file.attrs["model_config"])["config"]["layers"]
    assert layers[0]["class_name"] == "Lambda"
    assert "this text stands" in layers[0]["config"]["function"][0]


def test_plain_pickles_are_data() -> None:
    """The plain pickles hold the same data in every protocol, as the standard library reads it."""
    import pickle

    expected = {"name": "a model that is only data", "weights": [3, 1, 4, 1, 5], "trained": True}
    for name in ("plain-0", "plain-2", "plain-4"):
        assert pickle.loads(make(name) or b"") == expected
