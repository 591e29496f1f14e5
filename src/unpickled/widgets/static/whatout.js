/** What came of a change: sentences, and how both traces end, side by side. */
import { count, el } from "./base.js";
import { icon } from "./icons.js";

const PICTURES = { call: "call", imports: "imports", wrong: "wrong", fine: "fine", result: "rebuild", frame: "half" };

/** @param {{kind: string, parts: (string|string[])[]}[]} said a part in a list is code */
export function saidList(said) {
  return el(
    "ul",
    { class: "unp-wi-said" },
    ...said.map(({ kind, parts }) =>
      el(
        "li",
        { "data-kind": kind },
        icon(PICTURES[kind]),
        el("span", {}, ...parts.map((part) => (typeof part === "string" ? part : el("code", { text: part[0] })))),
      ),
    ),
  );
}

/** The same as one text, for a screen reader. */
export function sentences(said) {
  return said.map(({ parts }) => parts.flat().join("")).join(" ");
}

/** How the trace ended before, and how it ends now. */
export function sides(before, now) {
  return el("div", { class: "unp-wi-sides" }, side("Before", before), side("Now", now));
}

function side(title, end) {
  const order = end.stack.length > 1 ? ", top first" : "";
  const where = `On the stack ${end.ended ? "when STOP came" : "at the end"}${order}`;
  return el(
    "div",
    { class: "unp-wi-side", role: "group", "aria-label": title },
    el("p", { class: "unp-wi-side-title", text: title }),
    end.broke && !end.ended ? el("p", { class: "unp-wi-broke", text: `Breaks at byte ${end.broke.at}.` }) : "",
    fact("Imports", end.imports),
    fact("Calls", end.calls),
    fact(where, end.stack, end.deeper),
  );
}

function fact(title, texts, more = 0) {
  return el(
    "div",
    { class: "unp-wi-fact" },
    el("p", { text: title }),
    texts.length
      ? el("ul", {}, ...texts.map((text) => el("li", {}, el("code", { text }))))
      : el("p", { class: "unp-wi-none", text: "nothing" }),
    more ? el("p", { text: `… and ${count(more, "entry", "entries")} below` }) : "",
  );
}
