/**
 * What the experiments behind a row of the format table showed on this machine: in short for its last column, and one by
 * one below the row.
 */
import { el, row } from "./base.js";

const SIGNS = { made: "▲", refused: "■", loaded: "●", failed: "✕", told: "○", "": "○" };
const STATES = ["all", "some", "none"];
const NOTHING = { tries: [], state: "none", holds: true }; // a page that was saved before there were experiments
const ORDER = ["made", "refused", "loaded", "failed"];

function outcome({ happened, word }, way = "") {
  return el(
    "span",
    { class: "unp-outcome", "data-happened": happened || "open" },
    el("span", { class: "unp-outcome-sign", "aria-hidden": "true", text: SIGNS[happened] }),
    el("span", { text: word }),
    ...(way ? [el("code", { class: "unp-outcome-way" }, ...breakable(way))] : []),
  );
}

/** `name=value` in two parts, with a place between them where a narrow column may break it. */
function breakable(way) {
  const [name, value] = way.split("=");
  return [`${name}=`, el("wbr", {}), value];
}

/** The argument of a call, as `weights_only=True`; "" if it has none that matters. */
function argument({ call }) {
  return /, (\w+=\w+)\)$/.exec(call)?.[1] ?? "";
}

/** By which argument an outcome came, where it came by one alone and the row was tried with others too. */
function wayOf(happened, tries) {
  const ways = new Set(tries.filter((one) => one.happened === happened).map(argument));
  return ways.size === 1 && new Set(tries.map(argument)).size > 1 ? [...ways][0] : "";
}

/** The outcomes that came, each once, and where and when; before the first try, that there was none. */
export function seenBriefly(seen = NOTHING) {
  if (seen.state === "none") return [el("span", { class: "unp-seen-none", text: "not tried yet" })];
  const came = ORDER.map((happened) => seen.tries.find((one) => one.happened === happened)).filter(Boolean);
  const parts = came.map((one) => outcome(one, wayOf(one.happened, seen.tries)));
  if (!seen.holds) parts.push(el("strong", { class: "unp-seen-odd", text: "not as the row says" }));
  const some = seen.state === "some" ? "some of it, " : "";
  const rest = seen.tries.some((one) => one.happened === "told") ? "; the rest is told" : "";
  const where = [seen.with && `with ${seen.with}`, seen.when].filter(Boolean).join(", ");
  const machine = /, recorded\b/.test(seen.with) ? "on the authors' machine" : "on this machine";
  const text = `${some}${machine} ${where}${rest}`;
  return [row("unp-seen", ...parts), el("span", { class: "unp-seen-where", text })];
}

/** Each experiment with what came of it, in the row's details. */
export function seenInFull(seen = NOTHING) {
  if (!seen.tries.length) return [];
  return [
    el("p", { class: "unp-detail-title", text: "Experiments" }),
    el("ul", { class: "unp-tries" }, ...seen.tries.map(tried)),
  ];
}

function tried(one) {
  const parts = [el("span", { text: one.what })];
  if (one.call) parts.push(", ", el("code", { text: one.call }));
  parts.push(": ", outcome(one));
  if (!one.expected) parts.push(el("strong", { text: " This is not what the row says." }));
  if (one.reason) parts.push(el("span", { class: "unp-try-reason", text: one.reason }));
  return el("li", { "data-happened": one.happened || "open" }, ...parts);
}

/** What a search finds of a row's experiments. */
export function seenWords(seen = NOTHING) {
  return seen.tries.flatMap((one) => [one.what, one.call, one.word]);
}

/** Rows that were tried come first, and those that were not come last. */
export function seenPlace(seen = NOTHING) {
  return STATES.indexOf(seen.state);
}
