/**
 * The header panel: choose a file; see what its header says, and below it five views of the same bytes.
 *
 * Traits read: `files` [{id, label, size, note}], `sheets` {file: sheet}, `verdicts` {file: report}, `loads` {file: record},
 * `busy` {what, file}, `error`, `file_limit`. Kept in Python: `chosen`, `tab`, `at` {step, byte}. Messages to Python:
 * {type: "look" | "verdicts" | "loads", file}, {type: "open", name} with a file's bytes; from Python: {type: "heard"},
 * {type: "refused", text}.
 */
import { askKernel, attr, button, el, follow, isStatic, keep, lazily, mountRoot, row, setText } from "./base.js";
import { FileChoices, waitingBar } from "./files.js";
import { icon } from "./icons.js";
import { keyHelp } from "./keyhelp.js";
import { LinkedViews } from "./linked.js";
import { loadCard } from "./loadcard.js";
import { Opener } from "./opener.js";
import { reportCards } from "./reports.js";
import { summary } from "./summary.js";
import { Tabs } from "./tabs.js";

const TABS = [
  { id: "hex", label: "Hex" },
  { id: "opcodes", label: "Opcodes" },
  { id: "stack", label: "Stack" },
  { id: "verdicts", label: "Verdicts" },
  { id: "loads", label: "weights_only", code: true },
];
const ASKED = {
  verdicts: { wait: "Both scanners read the file …", cards: reportCards, title: "Both scanners on this file" },
  loads: { wait: "PyTorch loads it in the sandbox …", cards: (found) => [loadCard(found)], title: "PyTorch's restricted loader on this file" },
};
const NEEDS_KERNEL = "It was not computed before this page was saved, and needs a running kernel: open the lesson in JupyterLab.";
const LATER = 250; // ms without a move before Python hears where the cursor is

class HeaderView {
  constructor(model, host) {
    this.model = model;
    const mounted = mountRoot(host, "header", "Five views of a file's bytes");
    Object.assign(this, { root: mounted.root, say: mounted.say, waiting: "", waitingFor: "", asked: null });
    this.save = lazily(() => this.saveAt(), LATER);
    this.build();
    const ends = [
      follow(model, ["files", "chosen"], () => this.draw()),
      follow(model, ["sheets"], () => this.onSheets()),
      follow(model, ["verdicts", "loads"], () => this.onAnswer()),
      follow(model, ["error"], () => this.problem("")),
      follow(model, ["busy"], () => this.onBusy()),
    ];
    const onMessage = (message) => this.onMessage(message);
    model.on("msg:custom", onMessage);
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    this.dispose = () => {
      this.save.flush();
      ends.forEach((end) => end());
      model.off("msg:custom", onMessage);
      this.linked.dispose();
      mounted.dispose();
    };
    this.draw();
  }

  build() {
    this.choices = new FileChoices((id) => this.choose(id));
    this.opener = new Opener(this.model, "Open a file…", {
      onWait: (text) => this.wait(text),
      onProblem: (text) => this.problem(text),
    });
    this.notice = el("div", { class: "unp-notice", role: "alert" });
    this.progress = waitingBar();
    this.summary = el("div", { class: "unp-sum" });
    this.linked = new LinkedViews({ say: (text) => this.say(text), onMove: (step, byte) => this.onMove(step, byte) });
    this.tabs = new Tabs("Views of the same bytes", TABS, (id) => this.openTab(id));
    this.body = el("div", { class: "unp-header-body" }, this.summary, this.tabs.node);
    this.root.append(
      row("unp-header-files", this.choices.node, row("unp-header-tools", this.opener.node, keyHelp(this.root, "header"))),
      this.notice,
      this.progress,
      this.body,
    );
  }

  get sheet() {
    return this.model.get("sheets")[this.model.get("chosen")];
  }

  choose(id) {
    this.save.flush();
    this.problemText = "";
    keep(this.model, { chosen: id, error: "", at: { step: 0, byte: 0 } });
    this.draw();
    if (!this.sheet && !isStatic(this.model)) this.look();
  }

  look() {
    const file = this.model.get("chosen");
    this.askPython({ type: "look", file }, `Reading ${this.nameOf(file)} …`);
  }

  openTab(id) {
    keep(this.model, { tab: id });
    this.drawTab();
  }

  /** Ask Python, unless it is at work already. */
  askPython(content, words) {
    if (this.busy) return;
    this.wait(words, content.type);
    this.asked = askKernel(this.model, content, [], () =>
      this.problem(
        "Python has not answered yet. If another cell is running, this waits for it; if the kernel was restarted, run this cell again.",
      ),
    );
  }

  get busy() {
    return Boolean(this.waiting || this.model.get("busy").what);
  }

  wait(text, what = "look") {
    this.waiting = text;
    this.waitingFor = what;
    this.problemText = "";
    this.drawState();
  }

  problem(text) {
    this.waiting = "";
    this.problemText = text;
    this.drawState();
  }

  onMessage(message) {
    if (message.type !== "heard" && message.type !== "refused") return;
    this.heard();
    if (message.type === "refused") this.problem(message.text);
  }

  heard() {
    this.asked?.answered();
    this.opener.answered();
  }

  /** Python begins or is done. What was asked for meanwhile is asked now. */
  onBusy() {
    const { what } = this.model.get("busy");
    const before = this.doing;
    this.doing = what;
    this.problem("");
    if (what || isStatic(this.model)) return;
    const tab = this.model.get("tab");
    if (!this.sheet && !this.model.get("error") && before !== "sheet") this.look();
    else if (this.sheet && ASKED[tab] && !this.answer(tab) && before !== tab) this.ask(tab);
  }

  onSheets() {
    this.waiting = "";
    this.draw();
    if (this.sheet) this.say(`${this.sheet.name}: ${this.sheet.label}.`);
  }

  onAnswer() {
    const tab = this.model.get("tab");
    this.problem("");
    const answer = this.answer(tab);
    if (!answer) return;
    this.say(answer.problem || (tab === "verdicts" ? `${answer.verdict}, ${answer.text}. ${answer.advice}` : `${answer.outcome}. ${answer.message}`));
  }

  answer(tab) {
    return ASKED[tab] && this.model.get(tab)[this.model.get("chosen")];
  }

  onMove(step, byte) {
    this.at = { step, byte };
    this.save();
  }

  saveAt() {
    if (!this.busy) keep(this.model, { at: this.at });
  }

  draw() {
    const chosen = this.model.get("chosen");
    this.choices.draw(this.model.get("files"), chosen);
    if (this.sheet && this.sheet !== this.shown) {
      this.shown = this.sheet;
      this.summary.replaceChildren(...summary(this.sheet));
      this.linked.load(this.sheet, this.model.get("at"));
    }
    this.drawState();
    this.drawTab();
  }

  drawState() {
    const { what, file } = this.model.get("busy");
    const doing = what || (this.waiting && this.waitingFor);
    const alone = Boolean(doing) && !ASKED[doing];
    const words = what === "sheet" ? `Reading ${this.nameOf(file)} …` : this.waiting || ASKED[what]?.wait || "";
    const lacking = !this.sheet && !this.busy && this.model.get("files").length && isStatic(this.model);
    const text = this.problemText || this.model.get("error") || (lacking ? `This file: ${NEEDS_KERNEL}` : "");
    attr(this.root, "aria-busy", String(this.busy));
    attr(this.progress, "hidden", !alone);
    if (alone) setText(this.progress.lastElementChild, words);
    attr(this.notice, "hidden", alone || !text);
    this.notice.replaceChildren(...(text ? [icon("wrong"), el("span", { text })] : []));
    attr(this.body, "hidden", !this.sheet);
    this.drawAsked();
    if (this.busy && words && words !== this.said) this.say(words);
    this.said = this.busy ? words : "";
  }

  nameOf(file) {
    return this.model.get("files").find((one) => one.id === file)?.label ?? "";
  }

  drawTab() {
    const tab = this.model.get("tab");
    this.tabs.open(tab);
    if (!ASKED[tab]) this.linked.open(tab, this.tabs.panel(tab));
    else if (this.sheet && !this.answer(tab) && !isStatic(this.model)) this.ask(tab);
    this.drawAsked();
  }

  ask(tab) {
    this.askPython({ type: tab, file: this.model.get("chosen") }, ASKED[tab].wait);
  }

  /** A view whose content Python computes: the answer, or that it is awaited, or what is lacking. */
  drawAsked() {
    const tab = this.model.get("tab");
    const kind = ASKED[tab];
    if (!kind || !this.sheet) return;
    const panel = this.tabs.panel(tab);
    const answer = this.answer(tab);
    const key = [answer, this.busy, this.sheet];
    if (this.drawn?.panel === panel && this.drawn.key.every((one, at) => one === key[at])) return;
    this.drawn = { panel, key };
    panel.replaceChildren(...this.askedContent(tab, kind, answer));
  }

  askedContent(tab, kind, answer) {
    if (answer && !answer.problem)
      return [el("div", { class: "unp-asked", role: "group", "aria-label": kind.title }, ...kind.cards(answer))];
    if (this.busy) return [waitingBar(kind.wait)];
    const problem = answer && el("p", { class: "unp-notice" }, icon("wrong"), el("span", { text: answer.problem }));
    if (isStatic(this.model)) return [problem || el("p", { class: "unp-lacking", text: NEEDS_KERNEL })];
    const again = button(answer ? "Try again" : "Ask now", () => this.ask(tab));
    return [problem || el("p", { class: "unp-lacking", text: "There is no answer yet." }), row("unp-again", again)];
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tab = this.model.get("tab");
    if (ASKED[tab] || !this.tabs.panel(tab).contains(event.target)) return;
    this.linked.onKey(event);
  }
}

function render({ model, el: host }) {
  const view = new HeaderView(model, host);
  host.unpView = view;
  return () => view.dispose();
}

export default { render };
