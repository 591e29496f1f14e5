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
# # The maximum-bar defense
#
# In production, where a mistake is expensive and repeats itself every night, scanning each download is not enough. Four
# more defences, each of them small:
#
# 1. **Pin** the hash of every file, and compare it at each load.
# 2. **Verify a signature**, where there is one.
# 3. Load from a **private registry** only.
# 4. **Log** every load, and raise the alarm on one that nobody expects.
#
# You will build a toy version of each, and then one door that every load has to pass.

# %% [markdown]
# ## 1 · Pin a hash
#
# First a model, in safetensors, because there is no reason to use anything else here.

# %%
import hashlib

import numpy as np
from safetensors.numpy import load, save

weights = {"layer": np.array([0.125, -0.25, 0.5], dtype=np.float32)}
good = save(weights)
pin = hashlib.sha256(good).hexdigest()
print("pinned:", pin)

# %% [markdown]
# Now somebody on the way changes **one bit** of the file.
#
# > **Predict.** Will the changed file still load? And if so: how far off can a weight be after one flipped bit?

# %%
changed = bytearray(good)
changed[-1] ^= 0b0100_0000  # one bit of the last byte

before, after = load(good)["layer"], load(bytes(changed))["layer"]
print("before:", before)
print("after: ", after)

assert before[-1] == 0.5
assert after[-1] > 1e38  # the format noticed nothing

# %% [markdown]
# From 0.5 to a number of 39 digits, and **no complaint**: a format that is safe to load does not know whether these are
# the right numbers. The hash does.

# %%
found = hashlib.sha256(changed).hexdigest()
same = sum(a == b for a, b in zip(pin, found, strict=True))
print("pinned:", pin)
print("found: ", found)
print(f"{same} of 64 digits agree; by chance it would be about 4")

assert found != pin


def checked(data: bytes, pin: str) -> bytes:
    """Return the data if it is what was pinned; refuse it otherwise."""
    found = hashlib.sha256(data).hexdigest()
    if found != pin:
        raise ValueError(f"refused: the hash is {found[:12]}…, pinned was {pin[:12]}…")
    return data


assert checked(good, pin) == good
try:
    checked(bytes(changed), pin)
except ValueError as refusal:
    print(refusal)
else:
    raise AssertionError("the changed file should have been refused")

# %% [markdown]
# > **Hash what you load.** `checked` takes bytes and hands back those very bytes. Hashing a file and then *opening it
# > again* leaves a moment in between in which it can be exchanged.

# %% [markdown]
# ## 2 · Verify a signature
#
# A pin says *the same file as then*. A signature adds *from this publisher*, and it covers the whole model: a list of
# all its files with their hashes, signed as one. So a file that was added or left out is noticed, too.
#
# The toy below signs with a shared key (an HMAC). A real signature uses a pair of keys, so that whoever verifies cannot
# sign.

# %%
import hmac
import json

KEY = b"only for this demonstration"


def manifest(files: dict[str, bytes]) -> bytes:
    return json.dumps(
        {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    ).encode()


def sign(files: dict[str, bytes]) -> str:
    return hmac.new(KEY, manifest(files), "sha256").hexdigest()


def verify(files: dict[str, bytes], signature: str) -> bool:
    return hmac.compare_digest(sign(files), signature)


model = {"weights.safetensors": good, "config.json": b'{"layers": 1}'}
signature = sign(model)

attempts = {
    "untouched": model,
    "one bit changed": {**model, "weights.safetensors": bytes(changed)},
    "a file added": {**model, "modeling_extra.py": b"print('hello')"},
    "a file removed": {"weights.safetensors": good},
}
for what, files in attempts.items():
    print(f"{what:16} {'accepted' if verify(files, signature) else 'REFUSED'}")

assert [verify(files, signature) for files in attempts.values()] == [True, False, False, False]

# %% [markdown]
# For real models there is the OpenSSF's model signing, with Sigstore as one way to manage the keys
# [@openssf-oms; @model-signing].
#
# > **Corrected.** {# corrects: sigstore-2026 #}"Gaining adoption in 2026" is behind the times. Version 1.0 came out in April 2025, and NVIDIA has
# > signed the models in its NGC catalogue since March 2025 [@openssf-oms; @nvidia-signing].

# %% [markdown]
# ## 3 · A private registry
#
# Someone reviews a model once: scans it, converts it, notes its hash. From then on production asks for models **by
# name**, and gets what was reviewed or nothing. At its smallest, a registry is a dictionary:

# %%
SHELF = {"tiny-model": good}  # where the files are kept
REGISTRY = {"tiny-model": pin}  # what a curator has approved

print("tiny-model" in REGISTRY, "someone/cool-new-model" in REGISTRY)

assert "someone/cool-new-model" not in REGISTRY

# %% [markdown]
# ## 4 · Log every load
#
# Python can tell you when its unpickler looks up a name: the audit event `pickle.find_class` [@py-audit]. A hook stays
# until the process ends, so we hang it up in a child.

# %%
import datetime
import pickle
import subprocess
import sys

from unpickled import lab

WATCHED = """
import pickle, sys

def watch(event, args):
    if event == "pickle.find_class":
        print("audit:", ".".join(args))

sys.addaudithook(watch)
print("loaded:", pickle.load(open(sys.argv[1], "rb")))
"""

file = lab.workspace() / "date.pkl"
file.write_bytes(pickle.dumps(datetime.date(2026, 11, 23)))
child = subprocess.run(
    [sys.executable, "-c", WATCHED, str(file)], capture_output=True, text=True, check=True
)
print(child.stdout.strip())

assert child.stdout.splitlines() == ["audit: datetime.date", "loaded: 2026-11-23"]

# %% [markdown]
# A good tripwire, with a hole: loaders that do not use Python's unpickler never touch it. Which of them?

# %%
lab.card("p-audit-blind-spot")

# %% [markdown]
# ## Do: one door for all loads
#
# So put the log where every load has to pass, whatever the format. Here are pin, registry and log in one function; a
# signature would be verified where the curator writes the registry.

# %%
log = []


def load_weights(name: str):
    """Load approved weights by name; every attempt is logged, whatever comes of it."""
    try:
        if name not in REGISTRY:  # 3: only what a curator approved
            raise ValueError("refused: nobody has approved it")
        pin = REGISTRY[name]
        data = checked(SHELF[name], pin)  # 1: only the bytes that were pinned
    except ValueError as reason:
        log.append(f"ALARM    {name}: {reason}")
        raise
    log.append(f"loaded   {name}: {pin[:12]}…")  # 4: what, and which version of it
    return load(data)  # and nothing in it can run


load_weights("tiny-model")

for attack in ("someone/cool-new-model", "tiny-model"):
    SHELF["tiny-model"] = bytes(changed)  # the shelf itself has been tampered with
    try:
        load_weights(attack)
    except ValueError:
        pass
    else:
        raise AssertionError("this load should have been refused")
SHELF["tiny-model"] = good

print(*log, sep="\n")

assert [line.split()[0] for line in log] == ["loaded", "ALARM", "ALARM"]

# %% [markdown]
# > **Do.** Try to get past it: change the shelf, the registry, the pin. You will find the one thing that everything
# > rests on: **who may write to the registry.** That is where review belongs.

# %%
lab.card("p-hash-proves")

# %% [markdown]
# **In one line:** pin what you reviewed, know who made it, load from your own shelf, and write down every load.
