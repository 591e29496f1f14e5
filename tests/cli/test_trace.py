"""`unpickled trace` tells a person and a program the same, and survives whatever file it is given."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile

import pytest

from unpickled.cli.main import run
from unpickled.cli.trace import MANY, MUCH
from unpickled.pickles import assemble


class Canary:
    """Makes a folder when it is loaded; here it never is."""

    def __reduce__(self):
        return (os.mkdir, ("never-made",))


@pytest.fixture
def canary(tmp_path):
    path = tmp_path / "canary.pkl"
    path.write_bytes(pickle.dumps({"w": [1, 2], "c": Canary()}, 4))
    return path


def rows(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_person_sees_the_call_with_its_argument(canary, capsys, monkeypatch, tmp_path):
    """The red line says what would be called, and nothing was."""
    monkeypatch.chdir(tmp_path)
    assert run(["trace", str(canary)]) == 0
    said = capsys.readouterr().out
    assert "CALLS posix.mkdir('never-made')" in said or "CALLS nt.mkdir('never-made')" in said
    assert "would make 1 call" in said
    assert not (tmp_path / "never-made").exists()


def test_json_lines_have_the_promised_keys(canary, capsys):
    """Every line is one step; the call and the import name module, name and arguments."""
    assert run(["trace", str(canary), "--json"]) == 0
    steps = rows(capsys)
    keys = {"index", "offset", "opcode", "arg", "stack", "memo", "imports", "calls"}
    assert all(set(step) == keys for step in steps)
    assert [step["index"] for step in steps] == list(range(len(steps)))
    [called] = [step for step in steps if step["calls"]]
    assert called["opcode"] == "REDUCE"
    assert called["calls"]["callable"].endswith(".mkdir")
    assert "never-made" in called["calls"]["args"]
    [imported] = [step["imports"] for step in steps if step["imports"]]
    assert imported == [os.mkdir.__module__, "mkdir"]
    assert steps[-1] == {**steps[-1], "opcode": "STOP", "stack": [], "arg": None}


def test_stack_and_memo_are_those_after_the_step(tmp_path, capsys):
    """A list is seen growing: each line shows it as it was then, not as it ended."""
    path = tmp_path / "list.pkl"
    path.write_bytes(
        assemble([("PROTO", 2), "EMPTY_LIST", ("BINPUT", 0), ("BININT1", 7), "APPEND", "STOP"])
    )
    run(["trace", str(path), "--json"])
    assert [step["stack"] for step in rows(capsys)] == [
        [],
        ["[]"],
        ["[]"],
        ["[]", "7"],
        ["[7]"],
        [],
    ]


def test_a_torch_archive_is_opened_by_itself(tmp_path, capsys):
    """data.pkl is found; other members can be asked for."""
    import torch

    path = tmp_path / "model.bin"
    torch.save({"w": torch.zeros(2)}, path)
    assert run(["trace", str(path), "--json"]) == 0
    assert ["torch._utils", "_rebuild_tensor_v2"] in [step["imports"] for step in rows(capsys)]


def test_of_several_pickles_one_must_be_chosen(tmp_path, capsys):
    """An archive with two pickles lists them, and --member picks one."""
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/one.pkl", pickle.dumps(1, 2))
        archive.writestr("a/two.pkl", pickle.dumps("zwei", 2))
    assert run(["trace", str(path)]) == 2
    assert "--member a/one.pkl" in capsys.readouterr().err
    assert run(["trace", str(path), "--member", "two.pkl", "--json"]) == 0
    assert "zwei" in [step["arg"] for step in rows(capsys)]
    assert run(["trace", str(path), "--member", "three.pkl"]) == 2
    assert 'no member "three.pkl"' in capsys.readouterr().err


def test_a_second_pickle_in_an_archive_is_named(tmp_path, capsys, canary):
    """data.pkl is traced, and what stands beside it is not passed over in silence."""
    path = tmp_path / "flat.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}, 2))
        archive.writestr("archive/evil.dat", canary.read_bytes())
    assert run(["trace", str(path)]) == 0
    assert "--member archive/evil.dat" in capsys.readouterr().err


def test_of_two_files_in_one_archive_one_must_be_chosen(tmp_path, capsys):
    """Two data.pkl: neither is the file."""
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps(1, 2))
        archive.writestr("b/data.pkl", pickle.dumps(2, 2))
    assert run(["trace", str(path)]) == 2
    assert "it holds 2 pickles: a/data.pkl, b/data.pkl" in capsys.readouterr().err


def test_an_extra_file_of_the_same_name_is_not_taken_for_the_model(tmp_path, capsys):
    """TorchScript keeps extra files deeper in the archive."""
    path = tmp_path / "a.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/extra/data.pkl", pickle.dumps(1, 2))
        archive.writestr("a/data.pkl", pickle.dumps("model", 2))
    assert run(["trace", str(path)]) == 0
    told = capsys.readouterr()
    assert "model" in told.out
    assert "--member a/extra/data.pkl" in told.err


@pytest.mark.parametrize("name", ["a/data.pkl", "a/DATA.PKL"])
def test_no_other_pickle_is_shown_for_what_torch_reads(tmp_path, capsys, name):
    """It breaks off, cannot be opened or is empty: that is said, and the other one is to be asked for."""
    path = tmp_path / "a.pt"

    def write(data):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, data)
            archive.writestr("a/zz.pkl", pickle.dumps({"sound": 1}, 2))

    write(b"(]\xff")
    assert run(["trace", str(path), "--json"]) == 2
    told = capsys.readouterr()
    assert [json.loads(line)["opcode"] for line in told.out.splitlines()] == ["MARK", "EMPTY_LIST"]
    assert f"unpickled: {name}, byte 2: byte 0xff is no opcode." in told.err
    assert "holds another pickle: --member a/zz.pkl" in told.err
    write(b"(]cd\n.")
    damaged = path.read_bytes().replace(b"(]cd", b"(]ce")
    for data, problem in ((b"", "it is empty"), (damaged, "its checksum does not fit")):
        write(b"") if not data else path.write_bytes(data)
        assert run(["trace", str(path)]) == 2
        told = capsys.readouterr()
        assert not told.out
        assert f"cannot be opened ({name} {problem}" in told.err
        assert "To see another: --member a/zz.pkl" in told.err
        assert run(["trace", str(path), "--member", "zz.pkl"]) == 0
        assert "sound" in capsys.readouterr().out


def test_a_pickle_behind_a_long_first_argument_is_traced(tmp_path, capsys):
    """What is not recognised is traced all the same: the call behind a megabyte of padding is told."""
    path = tmp_path / "hidden.bin"
    padding = b"B" + (1_100_000).to_bytes(4, "little") + b"\x7f" * 1_100_000 + b"0"
    path.write_bytes(padding + b"cposix\nmkdir\n(Vnever-made\ntR.")
    assert run(["trace", str(path)]) == 0
    assert "CALLS posix.mkdir('never-made')" in capsys.readouterr().out


def test_a_damaged_archive_is_not_called_empty_of_pickles(tmp_path, capsys):
    """A cut zip cannot be opened: that is said, and not that there is no pickle in it."""
    import torch

    path = tmp_path / "cut.pt"
    torch.save({"w": torch.zeros(100)}, path)
    path.write_bytes(path.read_bytes()[:600])
    assert run(["trace", str(path)]) == 2
    said = capsys.readouterr().err
    assert "no pickle in it" not in said
    assert said.count("\n") == 1


def test_a_cut_file_keeps_its_steps_and_names_the_offset(canary, tmp_path, capsys):
    """What could be read is printed; then one line with place, problem and remedy; exit 2."""
    path = tmp_path / "cut.pkl"
    path.write_bytes(canary.read_bytes()[:-8])
    assert run(["trace", str(path)]) == 2
    done = capsys.readouterr()
    assert "PROTO" in done.out
    assert done.err.count("\n") == 1
    assert "byte " in done.err


@pytest.mark.parametrize("name", ["missing.pkl", "text.txt", "empty.pkl", "."])
def test_what_is_no_pickle_is_one_clear_line(tmp_path, capsys, name):
    """A missing file, text, nothing at all and a folder: exit 2, one line, no traceback."""
    (tmp_path / "text.txt").write_text("Dear reader,\n")
    (tmp_path / "empty.pkl").write_bytes(b"")
    assert run(["trace", str(tmp_path / name)]) == 2
    done = capsys.readouterr()
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err


def test_names_in_the_file_cannot_write_to_the_terminal(tmp_path, capsys):
    """Escape sequences and direction marks in a global's name are shown, not obeyed."""
    path = tmp_path / "loud.pkl"
    hostile = "e\x1b[31m\u202evil"
    path.write_bytes(
        assemble([("PROTO", 4), ("SHORT_BINUNICODE", hostile), ("SHORT_BINUNICODE", hostile), "STACK_GLOBAL",
                  "EMPTY_TUPLE", "REDUCE", "STOP"])
    )  # fmt: skip
    run(["trace", str(path)])
    assert not [c for c in capsys.readouterr().out if c in "\x1b\u202e"]


def test_json_holds_odd_arguments(tmp_path, capsys):
    """Bytes, infinities and numbers beyond 64 bits come as text: strict JSON for any reader."""
    path = tmp_path / "odd.pkl"
    path.write_bytes(pickle.dumps([b"\xff", float("inf"), float("nan"), 2**80, -1.5], 4))
    assert run(["trace", str(path), "--json"]) == 0
    arguments = [step["arg"] for step in rows(capsys)]
    assert -1.5 in arguments
    assert str(2**80) in arguments


def test_standard_input_is_read(monkeypatch, capsys):
    """A dash reads a pickle from a pipe."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pickle.dumps(5, 4))))
    assert run(["trace", "-"]) == 0
    assert "BININT1" in capsys.readouterr().out


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    """`unpickled trace … | head -1` ends quietly."""
    path = tmp_path / "long.pkl"
    path.write_bytes(pickle.dumps(list(range(50_000)), 2))
    command = f'"{sys.executable}" -m unpickled trace "{path}" | head -1'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.stderr == ""


def test_brief_leaves_the_state_out(canary, capsys):
    """--brief is for large files: the same steps, without stack and memo."""
    run(["trace", str(canary), "--json", "--brief"])
    assert all(step["stack"] is None and step["memo"] is None for step in rows(capsys))


def test_standard_input_is_looked_into_like_a_file(capsys, monkeypatch):
    """A PyTorch archive that is piped in shows its data.pkl, as the same file by its path does."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("model/data.pkl", pickle.dumps({"w": 1}, 2))
        out.writestr("model/version", "3")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(archive.getvalue())))
    assert run(["trace", "-"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("pickle: model/data.pkl")
    assert "calls nothing" in said


def test_setting_a_state_is_not_counted_as_a_call(tmp_path, capsys):
    """BUILD runs a method only where there is one: a plain state dict is not said to make calls that it cannot."""
    import torch

    path = tmp_path / "linear.pt"
    torch.save(torch.nn.Linear(2, 2).state_dict(), path)
    assert run(["trace", str(path)]) == 0
    said = capsys.readouterr().out
    assert said.count(", if it has one") == 1
    assert "and set the state of 1 object" in said


def test_a_long_pickle_as_json_points_to_brief_once(tmp_path, capsys):
    """Each line carries stack and memo, which is slow for a long one: the way out is said on stderr, once."""
    path = tmp_path / "long.pkl"
    path.write_bytes(assemble([*["NONE", "POP"] * 6_000, "NONE", "STOP"]))
    assert run(["trace", str(path), "--json"]) == 0
    assert capsys.readouterr().err.count("--brief") == 1
    assert run(["trace", str(path), "--json", "--brief"]) == 0
    assert not capsys.readouterr().err


def test_a_text_is_called_a_text(tmp_path, capsys):
    """Not an opcode's failure alone: a reader's own letters are no damaged pickle."""
    note = tmp_path / "note.txt"
    note.write_text("hello, this is a note\n")
    assert run(["trace", str(note)]) == 2
    told = capsys.readouterr().err
    assert f"{note}, byte 0: the file is plain text, and no pickle (BINGET: " in told
    assert told.endswith("See what it is: unpickled check FILE\n")


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux tells it")
def test_a_huge_file_that_is_no_pickle_is_not_read_whole(tmp_path):
    """4 GB of zeros end at the first byte, in little memory."""
    huge = tmp_path / "huge.bin"
    with huge.open("wb") as file:
        file.truncate(4 << 30)
    child = (
        "import sys; from unpickled.cli.main import run; code = run(['trace', sys.argv[1]]);"
        "print(code, *[line.split()[1] for line in open('/proc/self/status') if 'VmHWM' in line])"
    )
    done = subprocess.run(
        [sys.executable, "-c", child, str(huge)], capture_output=True, text=True, check=True
    )
    code, kilobytes = map(int, done.stdout.split()[-2:])
    assert code == 2
    assert kilobytes < 200_000


@pytest.mark.parametrize("cut", [1, 3, 5, 7])
def test_a_cut_pickle_of_protocol_0_is_no_text(tmp_path, capsys, cut):
    """All of its bytes are letters and digits, and it is a pickle that is cut short all the same."""
    path = tmp_path / "cut.pkl"
    path.write_bytes(pickle.dumps([1, 2, 3], 0)[:-cut])
    assert run(["trace", str(path)]) == 2
    told = capsys.readouterr().err
    assert "plain text" not in told
    assert ("The file is cut short: get a whole copy." in told) == (cut in {1, 5})


def test_a_large_memo_points_to_brief_early(tmp_path, capsys):
    """Few steps can write much, each with the whole memo: the hint comes once megabytes have gone out."""
    path = tmp_path / "memo.pkl"
    path.write_bytes(pickle.dumps([f"{number}" for number in range(1_500)], 4))
    assert run(["trace", str(path), "--json"]) == 0
    done = capsys.readouterr()
    assert done.out.count("\n") < MANY
    assert len(done.out) > MUCH
    assert done.err.count("--brief") == 1
    assert run(["trace", str(path), "--json", "--brief"]) == 0
    assert not capsys.readouterr().err
