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
# # Start here
#
# **Loading a model can run a stranger's code.** In this lesson you watch that happen one instruction at a time, on
# files that you make yourself, and then you learn to stop it.
#
# ## What you will be able to do
#
# {{ objectives() }}

# %% [markdown]
# ## See whether everything works
#
# Press **Shift+Enter** to run a cell and go to the next. Do it now, until the grey cell below has run: it asks Python how
# it stores the value `True` in a file.

# %%
import pickle
import pickletools

data = pickle.dumps(True)
pickletools.dis(data)

assert data[-1:] == b"."  # the last byte of every pickle: the instruction STOP

# %% [markdown]
# One truth value, and Python wrote down **three instructions**: say which protocol this is, push `True`, stop. That is
# not a description of a value. It is a program that makes one [@py-pickletools-code].
#
# Who runs the program, and what else it can be told to do: that is the lesson.

# %% [markdown]
# ## The way through
#
# {{ way() }}
#
# Stop where you like: your progress is kept, and the rail on top of each page shows it.
#
# In a class, lab L4.8 and a quiz of three questions come after L4.4.2. They are in the folder that you were given:
# `labs/L4.8/L4.8.ipynb` and `quizzes/L4.4.2/L4.4.2-quiz.ipynb`.

# %% [markdown]
# ## Look something up
#
# Type a word: the search looks through every page and the glossary. It asks nobody.

# %%
from unpickled import lab

lab.search()

# %% [markdown]
# ## How a page works
#
# Each page goes in three moves. Run it **cell by cell, with Shift+Enter**, so that a prediction comes before its answer.
# (*Run → Run All Cells* shows everything at once: good for a second visit.)
#
# - **Watch**: something happens in front of you.
# - **Predict**: say what comes next before you see it. Being wrong here costs nothing and teaches most.
# - **Do**: change a cell, run it again, see whether you were right.
#
# Lines that begin with `assert` check the page's own claims. If one ever fails, the page is wrong: believe the cell.
#
# ### The widgets
#
# | Widget | What it is for | Keys |
# |---|---|---|
# | Pickle stepper | walk through a pickle, with its stack and memo; nothing is loaded | ← → one step, Home and End |
# | Practice card | one question with an answer at once, and hints in tiers; never graded | ↑ ↓ and Enter |
# | Format table | compare weight formats; filter, sort, open a row | Tab and Enter |
# | Scan panel | both scanners on a file, side by side | Tab and Enter |
# | Search | a word in the lesson and its glossary | Escape clears it |
#
# Here is a stepper on the three instructions from above. Walk through it.

# %%
lab.stepper(data)

# %% [markdown]
# ## What is harmless here, and what is not
#
# Everything in this course is harmless. The worst payload in it makes **one empty folder**, inside a temporary folder
# that belongs to this notebook and is removed with it. We call that a *canary*: if the folder is there, code ran.

# %%
folder = lab.workspace()
print("This notebook's own temporary folder is called", folder.name)

assert folder.is_dir()

# %% [markdown]
# The method is real, though. Three rules, here and afterwards:
#
# - Load only what you made yourself. Everything else you *read*: with the stepper, a disassembler, a scanner.
# - Take no file from elsewhere into these notebooks to "see what happens".
# - Leave the canary a canary. Replacing it by something that bites teaches you nothing new.

# %% [markdown]
# ## Take your progress with you
#
# The course can be opened in two ways: in JupyterLab on a machine, or in a browser with nothing installed. Each keeps its
# own progress. A small file carries it over, in both directions, and the better of two results is kept.

# %%
lab.progress_file()

# %% [markdown]
# ## The lesson in other forms
#
# {{ slides_and_script() }}

# %%
lab.take_away()

# %% [markdown]
# ## When you are stuck
#
# - A card has hints in tiers; take one, then try again. They stay open after you have solved it.
# - A widget is empty, or a cell complains: **Kernel → Restart Kernel and Run All Cells**.
# - Anything else: [the learners' page](../docs/for-learners.md) lists what you may see and what to do.
#
# ## Where this lesson stands
#
# {{ lesson.id }}, *{{ lesson.title }}*. {{ lesson.module }}. {{ lesson.kind }}, {{ lesson.status | lower }}. As the
# frameworks number it today:
#
# {{ tags() }}
#
# > **Corrected.** {# corrects: owasp-number, atlas-name #}The lesson's text carries the tag *OWASP LLM05*. Supply chain had that number in the first list. In
# > the list of 2025 it is LLM03, in the one of 2026 LLM04, and LLM05:2025 is Improper Output Handling, another risk
# > [@owasp-archive; @owasp-2025; @owasp-2026]. The ATLAS id stands; its name has changed [@atlas-t0010].
#
# Whatever else the text got wrong is corrected where you meet it, and listed with sources on
# [the references page](L4.4.2/09-references.ipynb).
