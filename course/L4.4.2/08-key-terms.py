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
# # Key terms
#
# The first three are the lesson's own. The others are the words that you need to talk about them.
#
# > **Do.** Read a term, say its meaning aloud, then read on. What you cannot say, you have only seen.
#
# {{ glossary() }}
#
# > **Corrected.** {# corrects: picklescan-author #}The lesson's text calls picklescan a tool of Trail of Bits. It is Matthieu Maitre's; modelscan is
# > Protect AI's [@picklescan; @modelscan].

# %% [markdown]
# ## Watch: the words at work
#
# Eight instructions, and half of the list above. Cover the right side and explain each line yourself.

# %%
from unpickled import lab

steps = list(lab.trace(lab.specimen("reduce-canary")))
for step in steps:
    print(f"{step.opcode:17} {step.explain}")

assert [step.opcode for step in steps if step.imports] == ["STACK_GLOBAL"]  # fetches the function
assert [step.opcode for step in steps if step.calls] == ["REDUCE"]  # calls it

# %% [markdown]
# > **Find the gap.** The opcode that *fetches* the function and the opcode that *calls* it are two. A scanner stops at
# > the first: a name is enough for it. Damage is done at the second.

# %%
lab.card("p-term-deny-list")

# %% [markdown]
# **In one line:** opcode, stack, `REDUCE`: with three words you can say why loading is running.
