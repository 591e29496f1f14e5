"""Which bytes of a file are what: signature, lengths, names, pickle, numbers. Read with bounds; nothing is loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from unpickled.weights.layout import flat, others, zips
from unpickled.weights.layout.regions import Field, Layout, Region, Role
from unpickled.weights.layout.survey import BrokenError, Survey

__all__ = ["Field", "Layout", "Region", "Role", "lay_out"]

_ZIPS = ("torch-zip", "torchscript", "npz", "keras-zip", "zip")
_SQUEEZED = ("joblib-compressed", "gzip", "bz2", "xz", "lzma", "lz4", "zlib")
_PICKLES = ("pickle", "joblib", "torch-legacy")


def lay_out(file: BinaryIO, kind: str, size: int) -> Layout:
    """Tell the stretches of a file apart.

    Args:
        file: open, seekable.
        kind: its format, a key of `KINDS`.
        size: its size in bytes.

    Returns:
        The regions, which cover every byte once; of a damaged file as far as it makes sense, and the problem.
    """
    survey = Survey(file, size)
    problem, rest = "", "bytes that no part of the format claims"
    try:
        _WALKS.get(kind, _unknown)(survey)
    except BrokenError as error:
        problem, rest = str(error), "not told apart"
    except (ValueError, OverflowError, OSError):
        problem, rest = f"it makes no sense from byte {survey.at:,} on", "not told apart"
    return Layout(survey.finish(rest), problem)


def _pickles(survey: Survey) -> None:
    survey.whole("pickle", "pickle", survey.size)


def _text(survey: Survey) -> None:
    survey.whole("text", "text", survey.size)


def _unknown(survey: Survey) -> None:
    survey.whole("rest", "bytes of no known format", survey.size)


def _seven_zip(survey: Survey) -> None:
    survey.magic("signature", 6)
    survey.number("version", 2)
    survey.close("header", "magic")
    survey.whole("data", "compressed", survey.size - survey.at)


_WALKS: dict[str, Callable[[Survey], None]] = {
    **dict.fromkeys(_ZIPS, zips.lay_out),
    **dict.fromkeys(_SQUEEZED, others.lay_out_squeezed),
    **dict.fromkeys(_PICKLES, _pickles),
    "torch-tar": others.lay_out_tar,
    "tar": others.lay_out_tar,
    "safetensors": flat.lay_out_safetensors,
    "npy": flat.lay_out_npy,
    "gguf": flat.lay_out_gguf,
    "hdf5": others.lay_out_hdf5,
    "onnx": others.lay_out_onnx,
    "7z": _seven_zip,
    "text": _text,
}
