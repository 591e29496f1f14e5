/** The form in an open row: which opcode, and its argument as text. Python judges both; its answer stands at the field. */
import { attr, button, el, row, setText, uid } from "./base.js";
import { inline } from "./prose.js";

export class OpcodeForm {
  /** @param {{onApply: function(Object): void, onClose: function(): void}} owner */
  constructor(owner) {
    this.owner = owner;
    this.build();
  }

  build() {
    const [find, list, argument, error, hint] = ["find", "list", "argument", "error", "hint"].map(uid);
    this.find = el("input", {
      class: "unp-input unp-wi-first",
      type: "search",
      id: find,
      placeholder: "Search: reduce, or memo",
      autocomplete: "off",
      spellcheck: "false",
      on: { input: () => this.fill(), keydown: (event) => this.onFindKey(event) },
    });
    this.list = el("select", {
      class: "unp-input unp-wi-select",
      id: list,
      size: 7,
      "aria-label": "Opcode",
      on: { change: () => this.choose(this.list.value), keydown: (event) => this.onListKey(event) },
    });
    this.all = el("input", { type: "checkbox", on: { change: () => this.fill() } });
    this.explain = el("p", { class: "unp-wi-explain" });
    this.argument = el("input", {
      class: "unp-input",
      type: "text",
      id: argument,
      autocomplete: "off",
      spellcheck: "false",
      on: { input: () => this.refuse("") },
    });
    this.hint = el("p", { class: "unp-wi-hint", id: hint });
    this.error = el("p", { class: "unp-wi-error", id: error, role: "alert" });
    this.note = el("p", { class: "unp-wi-note" });
    this.apply = button("Apply", () => {}, { type: "submit", class: "unp-primary" });
    this.field = el(
      "div",
      { class: "unp-wi-field" },
      el("label", { for: argument, text: "Argument" }),
      this.argument,
      this.hint,
    );
    attr(this.argument, "aria-describedby", `${hint} ${error}`);
    this.node = el(
      "form",
      { class: "unp-wi-form", novalidate: true, on: { submit: (event) => this.onSubmit(event) } },
      el(
        "div",
        { class: "unp-wi-pick" },
        el("label", { for: find, text: "Opcode" }),
        this.find,
        this.list,
        el("label", { class: "unp-wi-all" }, this.all, el("span", { text: "also those that do not fit the stack here" })),
      ),
      el(
        "div",
        { class: "unp-wi-fields" },
        this.explain,
        this.field,
        this.error,
        this.note,
        row("unp-wi-actions", this.apply, button("Cancel", () => this.owner.onClose(), { class: "unp-quiet" })),
      ),
    );
  }

  /** Fill the form for a row. */
  open({ at, machine, opcodes, kinds, opcode, argument, original, replaces }) {
    Object.assign(this, { at, opcodes, kinds, original, room: roomAt(machine, at) });
    this.find.value = "";
    this.all.checked = false;
    this.argument.value = argument ?? "";
    this.long = argument === null ? opcode : "";
    setText(this.note, replaces >= 0 ? `One change at a time: this one takes the place of yours in row ${replaces + 1}.` : "");
    attr(this.note, "hidden", replaces < 0);
    this.wait(false);
    this.choose(opcode, { keep: true });
    this.fill();
  }

  get known() {
    return this.opcodes.find((one) => one.name === this.opcode);
  }

  /** Another opcode: an argument of the old kind stays only where it can be one of the new. */
  choose(name, { keep = false } = {}) {
    const before = this.opcode;
    this.opcode = name;
    const { kind, explain } = this.known;
    if (!keep && before !== name) {
      const old = this.opcodes.find((one) => one.name === before)?.kind;
      if (name === this.original.opcode) this.argument.value = this.original.argument ?? "";
      else if (this.kinds[old]?.example !== this.kinds[kind]?.example) this.argument.value = "";
    }
    this.explain.replaceChildren(el("b", { text: name }), " ", ...inline(explain));
    attr(this.field, "hidden", !kind);
    if (kind) this.drawHint(kind, name);
    this.refuse("");
  }

  drawHint(kind, name) {
    const { hint, example } = this.kinds[kind];
    const long = this.long === name ? "What stands there is too long to be shown; what you write takes its place. " : "";
    this.hint.replaceChildren(`${long}It takes ${hint}: `, el("code", { text: example }));
  }

  fill() {
    const wanted = this.find.value.trim().toLowerCase();
    const found = this.opcodes.filter(
      (one) =>
        (this.all.checked || wanted || this.fits(one) || one.name === this.opcode) &&
        (!wanted || `${one.name} ${one.explain}`.toLowerCase().includes(wanted)),
    );
    const start = (one) => one.name.toLowerCase().startsWith(wanted);
    if (wanted) found.sort((a, b) => start(b) - start(a));
    this.list.replaceChildren(
      ...found.map((one) =>
        el("option", { value: one.name, text: this.fits(one) ? one.name : `${one.name} (does not fit here)` }),
      ),
    );
    this.list.value = this.opcode;
  }

  fits({ takes, toMark }) {
    return takes <= this.room.above && (!toMark || this.room.marked);
  }

  onFindKey(event) {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    event.preventDefault();
    if (!this.list.options.length) return;
    if (this.list.selectedIndex < 0 || event.key === "Enter") this.list.selectedIndex = 0;
    this.choose(this.list.value);
    (event.key === "Enter" && this.known.kind ? this.argument : this.list).focus();
  }

  /** Enter applies from the list too: a list alone would not send its form. */
  onListKey(event) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    this.node.requestSubmit();
  }

  onSubmit(event) {
    event.preventDefault();
    const argument = this.known.kind ? this.argument.value : "";
    if (this.opcode === this.original.opcode && argument.trim() === this.original.argument) {
      this.refuse("That is what stands there already: choose another opcode, or another argument.");
      return;
    }
    this.owner.onApply({ index: this.at, opcode: this.opcode, argument });
  }

  wait(on) {
    attr(this.apply, "aria-disabled", on ? "true" : null);
    setText(this.apply, on ? "Asking Python …" : "Apply");
  }

  /** Say at the field why it cannot be; "" takes it away. */
  refuse(text) {
    setText(this.error, text);
    const atArgument = text && this.opcode && this.known.kind;
    attr(this.argument, "aria-invalid", atArgument ? "true" : null);
    if (!text) return;
    if (atArgument) this.argument.focus();
    this.apply.scrollIntoView({ block: "nearest" });
  }
}

/** What an opcode finds in place of row `at`: entries above the last mark, and whether there is a mark. */
function roomAt(machine, at) {
  const fresh = at === 0 || machine.startsFresh(at);
  const entries = fresh ? [] : machine.top(at - 1, Infinity);
  const mark = entries.findIndex((one) => one.type === "mark");
  return { above: mark < 0 ? entries.length : mark, marked: mark >= 0 };
}
