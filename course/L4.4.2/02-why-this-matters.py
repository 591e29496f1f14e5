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
# # Why this matters in 2026
#
# A trick needs a delivery service. For models there is one, it is free, and you use it:
#
# 1. somebody **uploads** a model to a public registry;
# 2. somebody else **finds** it by its name and its model card;
# 3. one line of Python **downloads** it;
# 4. the same line **loads** it.
#
# If the file is a pickle, step 4 runs the uploader's program on the downloader's machine, with the downloader's keys,
# data and network. Hugging Face, for one, hosts many such files, and warns of them [@hf-pickle].

# %% [markdown]
# ## Watch: what would the victim notice?
#
# Two files of the same model. One is honest. The other has a passenger: our canary, which makes an empty folder.

# %%
import os
import pickle
import subprocess
import sys

from unpickled import lab

marker = lab.workspace() / "canary"


class Canary:
    def __reduce__(self):
        return os.mkdir, (str(marker),)


model = {"name": "tiny-model", "weights": [0.5, -0.25, 0.125] * 10_000}

honest = lab.workspace() / "honest.pkl"
tampered = lab.workspace() / "tampered.pkl"
for path, content in ((honest, model), (tampered, {**model, "extra": Canary()})):
    path.write_bytes(pickle.dumps(content))

assert not marker.exists()  # writing them ran nothing

# %% [markdown]
# > **Predict.** How many bytes does the passenger add: some hundred thousand, some thousand, or fewer?

# %%
sizes = [path.stat().st_size for path in (honest, tampered)]
extra = sizes[1] - sizes[0]
print(f"honest    {sizes[0]:>9,} bytes")
print(f"tampered  {sizes[1]:>9,} bytes: {extra} more, one part in {sizes[1] // extra:,}")

assert extra < 200

# %% [markdown]
# A good part of those bytes is the folder's name. You will not see the difference in a list of files. And when the model is
# used?

# %%
USE = """
import pickle, sys
model = pickle.load(open(sys.argv[1], "rb"))
print(model["name"], "with", len(model["weights"]), "weights, loaded and ready")
"""

for path in (honest, tampered):
    child = subprocess.run(
        [sys.executable, "-c", USE, str(path)], capture_output=True, text=True, check=True
    )
    print(path.name, "->", child.stdout.strip(), "| folder made:", marker.is_dir())
    assert child.stdout.startswith("tiny-model with 30000 weights")  # both models work
    assert child.stderr == ""  # and nobody complains
    assert marker.is_dir() == (path == tampered)  # but only one of them did something else

marker.rmdir()

# %% [markdown]
# **The tampered model works.** Same name, same weights, no message. Its author wants it that way.
#
# What tells the two apart is the program, and that you can read without running it:

# %%
for path in (honest, tampered):
    calls = [call.callable for call in lab.trace(path).calls]
    print(path.name, "calls", calls or "nothing")

assert not lab.trace(honest).calls
assert len(lab.trace(tampered).calls) == 1

# %% [markdown]
# ## It has happened
#
# None of this is theory. The picture shows what was found in model files, in the programs that load them, and in the
# scanners that are to protect you.
#
# {{ timeline() }}
#
# Read it lane by lane:
#
# - The two **incidents** are files that people had uploaded for others to load.
# - The **vulnerabilities** are not only about pickle. Loaders of formats without any code had their own.
# - The **scanner bypasses** come late and come often: once scanners stood in the way, people looked for ways around.
#
# <details><summary>The same events as a list, with their sources</summary>
#
# {{ incident_list() }}
#
# </details>

# %% [markdown]
# ## Who hosts what, and who looks at it
#
# > **Corrected.** {# corrects: ollama-pickle #}The lesson's text counts Ollama among the hosts of pickle files. Ollama's documentation speaks of
# > GGUF and safetensors only [@ollama-import].
#
# > **Corrected.** {# corrects: hub-scans #}The text also says that nobody analyses files when they are published on Hugging Face. They are
# > analysed: with ClamAV and a look at pickle imports on each push, with Protect AI's scanner since October 2024, and
# > with JFrog's [@hf-malware; @hf-pickle; @hf-protectai; @hf-jfrog].
#
# What you see then is a badge beside the file. A person may read it. A script that downloads and loads does not, and
# the file is delivered all the same [@hf-pickle]. So what does that protect?

# %%
lab.card("p-flagged-file")

# %% [markdown]
# **In one line:** the file comes from a stranger, looks right, works, and is warned about in a place where your
# script never looks.
