"""What the experiments of a row came to: data to assert on, a table to look at, and lines of text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from unpickled.canary import Loaded
from unpickled.content import Experiment, Format, Source
from unpickled.progress import Outcome
from unpickled.widgets.format_table import OUTCOMES as WORDS

__all__ = ["Result", "Tried"]

_SIGNS = {"made": "▲", "refused": "■", "loaded": "●", "told": "○", "failed": "✕"}
_NO_LOAD = {"TimeoutError", "ChildProcessError"}  # of ours: the child told nothing
_TEXT = 200


@dataclass(frozen=True, slots=True)
class Tried:
    """One experiment, and what came of it.

    Attributes:
        experiment: what was to be done, and what the row says of it.
        path: the file that was written; None if there is none.
        loaded: what the child told; None if nothing was loaded.
        problem: why it could not be tried.
    """

    experiment: Experiment
    path: Path | None = None
    loaded: Loaded | None = None
    problem: str = ""

    @property
    def happened(self) -> str:
        """Return "made", "refused", "loaded", "told" or "failed"."""
        if self.experiment.expect == "told":
            return "told"
        loaded = self.loaded
        if loaded is None:
            return "failed"
        if loaded.made:
            return "made"
        if loaded.error in _NO_LOAD:
            return "failed"
        return "loaded" if loaded.loaded else "refused"

    @property
    def recorded(self) -> bool:
        """Whether it was not loaded here, but on the machine on which the site was recorded."""
        return self.loaded is not None and self.loaded.recorded

    @property
    def expected(self) -> bool:
        """Whether that is what the row says, for the reason that is meant."""
        return self.happened == self.experiment.expect and self.experiment.shows in self._all

    @property
    def _all(self) -> str:
        loaded = self.loaded
        return "\n".join([loaded.message, *loaded.found]) if loaded else ""

    @property
    def said(self) -> str:
        """What the loader said or found, in a line: the part that matters."""
        if self.experiment.expect == "told":
            return self.experiment.reason
        if self.loaded is None:
            return self.problem
        lines = [f"{self.loaded.error}: {self.loaded.message}"] if self.loaded.error else []
        lines += self.loaded.found
        shows = self.experiment.shows
        if not shows:
            return textwrap.shorten("; ".join(lines), _TEXT, placeholder=" …")
        found = next((line for line in lines if shows in line), "; ".join(lines))
        sentence = next((part for part in found.split(". ") if shows in part), found)
        return textwrap.shorten(sentence, _TEXT, placeholder=" …")

    @property
    def outcome(self) -> Outcome:
        """What is kept of it."""
        return Outcome(
            id=self.experiment.id,
            happened=self.happened,
            expected=self.expected,
            tool=(self.loaded.tool if self.loaded else "") + ", recorded" * self.recorded,
            item=self.experiment.fingerprint,
        )


class Result(tuple[Tried, ...]):
    """The experiments of one row, in their order.

    Attributes:
        row: the row.
        problem: why what was seen could not be kept; empty if it could.
    """

    row: Format
    problem: str

    def __new__(
        cls,
        row: Format,
        tried: tuple[Tried, ...],
        sources: Mapping[str, Source],
        problem: str = "",
    ) -> Result:
        """Keep the row beside what was tried."""
        made = super().__new__(cls, tried)
        made.row, made._sources, made.problem = row, sources, problem
        return made

    _sources: Mapping[str, Source]

    @property
    def holds(self) -> bool:
        """Whether everything that was tried went as the row says."""
        return all(one.expected for one in self)

    @property
    def happened(self) -> dict[str, str]:
        """What happened, by experiment: "made", "refused", "loaded", "told" or "failed"."""
        return {one.experiment.id: one.happened for one in self}

    def _summary(self) -> str:
        tried = [one for one in self if one.happened != "told"]
        wrong = sum(not one.expected for one in tried)
        if not wrong:
            return f"{len(tried)} tried, all as the row says"
        return f"{len(tried)} tried, {wrong} not as the row says"

    def _where(self) -> str:
        tools = dict.fromkeys(one.loaded.tool for one in self if one.loaded and one.loaded.tool)
        walls = dict.fromkeys(one.loaded.isolation for one in self if one.loaded)
        return "; ".join([", ".join(tools), *walls, *([self.problem] if self.problem else [])])

    def __repr__(self) -> str:
        """Return it as lines of text."""
        lines = [f"{self.row.name}: {self._summary()}"]
        for one in self:
            lines += _lines(one)
        return "\n".join([*lines, f"  ({self._where()})"])

    def _repr_html_(self) -> str:
        rows = "".join(_html(one, self._sources) for one in self)
        heads = "".join(
            f'<th scope="col">{name}</th>'
            for name in ("The file", "Loaded by", "What happened", "As the row says?")
        )
        return (
            f"{_STYLE}"
            f'<div class="unp-tried"><table><caption><strong>{escape(self.row.name)}</strong> '
            f"{escape(self._summary())}</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p>{escape(self._where())}</p></div>"
        )


def _lines(one: Tried) -> Iterator[str]:
    mark = "told" if one.happened == "told" else "ok" if one.expected else "NO"
    name = f" ({one.path.name})" if one.path else ""
    yield f"  {mark:4} {one.experiment.what}{name}"
    how = f"{one.experiment.call} -> " if one.experiment.call else ""
    yield f"       {how}{WORDS[one.happened]}"
    yield from textwrap.wrap(
        one.said, 88, initial_indent="       ", subsequent_indent="       ", break_long_words=False
    )


def _html(one: Tried, sources: Mapping[str, Source]) -> str:
    file = f'<code class="unp-code">{escape(one.path.name)}</code>' if one.path else ""
    what = f'<th scope="row">{escape(one.experiment.what)}{file}</th>'
    happened = (
        f'<span class="unp-what"><span aria-hidden="true">{_SIGNS[one.happened]}</span> '
        f"{WORDS[one.happened]}</span><small>{escape(one.said)}{_links(one, sources)}</small>"
    )
    if one.happened == "told":
        return f'<tr data-happened="told">{what}<td colspan="3">{happened}</td></tr>'
    call = one.experiment.call
    how = f'<code class="unp-code">{escape(call)}</code>' if call.endswith(")") else escape(call)
    verdict = "✓ yes" if one.expected else "✕ no"
    return (
        f'<tr data-happened="{one.happened}" data-expected="{str(one.expected).lower()}">{what}'
        f'<td>{how}</td><td>{happened}</td><td class="unp-verdict">{verdict}</td></tr>'
    )


def _links(one: Tried, sources: Mapping[str, Source]) -> str:
    links = ", ".join(
        f'<a href="{escape(sources[name].url)}" target="_blank" rel="noopener noreferrer">'
        f"{escape(sources[name].short)}</a>"
        for name in one.experiment.sources
        if name in sources
    )
    return f" Read: {links}" if links else ""


_STYLE = """<style>
.unp-tried { container-type: inline-size; color: var(--jp-content-font-color1, inherit); }
.unp-tried table { width: 100%; table-layout: fixed; border-collapse: collapse; margin: .3em 0;
  font-size: var(--jp-content-font-size1, 14px); color: inherit; }
.unp-tried caption { caption-side: top; text-align: left; padding: .2em .6em .5em; color: inherit; }
.unp-tried tr, .unp-tried tr:hover, .unp-tried tr:nth-child(even) { background: none !important; }
.unp-tried th, .unp-tried td { text-align: left !important; vertical-align: top !important; padding: .45em .6em;
  border: 0; background: none; color: inherit; font-weight: 400; max-width: none; white-space: normal;
  overflow-wrap: break-word; }
.unp-tried tbody tr { border-top: 1px solid var(--jp-border-color2, #ccc) !important; }
.unp-tried thead th { font-weight: 600; }
.unp-tried thead th:nth-child(1) { width: 26%; } .unp-tried thead th:nth-child(2) { width: 26%; }
.unp-tried thead th:nth-child(4) { width: 14%; }
.unp-tried code.unp-code { display: block; font-size: .9em; padding: 0 !important; background: none !important;
  color: inherit; overflow-wrap: anywhere; white-space: normal; }
.unp-tried small { display: block; font-size: .9em; margin-top: .15em; }
.unp-tried a { color: var(--jp-content-link-color, revert); text-decoration: underline !important; }
.unp-tried .unp-what { font-weight: 600; }
.unp-tried tr[data-happened="made"] .unp-what > span { color: var(--jp-error-color1, #d32f2f); }
.unp-tried tr[data-expected="false"] td:last-child { font-weight: 700; }
.unp-tried p { margin: .3em .6em; font-size: .85em; color: inherit; }
@container (max-width: 36rem) {
  .unp-tried table, .unp-tried tbody, .unp-tried tr, .unp-tried tbody th, .unp-tried td { display: block; }
  .unp-tried caption { display: block; }
  .unp-tried thead { display: none; }
  .unp-tried tbody tr { padding: .4em 0; }
  .unp-tried tbody th, .unp-tried td { padding: .1em .6em; }
  .unp-tried td.unp-verdict::before { content: "As the row says? "; }
}
</style>"""
