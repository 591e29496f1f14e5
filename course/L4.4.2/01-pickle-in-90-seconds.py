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
# # Python pickle in 90 seconds
#
# The short version first.
#
# - To save an object, `pickle` writes a small **program**: a list of one-byte instructions, *opcodes*, that would
#   build the object again [@py-pickletools-code].
# - To load it, the *unpickler* **runs** that program, on a stack, from the first opcode to `STOP`.
# - Some opcodes import a function by name. Some call it. The program decides which, and the program is in the file.
#
# So whoever wrote the file chooses what your Python does. The rest of this page lets you see it.

# %% [markdown]
# ## Watch: data becomes a program
#
# Here is a tiny model: a dictionary with some numbers.

# %%
import pickle
import pickletools

from unpickled import lab

weights = {"layer": [0.25, -0.5], "bias": 1}
data = pickle.dumps(weights)

print(len(data), "bytes:", data)

# %% [markdown]
# You can make out the two names in there. Everything between them is instructions. Step through them with **→** and
# keep your eyes on the *stack*: each opcode puts something on it or takes something off it.

# %%
lab.stepper(data)

# %% [markdown]
# What lies on the stack at `STOP` is the object that you get back.
#
# Python can print the same listing. Making it reads the bytes and runs nothing [@py-pickletools].

# %%
pickletools.dis(data)

trace = lab.trace(data)
print(len(trace.imports), "imports,", len(trace.calls), "calls")

if weights == {"layer": [0.25, -0.5], "bias": 1}:  # as long as you have not changed it
    assert not trace.imports  # this program imports no name …
    assert not trace.calls  # … and calls nothing: it is nothing but data

# %% [markdown]
# ## Predict: the next stack
#
# Now you are the unpickler. The stepper below is in **predict mode**: before each step, say what the stack will look
# like, then see. `MARK` is only a bookmark on the stack; `TUPLE` and `APPENDS` take everything above the nearest one.

# %%
lab.stepper(pickle.dumps((1, 2, 3, ["a", "b"])), predict=True)

# %%
lab.card("p-predict-tuple")

# %% [markdown]
# ## Watch: an honest object makes a call
#
# Numbers, texts, lists and dictionaries have opcodes of their own. A date has none. So how does one get into a pickle?

# %%
import datetime

release = pickle.dumps(datetime.date(2024, 2, 27))

for call in lab.trace(release).calls:
    print(call.opcode, "would call", call.callable)

assert [call.callable for call in lab.trace(release).calls] == ["datetime.date"]

# %% [markdown]
# By a **function call**. The program names the module `datetime` and the class `date`, puts the arguments on the
# stack, and the opcode `REDUCE` calls the one with the other.
#
# This is pickle working as designed, and every saved tensor needs it too. Which leaves one question: who decides
# *what* is called?

# %% [markdown]
# ## Watch: the object decides
#
# Any class may answer that question, by a method called `__reduce__`. It returns a callable and its arguments, and the
# pickler writes them down [@py-pickle]. Nobody checks whether they have anything to do with the object.

# %%
import os

marker = lab.workspace() / "canary"


class Canary:
    def __reduce__(self):
        return os.mkdir, (str(marker),)  # "to rebuild me, please make this folder"


canary = pickle.dumps(Canary())
print(canary)

assert not marker.exists()  # writing the pickle has run nothing

# %% [markdown]
# > **Look for the class.** The word `Canary` is not in those bytes. Neither the class nor its method travels with the
# > file: only *import mkdir, call it with this path*. The victim does not need to have your class.
#
# (`os.mkdir` goes by its birth name, `posix.mkdir`; on Windows it would be `nt.mkdir`. Remember that name: the
# scanners print it.)

# %%
assert b"Canary" not in canary
assert b"mkdir" in canary

# %% [markdown]
# Step through it, or press **Next call** to jump to the opcode that matters.

# %%
lab.stepper(canary)

# %% [markdown]
# The red row is `REDUCE`. Before it, a function and a tuple lie on the stack; after it, the *result of a call*. The
# stepper only says so. It makes no call, and neither does the listing:

# %%
pickletools.dis(canary)

trace = lab.trace(canary)
print()
print(trace.calls[0].opcode, "would call", trace.calls[0].text)

assert [call.opcode for call in trace.calls] == ["REDUCE"]
assert trace.calls[0].callable.endswith("mkdir")
assert not marker.exists()  # dumped, stepped through, listed, and still no folder

# %% [markdown]
# ## Do: change one opcode
#
# The program decides, so change the program. Open a row, change its opcode or its argument, and press **Apply**: the new
# trace stands beside the old one. The changed bytes are only read. They are never loaded, and not saved anywhere.
#
# > **Do.** Write `'rmdir'` where `'mkdir'` stands. Then undo that, and put `POP` in the place of `REDUCE`. What is still
# > imported, what is still called, and what comes out?

# %%
lab.what_if(canary)

# %% [markdown]
# ## Do: load it
#
# Reading is safe. Loading is not, so from here on every load happens in a **child process**, a second Python that
# does one thing and ends. This file is ours, and all it can do is to make a folder.
#
# > **Predict.** What will the child print: an error, a `Canary` object, a warning, or something else?

# %%
import subprocess
import sys

file = lab.workspace() / "canary.pkl"
file.write_bytes(canary)

LOAD = "import pickle, sys; print('I got:', pickle.load(open(sys.argv[1], 'rb')))"
child = subprocess.run(
    [sys.executable, "-c", LOAD, str(file)], capture_output=True, text=True, check=True
)
print(child.stdout.strip())
print("folder made:", marker.is_dir())

assert child.stdout.strip() == "I got: None"
assert marker.is_dir()  # code ran

marker.rmdir()  # tidy up, so that you can run this cell again

# %% [markdown]
# **No error and no warning.** The child got `None`, because that is what `os.mkdir` returns, and the folder was there.
# The call happened *while* `pickle.load` was working, before the program that asked for the object could look at it.
#
# Put any other function in the place of `mkdir`, and that would have run, with all the rights of the one who loaded
# the file.
#
# > **Do.** Go back to the cell with `weights`. Put a `datetime.date` or a `set` into the dictionary, run on, and look
# > in the stepper which of the two needs a call.

# %% [markdown]
# ## What the documentation says
#
# Python's documentation puts a warning on top: *"The pickle module is not secure. Only unpickle data you trust."* It
# goes on to speak of crafted data that runs code during unpickling, and of data that somebody may have tampered with on
# the way [@py-pickle].
#
# > **Corrected.** {# corrects: docs-quote #}The lesson's text quotes a milder sentence about an "untrusted or unauthenticated source". That is
# > the wording of older versions [@py-pickle-old].
#
# ## Where pickles hide
#
# You will rarely meet a file called `.pkl`. You will meet pickles inside other things:
#
# - PyTorch's `.pt`, `.pth` and `.bin` files, which `torch.save` writes [@torch-serialization];
# - `.joblib` files, the usual way to keep a scikit-learn model [@joblib-persistence];
# - NumPy's `.npy` files, if the array holds Python objects [@numpy-load].
#
# > **Corrected.** {# corrects: torch-load-default #}The text says that `torch.load(file)` runs embedded code. Since PyTorch 2.6 it uses a restricted
# > unpickler unless you write `weights_only=False`. With that argument the sentence holds, and the restriction itself
# > was broken twice, by CVE-2025-32434 and CVE-2026-24747
# > [@torch-2.6; @torch-load; @cve-2025-32434; @cve-2026-24747].

# %% [markdown]
# ## Check yourself

# %%
lab.card("p-just-looking")

# %%
lab.card("p-which-opcode-calls")

# %%
lab.card("p-read-without-running")

# %% [markdown]
# **In one line:** a pickle is a program, loading runs it, and its author chose what it calls.
