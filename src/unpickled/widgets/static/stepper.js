/**
 * The pickle stepper: a pickle's opcodes one at a time, and what each does to the stack and the memo.
 *
 * Traits read: `trace` {name, size, label, columns, bytes}, `file_limit`, `notice`. Kept in Python: `index`,
 * `predict`, `tally`. Messages to Python: {type: "open", name} with the file's bytes; from Python:
 * {type: "opened"} or {type: "refused", text}.
 */
import { attr, button, count, el, follow, keep, lazily, mountRoot, row, setText, size } from "./base.js";
import { StepControls, lengthOf, reachChips, stoppedAt } from "./controls.js";
import { HexView } from "./hex.js";
import { decodeBase64 } from "./hexgrid.js";
import { icon } from "./icons.js";
import { keyHelp } from "./keyhelp.js";
import { Machine } from "./machine.js";
import { NowCard } from "./now.js";
import { OpcodeList } from "./oplist.js";
import { Opener } from "./opener.js";
import { MemoPane, StackPane } from "./panes.js";
import { Predictor } from "./predict.js";
import { inline } from "./prose.js";

const SAVE_AFTER = 250; // ms without a step before Python hears where the learner is

class StepperView {
  constructor(model, host) {
    this.model = model;
    const mounted = mountRoot(host, "stepper", "Pickle stepper");
    this.root = mounted.root;
    this.say = mounted.say;
    this.build();
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    this.save = lazily(() => this.saveIndex(), SAVE_AFTER);
    const ends = [
      follow(model, ["trace"], () => this.load()),
      follow(model, ["notice"], () => this.problem(model.get("notice"))),
      follow(model, ["index"], () => this.onIndexTrait()),
      follow(model, ["predict"], () => this.setPredict(model.get("predict"))),
    ];
    const onMessage = (message) => this.onMessage(message);
    model.on("msg:custom", onMessage);
    this.dispose = () => {
      this.save.flush();
      ends.forEach((end) => end());
      model.off("msg:custom", onMessage);
      this.list.dispose();
      this.hex.dispose();
      mounted.dispose();
    };
    this.load();
    this.setPredict(model.get("predict"));
    this.problem(model.get("notice"));
  }

  build() {
    const go = (step) => this.go(step);
    this.opener = new Opener(this.model, "Open a file…", {
      onWait: (text) => this.problem(text, "wait"),
      onProblem: (text) => this.problem(text),
    });
    this.list = new OpcodeList(go);
    this.stack = new StackPane();
    this.memo = new MemoPane();
    this.hex = new HexView(go);
    this.controls = new StepControls({ go, forward: () => this.forward(), say: (text) => this.say(text) });
    this.now = new NowCard();
    this.predictor = new Predictor({
      onAnswer: (right, text) => this.onGuess(right, text),
      onSkip: () => this.onSkip(),
    });
    this.notice = el("div", { class: "unp-notice", role: "alert" });
    this.stopped = el("div", { class: "unp-notice unp-stopped" });
    this.root.append(
      this.buildHead(),
      this.notice,
      this.stopped,
      this.controls.node,
      el("div", { class: "unp-stage" }, this.predictor.node, this.now.node),
      el("div", { class: "unp-panes" }, this.list.node, this.stack.node, this.hex.node, this.memo.node),
    );
  }

  /** Tell Python the step, except while a new trace is on its way: the old trace's step means nothing there. */
  saveIndex() {
    if (!this.opener.busy) keep(this.model, { index: this.index });
  }

  buildHead() {
    this.title = el("span", { class: "unp-st-title" });
    this.facts = el("span", { class: "unp-st-facts" });
    this.chips = el("span", { class: "unp-chips" });
    this.predictToggle = button("Predict", () => this.togglePredict(), {
      class: "unp-quiet unp-toggle",
      "aria-pressed": "false",
      title: "Guess the stack before each step",
    });
    return row(
      "unp-st-head",
      row("unp-st-name", this.title, this.facts),
      this.chips,
      row("unp-st-tools", this.predictToggle, this.opener.node, keyHelp(this.root, "stepper")),
    );
  }

  /** Take over a new trace from Python. */
  load() {
    const trace = this.model.get("trace");
    this.machine = new Machine(trace.columns);
    const { machine } = this;
    const { error } = trace.columns;
    setText(this.title, trace.name);
    this.title.title = trace.name;
    setText(
      this.facts,
      [trace.label, size(trace.size), ...lengthOf(machine)].filter(Boolean).join(" · "),
    );
    this.chips.replaceChildren(...reachChips(machine));
    attr(this.stopped, "hidden", !error);
    if (error) this.stopped.replaceChildren(...stoppedAt(error, inline));
    for (const part of [this.list, this.stack, this.memo, this.controls]) part.load(machine);
    this.hex.load(
      decodeBase64(trace.bytes),
      machine.steps.offset,
      machine.steps.size,
      error ? error.offset : -1,
    );
    attr(this.root, "data-empty", machine.length === 0);
    this.index = -1;
    this.go(Math.min(this.model.get("index"), machine.length - 1), { quiet: true });
  }

  /** Show the state after step `target`; out of range is brought into it. */
  go(target, { quiet = false } = {}) {
    if (!this.machine.length) return this.showNothing();
    const index = Math.max(0, Math.min(target, this.machine.length - 1));
    if (index === this.index) return undefined;
    this.index = index;
    this.draw();
    if (!quiet) {
      this.save();
      if (
        !this.root.contains(document.activeElement) ||
        !document.activeElement.matches(".unp-ops, .unp-slider")
      )
        this.say(this.now.sentence(this.machine, index));
    }
    return undefined;
  }

  draw() {
    const { machine, index } = this;
    const step = machine.step(index);
    const kind = machine.kind(index) || null;
    this.list.show(index);
    this.stack.show(index);
    this.memo.show(index);
    this.hex.alarm(kind);
    this.hex.show(step.offset, step.size);
    this.controls.show(index);
    this.now.show(machine, index);
    this.predictor.hide();
    this.mark();
  }

  showNothing() {
    this.stack.fill([], 0);
    this.memo.fill([], 0);
    this.predictor.hide();
    this.controls.show(0);
  }

  /** Next: one step on, or in predict mode first the question about it. */
  forward() {
    if (this.index >= this.machine.length - 1) return;
    if (!this.model.get("predict")) this.go(this.index + 1);
    else if (!this.predictor.asking) this.ask();
    else this.predictor.focus();
  }

  ask() {
    if (!this.machine.length || this.index >= this.machine.length - 1) return;
    this.predictor.ask(this.machine, this.index);
    this.mark();
    this.predictor.focus();
  }

  togglePredict() {
    const on = !this.model.get("predict");
    keep(this.model, { predict: on });
    this.setPredict(on);
    if (on) this.ask();
  }

  setPredict(on) {
    attr(this.predictToggle, "aria-pressed", String(Boolean(on)));
    attr(this.root, "data-predict", on ? "on" : null);
    this.predictor.showTally(this.model.get("tally"));
    if (!on) this.predictor.hide();
    this.mark();
  }

  /** While a question is open, the card of the last step makes room for it. */
  mark() {
    attr(this.root, "data-asking", this.predictor.asking);
  }

  onGuess(right, text) {
    const { right: before, asked } = this.model.get("tally");
    const tally = { right: before + (right ? 1 : 0), asked: asked + 1 };
    keep(this.model, { tally });
    this.go(this.index + 1, { quiet: true });
    this.predictor.node.hidden = false;
    this.mark();
    this.predictor.showTally(tally);
    this.save();
    this.say(
      `${text} ${tally.right} of ${tally.asked} right so far. ${this.now.sentence(this.machine, this.index)}`,
    );
    this.controls.next.focus({ preventScroll: true });
  }

  onSkip() {
    this.go(this.index + 1);
    this.controls.next.focus({ preventScroll: true });
  }

  onIndexTrait() {
    const index = this.model.get("index");
    if (index !== this.index) this.go(index, { quiet: true });
  }

  onMessage(message) {
    if (message.type !== "opened" && message.type !== "refused") return;
    this.opener.answered();
    this.problem(message.type === "refused" ? message.text : "");
    if (message.type === "opened")
      this.say(
        `${this.model.get("trace").name}: ${count(this.machine.length, "step")}${this.machine.broken ? ", not read to its end" : ""}.`,
      );
  }

  problem(text, kind = "problem") {
    attr(this.notice, "hidden", !text);
    attr(this.notice, "data-kind", kind);
    this.notice.replaceChildren();
    if (!text) return;
    const close = button("Close", () => this.closeProblem(), { class: "unp-quiet" });
    this.notice.append(
      kind === "problem" ? icon("wrong") : "",
      el("span", { text }),
      kind === "problem" ? close : "",
    );
  }

  closeProblem() {
    this.problem("");
    this.opener.button.focus({ preventScroll: true });
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.controls.keepsKeys(event.target)) return;
    const action = this.controls.keyAction(event.key, event.target, this.list.rows.page());
    if (!action) return;
    event.preventDefault();
    action();
  }
}

/** anywidget's entry: draw one view of the model into `el`. */
function render({ model, el: host }) {
  const view = new StepperView(model, host);
  host.unpView = view;
  return () => view.dispose();
}

export default { render };
