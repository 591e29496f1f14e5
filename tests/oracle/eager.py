"""The texts of values, put together eagerly from real containers: rules of `render`, written anew.

`frozen` copies a value, four levels deep, into a tree of plain tuples; `drawn` writes a tree out. A
call freezes its arguments when it is made, so nothing that happens later can show in its text.
"""

from __future__ import annotations

from typing import Any

from written import WrittenDict, WrittenFrozen, WrittenList, WrittenSet

DEEPEST, MOST, WIDEST, LONGEST = 4, 8, 200, 160

Tree = tuple[Any, ...]


class Stub:
    """Anything at all: it can be called, hashed, iterated over (as if empty), and told to add things."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []

    def __iter__(self) -> Any:
        return iter(())

    def did(self, kind: str, *values: Any) -> None:
        self.done.append((kind, *values))


class Named(Stub):
    def __init__(self, module: str, name: str) -> None:
        super().__init__()
        self.text = f"{module}.{name}"


class Extension(Stub):
    def __init__(self, code: int) -> None:
        super().__init__()
        self.text = f"extension code {code}"


class Buffer(Stub):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.text = f"buffer {number}"


class Persistent(Stub):
    def __init__(self, pid: Any) -> None:
        super().__init__()
        self.pid = pid


class ReadOnly(Stub):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Result(Stub):
    def __init__(self, target: Tree, method: str, args: Tree, keywords: Tree | None) -> None:
        super().__init__()
        self.call: Tree = (target, method, args, keywords)

    def callable_text(self) -> str:
        return cut(drawn_callable(self.call, 0))

    def call_text(self) -> str:
        return cut(f"{self.callable_text()}({cut(drawn_arguments(self.call, 0))})")


def shown(value: Any) -> str:
    """The text of a value as it is now."""
    return cut(drawn(frozen(value), 0, in_call=False))


def cut(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def frozen(value: Any, levels: int = DEEPEST + 1) -> Tree:  # noqa: PLR0911 - one for each kind of value
    """Copy a value into a tree that nothing can change."""
    if isinstance(value, Named | Extension | Buffer):
        return ("word", value.text)
    if not isinstance(value, Stub | tuple | list | dict | set | frozenset):
        return ("word", atom(value))
    if levels == 0:
        return ("deep",)
    below = levels - 1
    if isinstance(value, Result):
        did = tuple(
            (kind, *(frozen(part, below) for part in parts)) for kind, *parts in value.done[:MOST]
        )
        return ("result", value.call, did, len(value.done))
    if isinstance(value, Persistent):
        return ("wrap", "persistent id ", frozen(value.pid, below))
    if isinstance(value, ReadOnly):
        return ("wrap", "read-only ", frozen(value.value, below))
    if isinstance(value, WrittenDict):
        pairs = tuple(("", frozen(k, below), frozen(v, below)) for k, v in value.written[:MOST])
        return ("dict", pairs, len(value.written))
    items = value if isinstance(value, tuple) else value.written
    kind = {tuple: "tuple", WrittenList: "list", WrittenSet: "set", WrittenFrozen: "frozenset"}[
        type(value)
    ]
    return (kind, tuple(("", frozen(item, below)) for item in items[:MOST]), len(items))


def atom(value: Any) -> str:
    if isinstance(value, str | bytes | bytearray) and len(value) > LONGEST:
        unit = "characters" if isinstance(value, str) else "bytes"
        return f"{value[:LONGEST]!r}… ({len(value)} {unit})"
    return repr(value)


def drawn(tree: Tree, depth: int, *, in_call: bool) -> str:
    kind, *rest = tree
    if kind == "word":
        return str(rest[0])
    if depth >= DEEPEST:
        return "…"
    if kind == "wrap":
        return f"{rest[0]}{drawn(rest[1], depth + 1, in_call=in_call)}"
    if kind == "result":
        call, did, total = rest
        text = f"result of {drawn_call(call, depth, nested=in_call)}"
        named = [(f"{prefix} " if prefix else "", *parts) for prefix, *parts in did]
        return text + (
            f" with {{{entries(named, total, depth, in_call=in_call)}}}" if total else ""
        )
    inside = entries(rest[0], rest[1], depth, in_call=in_call)
    comma = "," if rest[1] == 1 else ""
    return {
        "tuple": f"({inside}{comma})",
        "list": f"[{inside}]",
        "dict": f"{{{inside}}}",
        "set": f"{{{inside}}}" if rest[1] else "set()",
        "frozenset": f"frozenset({{{inside}}})" if rest[1] else "frozenset()",
    }[kind]


def entries(given: Any, total: int, depth: int, *, in_call: bool) -> str:
    parts = [
        prefix + ": ".join(drawn(part, depth + 1, in_call=in_call) for part in tree)
        for prefix, *tree in given
    ]
    if total > len(parts):
        parts.append(f"… {total - len(parts)} more")
    return ", ".join(parts)


def drawn_call(call: Tree, depth: int, *, nested: bool) -> str:
    target, arguments = drawn_callable(call, depth), drawn_arguments(call, depth)
    if nested:
        return f"{target}({arguments})"
    return cut(f"{cut(drawn_callable(call, 0))}({cut(drawn_arguments(call, 0))})")


def drawn_callable(call: Tree, depth: int) -> str:
    target, method, *_ = call
    if target[0] == "word" and not target[1].startswith(("extension code ", "buffer ")):
        text = target[1]
    elif target[0] == "result" and depth + 1 < DEEPEST:
        text = f"(result of {drawn_call(target[1], depth + 1, nested=True)})"
    else:
        text = f"({drawn(target, depth + 1, in_call=True)})"
    return f"{text}.{method}" if method else text


def drawn_arguments(call: Tree, depth: int) -> str:
    *_, arguments, keywords = call
    if arguments[0] == "tuple":
        text = entries(arguments[1], arguments[2], depth, in_call=True)
    else:
        text = f"*{drawn(arguments, depth + 1, in_call=True)}"
    if keywords is not None:
        text += (", **" if text else "**") + drawn(keywords, depth + 1, in_call=True)
    return text
