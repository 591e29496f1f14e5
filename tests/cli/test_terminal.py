"""No letter of a file ends a command, and none of them reaches the terminal as an order."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import zipfile

import click
import pytest

from unpickled.cli.main import cli, run
from unpickled.errors import CourseError, SetupError
from unpickled.pickles import assemble

LOUD = "a\x1b]0;pwned\x07\x1b[2J"
ORDERS = set("\x1b\x07\x9b\u202e")
LETTERS = {
    "surrogate": pickle.dumps({"\ud800x": 1}),
    "accent": pickle.dumps(["é"]),
    "emoji": pickle.dumps("😀"),
    "direction": pickle.dumps("\u202e"),
    "global": assemble(
        [
            ("PROTO", 4),
            ("SHORT_BINUNICODE", "m\ud800é"),
            ("SHORT_BINUNICODE", "n😀\u202e"),
            "STACK_GLOBAL",
            "EMPTY_TUPLE",
            "REDUCE",
            "STOP",
        ]
    ),
}
ENCODINGS = {
    "utf-8": {"PYTHONIOENCODING": "utf-8"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


def ran(*words, **more):
    env = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"}
    return subprocess.run(
        [sys.executable, "-m", "unpickled", *map(str, words)],
        capture_output=True,
        check=False,
        env=env | more.pop("env", {}),
        **more,
    )


@pytest.fixture(params=[1, 2], ids=["one pickle", "two pickles"])
def loud(tmp_path, request):
    """An archive whose members' names would clear a terminal and name its window."""
    path = tmp_path / "loud.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(request.param):
            archive.writestr(f"{LOUD}/{number}.pkl", pickle.dumps(number, 2))
    return path


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_name_that_the_encoding_lacks_ends_no_trace(tmp_path, encoding):
    """Each pickle is traced to its end, for a person and for a program, whatever its letters are."""
    for name, data in LETTERS.items():
        path = tmp_path / name
        path.write_bytes(data)
        for option in [], ["--json"]:
            done = ran("trace", path, *option, env=ENCODINGS[encoding])
            assert (name, option, done.returncode, done.stderr) == (name, option, 0, b"")
            if option:
                steps = [json.loads(line) for line in done.stdout.decode("ascii").splitlines()]
                assert steps[-1]["opcode"] == "STOP"
            else:
                assert b"Nothing was imported" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_trace_for_a_poor_terminal_is_ascii_in_its_columns(tmp_path, encoding):
    """Letters that may be lacking are written out before the column is cut to its width."""
    path = tmp_path / "long.pkl"
    path.write_bytes(pickle.dumps("é" * 40))
    told = ran("trace", path, env=ENCODINGS[encoding]).stdout.decode("ascii").splitlines()
    head, row = told[0], next(line for line in told if "UNICODE" in line)
    assert r"'\xe9\xe9" in row
    assert len(row) == head.index("stack") + len("stack")


def test_json_keeps_every_letter(tmp_path, capsys):
    """It is written in ASCII, and a reader gets what was in the file."""
    path = tmp_path / "letters.pkl"
    path.write_bytes(LETTERS["global"])
    assert run(["trace", str(path), "--json"]) == 0
    told = capsys.readouterr().out
    assert told.isascii()
    assert ["m\ud800é", "n😀\u202e"] in [json.loads(line)["imports"] for line in told.splitlines()]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
def test_a_member_s_name_gives_a_terminal_no_orders(loud):
    """On a real terminal, where colours are not taken out, all that begins with an escape is our own colour."""
    ours, theirs = os.openpty()
    words = [sys.executable, "-m", "unpickled", "trace", str(loud)]
    done = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    told = b""
    while piece := _read(ours):
        told += piece
    done.wait()
    os.close(ours)
    seen = told.decode().replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert r"a\x1b]0;pwned\x07\x1b[2J/0.pkl" in seen
    assert not ORDERS & set(seen)


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return b""


@pytest.mark.parametrize("part", range(3))
def test_an_error_s_own_texts_give_a_terminal_no_orders(monkeypatch, capsys, part):
    """Place, problem and remedy may each have a name of a file in them; they stay on one line."""

    def command(*_, **__):
        parts = ["place", "problem", "remedy"]
        parts[part] = f"{LOUD}\u202e\n"
        raise CourseError(*parts)

    monkeypatch.setattr(cli, "main", command)
    assert run([]) == 2
    told = capsys.readouterr().err
    assert not ORDERS & set(told)
    assert told.count("\n") == 1
    assert r"\x1b]0;pwned\x07\x1b[2J\u202e\n" in told


def test_a_failed_set_up_keeps_its_lines(monkeypatch, capsys):
    """What another program said of its failure stays as legible as it was."""

    def command(*_, **__):
        raise SetupError("the site", "its build failed:\none\x1b[2J\ntwo")

    monkeypatch.setattr(cli, "main", command)
    assert run([]) == 2
    assert capsys.readouterr().err.splitlines()[1:] == [r"one\x1b[2J", "two."]


def test_the_user_s_own_words_come_back_harmless(capsys, monkeypatch):
    """A pasted file name is shown as it is, whether there is no such file or one word too many."""
    echo = click.echo
    monkeypatch.setattr(click, "echo", lambda *words, **named: echo(*words, **named, color=True))
    assert run(["trace", "nope\x1b[31m"]) == 2
    assert r"nope\x1b[31m: there is no such file" in capsys.readouterr().err
    assert run(["trace", "one", f"{LOUD}two"]) == 2
    told = capsys.readouterr().err
    assert "unexpected extra argument" in told
    assert not ORDERS & set(told)


def test_a_name_in_a_hint_is_harmless(tmp_path, capsys):
    """The pickle that stands beside the traced one is named on stderr."""
    path = tmp_path / "flat.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}, 2))
        archive.writestr(f"archive/{LOUD}.pkl", pickle.dumps({}, 2))
    assert run(["trace", str(path)]) == 0
    told = capsys.readouterr().err
    assert r"--member archive/a\x1b]0;pwned" in told
    assert not ORDERS & set(told)


@pytest.mark.skipif(sys.platform == "win32", reason="the shell's own way to close it")
@pytest.mark.parametrize(
    "words", [["trace", "-"], ["teach", "score", "L4.4.2", "--answers", "-"]], ids=" ".join
)
def test_a_closed_standard_input_is_one_line(words):
    """`unpickled trace - <&-`: there is nothing to read, and that is said."""
    done = ran(*words, preexec_fn=lambda: os.close(0))
    assert done.returncode == 2
    assert done.stderr.decode().startswith("unpickled: standard input: it is closed. ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a program cannot send itself Ctrl-C there")
@pytest.mark.parametrize("wrapped", [False, True], ids=["", "wrapped"])
@pytest.mark.parametrize("imported", ["click", "unpickled.cli.main", "unpickled.cli.trace"])
def test_ctrl_c_is_answered_while_we_import(imported, wrapped):
    """The first tenth of a second is spent on imports: stopped there, it is one line and exit 130, too."""
    code = (
        "import os, runpy, signal, sys\n"
        "class Stop:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name != {imported!r}: return\n"
        "        try: os.kill(os.getpid(), signal.SIGINT); sum(range(10**6))\n"
        f"        except BaseException as met: raise {'RuntimeError from met' if wrapped else ''}\n"
        "sys.meta_path.insert(0, Stop())\n"
        "sys.argv = ['unpickled', 'trace', 'none.pkl']\n"
        "runpy.run_module('unpickled', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stderr.strip() == "unpickled: stopped; nothing was left half-written."
