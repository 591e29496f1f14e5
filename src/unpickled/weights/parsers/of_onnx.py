"""ONNX: the graph without its numbers.

The `onnx` package has to read a whole model to show its graph. So the fields that hold numbers are left out first, by
walking the protobuf fields over a map of the file; what remains is small, whatever the model weighs. Field numbers:
`onnx.proto`, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from unpickled.weights.parsers.found import Found, RefusedError, size_of

__all__ = ["lean", "read"]

_INNER = {  # message: number of a field and the message that it holds
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_NUMBERS = frozenset({4, 5, 6, 7, 9, 10, 11})  # fields of a tensor that hold its numbers
_KEPT = 32 << 20  # bytes of graph
_DEPTH = 40
_WITH_OPSETS = 3  # from this version of the format on, `opset_import` has to be there
_BITS = {
    **dict.fromkeys(("FLOAT", "INT32", "UINT32"), 32),
    **dict.fromkeys(("DOUBLE", "INT64", "UINT64", "COMPLEX64"), 64),
    **dict.fromkeys(("FLOAT16", "BFLOAT16", "INT16", "UINT16"), 16),
    **dict.fromkeys(("INT4", "UINT4", "FLOAT4E2M1"), 4),
    **dict.fromkeys(("INT2", "UINT2"), 2),
    "COMPLEX128": 128,
}
_OWN = frozenset({"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training"})


def read(path: Path, found: Found) -> None:
    """Leave the numbers out, then let the library read."""
    import onnx  # noqa: PLC0415 - it takes a while to import

    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        small = lean(view)
    model = onnx.ModelProto()
    model.ParseFromString(small)
    if not model.opset_import and model.ir_version >= _WITH_OPSETS:
        raise RefusedError(
            "it is cut short: the versions of its operators, which follow its graph, are not there"
        )
    for name in ("ir_version", "producer_name", "producer_version", "domain", "model_version"):
        if value := getattr(model, name):
            found.tell(name, value)
    for entry in model.metadata_props:
        found.tell(entry.key, entry.value)
    for opset in model.opset_import:
        found.tell(f"opset {opset.domain or 'ai.onnx'}", opset.version)
        _operators(opset.domain, found)
    for function in model.functions:
        for opset in function.opset_import:
            _operators(opset.domain, found)
    _graph(model.graph, found)
    for tensor in _all_tensors(model):
        _tensor(tensor, found)


def _operators(domain: str, found: Found) -> None:
    if domain not in _OWN:
        text = "Operators that ONNX does not define: a runtime loads a library for them."
        found.risk("code", domain, text)


def _graph(graph: Any, found: Found) -> None:
    found.tell("graph", graph.name)
    found.tell("nodes", len(graph.node))
    for what, values in (("input", graph.input), ("output", graph.output)):
        for value in values:
            shape = [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
            found.tell(f"{what} {value.name}", shape)


def _tensor(tensor: Any, found: Found) -> None:
    dtype = _type_name(tensor)
    size = size_of(tensor.dims, _BITS.get(dtype, 8)) if dtype != "STRING" else None
    found.tensor(tensor.name, dtype, tensor.dims, size)
    if tensor.data_location == tensor.EXTERNAL or tensor.external_data:
        place = next((e.value for e in tensor.external_data if e.key == "location"), "")
        parts = place.replace("\\", "/").split("/")
        leaves = ".." in parts or place.startswith(("/", "\\")) or ":" in parts[0]
        text = f"Its numbers are in another file, {place!r}; that was not opened."
        warning = " The path leads out of the model's folder." if leaves else ""
        found.risk("external", tensor.name, text + warning)


def _type_name(tensor: Any) -> str:
    try:
        return str(tensor.DataType.Name(tensor.data_type))
    except ValueError as error:
        raise RefusedError(f"a tensor has the unknown type {tensor.data_type}") from error


def _all_tensors(model: Any) -> Iterator[Any]:
    """Yield the tensors of the graph, of what trains it, and of the functions that it brings along."""
    yield from _of_graph(model.graph)
    for training in model.training_info:
        yield from _of_graph(training.initialization)
        yield from _of_graph(training.algorithm)
    for function in model.functions:
        yield from _of_nodes(function.node)
        yield from _of_attributes(function.attribute_proto)


def _of_graph(graph: Any) -> Iterator[Any]:
    """Yield initializers, and constants in the graph's nodes and the graphs in those."""
    yield from graph.initializer
    yield from _of_sparse(graph.sparse_initializer)
    yield from _of_nodes(graph.node)


def _of_nodes(nodes: Iterable[Any]) -> Iterator[Any]:
    for node in nodes:
        yield from _of_attributes(node.attribute)


def _of_attributes(attributes: Iterable[Any]) -> Iterator[Any]:
    for attribute in attributes:
        if attribute.HasField("t"):
            yield attribute.t
        yield from attribute.tensors
        if attribute.HasField("sparse_tensor"):
            yield from _of_sparse([attribute.sparse_tensor])
        yield from _of_sparse(attribute.sparse_tensors)
        if attribute.HasField("g"):
            yield from _of_graph(attribute.g)
        for graph in attribute.graphs:
            yield from _of_graph(graph)


def _of_sparse(tensors: Iterable[Any]) -> Iterator[Any]:
    for sparse in tensors:
        for part in ("values", "indices"):
            if sparse.HasField(part):
                yield getattr(sparse, part)


def lean(view: Any) -> bytes:
    """Copy a serialized ModelProto without the numbers of its tensors.

    Args:
        view: the bytes, or a map of a file.

    Raises:
        RefusedError: a field runs out of its message, or what is left is over the limit.
    """
    left = [_KEPT]
    return _copy(view, (0, len(view)), "model", left, _DEPTH)


def _copy(view: Any, span: tuple[int, int], message: str, left: list[int], depth: int) -> bytes:
    at, end = span
    if not depth:
        raise RefusedError("its graphs are nested too deep")
    parts: list[bytes] = []
    inner = _INNER.get(message, {})
    while at < end:
        start = at
        tag, at = _varint(view, at, end)
        number, wire = tag >> 3, tag & 7
        body, at = _extent(view, at, end, wire)
        if message == "tensor" and number in _NUMBERS:
            continue
        if wire == 2 and number in inner:
            content = _copy(view, (body, at), inner[number], left, depth - 1)
            parts += [_number(tag), _number(len(content)), content]
            continue
        left[0] -= at - start
        if left[0] < 0:
            raise RefusedError(f"its graph is over the limit of {_KEPT:,} bytes")
        parts.append(bytes(view[start:at]))
    return b"".join(parts)


def _extent(view: Any, at: int, end: int, wire: int) -> tuple[int, int]:
    """Return where a field's content starts and ends."""
    if wire == 0:
        return at, _varint(view, at, end)[1]
    if wire == 2:
        length, at = _varint(view, at, end)
    elif wire in {1, 5}:
        length = 8 if wire == 1 else 4
    else:
        raise RefusedError("its header is damaged: a field of no known kind")
    if at + length > end:
        raise RefusedError("a length in it leads past the end")
    return at, at + length


def _varint(view: Any, at: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise RefusedError("it ends within a field")
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise RefusedError("its header is damaged: a number without end")


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
