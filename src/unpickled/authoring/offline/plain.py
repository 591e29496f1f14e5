"""What a widget holds, as plain HTML: for paper, where nobody scrolls a list, and for a browser without JavaScript.

It is made of the state that the widget is drawn from: a pickle's opcodes, a card's question, the format table's rows,
what the scanners said.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from typing import Any

from nbconvert.filters import markdown2html

__all__ = ["plain", "table"]

State = Mapping[str, Any]

_ROWS = 300  # of a pickle
_BYTES = 8  # of an opcode with its argument
_RISK = {"high": "▲", "some": "◆", "low": "●", "none": "○"}
_EFFECTS = {"calls": "calls code", "imports": "imports"}


def plain(state: State) -> tuple[str, str]:
    """Return the kind of a widget, "Stepper" say, and its HTML; two empty texts for one that has nothing to tell."""
    kind = str(state.get("_anywidget_id", "")).rpartition(".")[2]
    write = _KINDS.get(kind)
    made = "\n".join(write(state)) if write else ""
    return (kind, made) if made else ("", "")


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table whose cells are HTML; its caption and heads are text."""
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="wide" tabindex="0"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def _code(text: object, *, whole: bool = False) -> str:
    """Return text as code; `whole`: never broken over two lines."""
    kind = ' class="whole"' if whole else ""
    return f"<code{kind}>{escape(str(text))}</code>"


def _listing(trace: State, name: str) -> Iterator[str]:
    """A pickle's opcodes, one a row: the whole of it, but for a long one's end."""
    columns = trace["columns"]
    steps = columns["steps"]
    count = len(steps["offset"])
    data = base64.b64decode(trace.get("bytes", ""))
    heads = ["byte", *["bytes"] * bool(data), "opcode", "argument", "effect"]
    rows = (_step(columns, place, data) for place in range(min(count, _ROWS)))
    yield table(f"{name}: {count} opcode{'s' * (count != 1)}", heads, rows)
    if count > _ROWS:
        yield f"<p>… {count - _ROWS:,} more</p>"
    if columns["error"]:
        told = columns["error"]
        yield f"<p>It breaks off at byte {told['offset']}: {escape(told['problem'])}.</p>"


def _step(columns: State, place: int, data: bytes) -> Iterator[str]:
    steps = columns["steps"]
    start, size = steps["offset"][place], steps["size"][place]
    yield str(start)
    if data:
        shown = data[start : start + min(size, _BYTES)].hex(" ")
        yield _code(shown + " …" * (size > _BYTES), whole=True)
    yield _code(columns["names"][steps["op"][place]], whole=True)
    argument = steps["arg"][place]
    yield "" if argument is None else _code(argument)
    effect = next((key for key in _EFFECTS if steps[key][place]), "")
    yield effect and f"{_EFFECTS[effect]} {_code(steps[effect][place])}"


def _stepper(state: State) -> Iterator[str]:
    trace = state["trace"]
    if state["notice"]:
        yield f"<p>{escape(state['notice'])}</p>"
    yield from _listing(trace, " · ".join(filter(None, [trace["name"], trace["label"]])))


def _what_if(state: State) -> Iterator[str]:
    yield from _listing(state["trace"], state["trace"]["name"])


def _card(state: State) -> Iterator[str]:
    """The question with its choices; hints and answer on demand."""
    item = state["item"]
    yield f"<p><strong>Practice</strong></p>{markdown2html(item['prompt'])}"
    if item["choices"]:
        yield _list("ul", (one["text"] for one in item["choices"]))
    right = [one["text"] for one in item["choices"] if one["right"]]  # one; none where it is typed
    answer = right[0] if right else f"`{item['accepted'][0]}`"
    yield f"<details><summary>Hints and answer</summary>{_list('ol', item['hints'])}"
    yield markdown2html(f"{answer}\n\n{item['explain']}")
    yield "</details>"


def _list(kind: str, texts: Iterable[str]) -> str:
    return f"<{kind}>{''.join(f'<li>{markdown2html(text)}</li>' for text in texts)}</{kind}>"


def _formats(state: State) -> Iterator[str]:
    words = {one["id"]: one["word"] for one in state["risks"]}
    yield table(
        "Weight formats",
        ["Format", "Pickle-based?", "Risk", "Code execution on load?", "Notes"],
        (
            [
                escape(row["name"]),
                escape(row["pickle"]),
                f"{_RISK.get(row['risk'], '')} {escape(words.get(row['risk'], row['risk']))}",
                escape(row["risk_text"]),
                escape(row["notes"]),
            ]
            for row in state["rows"]
        ),
    )


def _header(state: State) -> Iterator[str]:
    """What each file is by its bytes, and what others say of it; then the pickle of the file that is shown first."""
    yield table(
        "Files, read without loading them",
        ["File", "By its bytes", "Scanners", "weights_only=True"],
        (_file(state, one) for one in state["files"] if one["id"] in state["sheets"]),
    )
    pickle = state["sheets"].get(state["chosen"], {}).get("pickle")
    if pickle:
        name = state["sheets"][state["chosen"]]["name"]
        yield from _listing(pickle, " · ".join(filter(None, [name, pickle["where"]])))


def _file(state: State, file: State) -> Iterator[str]:
    verdict = state["verdicts"].get(file["id"], {})
    load = state["loads"].get(file["id"], {})
    yield _code(file["label"])
    yield escape(state["sheets"][file["id"]]["label"])
    yield escape(verdict.get("verdict") or verdict.get("problem") or "not asked")
    named = load.get("named")
    yield escape(load.get("outcome") or load.get("problem") or "not tried") + (
        f" at {_code(named)}" if named else ""
    )


_KINDS: dict[str, Callable[[State], Iterator[str]]] = {
    "Stepper": _stepper,
    "WhatIf": _what_if,
    "QuizCard": _card,
    "FormatTable": _formats,
    "HeaderPanel": _header,
}
