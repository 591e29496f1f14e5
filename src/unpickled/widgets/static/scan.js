/**
 * The scan panel: pick a file, press Scan, see what two scanners say side by side, and what neither looked at.
 *
 * Traits read: `files` [{id, label, size, note}], `report` {file, …}, `busy`, `error`, `file_limit`, `verdicts` {word: text}.
 * Kept in Python: `chosen`. Messages to Python: {type: "scan", file} or {type: "scan", path}, {type: "open", name}
 * with a file's bytes; from Python: {type: "heard"} when it starts, {type: "refused", text}.
 */
import {
  askKernel,
  attr,
  button,
  count,
  el,
  follow,
  isStatic,
  keep,
  mountRoot,
  row,
  setText,
  size,
  uid,
} from "./base.js";
import { verdictBadge } from "./badges.js";
import { icon } from "./icons.js";
import { Opener } from "./opener.js";

const NO_KERNEL = "Scanning needs a running kernel. What is shown here was saved before.";
const SHOWN = 50; // findings drawn of one scanner

/** How long a scan took, to the hundredth; a scan that took less did not take "0.00 s". */
const duration = (seconds) => (seconds < 0.01 ? "< 0.01 s" : `${seconds.toFixed(2)} s`);

class ScanView {
  constructor(model, host) {
    this.model = model;
    const mounted = mountRoot(host, "scan", "Scan a file");
    Object.assign(this, { root: mounted.root, say: mounted.say, waiting: false });
    this.build();
    const ends = [
      follow(model, ["files", "chosen"], () => this.drawFiles()),
      follow(model, ["busy", "error"], () => this.drawState()),
      follow(model, ["report"], () => this.onReport()),
    ];
    const onMessage = (message) => this.onMessage(message);
    model.on("msg:custom", onMessage);
    this.dispose = () => {
      ends.forEach((end) => end());
      model.off("msg:custom", onMessage);
      mounted.dispose();
    };
    this.drawFiles();
    this.drawState();
  }

  build() {
    this.list = el("div", { class: "unp-files" });
    this.path = el("input", {
      class: "unp-input unp-path",
      type: "text",
      spellcheck: "false",
      autocomplete: "off",
      "aria-label": "Path of another file",
      placeholder: "or the path of another file",
      on: { input: () => this.drawFiles() },
    });
    this.opener = new Opener(this.model, "Open a file…", {
      onWait: (text) => this.wait(text),
      onProblem: (text) => this.problem(text),
    });
    this.scan = button("Scan", () => this.start(), { class: "unp-primary unp-scan-button" });
    this.form = el(
      "form",
      { class: "unp-scan-form", novalidate: true, on: { submit: (event) => this.onSubmit(event) } },
      el("fieldset", { class: "unp-fieldset" }, el("legend", { text: "Which file?" }), this.list),
      row("unp-scan-actions", this.path, this.opener.node, this.scan),
    );
    this.notice = el("div", { class: "unp-notice", role: "alert" });
    this.progress = el(
      "div",
      { class: "unp-scanning" },
      el("span", { class: "unp-scanning-bar", "aria-hidden": "true" }),
      el("span", { class: "unp-scanning-text" }),
    );
    this.result = el("div", { class: "unp-result" });
    this.root.append(this.form, this.notice, this.progress, this.result);
  }

  onSubmit(event) {
    event.preventDefault();
    this.start();
  }

  start() {
    if (isStatic(this.model)) {
      this.problem(NO_KERNEL);
      return;
    }
    if (this.model.get("busy") || this.waiting) return;
    const path = this.path.value.trim();
    const chosen = this.model.get("chosen");
    if (!path && !chosen) {
      this.problem("Choose a file first.");
      return;
    }
    this.askedPath = path;
    this.wait("Waiting for Python …");
    this.asked = askKernel(
      this.model,
      path ? { type: "scan", path } : { type: "scan", file: chosen },
      [],
      () => this.silent(),
    );
  }

  silent() {
    this.problem(
      "Python has not answered yet. If another cell is running, the scan waits for it; if the kernel was restarted, run this cell again.",
    );
  }

  wait(text) {
    this.waiting = true;
    this.problemText = "";
    this.waitText = text;
    this.drawState();
  }

  problem(text) {
    this.waiting = false;
    this.problemText = text;
    this.drawState();
  }

  onMessage(message) {
    if (message.type !== "heard" && message.type !== "refused") return;
    this.asked?.answered();
    this.opener.answered();
    this.problem(message.type === "refused" ? message.text : "");
  }

  onReport() {
    this.asked?.answered();
    this.opener.answered();
    this.problem("");
    const report = this.model.get("report");
    if (report.file) this.path.value = ""; // a path that was typed, of a file that the list has
    this.drawFiles();
    if (report.name) this.say(`${report.name}: ${report.verdict}, ${report.text}. ${report.advice}`);
  }

  drawFiles() {
    const typed = this.path.value.trim() !== "";
    const chosen = this.model.get("chosen");
    const files = this.model.get("files");
    const name = this.groupName || (this.groupName = uid("file"));
    if (this.drawn !== files) {
      this.drawn = files;
      this.list.replaceChildren(...files.map((file) => this.fileChoice(file, name)));
    }
    this.list
      .querySelectorAll("input")
      .forEach((input) => (input.checked = !typed && input.value === chosen));
    attr(this.list, "hidden", files.length === 0);
    this.drawReport();
  }

  fileChoice(file, name) {
    const input = el("input", {
      type: "radio",
      name,
      value: file.id,
      on: { change: () => this.choose(file.id) },
    });
    const facts = [file.size >= 0 ? size(file.size) : "", file.note].filter(Boolean).join(" · ");
    return el(
      "label",
      { class: "unp-choice unp-file" },
      input,
      el(
        "span",
        { class: "unp-file-text" },
        el("code", { class: "unp-file-name", text: file.label }),
        el("span", { class: "unp-file-note", text: facts }),
      ),
    );
  }

  choose(id) {
    this.path.value = "";
    keep(this.model, { chosen: id });
    this.drawFiles();
  }

  /** Is the report about the file that is chosen, or typed, now? Another file's verdict must not stand under this one. */
  fits(report) {
    const typed = this.path.value.trim();
    const chosen = this.model.get("chosen");
    if (report.file) return !typed && report.file === chosen;
    return !chosen && (!typed || typed === this.askedPath);
  }

  drawState() {
    const busy = this.model.get("busy");
    const running = Boolean(busy) || this.waiting;
    const text = this.problemText || this.model.get("error");
    attr(this.root, "aria-busy", String(running));
    attr(this.scan, "aria-disabled", running || null);
    attr(this.progress, "hidden", !running);
    const words = busy ? `Scanning ${busy} with both scanners …` : this.waitText || "";
    if (running && this.progress.lastElementChild.textContent !== words) this.say(words);
    setText(this.progress.lastElementChild, words);
    attr(this.notice, "hidden", running || !text);
    this.notice.replaceChildren();
    if (text) this.notice.append(icon("wrong"), el("span", { text }));
  }

  drawReport() {
    const report = this.model.get("report");
    const shown = report.name && this.fits(report);
    attr(this.result, "hidden", !shown);
    this.result.replaceChildren();
    if (!shown) return;
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
    this.result.append(head, row("unp-reports", ...report.reports.map((one) => this.scannerCard(one))));
    if (isStatic(this.model)) this.result.append(el("p", { class: "unp-saved", text: NO_KERNEL }));
  }

  scannerCard(report) {
    const facts = [report.version || "not installed", duration(report.seconds)].join(" · ");
    const findings = report.findings.length
      ? this.findings(report)
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

  findings(report) {
    const cells = (found) => [
      el("td", {}, el("code", { text: found.module || "–" })),
      el("td", {}, el("code", { text: found.name })),
      el("td", { text: found.where || "the file itself" }),
    ];
    const rows = report.findings.slice(0, SHOWN).map((found) => el("tr", {}, ...cells(found)));
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

function render({ model, el: host }) {
  const view = new ScanView(model, host);
  return () => view.dispose();
}

export default { render };
