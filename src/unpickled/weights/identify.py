"""What a file is, told from its content and never from its name."""

from __future__ import annotations

import codecs
import os
import zipfile
from pathlib import Path
from typing import BinaryIO

from unpickled.weights import archives, headers
from unpickled.weights.files import open_regular
from unpickled.weights.formats import Format
from unpickled.weights.opening import Opening, goes_on, opening
from unpickled.weights.squeezed import compression, unsqueeze

__all__ = ["HEAD", "describe", "identify"]

HEAD = 1 << 16  # bytes of the start that are looked at
_MAGIC = ((b"GGUF", "gguf"), (b"7z\xbc\xaf\x27\x1c", "7z"))
_WIDE = (
    32 << 20
)  # bytes that are read where a pickle's first argument may be longer than the first ones
_TEXT_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b")


def identify(path: str | os.PathLike[str]) -> Format:
    """Tell a file's format by content; reads its first 64 KiB and, of archives, the directory.

    Raises:
        ScanError: if the path is missing, may not be read, or is not a regular file.
    """
    with open_regular(path) as file:
        return describe(file, Path(path).name)


def describe(file: BinaryIO, name: str) -> Format:
    """Tell the format of an open, seekable file; `name` only decides whether the name fits."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(HEAD)
    extension = Path(name).suffix
    for known in (_by_magic, _by_structure, _by_tracing, _by_compression):
        found = known(file, head, size, extension)
        if found:
            return found
    return Format.of("text" if _is_text(head) else "unknown", extension)


def _by_magic(file: BinaryIO, head: bytes, size: int, extension: str) -> Format | None:
    if not size:
        return Format.of("empty", extension, note="The file is empty.")
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return Format.of(kind, extension)
    if head.startswith(b"\x93NUMPY"):
        header = headers.npy(head)
        return Format.of("npy", extension, pickled=header[1] if header else None)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(file, extension)
    return None


def _zip(file: BinaryIO, extension: str) -> Format:
    try:
        with archives.open_zip(file) as archive:
            kind = archives.zip_kind(archive.namelist())
            if kind == "zip" and _has_architecture(archive):
                kind = "keras-zip"
    except archives.ZIP_ERRORS as error:
        return Format.of("zip", extension, note=f"It starts like a zip archive, but {error}.")
    return Format.of(kind, extension)


def _has_architecture(archive: zipfile.ZipFile) -> bool:
    """Tell whether there is a `config.json` that names a class, as that of a Keras model does at its start."""
    try:
        with archive.open("config.json") as member:
            return b'"class_name"' in member.read(HEAD)
    except Exception:  # noqa: BLE001 - decompressors raise what they like on hostile bytes
        return False


def _by_structure(file: BinaryIO, head: bytes, size: int, extension: str) -> Format | None:
    if headers.hdf5(file, size):
        return Format.of("hdf5", extension)
    if headers.safetensors(file, size):
        return Format.of("safetensors", extension)
    if archives.is_tar(head):
        names = {name.removeprefix("./") for name in archives.tar_names(file)}
        return Format.of("torch-tar" if {"pickle", "storages"} <= names else "tar", extension)
    if headers.onnx(file, size):
        return Format.of("onnx", extension)
    return None


def _by_tracing(file: BinaryIO, head: bytes, size: int, extension: str) -> Format | None:
    start = opening(head, size)
    if start is None and goes_on(head, size):  # a text, say, that is longer than the first bytes
        file.seek(0)
        start = opening(file.read(_WIDE), size)
    if start is None:
        return None
    return Format.of(_pickle_kind(start), extension, note=_writer(start))


def _pickle_kind(start: Opening) -> str:
    if start.torch_legacy:
        return "torch-legacy"
    return "joblib" if "joblib.numpy_pickle" in start.modules else "pickle"


def _writer(start: Opening) -> str:
    """Tell what else but the standard library wrote a pickle, where that shows."""
    for package in ("dill", "cloudpickle"):
        if any(module.partition(".")[0] == package for module in start.modules):
            return f"Written by {package}: functions and classes may be in it as code."
    return ""


def _by_compression(_file: BinaryIO, head: bytes, size: int, extension: str) -> Format | None:
    name = compression(head)
    if not name:
        return None
    inner, problem = unsqueeze(head, name, HEAD)
    if not inner and name in {"zlib", "lzma"}:
        return None  # their two or three magic bytes prove nothing by themselves
    if opening(inner, size if problem else len(inner)):
        return Format.of("joblib-compressed", extension)
    note = "A tar archive is inside." if archives.is_tar(inner) else ""
    return Format.of(name, extension, note=note)


def _is_text(head: bytes) -> bool:
    if _TEXT_CONTROLS & set(head):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < HEAD)
    except UnicodeDecodeError:
        return False
    return True
