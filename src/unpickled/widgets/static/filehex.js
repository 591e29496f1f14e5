/**
 * The bytes of a file, coloured by what they are, and the map of its regions. Of a pickle the opcodes are told apart too.
 * A cursor stands on one byte; the field or opcode around it is marked.
 */
import { attr, el, row } from "./base.js";
import { HexGrid, byteName, decodeBase64, lastNotAbove } from "./hexgrid.js";
import { RegionMap } from "./regionmap.js";
import { ROLES, Stretches } from "./stretches.js";

const STRIP = 200; // regions drawn in the strip

export class FileHex {
  /** @param {function(number): void} onPick called with the offset that the cursor is to go to */
  constructor(onPick) {
    this.onPick = onPick;
    this.mark = { start: 0, end: 0, opcode: false };
    this.cursor = 0;
    this.whole = false; // whether all of a region was picked, not one field
    this.stretches = new Stretches([]);
    this.map = new RegionMap((at, whole) => {
      this.whole = whole;
      onPick(at);
    });
    this.strip = el("div", { class: "unp-strip", "aria-hidden": "true" });
    this.strip.addEventListener("click", (event) => {
      const at = event.target.dataset?.start;
      if (at) onPick(Number(at));
    });
    this.pane = el("div", { class: "unp-hex", tabindex: "0", role: "group", "aria-label": "Bytes of the file" });
    this.bytes = el("div", { class: "unp-pane unp-pane-bytes" }, this.pane);
    this.legend = el("ul", { class: "unp-legend", "aria-label": "What the colours stand for" });
    this.grid = new HexGrid(this.pane, { classOf: (at) => this.classOf(at), onPick });
    this.node = el("div", { class: "unp-fh" }, this.strip, row("unp-fh-panes", this.bytes, this.map.node), this.legend);
  }

  dispose() {
    this.grid.dispose();
    this.map.dispose();
  }

  /**
   * @param {{windows, size, regions, base}} layer the file, or its pickle unpacked; `base` is where the pickle begins
   *   in it, -1 for none
   * @param {import("./machine.js").Machine|null} machine the pickle's trace
   */
  load(layer, machine) {
    if (this.layer === layer) return;
    Object.assign(this, { layer, machine });
    const { regions, windows, size } = layer;
    this.windows = windows.map(({ start, bytes }) => ({ start, bytes: decodeBase64(bytes) }));
    this.stretches = new Stretches(regions);
    this.map.load(this.stretches);
    this.grid.load(this.windows, size);
    this.fit();
    this.drawStrip(regions);
    const roles = Object.keys(ROLES).filter((role) => this.stretches.all.some((one) => one.role === role));
    this.legend.replaceChildren(
      ...roles.map((role) =>
        el("li", { "data-role": role }, el("span", { class: "unp-swatch", "aria-hidden": "true" }), ROLES[role]),
      ),
    );
  }

  /** A small file needs no tall panes: as many lines as there can be, of the bytes or of the map. */
  fit() {
    const { regions } = this.stretches;
    const open = Math.max(0, ...regions.map((region) => region.fields.length));
    const lines = 1.5 * this.windows.reduce((all, { bytes }) => all + Math.ceil(bytes.length / 8) / 2 + 1, 0);
    this.node.style.setProperty("--unp-tall", `${Math.max(lines, 1.75 * (regions.length + open) + 2.2) + 0.8}rem`);
  }

  /** Every region as a piece of a bar; a hundred times the bytes are twice as wide or so, so that headers can be seen. */
  drawStrip(regions) {
    this.strip.replaceChildren(
      ...regions.slice(0, STRIP).map((region) => {
        const piece = el("span", { "data-role": region.role, "data-start": region.start, title: region.label });
        piece.style.flexGrow = (Math.max(1, region.end - region.start) ** 0.4).toFixed(2);
        return piece;
      }),
    );
  }

  /** Which step of the pickle a byte belongs to; -1 for none. */
  stepAt(offset) {
    const { base } = this.layer;
    if (base < 0 || !this.machine?.length) return -1;
    const { offset: offsets, size } = this.machine.steps;
    const step = lastNotAbove(offsets, offset - base);
    return step >= 0 && offset - base < offsets[step] + size[step] ? step : -1;
  }

  /** Put the cursor on a byte; mark the opcode around it, or the field, or the region that was picked. */
  show(offset) {
    const stretch = this.stretches.at(offset);
    this.whole = this.whole && this.stretches.regions[stretch?.region]?.start === offset;
    this.cursor = offset;
    const step = this.stepAt(offset);
    if (step >= 0) {
      const start = this.layer.base + this.machine.steps.offset[step];
      this.mark = { start, end: start + this.machine.steps.size[step], opcode: true };
    } else {
      const { start, end } = (this.whole ? this.stretches.regions[stretch.region] : stretch) ?? { start: 0, end: 0 };
      this.mark = { start, end, opcode: false };
    }
    attr(this.bytes, "data-kind", (step >= 0 && this.machine.kind(step)) || null);
    this.map.show(stretch, this.whole);
    [...this.strip.children].forEach((piece, at) => attr(piece, "data-current", at === stretch?.region));
    this.grid.keep(offset);
  }

  classOf(at) {
    const cursor = at === this.cursor ? " unp-byte-cursor" : "";
    const marked = at >= this.mark.start && at < this.mark.end;
    if (marked && this.mark.opcode) return `unp-byte unp-byte-${at === this.mark.start ? "op" : "arg"}${cursor}`;
    const picked = marked ? " unp-byte-picked" : "";
    const { role } = this.stretches.at(at);
    return `unp-byte unp-role-${role}${this.opcodeClass(at)}${picked}${cursor}`;
  }

  opcodeClass(at) {
    const step = this.stepAt(at);
    if (step < 0 || this.machine.steps.offset[step] !== at - this.layer.base) return "";
    return ` unp-byte-first unp-byte-${this.machine.kind(step) || "plain"}`;
  }

  /** What is to be said of the byte under the cursor where it is no opcode. */
  card() {
    const stretch = this.stretches.at(this.cursor);
    if (!stretch) return { name: "no bytes", value: "", where: "", text: "The file is empty." };
    const { role, region } = stretch;
    const { start, end, label, value = "", field = -1 } = this.whole ? this.stretches.regions[region] : stretch;
    const byte = this.grid.byte(this.cursor);
    const size = end - start;
    const place = size === 1 ? `byte ${start}` : `bytes ${start.toLocaleString("en")}–${(end - 1).toLocaleString("en")}`;
    const inside = field >= 0 ? `Part of: ${this.stretches.regions[region].label}. ` : "";
    return {
      name: label,
      value,
      where: `${place} · ${size.toLocaleString("en")} ${size === 1 ? "byte" : "bytes"} · ${ROLES[role]}`,
      text: `${inside}Here: byte ${this.cursor.toLocaleString("en")}${byte < 0 ? ", not shown" : ` is ${byteName(byte)}`}.`,
    };
  }

  /** Where a key takes the cursor; undefined for a key that is none of the hex pane's. */
  target(key) {
    const { perRow } = this.grid;
    const line = this.cursor - (this.cursor % perRow);
    const page = perRow * this.grid.rows.page();
    const to = {
      ArrowRight: this.cursor + 1,
      ArrowLeft: this.cursor - 1,
      ArrowDown: this.cursor + perRow,
      ArrowUp: this.cursor - perRow,
      PageDown: this.cursor + page,
      PageUp: this.cursor - page,
      Home: line,
      End: line + perRow - 1,
    }[key];
    return to === undefined ? undefined : this.known(to);
  }

  /** The nearest known byte in the direction of travel: a fold is stepped over. */
  known(wanted) {
    if (!this.windows.length) return this.cursor;
    const last = this.windows[this.windows.length - 1];
    const to = Math.max(this.windows[0].start, Math.min(wanted, last.start + last.bytes.length - 1));
    const at = lastNotAbove(this.windows.map((one) => one.start), to);
    const window = this.windows[at];
    if (to < window.start + window.bytes.length) return to;
    return to > this.cursor ? this.windows[at + 1].start : window.start + window.bytes.length - 1;
  }

  /** A key in one of the panes. Returns whether it was used. */
  onKey(key, target) {
    if (target === this.map.pane) return this.map.onKey(key);
    if (target !== this.pane) return false;
    const to = this.target(key);
    if (to === undefined) return false;
    this.onPick(to);
    return true;
  }
}
