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
# # The minimum-bar defense
#
# Sometimes there is no way around a pickle. Then do three things, and do all of them:
#
# 1. **Scan it first.**
# 2. **Load it where it can do no harm.**
# 3. **Prefer the safetensors variant**, if there is one.
#
# Each of the three covers what the others miss. This page shows what that is.

# %% [markdown]
# ## 1 · Scan it first
#
# Two scanners read pickles without loading them: **picklescan**, by Matthieu Maitre [@picklescan], and **modelscan**, by
# Protect AI [@modelscan]. Let us give them our canary, and a file that is only data.

# %%
from unpickled import lab


def show(path):
    report = lab.scan(path)
    print(path.name)
    for one in report.reports:
        names = ", ".join(str(finding) for finding in one.findings)
        print(f"   {one.scanner:11} {one.verdict:10} {names or one.note}")
    return report


canary = show(lab.specimen("reduce-canary"))
plain = show(lab.specimen("plain-4"))

assert canary.verdict == "dangerous"
assert plain.verdict == "clean"

# %% [markdown]
# > **Corrected.** {# corrects: picklescan-author #}The lesson's text makes picklescan a tool of Trail of Bits. They make another one, fickling, and they
# > audited safetensors [@picklescan; @fickling; @safetensors-audit].
#
# ### What do they look at?
#
# Not at `REDUCE`. Here is what an ordinary, harmless PyTorch file calls:

# %%
weights = lab.specimen("torch-plain")
for call in lab.trace(weights).calls:
    print(f"{call.opcode:7} {call.callable}")

assert any(call.opcode == "REDUCE" for call in lab.trace(weights).calls)
assert show(weights).verdict == "clean"

# %% [markdown]
# Every tensor is rebuilt by a call. A scanner that minded calls would flag every model there is. So both compare the
# **names that are imported** with lists: `os.mkdir` is on them, the functions that rebuild tensors are not.
#
# > **Corrected.** {# corrects: scanners-names #}The text speaks of "suspicious opcodes / imports". It is the imports [@picklescan; @modelscan].
#
# ### What if a name is on no list?
#
# > **Predict.** The next file calls an ordinary function of Python's own library, one that writes a line into a log.
# > Nothing is hidden or obfuscated. What will the two scanners say?

# %%
unlisted = lab.specimen("unlisted-call")
report = show(unlisted)

assert report.verdict == "clean"
assert {one.verdict for one in report.reports} == {"clean"}

# %% [markdown]
# Two times clean. Now let a child process load it:

# %%
import subprocess
import sys

LOAD = "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))"
child = subprocess.run(
    [sys.executable, "-c", LOAD, str(unlisted)], capture_output=True, text=True, check=True
)
print(child.stderr.strip())

assert "this pickle called a function" in child.stderr  # scanned clean, and yet its code ran

# %% [markdown]
# **Clean, and code ran.** A log line harms nobody, but nothing in the verdict told you that it would be only a log line.
#
# > **Corrected.** {# corrects: deny-list-limits #}The text says that advanced obfuscation defeats the scanners. It takes less: a name that nobody has put
# > on the list, or a file that the scanner does not open. Two gaps of that kind had CVE numbers in 2025, CVE-2025-1716
# > and CVE-2025-1889, and both are fixed [@cve-2025-1716; @cve-2025-1889].
#
# ### Turn the list around
#
# A *deny-list* lets everything pass that it does not know. An *allow-list* refuses everything that it does not know.
# A few lines are enough for one, because you can already read what a pickle imports:

# %%
ALLOWED = {
    "collections.OrderedDict",
    "torch.FloatStorage",
    "torch._utils._rebuild_tensor_v2",
}


def not_allowed(path):
    return {name.text for name in lab.trace(path).imports} - ALLOWED


for path in (weights, unlisted, lab.specimen("reduce-canary")):
    print(path.name, "->", not_allowed(path) or "nothing but what tensors need")

if len(ALLOWED) == 3:  # with a shorter list, see for yourself
    assert not not_allowed(weights)
assert not_allowed(unlisted) == {"logging.warning"}

# %% [markdown]
# This is the idea of `torch.load(…, weights_only=True)`: a short list of what tensors need, and a refusal for the rest
# [@torch-load]. Far stricter, and still a program with bugs of its own. That is why there is a second step.
#
# > **Do.** Take `"torch.FloatStorage"` out of the list and run the cell again. A strict list also refuses honest files:
# > that is its price.

# %%
lab.card("p-clean-means")

# %%
lab.card("p-deny-list-gap")

# %% [markdown]
# ## 2 · Load it where it can do no harm
#
# If code may run, decide beforehand what it can reach: the *blast radius*. A container, a throw-away virtual machine or
# a subprocess in namespaces of its own; without network, without keys, with nothing worth changing.
#
# All our loads ran in a child process. Is that isolation? Let us test it, with a secret in an environment variable and
# another one in a file.

# %%
import os

os.environ["DEMO_TOKEN"] = "not-a-real-secret"
secret = lab.workspace() / "secret.txt"
secret.write_text("another secret, not real either")

LOOK = """
import os, pathlib, sys
print("variable:", os.environ.get("DEMO_TOKEN"))
print("file:    ", pathlib.Path(sys.argv[1]).read_text())
"""


def child(**options):
    command = [sys.executable, "-c", LOOK, str(secret)]
    return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout


plain_child = child()
bare_child = child(env={}, cwd=lab.workspace(), timeout=20)
print("A plain child sees", plain_child, sep="\n")
print("A child with an empty environment, in another folder, sees", bare_child, sep="\n")

assert "not-a-real-secret" in plain_child
assert "None" in bare_child  # the variable is gone …
assert "another secret" in bare_child  # … and the file is as open as before

# %% [markdown]
# A child process keeps *your* Python alive, and you can empty its environment and stop its clock. But it is still
# **you**: same files, same network. For the canary that was enough. For a stranger's file you need a wall around files
# and network as well.
#
# | Place | Stops its reach to your variables | to your files | to the network |
# |---|---|---|---|
# | virtual environment | no | no | no |
# | child process, `env={}` | partly | no | no |
# | container with `--network none`, the file mounted read-only | yes | yes | yes |
# | throw-away virtual machine without network | yes | yes | yes |
#
# A container shares your system's kernel, a virtual machine brings its own: the thicker wall of the two.

# %%
lab.card("p-isolated-enough")

# %% [markdown]
# ## 3 · Prefer the safetensors variant
#
# The cheapest of the three: many publishers ship the same weights twice, and the one without a program in it needs no
# trust in its author's program. You still have to look at the content, not at the name, as page 3 has shown.

# %%
twin = lab.specimen("safetensors")
print(twin.name, "is", lab.identify(twin).label, "and holds a pickle:", lab.identify(twin).pickled)

assert lab.identify(twin).id == "safetensors"
assert lab.identify(twin).pickled is False

# %% [markdown]
# ### And if there is no such variant?
#
# Then make one, and let the three steps work together: scan the file, load it behind a wall with `weights_only=True`
# [@torch-load], and write what came out of it as safetensors, which holds tensors and nothing else [@safetensors-format].
#
# > **Predict.** Between the old file and the new one stands a program that has just read a stranger's file. How do you
# > know that it wrote down what was in there?

# %%
made = lab.convert(weights, lab.workspace() / "weights.safetensors")

print(made.tensors, "tensors,", made.bytes, "bytes: every one compared, every bit equal")
print("Loaded in", made.isolation)

assert lab.identify(made.out).pickled is False

# %% [markdown]
# You compare, and you let somebody else do it. A second child, in which there is no PyTorch, follows the pickle one opcode
# at a time as you did, looks up each tensor's bytes in the old file, and holds them against the new one. The new file gets
# its name only when all of them are equal.
#
# The canary does not get that far:

# %%
from unpickled.errors import CourseError

try:
    lab.convert(lab.specimen("torch-canary"), lab.workspace() / "canary.safetensors")
except CourseError as refused:
    print(refused)

assert not (lab.workspace() / "canary.safetensors").exists()
assert not (lab.workspace() / "canary").exists()

# %% [markdown]
# For your own files the same is a command, with a report of what is no tensor and so was left behind:
# `unpickled convert model.pt model.safetensors`. What it cannot tell you is whether the numbers do what their publisher
# promises: the safer format holds the same numbers.

# %% [markdown]
# **In one line:** scan for what is known, isolate for what is not, and skip the whole question with safetensors.
