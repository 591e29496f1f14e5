"""`unpickled guard`: one line for a person, one object for a program, and a code for a script."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unpickled.cli.main import run


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model/a.bin").write_bytes(b"a" * 2000)
    return tmp_path / "model"


def test_pin_then_verify_then_a_changed_byte(model, capsys):
    """The way of a model: exit 0, 0, and 1 with the file's name."""
    assert run(["guard", "pin", "model"]) == 0
    assert capsys.readouterr().out == "model.lock: 1 file pinned, 2.0 kB.\n"
    assert run(["guard", "verify", "model", "model.lock"]) == 0
    assert capsys.readouterr().out == "model: 1 file as pinned, 2.0 kB, and no other.\n"
    (model / "a.bin").write_bytes(b"a" * 1999 + b"b")
    assert run(["guard", "verify", "model", "model.lock"]) == 1
    told = capsys.readouterr()
    assert told.out.startswith("  changed: a.bin (sha256 ")
    assert told.err.startswith("unpickled: model: 1 file is not as pinned. Do not load it")
    assert run(["guard", "verify", "model", "model.lock", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["faults"][0]["kind"], told["faults"][0]["path"]) == (
        False,
        "changed",
        "a.bin",
    )


def test_a_lock_is_replaced_only_when_asked(model, capsys):
    """A second pin would otherwise approve whatever is there now."""
    assert run(["guard", "pin", "model", "-o", "l"]) == 0
    old = (model.parent / "l").read_bytes()
    (model / "b").write_bytes(b"")
    assert run(["guard", "pin", "model", "-o", "l"]) == 2
    assert "it is there already" in capsys.readouterr().err
    assert (model.parent / "l").read_bytes() == old
    assert run(["guard", "pin", "model", "-o", "l", "--overwrite", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == 2


def test_refusals_have_a_code_each_and_json_too(model, capsys):
    """1: it does not pass. 2: it could not be judged."""
    (model.parent / "model.lock").write_text("rubbish")
    assert run(["guard", "verify", "model", "model.lock", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["exit"] == 2
    assert "first line" in told["problem"]
    (model / "link").symlink_to("a.bin")
    assert run(["guard", "pin", "model", "-o", "l"]) == 1
    assert "cp -rL" in capsys.readouterr().err
    assert run(["guard", "verify", "nowhere", "model.lock"]) == 2
    assert run(["guard", "pin", "model", "-o", "no/l"]) == 2


def test_a_name_cannot_steer_the_terminal(model, capsys):
    """Neither a file's nor the folder's own."""
    (model / "a\x1b[2J\n.bin").write_bytes(b"1")
    odd = model.rename(model.with_name("m\x1b[31m"))
    assert run(["guard", "pin", odd.name, "-o", "l"]) == 0
    (odd / "a.bin").unlink()
    (odd / "a\x1b[2J\n.bin").unlink()
    assert run(["guard", "verify", odd.name, "l"]) == 1
    told = capsys.readouterr()
    assert "\x1b" not in told.out + told.err
    assert r"missing: a\x1b[2J\x0a.bin" in told.out


def test_bytes_that_are_no_utf8_are_no_traceback(model):
    """As a folder's name, too."""
    odd = os.fsencode(model.parent) + b"/\xff"
    model.rename(os.fsdecode(odd))
    for words in (["pin", odd, "-o", "l"], ["verify", odd, "l"], ["verify", odd, "l", "--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "unpickled", "guard", *words], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_ctrl_c_leaves_no_lock_and_no_draft(model):
    """130, one line, and the folder as it was."""
    with (model / "large").open("wb") as file:
        file.truncate(8 << 30)
    child = subprocess.Popen(
        [sys.executable, "-m", "unpickled", "guard", "pin", "model"],
        stderr=subprocess.PIPE,
        text=True,
    )
    opened = Path(f"/proc/{child.pid}/fd")
    while not any(str(fd.resolve()).endswith("large") for fd in opened.glob("*")):
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    told = child.communicate(timeout=20)[1]
    assert (child.returncode, told.lstrip("\n")) == (
        130,
        "unpickled: stopped; nothing was left half-written.\n",
    )
    assert [path.name for path in model.parent.iterdir()] == ["model"]


def test_keys_sign_check_then_a_changed_byte(model, capsys):
    """By key and by CA: exit 0 all the way, and 1 when a byte is changed or the key is another's."""
    for keys in ("keys", "other"):
        assert run(["guard", "keys", keys, "--ca", "Our models", "--name", "Ada"]) == 0
    told = capsys.readouterr().out
    assert "Keep to yourself: ca.key, signing.key." in told
    sign = ["guard", "sign", "model", "--key", "keys/signing.key"]
    assert run(sign) == 0
    assert run([*sign, "-o", "ca.sig", "--certificate", "keys/signing.crt"]) == 0
    assert "1 file signed by CN=Ada." in capsys.readouterr().out
    check = ["guard", "check-signature", "model"]
    assert run([*check, "ca.sig", "--ca", "keys/ca.crt"]) == 0
    assert run([*check, "model.sig", "--public-key", "keys/signing.pub", "--json"]) == 0
    assert '"ok": true' in capsys.readouterr().out
    assert run([*check, "ca.sig", "--ca", "other/ca.crt"]) == 1
    assert run([*check, "model.sig", "--public-key", "other/signing.pub", "--json"]) == 1
    assert '"problem": "it was signed with another key"' in capsys.readouterr().out
    (model / "a.bin").write_bytes(b"b")
    assert run([*check, "model.sig", "--public-key", "keys/signing.pub"]) == 1
    assert "Hash mismatch for 'a.bin'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["sign", "model"],
        ["sign", "model", "--key", "k", "--keyless"],
        ["sign", "model", "--keyless", "--certificate", "c"],
        ["check-signature", "model", "s"],
        ["check-signature", "model", "s", "--public-key", "k", "--ca", "c"],
        ["check-signature", "model", "s", "--identity", "ada@example.org"],
    ],
    ids=" ".join,
)
def test_whose_signature_has_to_be_said(model, words):
    """Wrong usage is 2, before anything is read."""
    assert run(["guard", *words]) == 2


@pytest.mark.parametrize(
    "words", [["--help"], ["pin", "--help"], ["sign", "--help"], ["keys", "--help"]]
)
def test_help_is_cheap(words):
    """No command's help imports cryptography or model signing, and rich only where a name is escaped."""
    code = f"import sys; from unpickled.cli.main import run; run(['guard', *{words!r}]); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Examples:" in done.stdout or "Commands:" in done.stdout
    for heavy in ("model_signing", "cryptography", "OpenSSL", "sigstore", "'rich'", "'numpy'"):
        assert heavy not in done.stdout.splitlines()[-1]


def test_publish_list_pull_and_what_is_refused(model, capsys):
    """From a folder to a registry and out of it; the reference of the first line is what is pulled."""
    for keys in ("keys", "curator"):
        run(["guard", "keys", keys])
    (model / "a.bin").unlink()
    (model / "notes.txt").write_text("numbers only")
    run(["guard", "pin", "model"])
    run(["guard", "sign", "model", "--key", "keys/signing.key"])
    capsys.readouterr()
    to, key = ["--registry", "shelf"], ["--public-key", "keys/signing.pub"]
    publish = [
        "guard",
        "publish",
        "model",
        "tiny",
        *to,
        *key,
        "--curator-key",
        "curator/signing.key",
    ]
    assert run([*publish, "--why", "read"]) == 1
    assert "notes.txt: no scanner looked at it (text). If you" in capsys.readouterr().err
    assert run([*publish, "--why", "read", "--unscanned", "*.txt"]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert "  1 unscanned (let in by name, not scanned): notes.txt" in rest
    reference = first.split()[-1]
    whose = [*to, "--curator", "curator/signing.pub"]
    assert run(["guard", "list", *whose]) == 0
    assert capsys.readouterr().out.split()[1] == reference
    assert run(["guard", "pull", reference, "out", *whose, *key]) == 0
    assert ": read\n" in capsys.readouterr().out
    assert run(["guard", "pull", reference, "out", *whose, *key]) == 2
    assert run(["guard", "pull", "tiny", "more", *whose, *key]) == 2
    assert "unpickled guard list" in capsys.readouterr().err
    wrong = reference[:-1] + ("0" if reference[-1] != "0" else "1")
    assert run(["guard", "pull", wrong, "more", *whose, *key, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["problem"] == "nobody has let it into this registry"
    assert not (model.parent / "more").exists()


def test_the_layer_imports_no_outside_library_before_it_is_used():
    """Signing, servers and locks bring theirs with the first call."""
    code = "import sys, unpickled.defence; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for heavy in (
        "model_signing",
        "cryptography",
        "OpenSSL",
        "oras",
        "requests",
        "filelock",
        "numpy",
    ):
        assert f"'{heavy}'" not in done.stdout
