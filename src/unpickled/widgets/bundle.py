"""The widgets' workshop: joins the small ES modules and style sheets in `static/` into one of each a widget.

anywidget hands the browser one module and one style sheet a widget, as text, so a relative import
cannot be resolved there. The sources stay real ES modules all the same (an editor and Node can read
them): a line `import { a, b } from "./other.js";` names a neighbour, and only that one-line form is
allowed. Joining follows those lines depth first, puts each module once, before the modules that
need it, and takes the `import` lines and the word `export` away. All modules of a bundle then share one scope,
so two of them must not declare the same name; `bundle` refuses it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

__all__ = ["STATIC", "bundle", "mountable", "styles"]

STATIC = Path(__file__).parent / "static"

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(?P<file>[a-z0-9-]+\.js)";$', re.MULTILINE)
_ANY_IMPORT = re.compile(r"^\s*import\b.*$", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class)\b)", re.MULTILINE)
_CSS_IMPORT = re.compile(r'^@import "\./(?P<file>[a-z0-9-]+\.css)";$', re.MULTILINE)
_DECLARED = re.compile(
    r"^(?:async )?(?:function\*?|const|let|class) (?P<name>[A-Za-z_$][\w$]*)", re.MULTILINE
)
_DEFAULT = re.compile(r"^export default (?P<object>\{[^}]*\});$", re.MULTILINE)


@cache
def bundle(name: str) -> str:
    """The widget's whole ES module as text, ending in its `export default { render };`.

    Args:
        name: the widget's module in `static/` without its ending, `stepper` say.

    Raises:
        ValueError: an import this joining does not know, or one name declared in two modules.
    """
    parts: dict[str, str] = {}
    _collect(f"{name}.js", parts)
    _refuse_clashes(parts)
    return "\n".join(parts.values())


@cache
def mountable(name: str) -> str:
    """The same module as a script for a page without a kernel: its export becomes the value of a function.

    The text is a JavaScript expression; calling what it gives returns `{ render }`.
    """
    source, found = _DEFAULT.subn(r"return \g<object>;", bundle(name))
    if found != 1:
        msg = f"{name}.js must end in one line `export default {{ … }};`"
        raise ValueError(msg)
    return f"() => {{\n{source}\n}}"


@cache
def styles(name: str) -> str:
    """The widget's style sheet with all that it imports, in the order of the `@import "./other.css";` lines."""
    parts: dict[str, str] = {}
    _collect_sheet(f"{name}.css", parts)
    return "\n".join(parts.values())


def _collect_sheet(file: str, parts: dict[str, str]) -> None:
    if file in parts:
        return
    source = (STATIC / file).read_text(encoding="utf-8")
    for match in _CSS_IMPORT.finditer(source):
        _collect_sheet(match["file"], parts)
    parts[file] = _CSS_IMPORT.sub("", source).strip() + "\n"


def _collect(file: str, parts: dict[str, str]) -> None:
    """Add `file` to `parts` after everything it imports; each file once."""
    if file in parts:
        return
    source = (STATIC / file).read_text(encoding="utf-8")
    for match in _IMPORT.finditer(source):
        _collect(match["file"], parts)
    source = _IMPORT.sub("", source)
    stray = _ANY_IMPORT.search(source)
    if stray:
        msg = f'{file}: this import cannot be joined: {stray[0].strip()!r}. Write it on one line, from "./name.js".'
        raise ValueError(msg)
    parts[file] = _EXPORT.sub("", source).strip() + "\n"


def _refuse_clashes(parts: dict[str, str]) -> None:
    owner: dict[str, str] = {}
    for file, source in parts.items():
        for match in _DECLARED.finditer(source):
            first = owner.setdefault(match["name"], file)
            if first != file:
                msg = f"{file} declares {match['name']!r}, which {first} declares already. Rename one."
                raise ValueError(msg)
