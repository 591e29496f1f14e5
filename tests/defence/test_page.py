"""The maximum-bar page: its exercise is unsolved at first, and no answer that misses the point solves it."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from unpickled.content import practice_item

ALL = '["pinned", "signed", "scanned"]'
REFERENCE = {"formats": '["safetensors"]', "must": ALL, "weights_only": "true"}
WRONG = {
    "only the gates": {"must": ALL},
    "only signed": {"must": '["signed"]'},
    "any format, signed": {"formats": '["safetensors", "pickle", "joblib"]', "must": '["signed"]'},
    "PyTorch too": {**REFERENCE, "formats": '["safetensors", "torch-zip"]'},
    "not weights only": {**REFERENCE, "weights_only": "false"},
    "not pinned": {**REFERENCE, "must": '["signed", "scanned"]'},
    "not signed": {**REFERENCE, "must": '["pinned", "scanned"]'},
    "not scanned": {**REFERENCE, "must": '["pinned", "signed"]'},
    "nothing passes": {**REFERENCE, "formats": "[]"},
    "anything passes": {"must": "[]"},
    "no policy": {**REFERENCE, "version": "7"},
}
STAND_IN = """
import json
from types import SimpleNamespace
from unpickled.defence import guarded
loaded = json.dumps({"loaded": True, "found": [], "tool": "", "error": "", "message": ""})
guarded.run_python = lambda *_, **__: SimpleNamespace(out=loaded, isolation="none")
"""
"""Whatever a policy lets through is loaded. That the libraries do load it is seen where the notebooks are run."""

JUDGE = """
import re
def changed(words):
    text = STARTER
    for name, value in words.items():
        text = re.sub(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.M)
    return text
answers = json.loads(sys.argv[1])
print("JUDGED", json.dumps([all(tries(changed(words)).values()) for words in answers]))
tell(tries(changed(answers[0])))
tell(tries(STARTER))
"""


@pytest.fixture(scope="module")
def page(root):
    """All code of the page, one program."""
    notebook = json.loads((root / "course/L4.4.2/05-maximum-bar.ipynb").read_text("utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return "\n".join(cells)


def test_the_exercise_tells_right_from_wrong(page, root):
    """Each word of the policy counts; and the card's answer is what the right policy gives."""
    answers = json.dumps([REFERENCE, *WRONG.values()])
    done = subprocess.run(
        [sys.executable, "-c", STAND_IN + page + JUDGE, answers],
        cwd=root / "course/L4.4.2",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    judged = json.loads(done.stdout.rpartition("JUDGED ")[2].partition("\n")[0])
    assert dict(zip(["reference", *WRONG], judged, strict=True)) == {
        "reference": True,
        **dict.fromkeys(WRONG, False),
    }
    receipts = re.findall(r"Receipt: (\w+)", done.stdout)
    card = practice_item("p-write-the-policy", root)
    assert (receipts[-2],) == card.accepted
    assert {receipts[0], receipts[-1]} == {*card.wrong[0].match}
