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
# # The table, proved row by row
#
# A table is a list of claims, and you have taken this one on trust. On this page each row becomes an **experiment**:
#
# 1. write a small file in that format, with the canary in it where the format can carry it;
# 2. load it as a program would, in a child process; the line below each result says what that child can reach;
# 3. look whether a folder named `canary` has appeared.
#
# The canary is still `os.mkdir`, and nothing else. Before a file is loaded, every pickle in it is traced to its end; a
# file that would do anything but make that one folder is not loaded at all.

# %%
from unpickled import lab

table = lab.format_table()
table

# %% [markdown]
# The last column, *Seen here*, is about this machine. It fills while you go down the page.
#
# ## PyTorch: one file, two answers
#
# The same files are loaded twice, with `weights_only=True` and with `weights_only=False`. Two of them have the canary's
# call among their weights.
#
# > **Predict.** Three files, each loaded in both ways. In how many of the six loads does the folder appear? And does
# > `weights_only=True` still load a file that holds nothing but weights?

# %%
pytorch = lab.experiment("pytorch")
pytorch

# %% [markdown]
# Weights load either way. With the call among them, `True` refuses and names what it refuses, `os.mkdir`. `False` makes
# the folder, **and hands over the weights as if nothing had been**: no error, no warning, the model works. `True` is
# the default since PyTorch 2.6 [@torch-load; @torch-2.6].
#
# So the row's word is "high", with its condition beside it. That is now something you have seen:

# %%
assert pytorch.holds
assert pytorch.happened["pt-canary-restricted"] == "refused"
assert pytorch.happened["pt-canary-open"] == "made"
assert list(pytorch.happened.values()).count("made") == 2

opened = next(one for one in pytorch if one.experiment.id == "pt-canary-open")
print("is there a folder?", (opened.path.parent / "canary").is_dir())
print("and the weights? ", opened.loaded.found[0])

assert (opened.path.parent / "canary").is_dir()
assert opened.loaded.loaded

# %% [markdown]
# One line says *told, not tried*. The restricted loader was broken twice, and both holes are closed in the PyTorch that
# you have here [@cve-2025-32434; @cve-2026-24747]. Showing that would take an old PyTorch and a working bypass, and
# this course carries neither. Where an experiment is not possible you will find the reason, and the record to read.
#
# ## safetensors: the call as a text
#
# There is no place in the format for a call [@safetensors-format]. But there is one for free text, the metadata. So let
# us write `os.mkdir(…)` there, and load it.

# %%
safetensors = lab.experiment("safetensors")
safetensors

# %% [markdown]
# The text is in the file, and it came out as what it went in: a text. Nobody has asked Python to run it.

# %%
assert safetensors.holds
assert set(safetensors.happened.values()) == {"loaded"}
assert any("os.mkdir(" in line for one in safetensors for line in one.loaded.found)

# %% [markdown]
# ## GGUF: a template is a text, for the reader
#
# The same attempt, in the one place of a GGUF file that *is* a program to somebody: the chat template. A library that
# reads the file gives the template back as text. A serving program that **renders** it lets the file's author program;
# two did so without a sandbox [@cve-2024-34359; @cve-2026-5760].

# %%
gguf = lab.experiment("gguf")
gguf

# %%
assert gguf.holds
assert "made" not in gguf.happened.values()
assert any("os.mkdir(" in line for one in gguf for line in one.loaded.found)

# %%
lab.card("p-what-was-proved")

# %% [markdown]
# ## ONNX: where are the numbers?
#
# An ONNX model may say that its numbers are in another file [@onnx-external]. Ours says `../weights.bin`: one folder
# up, out of the model's own. Earlier parsers followed such paths [@cve-2022-25882].
#
# > **Predict.** What does the installed version do: read the file, skip the tensor, or refuse the model?

# %%
onnx = lab.experiment("onnx")
onnx

# %%
assert onnx.holds
assert onnx.happened["onnx-external"] == "refused"
refusal = next(one.loaded.message for one in onnx if one.experiment.id == "onnx-external")
assert "points outside the directory" in refusal  # for the path, not because the file is missing

# %% [markdown]
# It refuses, and says why: the path leads out. Note that the model itself was a perfectly good one. The check is the
# library's, not the format's, and it came with a version.
#
# ## Keras: bytecode, looked at and left alone
#
# This row cannot be shown to its end: Keras needs TensorFlow or another engine, and neither is installed here. What can
# be shown is what lies in the file. A reader goes through the layers as Keras would, and stops where Keras would bring
# a `Lambda` layer to life.

# %%
h5 = lab.experiment("h5")
h5

# %% [markdown]
# "Nothing happened" is the reader's merit. The bytes are there, and they are Python's own: `marshal` writes code
# objects that way, and its documentation warns as pickle's does [@py-marshal]. You need not load them to read them:

# %%
import base64
import json
import opcode
import struct

import h5py

with h5py.File(lab.specimen("h5-bytecode")) as file:
    (layer,) = json.loads(file.attrs["model_config"])["config"]["layers"]

raw = base64.b64decode(layer["config"]["function"][0])
argument_count, _, _, _, flags = struct.unpack("<5i", raw[1:21])
(length,) = struct.unpack("<i", raw[22:26])  # behind an "s": a byte string, the instructions
code = raw[26 : 26 + length]

print("type of the object:", chr(raw[0] & 0x7F), "(a code object)")
print("arguments:", argument_count)
for at in range(0, len(code), 2):
    print(f"   {code[at]:3} {code[at + 1]:3}   {opcode.opname[code[at]]}")

assert layer["class_name"] == "Lambda"
assert chr(raw[0] & 0x7F) == "c"
assert argument_count == 1
assert len(code) == 6
assert h5.holds
assert set(h5.happened.values()) == {"loaded", "told"}

# %% [markdown]
# Three instructions: begin, push the argument, return it. This is `lambda x: x`, compiled by CPython 3.11, and as
# harmless as code can be. Another author would write other instructions. Keras before 2.13 brought them to life when
# the model was loaded [@cve-2024-3660], `safe_mode` was ignored for `.h5` until 3.11.3 [@cve-2025-9905], and a crafted
# `.keras` archive got round it before 3.9 [@cve-2025-1550].
#
# ## joblib: compressed or not
#
# > **Predict.** Three files: a pickle with the call, an array with the call beside it, and the call in a compressed
# > file. Which of them does `joblib.load` refuse?

# %%
joblib = lab.experiment("joblib")
joblib

# %%
assert joblib.holds
assert list(joblib.happened.values()) == ["made", "made", "made"]

# %% [markdown]
# None of them. There is no restricted mode and no argument to ask for one [@joblib-persistence]. Remember from the
# table that a scanner which does not unpack the third file sees no opcode in it: loading unpacks it without being
# asked.
#
# ## NumPy: the default does the work
#
# > **Predict.** An array of numbers, an array of objects, and an archive with such an array. Which of them load by
# > default, and what changes with `allow_pickle=True`?

# %%
npy = lab.experiment("npy")
npy

# %%
assert npy.holds
assert npy.happened["npy-objects-default"] == npy.happened["npz-objects-default"] == "refused"
assert npy.happened["npy-objects-allowed"] == npy.happened["npz-objects-allowed"] == "made"
assert npy.happened["npy-numbers"] == "loaded"

# %% [markdown]
# Numbers load, objects are refused, and one argument turns the refusal into a folder [@numpy-load].

# %%
lab.card("p-same-file-other-argument")

# %% [markdown]
# ## The whole table, seen
#
# Seven rows, and for each of them the last column says what happened here, with which version, and when. Open a row for
# its experiments.

# %%
final = lab.format_table()
final

# %%
for row in final.rows:
    seen = row["seen"]
    assert seen["state"] == "all", row["name"]  # every experiment of the row was tried
    assert seen["holds"], row["name"]  # and each went as the row says

made = {
    row["id"] for row in final.rows for one in row["seen"]["tries"] if one["happened"] == "made"
}
print("the canary appeared for:", ", ".join(sorted(made)))

assert made == {row["id"] for row in final.rows if row["pickle"] != "No"}

# %% [markdown]
# The last line is the lesson in one sentence: **the folder appeared in exactly those rows that say there is a pickle
# inside.** For the others you saw that *these* files did nothing in *these* versions. That nothing can happen is a
# stronger claim. For safetensors it rests on the format; for the rest on loaders that are kept up to date.
#
# > **Do.** Run the page again after an update of PyTorch, NumPy or ONNX. If a loader changes its mind, a row will say
# > so.
