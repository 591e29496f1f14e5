"""deck.md is read into slides, and whatever it gets wrong is told with its line and what to do."""

from __future__ import annotations

import shutil

import pytest

from unpickled.content import check, deck_lessons, load_deck
from unpickled.content.deck import LAYOUTS, Bullets, Steps
from unpickled.content.deck_source import deck_path, read_deck
from unpickled.content.deck_values import options
from unpickled.errors import ContentError

LESSON = "L4.4.2"
DECK = deck_path(LESSON)


@pytest.fixture
def deck(root, course):
    """Put the real deck into this test's own course."""
    shutil.copy(root / DECK, course / DECK)
    return course


def faults_of(course):
    found = []
    read_deck(course, found, LESSON)
    return found


def test_the_deck_of_the_course_has_the_eight_slides_of_its_outline(root):
    """Eight slides, each with a title, an id, a known layout, a budget and something to say."""
    deck = load_deck(LESSON, root)
    assert deck_lessons(root) == (LESSON,)
    assert [slide.id for slide in deck.slides] == [
        "title", "pickle", "why", "formats", "minimum", "maximum", "test", "next"
    ]  # fmt: skip
    assert [slide.number for slide in deck.slides] == list(range(1, 9))
    for slide in deck.slides:
        assert slide.layout in LAYOUTS
        assert slide.title
        assert slide.seconds
        assert all(slide.spoken)
        assert len(slide.spoken) == len(slide.spoken_lines)


def test_lines_of_the_file_are_those_of_the_slides(root):
    """Every heading, text and paragraph is found again at the line that its record names."""
    lines = (root / DECK).read_text("utf-8").splitlines()
    for slide in load_deck(LESSON, root).slides:
        assert slide.title in lines[slide.line - 1]
        for line, text in slide.texts:
            assert text[:20] in lines[line - 1]
        for line in slide.spoken_lines:
            assert lines[line - 1].strip()
            assert not lines[line - 2].strip()


def test_lists_and_steps_are_told_apart(root):
    """Bullets are a list, a checklist is steps; an indented line goes on with its item."""
    slides = {slide.id: slide for slide in load_deck(LESSON, root).slides}
    (bullets,) = [part for part in slides["pickle"].parts if isinstance(part, Bullets)]
    (steps,) = [part for part in slides["maximum"].parts if isinstance(part, Steps)]
    assert len(bullets.items) == 4
    assert bullets.items[3].endswith("[@torch-2.6; @cve-2025-32434; @cve-2026-24747]")
    assert [item.split("**")[1] for item in steps.items][3] == "Log every load."


def test_what_is_said_follows_the_data(deck, edit):
    """A risk, a title and a count that change in the tables change in the sentence."""
    edit("course/data/incidents.toml", '\nkind = "scanner-bypass"', '\nkind = "defence"')
    before = load_deck(LESSON, deck)
    text = (deck / "course/data/formats.toml").read_text("utf-8")
    at = text.index('id = "gguf"')
    (deck / "course/data/formats.toml").write_text(
        text[:at] + text[at:].replace('risk = "low"', 'risk = "some"', 1), "utf-8"
    )
    said = [
        " ".join(s.spoken)
        for d in (before, load_deck(LESSON, deck))
        for s in d.slides
        if s.id == "formats"
    ]
    assert "Ollama: low," in said[0]
    assert "Ollama: some," in said[1]


FAULTS = [  # what stands there, what an author puts in its place, on which line after it the fault is, what is said
    ('## Up next {#next layout=next seconds=10}', '## Up next {#test layout=next seconds=10}', 0,
     'slide "Up next" has the id "test", which the slide of line 100 has',
     'Ids are unique in a deck: choose another.'),
    ('{#next layout=next seconds=10}', '{layout=next seconds=10}', 0,
     'slide "Up next" has no id',
     'Write it as: ## Title {#id layout=text seconds=30}.'),
    ('## Up next {#next', '## {#next', 0,
     'a slide has no title',
     'Write it as: ## Title {#id layout=text seconds=30}.'),
    ('layout=next ', 'layout=nxt ', 0,
     'slide "Up next" has the unknown layout "nxt"',
     'Use one of: title, text, checklist, table, code, picture, terminal, next.'),
    ('layout=next ', '', 0,
     'slide "Up next" has no layout',
     'Use one of: title, text, checklist, table, code, picture, terminal, next.'),
    ('layout=next seconds=10', 'layout=next seconds=ten', 0,
     'slide "Up next" does not say how many seconds it may be spoken to',
     'Add seconds=30, or what it needs.'),
    ('layout=next seconds=10', 'layout=next seconds=10 speed=9', 0,
     'a slide has no attribute "speed=9"',
     'Write it as: ## Title {#id layout=text seconds=30}.'),
    ('layout=next seconds=10', 'layout=next layout=next seconds=10', 0,
     'a slide has two of layout',
     'Leave one.'),
    ('{#next ', '{#ne/xt ', 0,
     'a slide has the unusable id "ne/xt"',
     'Use letters, digits, dots and hyphens, no spaces.'),
    ('+++\nlesson', 'lesson', 0,
     'does not begin with front matter between two lines +++',
     'Begin it as the other decks do.'),
    ('lesson = "L4.4.2"', 'lesson = "L4.4.3"', 0,
     'the front matter says lesson = "L4.4.3"',
     'Its folder says "L4.4.2".'),
    ('target_minutes = 4', 'target_minutes = 6', 0,
     'the front matter aims at 6 minutes, above its cap of 5',
     'Lower the target, or raise the cap.'),
    ('cap_minutes = 5', 'cap_minutes = 5\ncolour = "red"', 1,
     'the front matter has an unknown key "colour"',
     'Known keys: cap_minutes, exempt, lesson, target_minutes, title, words_per_minute.'),
    ('words_per_minute = 130\n', '', -5,
     'the front matter has no key "words_per_minute"',
     'Add words_per_minute = … (a whole number).'),
    ('words_per_minute = 130', 'words_per_minute = 221', 0,
     'the front matter is spoken at words_per_minute = 221',
     'Nobody follows that: choose 80 to 220; 130 is a calm pace.'),
    ('words_per_minute = 130', 'words_per_minute = 79', 0,
     'the front matter is spoken at words_per_minute = 79',
     'Nobody follows that: choose 80 to 220; 130 is a calm pace.'),
    ('L4.4.3: Model-card lies', '# L4.4.3: Model-card lies', 0,
     'a slide cannot show a heading inside a slide',
     'Begin a new slide: ## Title {#id …}.'),
    ('L4.4.3: Model-card lies', '| a | b |', 0,
     'a slide cannot show a table',
     'The table comes from course/data/formats.toml: {{ formats() }}.'),
    ('L4.4.3: Model-card lies', '![x](y.png)', 0,
     'a slide cannot show a picture',
     'Pictures are made: {{ timeline() }}, {{ terminal(…) }}.'),
    ('L4.4.3: Model-card lies', '<b>x</b>', 0,
     'a slide cannot show HTML',
     'Use words, **strong** and `code`: PowerPoint knows no HTML.'),
    ('L4.4.3: Model-card lies', '> x', 0,
     'a slide cannot show a quote block',
     'Write it as a paragraph in quotation marks.'),
    ('L4.4.3: Model-card lies', '```\nx\n```', 0,
     'a slide cannot show a code block',
     'Code comes from a run: {{ disassembly(…) }}.'),
    ('L4.4.3: Model-card lies', 'See https://example.org', 0,
     'has a link, which no printed slide can follow',
     'Put the address into course/data/sources.toml, and cite it as [@source-id].'),
    ('L4.4.3: Model-card lies', 'Open `code', 0,
     'has a ` without its partner',
     'Close the code, or take the ` out.'),
    ('L4.4.3: Model-card lies', 'Open **bold', 0,
     'has a ** without its partner',
     'Close it, or take it out.'),
    ('L4.4.3: Model-card lies', 'Cites [@ x]', 0,
     'has a citation that is not written as one',
     'Write [@one], or [@one; @two].'),
    ('L4.4.3: Model-card lies', 'Asks {{ nothing() }} here', 0,
     'asks for nothing(), which is unknown',
     'Known in a text: risk(format="…"), title(incident="…"), month(incident="…"), count(incidents="…").'),
    ('L4.4.3: Model-card lies', 'Asks {{ risk(format="zip") }} here', 0,
     'asks for the format "zip", which is unknown',
     'Use an id out of course/data/formats.toml.'),
    ('L4.4.3: Model-card lies', 'Asks {{ timeline() }} here', 0,
     'has timeline() in the middle of a text',
     'Put it on a line of its own, with an empty one around it.'),
    ('{{ timeline() }}', '{{ timelines() }}', 0,
     'asks for timelines(), which is unknown: {{ timelines() }}',
     'Known on a line of its own: {{ formats() }}, {{ timeline() }}, '
     '{{ disassembly(specimen="…", highlight="…") }}, {{ terminal(specimen="…") }}.'),
    ('{{ timeline() }}', '{{ timeline(a="b") }}', 0,
     'asks for timeline(a="b")',
     'Write {{ timeline() }}.'),
    ('- Honest files', '  - Honest files', 0,
     'a slide cannot show a list inside a list',
     'Begin it at the margin, or make it a sentence of the item above.'),
    ('and no keys\n', 'and no keys\n   1. **First.** A step\n', 1,
     'a slide cannot show a list inside a list',
     'Begin it at the margin, or make it a sentence of the item above.'),
    ('## Up next {', '## Up `next` {', 0,
     'slide "next" has code marks in its title, which would show the marks',
     'Write the title in plain words.'),
    ('## Up next {', '## Up **next** {', 0,
     'slide "next" has bold text in its title, which would show the marks',
     'Write the title in plain words.'),
    ('## Up next {', '## Up next [@py-pickle] {', 0,
     'slide "next" has a citation in its title, which would show the marks',
     'Write the title in plain words.'),
    ('- Honest files', '- Honest\x08 files', 0,
     'holds the control character U+0008',
     'Take it out: no slide can show it.'),
    ('- Honest files', '- Honest files\x00', 0,
     'holds the control character U+0000',
     'Take it out: no slide can show it.'),
    ('- Honest files', '- Honest\x0c files', 0,
     'holds the control character U+000C',
     'Take it out: no slide can show it.'),
    ('2. **Load it in', '3. **Load it in', 0,
     'step 2 has the number 3',
     'Count 1, 2, 3.'),
    ('2. **Load it in isolation.**', '2. Load it in isolation.', 0,
     'step 2 does not begin with its step in bold',
     'Write 2. **What to do.** Then how.'),
    ('Next lesson: model-card', '- Next lesson: model-card', 0,
     'the spoken text holds a list',
     'Say it in sentences.'),
    ('Next lesson: model-card', 'Next **lesson**: model-card', 0,
     'the spoken text holds bold text',
     'Leave it to the slide; here stands what is said.'),
]  # fmt: skip


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case[3][:40])
def test_a_planted_fault_is_told_with_line_and_remedy(deck, edit, case):
    """One edit that an author might make, and exactly what is said of it."""
    old, new, off, problem, remedy = case
    line = edit(DECK, old, new)
    fault = faults_of(deck)[0]
    assert fault.place == f"{DECK}:{line + off}"
    assert (fault.problem, fault.remedy) == (problem, remedy)
    with pytest.raises(ContentError):
        load_deck(LESSON, deck)


def test_reading_goes_on_after_a_fault(deck, edit):
    """An author sees every fault at once, in the order of the file."""
    edit(DECK, "layout=title", "layout=titel")
    edit(DECK, "2. **Load it", "9. **Load it")
    edit(DECK, "L4.4.3: Model", "> L4.4.3: Model")
    lines = [int(fault.place.rpartition(":")[2]) for fault in faults_of(deck)]
    assert len(lines) == 3
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, "the file is missing"),
        (b"", "is empty"),
        (b"+++\ntitle = 1\n", "does not begin with front matter between two lines +++"),
        (b"+++\n+++\n\xff", "byte 8 is not UTF-8"),
        (b"+++\nx = \n+++\n", "this is not TOML"),
        (b'+++\nlesson = "L4.4.2"\n+++\n', "has no slide"),
        (b"+++\n+++\nwords\n## T {#a layout=text seconds=9}\n", "stands before the first slide"),
    ],
)
def test_a_file_that_is_no_deck_is_told_so(course, data, problem):
    """Nothing that stands in its place raises anything but faults."""
    if data is not None:
        (course / DECK).write_bytes(data)
    assert any(problem in fault.problem for fault in faults_of(course))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_mark_of_the_byte_order_and_windows_ends_of_line_are_read(deck, end):
    """What an editor on Windows saves is the same deck, line for line."""
    before = load_deck(LESSON, deck)
    data = (deck / DECK).read_bytes().replace(b"\n", end)
    (deck / DECK).write_bytes(b"\xef\xbb\xbf" + data)
    assert load_deck(LESSON, deck) == before


def test_a_folder_in_its_place_is_told_so(course):
    """What cannot be read has a fault of its own."""
    (course / DECK).mkdir()
    assert "cannot be read" in faults_of(course)[0].problem


def test_sources_that_only_slides_cite_are_used_and_unknown_ones_are_faults(deck, edit):
    """The course's check knows what slides cite."""
    line = edit(DECK, "L4.4.3: Model-card lies", "Cites [@no-such]")
    faults = {fault.place: fault.problem for fault in check(deck)}
    assert faults[f"{DECK}:{line}"] == 'cites "no-such", which is no known source'
    assert not [problem for problem in faults.values() if '"hf-pickle" is used nowhere' in problem]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        (' a="b" ', {"a": "b"}),
        ('a="b", c="d"', {"a": "b", "c": "d"}),
        ('a="b" c="d"', None),
        ('a="b", a="c"', None),
        ("a=b", None),
        ('a="b', None),
        ("nonsense", None),
    ],
)
def test_options_are_read_or_refused(text, found):
    """Only key="value" is an option."""
    got = options(text)
    assert got == found
