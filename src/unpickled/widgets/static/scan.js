/**
 * The scan panel: pick a file, press Scan, see what two scanners say side by side, and what neither looked at.
 *
 * Traits read: `files` [{id, label, size, note}], `report` {file, …}, `busy`, `error`, `file_limit`, and
 * `recorded` {when, reports: {file: report}}, what a page without a kernel shows of each file.
 * Kept in Python: `chosen`. Messages to Python: {type: "scan", file} or {type: "scan", path}, {type: "open", name}
 * with a file's bytes; from Python: {type: "heard"} when it starts, {type: "refused", text}.
 */
import { askKernel, attr, button, el, follow, isStatic, keep, mountRoot, row, setText } from "./base.js";
import { FileChoices, waitingBar } from "./files.js";
import { icon } from "./icons.js";
import { keyHelp } from "./keyhelp.js";
import { Opener } from "./opener.js";
import { reportCards } from "./reports.js";

const NO_KERNEL = "Scanning needs a running kernel. What is shown here was saved before.";

/** "2026-11-30" as people write it. */
const dayOf = (date) =>
  new Date(`${date}T00:00`).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });

class ScanView {
  constructor(model, host) {
    this.model = model;
    this.recorded = isStatic(model) && model.get("recorded")?.reports ? model.get("recorded") : null;
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
    this.choices = new FileChoices((id) => this.choose(id));
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
      this.choices.node,
      row("unp-scan-actions", this.path, this.opener.node, this.scan, keyHelp(this.root, "scan")),
    );
    // without Python nobody would read them
    for (const node of [this.path, this.opener.node]) attr(node, "hidden", this.recorded !== null);
    this.notice = el("div", { class: "unp-notice", role: "alert" });
    this.progress = waitingBar();
    this.result = el("div", { class: "unp-result" });
    this.root.append(this.form, this.notice, this.progress, this.result);
  }

  onSubmit(event) {
    event.preventDefault();
    this.start();
  }

  start() {
    if (this.recorded) {
      this.tell();
      return;
    }
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

  /** What was recorded of the chosen file is shown already: have it in view, and said. */
  tell() {
    const report = this.report();
    this.result.scrollIntoView({ block: "nearest" });
    this.say(this.fits(report) ? sentence(report) : this.result.textContent);
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
    if (report.name) this.say(sentence(report));
  }

  drawFiles() {
    const typed = this.path.value.trim() !== "";
    const chosen = this.model.get("chosen");
    const files = this.model.get("files");
    this.choices.draw(files, typed ? "" : chosen);
    this.drawReport();
  }

  choose(id) {
    this.path.value = "";
    keep(this.model, { chosen: id });
    this.drawFiles();
  }

  /** Python's last report; without a kernel, the one that was recorded of the chosen file. */
  report() {
    return this.recorded?.reports[this.model.get("chosen")] ?? this.model.get("report");
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
    const report = this.report();
    const shown = report.name && this.fits(report);
    const lacking = !shown && this.recorded !== null && this.model.get("chosen");
    attr(this.result, "hidden", !shown && !lacking);
    this.result.replaceChildren();
    if (shown) this.result.append(...reportCards(report));
    if (lacking) this.result.append(this.lacking());
    else if (shown && isStatic(this.model)) this.result.append(el("p", { class: "unp-saved", text: this.origin() }));
  }

  /** Where a report on a page without a kernel comes from. */
  origin() {
    if (!this.recorded) return NO_KERNEL;
    return `Recorded on ${dayOf(this.recorded.when)}, when this page was made. Nothing is scanned here.`;
  }

  lacking() {
    const command = el("code", { text: "make learn" });
    return el("p", { class: "unp-saved" }, "No verdict of it was recorded; on a machine ", command, " scans it.");
  }
}

function sentence(report) {
  return `${report.name}: ${report.verdict}, ${report.text}. ${report.advice}`;
}

function render({ model, el: host }) {
  const view = new ScanView(model, host);
  return () => view.dispose();
}

export default { render };
