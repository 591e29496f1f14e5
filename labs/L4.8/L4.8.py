# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab L4.8 · Detect it with picklescan and modelscan
#
# You build a pickle that does something when it is loaded, catch it with two scanners, get a file past both, and then
# put up the defences that do not depend on them. Eight exercises, {{ points }} points, about {{ minutes }} minutes:
# **watch → predict → build → scan → get past → defend**.
#
# - Write into the answer cells only. All other cells are put back as they were before grading.
# - Each exercise ends with a check that tells you what it sees. More checks run when you hand in, on files that you have
#   not seen.
# - Stuck? Open the hints one at a time.
#
# > **The one rule.** The only thing that a pickle of yours may do is make one folder: `os.mkdir(MARKER)`, in this lab's own
# > temporary workspace. Everything here looks before it loads; whatever would do anything else is not loaded, and earns
# > no points.

# %%
import hashlib
import os
import pickle
import pickletools
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from unpickled import lab
from unpickled.errors import CourseError

MARKER = lab.workspace() / "canary"  # the one folder that a canary may make


def clear():
    """Remove the marker, if it is there."""
    if MARKER.is_dir():
        MARKER.rmdir()


torch.manual_seed(48)
state = torch.nn.Linear(3, 2).state_dict()  # honest weights
clear()
for left in ("canary.pkl", "canary.bin", "honest.safetensors"):
    Path(left).unlink(missing_ok=True)  # from an earlier run: the checks want what this run writes

# %% [markdown]
# {{ exercise("read-disassembly") }}
#
# Two pickles. Nobody has loaded them, and you need not either: `pickletools.dis` prints what they say, opcode by opcode.

# %%
A = lab.specimen("obj-canary").read_bytes()
B = lab.specimen("stacked-canary").read_bytes()

pickletools.dis(A)
print()
pickletools.dis(B)
print(len(B), "bytes in B")

# %% [markdown]
# For each of them: which opcode does the calling, what is called, and what is the **name of the folder** in its
# argument (its last part alone)? For B also say in which of its pickles the call stands, counted from 1.
#
# > **Do.** `lab.stepper(A)` walks through it if you would rather see the stack.

# %% exercise="read-disassembly" role="answer"
### BEGIN SOLUTION
answer_a = {"opcode": "OBJ", "called": "os.mkdir", "folder": "canary"}
answer_b = {"opcode": "REDUCE", "called": "os.mkdir", "folder": "canary", "pickle": 2}
### END SOLUTION

# %% exercise="read-disassembly" role="checks"

# %% [markdown]
# {{ exercise("build-canary") }}
#
# Write a class `Canary` whose `__reduce__` makes the folder `MARKER`, and save it twice, beside this notebook:
#
# - `canary.pkl`: one `Canary()`, by `pickle`;
# - `canary.bin`: a dict of the tensors in `state`, and a `Canary()` among them, by `torch.save`.
#
# **Do not load either of them.** Saving runs nothing.


# %% exercise="build-canary" role="answer"
### BEGIN SOLUTION
class Canary:
    def __reduce__(self):
        return os.mkdir, (str(MARKER),)


Path("canary.pkl").write_bytes(pickle.dumps(Canary()))
torch.save({**state, "extra": Canary()}, "canary.bin")
### END SOLUTION

# %% exercise="build-canary" role="checks"

# %% [markdown]
# {{ exercise("predict-load") }}
#
# Now a child process loads what you have built: behind bubblewrap where the machine has it, otherwise a plain child with
# limits. The answer says which. (Where a file of yours does not hold just the canary, the course's own stands in.)


# %%
def own(name, twin):
    """Return your file if the canary is all there is to it, else the course's own."""
    try:
        told = lab.deeds(name)
    except CourseError:
        return lab.specimen(twin)
    mine = told.harmless and told.folders == (str(MARKER),)
    return Path(name) if mine else lab.specimen(twin)


PKL = own("canary.pkl", "reduce-canary")
BIN = own("canary.bin", "torch-bin-canary")

# %% [markdown]
# 1. **First** write down for each of the three loads whether the marker will appear: `True` or `False`.
# 2. Then let them run, with `clear()` before each, and keep what `lab.load_in_child` returns.
# 3. Why does the third one end as it does?
#     - `"a"` The scanner in PyTorch has found a known bad name.
#     - `"b"` It allows only the names on a short list, and this one is not on it.
#     - `"c"` The file was damaged, so it could not be read.
#     - `"d"` The child process was not allowed to make folders.

# %% exercise="predict-load" role="answer"
### BEGIN SOLUTION
prediction = {"pickle": True, "torch": True, "weights_only": False}

seen = {}
clear()
seen["pickle"] = lab.load_in_child(PKL)  # pickle.load
clear()
seen["torch"] = lab.load_in_child(BIN, loader="torch", weights_only=False)
clear()
seen["weights_only"] = lab.load_in_child(BIN, loader="torch", weights_only=True)
clear()

why_refused = "b"
### END SOLUTION

# %% exercise="predict-load" role="checks"

# %%
for name, found in globals().get("seen", {}).items():
    print(f"{name:13} marker made: {found.made!s:6} {found.error}")

# %% [markdown]
# {{ exercise("detect") }}
#
# Four files: honest weights, the canary in a proper PyTorch file, the canary as a bare pickle that is merely *named*
# `.bin`, and the canary in a compressed `.joblib`. Both scanners are commands and Python packages.

# %%
from modelscan.modelscan import ModelScan
from picklescan.scanner import scan_file_path

torch.save(state, "honest.bin")
shutil.copy(lab.specimen("torch-bin-canary"), "download.bin")
shutil.copy(lab.specimen("pickle-as-bin"), "raw.bin")
shutil.copy(lab.specimen("joblib-gzip"), "packed.joblib")
FILES = ["honest.bin", "download.bin", "raw.bin", "packed.joblib"]


def command(tool):
    """Return the path of a command of this environment."""
    return shutil.which(tool, path=str(Path(sys.executable).parent)) or tool


# %% [markdown]
# 1. `exit_code(tool, path)`: run `picklescan` or `modelscan` on a file as a terminal would (`-p` names the file), and
#    return the exit code.
# 2. `exit_codes`: a dict of both tools, and in each a dict of the four files, with the codes.
# 3. `by_python(tool, path)`: ask the package instead, `scan_file_path(path)` or `ModelScan().scan(path)`. Return a pair:
#    how many issues it found, and how many files it says that it has scanned.
# 4. `not_read`: for each tool, a list of those of the four files in which it has *not looked* at the pickle. A code of 0
#    and a count of scanned files do not tell; `lab.scan(path).reports` does.
# 5. `may_go_on(picklescan_code, modelscan_code)`: what the two exit codes let you do, `True` or `False`.


# %% exercise="detect" role="answer"
### BEGIN SOLUTION
def exit_code(tool, path):
    done = subprocess.run([command(tool), "-p", str(path)], capture_output=True, check=False)
    return done.returncode


TOOLS = ("picklescan", "modelscan")
exit_codes = {tool: {name: exit_code(tool, name) for name in FILES} for tool in TOOLS}


def by_python(tool, path):
    if tool == "picklescan":
        found = scan_file_path(str(path))
        return found.issues_count, found.scanned_files
    summary = ModelScan().scan(path)["summary"]
    return summary["total_issues"], summary["scanned"]["total_scanned"]


not_read = {tool: [] for tool in TOOLS}
for name in FILES:
    for report in lab.scan(name).reports:
        if report.verdict in ("skipped", "unreadable"):
            not_read[report.scanner].append(name)


def may_go_on(picklescan_code, modelscan_code):
    return picklescan_code == 0 and modelscan_code == 0


### END SOLUTION

# %% exercise="detect" role="checks"

# %% [markdown]
# {{ exercise("safe-to-load") }}
#
# The test, as something that a program can call before each load: `safe_to_load(path)` returns a `Decision`. Use
# `lab.scan` and `lab.identify`. **Only clean is clean**: what a scanner could not read, has skipped or failed on is
# *not judged*, and not judged means no. One exception is worth the line: a file that truly *is* safetensors holds no
# program, and no scanner has to look at it.
#
# The checks that run when you hand in try it on files that are in no catalogue. You earn points for the canaries that it
# catches and the unjudged files that it refuses, and lose them again for honest files that it refuses. Always saying
# no is worth nothing.


# %%
@dataclass
class Decision:
    load: bool
    why: str


# %% exercise="safe-to-load" role="answer"
### BEGIN SOLUTION
def safe_to_load(path):
    form, found = lab.identify(path), lab.scan(path)
    if form.id == "safetensors":
        return Decision(True, "safetensors by its content: no program in it")
    if found.verdict == "clean":
        return Decision(True, found.verdict.text)
    return Decision(False, found.advice)


### END SOLUTION

# %% exercise="safe-to-load" role="checks"

# %% [markdown]
# {{ exercise("meet-limit") }}
#
# One more file. It is as harmless as the canary: its call writes one line into a log.

# %%
UNLISTED = lab.specimen("unlisted-call")
print(lab.scan(UNLISTED).verdict, "by both scanners")

ALLOWED = {
    "collections.OrderedDict",
    "torch.FloatStorage",
    "torch._utils._rebuild_tensor_v2",
}

# %% [markdown]
# 1. `why_passed`: why do both scanners pass it?
#     - `"a"` The call is hidden by obfuscation.
#     - `"b"` The file is damaged, and they read only its start.
#     - `"c"` They compare imported names with lists of known bad ones, and this name is on neither list.
#     - `"d"` The file calls nothing.
# 2. `strangers(path)`: the second layer. Return, sorted, the dotted names that a file's pickle imports and that are not in
#    `ALLOWED`.
# 3. `second_layer`: which of these would have stopped it, although the scanners did not? A list of letters.
#     - `"a"` a list of needed names, as in `weights_only=True`
#     - `"b"` running picklescan a second time
#     - `"c"` renaming the file to `.safetensors`
#     - `"d"` asking for the safetensors variant, and taking only that

# %% exercise="meet-limit" role="answer"
### BEGIN SOLUTION
why_passed = "c"


def strangers(path):
    return sorted({name.text for name in lab.trace(path).imports} - ALLOWED)


second_layer = ["a", "d"]
### END SOLUTION

# %% exercise="meet-limit" role="checks"

# %% [markdown]
# {{ exercise("convert") }}
#
# Leave the pickle behind: `to_safetensors(source, target)` reads a `.bin` with the restricted loader and writes the same
# tensors as safetensors. `same_tensors(source, target)` proves it, with `True` or `False`: the same names, dtypes, shapes
# and numbers. Then convert `honest.bin` to `honest.safetensors`.
#
# The source may come from a stranger, so a canary in it must be refused **by the loader**, not run.


# %% exercise="convert" role="answer"
### BEGIN SOLUTION
def to_safetensors(source, target):
    tensors = torch.load(source, weights_only=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, target)


def same_tensors(source, target):
    before, after = torch.load(source, weights_only=True), load_file(target)
    return before.keys() == after.keys() and all(
        before[name].dtype == after[name].dtype and torch.equal(before[name], after[name])
        for name in before
    )


to_safetensors("honest.bin", "honest.safetensors")
### END SOLUTION

# %% exercise="convert" role="checks"

# %% [markdown]
# {{ exercise("pin-hash") }}
#
# safetensors runs nothing, but it does not know whether these are the right numbers. A pin does. Write `pin(path)`, the
# SHA-256 of a file in hexadecimal digits, and `load_pinned(path, pinned)`: it returns the file's bytes, or raises a
# `ValueError` if they are not what was pinned.


# %% exercise="pin-hash" role="answer"
### BEGIN SOLUTION
def pin(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def load_pinned(path, pinned):
    data = Path(path).read_bytes()
    if hashlib.sha256(data).hexdigest() != pinned:
        raise ValueError("refused: this is not the file that was pinned")
    return data


### END SOLUTION

# %% exercise="pin-hash" role="checks"

# %% [markdown]
# Here is a flipped byte, and what your function makes of it:

# %%
guard = globals().get("load_pinned")
if isinstance(guard, Callable) and Path("honest.safetensors").is_file():
    honest = Path("honest.safetensors").read_bytes()
    flipped = lab.workspace() / "flipped.safetensors"
    flipped.write_bytes(honest[:-1] + bytes([honest[-1] ^ 0x40]))
    try:
        guard(flipped, hashlib.sha256(honest).hexdigest())
        print("accepted!")
    except ValueError as refusal:
        print(type(refusal).__name__, "-", refusal)

# %% [markdown]
# **In one line:** you have seen a file run, seen it caught, seen one not caught, and put three walls behind the scanners:
# a list of needed names, a format without a program, and a pin.
