/** Words with a shape and a colour: how risky a format is, and what a scan came to. And links that lead only to the web. */
import { el, svg } from "./base.js";
import { icon } from "./icons.js";

const RISK_SHAPES = {
  high: ["M8 .8 15.6 14.8H.4Z", "M8 5.4v4.4M8 12v.4"],
  some: ["M8 .6 15.4 8 8 15.4.6 8Z", "M8 4.4v4.2M8 11v.4"],
  low: ["M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z", "M8 1.9v12.2M11 3v10"],
  none: [
    "M2.6 1h10.8a1.6 1.6 0 0 1 1.6 1.6v10.8a1.6 1.6 0 0 1-1.6 1.6H2.6A1.6 1.6 0 0 1 1 13.4V2.6A1.6 1.6 0 0 1 2.6 1Z",
    "M4.4 8.2 7 10.8 11.8 5.4",
  ],
};

/** A badge for a risk: word, shape and colour. @param {"high"|"some"|"low"|"none"} risk */
export function riskBadge(risk, word) {
  const [outline, sign] = RISK_SHAPES[risk] || RISK_SHAPES.some;
  const shape = svg(
    "svg",
    { class: "unp-icon", viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" },
    svg("path", { class: "unp-icon-body", d: outline }),
    svg("path", { class: "unp-icon-sign", d: sign }),
  );
  return el("span", { class: "unp-badge", "data-risk": risk }, shape, el("span", { text: word }));
}

const VERDICT_ICONS = {
  clean: "fine",
  suspicious: "imports",
  dangerous: "call",
  unreadable: "unknown",
  skipped: "skipped",
  failed: "wrong",
};

/** A badge for a scanner's verdict. */
export function verdictBadge(verdict) {
  return el(
    "span",
    { class: "unp-badge", "data-verdict": verdict },
    icon(VERDICT_ICONS[verdict] || "unknown"),
    el("span", { text: verdict }),
  );
}

/** A link that opens beside the lesson; anything but http and https is shown as plain text. */
export function link(url, text) {
  if (!/^https?:\/\//i.test(url || "")) return el("span", { text });
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer", text });
}
