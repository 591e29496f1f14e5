/**
 * The card of the current step: which opcode, where, what it does in plain words, and, in red or amber and in words,
 * whether it calls or imports code.
 */
import { attr, count, el, setText } from "./base.js";
import { icon } from "./icons.js";
import { inline } from "./prose.js";

const WORDS = { call: "calls code", rebuild: "calls to rebuild data", imports: "imports", "": "" };

export class NowCard {
  constructor() {
    this.base = 0; // where the pickle begins in the file that is shown
    this.name = el("span", { class: "unp-now-name" });
    this.arg = el("code", { class: "unp-now-arg" });
    this.where = el("span", { class: "unp-now-where" });
    this.text = el("span", {});
    this.move = el("span", { class: "unp-now-move" });
    this.word = el("span", { class: "unp-now-word" });
    this.sign = el("span", { class: "unp-now-sign" });
    this.target = el("code", { class: "unp-now-target" });
    this.reach = el("p", { class: "unp-now-reach" }, this.sign, this.word, " ", this.target);
    this.node = el(
      "div",
      { class: "unp-now" },
      el("div", { class: "unp-now-line" }, this.name, this.arg, this.where),
      this.reach,
      el("p", { class: "unp-now-text" }, this.text, " ", this.move),
    );
  }

  /** @param {import("./machine.js").Machine} machine */
  show(machine, index) {
    const step = machine.step(index);
    const kind = machine.kind(index);
    attr(this.node, "data-kind", kind || null);
    setText(this.name, step.name);
    const arg = step.arg === null || step.arg === undefined ? "" : String(step.arg);
    setText(this.arg, arg);
    attr(this.arg, "hidden", !arg);
    setText(this.where, this.place(machine, step));
    this.text.replaceChildren(...inline(step.explain));
    setText(this.move, movement(machine.change(index, 0)));
    this.showReach(kind, step);
  }

  /** The same card for bytes that are no opcode. @param {{name, value, where, text}} told */
  tell({ name, value, where, text }) {
    attr(this.node, "data-kind", null);
    setText(this.name, name);
    setText(this.arg, value);
    attr(this.arg, "hidden", !value);
    setText(this.where, where);
    this.text.replaceChildren(text);
    setText(this.move, "");
    this.showReach("", {});
  }

  showReach(kind, step) {
    attr(this.reach, "hidden", !kind);
    if (this.kind !== kind) this.sign.replaceChildren(kind ? icon(kind) : "");
    this.kind = kind;
    setText(this.word, WORDS[kind]);
    setText(this.target, (kind === "imports" ? step.imports : step.calls) || "");
  }

  place(machine, step) {
    const pickle = machine.pickles > 1 ? `pickle ${step.pickle + 1} of ${machine.pickles} · ` : "";
    const inFile = this.base > 0 ? ` (${this.base + step.offset} of the file)` : "";
    const size = count(step.size, "byte");
    return `${pickle}step ${step.index + 1} of ${machine.length} · byte ${step.offset}${inFile} · ${size}`;
  }

  /** What a screen reader hears when the step was not taken in the list or on the slider. */
  sentence(machine, index) {
    const step = machine.step(index);
    const kind = machine.kind(index);
    const reach =
      { "": "", imports: `, imports ${step.imports}` }[kind] ?? `, ${WORDS[kind]}: ${step.calls}`;
    return `Step ${index + 1} of ${machine.length}: ${step.name}${reach}. ${count(step.depth, "item")} on the stack.`;
  }
}

/** What a step did to the stack, in a few words. */
function movement({ took, pushed }) {
  const put = pushed.size;
  if (!took && !put) return "The stack stays as it is.";
  return `Stack: ${[took ? `took ${took}` : "", put ? `put ${put}` : ""].filter(Boolean).join(", ")}.`;
}
