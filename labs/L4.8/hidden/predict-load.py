"""Hidden check: why the restricted loader refuses."""

from unpickled.checking import Tally


def check(student):
    """One letter, and a third load that ended in a refusal."""

    def refused():
        seen = student.value("seen")
        third = seen.get("weights_only") if isinstance(seen, dict) else None
        return isinstance(third, dict) and third.get("error") == "UnpicklingError"

    tally = Tally(1)
    tally.part(0.5, refused, "The third load should end in the loader's own refusal.")
    tally.part(
        0.5, lambda: student.value("why_refused") == "b",
        "weights_only=True knows no bad names: it has a short list of needed ones, and refuses all others.",
    )  # fmt: skip
    return tally.outcome()
