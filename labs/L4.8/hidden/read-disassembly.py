"""Hidden check: the answers for B, where the call stands in the second of two pickles."""

from unpickled import pickles, specimens
from unpickled.checking import Tally


def check(student):
    """Compare with the tracer."""
    step = next(s for s in pickles.record(specimens.make("stacked-canary")).steps if s.calls)
    truth = {
        "opcode": step.opcode,
        "called": step.calls.callable,
        "folder": "canary",
        "pickle": step.pickle + 1,
    }
    wrong = {
        "opcode": "B: that is not the opcode that calls.",
        "called": "B: that is not what is called.",
        "folder": "B: that is not the name of the folder in the argument.",
        "pickle": "B: the call stands in another of its pickles. A file may hold several, one behind the other.",
    }

    def right(key):
        said = student.value("answer_b")
        return isinstance(said, dict) and said.get(key) == truth[key]

    tally = Tally(2)
    for key in truth:
        tally.part(0.5, lambda key=key: right(key), wrong[key])
    return tally.outcome()
