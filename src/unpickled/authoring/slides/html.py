"""The slides as one HTML page: reveal.js, styles, fonts and pictures inside it, so that it needs nothing else.

The page is `page.html.jinja`, its looks `slides.css`; here is what the two ask of the deck. Nothing in it depends on
the day, the folder or the machine.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from unpickled.authoring.slides import chronicle, pictogram, terminal
from unpickled.authoring.slides.inline import Run, runs, step
from unpickled.authoring.slides.look import COLOURS, HEADS, RISKS
from unpickled.authoring.slides.scene import Scene
from unpickled.content.deck import Bullets, Data, Deck, Part, Steps

__all__ = ["page"]

HERE = files("unpickled.authoring.slides")
FONTS = (
    ("Inter Slides", "100 900", "inter-latin-wght-normal"),
    ("Plex Slides", "400", "ibm-plex-mono-latin-400-normal"),
    ("Plex Slides", "600", "ibm-plex-mono-latin-600-normal"),
)


def page(root: Path, deck: Deck) -> bytes:
    """Write the page.

    Raises:
        ContentError: a slide asks for something that is not there; the error names its line.
        SetupError: a scanner is missing.
    """
    scene = Scene(root, deck)
    pictured = any(slide.data("timeline") for slide in deck.slides)
    text = _template().render(
        scene=scene,
        deck=deck,
        colours=COLOURS,
        risks=RISKS,
        heads=HEADS,
        cut=terminal.CUT,
        fonts=_fonts(),
        chronicle=Markup(chronicle.svg(scene.incidents)) if pictured else "",  # noqa: S704 - our own SVG, escaped there
        legend=chronicle.legend(scene.incidents) if pictured else (),
    )
    return f"{text}\n".encode()


@cache
def _template() -> Template:
    made = Environment(
        loader=FunctionLoader(_read), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    made.filters |= {
        "kind": _kind,
        "marked": _marked,
        "pictogram": lambda head: Markup(pictogram.svg(head)),  # noqa: S704 - a file of this package
        "script": _script,
        "step": step,
        "style": lambda name: Markup(_read(name)),  # noqa: S704 - a file of this package
        "wrapped": terminal.wrapped,
    }
    made.tests["alarming"] = terminal.alarming
    return made.get_template("page.html.jinja")


@cache
def _read(name: str) -> str:
    return HERE.joinpath(*name.split("/")).read_text(encoding="utf-8")


def _kind(part: Part) -> str:
    kinds = ((Data, "data"), (Steps, "steps"), (Bullets, "bullets"))
    return next((name for kind, name in kinds if isinstance(part, kind)), "text")


def _marked(text: str) -> Markup:
    return Markup("").join(_element(run) for run in runs(text))


def _element(run: Run) -> Markup:
    words = escape(run.text)
    if run.code:
        words = Markup("<code>{}</code>").format(words)
    return Markup("<strong>{}</strong>").format(words) if run.strong else words


def _script(name: str) -> Markup:
    """Return a script; `</script>` in one of its strings would end the element."""
    return Markup(_read(name).replace("</script", "<\\/script"))  # noqa: S704 - a file of this package


@cache
def _fonts() -> Markup:
    faces = []
    for family, weight, file in FONTS:
        data = b64encode(HERE.joinpath("reveal", "fonts", f"{file}.woff2").read_bytes()).decode()
        faces.append(
            f'@font-face {{ font-family: "{family}"; font-weight: {weight}; '
            f"src: url(data:font/woff2;base64,{data}) format('woff2'); }}"
        )
    return Markup("\n".join(faces))  # noqa: S704 - names and base64
