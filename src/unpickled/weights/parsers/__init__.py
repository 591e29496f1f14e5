"""Headers read by each format's own library. Run in a child by `weights.inspect`; import a parser nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from unpickled.weights.parsers.found import Found, RefusedError

__all__ = ["PARSERS", "Found", "RefusedError", "parse"]

_HERE = "unpickled.weights.parsers"
PARSERS = {
    "safetensors": "of_safetensors:read",
    "gguf": "of_gguf:read",
    "onnx": "of_onnx:read",
    "hdf5": "of_hdf5:read",
    "keras-zip": "of_keras:read",
    "npy": "of_numpy:read_npy",
    "npz": "of_numpy:read_npz",
    "torch-zip": "of_torch:read_zip",
    "torchscript": "of_torch:read_zip",
    "torch-legacy": "of_torch:read_legacy",
    "torch-tar": "of_torch_tar:read",
    "pickle": "of_torch:read_pickles",
    "joblib": "of_torch:read_joblib",
    "joblib-compressed": "of_torch:read_pickles",
    "zip": "of_archives:read",
    "tar": "of_archives:read",
}


def parse(kind: str, path: Path) -> Found:
    """Read the header of a file of format `kind`.

    Raises:
        RefusedError: the file is damaged, or made to do harm to whoever reads it; the message is for readers.
    """
    module, _, name = PARSERS[kind].partition(":")
    read: Callable[[Path, Found], None] = getattr(import_module(f"{_HERE}.{module}"), name)
    found = Found()
    try:
        read(path, found)
    except RefusedError:
        raise
    except MemoryError as error:
        raise RefusedError("its header asks for more memory than there is for it") from error
    except RecursionError as error:
        raise RefusedError("its header is nested too deep") from error
    except Exception as error:
        told = " ".join(str(error).split())[:160].rstrip(".")
        raise RefusedError(f"its header is damaged ({type(error).__name__}: {told})") from error
    return found
