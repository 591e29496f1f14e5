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
# # The scoreboard: who catches what
#
# You have seen two scanners agree, and you have seen each of them pass over a file. How often does which of the two happen?
# Nobody needs to tell you: on this page **it is found out by trying**.
#
# The course has a collection of more than eighty harmless files, in classes. Some call a function when they are loaded: it makes an
# empty folder, or writes one line into a log. Some carry code in a place where no pickle is. Some are nothing but data. What is
# true of each class was settled without any scanner, by tracing every opcode, so that the answers can be counted:
#
# | What is true of the file | The scanner warns | It says: nothing found | It does not judge |
# |---|---|---|---|
# | it calls or carries code, or points outside | caught | **missed** | not judged |
# | it is plain data | **false alarm** | rightly quiet | not judged |
# | damaged or empty: nobody can judge | not judged | **missed** | not judged |
#
# Whoever could not parse a file has not judged it, whatever exit code or warning the program ends with.
#
# Three are asked. **picklescan** and **modelscan** hold a *deny-list* of names [@picklescan; @modelscan]. The third is no
# scanner but PyTorch's own loader with `weights_only=True`, which holds an *allow-list* [@torch-load].
#
# All classes are of a kind that has long been published, and you will find no recipe here: what matters is not how to build
# such a file, but what a "nothing found" is worth.

# %% [markdown]
# > **Predict.** Six classes, three columns. Put a word into each place before you go on: `"caught"`, `"missed"` or
# > `"not judged"`. The first row is filled in. Being wrong costs nothing here, and it is how you will remember the answer.

# %%
SCANNERS = ["picklescan", "modelscan", "weights_only"]

predictions = {
    #                 picklescan   modelscan    weights_only
    "listed-call":   ["caught",    "caught",    "caught"],      # os.mkdir in a bare pickle
    "unlisted-call": ["caught",    "caught",    "caught"],      # a log function that is on no list
    "by-number":     ["caught",    "caught",    "caught"],      # the function's name is not in the file
    "compressed":    ["caught",    "caught",    "caught"],      # what joblib writes with compress=…
    "renamed":       ["caught",    "caught",    "caught"],      # a pickle that is called .txt, say
    "nested-lambda": ["caught",    "caught",    "caught"],      # a Keras layer, one model deeper
}  # fmt: skip

# %% [markdown]
# ## Do: ask them
#
# Every file, every scanner. The scanners run as you would type them, the loader behind the wall of the sandbox. It takes about
# half a minute.

# %%
from unpickled import lab

board = lab.scoreboard(scanners=SCANNERS)
board

# %% [markdown]
# Open a class, and read what each of them said about each of its files: its own word, its exit code, its reason. *What this
# run shows* is computed from your run. A sentence that is not true on your machine is not in the list.
#
# And your predictions?

# %%
run = board.run
asked = [column.id for column in run.asked]  # without a sandbox, torch is not asked

assert len(run.files) > 80


def what_happened(row, column):
    tally = run.tally(row=row, column=column)
    counts = {"caught": tally.caught, "missed": tally.missed, "not judged": tally.not_judged}
    return {word for word, count in counts.items() if count}


right = 0
for row, words in predictions.items():
    for column, word in zip(SCANNERS, words, strict=True):
        if column in asked:
            found = what_happened(row, column)
            right += word in found
            mark = "yes" if word in found else "no "
            print(f"{mark}  {row:14} {column:13} you: {word:11} it: {' and '.join(sorted(found))}")
print("\nright:", right, "of", len(predictions) * len(asked))

assert what_happened("listed-call", "picklescan") == {"caught"}
assert what_happened("listed-call", "modelscan") == {"caught"}

# %% [markdown]
# ## Read: why they differ
#
# ### The list that knows what is bad
#
# Look at the two classes that **both** deny-lists missed.

# %%
for row in ("unlisted-call", "by-number"):
    for column in ("picklescan", "modelscan"):
        tally = run.tally(row=row, column=column)
        print(f"{row:14} {column:11} missed {tally.missed} of {tally.files}")
        assert tally.missed == tally.files  # every single one
        assert tally.caught == 0

# %% [markdown]
# Nothing in these files is hidden. In the first class the function has an ordinary name, and nobody has put it on a list. In the
# second there is no name to compare: pickle can import by a number, which a program has registered beforehand
# [@py-pickletools].
#
# A longer list helps, and never finishes. picklescan was told in 2025 of a package installer that its list lacked
# [@cve-2025-1716]. fickling, another analyser, was told of missing modules several times in 2026 [@cve-2026-22606; @cve-2026-22607; @cve-2026-22609].
# Each of these gaps is closed. **The class is not**: there is always a function that nobody has listed yet.
#
# ### The file that nobody opened
#
# *Not judged* is another matter. The scanner did not say that the file is fine; it did not read it. But does it tell you?

# %%
for column in ("picklescan", "modelscan"):
    tally = run.tally(column=column)
    print(
        f"{column:11} not judged: {tally.not_judged:2}   of these with exit code 0: {tally.silent:2}"
    )

assert run.tally(column="picklescan").silent > run.tally(column="modelscan").silent > 0

silent = [cell for cell in run.of(row="compressed", column="picklescan") if cell.silent]
assert len(silent) == run.tally(row="compressed", column="picklescan").files

# %% [markdown]
# A silent zero looks like a clean file to every script that reads exit codes. All the compressed pickles are among them: joblib
# unpacks them without being asked [@joblib-persistence], and picklescan does not. Gaps of this kind have been found and closed,
# too, for unusual and for misleading extensions and for a damaged checksum in an archive [@cve-2025-1889; @cve-2025-10155; @cve-2025-10156].

# %%
lab.card("p-not-judged")

# %% [markdown]
# ### The list that knows what is good
#
# An allow-list is asked the other question: not "is this name known to be bad?" but "is it one of the few that tensors need?"

# %%
from collections import Counter


def what_it_did(truth):
    rows = [row.id for row in run.rows if row.truth == truth]
    cells = [cell for row in rows for cell in run.of(row=row, column="weights_only")]
    return Counter(str(cell.outcome) for cell in cells)


if "weights_only" in asked:
    calls, plain = what_it_did("calls code"), what_it_did("plain data")
    print(
        f"{calls.total()} files that call code: {calls['caught']:2} refused, {calls['missed']} let through,",
        end=" ",
    )
    print(f"{calls['not judged']} not judged")
    print(
        f"{plain.total()} files of plain data:  {plain['false alarm']:2} refused, {plain['rightly quiet']} loaded,",
        end=" ",
    )
    print(f"{plain['not judged']} not judged")
    assert calls["missed"] == 0 < calls["caught"]
    assert calls["not judged"] > 0  # so "none let through" is not "all refused"
    assert plain["false alarm"] > 0
    assert plain["not judged"] > 0

    print("\nas PyTorch writes them:")
    by_torch = {cell.file: cell for cell in run.of(row="plain-torch", column="weights_only")}
    for file, cell in by_torch.items():
        print(f"  {file:13} {cell.outcome:14} {cell.opinion.reason}")
    others = {
        file: cell.outcome for file, cell in by_torch.items() if cell.outcome != "rightly quiet"
    }
    assert others == {"tar-plain": "not judged"}
    assert ".tar format" in by_torch["tar-plain"].opinion.reason

# %% [markdown]
# It needed to know nothing about the unlisted function. Where it looks, it refuses what it does not know: attacks that nobody
# has thought of included. But it opens only what `torch.load` can read. The files *not judged* are something else, most of them
# arrays, compressed pickles and archives: it opened none of these, so it let none through, and it stopped none.
#
# The price stands beside it. It refuses plain data as well, wherever a file uses an opcode that tensors never need.
# **Of the files as PyTorch writes them it refused none, and loaded all but one.** That one is of the oldest form, a tar archive,
# which PyTorch cannot read with `weights_only=True`. It is not judged, and that is no reason to load it without.
#
# And it is a program, with faults of its own. Two of them let code through, and both are closed [@cve-2025-32434; @cve-2026-24747].
#
# ### The format that has no question
#
# Now the last class of plain data, *formats without a pickle*. The scanners say next to nothing about it, and it does not
# matter: for safetensors nobody has to decide which names are bad, because there is no place in the format for one to be called
# [@safetensors-format]. Where a format does have such a place, the file's ending does not save you. See the Lambda layers
# [@cert-keras-lambda].
#
# | | asks | fails when | what its silence means |
# |---|---|---|---|
# | deny-list | is it known to be bad? | something is new, or the file is not opened | nothing known was found in what was read |
# | allow-list | is it known to be good? | its own program has a fault | only known, good names are in it |
# | format without code | nothing | its reader has a fault | there was nothing to ask |
#
# So the order of the defences is no matter of taste: **the format first, the allow-list second, the scanner third**, and the
# sandbox around all of them.

# %%
lab.card("p-new-on-the-list")

# %% [markdown]
# ## Do: more scanners
#
# Two more can stand on the board, where they are installed: fickling, which takes a pickle apart into Python
# [@fickling], and modelaudit, with many readers [@modelaudit]. They run in the sandbox without a network, and with
# telemetry off. In a terminal:
#
# ```
# pip install fickling
# unpickled scoreboard --html board.html
# ```
#
# > **Do.** Look at the false alarms before you look at what was caught. Would you read the fortieth warning as carefully as the first?

# %%
lab.card("p-forty-warnings")

# %% [markdown]
# **In one line:** a scanner's "nothing found" is a sentence about its list and about what it opened, and only then about
# your file.
