"""Hidden check: the 30-second test on held-out files, made here and nowhere else."""

import gzip
import io
import json
import struct
import zipfile

from unpickled.checking import File, Outcome, Tally
from unpickled.errors import StudentError
from unpickled.pickles import assemble

_FOLDER = "/tmp/unpickled-held/canary"
_CALL = [("GLOBAL", "os mkdir"), ("BINUNICODE", _FOLDER), "TUPLE1", "REDUCE"]


def _pickle(*ops):
    return assemble([("PROTO", 3), *ops, "STOP"])


def _text(value):
    return ("BINUNICODE", value)


def _tensor(key, count):
    storage = [_text("storage"), ("GLOBAL", "torch DoubleStorage"), _text(key), _text("cpu")]
    return [
        ("GLOBAL", "torch._utils _rebuild_tensor_v2"), "MARK", "MARK", *storage, ("BININT1", count),
        "TUPLE", "BINPERSID", ("BININT1", 0), ("BININT1", count), "TUPLE1", ("BININT1", 1),
        "TUPLE1", "NEWFALSE", ("GLOBAL", "collections OrderedDict"), "EMPTY_TUPLE", "REDUCE",
        "TUPLE", "REDUCE",
    ]  # fmt: skip


def _archive(*more, name="held"):
    ops = [("PROTO", 2), "EMPTY_DICT", _text("scale"), *_tensor("0", 2), "SETITEM", *more, "STOP"]
    return _zip(
        {
            f"{name}/data.pkl": assemble(ops),
            f"{name}/byteorder": b"little",
            f"{name}/data/0": struct.pack("<2d", 0.25, 4.0),
            f"{name}/version": b"3\n",
        }
    )


def _zip(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for member, data in members.items():
            archive.writestr(zipfile.ZipInfo(member), data)
    return out.getvalue()


def _safetensors():
    header = {"scale": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + struct.pack("<2d", 0.25, 4.0)


_PLAIN = _pickle("EMPTY_LIST", "MARK", ("BININT1", 2), ("BINFLOAT", 0.5), "APPENDS")
_NESTED = _pickle("EMPTY_DICT", _text("epochs"), "EMPTY_LIST", *_CALL, "APPEND", "SETITEM")

_HONEST = {
    "metrics.pkl": _PLAIN,
    "tiny.bin": _archive(),
    "tiny.pth": _archive(_text("step"), ("BININT1", 9), "SETITEM", name="tiny"),
    "tiny.safetensors": _safetensors(),
}
_CANARIES = {
    "metrics-2.pkl": _NESTED,
    "tiny-2.pt": _archive(_text("notes"), *_CALL, "SETITEM"),
    "log.pkl": _PLAIN + _NESTED,
    "vectors.safetensors": _NESTED,
    "arrays.npz": _zip({"readme.md": b"two arrays", "first.pkl": _NESTED}),
}
_UNJUDGED = {
    "half.pkl": _PLAIN[:-6],
    "scratched.pkl": _PLAIN[:-1] + b"\xfe.",
    "list.bin": _PLAIN,
    "metrics.joblib": gzip.compress(_PLAIN, mtime=0),
    "nothing.pkl": b"",
}


def check(student):
    """Points for what is caught and for what is refused as unjudged, less the share of false alarms."""
    problems = []

    def share(files, load):
        right = 0
        for name, data in files.items():
            try:
                said = student.call("safe_to_load", File(name, data))
            except StudentError as error:
                problems.append(error.problem)
                continue
            right += isinstance(said, dict) and said.get("load") is load
        return right / len(files)

    passed, caught = share(_HONEST, True), share(_CANARIES, False)
    unjudged = share(_UNJUDGED, False)
    if len(problems) == len(_HONEST) + len(_CANARIES) + len(_UNJUDGED):
        return Outcome(0, 7, (f"It gave no decision on any file: {problems[0]}.",))
    tally = Tally(7)
    alarm = round((1 - passed) * len(_HONEST))
    missed = round((1 - caught) * len(_CANARIES))
    waved = round((1 - unjudged) * len(_UNJUDGED))
    less = (
        f" {alarm} of {len(_HONEST)} honest files were refused, which lowers this." if alarm else ""
    )
    tally.share(
        4, lambda: caught + passed - 1,
        f"{missed} of {len(_CANARIES)} files with a canary were let through.{less}",
    )  # fmt: skip
    tally.share(
        3, lambda: unjudged + passed - 1,
        f"{waved} of {len(_UNJUDGED)} files that no scanner could judge were let through: not judged means no.{less}",
    )  # fmt: skip
    outcome = tally.outcome()
    more = (f"On {len(problems)} files it failed: {problems[0]}.",) if problems else ()
    return Outcome(outcome.points, outcome.maximum, (*outcome.feedback, *more))
