"""The maximum-bar page: its exercise is unsolved at first, and no answer that misses the point solves it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

REFERENCE = {"formats": '["safetensors"]', "must": '["pinned", "signed", "scanned"]'}
WRONG = {
    "starter": {},
    "not signed": {"formats": '["safetensors"]', "must": '["pinned", "scanned"]'},
    "nothing passes": {"formats": "[]"},
    "anything passes": {"must": "[]"},
    "no policy": {"version": "7"},
}
JUDGE = """
import json, re
def changed(words):
    text = STARTER
    for name, value in words.items():
        text = re.sub(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.M)
    return text
answers = json.loads(sys.argv[1])
print("JUDGED", json.dumps([all(tries(changed(words)).values()) for words in answers]))
"""


@pytest.fixture(scope="module")
def page(root):
    """All code of the page, one program."""
    notebook = json.loads((root / "course/L4.4.2/05-maximum-bar.ipynb").read_text("utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return "\n".join(cells)


def test_the_exercise_tells_right_from_wrong(page, root):
    """And the page runs from its first cell to its last, without a network, in seconds."""
    answers = json.dumps([REFERENCE, *WRONG.values()])
    done = subprocess.run(
        [sys.executable, "-c", page + JUDGE, answers],
        cwd=root / "course/L4.4.2",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    judged = json.loads(done.stdout.rpartition("JUDGED ")[2])
    assert judged == [True, *[False] * len(WRONG)]
    assert "Not yet: change POLICY" in done.stdout
