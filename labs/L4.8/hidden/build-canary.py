"""Hidden check: the canary inside a real PyTorch file, among honest tensors; both files harmless."""

from unpickled.checking import Outcome, Tally, deeds, in_workspace


def check(student):
    """Trace both files; neither is ever loaded."""
    made = {name: student.file(name) for name in ("canary.pkl", "canary.bin")}
    for name, data in made.items():
        told = deeds(data, name)
        if told.problems:
            said = f"{name} is not the harmless canary: {told.problems[0]}. No points for anything else."
            return Outcome(0, 3, (said,))
        if not all(in_workspace(folder) for folder in told.folders):
            return Outcome(
                0, 3, (f"{name} would make a folder outside the lab's workspace: no points.",)
            )
    if deeds(made["canary.pkl"]).pickles != 1:
        return Outcome(
            0, 3, ("canary.pkl should hold one pickle, with nothing behind it: no points.",)
        )
    told = deeds(made["canary.bin"], "canary.bin")
    tally = Tally(3)
    zipped = made["canary.bin"][:4] == b"PK\x03\x04"
    tally.part(
        1, lambda: zipped and told.tensors >= 1,
        "canary.bin should be what torch.save writes, with the tensors of state in it.",
    )  # fmt: skip
    tally.part(
        2, lambda: zipped and len(told.folders) == 1,
        "canary.bin should hold exactly one Canary() among the tensors.",
    )  # fmt: skip
    return tally.outcome()
