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
# # Weight-file format safety: a comparison
#
# Ask three questions of any weight file:
#
# 1. **Is there a pickle in it?** Then its author writes the program that loading runs.
# 2. **If not, can anything else in it become code?** Bytecode, a template, a path.
# 3. **Who parses it?** Even pure data has broken a parser that believed what a header said.
#
# > **Predict.** Which of these three formats has never had an advisory: `.gguf`, `.onnx`, `.h5`? Make your guess, then
# > open the rows.

# %%
from unpickled import lab

lab.format_table()

# %% [markdown]
# {# corrects: torch-load-default #}Each row opens to show why, with its sources. (The answer: none of the three. But look at *what kind* of trouble each
# one had, and how far that is from a file that simply calls a function.)
#
# <details><summary>The same table as text</summary>
#
# {{ table_formats() }}
#
# </details>

# %% [markdown]
# ## Watch: a name is a claim
#
# The table's first column is made of extensions. But an extension is only the end of a name, and anyone can choose
# a name. Here are some files of this course, named by their makers, and what their **content** says.

# %%
files = [
    lab.specimen(name)
    for name in ("torch-bin", "pickle-as-bin", "safetensors", "pickle-as-safetensors", "npy-plain")
]

for path in files:
    found = lab.identify(path)
    remark = "" if found.matches_name else "<- the name says otherwise"
    print(f"{path.name:24} {found.label:22} {remark}")

assert [lab.identify(path).id for path in files] == [
    "torch-zip", "pickle", "safetensors", "pickle", "npy",
]  # fmt: skip
assert not lab.identify(files[3]).matches_name

# %% [markdown]
# Two files end in `.safetensors`. One of them is a pickle, and this is what it would do:

# %%
impostor = lab.specimen("pickle-as-safetensors")

for call in lab.trace(impostor).calls:
    print(impostor.name, "would call", call.callable)

assert impostor.suffix == ".safetensors"
assert [call.callable for call in lab.trace(impostor).calls] == ["os.mkdir"]

# %% [markdown]
# A safetensors library would refuse it. A loader that tries one format after another until something works would not.
#
# > **Corrected.** {# corrects: bin-extension #}The lesson's text says that `.bin` *is* PyTorch's pickle format. Usually, but the name proves nothing:
# > PyTorch itself writes to any name you give it [@torch-serialization].
#
# So identify by content. The first bytes are enough for a good guess; try to name each file before you look it up in
# the list above.

# %%
for path in files:
    print(path.read_bytes()[:12].hex(" "), "  ", path.name)

# %% [markdown]
# `50 4b` is *PK*, a ZIP archive. `80` opens a pickle of protocol 2 or later, and the byte behind it is its protocol (the two
# older protocols begin with their first value). `93 4e 55 4d 50 59` spells NUMPY after its first byte. And safetensors begins
# with eight bytes for a number, the length of its header, and then a brace: `7b`.

# %% [markdown]
# ## Watch: five views of the same bytes
#
# Every question that can be put to a weight file without loading it is a view of the same bytes. Here are five of them, on
# five files of this course; you can open one of your own as well. The first three share a cursor: press **Next call** in
# *Hex*, then look at *Opcodes* and *Stack*.
#
# > **Predict.** `torch-canary.pt` is a ZIP archive of two tensors, and one call too many. Where in its bytes does that call
# > stand: before the archive's first member, in a member, or in the directory at the end?

# %%
panel = lab.header_panel(
    "torch-canary", "pickle-as-safetensors", "safetensors", "npy-objects", "joblib-zlib"
)
panel

# %% [markdown]
# In a member, `archive/data.pkl`, and the call itself is one byte: `52`, *REDUCE*. Now open *Opcodes* on `model.safetensors`:
# there is no pickle in it, so there is nothing to step through.
#
# The last two tabs ask others. *Verdicts* has both scanners read the file, and says what each left out. *weights_only* has
# PyTorch load it, in a child process without a network and without your files. It stops at the name `os.mkdir`, as every
# PyTorch since 2.6 does unless you tell it otherwise [@torch-2.6; @torch-load].

# %%
shown = panel.sheets[panel.chosen]
(pickle,) = (region for region in shown["regions"] if region["role"] == "pickle")
archive = lab.specimen("torch-canary").read_bytes()
print(f"The pickle is bytes {pickle['start']} to {pickle['end'] - 1} of {len(archive)}.")

assert archive[:2] == b"PK"
assert archive[pickle["start"]] == 0x80  # PROTO opens the pickle
assert shown["contents"], "the header was not read in time: run the cell with the panel again"
assert shown["contents"]["risks"][0]["kind"] == "pickle"

# %% [markdown]
# ## Do: read a safetensors header by hand
#
# The whole format fits into five lines: eight bytes of length, a JSON text, then raw numbers [@safetensors-format].

# %%
import json
import struct

raw = lab.specimen("safetensors").read_bytes()
(length,) = struct.unpack("<Q", raw[:8])
header = json.loads(raw[8 : 8 + length])

for name, entry in header.items():
    print(name, entry)

tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
assert all(set(entry) == {"dtype", "shape", "data_offsets"} for entry in tensors.values())

# %% [markdown]
# A type, a shape, and where the numbers lie. Look for the place where a function could be named: there is none. That
# is what "safe by design" means. It is not a promise to be careful; there is nothing to be careful about.
#
# > **Corrected.** {# corrects: safetensors-note #}The text says "No (well, almost — see notes)", and the notes are missing. Here they are. The library
# > was audited, with the result published in May 2023, and it refuses headers above 100 MB. What is left is a file
# > that wastes your memory or describes itself falsely, not one that runs code [@safetensors-audit; @safetensors-format].

# %% [markdown]
# ## Do: ask NumPy for a pickle
#
# A `.npy` file of numbers is as plain as safetensors. An array of Python *objects* is a pickle inside the same format.
#
# > **Predict.** What does `numpy.load` do with such a file, if you add no argument?

# %%
import numpy as np

objects = lab.specimen("npy-objects")
try:
    np.load(objects)
except ValueError as refusal:
    print("refused:", refusal)
else:
    raise AssertionError("NumPy should have refused this file")

print(np.load(lab.specimen("npy-plain")))  # plain numbers load as ever

# %% [markdown]
# It refuses. `allow_pickle` has been `False` by default since NumPy 1.16.3, in answer to CVE-2019-6446
# [@numpy-load; @cve-2019-6446]. Plenty of old tutorials switch it back on, and now you know what they switch on.

# %% [markdown]
# ## What no table cell can hold
#
# The text's table is nearly right. Its corrections share one idea: **a format is as safe as the program that reads it.**
#
# - {# corrects: gguf-not-zero #}**GGUF** has no code, by design. But readers wrote outside their memory when a header lied (CVE-2024-21802,
#   CVE-2024-23605), and two programs ran the chat template in its metadata as a program (CVE-2024-34359,
#   CVE-2026-5760) [@gguf-spec; @cve-2024-21802; @cve-2024-23605; @cve-2024-34359; @cve-2026-5760].
# - {# corrects: onnx-named #}**ONNX** may name other files that hold its tensors. Paths led out of the folder (CVE-2022-25882) or through links
#   (CVE-2026-27489), and files were overwritten on saving (CVE-2025-51480)
#   [@onnx-external; @cve-2022-25882; @cve-2026-27489; @cve-2025-51480].
# - {# corrects: h5-not-pickle #}**Keras `.h5`** is not pickle at all, not even "partially": it is HDF5 with a JSON description. A `Lambda` layer
#   carries bytecode, though, and `safe_mode` was ignored for `.h5` until Keras 3.11.3 (CVE-2025-9905)
#   [@keras-saving; @cert-keras-lambda; @cve-2025-9905].
# - **PyTorch's** restricted loader (`weights_only=True`) was broken twice: CVE-2025-32434 before version 2.6 and
#   CVE-2026-24747 before 2.10 [@cve-2025-32434; @cve-2026-24747].
#
# The lesson's conclusion stands: **take safetensors where you can**, and keep the loader of everything else up to date.

# %% [markdown]
# ## Check yourself, row by row

# %%
lab.card("p-row-pytorch")

# %%
lab.card("p-row-safetensors")

# %%
lab.card("p-row-gguf")

# %%
lab.card("p-row-onnx")

# %%
lab.card("p-row-h5")

# %%
lab.card("p-row-joblib")

# %%
lab.card("p-row-npy")

# %%
lab.card("p-name-or-content")

# %% [markdown]
# **In one line:** pickle hands the author a programming language, safetensors hands over numbers, and a file's name
# says nothing about which of the two you got.
