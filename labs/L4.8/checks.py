"""The visible checks of lab L4.8: what each exercise is told at once. They ask through the port only.

`CHECKS` maps the id of an exercise to its check, `POINTS` to the points that it gives here and, later, on handing in,
as in lab.toml. Nothing in here loads what a learner made: files are traced.
"""

from __future__ import annotations

import hashlib
import json

from unpickled import pickles, specimens
from unpickled.checking import Deeds, File, Outcome, Student, Tally, deeds, in_workspace
from unpickled.errors import StudentError

SCANNERS = ("picklescan", "modelscan")
FILES = ("honest.bin", "download.bin", "raw.bin", "packed.joblib")


def read_disassembly(student: Student) -> Outcome:
    """Compare the answers for A with what the tracer sees in the same specimen."""
    call = pickles.record(specimens.make("obj-canary") or b"").calls[0]
    answer = lambda: _table(student, "answer_a", ("opcode", "called", "folder"))  # noqa: E731
    tally = Tally(2)
    known = {opcode.name for opcode in pickles.OPCODES.values()}
    tally.part(
        1,
        lambda: answer()["opcode"] == call.opcode,
        "That is not the opcode that calls in A. Others only prepare the call: they import, or push the arguments.",
    )
    tally.part(
        0.5,
        lambda: answer()["called"] == call.callable,
        "What A calls is named by module and name, with a dot: the two words of its GLOBAL.",
    )
    tally.part(
        0.5,
        lambda: answer()["folder"] == "canary",
        "The folder's name is the last part of the path in A.",
    )
    outcome = tally.outcome()
    try:
        named = _table(student, "answer_b", ("opcode", "called", "folder", "pickle"))["opcode"]
        note = "" if named in known else f"B: {named!r:.40} is no opcode at all."
    except StudentError as wrong:
        note = f"B: {wrong.problem}."
    notes = (note,) if note else ()
    return Outcome(outcome.points, outcome.maximum, outcome.feedback + notes)


def build_canary(student: Student) -> Outcome:
    """Trace `canary.pkl`; it must hold the harmless canary and nothing else."""
    data = student.file("canary.pkl")
    problem = canary_problem(deeds(data, "canary.pkl"))
    if problem:
        return Outcome(0, 2, (f"canary.pkl: {problem}",))
    if data[:2] == b"PK":
        return Outcome(0, 2, ("canary.pkl is an archive. Save it with pickle, not with torch.",))
    return Outcome(2, 2, ("Right: canary.pkl makes the marker, and nothing else.",))


def canary_problem(told: Deeds) -> str:
    """Say why something is not the harmless canary; empty if it is."""
    if told.problems:
        path = any(" pathlib." in problem for problem in told.problems)
        slip = "MARKER is a Path, and saving keeps it as one: use str(MARKER). " if path else ""
        return (
            f"{told.problems[0]}. {slip}The only thing that a pickle of this lab may do is make the folder MARKER: "
            "no points for anything else."
        )
    if not told.folders:
        return "it makes no folder when it is loaded. Is there a Canary() in it, and does __reduce__ return os.mkdir?"
    if len(told.folders) > 1:
        return "it makes more than one folder. One Canary() is enough."
    if told.pickles > 1:
        return f"there are {told.pickles} pickles in it, one behind the other. Write the one Canary() alone."
    if not in_workspace(told.folders[0]):
        return (
            f"it would make {told.folders[0]!r:.80}, which is not in the lab's workspace. Use str(MARKER): "
            "no points for any other place."
        )
    return ""


def predict_load(student: Student) -> Outcome:
    """A prediction for each load, and what the loads gave."""
    tally = Tally(2)
    loads = ("pickle", "torch", "weights_only")
    tally.part(
        0.5,
        lambda: all(type(said) is bool for said in _table(student, "prediction", loads).values()),
        "Predict True or False for each of the three loads. A wrong guess costs nothing.",
    )

    def made(name: str) -> object:
        found = _table(student, "seen", loads)[name]
        return found.get("made") if isinstance(found, dict) else None

    tally.part(
        1,
        lambda: made("pickle") is True and made("torch") is True,
        "The first two loads should have made the marker. Is clear() called before each, and the second one with "
        "weights_only=False?",
    )
    tally.part(
        0.5,
        lambda: made("weights_only") is False,
        "The third load, with weights_only=True, should not have made the marker. Keep what lab.load_in_child returns.",
    )
    return tally.outcome()


def detect(student: Student) -> Outcome:
    """The exit codes of both scanners on the four files, and what their packages say of one."""
    expected = {
        "honest.bin": ("torch-bin", 0.25),
        "download.bin": ("torch-bin-canary", 0.25),
        "raw.bin": ("pickle-as-bin", 0.5),
        "packed.joblib": ("joblib-gzip", 0.5),
    }
    wrong = {
        "honest.bin": "Both scanners end with the same code on honest.bin. Is it their exit code that you return?",
        "download.bin": "Both scanners find the canary in download.bin, and say so by their exit code.",
        "raw.bin": "The codes for raw.bin differ from each other. Run both, and read what modelscan prints as well.",
        "packed.joblib": "The codes for packed.joblib differ from each other, and neither of them is 1. Keep them as they are.",
    }
    tally = Tally(2)
    for name, (twin, points) in expected.items():
        tally.part(
            points,
            lambda name=name, twin=twin: all(
                _codes(student, tool)[name] == specimens.specimen(twin).exits[tool]
                for tool in SCANNERS
            ),
            wrong[name],
        )
    download = File("download.bin", specimens.make("torch-bin-canary") or b"")
    tally.part(
        0.5,
        lambda: all(student.call("by_python", tool, download) == [1, 1] for tool in SCANNERS),
        "by_python should return a pair for either tool: for download.bin one issue, in one file that was scanned.",
    )
    return tally.outcome()


def _codes(student: Student, tool: str) -> dict:
    codes = _table(student, "exit_codes", SCANNERS)[tool]
    if not isinstance(codes, dict) or any(type(codes.get(name)) is not int for name in FILES):
        raise StudentError(
            f"the entry exit_codes[{tool!r}] needs a number for each of {', '.join(FILES)}"
        )
    return codes


def safe_to_load(student: Student) -> Outcome:
    """Three files of the catalogue; always yes and always no are worth nothing."""
    tally = Tally(2)
    decided = [
        (name, load, _decision(student, name))
        for name, load in (("plain-4", True), ("reduce-canary", False), ("broken-data", False))
    ]
    for name, load, (said, problem) in decided:
        if said is None:
            return Outcome(0, 2, (problem,))
        if said is not load:
            why = {
                "plain-4": "It refuses plain data in which neither scanner finds anything.",
                "reduce-canary": "It lets the canary through, which both scanners flag.",
                "broken-data": "It lets a damaged file through, which neither scanner could read. Could not judge means no.",
            }
            return Outcome(0, 2, (why[name],))
    tally.part(2, lambda: True, "")
    return tally.outcome()


def _decision(student: Student, name: str) -> tuple[bool | None, str]:
    entry = specimens.specimen(name)
    said = student.call("safe_to_load", File(entry.filename, specimens.make(name) or b""))
    if not isinstance(said, dict) or type(said.get("load")) is not bool:
        return None, "safe_to_load should return a Decision whose load is True or False."
    return said["load"], ""


def meet_limit(student: Student) -> Outcome:
    """The stranger in the given file, and letters where letters belong."""
    tally = Tally(2)
    unlisted = specimens.make("unlisted-call") or b""
    names = {name.text for name in pickles.record(unlisted).imports}
    tally.part(
        1,
        lambda: student.call("strangers", File("unlisted.pkl", unlisted)) == sorted(names),
        "strangers should return a sorted list of what the file imports and ALLOWED does not hold.",
    )
    tally.part(
        0.5,
        lambda: student.value("why_passed") in ["a", "b", "c", "d"],
        "why_passed is one letter of a to d.",
    )
    tally.part(
        0.5,
        lambda: _letters(student.value("second_layer")),
        'second_layer is a list of letters, such as ["b"].',
    )
    return tally.outcome()


def _letters(given: object) -> bool:
    return (
        isinstance(given, list) and len(given) > 0 and all(g in ["a", "b", "c", "d"] for g in given)
    )


def convert(student: Student) -> Outcome:
    """`honest.safetensors` is what it says, and holds the names of `state`."""
    tally = Tally(2)
    held = lambda: _header(student.file("honest.safetensors"))  # noqa: E731
    tally.part(1, lambda: bool(held()), "honest.safetensors is no safetensors file.")
    tally.part(
        1,
        lambda: set(held()) == {"weight", "bias"},
        "honest.safetensors should hold the tensors weight and bias, and nothing else.",
    )
    return tally.outcome()


def _header(data: bytes) -> dict:
    """Return a safetensors header: 8 bytes of length, then JSON (https://huggingface.co/docs/safetensors)."""
    length = int.from_bytes(data[:8], "little")
    if not 2 <= length <= min(len(data) - 8, 10_000):
        return {}
    try:
        found = json.loads(data[8 : 8 + length])
    except ValueError:
        return {}
    return {k: v for k, v in found.items() if k != "__metadata__"} if type(found) is dict else {}


def pin_hash(student: Student) -> Outcome:
    """A pin is a SHA-256, and the pinned file comes back whole."""
    tally = Tally(2)
    data = b"some weights, " * 40
    expected = hashlib.sha256(data).hexdigest()
    tally.part(
        1,
        lambda: student.call("pin", File("model.safetensors", data)) == expected,
        "pin should return the 64 hexadecimal digits of the file's SHA-256.",
    )
    tally.part(
        1,
        lambda: student.call("load_pinned", File("model.safetensors", data), expected) == data,
        "load_pinned should return the file's bytes when the pin is right.",
    )
    return tally.outcome()


def _table(student: Student, name: str, keys: tuple[str, ...]) -> dict:
    """Return a dict of the learner's that has these keys."""
    found = student.value(name)
    if not isinstance(found, dict) or any(key not in found for key in keys):
        raise StudentError(f"the value of {name} should be a dict with the keys {', '.join(keys)}")
    return found


CHECKS = {
    "read-disassembly": read_disassembly,
    "build-canary": build_canary,
    "predict-load": predict_load,
    "detect": detect,
    "safe-to-load": safe_to_load,
    "meet-limit": meet_limit,
    "convert": convert,
    "pin-hash": pin_hash,
}

POINTS = {
    "read-disassembly": (2, 2),
    "build-canary": (2, 3),
    "predict-load": (2, 1),
    "detect": (2, 3),
    "safe-to-load": (2, 7),
    "meet-limit": (2, 3),
    "convert": (2, 3),
    "pin-hash": (2, 2),
}
