"""The weight formats that the course tells apart: id, label, whether a pickle is inside, usual file names.

The lesson's own table (risk, notes, sources) is `course/data/formats.toml`; this is only what recognition needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["KINDS", "Format", "Kind"]


class Kind(NamedTuple):
    """One format as recognition knows it.

    `pickled` is True where the format stores its objects as a pickle, False where it cannot, and None where that
    depends on what was put in.
    """

    label: str
    pickled: bool | None
    extensions: tuple[str, ...]


_TORCH = (".pt", ".pth", ".bin", ".ckpt", ".tar", ".pkl")

KINDS: dict[str, Kind] = {
    "pickle": Kind(
        "raw pickle", True, (".pkl", ".pickle", ".p", ".joblib", ".dill", ".dat", ".data")
    ),
    "joblib": Kind("joblib pickle with arrays", True, (".joblib", ".pkl", ".pickle", ".jl")),
    "joblib-compressed": Kind(
        "compressed pickle (joblib)",
        True,
        (".joblib", ".pkl", ".jl", ".gz", ".z", ".bz2", ".xz", ".lzma", ".lz4"),
    ),
    "torch-zip": Kind("PyTorch file (zip)", True, _TORCH),
    "torch-legacy": Kind("PyTorch file (legacy, several pickles)", True, _TORCH),
    "torch-tar": Kind("PyTorch file (old tar)", True, _TORCH),
    "torchscript": Kind(
        "TorchScript program (zip)", True, (".pt", ".pth", ".ts", ".ptl", ".torchscript")
    ),
    "npy": Kind("NumPy array", None, (".npy",)),
    "npz": Kind("NumPy arrays (zip)", None, (".npz",)),
    "safetensors": Kind("safetensors", False, (".safetensors",)),
    "gguf": Kind("GGUF", False, (".gguf",)),
    "onnx": Kind("ONNX model", False, (".onnx",)),
    "hdf5": Kind("HDF5 (Keras .h5)", False, (".h5", ".hdf5", ".hdf", ".keras")),
    "keras-zip": Kind("Keras model (zip)", False, (".keras",)),
    "zip": Kind("zip archive", None, (".zip", ".whl", ".jar", ".docx", ".xlsx")),
    "tar": Kind("tar archive", None, (".tar",)),
    "gzip": Kind("gzip data", None, (".gz", ".tgz")),
    "bz2": Kind("bzip2 data", None, (".bz2", ".tbz2")),
    "xz": Kind("xz data", None, (".xz", ".txz")),
    "lzma": Kind("lzma data", None, (".lzma",)),
    "lz4": Kind("LZ4 data", None, (".lz4",)),
    "zlib": Kind("zlib data", None, (".z", ".zlib")),
    "7z": Kind("7-Zip archive", None, (".7z",)),
    "text": Kind("text", False, ()),
    "empty": Kind("empty file", None, ()),
    "unknown": Kind("unknown format", None, ()),
}

# Text has too many honest names to list; these are the ones that promise something else.
_CLAIMED = frozenset(ext for kind in KINDS.values() for ext in kind.extensions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What a file is, by its content.

    Attributes:
        id: a key of `KINDS`.
        label: the format's name for readers.
        pickled: whether a pickle is inside; None where the header cannot tell.
        matches_name: whether the file's extension is a usual one for this format.
        note: one sentence on what stands out (a name that promises another format, say); empty if nothing does.
    """

    id: str
    label: str
    pickled: bool | None
    matches_name: bool
    note: str

    @classmethod
    def of(
        cls, kind: str, extension: str, *, pickled: bool | None = None, note: str = ""
    ) -> Format:
        """Build the answer for format `kind` found in a file whose name ends in `extension` (with its dot)."""
        known = KINDS[kind]
        fits = _fits(kind, extension.lower())
        if not fits and kind != "empty":
            named = f"The name ends in {extension}" if extension else "The name has no extension"
            note = f"{named}, the content is: {known.label}. {note}".rstrip()
        return cls(
            id=kind,
            label=known.label,
            pickled=known.pickled if pickled is None else pickled,
            matches_name=fits,
            note=note,
        )


def _fits(kind: str, extension: str) -> bool:
    if kind in {"text", "empty", "unknown"}:
        return extension not in _CLAIMED
    return extension in KINDS[kind].extensions
