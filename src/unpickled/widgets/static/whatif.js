/**
 * The what-if editor: a pickle's opcodes, one of which is changed at a time, and the new trace beside the old one.
 *
 * Traits read: `trace` {name, size, columns, end}, `arguments` [text or null], `opcodes` [{name, kind, takes, toMark,
 * explain}], `kinds` {kind: {hint, example}}, `now` {} or {index, opcode, argument, columns, rows, said, end},
 * `undoable`. Messages to Python: {type: "change", index, opcode, argument}, {type: "undo"}, {type: "reset"}; from
 * Python: {type: "heard"}, {type: "refused", text}. The changed bytes never come here: only their trace does.
 */
import { askKernel, attr, button, count, el, follow, isStatic, mountRoot, row, setText, size } from "./base.js";
import { glyph, icon } from "./icons.js";
import { keyHelp } from "./keyhelp.js";
import { Machine } from "./machine.js";
import { OpcodeForm } from "./whatform.js";
import { saidList, sentences, sides } from "./whatout.js";
import { ChangeRows } from "./whatrows.js";

const LEAD = "Open a row, change its opcode or its argument, and see what the trace says then. The changed bytes are only read: they are never loaded, and not saved anywhere.";
const SAVED = "This saved page has no Python behind it, and changing a row needs it: open the lesson in JupyterLab. What you see is the trace as it was saved.";
const SILENT = "Python has not answered yet. If another cell is running, this waits for it; if the kernel was restarted, run this cell again.";

class WhatIfView {
  constructor(model, host) {
    this.model = model;
    const mounted = mountRoot(host, "whatif", "What would happen if");
    Object.assign(this, { root: mounted.root, say: mounted.say, asked: null, asking: "" });
    this.build();
    const ends = [
      follow(model, ["trace"], () => this.load()),
      follow(model, ["now"], () => this.draw()),
      follow(model, ["undoable"], () => this.drawTools()),
    ];
    const onMessage = (message) => this.onMessage(message);
    model.on("msg:custom", onMessage);
    this.dispose = () => {
      ends.forEach((end) => end());
      model.off("msg:custom", onMessage);
      this.asked?.answered();
      mounted.dispose();
    };
    this.load();
  }

  build() {
    this.title = el("span", { class: "unp-wi-title" });
    this.facts = el("span", { class: "unp-wi-facts" });
    this.undo = button("Undo", () => this.ask({ type: "undo" }, this.undo), { class: "unp-quiet" });
    this.reset = button("", () => this.ask({ type: "reset" }, this.reset), { class: "unp-quiet" });
    this.reset.append(glyph("reset"), el("span", { text: "Reset" }));
    this.form = new OpcodeForm({
      onApply: (change) => this.ask({ type: "change", ...change }),
      onClose: () => this.rows.close(),
    });
    this.rows = new ChangeRows((at) => this.editor(at));
    this.notice = el("div", { class: "unp-notice", role: "alert", hidden: true });
    this.result = el("div", { class: "unp-wi-result" });
    this.root.append(
      row(
        "unp-wi-head",
        row("unp-wi-name", this.title, this.facts),
        row("unp-wi-tools", this.undo, this.reset, keyHelp(this.root, "whatif")),
      ),
      el("p", { class: "unp-wi-lead", text: isStatic(this.model) ? SAVED : LEAD }),
      this.notice,
      this.rows.node,
      this.result,
    );
  }

  load() {
    const { name, size: bytes, columns } = this.model.get("trace");
    this.machine = new Machine(columns);
    setText(this.title, name);
    this.title.title = name;
    setText(this.facts, `${size(bytes)} · ${count(this.machine.length, "opcode")}`);
    this.rows.load(this.machine);
    this.draw();
  }

  draw() {
    const now = this.model.get("now");
    const changed = Boolean(now.columns);
    this.after = changed ? new Machine(now.columns) : null;
    this.rows.show(this.after, now);
    this.drawTools();
    attr(this.result, "hidden", !changed);
    const { end } = this.model.get("trace");
    this.result.replaceChildren(...(changed ? [saidList(now.said), sides(end, now.end)] : []));
  }

  drawTools() {
    const can = [[this.undo, this.model.get("undoable")], [this.reset, Boolean(this.after)]];
    for (const [one, on] of can) attr(one, "aria-disabled", on && !isStatic(this.model) ? null : "true");
  }

  /** What an opened row shows: the form, or on a saved page what the opcode does. */
  editor(at) {
    const now = this.model.get("now");
    const here = now.columns && now.index === at;
    const step = this.machine.step(at);
    if (isStatic(this.model)) return el("p", { class: "unp-wi-told", text: `${step.explain} ${SAVED}` });
    const argument = here ? now.argument : this.model.get("arguments")[at];
    this.form.open({
      at,
      machine: this.machine,
      opcodes: this.model.get("opcodes"),
      kinds: this.model.get("kinds"),
      opcode: here ? now.opcode : step.name,
      argument,
      original: { opcode: step.name, argument: this.model.get("arguments")[at] },
      replaces: now.columns && !here ? now.index : -1,
    });
    return this.form.node;
  }

  /** Ask Python, one thing at a time. */
  ask(content, control = null) {
    if (this.asked || control?.getAttribute("aria-disabled") === "true") return;
    this.form.wait(true);
    this.problem("");
    this.asking = content.type;
    this.asked = askKernel(this.model, content, [], () => this.silent());
  }

  silent() {
    this.asked = null;
    this.form.wait(false);
    this.problem(SILENT);
  }

  onMessage(message) {
    if (message.type !== "heard" && message.type !== "refused") return;
    const { asking } = this;
    if (!asking) return; // another view of the same widget has asked
    this.asking = "";
    this.asked?.answered();
    this.asked = null;
    this.form.wait(false);
    this.problem("");
    if (message.type === "refused") this.form.refuse(message.text);
    else this.done(asking === "change");
  }

  /** Python has answered: the row closes, and what came of it is said. */
  done(changed) {
    const { columns, said } = this.model.get("now");
    this.rows.close();
    if (changed) this.rows.focus();
    this.say(columns ? sentences(said) : "The pickle is as it was.");
  }

  problem(text) {
    attr(this.notice, "hidden", !text);
    this.notice.replaceChildren(...(text ? [icon("wrong"), el("span", { text })] : []));
  }
}

function render({ model, el: host }) {
  const view = new WhatIfView(model, host);
  host.unpView = view;
  return () => view.dispose();
}

export default { render };
