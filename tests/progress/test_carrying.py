"""Progress goes from place to place as a file, and nothing that was done is lost on the way."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unpickled.cli.main import run
from unpickled.content import load_practice
from unpickled.errors import ProgressError
from unpickled.progress import Progress, carry_out, read_carried, take_in, write_new
from unpickled.progress.bounds import LONGEST, MOST, ROOM, TRIES, one_line
from unpickled.progress.carrying import better
from unpickled.progress.document import LARGEST, decode, encode, parse


def made(path, hour=12):
    return Progress(path, version="1", clock=lambda: datetime(2026, 11, 29, hour, tzinfo=UTC))


def test_it_goes_out_and_in_again(tmp_path):
    """What one place has done, another knows; a second time it is no news."""
    here, there = made(tmp_path / "a.json"), made(tmp_path / "b.json")
    here.attempt("one", correct=True, item="f")
    here.attempt("two", correct=False)
    assert (
        str(take_in(there, carry_out(here))) == "2 exercises in the file; 2 brought something new."
    )
    assert there.records() == here.records()
    assert take_in(there, carry_out(here)).changed == 0
    assert take_in(here, carry_out(there)).changed == 0


def test_solved_stays_solved_and_counts_are_not_added(tmp_path):
    """A later wrong answer elsewhere does not undo a right one; tries are the larger of the two."""
    here, there = made(tmp_path / "a.json", 9), made(tmp_path / "b.json", 15)
    here.attempt("one", correct=True)
    for _ in range(3):
        there.attempt("one", correct=False)
    take_in(here, carry_out(there))
    assert here.status("one") == "done"
    assert here.records()["one"].tries == 3


RECORDS = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["done", "tried"]),
        "tries": st.integers(0, 9),
        "hints": st.integers(0, 3),
        "when": st.sampled_from(["2026-11-29T10:00:00+00:00", "2026-11-29T11:00:00+00:00"]),
        "version": st.just("1"),
        "item": st.sampled_from(["", "f"]),
    }
)


@given(RECORDS, RECORDS)
def test_of_two_records_nothing_is_lost(one, other):
    """Done, tries and hints are at least those of each, in whatever order they meet, and once is as good as twice."""
    both = better(one, other)
    assert (both["state"] == "done") == ("done" in (one["state"], other["state"]))
    assert all(both[key] == max(one[key], other[key]) for key in ("tries", "hints"))
    assert better(both, other) == both
    assert {key: both[key] for key in ("state", "tries", "hints", "when")} == {
        key: better(other, one)[key] for key in ("state", "tries", "hints", "when")
    }


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"schema": 99, "exercises": {}}',
        b'{"schema": 1, "exercises": {"a": 1}}',
    ],
)
def test_what_is_no_progress_changes_nothing(tmp_path, raw):
    """A file from elsewhere may be anything; it is refused whole."""
    progress = made(tmp_path / "a.json")
    progress.attempt("one", correct=True)
    before = (tmp_path / "a.json").read_bytes()
    with pytest.raises(ProgressError, match="cannot be taken in"):
        take_in(progress, raw)
    assert (tmp_path / "a.json").read_bytes() == before


def test_what_a_file_brings_along_besides_is_not_kept(tmp_path):
    """Unknown keys of a record stay outside."""
    entry = {"state": "done", "tries": 1, "hints": 0, "when": "2026-11-29T10:00:00+00:00", "x": "y"}
    progress = made(tmp_path / "a.json")
    take_in(progress, json.dumps({"schema": 1, "exercises": {"one": entry}}).encode())
    assert "x" not in parse((tmp_path / "a.json").read_bytes())[0]["exercises"]["one"]


def test_the_commands(tmp_path, monkeypatch, capsys):
    """export writes a file and never over one; import tells what it brought, and refuses in a sentence."""
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "here.json"))
    made(tmp_path / "here.json").attempt("one", correct=True)
    file = str(tmp_path / "carried.json")
    assert run(["progress", "export", file]) == 0
    assert run(["progress", "export", file]) == 2
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "there.json"))
    assert run(["progress", "import", file]) == 0
    assert "1 exercise in the file; 1 brought something new." in capsys.readouterr().out
    assert made(tmp_path / "there.json").status("one") == "done"
    assert run(["progress", "import", str(tmp_path / "nothing.json")]) == 2
    assert "nothing.json: it cannot be read" in capsys.readouterr().err


def test_a_command_tells_that_the_own_file_was_set_aside(tmp_path, monkeypatch, capsys):
    """Else nobody would hear of it: the next to read finds a sound file."""
    path = tmp_path / "here.json"
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(path))
    brought = tmp_path / "brought.json"
    brought.write_bytes(b'{"schema": 1, "exercises": {}}')
    page = str(tmp_path / "page.html")
    for command, code in (
        (["export", str(tmp_path / "out.json")], 0),
        (["import", str(brought)], 0),
        (["certificate", page], 2),
    ):
        path.write_bytes(b"{")
        assert run(["progress", *command]) == code
        assert (
            "here.json could not be used (it is not JSON). It is kept as" in capsys.readouterr().err
        )
    assert len(list(tmp_path.glob("here.aside-*.json"))) == 3


def test_the_commands_refuse_what_once_broke_them(root, tmp_path, monkeypatch, capsys):
    """Each was taken in, and cost the progress or ended in a traceback later."""
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "here.json"))
    made(tmp_path / "here.json").attempt(load_practice(root)[0].id, correct=True)
    before = (tmp_path / "here.json").read_bytes()
    brought = tmp_path / "brought.json"
    for exercises in (many(34_000), {"p": {**DONE, "when": "\ud800z"}}):
        brought.write_bytes(file_of(exercises))
        assert run(["progress", "import", str(brought)]) == 2
        assert "brought.json: it cannot be taken in: " in capsys.readouterr().err
        assert (tmp_path / "here.json").read_bytes() == before
    assert run(["progress", "certificate", str(tmp_path / "page.html")]) == 0


def test_half_a_new_file_is_taken_away_again(tmp_path: Path) -> None:
    """What stops the writing, whatever it is, leaves no file that would refuse the next try."""
    goal = tmp_path / "page.html"
    with pytest.raises(TypeError):
        write_new(goal, "no bytes")  # type: ignore[arg-type]
    assert not goal.exists()
    write_new(goal, b"whole")
    assert goal.read_bytes() == b"whole"


WHEN = "2026-11-29T10:00:00+00:00"
DONE = {"state": "done", "tries": 1, "hints": 0, "when": WHEN}


def file_of(exercises, **more):
    return json.dumps({"schema": 1, "exercises": exercises, **more}, separators=(",", ":")).encode()


def many(count, stem="p"):
    return {f"{stem}-{number}": DONE for number in range(count)}


def refused(progress, raw, problem):
    """Take a file in that is refused, and return the error; the progress is what it was."""
    before = progress.path.read_bytes()
    with pytest.raises(ProgressError, match=problem) as caught:
        take_in(progress, raw, place="brought.json")
    assert progress.path.read_bytes() == before
    assert progress.status("mine") == "done"
    assert progress.take_notices() == ()
    return caught.value


@pytest.fixture
def mine(tmp_path):
    """Progress with one exercise solved."""
    progress = made(tmp_path / "a.json")
    progress.attempt("mine", correct=True)
    return progress


@pytest.mark.parametrize("count", [MOST + 1, 34_000])
def test_a_file_of_records_without_number_is_refused(mine, count):
    """Under the limit of size as it comes, and above it when written: it took all progress away."""
    raw = file_of(many(count))
    assert len(raw) < LARGEST
    assert "brought.json: " in str(refused(mine, raw, f"it has {count:,} records, more than"))


def test_files_one_after_the_other_leave_room_for_own_answers(mine):
    """The second of two is refused where both would fill the file; what it has of the first is no news, and taken."""
    half = (MOST - ROOM) // 2
    take_in(mine, file_of(many(half)))
    take_in(mine, file_of(many(half - 1, "q")))
    error = refused(mine, file_of(many(2, "r")), f"there would be {MOST - ROOM + 2:,} records")
    assert "Take in files of this course only" in error.remedy
    newer = {"p-1": {**DONE, "tries": 9}}
    assert take_in(mine, file_of(newer)).changed == 1
    for number in range(ROOM // 100):
        assert mine.attempt(f"own-{number}", correct=True).state == "done"
    assert made(mine.path).status("own-0") == "done"


def test_a_full_file_still_takes_in_what_it_knows(mine):
    """Own answers beyond the room that others may take do not close the door to better results."""
    take_in(mine, file_of(many(MOST - ROOM - 1)))
    mine.attempt("one-more", correct=False)
    assert take_in(mine, file_of({"one-more": DONE})).changed == 1
    refused(mine, file_of(many(1, "q")), "more than 3,000")


def test_an_exercise_of_a_newer_course_is_kept(mine):
    """What is not known here may be known after an update."""
    assert take_in(mine, file_of({"of-next-year": DONE})).changed == 1
    assert made(mine.path).status("of-next-year") == "done"


def test_what_is_at_every_bound_can_be_written_and_read():
    """As many records as may be, each as long as may be in the letters that take most room."""
    text = "é" * (LONGEST // 2 - 3)
    entry = {
        "state": "tried", "tries": TRIES, "hints": 1_000, "when": WHEN,
        "version": "é" * (LONGEST // 2), "item": "é" * (LONGEST // 2),
    }  # fmt: skip
    document = {"schema": 1, "exercises": {f"{text}{n:06}": entry for n in range(MOST)}}
    raw = encode(document)
    assert len(raw) <= LARGEST
    assert parse(raw) == (document, "")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text('é"\ud800x', max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("é\n", max_size=2), inner),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_read_can_be_written_and_read_again(value):
    """Whatever else stands in a file: once taken, it is taken again as we write it, at most 24 times as large."""
    raw = json.dumps(value, separators=(",", ":")).encode()
    found, problem = decode(raw)
    if not problem:
        again = encode(found)
        assert decode(again)[1] == ""
        assert encode(decode(again)[0]) == again
        assert len(again) <= 24 * len(raw) + 1


def test_two_bytes_at_the_deepest_swell_no_more_than_that():
    """The bound under which a file need not be written out to be known to fit."""
    raw = b"[" * 19 + b"0," * 5_000 + b"0" + b"]" * 19
    found, problem = decode(raw)
    assert problem == ""
    assert 8 * len(raw) < len(encode(found)) <= 24 * len(raw)


def test_an_own_file_that_would_grow_too_large_stays_and_says_so(tmp_path):
    """Nothing is written that the next reading would set aside."""
    progress = made(tmp_path / "a.json")
    progress.attempt("mine", correct=True)
    document = json.loads(progress.path.read_bytes())
    spare = LARGEST - len(encode({**document, "x": ""}))
    progress.path.write_bytes(encode({**document, "x": "x" * spare}))
    before = progress.path.read_bytes()
    assert len(before) == LARGEST
    assert progress.status("mine") == "done"
    with pytest.raises(ProgressError, match="could not be read again: it is far too large"):
        progress.attempt("another", correct=True)
    assert progress.path.read_bytes() == before
    assert progress.take_notices() == ()


def test_answers_beyond_the_bounds_still_count_as_answers(mine):
    """Whoever brings a million tries can go on."""
    take_in(mine, file_of({"mine": {**DONE, "tries": TRIES, "hints": 1_000}}))
    assert mine.attempt("mine", correct=False).tries == TRIES
    assert mine.hint("mine", 2_000).hints == 1_000


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"when": "\ud800z"}, '"p-bad": "when" is no moment'),
        ({"when": "zzzz"}, '"p-bad": "when" is no moment'),
        ({"when": "9999-12-31"}, '"p-bad": "when" is no moment'),
        ({"tries": 10**400}, '"p-bad": "tries" is no number from 0 to 1,000,000'),
        ({"hints": -1}, '"p-bad": "hints" is no number from 0 to 1,000'),
        ({"item": "x" * 81}, '"p-bad": "item" is no short text'),
        ({"version": "\ud800"}, '"p-bad": "version" is no short text'),
        ({"state": "solved"}, '"p-bad": "state" is neither'),
    ],
)
def test_a_record_that_breaks_a_bound_is_named(mine, change, problem):
    """The file is refused whole, with the record and what is wrong there; the sentence can be shown anywhere."""
    error = refused(mine, file_of({"mine": DONE, "p-bad": {**DONE, **change}}), problem)
    assert str(error).isascii()


@pytest.mark.parametrize("key", ["", "\ud800", "a\nb", "x" * 81, "é" * 41])
def test_an_id_that_breaks_a_bound_is_named(mine, key):
    """It is shown so that any screen can show it, and cut."""
    error = refused(mine, file_of({key: DONE}), "its id is no short text")
    assert str(error).isascii()
    assert len(str(error)) < 450


def test_a_moment_to_come_is_refused_with_a_word_on_clocks(mine):
    """Two machines may differ by a day or two; more would win over all later answers."""
    soon = file_of({"p": {**DONE, "when": "2026-12-01T11:59:00+00:00"}})
    assert take_in(mine, soon).changed == 1
    late = file_of({"p": {**DONE, "when": "2026-12-01T12:01:00+00:00"}})
    error = refused(mine, late, '"p" was changed on 2026-12-01, which is still to come')
    assert "clock" in error.remedy


def test_a_moment_to_come_that_is_here_already_wins_over_nothing(tmp_path):
    """A record made by a fast clock gives way to one that can be."""
    ahead = Progress(tmp_path / "a.json", clock=lambda: datetime(2031, 1, 1, tzinfo=UTC))
    ahead.attempt("one", correct=True)
    here = made(tmp_path / "a.json")
    take_in(here, file_of({"one": DONE}))
    assert here.records()["one"].when == WHEN
    assert here.take_notices() == ()


def test_a_clock_that_was_set_right_is_mended_by_the_next_answer(tmp_path, mine):
    """As the refusal says: its file is taken in elsewhere then, and where it came from."""
    path = tmp_path / "theirs.json"
    Progress(path, clock=lambda: datetime(2026, 12, 29, tzinfo=UTC)).attempt("one", correct=True)
    right = made(path)
    refused(mine, carry_out(right), '"one" was changed on 2026-12-29')
    right.attempt("two", correct=True)
    assert {one.when for one in right.records().values()} == {"2026-11-29T12:00:00+00:00"}
    assert take_in(mine, carry_out(right)).changed == 2


def test_a_clock_that_is_a_century_off_is_named(tmp_path):
    """What it dates could not be read again; nothing is written."""
    far = Progress(tmp_path / "far.json", clock=lambda: datetime(2101, 1, 1, tzinfo=UTC))
    with pytest.raises(ProgressError, match=r"clock says 2101-01-01\. Set it right, and answer"):
        far.attempt("one", correct=True)
    assert not far.path.exists()


def test_damage_of_the_kind_is_set_aside_and_a_good_file_heals_it(tmp_path):
    """Such a file was once taken in: the record goes aside, and a later import brings a sound one."""
    path = tmp_path / "a.json"
    path.write_bytes(file_of({"mine": DONE, "one": {**DONE, "when": "\ud800z"}}))
    here = made(path)
    assert list(here.records()) == ["mine"]
    assert '"one": "when" is no moment' in here.take_notices()[0]
    take_in(here, file_of({"one": DONE}))
    assert here.records()["one"].when == WHEN


def test_a_newer_courses_file_says_to_update(mine):
    """It is a file that the course has saved; another version of it."""
    error = refused(mine, b'{"schema": 2, "exercises": {}}', "a newer version of the course")
    assert error.remedy.startswith("Update the course here")
    assert "Choose a file" in refused(mine, b"[]", "something else").remedy


def test_a_byte_order_mark_is_no_damage(tmp_path, mine):
    """Editors on Windows put one in front; here and in what is brought."""
    assert take_in(mine, b"\xef\xbb\xbf" + file_of({"one": DONE})).changed == 1
    mine.path.write_bytes(b"\xef\xbb\xbf" + mine.path.read_bytes())
    assert made(mine.path).status("one") == "done"
    assert list(tmp_path.glob("*aside*")) == []


def test_no_more_is_read_of_a_carried_file_than_one_can_have(tmp_path):
    """A disk image by mistake costs no memory."""
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(3 * LARGEST)
    assert len(read_carried(path)) == LARGEST + 1


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_file_is_not_opened(tmp_path, monkeypatch, capfd, kind):
    """A pipe that nobody writes to would be waited for; the command refuses as ever."""
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "here.json"))
    path = tmp_path / "odd" if kind != "device" else Path(os.devnull)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(ProgressError, match="it is no file that can be read"):
        read_carried(path)
    if kind != "folder":  # which click refuses before
        assert run(["progress", "import", str(path)]) == 2
        assert f"{path}: it is no file that can be read" in capfd.readouterr().err


@pytest.mark.timeout(20)
def test_a_pipe_that_comes_in_between_is_not_waited_for(tmp_path, monkeypatch):
    """What was a file a moment ago is looked at again once it is open."""
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    was = (tmp_path / "file").stat()
    monkeypatch.setattr(Path, "stat", lambda *_, **__: was)
    with pytest.raises(ProgressError, match="it is no file that can be read"):
        read_carried(tmp_path / "pipe")


@pytest.mark.parametrize("command", ["export", "import", "certificate"])
def test_an_empty_name_is_called_empty(tmp_path, monkeypatch, capfd, command):
    """As a variable that is not set gives one; it is no folder."""
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "here.json"))
    made(tmp_path / "here.json").attempt("one", correct=True)
    assert run(["progress", command, ""]) == 2
    assert "The name is empty. Give the name of a file." in capfd.readouterr().err


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 exercises."), (1, "1 exercise."), (2, "2 exercises.")]
)
def test_export_counts_in_english(tmp_path, monkeypatch, capfd, count, told):
    """One is one exercise."""
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "here.json"))
    for number in range(count):
        made(tmp_path / "here.json").attempt(f"p-{number}", correct=True)
    goal = tmp_path / "out.json"
    assert run(["progress", "export", str(goal)]) == 0
    assert capfd.readouterr().out == f"{goal}: {told}\n"


@pytest.mark.parametrize("schema", [b"1.0", b"true", b'"1"', b"null"])
def test_only_the_number_one_is_schema_one(mine, schema):
    """Python calls 1.0 and true equal to it; nobody's writer writes them."""
    refused(mine, b'{"schema": %s, "exercises": {}}' % schema, "its schema is unknown")


def test_a_text_on_one_line_is_what_is_seen():
    """What turns the line, moves the cursor or cannot be written is left out; spaces of any kind are one."""
    assert one_line(" a\u202eb\x1b[2J \u200b\tc\n\xa0é\ud800\u2066 ", 99) == "ab[2J c é"
    assert one_line("abcdef", 3) == "abc"
    assert one_line("\u202e\x1b", 9) == ""
    assert (
        one_line("\u0646\u06af\u200c\u0627 \u0dc1\u0dca\u200d\u0dbb", 99)
        == "\u0646\u06af\u200c\u0627 \u0dc1\u0dca\u200d\u0dbb"
    )
    assert one_line(" \u200c \u200d", 9) == ""
