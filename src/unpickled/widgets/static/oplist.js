/** The opcode list: one row a step, the current one marked and always in view. A listbox for the keyboard and screen readers. */
import { attr, el, setText, uid } from "./base.js";
import { icon } from "./icons.js";
import { setCell, VirtualRows } from "./rows.js";

const EFFECTS = { call: "calls code", rebuild: "calls to rebuild", imports: "imports" };

export class OpcodeList {
  /** @param {function(number): void} onPick called with the step of a clicked row */
  constructor(onPick) {
    const title = uid("opcodes");
    this.index = 0;
    this.note = el("span", { class: "unp-pane-note" });
    this.pane = el("div", { class: "unp-ops", role: "listbox", tabindex: "0", "aria-labelledby": title });
    this.node = el(
      "div",
      { class: "unp-pane unp-pane-ops" },
      el(
        "div",
        { class: "unp-pane-head" },
        el("span", { class: "unp-pane-title", id: title, text: "Opcodes" }),
        this.note,
      ),
      el(
        "div",
        { class: "unp-op unp-op-head", "aria-hidden": "true" },
        ...["byte", "opcode", "argument", "effect"].map((text) => el("span", { text })),
      ),
      this.pane,
    );
    this.rows = new VirtualRows(this.pane, {
      make: () => this.makeRow(),
      draw: (node, at) => this.drawRow(node, at),
      drawn: () => attr(this.pane, "aria-activedescendant", this.rows.row(this.index)?.id),
    });
    this.pane.addEventListener("click", (event) => {
      const picked = event.target.closest("[role=option]");
      if (picked) onPick(picked.unpIndex);
    });
  }

  dispose() {
    this.rows.dispose();
  }

  load(machine) {
    this.machine = machine;
    this.index = 0;
    this.rows.kept = undefined;
    const last = machine.steps.offset[machine.length - 1] ?? 0;
    this.node.style.setProperty("--unp-digits", Math.max(2, String(last).length));
    this.rows.reset(machine.length);
  }

  show(index) {
    this.index = index;
    this.rows.keep(index);
    this.rows.draw();
  }

  makeRow() {
    const node = el("div", { class: "unp-op", role: "option", id: uid("op") });
    node.unpOffset = el("span", { class: "unp-op-offset" });
    node.unpName = el("span", { class: "unp-op-name" });
    node.unpArg = el("span", { class: "unp-op-arg" });
    node.unpEffect = el("span", { class: "unp-op-effect" });
    node.append(node.unpOffset, node.unpName, node.unpArg, node.unpEffect);
    return node;
  }

  drawRow(node, at) {
    const current = at === this.index;
    attr(node, "aria-selected", String(current));
    if (node.unpDrawn === at && node.unpMachine === this.machine) return;
    node.unpDrawn = at;
    node.unpMachine = this.machine;
    const { steps } = this.machine;
    const kind = this.machine.kind(at);
    attr(node, "data-kind", kind || null);
    attr(node, "data-start", this.machine.startsPickle(at) ? `pickle ${steps.pickle[at] + 1}` : null);
    attr(node, "aria-setsize", this.machine.length);
    attr(node, "aria-posinset", at + 1);
    setText(node.unpOffset, String(steps.offset[at]));
    setText(node.unpName, this.machine.columns.names[steps.op[at]]);
    setCell(node.unpArg, steps.arg[at] === null ? "" : String(steps.arg[at]));
    this.drawEffect(node.unpEffect, kind, at);
  }

  drawEffect(cell, kind, at) {
    cell.replaceChildren();
    const start = this.machine.startsPickle(at);
    const target = kind === "imports" ? this.machine.steps.imports[at] : this.machine.steps.calls[at];
    if (kind) cell.append(icon(kind), el("span", { text: EFFECTS[kind] }), el("code", { text: target }));
    else if (start)
      cell.append(
        el("span", {
          class: "unp-op-start",
          text: `pickle ${this.machine.steps.pickle[at] + 1} of ${this.machine.pickles}`,
        }),
      );
    cell.title = kind ? `${EFFECTS[kind]}: ${target}` : "";
  }
}
