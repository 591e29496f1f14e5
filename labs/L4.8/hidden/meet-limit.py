"""Hidden check: the second layer on other files, and why the first one is not enough."""

from unpickled import specimens
from unpickled.checking import File, Tally
from unpickled.pickles import assemble


def check(student):
    """An unlisted call, the canary, honest weights, plain data."""
    names = ["logging.error", "logging.warning", "nt.mkdir", "os.mkdir", "posix.mkdir"]
    imports = [("GLOBAL", name.replace(".", " ")) for name in reversed(names)]
    five = assemble([("PROTO", 2), "MARK", *imports, "TUPLE", "STOP"])
    tally = Tally(3)
    for name, data, expected in (
        ("five.pkl", five, names),
        ("honest.pt", specimens.make("torch-plain"), []),
        ("plain.pkl", specimens.make("plain-2"), []),
        ("net.bin", specimens.make("torch-bin-canary"), ["os.mkdir"]),
    ):
        tally.part(
            0.25, lambda n=name, d=data, e=expected: student.call("strangers", File(n, d)) == e,
            "strangers should work for any pickle, also inside a PyTorch file: all names that are not in ALLOWED, sorted.",
        )  # fmt: skip
    tally.part(
        1, lambda: student.value("why_passed") == "c",
        "why_passed: nothing is hidden and nothing is damaged. The name is simply on neither list.",
    )  # fmt: skip

    def both():
        given = student.value("second_layer")
        return isinstance(given, list) and sorted(map(str, given)) == ["a", "d"]

    tally.part(
        1, both,
        "second_layer: two of the four do not depend on a list of bad names, and not on the file's name either.",
    )  # fmt: skip
    return tally.outcome()
