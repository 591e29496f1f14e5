"""The two children of a conversion in this process, for files that the tests make: torch is imported once."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from unpickled import restricted
from unpickled.restricted.naming import NamingError
from unpickled.restricted.proof import prove

HERE = Path(restricted.__file__).parent


class Bench:
    """Saves an object, converts it by the first child's own code, proves it by the second's."""

    def __init__(self, torch, folder, script):
        self.torch, self.folder, self.script = torch, folder, script
        self.model, self.draft = folder / "model.pt", folder / "draft.safetensors"

    def map_from(self, size):
        """Have files mapped that are at least so large."""
        self.script["loading"]["can_be_mapped"].__globals__["MAPPED"] = size

    def save(self, given, **options):
        self.torch.save(given, self.model, **options)

    def convert(self, *, part="", everything=False, most=1 << 30):
        """Return the first child's answer."""
        self.draft.unlink(missing_ok=True)
        asked = {"model": str(self.model), "draft": str(self.draft), "most": most}
        try:
            return self.script["convert"]({**asked, "part": part, "everything": everything})
        except NamingError as error:
            return {"outcome": "unnamed", "message": str(error)}

    def prove(self, **options):
        return prove(self.model, self.draft, **options)

    def both(self, given, *, legacy=False, **options):
        """Save, convert and prove; returns what was proved, and the tensors of the new file as torch loads them."""
        from safetensors.torch import load_file

        self.save(given, _use_new_zipfile_serialization=not legacy)
        assert self.convert(**options) == {"outcome": "written"}
        return self.prove(**options), load_file(self.draft)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    import torch

    before, sys.argv = sys.argv, ["convert_one.txt", str(HERE / "load_each.txt")]
    try:
        script = runpy.run_path(str(HERE / "convert_one.txt"), run_name="converting")
    finally:
        sys.argv = before
    return Bench(torch, tmp_path_factory.mktemp("models"), script)
