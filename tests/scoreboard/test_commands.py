"""Commands in the sandbox, one fork a file: how each may end, and that none speaks for another."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from unpickled.errors import SandboxError
from unpickled.scoreboard.commands import Ended, Script, find, run_script

TOOL = """
import os, signal, sys, time

count = 0

def main():
    global count
    count += 1
    what, answer = sys.argv[1:3]
    if what == "write":
        open(answer, "w").write(f"hello {count}")
        return None
    if what == "print":
        print("on stdout")
        return 3
    if what == "number":
        sys.exit(258)
    if what == "words":
        sys.exit("a message")
    if what == "raise":
        raise ValueError("/secret/path")
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "slow":
        time.sleep(60)
    if what == "flood":
        open(answer, "w").write("x" * 300_000)
        return 0
    if what == "forge":  # whoever takes over a scanner writes answers to whatever is open
        line = b'{"code": 0, "problem": "", "answer": "forged", "seconds": 0}\\n'
        for fd in range(3, 64):
            for write in (lambda: os.write(fd, line), lambda: open(f"/proc/{os.getppid()}/fd/{fd}", "wb").write(line)):
                try:
                    write()
                except OSError:
                    pass
        return 1
    if what == "leaves":
        if not os.fork():
            time.sleep(30)
        return 5
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> tuple[Script, Path]:
    home = tmp_path_factory.mktemp("tool")
    (home / "fake_tool.py").write_text(TOOL)
    info = home / "fake_tool-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-tool\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[console_scripts]\nfake-tool = fake_tool:main\n")
    return Script("fake-tool", "1", sys.executable), home


@pytest.fixture(scope="module")
def ended(script: tuple[Script, Path]) -> dict[str, Ended]:
    tool, home = script
    names = [
        "write",
        "print",
        "number",
        "words",
        "raise",
        "killed",
        "slow",
        "flood",
        "forge",
        "leaves",
        "write",
    ]
    found, isolation = run_script(
        tool,
        [[name, "{answer}"] for name in names],
        readable=[home],
        warm=["write", "{answer}"],
        variables={"PYTHONPATH": str(home)},
        seconds=2,
    )
    assert isolation.startswith("bubblewrap")
    assert len(found) == len(names)
    return {
        f"{name} {at}" if at == 10 else name: one
        for at, (name, one) in enumerate(zip(names, found, strict=True))
    }


def test_a_command_ends_as_its_script_would(ended: dict[str, Ended]) -> None:
    """None is 0, a number is itself in one byte, words are 1; the answer is its file, else its stdout."""
    assert (ended["write"].code, ended["write"].answer) == (
        0,
        "hello 2",
    )  # the first run was the warm one
    assert (ended["print"].code, ended["print"].answer) == (3, "on stdout\n")
    assert ended["number"].code == 2
    assert ended["words"].code == 1


def test_what_did_not_end_has_no_code(ended: dict[str, Ended]) -> None:
    """A traceback is no 1, a killed command no clean one; none of them tells a path."""
    assert (ended["raise"].code, ended["raise"].problem) == (None, "it raised ValueError")
    assert (ended["killed"].code, ended["killed"].problem) == (None, "it was ended by signal 9")
    assert (ended["slow"].code, ended["slow"].problem) == (None, "it took longer than 2 seconds")
    assert ended["slow"].seconds < 10
    assert (ended["flood"].code, ended["flood"].problem) == (None, "its answer is too long")
    assert ended["flood"].answer == ""


def test_no_command_speaks_for_another(ended: dict[str, Ended]) -> None:
    """One that writes answers to everything open has spoken for nobody but itself, and what follows is its own."""
    assert ended["forge"].code in {
        None,
        1,
    }  # what it wrote over its own note is no end of a command
    assert not any("forged" in one.answer for name, one in ended.items() if name != "forge")
    assert ended["leaves"].code == 5
    assert (ended["write 10"].code, ended["write 10"].answer) == (0, "hello 2")


def test_a_tool_that_cannot_be_loaded_has_answered_nothing(tmp_path: Path) -> None:
    found, _ = run_script(
        Script("no-such-tool", "1", sys.executable), [["a"], ["b"]], readable=[tmp_path]
    )
    assert [one.code for one in found] == [None, None]
    assert all("ended with 1" in one.problem for one in found)


def test_without_a_wall_nothing_is_run(
    script: tuple[Script, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unpickled.sandbox.wall.problem", lambda: "there is none")
    with pytest.raises(SandboxError, match="--unsafe-no-sandbox"):
        run_script(script[0], [["write", "{answer}"]], readable=[script[1]])


def test_a_command_with_a_python_of_its_own_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pipx lays it: the script's first line names the Python, which knows version and folders."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{json.dumps(['9.9', '/opt/venv', '/opt/base'])}'\n")
    tool = tmp_path / "other-tool"
    tool.write_text(f"#!{python}\n")
    bare = tmp_path / "bare-tool"
    bare.write_text(f"{python}\n")  # a path in the first line is no script's first line
    for path in (python, tool, bare):
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    find.cache_clear()
    assert find("other-tool") == Script(
        "other-tool", "9.9", str(python), ("/opt/venv", "/opt/base")
    )
    assert find("never-heard-of-it") is None
    assert find("bare-tool") is None
    find.cache_clear()


@pytest.mark.parametrize("first", ["", "#!relative/python", "#!/no/such/python", "\x7fELF"])
def test_a_command_that_is_no_python_script_is_not_found(
    first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "strange-tool"
    tool.write_text(f"{first}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    find.cache_clear()
    assert find("strange-tool") is None
    find.cache_clear()
