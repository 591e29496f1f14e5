/** Scanners' reports as cards: the verdict over all, and each scanner's own beside it, with what it left out. */
import { count, el, row } from "./base.js";
import { verdictBadge } from "./badges.js";

const FINDINGS_SHOWN = 50; // of one scanner

/** How long a scan took, to the hundredth; a scan that took less did not take "0.00 s". */
const duration = (seconds) => (seconds < 0.01 ? "< 0.01 s" : `${seconds.toFixed(2)} s`);

/**
 * The cards of a report: the verdict's, and one for each scanner.
 * @param {Object} report {name, verdict, text, advice, format, reports}
 */
export function reportCards(report) {
  const head = el(
    "div",
    { class: "unp-verdict", "data-verdict": report.verdict },
    row(
      "unp-verdict-line",
      verdictBadge(report.verdict),
      el("code", { class: "unp-verdict-file", text: report.name }),
      el("span", { class: "unp-verdict-text", text: report.text }),
    ),
    el("p", { class: "unp-advice", text: report.advice }),
    el("p", {
      class: "unp-verdict-format",
      text: report.format ? `By its content this is: ${report.format}` : "Its content was not identified.",
    }),
  );
  return [head, row("unp-reports", ...report.reports.map(scannerCard))];
}

function scannerCard(report) {
  const facts = [report.version || "did not run", duration(report.seconds)].join(" · ");
  const findings = report.findings.length
    ? findingsOf(report)
    : el("p", { class: "unp-nothing", text: report.text });
  return el(
    "article",
    { class: "unp-scanner", "aria-label": `${report.scanner}: ${report.verdict}` },
    row(
      "unp-scanner-head",
      el("span", { class: "unp-scanner-name", text: report.scanner }),
      el("span", { class: "unp-scanner-facts", text: facts }),
      verdictBadge(report.verdict),
    ),
    findings,
    report.unlisted.length
      ? el("p", { class: "unp-unlisted" }, "On neither of its lists: ", ...joined(report.unlisted))
      : null,
    report.note
      ? el("p", { class: "unp-note" }, el("strong", { text: "What it left out: " }), report.note)
      : null,
  );
}

function findingsOf(report) {
  const cells = (found) => [
    el("td", {}, el("code", { text: found.module || "–" })),
    el("td", {}, el("code", { text: found.name })),
    el("td", { text: found.where || "the file itself" }),
  ];
  const rows = report.findings.slice(0, FINDINGS_SHOWN).map((found) => el("tr", {}, ...cells(found)));
  const left = report.findings.length - rows.length;
  const heads = ["module", "name", "where"].map((text) => el("th", { scope: "col", text }));
  return el(
    "div",
    { class: "unp-findings" },
    el(
      "table",
      {},
      el("caption", { text: count(report.findings.length, "finding") }),
      el("thead", {}, el("tr", {}, ...heads)),
      el("tbody", {}, ...rows),
    ),
    left > 0 ? el("p", { text: `… ${left} more` }) : null,
  );
}

function joined(found) {
  const shown = found
    .slice(0, 8)
    .flatMap((one, at) => [
      at ? ", " : "",
      el("code", { text: one.module ? `${one.module}.${one.name}` : one.name }),
    ]);
  return found.length > 8 ? [...shown, `, … ${found.length - 8} more`] : shown;
}
