"""A page's Markdown as HTML within a longer page: headings a level down, ids and links of its own, pictures inside."""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from bs4 import BeautifulSoup, Tag
from nbconvert.filters import markdown2html

from unpickled.errors import ContentError

__all__ = ["Prose"]

_HEADING = re.compile(r"^h[1-6]$")


class Prose:
    """Turns the Markdown cells of a lesson into HTML, in their order: no heading is more than one level below its own.

    Args:
        pages: the folder of each page of the lesson by its id.
    """

    def __init__(self, pages: Mapping[str, Path]) -> None:
        self._pages = pages
        self._open: list[
            int
        ] = []  # the levels, in the sources, of the headings that what comes next stands under

    def __call__(self, source: str, page: str) -> str:
        """Return one Markdown cell as HTML.

        A link to a page of the lesson leads to its place here. What lies beside the course on a disk has no place in a
        page that is read elsewhere: its words stay, the link goes.

        Args:
            source: Markdown.
            page: id of the page that the cell belongs to.

        Raises:
            ContentError: a picture cannot be read.
        """
        soup = BeautifulSoup(markdown2html(source), "html.parser")
        for mark in soup.select("a.anchor-link"):
            mark.decompose()
        for heading in soup.find_all(_HEADING):
            self._place(heading, page)
        for link in soup.find_all("a", href=True):
            _lead(link, page, self._pages)
        for picture in soup.find_all("img", src=True):
            picture["src"] = _inside(self._pages[page] / unquote(str(picture["src"])))
        for head in soup.find_all("th"):
            if not head.get_text(strip=True):
                head.name = "td"  # the corner of a table heads nothing
        for table in soup.find_all("table"):
            table.wrap(soup.new_tag("div", attrs={"class": "wide", "tabindex": "0"}))
        return str(soup)

    def _place(self, heading: Tag, page: str) -> None:
        level = int(heading.name[1])
        self._open = [above for above in self._open if above < level] + [level]
        heading.name = f"h{1 + len(self._open)}"  # the lesson's title is above them all
        if level == 1:
            del heading["id"]  # the page's own id leads there
        elif heading.get("id"):
            heading["id"] = _anchor(page, unquote(str(heading["id"])))


def _anchor(page: str, name: str) -> str:
    return f"{page}--{name}"


def _lead(link: Tag, page: str, pages: Mapping[str, Path]) -> None:
    address = urlsplit(str(link["href"]))
    if address.scheme in ("http", "https"):
        link["rel"] = "noreferrer"
        return
    target = Path(unquote(address.path)).stem if address.path else page
    if not address.path or (address.path.endswith(".ipynb") and target in pages):
        place = _anchor(target, unquote(address.fragment)) if address.fragment else target
        link["href"] = f"#{quote(place)}"
    else:
        link.unwrap()


def _inside(path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ContentError(str(path), "this picture cannot be read") from error
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
