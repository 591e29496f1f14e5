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
# Each row of the format table is a claim. On this page each of them becomes an experiment.

# %%
from unpickled import lab

lab.format_table()

# %%
lab.card("p-what-was-proved")
