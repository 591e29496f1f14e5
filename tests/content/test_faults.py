"""Every kind of planted fault is found, at its line, with the message that an author needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from unpickled.content import check, load_course, load_formats, load_practice, load_sources
from unpickled.errors import ContentError

CHECKOUT = Path(__file__).resolve().parents[2]
COURSE = "course/course.toml"
SOURCES = "course/data/sources.toml"
FORMATS = "course/data/formats.toml"
INCIDENTS = "course/data/incidents.toml"
ERRATA = "course/data/errata.toml"
GLOSSARY = "course/data/glossary.toml"
PRACTICE = "quizzes/L4.4.2/practice.toml"
PAGE = "course/L4.4.2/04-minimum-bar.py"
START = "course/start.py"

MINUTES = load_course(CHECKOUT).lessons[0].minutes
CHOICES = sum(item.kind == "choice" for item in load_practice(CHECKOUT))

_ROW = (CHECKOUT / FORMATS).read_text("utf-8").split('id = "safetensors"')[1].split("[[format]]")[0]
SAFETENSORS = _ROW[_ROW.index("[[format.experiment]]") :]
_ABOVE = _ROW.removesuffix(SAFETENSORS).count("\n") + 1  # lines from [[format]] to its experiments

Edit = Callable[[str, str, str], int]

# file, what is replaced, by what, line of the fault relative to the replaced text (None: the file as a whole), message
FAULTS: dict[str, tuple[str, str, str, int | None, str]] = {
    "not TOML": (
        FORMATS,
        'id = "gguf"',
        "id = gguf",
        0,
        "this is not TOML: invalid value. Correct the syntax.",
    ),
    "not TOML at the end": (GLOSSARY, "# Words", '"""', None, "this is not TOML"),
    "another risk in the risk's text": (
        FORMATS,
        'risk_text = "Low: no code',
        'risk_text = "High: no code',
        0,
        'format "onnx" says "high" in its risk_text, and has risk = "low". Make them the same.',
    ),
    "another risk after a yes": (
        FORMATS,
        'risk_text = "Yes, high: the same',
        'risk_text = "Yes, some of the same',
        0,
        'format "joblib" says "some" in its risk_text, and has risk = "high". Make them the same.',
    ),
    "a day that never came": (
        INCIDENTS,
        'date = "2024-02-27"',
        'date = "2024-02-30"',
        0,
        'incident "jfrog-100" has a wrong date "2024-02-30". Write "2024", "2024-02" or "2024-02-27".',
    ),
    "another CVE than the source's": (
        INCIDENTS,
        'id = "keras-lambda"\ndate = "2024-04-16"\ntitle = "Keras models inject code"\ntext = "CVE-2024-3660',
        'id = "keras-lambda"\ndate = "2024-04-16"\ntitle = "Keras models inject code"\ntext = "CVE-2024-3661',
        0,
        'incident "keras-lambda" names CVE-2024-3661, and not its record as a source. Correct the number, '
        'or add "cve-2024-3661" to its sources.',
    ),
    "another CVE in a title": (
        INCIDENTS,
        'title = "Keras models inject code"',
        'title = "Keras models inject code: CVE-2024-3661"',
        -2,
        'incident "keras-lambda" names CVE-2024-3661, and not its record as a source.',
    ),
    "another CVE, cut short": (
        INCIDENTS,
        'text = "Five records (CVE-2026-22606, -22607, -22608, -22609 and -22612)',
        'text = "Five records (CVE-2026-22606, -22607, -22608, -22609 and -22613)',
        -3,
        'incident "fickling-gaps" names CVE-2026-22613, and not its record as a source.',
    ),
    "another CVE in a format": (
        FORMATS,
        "CVE-2019-6446, so old code",
        "CVE-2019-6447, so old code",
        None,
        'format "npy" names CVE-2019-6447, and not its record as a source. Correct the number, or add '
        '"cve-2019-6447" to its sources.',
    ),
    "a row with no experiment": (
        FORMATS,
        SAFETENSORS,
        "",
        None,
        'format "safetensors" has no experiment. Add [[format.experiment]] below it; what cannot be tried is expect = '
        '"told", with its reason and sources.',
    ),
    "a row that rests on what is told": (
        FORMATS,
        SAFETENSORS,
        '[[format.experiment]]\nid = "safetensors-told"\nwhat = "The format has no place for code"\n'
        'expect = "told"\nreason = "Not tried here."\nsources = ["safetensors"]\n\n',
        -_ABOVE,
        'format "safetensors" says pickle = "No", and only what is told backs it. Add an experiment that is tried: '
        'expect = "refused" or "loaded".',
    ),
    "an outcome that is none": (
        FORMATS,
        'expect = "made"',
        'expect = "appeared"',
        0,
        'experiment "pt-canary-open" has an unknown expect "appeared". Use one of: made, refused, loaded, told.',
    ),
    "a call that is none": (
        FORMATS,
        'call = "joblib.load(file)"',
        'call = "joblib.open(file)"',
        0,
        'experiment "joblib-canary" has an unknown call "joblib.open(file)". Use one of: pickle.load(file), ',
    ),
    "a canary out of a loader that calls nothing": (
        FORMATS,
        'call = "torch.load(file, weights_only=False)"\nexpect = "made"',
        'call = "torch.load(file, weights_only=True)"\nexpect = "made"',
        1,
        'experiment "pt-canary-open" expects "made" of torch.load(file, weights_only=True), which calls nothing that '
        "a file names.",
    ),
    "a refusal for any reason": (
        FORMATS,
        'expect = "refused"\nshows = "points outside the directory"',
        'expect = "refused"',
        -5,
        'experiment "onnx-external" has no key "shows". Add shows = … (text).',
    ),
    "told without a reason": (
        FORMATS,
        'expect = "told"\nreason = """\nIt takes an old',
        'expect = "told"\nwhy = """\nIt takes an old',
        -3,
        'experiment "gguf-rendered" has no key "reason".',
    ),
    "told without a source": (
        FORMATS,
        'sources = ["cve-2024-34359", "cve-2026-5760"]\n\n[[format]]',
        "sources = []\n\n[[format]]",
        0,
        'experiment "gguf-rendered" has an empty list "sources". Name at least one.',
    ),
    "told, and tried as well": (
        FORMATS,
        'expect = "told"',
        'expect = "told"\nspecimen = "torch-plain"',
        1,
        'experiment "pt-restriction-broken" has an unknown key "specimen". '
        "Known keys: expect, id, reason, sources, what.",
    ),
    "a pickle that no experiment shows": (
        FORMATS,
        'pickle = "No"\nrisk = "low"\nrisk_text = "Low: none',
        'pickle = "Yes"\nrisk = "low"\nrisk_text = "Low: none',
        -4,
        'format "gguf" says pickle = "Yes", and no experiment shows it. Add one with expect = "made".',
    ),
    "a canary where there is said to be no pickle": (
        FORMATS,
        'extensions = [".joblib"]\npickle = "Yes"',
        'extensions = [".joblib"]\npickle = "No"',
        -3,
        'format "joblib" says pickle = "No", and expects that a canary appears.',
    ),
    "a condition that is never tried": (
        FORMATS,
        'extensions = [".joblib"]\npickle = "Yes"',
        'extensions = [".joblib"]\npickle = "Conditionally"',
        -3,
        'format "joblib" says pickle = "Conditionally", and no experiment shows when not.',
    ),
    "an experiment's id twice": (
        FORMATS,
        'id = "gguf-plain"',
        'id = "st-plain"',
        0,
        'experiment "st-plain" has an id that another one has.',
    ),
    "an experiment's source that is none": (
        FORMATS,
        'sources = ["cve-2024-3660", "cve-2025-9905", "cve-2025-1550"]',
        'sources = ["cve-2024-3660", "cve-2025-9905", "cve-2025-1550", "keras-blog"]',
        None,
        'experiment "keras-brought-to-life" names the source "keras-blog", which is unknown.',
    ),
    "another CVE in an experiment": (
        FORMATS,
        "2.13 it brought the bytecode to \\\nlife (CVE-2024-3660)",
        "2.13 it brought the bytecode to \\\nlife (CVE-2024-3661)",
        None,
        'experiment "keras-brought-to-life" names CVE-2024-3661, and not its record as a source.',
    ),
    "missing key": (
        FORMATS,
        'risk = "none"\n',
        "",
        -5,
        'format "safetensors" has no key "risk". Add risk = … (text).',
    ),
    "typo in a key": (
        FORMATS,
        'notes = "Binary',
        'note = "Binary',
        0,
        'format "gguf" has an unknown key "note". Known keys: corrected, detail,',
    ),
    "typo in a table": (
        INCIDENTS,
        "[[incident]]",
        "[[incidnet]]",
        0,
        'unknown table "incidnet". Known here: incident.',
    ),
    "wrong type": (
        FORMATS,
        'extensions = [".gguf"]',
        'extensions = ".gguf"',
        0,
        'format "gguf" has a wrong "extensions". It must be a list.',
    ),
    "empty text": (
        INCIDENTS,
        'title = "NumPy stops unpickling by default"',
        'title = " "',
        0,
        'incident "numpy-default" has an empty "title". Write it.',
    ),
    "empty list": (
        FORMATS,
        'sources = ["joblib-persistence", "py-pickle"]',
        "sources = []",
        0,
        'format "joblib" has an empty list "sources". Name at least one.',
    ),
    "text in a list is empty": (
        FORMATS,
        'extensions = [".gguf"]',
        'extensions = [""]',
        0,
        'format "gguf" has a wrong "extensions". It must be a list of texts, none of them empty.',
    ),
    "same word twice": (
        FORMATS,
        'extensions = [".gguf"]',
        'extensions = [".gguf", ".gguf"]',
        0,
        'format "gguf" names ".gguf" twice in "extensions". Name it once.',
    ),
    "duplicate id": (
        FORMATS,
        'id = "gguf"',
        'id = "onnx"',
        None,
        'format "onnx" has an id that another one has. Ids are unique in a file: choose another.',
    ),
    "unusable id": (
        FORMATS,
        'id = "gguf"',
        'id = "g g"',
        0,
        'format "g g" has an unusable id "g g". Use letters,',
    ),
    "unknown risk": (
        FORMATS,
        'risk = "some"',
        'risk = "medium"',
        0,
        'format "h5" has an unknown risk "medium". Use one of: high, some, low, none.',
    ),
    "unknown pickle word": (
        FORMATS,
        'pickle = "Conditionally"',
        'pickle = "Perhaps"',
        0,
        'format "npy" has an unknown pickle "Perhaps". Use one of: Yes, No, Partially, Conditionally.',
    ),
    "unknown erratum": (
        FORMATS,
        'corrected = "gguf-not-zero"',
        'corrected = "gguf-zero"',
        -12,
        'format "gguf" names the erratum "gguf-zero", which is unknown. Use an id out of course/data/errata.toml.',
    ),
    "bad date": (
        INCIDENTS,
        'date = "2023-01"',
        'date = "2023-13"',
        0,
        'incident "onnx-traversal" has a wrong date "2023-13". Write "2024", "2024-02" or "2024-02-27".',
    ),
    "dates out of order": (
        INCIDENTS,
        'date = "2024-04-16"',
        'date = "2024-01"',
        0,
        'incident "keras-lambda" is dated 2024-01, before the one above it. Put the oldest first.',
    ),
    "date as text": (
        ERRATA,
        "checked = 2026-11-23",
        'checked = "2026-11-23"',
        0,
        'erratum "docs-quote" has a wrong "checked". It must be a date like 2026-11-23.',
    ),
    "date with a time": (
        SOURCES,
        "checked = 2026-11-23",
        "checked = 2026-11-23T10:00:00Z",
        0,
        'source "py-pickle" has a wrong "checked". It must be a date',
    ),
    "unknown kind of incident": (
        INCIDENTS,
        'kind = "defence"',
        'kind = "defense"',
        0,
        'has an unknown kind "defense". Use one of: incident, vulnerability, scanner-bypass, defence.',
    ),
    "address without https": (
        SOURCES,
        'url = "https://docs.python.org/3/library/pickle.html"',
        'url = "docs.python.org"',
        0,
        'source "py-pickle" has a wrong url "docs.python.org". It must begin with https:// and hold no spaces.',
    ),
    "unknown source in a row": (
        INCIDENTS,
        'sources = ["nullifai"]',
        'sources = ["nullify"]',
        -5,
        'incident "nullifai" names the source "nullify", which is unknown. Add it to course/data/sources.toml, or corr',
    ),
    "unknown source in a tag": (
        COURSE,
        'source = "owasp-2025"',
        'source = "owasp-2024"',
        -2,
        'tag "LLM03:2025" names the source "owasp-2024", which is unknown.',
    ),
    "unused source": (
        INCIDENTS,
        'sources = ["nullifai"]',
        'sources = ["hf-pickle"]',
        None,
        'source "nullifai" is used nowhere. Cite it, name it in a row\'s sources, or remove it.',
    ),
    "erratum without evidence": (
        ERRATA,
        'method = "Words of the script counted, headings and slide marks left out."\n',
        "",
        -4,
        'erratum "script-length" has neither sources nor a method. Say where it is written, or how it was counted',
    ),
    "erratum on an unknown page": (
        ERRATA,
        'pages = ["05-maximum-bar"]',
        'pages = ["05-maximum"]',
        -5,
        'erratum "sigstore-2026" names the page "05-maximum", which is unknown. Use an id out of course/course.toml.',
    ),
    "erratum on a page that does not correct it": (
        ERRATA,
        'pages = ["05-maximum-bar"]',
        'pages = ["05-maximum-bar", "04-minimum-bar"]',
        None,
        '04-minimum-bar.py: does not correct "sigstore-2026", though the erratum names this page. Write it, marked '
        "{# corrects: sigstore-2026 #}, or take the page out of course/data/errata.toml.",
    ),
    "correction of an erratum that does not name the page": (
        PAGE,
        "{# corrects: scanners-names #}",
        "{# corrects: scanners-names, sigstore-2026 #}",
        0,
        'corrects "sigstore-2026", and the erratum\'s pages do not name this one. Add "04-minimum-bar" to its pages',
    ),
    "correction of an unknown erratum": (
        PAGE,
        "{# corrects: scanners-names #}",
        "{# corrects: scanners-names, scanner #}",
        0,
        'corrects "scanner", which is no erratum. Correct the id; they are in course/data/errata.toml.',
    ),
    "correction without its erratum": (
        PAGE,
        "Plain words.",
        "> **Corrected.** It was otherwise.",
        0,
        "corrects something, and not what. Write {# corrects: id #} into it",
    ),
    "glossary key is no flag": (
        GLOSSARY,
        "\nkey = true",
        '\nkey = "yes"',
        1,
        'has a wrong "key". It must be true or false.',
    ),
    "page without minutes": (
        COURSE,
        'section = "Key terms"\nminutes = 2\n',
        'section = "Key terms"\n',
        -3,
        'page "08-key-terms" has no key "minutes". Add minutes = … (a whole number).',
    ),
    "page with no minutes": (
        COURSE,
        'section = "Key terms"\nminutes = 2\n',
        'section = "Key terms"\nminutes = 0\n',
        1,
        'page "08-key-terms" has a wrong "minutes". It must be 1 or more.',
    ),
    "minutes that do not add up": (
        COURSE,
        f"minutes = {MINUTES} ",
        "minutes = 35 ",
        0,
        f'lesson "L4.4.2" says 35 minutes, and its pages add up to {MINUTES}. '
        f"Set minutes = {MINUTES}, or correct a page.",
    ),
    "minutes as true": (
        COURSE,
        f"minutes = {MINUTES} ",
        "minutes = true ",
        0,
        'has a wrong "minutes". It must be a whole number.',
    ),
    "no start page": (
        COURSE,
        "[course.start]",
        "[course.begin]",
        -5,
        '"start". Add start = … (a table).',
    ),
    "no course table": (
        COURSE,
        "[course]\n",
        "[curse]\n",
        None,
        'a table course has no key "title". Add title = … (text).',
    ),
    "item without right choice": (
        PRACTICE,
        "right = true",
        "right = false",
        None,
        'item "p-just-looking" has no right choice. Set right = true on one.',
    ),
    "item with two right choices": (
        PRACTICE,
        'text = "Only when you use one of the values", why',
        'text = "Only when you use one of the values", right = true, why',
        None,
        'item "p-just-looking" has 2 right choices. Leave right = true on one only.',
    ),
    "item with few choices": (
        PRACTICE,
        '    { text = "The file arrives with the dangerous opcodes taken out", why = '
        '"Nobody rewrites the file: you get the bytes that were uploaded." },\n',
        "",
        None,
        'item "p-flagged-file" has 2 choices. Give three or four.',
    ),
    "item with the same choice twice": (
        PRACTICE,
        'text = "The file does what its model card says"',
        'text = "The file is safe to load"',
        None,
        'item "p-clean-means" has the same choice twice. Write different choices.',
    ),
    "choice without why": (
        PRACTICE,
        ', why = "By then it is over: values are the product of running the program."',
        "",
        None,
        'item "p-just-looking", choices has no key "why". Add why = … (text).',
    ),
    "typo in a choice": (
        PRACTICE,
        "right = true",
        "rigth = true",
        None,
        'choices has an unknown key "rigth".',
    ),
    "item without hint": (
        PRACTICE,
        'hints = [\n    "Its opposite is called an allow-list.",\n    "The first word is the opposite of allow.",\n]',
        "hints = []",
        0,
        'item "p-term-deny-list" has no hint. Give two or three, from gentle to plain.',
    ),
    "item with one hint": (
        PRACTICE,
        '    "The first word is the opposite of allow.",\n',
        "",
        -2,
        'item "p-term-deny-list" has 1 hints. Give two or three, from gentle to plain.',
    ),
    "item without title": (
        PRACTICE,
        'title = "What an equal hash proves"\n',
        "",
        None,
        'item "p-hash-proves" has no key "title".',
    ),
    "item with a title that is marked up": (
        PRACTICE,
        'title = "What an equal hash proves"',
        'title = "What an equal `hash` proves"',
        0,
        'item "p-hash-proves" has a title that is too long, has a line break or is marked up. Give at most 48 plain',
    ),
    "item with a title as long as a question": (
        PRACTICE,
        'title = "What an equal hash proves"',
        'title = "A nightly job downloads a model and compares hashes"',
        0,
        'item "p-hash-proves" has a title that is too long, has a line break or is marked up. Give at most 48 plain',
    ),
    "two items with one title": (
        PRACTICE,
        'title = "What an equal hash proves"',
        'title = "Who makes picklescan"',
        None,
        'the items "p-hash-proves" and "p-check-the-source" have the same title. Tell them apart.',
    ),
    "text item without answer": (
        PRACTICE,
        'accepted = ["reduce", "the reduce opcode", "opcode reduce"]',
        "accepted = []",
        0,
        'item "p-which-opcode-calls" has no accepted answer. Add at least one.',
    ),
    "text item that does not say what it expects": (
        PRACTICE,
        'expects = "a term of one or two words"\n',
        "",
        -7,
        'item "p-term-deny-list" does not say what kind of answer it expects. Add expects = "…", a few words',
    ),
    "choice item with expects": (
        PRACTICE,
        'id = "p-clean-means"',
        'expects = "a word"\nid = "p-clean-means"',
        -1,
        'item "p-clean-means" is a choice and has "expects". Take it out, or set kind = "text".',
    ),
    "text item that accepts nothing": (
        PRACTICE,
        'accepted = ["reduce",',
        'accepted = ["?!", "reduce",',
        0,
        'item "p-which-opcode-calls" accepts an empty answer. Take it out.',
    ),
    "right and wrong at once": (
        PRACTICE,
        'match = ["stop"]',
        'match = ["Reduce."]',
        None,
        'item "p-which-opcode-calls" counts "reduce" as right and as wrong. Take it out of one of them.',
    ),
    "choice item with accepted": (
        PRACTICE,
        'id = "p-clean-means"',
        'accepted = ["x"]\nid = "p-clean-means"',
        -1,
        'item "p-clean-means" is a choice and has "accepted" or "wrong". Take them out, or set kind = "text".',
    ),
    "text item with choices": (
        PRACTICE,
        'kind = "text"\ncovers = ["explain-unsafe"]\nprompt = "A scanner',
        'kind = "text"\nchoices = [{ text = "a", why = "b" }]\ncovers = ["explain-unsafe"]\nprompt = "A scanner',
        -4,
        'item "p-term-deny-list" is a text and has "choices". Take them out, or set kind = "choice".',
    ),
    "unknown kind of item": (
        PRACTICE,
        'kind = "choice"',
        'kind = "select"',
        0,
        'has an unknown kind "select".',
    ),
    "item id without p-": (
        PRACTICE,
        'id = "p-clean-means"',
        'id = "clean-means"',
        0,
        'item "clean-means" has an id that does not begin with p-. Call it "p-clean-means".',
    ),
    "item on an unknown page": (
        PRACTICE,
        'page = "07-real-world-example"',
        'page = "07-real-world"',
        -2,
        'item "p-after-takedown" names the page "07-real-world", which the lesson does not have.',
    ),
    "item that covers nothing known": (
        PRACTICE,
        'covers = ["compare-formats", "onnx"]',
        'covers = ["compare-formats", "onxx"]',
        -4,
        'item "p-row-onnx" covers "onxx", which is neither an objective nor a table row.',
    ),
    "item without objective": (
        PRACTICE,
        'covers = ["compare-formats", "onnx"]',
        'covers = ["onnx"]',
        -4,
        'item "p-row-onnx" covers no objective. Name at least one of: compare-formats, explain-unsafe.',
    ),
    "table row without item": (
        PRACTICE,
        'covers = ["compare-formats", "onnx"]',
        'covers = ["compare-formats"]',
        None,
        'no item for the table row "onnx". Write at least one.',
    ),
    "page without item": (
        PRACTICE,
        'page = "09-references"',
        'page = "08-key-terms"',
        None,
        'no item for the page "09-references". Write at least one.',
    ),
    "objective without item": (
        COURSE,
        "[[lesson.objective]]",
        '[[lesson.objective]]\nid = "fly"\ntext = "Fly."\n\n[[lesson.objective]]',
        None,
        'no item for the objective "fly". Write at least one.',
    ),
    "item that names a CVE without a source": (
        PRACTICE,
        'sources = ["numpy-load", "cve-2019-6446"]',
        "",
        -17,
        'item "p-row-npy" states a CVE number without a source. Name it in the item\'s sources.',
    ),
    "page source missing its title": (
        PAGE,
        "# # The minimum-bar defense",
        "# Words.",
        None,
        "has no title. Begin the first",
    ),
    "another title": (
        PAGE,
        "# # The minimum-bar defense",
        "# # The least you can do",
        0,
        'has the title "The least you can do", and course/course.toml says "The minimum-bar defense". Make them the',
    ),
    "unknown citation": (
        PAGE,
        "Plain words.",
        "Plain words [@picklescan; @pickelscan].",
        0,
        'cites "pickelscan", which is no known source. Add it to course/data/sources.toml, or correct the id.',
    ),
    "a CVE without a source": (
        PAGE,
        "Plain words.",
        "See CVE-2025-1716.",
        0,
        'states a CVE number without a source: "See CVE-2025-1716.". Cite one, as [@source-id]; the ids are in',
    ),
    "a year without a source": (
        PAGE,
        "Plain words.",
        "It was fixed\n# in 2025.",
        0,
        'states a year without a source: "It was',
    ),
    "a percentage without a source": (
        PAGE,
        "Plain words.",
        "About 45 % do.",
        0,
        "states a percentage without a source",
    ),
    "a count without a source": (
        PAGE,
        "Plain words.",
        "Some 100 malicious models.",
        0,
        "states a count without a source",
    ),
    "a claim on the start page": (
        START,
        "Plain words.",
        "Since 2019.",
        0,
        "states a year without a source",
    ),
    "dead link": (
        PAGE,
        "Plain words.",
        "Back to [the start](../begin.ipynb#top).",
        0,
        'links to "../begin.ipynb", which is not there. Correct the address.',
    ),
    "dead picture": (
        PAGE,
        "Plain words.",
        "![a line](pictures/none.svg)",
        0,
        'links to "pictures/none.svg", which is not',
    ),
    "unknown card": (
        PAGE,
        'lab.card("p-clean-means")',
        'lab.card("p-clean")',
        0,
        'shows the card "p-clean", which is no practice item. Correct the id; they are in quizzes/',
    ),
    "card that is not shown": (
        PAGE,
        'lab.card("p-clean-means")',
        "pass",
        None,
        'does not show the card "p-clean-means", which belongs on it. Add lab.card("p-clean-means") in a code cell.',
    ),
    "card on another page": (
        PAGE,
        'lab.card("p-clean-means")',
        'lab.card("p-hash-proves")',
        0,
        'shows the card "p-hash-proves", which belongs on page "05-maximum-bar". Move it there, or change its page',
    ),
    "card shown twice": (
        PAGE,
        'lab.card("p-clean-means")',
        'lab.card("p-clean-means")\nlab.card("p-clean-means")',
        1,
        'shows the card "p-clean-means" a second time. Show each card once.',
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_with_its_message(course: Path, edit: Edit, name: str) -> None:
    """One change in one file gives that file's line, the problem and the remedy, and no flood of others."""
    path, old, new, offset, message = FAULTS[name]
    line = edit(path, old, new)
    found = [str(fault) for fault in check(course)]
    place = path if offset is None else f"{path}:{line + offset}: "
    if offset is not None:
        assert [text for text in found if text.startswith(place) and message in text], "\n".join(
            found
        )
    else:
        assert [text for text in found if message in text], "\n".join(found)
    assert len(found) <= 4, "\n".join(found)


def test_the_untouched_course_has_no_fault(course: Path) -> None:
    """What the faults are planted in is sound, so each is found for its own sake."""
    assert [str(fault) for fault in check(course)] == []


def test_all_faults_are_told_at_once_and_in_order(course: Path, edit: Edit) -> None:
    """An author mends a page of mistakes in one go."""
    edit(FORMATS, 'risk = "none"', 'risk = "no"')
    edit(FORMATS, 'notes = "Binary', 'note = "Binary')
    edit(PRACTICE, 'kind = "choice"', 'kind = "select"')
    edit(PAGE, "Plain words.", "In 2025.")
    (course / INCIDENTS).write_bytes(b"\xff")
    places = [fault.place for fault in check(course)]
    assert len(places) >= 5
    assert {place.split(":")[0] for place in places} >= {FORMATS, PRACTICE, PAGE, INCIDENTS}
    keys = [
        (place.split(":")[0], int(place.split(":")[1]) if ":" in place else 0) for place in places
    ]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    "path", [COURSE, SOURCES, FORMATS, INCIDENTS, ERRATA, GLOSSARY, PRACTICE, PAGE]
)
@pytest.mark.parametrize("harm", ["missing", "empty", "latin", "folder", "nonsense"])
def test_no_state_of_a_file_breaks_the_check(course: Path, path: str, harm: str) -> None:
    """A file that is missing, empty, wrongly encoded, a folder or full of nonsense is a fault, not a traceback."""
    file = course / path
    file.unlink()
    if harm == "empty":
        file.touch()
    elif harm == "latin":
        file.write_bytes("# café".encode("latin-1"))
    elif harm == "folder":
        file.mkdir()
    elif harm == "nonsense":
        file.write_text(
            "format = 3\nsource = [1]\ncourse = []\nlesson = {}\nitem = [[]]\n# %% [markdown]\n# ```"
        )
    assert [fault for fault in check(course) if fault.place.split(":")[0] == path]


def test_a_table_that_is_missing_is_told_once(course: Path) -> None:
    """One fault is enough: not one for each key that the missing table would have."""
    file = course / COURSE
    file.write_text("[[lesson]]" + file.read_text().split("[[lesson]]", 1)[1])
    assert [str(fault) for fault in check(course)] == [
        f"{COURSE}: has no table [course]. Add it.",
        f"{START}: is no page of the course. List it in course/course.toml, or remove it.",
    ]


def test_a_stray_source_is_told(course: Path) -> None:
    """A lesson source that course.toml does not list would never be seen by a learner."""
    (course / "course" / "L4.4.2" / "10-extra.py").write_text("# %%\n")
    (fault,) = check(course)
    assert str(fault) == (
        "course/L4.4.2/10-extra.py: is no page of the course. List it in course/course.toml, or remove it."
    )


def test_right_choices_all_in_one_place_are_told(course: Path) -> None:
    """A learner who always takes the second answer must not pass."""
    file = course / PRACTICE
    lines, second = [], ""
    for text in file.read_text().splitlines(keepends=True):
        if text.startswith("    { text ="):
            if "right = true" in text:
                second = text
                continue
            lines.append(text)
            if second and "choices = [" in lines[-2]:
                lines.append(second)
                second = ""
        elif text == "]\n" and second:
            at = max(n for n, line in enumerate(lines) if line == "choices = [\n")
            lines.insert(at + 2, second)
            second = ""
            lines.append(text)
        else:
            lines.append(text)
    file.write_text("".join(lines))
    (fault,) = check(course)
    assert str(fault) == (
        f"{PRACTICE}: the right choice is number 2 in {CHOICES} of {CHOICES} items. "
        "Move some, so that the place gives nothing away."
    )


@pytest.mark.parametrize(
    ("load", "path"),
    [
        (load_course, COURSE),
        (load_sources, SOURCES),
        (load_formats, FORMATS),
        (load_practice, PRACTICE),
    ],
)
def test_a_loader_raises_the_first_fault(
    course: Path, load: Callable[[Path], object], path: str
) -> None:
    """Who loads one file gets one error with its place, or the whole of it."""
    load(course)
    (course / path).write_text("x = [\n")
    with pytest.raises(ContentError) as caught:
        load(course)
    assert caught.value.place.startswith(f"{path}:")
    assert caught.value.exit_code == 2
