"""A file that may not be read is one line like any other fault, and the files beside it are looked at all the same."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest

from unpickled.cli.main import run


@pytest.fixture
def locked():
    """A folder of two files that nobody may read, and the rights of nobody where the tests run as root."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for name in ("a.pt", "b.pt"):
            (Path(folder) / name).write_bytes(b"\x80\x02}.")
            (Path(folder) / name).chmod(0)
        was_root = os.geteuid() == 0
        if was_root:
            _import_all(Path(folder))
            os.setresuid(65534, 65534, 0)  # the real one too: it is what click asks for
        try:
            yield Path(folder)
        finally:
            if was_root:
                os.setresuid(0, 0, 0)


def _import_all(folder: Path) -> None:
    """Let each command load its modules while it may: nobody reads root's Python or checkout.

    rich, for one, reads how wide a letter is at the first that is not ASCII: a fault's sign.
    """
    good, made = folder / "good.pt", folder / "good.safetensors"
    good.write_bytes(b"\x80\x02}.")
    for words in (["inspect"], ["check"], ["check", "--json"], ["trace"], ["convert"]):
        for file in (good, folder / "missing.pt"):
            run([*words, str(file), *([str(made)] if words == ["convert"] else [])])
    good.unlink()


@pytest.mark.parametrize("command", ["inspect", "check", "trace", "convert"])
def test_each_file_that_may_not_be_read_is_told_in_one_line(locked, capsys, command):
    """Not in a usage text, which would end it at the first."""
    capsys.readouterr()
    names = [str(locked / name) for name in ("a.pt", "b.pt")]
    several = command in {"inspect", "check"}
    given = names if several else names[:1]
    if command == "convert":
        given = [*given, str(locked / "o.safetensors")]
    assert run([command, *given]) == 2
    told = capsys.readouterr()
    lines = [line for line in (told.out + told.err).splitlines() if "may not read it" in line]
    assert len(lines) == (2 if several else 1)
    assert "Usage" not in told.err
    if several:
        assert run([command, "--json", *given]) == 2
        assert [row["path"] for row in json.loads(capsys.readouterr().out)] == names
