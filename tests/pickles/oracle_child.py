"""The independent oracle: CPython's own unpicklers, with everything they would import or call made inert.

Run as a child process. Reads a pickle in hex from each line of stdin and answers with a line of JSON:
`{"steps": [[opcode, depth, import, call], …], "events": [import or call, …]}`. The steps come from
`pickle._Unpickler` (pure Python), one for each opcode that ran to its end, and the events from the C
unpickler. What is imported or called is a `Stub`, which does nothing but write down what is done to it.
"""

import copyreg
import io
import itertools
import json
import pickle
import resource
import sys

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
for code, name in ((0xF0, "one"), (0xF0F0, "two"), (0xF0F0F0, "four")):
    copyreg.add_extension("oracle", name, code)

CODES = {name: getattr(pickle, name) for name in pickle.__all__ if name.isupper()}
NAMES = {code[0]: name for name, code in CODES.items() if isinstance(code, bytes)}
NAMES |= {pickle.TRUE[0]: "INT"}  # "TRUE" and "FALSE" are INT with a line of their own


class Stub:
    """Stands for something imported, or for what a call of something would return."""

    def __init__(self, log, form):
        self.__dict__.update(log=log, form=form)
        self.__dict__["__new__"] = lambda cls, *args, **kwargs: cls.note("__new__", args, kwargs)

    def note(self, method, args, kwargs=None):
        form = ["result", next(self.log.numbers)]
        self.log.call(self, method, args, kwargs)
        return Stub(self.log, form)

    def done(self, method, args):
        self.log.call(self, method, args, None)

    def __call__(self, *args, **kwargs):
        return self.note("", args, kwargs)

    def __setstate__(self, state):
        self.done("__setstate__", (state,))

    def __setitem__(self, key, value):
        self.done("__setitem__", (key, value))

    def append(self, value):
        self.done("append", (value,))

    def extend(self, values):
        self.done("extend", tuple(values))

    def add(self, value):
        self.done("add", (value,))


class Log:
    """What happened in one unpickling."""

    def __init__(self):
        self.steps, self.events, self.numbers = [], [], itertools.count()
        self.imported = self.called = None

    def importing(self, module, name):
        self.imported = [module, name]
        self.events.append(["import", module, name])
        return Stub(self, ["global", module, name])

    def call(self, stub, method, args, kwargs):
        form = [
            shape(stub),
            method,
            [shape(value) for value in args],
            shape(kwargs) if kwargs else None,
        ]
        self.events.append(["call", *form])
        if self.called and method in ("__setitem__", "add"):  # one step may call it many times
            self.called[2] += form[2]
        else:
            self.called = form


def shape(value, depth=0):
    """Describe a value in plain JSON, a few levels deep."""
    if isinstance(value, Stub):
        return value.form
    kind = type(value).__name__
    if kind not in ("list", "tuple", "dict", "set", "frozenset"):
        return [kind, repr(value)] if kind != "PickleBuffer" else ["buffer"]
    if depth == 3:
        return [kind, "…"]
    if kind == "dict":
        return [kind, *([shape(k, depth + 1), shape(v, depth + 1)] for k, v in value.items())]
    inside = [shape(item, depth + 1) for item in value]
    return [kind, *(sorted(inside, key=repr) if "set" in kind else inside)]


class PythonOracle(pickle._Unpickler):
    """The pure Python unpickler: logs after each opcode."""

    def __init__(self, data, log):
        super().__init__(
            io.BytesIO(data), buffers=(pickle.PickleBuffer(b"") for _ in itertools.count())
        )
        self.log = log

    def find_class(self, module, name):
        return self.log.importing(module, name)

    def persistent_load(self, id_):
        return Stub(self.log, ["persistent", shape(id_)])

    def get_extension(self, code):
        if code <= 0:
            raise pickle.UnpicklingError("no such code")
        self.log.importing("", f"extension code {code}")
        self.append(Stub(self.log, ["ext", code]))


def logged(code, handler):
    def handle(self):
        self.log.imported = self.log.called = None
        try:
            handler(self)
        finally:
            stopped = isinstance(sys.exc_info()[1], pickle._Stop)
            if stopped or sys.exc_info()[0] is None:
                depth = len(self.stack) + sum(len(part) + 1 for part in self.metastack)
                self.log.steps.append([NAMES[code], depth, self.log.imported, self.log.called])

    return handle


PythonOracle.dispatch = {
    code: logged(code, handler) for code, handler in pickle._Unpickler.dispatch.items()
}


class COracle(pickle.Unpickler):
    """The C unpickler: tells only of imports and calls."""

    def __init__(self, data, log):
        super().__init__(
            io.BytesIO(data), buffers=(pickle.PickleBuffer(b"") for _ in itertools.count())
        )
        self.log = log

    def find_class(self, module, name):
        return self.log.importing(module, name)

    def persistent_load(self, id_):
        return Stub(self.log, ["persistent", shape(id_)])


def answer(data):
    python, c, problem = Log(), Log(), None
    try:
        PythonOracle(data, python).load()
    except Exception as error:  # noqa: BLE001 - whatever it was is the answer
        problem = f"{type(error).__name__}: {error}"
    try:
        COracle(data, c).load()
        c_problem = None
    except Exception as error:  # noqa: BLE001 - the same
        c_problem = f"{type(error).__name__}: {error}"
    return {"steps": python.steps, "problem": problem, "events": c.events, "c_problem": c_problem}


def forbid(event, args):
    if event in ("import", "os.system", "subprocess.Popen", "os.mkdir", "exec") and WATCHING:
        raise SystemExit(f"the oracle itself did {event} {args}")


WATCHING = []
sys.addaudithook(forbid)
if __name__ == "__main__":
    answer(b"Vx\n0S'x'\n.")  # which loads the codecs, before imports are watched
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    WATCHING.append(True)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(bytes.fromhex(line))) + "\n")
        sys.stdout.flush()
