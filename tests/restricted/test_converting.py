"""The parent trusts neither child, and OUT is whole or not there. The first child is a stand-in without torch."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unpickled import restricted, sandbox, specimens
from unpickled.errors import CourseError, SandboxError, ScanError
from unpickled.restricted import ConvertError, RefusedError, children, convert, drafts

HERE = Path(restricted.__file__).parent
HONEST = """
import json, os, struct, sys
asked = json.load(sys.stdin)
numbers = struct.pack("<8f", 1, 2, 3, 4, 5, 6, 0.5, -0.5)
header = {"__metadata__": {"format": "pt"}}
header["layer.weight"] = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
header["layer.bias"] = {"dtype": "F32", "shape": [2], "data_offsets": [24, 32]}
text = json.dumps(header).encode()
whole = struct.pack("<Q", len(text)) + text + numbers
def write(data):
    with open(asked["draft"], "wb") as file:
        file.write(data)
def tell(**told):
    print(json.dumps(told), flush=True)
"""


@pytest.fixture(autouse=True)
def walled():
    """Only where bubblewrap works; where tests count it has to."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())


@pytest.fixture
def child(tmp_path, monkeypatch):
    """Replace the first child's program; returns a function that converts with it."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "load_each.txt").write_text("")
    (scripts / "prove_one.py").write_text((HERE / "prove_one.py").read_text())
    monkeypatch.setattr(children, "_HERE", scripts)
    model = specimens.write("torch-plain", tmp_path)

    def run(lines, **options):
        (scripts / "convert_one.txt").write_text(HONEST + lines)
        return convert(model, tmp_path / "out.safetensors", **options)

    run.model, run.folder, run.out = model, tmp_path, tmp_path / "out.safetensors"
    return run


def left_over(child):
    return sorted(
        path.name
        for path in child.folder.iterdir()
        if path.name not in {"scripts", child.model.name}
    )


FINE = 'write(whole); tell(outcome="written")'


def test_a_proved_file_gets_its_name(child):
    """With the permissions of any new file, and nothing beside it."""
    before = os.umask(0o027)
    try:
        done = child(FINE)
    finally:
        os.umask(before)
    assert (done.tensors, done.bytes, done.part, done.left, done.tied) == (2, 32, "", (), ())
    assert done.isolation == sandbox.WALLED
    assert left_over(child) == ["out.safetensors"]
    assert stat.S_IMODE(child.out.stat().st_mode) == 0o640
    assert child.out.stat().st_nlink == 1


TAKEN_OVER = {
    "other numbers": ('write(whole[:-1] + b"x"); tell(outcome="written")', "other numbers"),
    "a program": ('write(b"#!/bin/sh"); tell(outcome="written")', "no sound safetensors file"),
    "nothing": ('tell(outcome="written")', "cannot be written"),
    "a link": (
        'os.symlink("/etc/passwd", asked["draft"]); tell(outcome="written")',
        "no plain file",
    ),
    "a folder": ('os.mkdir(asked["draft"]); tell(outcome="written")', "no plain file"),
    "a pipe": ('os.mkfifo(asked["draft"]); tell(outcome="written")', "no plain file"),
    "two names": (
        'write(whole); os.link(asked["draft"], asked["draft"] + "2"); tell(outcome="written")',
        "no plain file",
    ),
    "more files": (
        'os.mkdir(os.path.dirname(asked["draft"]) + "/more"); write(whole[:-1]); tell(outcome="written")',
        "no sound safetensors file",
    ),
    "babble": ('print("[" * 100_000)', "the child ended with 0"),
    "a list": ('print("[]")', "the child ended with 0"),
    "crash": ("raise ValueError(chr(27))", r"ended with 1: ValueError: \\x1b"),
    "no torch": ("import torch_is_not_there", "ended with 1"),
    "escapes": ('tell(outcome="failed", message="a\\nb\\x1b[2J.")', r"a b\\x1b\[2J\. Nothing"),
    "outcome": ('tell(outcome=["written"])', "cannot be loaded"),
    "cannot": (
        'tell(outcome="cannot", cannot=["x (sparse)"], total=3)',
        r"hold x \(sparse\) and 2 more",
    ),
    "large": ('tell(outcome="too large", size=10**10)', "10,000,000,000 bytes"),
    "unnamed": ('tell(outcome="unnamed", message="it has no name")', "it has no name"),
    "full": (
        'tell(outcome="failed", message="I/O error: No space left on device (os error 28)")',
        "disk is full",
    ),
    "flood": ('print("x" * 20_000_000)', "over a limit: output"),
}


@pytest.mark.parametrize("how", TAKEN_OVER)
def test_what_the_first_child_says_is_not_believed(child, how):
    """One line, exit code 2, and no file: not the new one, not a half of it, not a folder."""
    lines, reason = TAKEN_OVER[how]
    with pytest.raises(ConvertError, match=reason) as error:
        child(lines)
    assert error.value.exit_code == 2
    assert "\n" not in str(error.value)
    assert left_over(child) == []


def test_the_unpicklers_refusal_has_an_exit_code_of_its_own(child):
    """It is what is in the file, not that it could not be read; the remedy is the state dict."""
    with pytest.raises(RefusedError, match=r"it imports a\.B.*state_dict") as error:
        child(
            'tell(outcome="refused", message="it imports a.B, which is not on the list", named="a.B")'
        )
    assert error.value.exit_code == 1


def test_the_child_cannot_write_elsewhere(child):
    """Not to the model, not beside OUT, not to OUT itself."""
    attempts = f"""
done = []
for path in ({str(child.model)!r}, {str(child.out)!r}, {str(child.folder / "x")!r}):
    try:
        open(path, "ab").write(b"x")
    except OSError:
        continue
    done.append(path) if os.path.dirname(path) != {str(child.folder)!r} else None
{FINE}
"""
    before = child.model.read_bytes()
    child(attempts)
    assert child.model.read_bytes() == before
    assert left_over(child) == ["out.safetensors"]
    assert child.out.stat().st_size < 400


@pytest.mark.parametrize(
    "broken", ['print("{}")', 'print(\'{"tensors": "two"}\')', "raise SystemExit(3)"]
)
def test_a_broken_comparison_proves_nothing(child, broken):
    """What the second child does not say, is not so."""
    (child.folder / "scripts" / "prove_one.py").write_text(broken)
    with pytest.raises(ConvertError):
        child(FINE)
    assert left_over(child) == []


def test_a_model_that_changes_meanwhile_is_not_converted(child):
    """What was scanned, what was loaded and what was compared are one file."""
    data = child.model.read_bytes()

    def swap(stage, _):
        if stage == "proving":
            os.utime(child.model, ns=(1, 1))

    with pytest.raises(ConvertError, match="changed meanwhile"):
        child(FINE, notify=swap)
    since = restricted.stamp(child.model)
    child.model.write_bytes(data)
    with pytest.raises(ConvertError, match="changed meanwhile"):
        child(FINE, since=since)
    assert left_over(child) == []


def test_a_file_that_comes_to_be_there_is_not_replaced(child):
    """OUT is given its name without taking another file's place; with `overwrite` it does, in one step."""

    def appear(stage, _):
        if stage == "proving":
            child.out.write_text("another's")

    with pytest.raises(ConvertError, match="there already"):
        child(FINE, notify=appear)
    assert child.out.read_text() == "another's"
    with pytest.raises(ConvertError, match="there already"):
        child(FINE)
    with pytest.raises(ConvertError, match="other numbers"):
        child(TAKEN_OVER["other numbers"][0], overwrite=True)
    assert child.out.read_text() == "another's"
    child(FINE, overwrite=True)
    assert child.out.stat().st_size > 32
    assert left_over(child) == ["out.safetensors"]


def test_a_file_system_without_links_will_do(child, monkeypatch):
    """FAT has none: a rename then, where nothing is there."""

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    child(FINE)
    assert left_over(child) == ["out.safetensors"]


def test_paths_with_dots_are_followed(child, monkeypatch):
    """The children have none of the folders on the way."""
    (child.folder / "scripts" / "deep").mkdir()
    monkeypatch.chdir(child.folder / "scripts" / "deep")
    (child.folder / "scripts" / "convert_one.txt").write_text(
        HONEST + "open(asked['model']).close();" + FINE
    )
    convert(f"../../{child.model.name}", "../../out.safetensors")
    assert left_over(child) == ["out.safetensors"]


@pytest.mark.parametrize("how", ["link", "no links", "overwrite"])
def test_the_new_file_is_safe_on_the_disk_before_it_has_its_name(child, monkeypatch, how):
    """A power cut leaves the whole file or none: its bytes are synced, all of them, and only then it is named."""
    done = []

    def synced(handle):
        found = os.fstat(handle)
        done.append((found.st_ino, found.st_size, os.path.lexists(child.out)))

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fsync", synced)
    if how == "no links":
        monkeypatch.setattr(Path, "hardlink_to", refuse)
    child(FINE, overwrite=how == "overwrite")
    found = child.out.stat()
    assert done == [(found.st_ino, found.st_size, False)]


def test_a_file_that_cannot_be_synced_gets_no_name(child, monkeypatch):
    """A disk that fails at the last moment: one line, and nothing is left."""

    def fail(_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ConvertError, match="cannot be written: Input/output error"):
        child(FINE)
    assert left_over(child) == []


def test_a_long_name_leaves_room_for_the_draft(child):
    """A file's name may have 255 bytes; the draft's folder beside it has a shorter one."""
    child.out = child.folder / ("\N{SNAKE}" * 60 + ".safetensors")
    with drafts.draft_of(child.out) as draft:
        draft.write_bytes(b"x")
        drafts.put_in_place(draft, child.out, overwrite=False)
    assert left_over(child) == [child.out.name]


def test_a_link_is_replaced_and_not_followed(child):
    """With `overwrite` a link in the place of OUT gives way; what it leads to stays. Without, it is there already."""
    goal = child.folder / "scripts" / "goal"
    goal.write_text("stays")
    child.out.symlink_to(goal)
    with pytest.raises(ConvertError, match="there already"):
        child(FINE)
    child(FINE, overwrite=True)
    assert goal.read_text() == "stays"
    assert not child.out.is_symlink()


TARGETS = [
    ("model.bin", "does not end in .safetensors. Name it model.safetensors"),
    ("none/out.safetensors", "its folder is not there"),
    ("folder.safetensors", "it is a folder"),
    ("link.safetensors", "it is the model itself"),
]


@pytest.mark.parametrize(("name", "reason"), TARGETS)
def test_targets_that_cannot_be_are_refused_at_once(child, name, reason):
    """Before anything is started."""
    (child.folder / "folder.safetensors").mkdir()
    (child.folder / "link.safetensors").symlink_to(child.model)
    with pytest.raises(ConvertError, match=reason):
        convert(child.model, child.folder / name, overwrite=True)


MODELS = {
    "safetensors": (ConvertError, 2, "already. There is nothing to convert"),
    "npy-plain": (ConvertError, 2, "no PyTorch file: NumPy array"),
    "joblib-arrays": (ConvertError, 2, "no PyTorch file: joblib"),
    "plain-4": (ConvertError, 2, "no PyTorch file: raw pickle"),
    "gguf": (ConvertError, 2, "no PyTorch file: GGUF"),
    "text": (ConvertError, 2, "no PyTorch file: text"),
    "empty": (ConvertError, 2, "no PyTorch file: empty"),
    "tar-canary": (ConvertError, 2, "too old to be converted. If you trust"),
}


@pytest.mark.parametrize("name", MODELS)
def test_other_formats_are_refused_at_once(tmp_path, name):
    """By their content, with what there is to do."""
    kind, code, reason = MODELS[name]
    path = specimens.write(name, tmp_path, marker=tmp_path / "canary")
    with pytest.raises(kind, match=reason) as error:
        convert(path, tmp_path / "out.safetensors")
    assert error.value.exit_code == code
    assert error.value.remedy


def test_a_torchscript_program_is_refused(tmp_path):
    """It is a program with weights; which it is says its archive."""
    from unpickled.specimens.torch_files import stored

    path = tmp_path / "model.pt"
    path.write_bytes(
        stored({"m/data.pkl": b"\x80\x02}.", "m/constants.pkl": b"\x80\x02).", "m/version": b"3"})
    )
    with pytest.raises(RefusedError, match="TorchScript"):
        convert(path, tmp_path / "out.safetensors")


def test_missing_and_unreadable_models_are_named(tmp_path):
    """In one line each."""
    for name, reason in (
        ("none.pt", "no such file"),
        (".", "a folder"),
        ("a\0b", "no file can have"),
    ):
        with pytest.raises(ScanError, match=reason):
            convert(tmp_path / name if "\0" not in name else name, tmp_path / "out.safetensors")


def test_without_a_wall_nothing_is_loaded_unless_the_user_says_so(child, monkeypatch):
    """And then the result says where it was."""
    monkeypatch.setattr("unpickled.sandbox.wall.problem", lambda: "taken away")
    with pytest.raises(SandboxError, match="unsafe-no-sandbox"):
        child(FINE)
    assert left_over(child) == []
    assert child(FINE, without_wall="the user said so").isolation == sandbox.PLAIN


STARTED = """
import sys
from pathlib import Path
from unpickled.cli.main import run
from unpickled.restricted import children
children._HERE = Path(sys.argv[1])
sys.exit(run(["convert", *sys.argv[2:]]))
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_it_leaves_nothing(child, how, monkeypatch):
    """Ctrl-C, kill, kill -9 while half of the new file is written: neither OUT, nor a draft, nor a folder in /tmp."""
    lines = 'write(whole[:20]); open(asked["draft"] + ".started", "w").close(); import time; time.sleep(60)'
    (child.folder / "scripts" / "convert_one.txt").write_text(HONEST + lines)
    private = child.folder / "scripts" / "tmp"
    private.mkdir()
    monkeypatch.setenv("TMPDIR", str(private))
    command = [sys.executable, "-c", STARTED, child.folder / "scripts", child.model, child.out]
    running = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not list(child.folder.glob(".out*/*.started")) and time.monotonic() < deadline:
        assert running.poll() is None, running.stderr.read()
        time.sleep(0.02)
    assert left_over(child) != []
    os.killpg(running.pid, how)  # as a terminal does it
    told = running.communicate(timeout=30)[1]
    while left_over(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert left_over(child) == []
    assert list(private.iterdir()) == []
    if how == signal.SIGINT:
        assert running.returncode == 130
        assert told.strip() == "unpickled: stopped; nothing was left half-written."


def programs_with(text):
    """The processes whose command line has it."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:  # it has ended meanwhile
            continue
        if text in words:
            found.append(words)
    return found


def test_a_parent_that_is_killed_alone_takes_its_child_along_and_leaves_no_draft(
    child, monkeypatch
):
    """As the out-of-memory killer does it: SIGKILL to the one process, none to its group."""
    lines = 'write(whole[:20]); open(asked["draft"] + ".started", "w").close(); import time; time.sleep(90)'
    (child.folder / "scripts" / "convert_one.txt").write_text(HONEST + lines)
    monkeypatch.setenv("TMPDIR", str(child.folder / "scripts"))
    command = [sys.executable, "-c", STARTED, child.folder / "scripts", child.model, child.out]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not list(child.folder.glob(".out*/*.started")) and time.monotonic() < deadline:
            assert running.poll() is None
            time.sleep(0.02)
        mine = str(child.folder)
        assert len(programs_with(mine)) > 2  # the parent, the guard of the draft, the child
    finally:
        running.kill()
        running.wait()
    deadline = time.monotonic() + 20
    while (left_over(child) or programs_with(mine)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left_over(child) == []
    assert programs_with(mine) == []


def test_a_folder_that_may_not_be_written_to_is_named(child, monkeypatch):
    """One line, before anything is loaded."""

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(drafts.Path, "mkdir", refuse)
    with pytest.raises(
        CourseError, match=r"out\.safetensors: it cannot be written: Permission denied"
    ):
        child(FINE)
