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
# # Real-world example
#
# ## February 2024: about a hundred models
#
# On 27 February 2024 JFrog's security researchers published what they had found on Hugging Face: about **100 models**
# that ran code when they were loaded, PyTorch files and Keras models. One of them,
# `baller423/goober2`, opened a *reverse shell*: it connected the victim's machine to the attacker's and handed over the
# command line [@jfrog-2024].
#
# Nobody has to be tricked into running a program. Loading the model is enough.

# %% [markdown]
# ## What we could confirm, and what we could not
#
# We checked each statement of the lesson's text before repeating it.
#
# | The text says | What we found |
# |---|---|
# | JFrog, February 2024, about 100 models | confirmed [@jfrog-2024] |
# | pickle-based weight files | PyTorch, and Keras models too [@jfrog-2024] |
# | reverse shells | confirmed for one model by name [@jfrog-2024] |
# | {# corrects: jfrog-details #}environment variables read, coins mined | not confirmed: left out here |
# | plausible names, honest-looking model cards | not confirmed: left out here |
# | {# corrects: hub-scans #}no analysis of files at publish time | wrong: files are scanned on each push [@hf-pickle; @hf-malware] |
#
# A good habit for any incident report, this one included: separate what was *seen* from what *could have been*.

# %% [markdown]
# ## Watch: the two families, without the harm
#
# Two files of this course are built like those two families. The PyTorch one calls our canary. The Keras one has a
# `Lambda` layer, and its "code" is a harmless piece of text.
#
# > **Predict.** Two scanners, two files. Will each scanner catch both?

# %%
from unpickled import lab

pytorch = lab.specimen("torch-canary")
keras = lab.specimen("h5-lambda")

reports = {path.name: lab.scan(path) for path in (pytorch, keras)}
for name, report in reports.items():
    for one in report.reports:
        found = ", ".join(str(finding) for finding in one.findings)
        print(f"{name:16} {one.scanner:11} {one.verdict:11} {found or one.note}")

caught = {
    name: [one.scanner for one in report.reports if one.findings]
    for name, report in reports.items()
}
assert caught[pytorch.name] == ["picklescan", "modelscan"]
assert caught[keras.name] == ["modelscan"]  # there is no pickle in it for picklescan to read

# %% [markdown]
# **One scanner alone would have missed a whole family**, and would not have said "I do not know". picklescan, asked
# about the Keras file, ends with exit code 0. That is why the test has two commands.
#
# Look at the PyTorch file as an analyst would: jump to the calls, and find the one that does not belong to a tensor.

# %%
lab.stepper(pytorch)

# %%
usual = ("torch.", "collections.")
odd = [call.callable for call in lab.trace(pytorch).calls if not call.callable.startswith(usual)]
print("does not belong to a tensor:", odd)

assert odd == ["os.mkdir"]

# %% [markdown]
# ## After the takedown
#
# Files can be taken down, and these were, the lesson's text says. What made them possible is still there:
#
# - anyone may still upload a pickle [@hf-pickle];
# - scans have become better, and a scan still *warns* where you might expect it to *block* [@hf-malware];
# - a year later, in February 2025, files turned up on the same registry whose pickles were broken on purpose. Loading
#   them ran the payload before it reached the break; the scanner of the day gave up at the break and reported nothing
#   [@nullifai].
#
# > **Do.** Follow one bad file through your own work: upload, scan, badge, download, load. At which of these stations do
# > *you* decide? Put your check there.

# %%
lab.card("p-after-takedown")

# %% [markdown]
# **In one line:** it was one line of loading code, it was found by people who looked, and the next one needs you to look.
