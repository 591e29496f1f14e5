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
# # References
#
# Everything that this course states as a fact comes from one of the sources below, or was measured here. Each has the
# date on which it was last checked. You are invited to check us.

# %% [markdown]
# ## What the lesson's text got wrong
#
# The course keeps the lesson's structure, and tells the truth where the two differ. This is the whole list.
#
# {{ errata() }}

# %% [markdown]
# ## Do: check a claim yourself
#
# Three times the text names the wrong maker of picklescan. No search engine is needed to settle that: the package is
# installed here, and it says who made it.

# %%
from importlib.metadata import metadata

for package in ("picklescan", "modelscan"):
    about = metadata(package)
    print(f"{package} {about['Version']}, by {about['Author']}")

assert metadata("picklescan")["Author"] == "Matthieu Maitre"
assert "protect" in metadata("modelscan")["Author"].lower()

# %%
from unpickled import lab

lab.card("p-check-the-source")

# %% [markdown]
# ## What was measured, and with what
#
# Statements on what a scanner says, or on what a loader does, are not cited: the pages run them, with an `assert`
# behind each. These are the versions.

# %%
for package in ("torch", "numpy", "safetensors", "picklescan", "modelscan"):
    print(f"{package:12} {metadata(package)['Version']}")

# %% [markdown]
# ## Sources
#
# {{ references() }}

# %% [markdown]
# ## What comes next
#
# The lab L4.8 takes the two scanners further, on files that you have not seen. The next lesson, L4.4.3, is about what
# a model's card says, and leaves out.
#
# **In one line:** trust a source that lets you check it, and then check it.
