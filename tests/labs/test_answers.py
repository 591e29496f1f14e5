"""Every check proves itself: reference, untouched release, wrong answers and mutations get what they deserve."""

from __future__ import annotations

import contextlib
import json
import re
import runpy
import shutil
import struct
import tomllib
from pathlib import Path

import pytest

from unpickled import lab
from unpickled.authoring.lab_files import load_lab
from unpickled.checking import Recorded, deeds, judge
from unpickled.lab import checks as bench

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "labs" / "L4.8"
WRONG = {
    path.stem: tomllib.loads(path.read_text()) for path in sorted((FOLDER / "wrong").glob("*.toml"))
}
EXERCISES = [one.id for one in load_lab(FOLDER).exercises]


def test_the_reference_earns_full_marks(work, reference):
    """Every point, by the kernel and by the recording alike."""
    assert work.points(*reference) == work.maximum


def test_the_untouched_release_earns_nothing(work, tmp_path):
    """Without an answer there is no point anywhere, and each check says what is missing."""
    stub = "raise NotImplementedError()"
    names = work.run(tmp_path, {name: stub for name, _ in work.cells if name.endswith("-answer")})
    for exercise in EXERCISES:
        for outcome in work.judge(names, tmp_path, exercise):
            assert outcome.points == 0
            assert outcome.feedback
            assert outcome.feedback != ("Right.",)


def test_what_an_earlier_run_left_earns_nothing(work, copied):
    """Beside the files of a finished lab, the untouched release is still worth nothing."""
    _, folder = copied
    stub = "raise NotImplementedError()"
    names = work.run(folder, {name: stub for name, _ in work.cells if name.endswith("-answer")})
    assert work.points(names, folder) == dict.fromkeys(EXERCISES, 0)


def test_the_points_that_learners_are_told_are_those_of_the_lab():
    """What the visible checks say of the hidden ones is what these give."""
    names = runpy.run_path(str(FOLDER / "checks.py"))
    told = {one.id: (one.visible, one.hidden) for one in load_lab(FOLDER).exercises}
    assert names["POINTS"] == told
    assert list(names["CHECKS"]) == list(told)


def test_a_visible_check_says_what_is_not_judged_yet(tmp_path, monkeypatch, capsys):
    """Right is right so far: the points of the hidden check are counted, and named as still to come."""
    shutil.copy(FOLDER / "checks.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    tensor = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    said = []
    for header in ({}, {"weight": tensor}, {"weight": tensor, "bias": tensor}):
        text = json.dumps(header).encode()
        Path("honest.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
        lab.check("convert")
        said.append(capsys.readouterr().out.splitlines())
    assert said[0][0] == "convert: 0 of 5 points so far"
    assert said[1][0] == "convert: 1 of 5 points so far"
    assert said[1][-1] == "  - 3 more points are judged when you hand in."
    assert said[2] == [
        "convert: right so far, 2 of 5 points",
        "  - The other 3 points are judged when you hand in.",
    ]


def test_a_visible_check_breaks_its_lines_between_words(tmp_path, monkeypatch, capsys):
    """No line is too long for a page, and no word is cut; the learner's names stay as they are written."""
    shutil.copy(FOLDER / "checks.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    sentence = "calls it with no-hyphen-is-a-place-to-break weights_only=False argument " * 4
    fault = f"raise TypeError({sentence!r})"
    names: dict[str, object] = {}
    exec(f"def load_pinned(*_): {fault}\ndef pin(_): {fault}", names)
    monkeypatch.setattr(bench, "_namespace", lambda: names)
    lab.check("pin-hash")
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 88
    assert out.count(sentence.split()[3]) == 8
    assert "Calling load_pinned raised TypeError" in " ".join(out.split())
    assert "Calling pin raised TypeError" in " ".join(out.split())


def test_a_student_without_anything_earns_nothing(work):
    """Checks stay upright when every question ends in an error."""
    for pair in work.checks.values():
        for check, maximum in pair:
            assert judge(check, Recorded({}), maximum).points == 0


def test_every_exercise_has_a_wrong_answer():
    """No check goes untried."""
    assert {entry["exercise"] for entry in WRONG.values()} == set(EXERCISES)


@pytest.mark.long
@pytest.mark.parametrize("name", WRONG)
@pytest.mark.usefixtures("remembered")
def test_a_wrong_answer_fails_just_its_exercise(work, name, copied):
    """It earns the stated points, is told the stated message, and all other exercises stay whole."""
    entry = WRONG[name]
    exercise = entry["exercise"]
    names, folder = copied
    answer = f"{exercise}-answer"
    names = work.run(folder, {answer: entry["source"]}, namespace=names, start=answer)
    outcomes = work.judge(names, folder, exercise)
    told = " ".join(line for outcome in outcomes for line in outcome.feedback)
    assert entry["message"] in told
    assert sum(outcome.points for outcome in outcomes) == pytest.approx(entry["points"]), told
    assert entry["points"] < work.maximum[exercise]
    assert work.points(names, folder) == {
        **work.maximum,
        exercise: pytest.approx(entry["points"]),
    }


MUTATIONS = [
    ("read-disassembly", '"OBJ"', '"INST"'),
    ("read-disassembly", '"pickle": 2', '"pickle": True'),
    ("build-canary", "(str(MARKER),)", "(str(MARKER), 0o700)"),
    ("build-canary", "str(MARKER)", "str(MARKER / 'a')"),
    ("build-canary", "**state, ", ""),
    ("build-canary", '"extra": Canary()', '"a": Canary(), "b": [Canary()]'),
    ("build-canary", "pickle.dumps(Canary())", "pickle.dumps({})"),
    ("build-canary", "os.mkdir", "os.rmdir"),
    ("build-canary", "os.mkdir", "os.makedirs"),
    ("predict-load", '"weights_only": False}', '"weights_only": None}'),
    ("predict-load", 'why_refused = "b"', 'why_refused = "c"'),
    ("predict-load", "weights_only=True)", "weights_only=False)"),
    ("detect", "return done.returncode", "return bool(done.returncode)"),
    ("detect", "return done.returncode", "return min(done.returncode, 1)"),
    ("detect", "== 0 and", "== 0 or"),
    ("detect", '("skipped", "unreadable")', '("skipped",)'),
    ("detect", "found.issues_count, found.scanned_files", "found.scanned_files, found.issues_count"),
    ("detect", '["scanned"]["total_scanned"]', '["skipped"]["total_skipped"]'),
    ("safe-to-load", 'form.id == "safetensors"', 'path.endswith(".safetensors")'),
    ("safe-to-load", 'form.id == "safetensors"', "False"),
    ("safe-to-load", 'form.id == "safetensors"', "not form.pickled"),
    ("safe-to-load", 'found.verdict == "clean"', 'found.reports[0].verdict == "clean"'),
    ("safe-to-load", 'found.verdict == "clean"', 'found.verdict != "dangerous"'),
    ("safe-to-load", "return Decision(False", "return Decision(True"),
    ("meet-limit", "sorted(", "list("),
    ("meet-limit", "- ALLOWED", ""),
    ("meet-limit", '["a", "d"]', '["a", "b", "d"]'),
    ("convert", ".contiguous()", ""),
    ("convert", "torch.load(source, weights_only=True)\n", "torch.load(source, weights_only=False)\n"),
    ("convert", "torch.equal(before[name], after[name])", "True"),
    ("convert", "before[name].dtype == after[name].dtype and ", "before[name].shape == after[name].shape or "),
    ("convert", "before.keys() == after.keys() and ", ""),
    ("pin-hash", "!= pinned", "!= pinned.ljust(64, '0') and pinned"),
    ("pin-hash", "raise ValueError", "raise KeyError"),
    ("pin-hash", "data = Path(path).read_bytes()", "data = Path(path).read_bytes()[:500]"),
    ("pin-hash", "return data", "return Path(path)"),
]  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize(("exercise", "old", "new"), MUTATIONS)
@pytest.mark.usefixtures("remembered")
def test_a_mutation_of_the_reference_loses_points(work, copied, exercise, old, new):
    """Whatever breaks the reference is noticed by its checks."""
    names, folder = copied
    answer = f"{exercise}-answer"
    source = dict(work.cells)[answer]
    assert old in source
    names = work.run(folder, {answer: source.replace(old, new, 1)}, namespace=names, only=answer)
    points = sum(outcome.points for outcome in work.judge(names, folder, exercise))
    assert points < work.maximum[exercise]


def test_the_reference_builds_nothing_that_could_do_harm(reference):
    """Every file of the run and of the workspace is traced: markers in the workspace at most, and one line is logged.

    The workspace is the process's: what another test's experiments with the format table left there is not the lab's.
    """
    _, folder = reference
    marker = str(lab.workspace() / "canary")
    others = lab.workspace() / "experiments"
    inert = {"it would import logging.warning", "it would call logging.warning"}
    found = {}
    for place in (folder, lab.workspace()):
        for path in filter(Path.is_file, place.rglob("*")):
            if not path.is_relative_to(others):
                found[path.name] = deeds(path.read_bytes(), path.name)
    for name, told in found.items():
        assert set(told.folders) <= {marker}, name
        assert set(told.problems) <= (inert if name == "unlisted-call.pkl" else set()), name
    assert found["canary.pkl"].folders == found["canary.bin"].folders == (marker,)
    assert found["honest.bin"].folders == ()
    assert {
        "raw.bin",
        "packed.joblib",
        "download.bin",
        "honest.safetensors",
        "unlisted-call.pkl",
    } <= set(found)


def test_what_hidden_checks_make_is_harmless(work, reference):
    """Every file that a check hands to a learner's function is held to the allow-list, too."""
    from unpickled.checking import File, InKernel

    names, folder = reference
    seen = {}

    class Watching(InKernel):
        def call(self, function, *args):
            seen.update({arg.data: arg.name for arg in args if isinstance(arg, File)})
            return super().call(function, *args)

    with contextlib.chdir(folder):
        for pair in work.checks.values():
            for check, maximum in pair:
                judge(check, Watching(names, folder), maximum)
    assert len(seen) > 25
    logs = re.compile(r"it would (import|call) logging\.(warning|error)")
    for data, name in seen.items():
        for problem in deeds(data, name).problems:
            assert (
                logs.fullmatch(problem)
                or "cannot be read" in problem
                or "cannot be opened" in problem
            )
        for made in deeds(data, name).folders:
            assert re.search(
                r"[/\\]unpickled-[\w-]+[/\\](no-such-folder[/\\])?canary$|[/\\]unpickled-canary$",
                made,
            ), made


def test_the_held_out_set_is_in_no_catalogue(work):
    """Exercise 5 is not judged on files that the package can write."""
    from unpickled import specimens

    hidden = work.checks["safe-to-load"][1][0].__globals__
    held = [
        data for kind in ("_HONEST", "_CANARIES", "_UNJUDGED") for data in hidden[kind].values()
    ]
    known = {specimens.make(entry.id) for entry in specimens.catalogue()} - {b""}
    assert len(held) == 14
    assert not known & set(held)
