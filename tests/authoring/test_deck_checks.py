"""A deck is held against its bounds, its claims and the data: a planted fault of each kind, and what is said of it."""

from __future__ import annotations

import pytest

from unpickled.authoring import deck_claims as claims
from unpickled.authoring.deck_checks import RULES, deck_faults, spoken_faults
from unpickled.content import load_course, load_deck

DECK = "course/L4.4.2/deck.md"
FORMS = "course/data/spoken.toml"
FAULTS = [  # what stands there, what an author puts in its place, and exactly what is said of it
    ('Next lesson: model-card lies and provenance gaps. See you there.\n',
     '',
     'course/L4.4.2/deck.md:112',
     'slide "next" has no spoken text',
     'Write it below ### Spoken, at the end of the slide.'),
    ('{#next layout=next seconds=10}',
     '{#next layout=next seconds=2}',
     'course/L4.4.2/deck.md:112',
     'slide "next" is spoken to for 5 seconds, and may take 2',
     'Take 6 words out, or give it seconds=5.'),
    ('- Honest files use it too, so you cannot ban it\n',
     '- Honest files use it too, so you cannot ban it\n- one\n- two\n',
     'course/L4.4.2/deck.md:22',
     'slide "pickle" has 6 points, and 5 are the most',
     'Say the least important ones instead, or make two slides.'),
    ('{{ timeline() }}\n',
     'A text.\n',
     'course/L4.4.2/deck.md:44',
     'slide "why" has the layout picture and not what that lays out',
     'Give it {{ timeline() }}, or another layout.'),
    ('layout=picture',
     'layout=table',
     'course/L4.4.2/deck.md:44',
     'slide "why" has the layout table and not what that lays out',
     'Give it {{ formats() }}, or another layout.'),
    ('1. **Scan it first.** picklescan and modelscan compare imported names with lists; a name on no list '
     'passes\n   [@picklescan; @modelscan]\n2. **Load it in isolation.** A container or a throw-away '
     'virtual machine, with no network and no keys\n3. **Prefer the safetensors variant.** Many publishers '
     'ship both, and this one holds no program [@safetensors-format]',
     'Scan it first [@picklescan; @modelscan]',
     'course/L4.4.2/deck.md:73',
     'slide "minimum" has the layout checklist and not what that lays out',
     'Give it a numbered list, or another layout.'),
    ('terminal(specimen="torch-bin-canary")',
     'terminal(specimen="no-such")',
     'course/L4.4.2/deck.md:102',
     'slide "test" shows the specimen "no-such", which is unknown',
     'See src/unpickled/specimens/catalogue.toml.'),
    ('4. **Log every load.** Raise the alarm on one that nobody expects',
     '4. **Log every load.** Since 2026, raise the alarm on one that nobody expects',
     'course/L4.4.2/deck.md:92',
     'slide "maximum" states a year without a source: "**Log every load.** Since 2026, raise the alarm on one th…"',
     'Cite one on the slide, as [@source-id]; the ids are in course/data/sources.toml.'),
    ('Lab L4.8 takes both tools further.',
     'Lab L4.8 takes both tools further. In 97 percent of cases.',
     'course/L4.4.2/deck.md:108',
     'slide "test" says "97", and course/data/spoken.toml does not say how that sounds',
     'Add it there, or write it out in words.'),
    ('Next lesson: model-card lies',
     'In 2024, model-card lies',
     'course/L4.4.2/deck.md:120',
     'slide "next" says a year, and shows no source: "In 2024, model-card lies and provenance gaps. See you there."',
     'Cite one on the slide, as [@source-id]; the ids are in course/data/sources.toml.'),
    ('L4.4.3: Model-card lies',
     'On CVE-2025-1716, model-card lies [@hf-pickle]',
     'course/L4.4.2/deck.md:114',
     'slide "next" names CVE-2025-1716, which no source on it is about',
     'Cite one on the slide, as [@source-id]; the ids are in course/data/sources.toml.'),
    ('Lab L4.8 takes',
     'Lab L4.9 takes',
     'course/L4.4.2/deck.md:108',
     'slide "test" says "L4.9", and course/data/spoken.toml does not say how that sounds',
     'Add it there, or write it out in words.'),
    ('header and numbers: {{ risk(format="safetensors") }}.',
     'header and numbers: low.',
     'course/L4.4.2/deck.md:65',
     'slide "formats" says the risk of ".safetensors" as low, and the table says none',
     'Write {{ risk(format="safetensors") }}, which follows the table.'),
    ('header and numbers: {{ risk(format="safetensors") }}.',
     'header and numbers: {{ risk(format="safetensors") }}, or nearly so, low.',
     'course/L4.4.2/deck.md:65',
     'slide "formats" says the risk of ".safetensors" as low, none, and the table says none',
     'Write {{ risk(format="safetensors") }}, which follows the table.'),
    ('.joblib is a pickle again, so',
     '.joblib is no pickle at all, so',
     'course/L4.4.2/deck.md:65',
     'slide "formats" says "is no pickle" of ".joblib", and the table says Yes to pickle',
     'Say what the table says, or correct the row.'),
    ('.joblib is a pickle again, so',
     '.joblib isn\'t a pickle, so',
     'course/L4.4.2/deck.md:65',
     'slide "formats" says "isn\'t a pickle" of ".joblib", and the table says Yes to pickle',
     'Say what the table says, or correct the row.'),
    ('{{ risk(format="onnx") }}: no code',
     '{{ risk(format="onnx") }}: it is usually a pickle',
     'course/L4.4.2/deck.md:65',
     'slide "formats" says "is usually a pickle" of ".onnx", and the table says No to pickle',
     'Say what the table says, or correct the row.'),
    ('.gguf, for llama.cpp',
     '.onnx, for llama.cpp',
     'course/L4.4.2/deck.md:65',
     'slide "formats" shows the row ".gguf" and does not say ".gguf"',
     'Say it, with its risk.'),
    ('PyTorch\'s .pt, .bin and .pth are pickles: risk {{ risk(format="pytorch") }}. .safetensors is '
     'a\nheader and numbers: {{ risk(format="safetensors") }}.',
     '.safetensors is a\nheader and numbers: {{ risk(format="safetensors") }}. PyTorch\'s .pt, .bin and '
     '.pth are pickles: risk {{ risk(format="pytorch") }}.',
     'course/L4.4.2/deck.md:65',
     'slide "formats" says ".safetensors" before ".pt / .bin / .pth (PyTorch native)", against the table\'s order',
     'Say the rows as they stand, so that eyes can follow.'),
    ('do three things. First',
     'do four things. First',
     'course/L4.4.2/deck.md:82',
     'slide "minimum" says "four things" and shows 3 steps',
     'Make them the same.'),
    ('In production, add four more.',
     'In production, add five more.',
     'course/L4.4.2/deck.md:96',
     'slide "maximum" says "five more" and shows 4 steps',
     'Make them the same.'),
    ('## Pickle in 90 seconds',
     '## Pickle in 60 seconds',
     'course/L4.4.2/deck.md:20',
     'slide "pickle" promises "in 60 seconds" in its title, and takes 65 seconds',
     'Shorten what is spoken, or correct the title.'),
    ('## Pickle in 90 seconds',
     '## Pickle in 3 minutes',
     'course/L4.4.2/deck.md:20',
     'slide "pickle" promises "in 3 minutes" in its title, and takes 65 seconds',
     'Shorten what is spoken, or correct the title.'),
    ('About 4 minutes\n',
     'About 7 minutes\n',
     'course/L4.4.2/deck.md:13',
     'slide "title" announces "7 minutes", and it takes 4.4',
     'Say 4 minutes.'),
    ('in about four minutes',
     'in about two minutes',
     'course/L4.4.2/deck.md:17',
     'slide "title" announces "two minutes", and it takes 4.4',
     'Say 4 minutes.'),
    ('About 4 minutes\n',
     'About 300 words\n',
     'course/L4.4.2/deck.md:13',
     'slide "title" announces "300 words", and there are 566',
     'Say 570 words.'),
    ('## Pickle in 90 seconds',
     '## A 20-second look at pickle',
     'course/L4.4.2/deck.md:20',
     'slide "pickle" promises "20-second look" in its title, and takes 65 seconds',
     'Shorten what is spoken, or correct the title.'),
    ('## Pickle in 90 seconds',
     '## Pickle in forty-five seconds',
     'course/L4.4.2/deck.md:20',
     'slide "pickle" promises "in forty-five seconds" in its title, and takes 65 seconds',
     'Shorten what is spoken, or correct the title.'),
    ('with no network and no keys',
     'with no network and no keys: 660 words in five minutes',
     'course/L4.4.2/deck.md:77',
     'slide "minimum" announces "660 words", and there are 566',
     "Say 570 words, or exempt the slide, if that is not the lesson's."),
    ('with no network and no keys',
     'with no network and no keys: 560 words in five minutes',
     'course/L4.4.2/deck.md:77',
     'slide "minimum" announces "five minutes", and it takes 4.4',
     "Say 4 minutes, or exempt the slide, if that is not the lesson's."),
    ('so that an unexpected one raises',
     'so that after this eleven-minute lesson one raises',
     'course/L4.4.2/deck.md:96',
     'slide "maximum" announces "eleven-minute", and it takes 4.4',
     "Say 4 minutes, or exempt the slide, if that is not the lesson's."),
    ('title = "Pickle deserialization and weight-format risk"',
     'title = "Pickles"',
     'course/L4.4.2/deck.md:3',
     'has the title "Pickles", and course/course.toml says "Pickle deserialization and weight-format risk"',
     'Make them the same.'),
    ('## Pickle deserialization and weight-format risk {',
     '## Pickles {',
     'course/L4.4.2/deck.md:9',
     'slide "title" shows the title "Pickles", and the deck has "Pickle deserialization and weight-format risk"',
     'Make them the same.'),
    ('cap_minutes = 5',
     'cap_minutes = 7',
     'course/L4.4.2/deck.md:5',
     'may take 7 minutes, and course/course.toml states 5 for the lesson',
     'Lower the cap, or raise stated_minutes.'),
    ('target_minutes = 4\ncap_minutes = 5',
     'target_minutes = 3\ncap_minutes = 4',
     'course/L4.4.2/deck.md:5',
     'takes 4:21, and its cap is 4:00',
     'Take 46 words out of what is spoken.'),
    ('target_minutes = 4',
     'target_minutes = 5',
     'course/L4.4.2/deck.md:4',
     'takes 4:21, and its target is 5:00',
     'Say about 84 words more, or correct the target.'),
    ('words_per_minute = 130\n',
     'words_per_minute = 130\n\n[[exempt]]\nslide = "next"\nrule = "points"\nreason = "none"\n',
     'course/L4.4.2/deck.md:8',
     'exempts slide "next" from "points", which it keeps by now',
     'Take the exemption out.'),
    ('words_per_minute = 130\n',
     'words_per_minute = 130\n\n[[exempt]]\nslide = "no-such"\nrule = "points"\nreason = "none"\n',
     'course/L4.4.2/deck.md:8',
     'exempts the slide "no-such", which is not there',
     'The slides are: formats, maximum, minimum, next, pickle, test, title, why.'),
    ('words_per_minute = 130\n',
     'words_per_minute = 130\n\n[[exempt]]\nslide = "next"\nrule = "beauty"\nreason = "none"\n',
     'course/L4.4.2/deck.md:8',
     'exempts from the rule "beauty", which is unknown',
     'The rules are: script, seconds, points, layout, specimen, code, source, said, table, steps, time.'),
    ('Since PyTorch 2.6',
     'Since PyTorch',
     'course/data/spoken.toml:64',
     'spoken form "2.6" occurs in no deck',
     'Take it out.'),
    ('highlight="reduce"',
     'highlight="blue"',
     'course/L4.4.2/deck.md:28',
     'slide "pickle" has a listing that fails: cannot highlight "blue"',
     'Write highlight="reduce".'),
    ('disassembly(specimen="torch-bin-canary"',
     'disassembly(specimen="torch-bin"',
     'course/L4.4.2/deck.md:28',
     'slide "pickle" has a listing that fails: "torch-bin" holds no reduce trick to highlight',
     'Choose a specimen that calls something, or leave highlight out.'),
    ('disassembly(specimen="torch-bin-canary"',
     'disassembly(specimen="inst-canary"',
     'course/L4.4.2/deck.md:28',
     'slide "pickle" has red lines without a REDUCE: INST',
     'Choose a specimen whose call is made by REDUCE.'),
]  # fmt: skip


def faults_of(course):
    deck = load_deck("L4.4.2", course)
    return deck_faults(course, deck, load_course(course)) + spoken_faults(course, [deck])


def test_the_deck_of_the_course_keeps_every_rule(root):
    """What is committed has no fault, and needs no exemption."""
    assert faults_of(root) == []
    assert not load_deck("L4.4.2", root).exemptions


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case[3][:50])
def test_a_planted_fault_is_told_with_line_and_remedy(written, edit, case):
    """One edit that an author might make, and exactly what is said of it."""
    old, new, place, problem, remedy = case
    edit(old, new)
    fault = faults_of(written)[0]
    assert (fault.place, fault.problem, fault.remedy) == (place, problem, remedy)


EXEMPTION = 'words_per_minute = 130\n\n[[exempt]]\nslide = "{slide}"\nrule = "{rule}"\nreason = "Said so."\n'


@pytest.mark.parametrize(
    "case",
    [
        ("seconds=10", "seconds=2", "next", "seconds"),
        ("- Honest files", "- one\n- two\n- Honest files", "pickle", "points"),
        ("do three things", "do four things", "minimum", "steps"),
        ("layout=picture", "layout=table", "why", "layout"),
        ("Pickle in 90 seconds {", "Pickle in 60 seconds {", "pickle", "time"),
        ("In production", "In 2026, in production", "maximum", "said"),
        ("Next lesson: model-card lies", "In 2024, model-card lies", "next", "source"),
        ("and no keys\n", "and no keys, for nine minutes\n", "minimum", "time"),
    ],
)
def test_an_exemption_lets_one_slide_break_one_rule_while_it_needs_it(written, edit, case):
    """With the exemption the fault is gone; without the fault the exemption is one."""
    old, new, slide, rule = case
    edit("words_per_minute = 130\n", EXEMPTION.format(slide=slide, rule=rule))
    (unneeded,) = faults_of(written)
    assert unneeded.place == f"{DECK}:8"
    assert unneeded.problem == f'exempts slide "{slide}" from "{rule}", which it keeps by now'
    edit(old, new)
    assert not [
        f for f in faults_of(written) if f.place != f"{DECK}:5" and "target" not in f.problem
    ]


PAGE = "course/L4.4.2/05-maximum-bar.py"


@pytest.mark.parametrize(
    ("said", "problem", "remedy"),
    [
        ("The video script has 442 words.", 'announces "442 words", and there are 566', "Say 570 words."),
        ("The video script takes seven minutes.", 'announces "seven minutes", and it takes 4.4', "Say 4 minutes."),
    ],
)  # fmt: skip
def test_what_a_page_says_of_the_script_is_counted_again(written, said, problem, remedy):
    """A page of the lesson that tells the script's length is held against the deck."""
    text = (written / PAGE).read_text("utf-8")
    (written / PAGE).write_text(f"{text}\n# %% [markdown]\n# {said}\n", "utf-8")
    (fault,) = faults_of(written)
    line = text.count("\n") + 3
    assert (fault.place, fault.problem, fault.remedy) == (
        f"{PAGE}:{line}",
        f"{problem} in the script",
        remedy,
    )


@pytest.mark.parametrize(
    "said",
    [
        "The video script has about 560 words, at 130 words a minute four minutes.",
        "{# corrects: x #}The video script has 442 words.",
        "The video script is short. The lab takes 20 minutes.",
    ],
)
def test_what_a_page_may_say_of_the_script(written, said):
    """What is so, what a correction quotes, and minutes of something else."""
    text = (written / PAGE).read_text("utf-8")
    (written / PAGE).write_text(f"{text}\n# %% [markdown]\n# {said}\n", "utf-8")
    assert faults_of(written) == []


@pytest.mark.parametrize(
    "said",
    [
        ("gaps\n\nAbout 4 minutes", "gaps\n\nAbout 9 minutes"),
        ("## The 30-second test {", "## The 3-second test {"),
        ("with no network and no keys", "with one word: no network, at 130 words a minute"),
    ],
)
def test_times_that_are_not_the_lessons_are_left_alone(written, edit, said):
    """The next lesson's minutes, a test's name, one word, and a pace."""
    edit(*said)
    assert faults_of(written) == []


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("580", 580), ("1,200", 1200), ("3.5", 3.5), ("Eleven", 11), ("nineteen", 19), ("twenty", 20),
        ("forty-five", 45), ("hundred", 100), ("five hundred and eighty", 580), ("one hundred eleven", 111),
    ],
)  # fmt: skip
def test_numbers_are_read_as_digits_and_as_words(number, value):
    """As far as anybody says of a lesson's minutes and words."""
    match = claims.TIME.fullmatch(f"{number} words")
    assert match
    assert claims._value(match["number"]) == value


def test_a_row_that_is_added_to_the_table_must_be_said(written, edit):
    """The slide shows every row of formats.toml, and so does whoever speaks."""
    edit('name = ".gguf"', 'name = ".ggml"', "course/data/formats.toml")
    problems = [fault.problem for fault in faults_of(written)]
    assert problems == ['slide "formats" shows the row ".ggml" and does not say ".ggml"']


def test_a_risk_that_changes_in_the_table_changes_what_is_said(written, edit):
    """What is said follows the table, so that it cannot contradict it."""
    text = (written / "course/data/formats.toml").read_text("utf-8")
    at = text.index('id = "gguf"')
    changed = text[:at] + text[at:].replace('risk = "low"', 'risk = "high"', 1)
    (written / "course/data/formats.toml").write_text(changed, "utf-8")
    assert faults_of(written) == []


@pytest.mark.parametrize(
    "said",
    [
        (
            '.onnx is {{ risk(format="onnx") }}: no code',
            '.onnx is not a pickle: {{ risk(format="onnx") }}',
        ),
        ("if allow_pickle is on", "and it is no pickle unless allow_pickle is on"),
        ("if allow_pickle is on", "and it is a pickle if allow_pickle is on"),
    ],
)
def test_what_the_table_says_of_pickle_may_be_said(written, edit, said):
    """A denial of a row that is none, and either of one that is in part, are so."""
    edit(*said)
    assert faults_of(written) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            'said = "dot bin"',
            'said = "dot .bin"',
            'is said "dot .bin", which nobody can read aloud',
        ),
        ('written = ".bin"', 'written = ".pt"', 'says a second time how ".pt" is said'),
        ('written = ".bin"', 'writen = ".bin"', "writen"),
    ],
)
def test_faults_of_the_spoken_forms(written, edit, old, new, problem):
    """The table of spoken forms is checked like every other."""
    edit(old, new, FORMS)
    assert any(problem in f.problem and f.place.startswith(FORMS) for f in faults_of(written))


def test_every_rule_has_a_planted_fault():
    """No rule of the list is without a test of its message."""
    said = " ".join(case[3] for case in FAULTS)
    marks = {
        "script": "no spoken text", "seconds": "is spoken to for", "points": "points", "layout": "layout",
        "specimen": "shows the specimen", "code": "red lines", "source": "without a source", "said": "how that sounds",
        "table": "the table says", "steps": "steps", "time": "in its title",
    }  # fmt: skip
    assert set(marks) == set(RULES)
    assert not [rule for rule, mark in marks.items() if mark not in said]
