"""What the slides carry of other projects is unchanged, and its licences are beside it."""

from __future__ import annotations

import hashlib
import re


def test_each_vendored_file_is_the_one_that_was_taken(root):
    folder = root / "src/unpickled/authoring/slides/reveal"
    table = (folder / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` \| .* \| (.*) \| `([0-9a-f]{64})` \|$", table, re.MULTILINE)
    carried = {
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.suffix in (".js", ".css", ".woff2")
    }
    assert {name for name, _, _ in rows} == carried
    for name, licences, digest in rows:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        for licence in re.findall(r"`([^`]+)`", licences):
            assert (folder / licence).is_file()
