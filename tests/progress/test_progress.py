"""What a learner has done survives restarts, crashes, second kernels and damaged files."""

from __future__ import annotations

import json
import os
import signal
import string
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unpickled.errors import ProgressError
from unpickled.progress import Progress, progress_path

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WHEN = "2026-11-20T08:30:00+00:00"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "course" / ".unpickled" / "progress.json"


def made(path: Path, version: str = "1") -> Progress:
    return Progress(path, version=version, clock=lambda: NOON)


def test_nothing_is_known_and_nothing_written_before_the_first_answer(path: Path) -> None:
    """Looking at the progress makes no file."""
    progress = made(path)
    assert progress.records() == {}
    assert progress.status("p-one") == "new"
    assert not path.parent.exists()


def test_a_wrong_then_a_right_answer_are_two_tries_and_done(path: Path) -> None:
    """Tries and hints add up, and the moment and the content version are noted."""
    progress = made(path)
    assert progress.attempt("p-one", correct=False, item="aa").state == "tried"
    assert progress.hint("p-one", 2).hints == 2
    assert progress.hint("p-one", 1).hints == 2
    record = progress.attempt("p-one", correct=True, item="aa")
    assert (record.state, record.tries, record.hints) == ("done", 2, 2)
    assert (record.when, record.version, record.item) == ("2026-11-23T12:00:00+00:00", "1", "aa")


def test_what_was_solved_survives_a_restart(path: Path) -> None:
    """A second object on the same file sees what the first one wrote."""
    made(path).attempt("p-one", correct=True)
    assert made(path).status("p-one") == "done"


def test_a_wrong_answer_after_the_right_one_takes_nothing_away(path: Path) -> None:
    """Done stays done."""
    progress = made(path)
    progress.attempt("p-one", correct=True)
    assert progress.attempt("p-one", correct=False).state == "done"
    assert progress.records()["p-one"].tries == 2


def test_an_exercise_that_changed_since_is_shown_so_and_not_lost(path: Path) -> None:
    """Another fingerprint makes "changed"; the record stays, also after a wrong answer, until it is solved anew."""
    made(path).attempt("p-one", correct=True, item="old")
    progress = made(path, version="2")
    assert progress.status("p-one", item="old") == "done"
    assert progress.status("p-one", item="new") == "changed"
    progress.attempt("p-one", correct=False, item="new")
    assert progress.status("p-one", item="new") == "changed"
    assert progress.records()["p-one"].version == "1"
    progress.attempt("p-one", correct=True, item="new")
    assert progress.status("p-one", item="new") == "done"
    assert progress.records()["p-one"].version == "2"


def test_reset_forgets_one_exercise_and_reset_all_every_one(path: Path) -> None:
    """Reset is exact, and says whether there was anything."""
    progress = made(path)
    for name in ("p-one", "p-two", "p-three"):
        progress.attempt(name, correct=True)
    assert progress.reset("p-one") is True
    assert progress.reset("p-one") is False
    assert sorted(progress.records()) == ["p-three", "p-two"]
    assert progress.reset_all() == 2
    assert progress.records() == {}


def test_keys_that_are_not_known_here_are_kept(path: Path) -> None:
    """What another version noted in the file and in a record is still there after a write."""
    path.parent.mkdir(parents=True)
    entry = {"state": "tried", "tries": 1, "hints": 0, "when": WHEN, "mood": "fine"}
    path.write_text(
        json.dumps({"schema": 1, "exercises": {"p-one": entry}, "theme": ["dark", "\ud800"]})
    )
    progress = made(path)
    progress.attempt("p-one", correct=True)
    progress.attempt("p-two", correct=False)
    document = json.loads(path.read_text())
    assert document["theme"] == ["dark", "\ud800"]
    assert document["exercises"]["p-one"]["mood"] == "fine"
    assert progress.take_notices() == ()


GOOD = {"state": "done", "tries": 1, "hints": 0, "when": WHEN}
DAMAGED = {
    "empty": (b"", "not JSON"),
    "cut": (b'{"schema": 1, "exercises": {"p-one": {"sta', "not JSON"),
    "not utf-8": (b'{"schema": 1, "exercises": {"\xff": 1}}', "not UTF-8"),
    "utf-16": ('{"schema": 1, "exercises": {}}'.encode("utf-16"), "not UTF-8"),
    "list": (b"[]", "something else"),
    "no exercises": (b'{"schema": 1}', "something else"),
    "exercises a list": (b'{"schema": 1, "exercises": []}', "something else"),
    "no schema": (b'{"exercises": {}}', "schema is unknown"),
    "odd schema": (b'{"schema": true, "exercises": {}}', "schema is unknown"),
    "schema with a point": (b'{"schema": 1.0, "exercises": {}}', "schema is unknown"),
    "newer": (b'{"schema": 2, "exercises": {}}', "newer version"),
    "deep": (b"[" * 100_000, "not JSON"),
    "long number": (b'{"schema": ' + b"1" * 10_000 + b', "exercises": {}}', "not JSON"),
    "huge": (b" " * 4_000_001, "too large"),
    "huge once it is written": (
        b'{"schema":1,"exercises":{},"x":' + b"[" * 18 + b"0," * 200_000 + b"0" + b"]" * 18 + b"}",
        "too large",
    ),
    "records without number": (
        json.dumps({"schema": 1, "exercises": dict.fromkeys(map(str, range(4_001)), 0)}).encode(),
        "4,001 records, more than the 4,000",
    ),
    "deep and closed": (
        b'{"schema": 1, "exercises": {}, "x": ' + b"[" * 20 + b"]" * 20 + b"}",
        "nested too deeply",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_set_aside_with_a_message_and_never_lost(path: Path, name: str) -> None:
    """Reading goes on with nothing; the old bytes stand beside it, whole; the learner is told once."""
    data, problem = DAMAGED[name]
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    progress = made(path)
    assert progress.records() == {}
    aside = path.with_name("progress.aside-20261123T120000Z.json")
    assert aside.read_bytes() == data
    (notice,) = progress.take_notices()
    assert problem in notice
    assert aside.name in notice
    assert progress.take_notices() == ()
    assert progress.attempt("p-one", correct=True).state == "done"
    assert made(path).status("p-one") == "done"


def test_the_first_thing_after_damage_may_be_an_answer(path: Path) -> None:
    """A write to a damaged file sets it aside too, and the answer counts."""
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{")
    progress = made(path)
    assert progress.attempt("p-one", correct=True).state == "done"
    assert len(progress.take_notices()) == 1


def test_two_damages_in_one_second_are_both_kept(path: Path) -> None:
    """A name that is taken is never overwritten."""
    path.parent.mkdir(parents=True)
    for number in range(3):
        path.write_bytes(b"broken %d" % number)
        made(path).records()
    kept = sorted(p.read_bytes() for p in path.parent.glob("progress.aside-*.json"))
    assert kept == [b"broken 0", b"broken 1", b"broken 2"]


def test_no_number_of_damages_makes_one_overwrite_another(path: Path) -> None:
    """A thousand and more in one second: there is always one more name."""
    path.parent.mkdir(parents=True)
    stem = "progress.aside-20261123T120000Z"
    for number in range(1_001):
        path.with_name(f"{stem}{f'-{number}' if number else ''}.json").write_bytes(b"old")
    path.write_bytes(b"broken")
    made(path).records()
    assert path.with_name(f"{stem}-1001.json").read_bytes() == b"broken"
    assert path.with_name(f"{stem}-999.json").read_bytes() == b"old"


BAD_RECORDS = [
    None,
    7,
    {},
    {**GOOD, "state": "solved"},
    {**GOOD, "state": ["done"]},
    {**GOOD, "tries": "1"},
    {**GOOD, "tries": -1},
    {**GOOD, "hints": True},
    {**GOOD, "when": 3},
    {**GOOD, "version": 3},
    {**GOOD, "item": None},
    {**GOOD, "item": "\ud800"},
    {**GOOD, "item": "é" * 41},
    {**GOOD, "version": "1\n2"},
    {**GOOD, "tries": 1_000_001},
    {**GOOD, "tries": 10**400},
    {**GOOD, "hints": 1_001},
    {**GOOD, "when": ""},
    {**GOOD, "when": "zzzz"},
    {**GOOD, "when": "\ud800z"},
    {**GOOD, "when": "9999-12-31"},
    {**GOOD, "when": "9999-12-31T00:00:00+00:00"},
    {**GOOD, "when": "2026-11-20"},
    {**GOOD, "when": "2026-11-20T08:30:00"},
    {**GOOD, "when": "2026-11-20T08:30:00Z"},
    {**GOOD, "when": "2026-11-20T08:30:00+01:00"},
    {**GOOD, "when": "2026-02-30T08:30:00+00:00"},
    {**GOOD, "when": "0001-01-01T00:00:00+14:00"},
]


@pytest.mark.parametrize("bad", BAD_RECORDS)
def test_a_record_that_cannot_be_read_does_not_take_the_others_along(
    path: Path, bad: object
) -> None:
    """The file is set aside whole, and its sound records go on."""
    path.parent.mkdir(parents=True)
    path.write_text(
        json.dumps({"schema": 1, "exercises": {"p-good": GOOD, "p-bad": bad}, "theme": 1})
    )
    progress = made(path)
    assert list(progress.records()) == ["p-good"]
    (notice,) = progress.take_notices()
    assert "1 of its records" in notice
    assert notice.endswith("; 1 record could be kept.")
    assert json.loads(path.read_text())["theme"] == 1
    (aside,) = path.parent.glob("progress.aside-*.json")
    assert "p-bad" in json.loads(aside.read_text())["exercises"]


@pytest.mark.parametrize("kind", ["folder", "full folder", "fifo"])
def test_something_else_in_its_place_is_set_aside(path: Path, kind: str) -> None:
    """A folder or a pipe by that name neither hangs nor breaks the course."""
    if kind == "fifo":
        path.parent.mkdir(parents=True)
        os.mkfifo(path)
    else:
        path.mkdir(parents=True)
        if kind == "full folder":
            (path / "note").write_text("mine")
    progress = made(path)
    assert progress.records() == {}
    assert "folder or a device" in progress.take_notices()[0]
    assert progress.attempt("p-one", correct=True).state == "done"
    (aside,) = path.parent.glob("progress.aside-*.json")
    if kind == "full folder":
        assert (aside / "note").read_text() == "mine"


def without_rights(path: Path, code: str) -> str:
    """Run code on `path` in a child that is not root, and return what it prints."""
    child = f"""
        import os
        from pathlib import Path
        import filelock
        from unpickled.errors import ProgressError
        from unpickled.progress import Progress
        if os.getuid() == 0:  # after the imports: the interpreter may be root's own
            os.setgroups([]); os.setgid(65534); os.setuid(65534)
        progress = Progress(Path({str(path)!r}))
        {code}
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(child)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that a process without rights can reach and not write to, with a progress file in it."""
    with tempfile.TemporaryDirectory(
        prefix="unpickled-test-"
    ) as name:  # pytest's own are closed to others
        folder = Path(name)
        path = folder / "progress.json"
        Progress(path).attempt("p-one", correct=True)
        path.chmod(0o644)
        Path(f"{path}.lock").unlink(missing_ok=True)
        folder.chmod(0o555)
        yield path
        folder.chmod(0o755)


ATTEMPT = """
        try:
            progress.attempt("p-two", correct=True)
        except ProgressError as error:
            print(error.problem, "|", error.remedy)
"""


def test_a_read_only_folder_can_be_read_and_says_what_to_do_on_writing(shared: Path) -> None:
    """What was done is still shown; saving names the remedy, and the file stays as it was."""
    before = shared.read_bytes()
    out = without_rights(shared, 'print(progress.status("p-one"))' + ATTEMPT)
    assert out.splitlines()[0] == "done"
    assert "progress cannot be saved (Permission denied) | Free space or allow writing" in out
    assert shared.read_bytes() == before


def test_damage_in_a_read_only_folder_is_told_and_raises_nothing_on_reading(shared: Path) -> None:
    """Where nothing can be set aside, the learner still gets a page, with a notice."""
    shared.write_bytes(b"{")
    out = without_rights(shared, "print(progress.records(), progress.take_notices())")
    assert out.startswith("{} ('progress.json cannot be used (it is not JSON).")
    assert shared.read_bytes() == b"{"


def test_an_unreadable_file_says_what_to_do(shared: Path) -> None:
    """No permission to read is an error with a remedy: nothing must be written over what is there."""
    shared.chmod(0o000)
    code = """
        try:
            progress.records()
        except ProgressError as error:
            print(error.problem, "|", error.remedy)
    """
    assert "cannot be read (Permission denied) | Give yourself read permission" in without_rights(
        shared, code
    )


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the new file cannot be written out, the old one is untouched and no leftover stays."""
    progress = made(path)
    progress.attempt("p-one", correct=True)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("unpickled.progress.keeping.os.fsync", full)
    with pytest.raises(ProgressError, match="No space left on device") as caught:
        progress.attempt("p-two", correct=True)
    assert "Free space" in caught.value.remedy
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir() if "new-" in p.name] == []


def test_a_lock_that_is_held_for_long_is_an_error_with_a_remedy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hanging kernel does not hang this one."""
    from filelock import FileLock

    monkeypatch.setattr("unpickled.progress.keeping.PATIENCE", 0.05)
    path.parent.mkdir(parents=True)
    with (
        FileLock(f"{path}.lock"),
        pytest.raises(ProgressError, match="has been writing to it for long"),
    ):
        made(path).attempt("p-one", correct=True)


def test_the_file_is_the_learners_own(path: Path) -> None:
    """Other users of the machine cannot read it."""
    made(path).attempt("p-one", correct=True)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_to_the_file_stays_a_link(path: Path, tmp_path: Path) -> None:
    """A learner who keeps progress elsewhere, by a link, keeps it there."""
    real = tmp_path / "kept.json"
    Progress(real).attempt("p-one", correct=True)
    path.parent.mkdir(parents=True)
    path.symlink_to(real)
    made(path).attempt("p-two", correct=True)
    assert path.is_symlink()
    assert sorted(Progress(real).records()) == ["p-one", "p-two"]


def test_the_variable_moves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """UNPICKLED_PROGRESS wins over the folder below the course."""
    monkeypatch.delenv("UNPICKLED_PROGRESS", raising=False)
    assert progress_path(tmp_path) == tmp_path / ".unpickled" / "progress.json"
    monkeypatch.setenv("UNPICKLED_PROGRESS", "~/mine.json")
    assert progress_path(tmp_path) == Path("~/mine.json").expanduser()


def test_two_kernels_that_write_at_once_lose_nothing(path: Path) -> None:
    """Two processes with 200 exercises each, and one exercise that both count, add up exactly."""
    child = f"""
        import sys
        from pathlib import Path
        from unpickled.progress import Progress
        progress = Progress(Path({str(path)!r}))
        for number in range(200):
            progress.attempt(f"p-{{sys.argv[1]}}-{{number}}", correct=True)
            if number % 20 == 0:
                progress.attempt("p-common", correct=False)
    """
    words = [sys.executable, "-c", textwrap.dedent(child)]
    kernels = [subprocess.Popen([*words, name]) for name in ("left", "right")]
    assert [kernel.wait(90) for kernel in kernels] == [0, 0]
    records = Progress(path).records()
    assert len(records) == 401
    assert records["p-common"].tries == 20


def test_a_kernel_killed_while_writing_never_leaves_a_broken_file(path: Path) -> None:
    """kill -9 at twelve random moments: what was confirmed is there, and the file is always whole."""
    child = f"""
        from pathlib import Path
        from unpickled.progress import Progress
        progress = Progress(Path({str(path)!r}))
        number = len(progress.records())
        while True:
            progress.attempt(f"p-{{number}}", correct=True)
            print(number, flush=True)
            number += 1
    """
    confirmed = -1
    for turn in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(child)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.004 * turn)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().splitlines()
        process.wait()
        progress = Progress(path)
        records = progress.records()
        assert progress.take_notices() == ()
        confirmed = max(confirmed, *(int(line) for line in rest), confirmed) if rest else confirmed
        assert {f"p-{number}" for number in range(confirmed + 1)} <= records.keys()
    Progress(path).attempt("p-last", correct=True)
    assert [p.name for p in path.parent.iterdir() if "new-" in p.name] == []


IDS = st.text(string.ascii_lowercase + string.digits + "-é", min_size=1, max_size=8)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("attempt"), IDS, st.booleans()),
        st.tuples(st.just("hint"), IDS, st.integers(1, 3)),
        st.tuples(st.just("reset"), IDS, st.none()),
        st.tuples(st.just("restart"), st.none(), st.none()),
    ),
    max_size=15,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_any_course_of_events_matches_a_plain_model(
    steps: list[tuple[str, str, object]], tmp_path: Path
) -> None:
    """Attempts, hints, resets and restarts in any order give what a dictionary would."""
    path = tmp_path / "progress.json"
    path.unlink(missing_ok=True)
    progress, model = made(path), {}
    for action, name, value in steps:
        if action == "attempt":
            state, tries, hints = model.get(name, ("tried", 0, 0))
            model[name] = ("done" if value or state == "done" else "tried", tries + 1, hints)
            progress.attempt(name, correct=bool(value))
        elif action == "hint":
            state, tries, hints = model.get(name, ("tried", 0, 0))
            model[name] = (state, tries, max(hints, value))
            progress.hint(name, int(str(value)))
        elif action == "reset":
            assert progress.reset(name) is (model.pop(name, None) is not None)
        else:
            progress = made(path)
    assert {k: (r.state, r.tries, r.hints) for k, r in progress.records().items()} == model
    assert progress.take_notices() == ()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=200), cut=st.integers(0, 400), at=st.integers(0, 400))
def test_no_bytes_in_the_file_can_hurt(tmp_path: Path, data: bytes, cut: int, at: int) -> None:
    """A real file with bytes cut out and put in is read, or set aside whole: never an exception, never a loss."""
    folder = tmp_path / "x"
    path = folder / "progress.json"
    made(path).attempt("p-one", correct=True, item="aa")
    made(path).attempt("p-two", correct=False)
    sound = path.read_bytes()
    broken = sound[:at] + data + sound[at + cut :]
    path.write_bytes(broken)
    for old in folder.glob("progress.aside-*"):
        old.unlink()
    progress = made(path)
    progress.records()
    if progress.take_notices():
        (aside,) = folder.glob("progress.aside-*")
        assert aside.read_bytes() == broken
    else:
        assert path.read_bytes() == broken
