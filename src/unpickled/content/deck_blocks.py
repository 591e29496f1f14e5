"""The blocks of a slide in deck.md: paragraphs, bullets, steps and data, each with its line; and what is spoken.

A block ends at an empty line; a line that is indented goes on with the item above it, and is no item itself.
Markdown that a slide cannot show is refused, each kind with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from unpickled.content.deck import Bullets, Data, Part, Steps, Text
from unpickled.content.deck_values import BLOCKS, CALL, UnansweredError, Values, options
from unpickled.content.loaders import Faults
from unpickled.content.prose import CITATION
from unpickled.errors import ContentError

__all__ = ["Line", "Reader"]

BULLET = re.compile(r"[-*+]\s+(?P<text>.*)")
STEP = re.compile(r"(?P<number>\d+)[.)]\s+(?P<text>.*)")
COMMENT = re.compile(r"<!--.*?-->")
REFUSED = (
    (r"#{1,6}(\s|$)", "a heading inside a slide", "Begin a new slide: ## Title {#id …}."),
    (r"```|~~~", "a code block", "Code comes from a run: {{ disassembly(…) }}."),
    (r"\|", "a table", "The table comes from course/data/formats.toml: {{ formats() }}."),
    (r"!\[", "a picture", "Pictures are made: {{ timeline() }}, {{ terminal(…) }}."),
    (r"<", "HTML", "Use words, **strong** and `code`: PowerPoint knows no HTML."),
    (r">", "a quote block", "Write it as a paragraph in quotation marks."),
)
LINK = re.compile(r"\[[^\]]*\]\([^)]*\)|https?://")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file, or a block at its first line; `number` counts from 1."""

    number: int
    text: str


@dataclass(slots=True)
class _Block:
    """A paragraph or a list that is being read: its kind and its items, each at its line."""

    kind: str
    items: list[Line]

    def go_on(self, text: str) -> None:
        last = self.items[-1]
        self.items[-1] = Line(last.number, f"{last.text} {text}".strip())


class Reader:
    """Reads the blocks of one deck.

    Args:
        path: the file, relative to the course's folder, for faults.
        values: what answers the calls in a text.
        faults: the list to add to.
    """

    def __init__(self, path: str, values: Values, faults: Faults) -> None:
        self._path = path
        self._values = values
        self._faults = faults

    def fault(self, line: int, problem: str, remedy: str) -> None:
        """Note a fault at a line."""
        self._faults.append(ContentError(f"{self._path}:{line}", problem, remedy))

    def parts(self, lines: list[Line]) -> tuple[Part, ...]:
        """Return what is seen on a slide, from top to bottom."""
        made: list[Part] = []
        for block in self._blocks(lines):
            part = self._data(block) if block.kind == "data" else self._shown(block)
            if part is not None:
                made.append(part)
        return tuple(made)

    def spoken(self, lines: list[Line]) -> Iterator[Line]:
        """Yield each paragraph that is spoken; nothing in it is marked up, for nobody hears that."""
        for block in self._blocks(lines):
            first = block.items[0]
            if block.kind != "text":
                self.fault(
                    first.number, f"the spoken text holds {_named(block)}", "Say it in sentences."
                )
                continue  # fmt: skip
            text = self._put_in(first)
            for mark, what in (("**", "bold text"), ("`", "code marks"), ("[@", "a citation")):
                if mark in text:
                    problem = f"the spoken text holds {what}"
                    self.fault(first.number, problem, "Leave it to the slide; here stands what is said.")  # fmt: skip
            yield Line(first.number, text)

    def _blocks(self, lines: list[Line]) -> Iterator[_Block]:
        block: _Block | None = None
        for line in lines:
            text = COMMENT.sub("", line.text).strip()
            if not text:
                if block and block.kind in ("text", "data"):
                    yield block
                    block = None
                continue
            kind, words = self._kind(line, text)
            indented = line.text[:1].isspace()
            if indented and kind in ("bullets", "steps"):
                remedy = "Begin it at the margin, or make it a sentence of the item above."
                self.fault(line.number, "a slide cannot show a list inside a list", remedy)
                continue
            if block and ((indented and block.kind != "data") or (kind == block.kind == "text")):
                block.go_on(text)
            elif block and kind == block.kind and kind in ("bullets", "steps"):
                block.items.append(Line(line.number, words))
            elif kind:
                if block:
                    yield block
                block = _Block(kind, [Line(line.number, words)])
        if block:
            yield block

    def _kind(self, line: Line, text: str) -> tuple[str, str]:
        """Tell what a line begins, and its words; nothing, with a fault, where no slide can show it."""
        for pattern, what, remedy in REFUSED:
            if re.match(pattern, text):
                self.fault(line.number, f"a slide cannot show {what}", remedy)
                return "", ""
        if text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1:
            return "data", text
        bullet, step = BULLET.fullmatch(text), STEP.fullmatch(text)
        if bullet:
            return "bullets", bullet["text"]
        return ("steps", text) if step else ("text", text)

    def _data(self, block: _Block) -> Data | None:
        line, call = block.items[0], CALL.fullmatch(block.items[0].text)
        known = ", ".join(f"{{{{ {_written(name)} }}}}" for name in BLOCKS)
        if call is None or call["name"] not in BLOCKS:
            what = f"asks for {call['name']}(), which is unknown" if call else "holds no such call"
            remedy = f"Known on a line of its own: {known}."
            self.fault(line.number, f"{what}: {line.text}", remedy)
            return None
        given = options(call["options"])
        if given is None or set(given) != set(BLOCKS[call["name"]]):
            problem = f"asks for {call['name']}({call['options']})"
            self.fault(line.number, problem, f"Write {{{{ {_written(call['name'])} }}}}.")
            return None
        return Data(name=call["name"], options=given, line=line.number)

    def _shown(self, block: _Block) -> Part:
        first, lines = block.items[0].number, tuple(item.number for item in block.items)
        if block.kind == "steps":
            return Steps(items=tuple(self._steps(block.items)), line=first, lines=lines)
        items = tuple(self._inline(item) for item in block.items)
        if block.kind == "bullets":
            return Bullets(items=items, line=first, lines=lines)
        return Text(text=items[0], line=first)

    def _steps(self, items: list[Line]) -> Iterator[str]:
        for count, item in enumerate(items, 1):
            match = STEP.fullmatch(item.text)
            if not match or int(match["number"]) != count:
                found = match["number"] if match else "?"
                self.fault(item.number, f"step {count} has the number {found}", "Count 1, 2, 3.")
            text = self._inline(Line(item.number, match["text"] if match else item.text))
            if not re.match(r"\*\*[^*]+\*\*", text):
                remedy = f"Write {count}. **What to do.** Then how."
                self.fault(item.number, f"step {count} does not begin with its step in bold", remedy)  # fmt: skip
            yield text

    def _inline(self, line: Line) -> str:
        """Return a text with its calls answered, once its marks are found to be in pairs."""
        text = self._put_in(line)
        if text.count("`") % 2:
            self.fault(line.number, "has a ` without its partner", "Close the code, or take the ` out.")  # fmt: skip
        plain = re.sub(r"`[^`]*`", "", text)
        if plain.count("**") % 2:
            self.fault(line.number, "has a ** without its partner", "Close it, or take it out.")
        if LINK.search(plain):
            remedy = "Put the address into course/data/sources.toml, and cite it as [@source-id]."
            self.fault(line.number, "has a link, which no printed slide can follow", remedy)
        if "[@" in CITATION.sub("", plain):
            remedy = "Write [@one], or [@one; @two]."
            self.fault(line.number, "has a citation that is not written as one", remedy)
        return text

    def _put_in(self, line: Line) -> str:
        try:
            return self._values.put_in(line.text)
        except UnansweredError as fault:
            self.fault(line.number, fault.problem, fault.remedy)
            return line.text


def _named(block: _Block) -> str:
    names = {"bullets": "a list", "steps": "a numbered list", "data": "data on a line of its own"}
    return names[block.kind]


def _written(name: str) -> str:
    given = ", ".join(f'{key}="…"' for key in BLOCKS[name])
    return f"{name}({given})"
