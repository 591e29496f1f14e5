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
# # The 30-second test you should always run
#
# Someone sends you a weight file. Before anything loads it, two commands:
#
# ```
# picklescan -p model.bin
# modelscan  -p model.bin
# ```
#
# If either of them ends with anything but **exit code 0**, do not load the file.
#
# > **Corrected.** {# corrects: commands-missing #}The lesson's text announces these commands and does not print them [@picklescan; @modelscan].
#
# That is the test. The rest of this page runs it on real files, to see what its answers mean, and where they mislead.

# %% [markdown]
# ## Watch: PyTorch writes the files
#
# A real model, small but genuine, saved in every way that you will meet.

# %%
import os
import pickle

import torch
from safetensors.torch import load_file, save_file

from unpickled import lab

folder = lab.workspace() / "models"
folder.mkdir(exist_ok=True)
marker = folder / "canary"

state = torch.nn.Linear(3, 2).state_dict()  # the weights, without the class

torch.save(state, folder / "model.bin")
torch.save(state, folder / "model.pt")
save_file(state, folder / "model.safetensors")

for path in sorted(folder.iterdir()):
    print(f"{path.stat().st_size:6,} bytes  {path.name:20} {lab.identify(path).label}")

assert lab.identify(folder / "model.bin").id == lab.identify(folder / "model.pt").id == "torch-zip"

# %% [markdown]
# `.bin` and `.pt` are the same thing under two names: a ZIP archive with a pickle in it, called `data.pkl`, and the raw
# numbers beside it [@torch-serialization]. Look inside:

# %%
import zipfile

for member in zipfile.ZipFile(folder / "model.pt").infolist():
    print(f"{member.file_size:5} bytes  {member.filename}")

assert "model/data.pkl" in zipfile.ZipFile(folder / "model.pt").namelist()

# %% [markdown]
# And now the file that somebody sends you. We write it like this and **do not load it**: a state dict like the one
# above, with one entry too many.


# %%
class Canary:
    def __reduce__(self):
        return os.mkdir, (str(marker),)


torch.save({**state, "extra": Canary()}, folder / "download.bin")
(folder / "weights.bin").write_bytes(pickle.dumps({"extra": Canary()}))  # a bare pickle, named .bin

assert not marker.exists()  # saving ran nothing

# %% [markdown]
# > **Do.** Step through the pickle inside `download.bin`. Before you press *Next call* to the end: how many calls do you
# > expect, with two honest tensors in the file?

# %%
lab.stepper(folder / "download.bin")

# %%
calls = [call.callable for call in lab.trace(folder / "download.bin").calls]
print(len(calls), "calls:")
print(*calls, sep="\n")

assert sum(name.endswith("mkdir") for name in calls) == 1
assert sum("_rebuild_tensor" in name for name in calls) == 2

# %% [markdown]
# Each tensor takes two calls: one that rebuilds it, and an empty `OrderedDict` that it carries along. The fifth is the
# odd one. In a real model it would stand among hundreds, which is why nobody should search by eye.

# %% [markdown]
# ## Do: run the test
#
# This little function runs a command as a terminal would, and shows the **exit code**, which a terminal hides.

# %%
import shutil
import subprocess
import sys
from pathlib import Path

HERE = str(Path(sys.executable).parent)  # where this environment keeps its commands


def run(tool, *arguments, quiet=False):
    print("$", tool, *arguments)
    done = subprocess.run(
        [shutil.which(tool, path=HERE), *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    print("…" if quiet else (done.stdout + done.stderr).strip())
    print("=> exit code", done.returncode, "\n")
    return done.returncode


assert run("picklescan", "-p", "model.bin") == 0
assert run("modelscan", "-p", "model.bin") == 0

# %% [markdown]
# Nothing found in the honest model. Now the download:

# %%
assert run("picklescan", "-p", "download.bin") == 1
assert run("modelscan", "-p", "download.bin") == 1
assert not marker.exists()  # scanning loads nothing

# %% [markdown]
# Both name `posix mkdir`, the birth name of `os.mkdir` that you met on the first page, and the member of the archive in
# which it stands. The test is done: **do not load it.**
#
# ## Watch: the answer that is none
#
# There is one more file, `weights.bin`: the same canary as a bare pickle.
#
# > **Predict.** Both scanners again. Same answers?

# %%
assert run("picklescan", "-p", "weights.bin") == 1
assert run("modelscan", "-p", "weights.bin") == 3

# %% [markdown]
# Read modelscan's answer slowly. It says **"No issues found!"** about a file that picklescan has just caught.
#
# {# corrects: bin-extension #}It is not wrong, and that is the trap. It chooses its reader by the file's *name*, expects PyTorch's own layout behind
# `.bin`, does not find it, and skips the file. No issues were found because nothing was looked at. All that tells you so
# is one word, *skipped*, and the exit code.
#
# | Exit code | picklescan | modelscan | You |
# |---|---|---|---|
# | 0 | no known bad name | no known bad name | go on, with the other two defences |
# | 1 | found something | found something | do not load |
# | 2 | error | error, even next to findings | do not load |
# | 3 | not used | nothing that it could scan | do not load: not judged |
# | 4 | not used | wrong usage | correct the command |
#
# In short: **0 means "no known name found", and never "safe". Every other number means stop.**
#
# You have seen 0, 1 and 3. Here are the other two: a path that is not there, and a folder in which our canary lies beside
# a pickle that breaks off.

# %%
mixed = lab.workspace() / "mixed"
mixed.mkdir(exist_ok=True)
(mixed / "canary.pkl").write_bytes((folder / "weights.bin").read_bytes())
(mixed / "torn.pkl").write_bytes(b"\x80\x04\x95")  # the first three bytes of a pickle

assert run("picklescan", "-p", "nowhere.bin", quiet=True) == 2  # an error
assert run("modelscan", "-p", "nowhere.bin", quiet=True) == 4  # wrong usage
assert run("modelscan", "-p", str(mixed)) == 2  # it names mkdir, and still: an error

# %% [markdown]
# Even a zero can be an answer that is none. Here is picklescan, asked about a file in which there is no pickle:

# %%
assert run("picklescan", "-p", "model.safetensors") == 0

# %% [markdown]
# It could not parse the file, says so in one line, and ends with 0. For a file without a pickle that does no harm. For a
# damaged or compressed pickle it would. So read the WARNING lines, too.
#
# > **Corrected.** {# corrects: deny-list-limits #}So a scanner can be defeated without any obfuscation, by a file that it does not open. picklescan had
# > such a gap with extensions, too: CVE-2025-1889, fixed [@cve-2025-1889].

# %%
lab.card("p-exit-code-three")

# %% [markdown]
# ## Do: one command for both
#
# `unpickled check` asks both scanners, notes what each of them left out, and gives one verdict: the worst. *Skipped* and
# *unreadable* are verdicts of their own.

# %%
assert run("unpickled", "check", "model.bin", "weights.bin", "download.bin") == 1

# %% [markdown]
# The same as a panel. Choose files, and read what each scanner did *not* look at.

# %%
lab.scan_panel(folder)

# %% [markdown]
# > **Do.** Save `state` once more, to `old.pt`, with the argument `_use_new_zipfile_serialization=False`: that is how
# > PyTorch used to write. Run the panel's cell again and scan it. How many of its pickles has modelscan read?

# %%
verdicts = {path.name: str(lab.scan(path).verdict) for path in sorted(folder.iterdir())}
for name, verdict in verdicts.items():
    print(f"{name:20} {verdict}")

assert verdicts["download.bin"] == verdicts["weights.bin"] == "dangerous"
assert verdicts["model.bin"] == verdicts["model.pt"] == "clean"
assert verdicts["model.safetensors"] == "skipped"  # no pickle in it for either scanner to read

# %% [markdown]
# ## Watch: what the loader itself would have done
#
# The last line of defence is PyTorch's. A child process tries three loads, the third of them without a seat belt.

# %%
LOADS = """
import sys, torch
for path, only in ((sys.argv[1], True), (sys.argv[2], True), (sys.argv[2], False)):
    try:
        print("loaded ", sorted(torch.load(path, weights_only=only)))
    except Exception as refusal:
        print("refused", type(refusal).__name__)
"""
child = subprocess.run(
    [sys.executable, "-c", LOADS, str(folder / "model.bin"), str(folder / "download.bin")],
    capture_output=True, text=True, check=True,
)  # fmt: skip
print(child.stdout.strip())
print("folder made:", marker.is_dir())

honest, guarded, unguarded = child.stdout.splitlines()
assert honest == "loaded  ['bias', 'weight']"
assert guarded == "refused UnpicklingError"
assert unguarded.startswith("loaded")  # no error, all the weights there …
assert marker.is_dir()  # … and the canary has run

marker.rmdir()

# %% [markdown]
# With `weights_only=True`, the default since PyTorch 2.6, the download is refused. With `False` it loads without a word,
# and the folder is there [@torch-2.6; @torch-load]. If a tutorial tells you to add that argument, you now know what it
# asks for.
#
# ## Or skip the question
#
# The twin in safetensors holds the very same numbers, and no program:

# %%
twin = load_file(folder / "model.safetensors")

assert all(torch.equal(state[name], twin[name]) for name in state)
print("the same", len(twin), "tensors, and nothing to scan for")

# %% [markdown]
# ## Check yourself

# %%
lab.card("p-type-the-command")

# %% [markdown]
# **In one line:** two commands, two exit codes, and only two zeros let you go on, to the next defence.
