/** The opcodes as rows that open one at a time: what each leaves behind, before the change and now. */
import { attr, button, el, setText, uid } from "./base.js";
import { icon } from "./icons.js";

const WORDS = {
  changed: "changed",
  frame: "length follows",
  effect: "differs",
  deeper: "",
  broken: "breaks here",
  gone: "not reached",
  new: "reached only now",
  same: "",
};
const QUIET = { same: "the same", deeper: "the same on top" };
const REACH = { call: "calls", imports: "imports" };

export class ChangeRows {
  /** @param {function(number): HTMLElement} editorOf what an opened row shows */
  constructor(editorOf) {
    this.editorOf = editorOf;
    this.at = 0;
    this.opened = -1;
    this.list = el("ol", { class: "unp-wi-rows", "aria-label": "Opcodes" });
    this.last = el("span", { text: "now" });
    this.first = el("span", {});
    const heads = ["byte", "opcode"].map((text) => el("span", { text }));
    this.node = el(
      "div",
      { class: "unp-wi-list" },
      el("div", { class: "unp-wi-line unp-wi-heads", "aria-hidden": "true" }, ...heads, this.first, this.last),
      this.list,
    );
    this.list.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** @param {import("./machine.js").Machine} machine the pickle before any change */
  load(machine) {
    this.before = machine;
    this.opened = -1;
    this.at = 0;
    this.lines = [];
  }

  /** Show what is now, beside what was. @param {Machine|null} after @param {Object} now the trait */
  show(after, now) {
    const total = Math.max(this.before.length, after?.length || 0);
    const focused = this.list.contains(document.activeElement);
    this.close({ focus: false });
    attr(this.node, "data-changed", Boolean(after));
    setText(this.first, after ? "before" : "calls, imports, or top of the stack");
    this.lines = Array.from({ length: total }, (_, at) => this.makeLine(at));
    this.lines.forEach((line, at) => this.drawLine(line, at, after, now));
    this.list.replaceChildren(...this.lines.map((line) => line.node));
    this.move(Math.min(this.at, total - 1), focused); // at once: a notebook takes a focus that is lost
  }

  makeLine(at) {
    const panel = uid("change");
    const cells = Object.fromEntries(
      ["place", "code", "was", "is"].map((name) => [name, el("span", { class: `unp-wi-${name}` })]),
    );
    const press = button("", () => this.toggle(at), {
      class: "unp-wi-line",
      "aria-expanded": "false",
      "aria-controls": panel,
      tabindex: "-1",
    });
    press.classList.remove("unp-button");
    press.append(...Object.values(cells));
    const box = el("div", { class: "unp-wi-open", id: panel, hidden: true });
    return { node: el("li", {}, press, box), button: press, box, cells };
  }

  drawLine({ node, button: press, cells }, at, after, now) {
    const { before } = this;
    const status = after ? now.rows[at] : "same";
    attr(node, "data-status", status);
    const old = at < before.length ? before.step(at) : null;
    const fresh = after && at < after.length ? after.step(at) : null;
    const broken = status === "broken" ? now.end.broke : null;
    const instead = broken && at === now.index ? { name: now.opcode, arg: now.argument || null } : fresh;
    attr(node, "data-kind", (fresh || !after ? (after || before).kind(at) : "") || null);
    attr(press, "aria-disabled", old ? null : "true");
    setText(cells.place, String(broken ? broken.at : (fresh || old).offset));
    const rewritten = status === "changed" || status === "frame" || (broken && instead);
    cells.code.replaceChildren(
      ...(rewritten && old ? [el("del", {}, ...codeOf(old))] : []),
      ...(rewritten && instead ? [el("ins", {}, ...codeOf(instead))] : []),
      ...(rewritten ? [] : codeOf(fresh || old)),
    );
    cells.was.replaceChildren(...(old ? left(before, at) : [el("span", { text: "not reached" })]));
    cells.is.replaceChildren(
      ...(WORDS[status] ? [el("span", { class: "unp-wi-word", text: WORDS[status] })] : []),
      ...(fresh && !QUIET[status] ? left(after, at) : []),
      ...(broken ? [el("span", { class: "unp-wi-broke", text: broken.why })] : []),
      ...(after && QUIET[status] ? [el("span", { class: "unp-wi-same", text: QUIET[status] })] : []),
    );
  }

  toggle(at) {
    if (at >= this.before.length) return;
    const again = at === this.opened;
    this.close();
    this.move(at, again);
    if (!again) this.open(at);
  }

  open(at) {
    const { button: press, box } = this.lines[at];
    this.opened = at;
    box.replaceChildren(this.editorOf(at));
    attr(box, "hidden", false);
    attr(press, "aria-expanded", "true");
    (box.querySelector(".unp-wi-first") || press).focus({ preventScroll: true });
    box.scrollIntoView({ block: "nearest" });
  }

  /** Close the open row. Returns whether the focus was in it and went to its row. */
  close({ focus = true } = {}) {
    if (this.opened < 0) return false;
    const { button: press, box } = this.lines[this.opened];
    this.opened = -1;
    const inside = box.contains(document.activeElement);
    attr(box, "hidden", true);
    attr(press, "aria-expanded", "false");
    box.replaceChildren();
    if (inside && focus) press.focus({ preventScroll: true });
    return inside && focus;
  }

  focus() {
    this.lines[this.at]?.button.focus({ preventScroll: true });
  }

  /** Make a row the one that Tab comes to. */
  move(at, focus = true) {
    const to = Math.max(0, Math.min(at, this.lines.length - 1));
    this.at = to;
    this.lines.forEach((line, place) => attr(line.button, "tabindex", place === to ? "0" : "-1"));
    if (focus && this.lines[to]) this.lines[to].button.focus();
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && this.opened >= 0) {
      event.preventDefault();
      this.move(this.opened, false);
      this.close();
      return;
    }
    const at = this.lines.findIndex((line) => line.button === event.target);
    if (at < 0) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.lines.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.move(to);
  }
}

function codeOf(step) {
  const argument = step.arg === null ? "" : String(step.arg);
  return [el("b", { text: step.name }), argument ? el("code", { text: argument, title: argument }) : ""];
}

/** What a step leaves: what it calls or imports, or what lies on top of the stack. */
function left(machine, at) {
  const { imports, calls } = machine.step(at);
  const kind = calls !== null ? "call" : imports !== null ? "imports" : "";
  if (kind) {
    const target = kind === "call" ? calls : imports;
    return [
      el("span", { class: "unp-wi-reach", "data-kind": kind }, icon(kind), el("span", { text: REACH[kind] })),
      el("code", { text: target, title: target }),
    ];
  }
  const [top] = machine.top(at, 1);
  if (!top) return [el("span", { class: "unp-wi-none", text: "empty stack" })];
  return [el("code", { text: top.text, title: top.text })];
}
