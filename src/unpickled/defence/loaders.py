"""Which library loads which format behind the one door, and which files may be handed over afterwards."""

from __future__ import annotations

__all__ = ["HANDED", "LOADERS", "LOOKED_INTO", "PASSED", "UNRESTRICTED"]

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

HANDED = {"safetensors", "gguf", "onnx", "npy"}
"""Formats that hold no program where weights only are loaded: the copy that was judged may be read by its own library.

HDF5 is none of them: h5py runs nothing, but PyTables, with which pandas reads it, unpickles what it takes for a pickle.
"""

LOOKED_INTO = {"gguf", "hdf5", "npy", "onnx"}
"""Formats whose header can name code or another file, or behind whose end something else can stand."""

PASSED = {"name", "template"}
"""What a header may tell where weights only are asked for: its own name's fault, and a template, which is no weight."""
