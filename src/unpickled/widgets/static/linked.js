/**
 * The three views that share one cursor: the bytes, the opcodes, and the stack with the memo. Where one of them is told to
 * go, the others stand too; only the one in view is drawn.
 */
import { attr, count, el, row, setText, size } from "./base.js";
import { StepControls, lengthOf, reachChips, stoppedAt } from "./controls.js";
import { FileHex } from "./filehex.js";
import { Machine } from "./machine.js";
import { NowCard } from "./now.js";
import { OpcodeList } from "./oplist.js";
import { MemoPane, StackPane } from "./panes.js";
import { inline } from "./prose.js";
import { ROLES } from "./stretches.js";

const INSTEAD = 6; // regions named where there is no pickle

export class LinkedViews {
  /** @param {{say: function(string): void, onMove: function(number, number): void}} owner `onMove` hears step and byte */
  constructor(owner) {
    this.owner = owner;
    this.tab = "hex";
    const go = (step) => this.goStep(step);
    this.hex = new FileHex((at) => this.goByte(at));
    this.list = new OpcodeList(go);
    this.stack = new StackPane();
    this.memo = new MemoPane();
    this.now = new NowCard();
    this.controls = new StepControls({ go, forward: () => go(this.step + 1), say: owner.say });
    this.facts = el("p", { class: "unp-lk-facts" });
    this.chips = el("span", { class: "unp-chips" });
    this.notice = el("p", { class: "unp-lk-notice" });
    this.stopped = el("div", { class: "unp-notice unp-stopped" });
    this.layers = this.buildLayers();
    this.head = el(
      "div",
      { class: "unp-lk" },
      row("unp-lk-line", this.facts, this.chips, this.layers),
      this.notice,
      this.stopped,
      this.controls.node,
      this.now.node,
    );
    this.none = el("div", { class: "unp-none" });
    this.views = {
      hex: this.hex.node,
      opcodes: el("div", { class: "unp-lk-opcodes" }, this.list.node),
      stack: el("div", { class: "unp-lk-stack" }, this.stack.node, this.memo.node),
    };
  }

  dispose() {
    this.hex.dispose();
    this.list.dispose();
  }

  buildLayers() {
    const make = (layer, text) => {
      const made = el("button", { type: "button", class: "unp-button unp-quiet unp-toggle", text });
      made.addEventListener("click", () => this.showLayer(layer));
      return made;
    };
    this.layerButtons = { file: make("file", "The file"), pickle: make("pickle", "The pickle, unpacked") };
    return el("span", { class: "unp-layers", role: "group", "aria-label": "Which bytes" }, ...Object.values(this.layerButtons));
  }

  /** Take over a file's sheet, with the cursor where it was left. */
  load(sheet, at) {
    const { pickle } = sheet;
    this.sheet = sheet;
    this.machine = pickle ? new Machine(pickle.columns, pickle) : null;
    this.fileLayer = { windows: sheet.windows, size: sheet.size, regions: sheet.regions, base: pickle ? pickle.base : -1 };
    this.pickleLayer = pickle && pickle.base < 0 ? unpacked(pickle) : null;
    this.layer = this.fileLayer;
    this.now.base = this.fileLayer.base;
    if (this.machine) for (const part of [this.list, this.stack, this.memo, this.controls]) part.load(this.machine);
    this.step = Math.max(0, Math.min(at.step, (this.machine?.length ?? 1) - 1));
    this.byte = Math.max(0, Math.min(at.byte, sheet.size - 1));
    this.drawHead();
    this.draw();
  }

  drawHead() {
    const { pickle, none, damage } = this.sheet;
    const error = pickle?.columns.error;
    const told = pickle ? [pickle.label, size(pickle.size), ...lengthOf(this.machine)] : [none];
    setText(this.facts, told.filter(Boolean).join(" · "));
    this.chips.replaceChildren(...(this.machine ? reachChips(this.machine) : []));
    const notice = [pickle?.notice, damage && `Not every byte is told apart: ${damage}.`].filter(Boolean).join(" ");
    attr(this.notice, "hidden", !notice);
    setText(this.notice, notice);
    attr(this.stopped, "hidden", !error);
    if (error) this.stopped.replaceChildren(...stoppedAt(error, inline));
    if (!this.hasSteps) this.drawNone();
  }

  get hasSteps() {
    return Boolean(this.machine?.length);
  }

  /** What stands where other files have their pickle. */
  drawNone() {
    const { regions, none } = this.sheet;
    const parts = regions.slice(0, INSTEAD).map((region) =>
      el(
        "li",
        { "data-role": region.role },
        el("span", { class: "unp-swatch", "aria-hidden": "true" }),
        el("span", { class: "unp-none-label", text: region.label }),
        el("span", { class: "unp-none-size", text: `${ROLES[region.role]}, ${count(region.end - region.start, "byte")}` }),
      ),
    );
    const left = regions.length - parts.length;
    this.none.replaceChildren(
      el("p", { class: "unp-none-said", text: this.machine ? "No opcode could be read, so there is nothing to step through." : `${none} There are no opcodes to show, and no stack.` }),
      parts.length ? el("p", { text: "In its place the file has, in this order:" }) : "",
      el("ol", { class: "unp-none-parts" }, ...parts),
      left > 0 ? el("p", { text: `… and ${count(left, "more part")}: see Hex.` }) : "",
    );
  }

  /** Move the shared head and the view into the panel of the tab that is opened. */
  open(tab, panel) {
    this.tab = tab;
    const empty = tab !== "hex" && !this.hasSteps;
    panel.replaceChildren(this.head, empty ? this.none : this.views[tab]);
    if (this.sheet) this.draw();
  }

  /** The opcode's step, and in the bytes where it is. Out of range is brought into it. */
  goStep(wanted, quiet = false) {
    if (!this.hasSteps) return;
    this.step = Math.max(0, Math.min(wanted, this.machine.length - 1));
    const offset = this.machine.steps.offset[this.step];
    this.layer = this.pickleLayer || this.fileLayer;
    this.byte = this.layer.base + offset;
    this.moved(quiet);
  }

  /** A byte of the layer that is shown; in a pickle, its opcode's step too. */
  goByte(offset) {
    this.byte = offset;
    const step = this.hex.stepAt(offset);
    if (step >= 0) this.step = step;
    this.moved();
  }

  showLayer(layer) {
    this.layer = layer === "pickle" ? this.pickleLayer : this.fileLayer;
    this.byte = layer === "pickle" ? this.machine.steps.offset[this.step] : 0;
    this.moved();
  }

  moved(quiet = false) {
    this.draw();
    this.owner.onMove(this.step, this.layer === this.fileLayer ? this.byte : 0);
    const spoken = document.activeElement?.matches?.(".unp-ops, .unp-slider");
    if (!quiet && !spoken) this.owner.say(this.sentence());
  }

  get onOpcode() {
    return this.hasSteps && (this.tab !== "hex" || this.hex.stepAt(this.byte) >= 0);
  }

  sentence() {
    if (this.onOpcode) return this.now.sentence(this.machine, this.step);
    const { name, value, text } = this.hex.card();
    return `${name}${value && `: ${value}`}. ${text}`;
  }

  draw() {
    const { tab, step } = this;
    const hex = tab === "hex";
    for (const node of [this.controls.node, this.chips]) attr(node, "hidden", !this.hasSteps);
    attr(this.now.node, "hidden", !hex && !this.hasSteps);
    attr(this.facts, "hidden", !hex && !this.hasSteps);
    attr(this.layers, "hidden", !hex || !this.pickleLayer);
    if (hex) this.drawHex();
    if (!this.hasSteps) return;
    this.controls.show(step);
    if (this.onOpcode) this.now.show(this.machine, step);
    if (tab === "opcodes") this.list.show(step);
    if (tab === "stack") {
      this.stack.show(step);
      this.memo.show(step);
    }
  }

  drawHex() {
    this.hex.load(this.layer, this.machine);
    this.hex.show(this.byte);
    attr(this.layerButtons.file, "aria-pressed", String(this.layer === this.fileLayer));
    attr(this.layerButtons.pickle, "aria-pressed", String(this.layer !== this.fileLayer));
    if (!this.onOpcode) this.now.tell(this.hex.card());
  }

  /** A key pressed in one of the three views. */
  onKey(event) {
    if (this.tab === "hex" && this.hex.onKey(event.key, event.target)) return event.preventDefault();
    if (!this.hasSteps || this.controls.keepsKeys(event.target)) return undefined;
    const action = this.controls.keyAction(event.key, event.target, this.list.rows.page());
    if (!action) return undefined;
    event.preventDefault();
    return action();
  }
}

/** A compressed pickle as a layer of its own. */
function unpacked({ windows, size: all, end }) {
  const regions = [{ start: 0, end, role: "pickle", label: "pickle, unpacked", fields: [] }];
  if (end < all) regions.push({ start: end, end: all, role: "data", label: "after the pickle, not read", fields: [] });
  return { windows, size: all, regions: regions.filter((one) => one.end > one.start), base: 0 };
}
