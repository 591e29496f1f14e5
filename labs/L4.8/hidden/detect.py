"""Hidden check: codes and counts on other files, what each tool did not look at, and what the two codes allow."""

import gzip

from unpickled.checking import File, Tally
from unpickled.pickles import assemble


def check(student):
    """The raw pickle under a PyTorch name is caught by the one and skipped by the other; the packed one by neither."""
    canary = [("PROTO", 2), ("GLOBAL", "os mkdir"), ("BINUNICODE", "/tmp/unpickled-held/canary")]
    raw = assemble([*canary, "TUPLE1", "REDUCE", "STOP"])
    plain = assemble([("PROTO", 2), "EMPTY_LIST", ("BININT1", 7), "APPEND", "STOP"])
    held, packed = File("held.bin", raw), File("held.joblib", gzip.compress(raw, mtime=0))
    tally = Tally(3)
    for tool, file, code in (
        ("picklescan", held, 1),
        ("modelscan", held, 3),
        ("picklescan", File("plain.pkl", plain), 0),
        ("modelscan", File("held.pkl", raw), 1),
    ):
        tally.part(
            0.125, lambda t=tool, f=file, c=code: student.call("exit_code", t, f) == c,
            "exit_code should return what the command itself ends with, for any file and for both tools.",
        )  # fmt: skip
    for tool, file, pair in (
        ("picklescan", held, [1, 1]),
        ("modelscan", held, [0, 0]),
        ("picklescan", packed, [0, 1]),
        ("modelscan", File("plain.pkl", plain), [0, 1]),
    ):
        tally.part(
            0.125, lambda t=tool, f=file, p=pair: student.call("by_python", t, f) == p,
            "by_python should return what the package itself says, for any file: first the issues, then the files scanned.",
        )  # fmt: skip

    def said(tool):
        given = student.value("not_read")
        names = given.get(tool) if isinstance(given, dict) else None
        return sorted(map(str, names)) if isinstance(names, list) else []

    tally.part(
        0.5, lambda: said("picklescan") == ["packed.joblib"],
        "not_read, picklescan: one file it has counted as scanned and ended with 0, and it saw its compressed bytes only.",
    )  # fmt: skip
    tally.part(
        0.5, lambda: said("modelscan") == ["packed.joblib", "raw.bin"],
        "not_read, modelscan: where it ends with 3 it has looked at nothing. It chose its reader by the file's name.",
    )  # fmt: skip
    codes = [(first, second) for first in range(3) for second in range(5)]

    def allowed():
        return [pair for pair in codes if student.call("may_go_on", *pair) is True]

    tally.part(
        1, lambda: allowed() == [(0, 0)],
        "may_go_on: two zeros let you go on. Any other pair means that something was found, or not judged.",
    )  # fmt: skip
    return tally.outcome()
