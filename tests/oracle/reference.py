"""CPython's pure-Python unpickler, made harmless, telling what it would have done at every opcode.

`python -m` this file in a child: each line of stdin is a JSON list of pickles in hexadecimal, each line
of stdout the JSON of what `read` says of them. Nothing that a pickle names is imported or called: what
it names is a `Stub`, and a stub does as any object might. So wherever some real object would let the
real unpickler go on, this one goes on too.
"""

from __future__ import annotations

import io
import json
import pickle
import resource
import sys
from typing import Any, ClassVar

from eager import Buffer, Extension, Named, Persistent, ReadOnly, Result, Stub, frozen, shown
from written import WrittenDict, WrittenFrozen, WrittenList, WrittenSet

NAMES = {value[0]: name for name, value in vars(pickle).items() if name.isupper()
         and isinstance(value, bytes) and len(value) == 1}  # fmt: skip

_NONE = object()  # where no keyword arguments are given


class Neutral(pickle._Unpickler):
    """Reads one pickle and logs every opcode."""

    dispatch: ClassVar = dict(pickle._Unpickler.dispatch)

    def __init__(self, data: bytes, start: int, *, texts: str = "") -> None:
        self.file = io.BytesIO(data)
        self.file.seek(start)
        super().__init__(self.file, encoding="latin-1", buffers=(Buffer(n) for n in range(1 << 30)))
        self.base = start
        self.texts = texts
        self.steps: list[dict[str, Any]] = []
        self.events: list[list[Any]] = []
        self.stopped = False

    def run(self) -> str | None:
        """Read to STOP; return the reason if it does not get there."""
        self._unframer = pickle._Unframer(self._file_read, self._file_readline)
        self.read, self.readinto = self._unframer.read, self._unframer.readinto
        self.readline = self._unframer.readline
        self.metastack: list[list[Any]] = []
        self.stack: list[Any] = []
        self.append = self.stack.append
        name = ""
        try:
            while not self.stopped:
                self.events = []
                name = ""
                code = self.read(1)
                if not code:
                    raise EOFError("no STOP")
                name = NAMES.get(code[0], "")
                try:
                    self.dispatch[code[0]](self)
                except pickle._Stop:
                    self.stopped = True
                self.log(name, done=True)
        except Exception as reason:  # noqa: BLE001 - whatever real unpickling may raise ends it
            if name:
                self.log(name, done=False)
            return f"{type(reason).__name__}: {reason}"[:200]
        return None

    def position(self) -> int:
        frame = self._unframer.current_frame
        ahead = len(frame.getbuffer()) - frame.tell() if frame else 0
        return self.file.tell() - ahead

    def log(self, name: str, *, done: bool) -> None:
        entry = {
            "opcode": name,
            "end": self.position(),
            "depth": sum(map(len, self.metastack)) + len(self.stack) + len(self.metastack),
            "events": self.events,
            "done": done,
        }
        if self.texts == "all" and done:
            entry["stack"] = self.stack_texts()
            memo = {} if self.stopped else self.memo
            entry["memo"] = {index: shown(value) for index, value in memo.items()}
        self.steps.append(entry)

    def stack_texts(self) -> list[str]:
        texts: list[str] = []
        for part in self.metastack:
            texts += [*map(shown, part), "MARK"]
        return [*texts, *map(shown, self.stack)]

    # Imports

    def find_class(self, module: str, name: str) -> Stub:
        if not module:
            raise ValueError("Empty module name")  # as any import would
        self.events.append(["import", module, name])
        return Named(module, name)

    def get_extension(self, code: int) -> None:
        if code <= 0:
            raise pickle.UnpicklingError("EXT specifies code <= 0")
        self.events.append(["import", "", f"extension code {code}"])
        self.append(Extension(code))

    def persistent_load(self, pid: object) -> Stub:
        return Persistent(pid)

    # Calls

    def call(self, opcode: str, target: Any, method: str, args: Any, keywords: Any = _NONE) -> Any:
        """Log a call; raise as the interpreter would if it could not even begin."""
        if not isinstance(target, Stub):
            raise TypeError("not callable")
        if not isinstance(args, Stub):
            iter(args)
        if keywords is not _NONE and not isinstance(keywords, Stub):
            if not isinstance(keywords, dict):
                raise TypeError("not a mapping")
            if any(not isinstance(key, str | Stub) for key in keywords):
                raise TypeError("keywords must be strings")
        made = Result(
            frozen(target), method, frozen(args), None if keywords is _NONE else frozen(keywords)
        )
        count = len(args) if isinstance(args, tuple) else None
        text = [made.callable_text(), made.call_text()] if self.texts else []
        self.events.append(["call", opcode, method, count, *text])
        return made

    def load_reduce(self) -> None:
        args = self.stack.pop()
        self.stack[-1] = self.call("REDUCE", self.stack[-1], "", args)

    def load_newobj(self) -> None:
        args = self.stack.pop()
        cls = self.stack.pop()
        self.append(self.call("NEWOBJ", cls, "__new__", args))

    def load_newobj_ex(self) -> None:
        keywords = self.stack.pop()
        args = self.stack.pop()
        cls = self.stack.pop()
        self.append(self.call("NEWOBJ_EX", cls, "__new__", args, keywords))

    def _instantiate(self, klass: Any, args: list[Any]) -> None:
        opcode = "INST" if any(kind == "import" for kind, *_ in self.events) else "OBJ"
        self.append(self.call(opcode, klass, "", tuple(args)))

    def load_build(self) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, Stub):
            self.call("BUILD", target, "__setstate__", (state,))
            target.did("state", state)
            return
        slots = None
        if isinstance(state, tuple) and len(state) == 2:
            state, slots = state
        if any(part and not isinstance(part, Stub) for part in (state, slots)):
            raise AttributeError(
                "no __dict__"
            )  # what a stub holds may be empty, and then all is well

    # Adding: a method call where the target is no plain container

    def load_append(self) -> None:
        value = self.stack.pop()
        self.added("APPEND", "append", [value])

    def load_appends(self) -> None:
        self.added("APPENDS", "extend", self.pop_mark())

    def load_additems(self) -> None:
        values = self.pop_mark()
        if isinstance(self.stack[-1], set):
            self.stack[-1].update(values)
        else:
            self.added("ADDITEMS", "add", values)

    def added(self, opcode: str, method: str, values: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, list | bytearray) and method in ("append", "extend"):
            target.extend(values)
        elif not isinstance(target, Stub):
            getattr(target, method)  # which it has not
            raise AssertionError(f"{type(target)} has a method {method}")
        elif (
            values or method == "extend"
        ):  # the real one looks up `extend` first, and calls it anyway
            self.call(opcode, target, method, tuple(values))
            for value in values:
                target.did("", value)

    def load_setitem(self) -> None:
        value = self.stack.pop()
        key = self.stack.pop()
        self.stored("SETITEM", [key, value])

    def load_setitems(self) -> None:
        self.stored("SETITEMS", self.pop_mark())

    def stored(self, opcode: str, values: list[Any]) -> None:
        target = self.stack[-1]
        whole = values[: len(values) // 2 * 2]
        pairs = list(zip(whole[::2], whole[1::2], strict=True))
        if isinstance(target, Stub):
            if pairs:
                self.call(opcode, target, "__setitem__", tuple(whole))
            for key, value in pairs:
                target.did("", key, value)
        else:
            for key, value in pairs:
                target[key] = value
        if len(values) % 2:
            raise IndexError("odd")

    # Containers that remember what was written, in its order

    def load_empty_list(self) -> None:
        self.append(WrittenList())

    def load_list(self) -> None:
        values = self.pop_mark()
        self.append(WrittenList(values))

    def load_empty_dictionary(self) -> None:
        self.append(WrittenDict())

    def load_dict(self) -> None:
        values = self.pop_mark()
        if len(values) % 2:
            raise IndexError("odd")
        made = WrittenDict()
        for key, value in zip(values[::2], values[1::2], strict=True):
            made[key] = value
        self.append(made)

    def load_empty_set(self) -> None:
        self.append(WrittenSet())

    def load_frozenset(self) -> None:
        values = self.pop_mark()
        self.append(WrittenFrozen(values))

    def load_readonly_buffer(self) -> None:
        value = self.stack[-1]
        if not isinstance(value, Stub):
            with memoryview(value) as view:  # raises for what is no buffer
                if view.readonly:
                    return
        self.stack[-1] = ReadOnly(value)


for _name in [name for name in vars(Neutral) if name.startswith("load_")]:
    _base = getattr(pickle._Unpickler, _name)
    for _code, _method in pickle._Unpickler.dispatch.items():
        if _method is _base:
            Neutral.dispatch[_code] = getattr(Neutral, _name)


def read(data: bytes, *, texts: str = "") -> list[dict[str, Any]]:
    """Read pickle after pickle, each with an unpickler of its own, until one does not reach its STOP.

    With texts of `calls`, or of `all` the stack and memo after each step too.
    """
    pickles, at = [], 0
    while at < len(data) or not pickles:
        reader = Neutral(data, at, texts=texts)
        error = reader.run()
        pickles.append({"start": at, "steps": reader.steps, "error": error})
        if error:
            break
        at = reader.steps[-1]["end"]
    return pickles


def serve() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    for line in sys.stdin:
        request = json.loads(line)
        answers = [read(bytes.fromhex(data), texts=request["texts"]) for data in request["pickles"]]
        print(json.dumps(answers), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    serve()
