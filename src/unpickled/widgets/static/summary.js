/** The head of the header panel: what the file is by its content, what its header says, and what would be risky. */
import { attr, count, el, row, size } from "./base.js";
import { icon } from "./icons.js";

const SHARP = new Set(["pickle", "objects", "lambda", "code"]); // kinds of risk that run something

/** @param {Object} sheet see `unpickled/widgets/sheet.py` */
export function summary(sheet) {
  const { contents } = sheet;
  return [
    el(
      "div",
      { class: "unp-sum-line" },
      el("code", { class: "unp-sum-name", text: sheet.name, title: sheet.name }),
      el("span", { class: "unp-sum-format", text: sheet.label }),
      el("span", { class: "unp-sum-facts", text: facts(sheet).join(" · ") }),
    ),
    sheet.matches || !sheet.note ? null : el("p", { class: "unp-sum-claim" }, icon("imports"), el("span", { text: sheet.note })),
    sheet.matches && sheet.note ? el("p", { class: "unp-sum-note", text: sheet.note }) : null,
    sheet.problem ? el("p", { class: "unp-notice" }, icon("wrong"), el("span", { text: sheet.problem })) : null,
    contents ? risks(contents.risks, sheet.pickle) : null,
    contents ? row("unp-sum-more", metadata(contents), tensors(contents)) : null,
    contents
      ? el("p", { class: "unp-sum-how", text: `Header read in a child, nothing loaded (${contents.isolation}).` })
      : null,
  ].filter(Boolean);
}

function facts(sheet) {
  const { contents } = sheet;
  return [size(sheet.size), contents ? count(contents.total, "tensor") : ""].filter(Boolean);
}

function risks(found, pickle) {
  if (!found.length)
    return el("p", { class: "unp-sum-none", text: "Its header shows nothing that a loader would run." });
  return el("ul", { class: "unp-sum-risks", "aria-label": "Risks" }, ...found.map((risk) => riskItem(risk, pickle)));
}

/** A pickle that was traced to its end and only rebuilds data is told in amber; every other is sharp. */
function riskItem({ kind, where, text }, pickle) {
  const quiet = kind === "pickle" && isQuiet(pickle, where);
  const sharp = SHARP.has(kind) && !quiet;
  return el(
    "li",
    { "data-sharp": sharp },
    icon(sharp ? "call" : quiet ? "imports" : "unknown"),
    el("span", {}, where ? el("code", { text: where }) : null, where ? " " : null, text),
  );
}

function isQuiet(pickle, where) {
  return Boolean(pickle) && pickle.where === where && !pickle.columns.error && !pickle.foreign.length;
}

function metadata({ metadata: entries, entries: total }) {
  const rows = entries.map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, el("code", { text: name })), el("td", { text: value })),
  );
  const title = `Metadata: ${count(total, "entry", "entries")}`;
  return opened(title, rows, total - entries.length);
}

function tensors({ tensors: list, total }) {
  const rows = list.map((one) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, el("code", { text: one.name })),
      el("td", { text: `${one.dtype} [${one.shape.join(", ")}]` }),
      el("td", { class: "unp-sum-size", text: one.bytes === null ? "" : size(one.bytes) }),
    ),
  );
  return opened(`Tensors: ${total.toLocaleString("en")}`, rows, total - list.length);
}

/** A table behind a line to open; nothing to open where there are no rows. */
function opened(title, rows, left) {
  if (!rows.length) return el("p", { class: "unp-sum-empty", text: title });
  const more = left > 0 ? el("p", { text: `… ${left.toLocaleString("en")} more` }) : null;
  const inner = el("div", { class: "unp-sum-table", tabindex: "0", role: "group", "aria-label": title });
  inner.append(el("table", {}, el("tbody", {}, ...rows)), more || "");
  const made = el("details", { class: "unp-sum-details" }, el("summary", { text: title }), inner);
  attr(made, "data-rows", rows.length);
  return made;
}
