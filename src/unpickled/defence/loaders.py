"""Which library loads which format behind the one door, and which files may be handed over afterwards."""

from __future__ import annotations

__all__ = ["HANDED", "LOADERS", "LOOKED_INTO", "UNRESTRICTED"]

LOADERS = {
    "torch-zip": "torch",
    "torch-legacy": "torch",
    "safetensors": "safetensors",
    "gguf": "gguf",
    "onnx": "onnx",
    "hdf5": "h5py",
    "npy": "numpy",
    "npz": "numpy",
    "pickle": "pickle",
    "joblib": "joblib",
    "joblib-compressed": "joblib",
}
"""By id of a format: the part of `load_guarded.txt` that loads it."""

UNRESTRICTED = {"pickle", "joblib"}
"""Loaders that have no way to load weights only."""

HANDED = {"safetensors", "gguf", "onnx", "hdf5", "npy"}
"""Formats that hold no program where weights only are loaded: the copy that was judged may be read by anybody."""

LOOKED_INTO = {"onnx", "hdf5"}
"""Of these, the ones whose header can name code or another file; weights only means that it names none."""
