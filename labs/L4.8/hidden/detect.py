"""Hidden check: exit codes on other files, what each did not look at, and what the two numbers allow."""

from unpickled.checking import File, Tally
from unpickled.pickles import assemble


def check(student):
    """The raw pickle under a PyTorch name is caught by the one and skipped by the other."""
    canary = [("PROTO", 2), ("GLOBAL", "os mkdir"), ("BINUNICODE", "/tmp/unpickled-held/canary")]
    raw = assemble([*canary, "TUPLE1", "REDUCE", "STOP"])
    plain = assemble([("PROTO", 2), "EMPTY_LIST", ("BININT1", 7), "APPEND", "STOP"])
    tally = Tally(3)
    for tool, name, data, code in (
        ("picklescan", "held.bin", raw, 1),
        ("modelscan", "held.bin", raw, 3),
        ("picklescan", "plain.pkl", plain, 0),
        ("modelscan", "held.pkl", raw, 1),
    ):
        tally.part(
            0.25, lambda t=tool, n=name, d=data, c=code: student.call("exit_code", t, File(n, d)) == c,
            "exit_code should return what the command itself ends with, for any file and for both tools.",
        )  # fmt: skip
    tally.part(
        0.5, lambda: student.value("verdict_raw") == "dangerous",
        "verdict_raw: one scanner found the canary, and the worst answer decides.",
    )  # fmt: skip
    tally.part(
        0.5, lambda: student.value("skipped_by") == "modelscan",
        "skipped_by: one scanner chose its reader by the name .bin, did not find what it expected, and looked no "
        "further. Its exit code was 3.",
    )  # fmt: skip
    codes = [(first, second) for first in range(3) for second in range(5)]

    def allowed():
        return [pair for pair in codes if student.call("may_go_on", *pair) is True]

    tally.part(
        1, lambda: allowed() == [(0, 0)],
        "may_go_on: two zeros let you go on. Any other pair means that something was found, or not judged.",
    )  # fmt: skip
    return tally.outcome()
