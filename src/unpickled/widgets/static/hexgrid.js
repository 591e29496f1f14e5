/**
 * Bytes as lines of offset, hex and text. What a byte means, and so how it looks, is told by whoever owns the grid.
 *
 * Of a large file only some windows are there; what lies between two of them is one line that says how much it is.
 */
import { el, setText } from "./base.js";
import { VirtualRows } from "./rows.js";

const WIDTHS = [16, 12, 8, 4]; // bytes a line, as many as fit

/** Base64 text to bytes. */
export function decodeBase64(text) {
  const binary = atob(text || "");
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** The index of the last entry of the ascending `list` that is not above `value`; -1 if there is none. */
export function lastNotAbove(list, value) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const isPrintable = (byte) => byte >= 32 && byte < 127;
const hexOf = (byte) => byte.toString(16).padStart(2, "0");
const asciiOf = (byte) => (isPrintable(byte) ? String.fromCharCode(byte) : "·");

/** A byte as it is spoken of: "2e ‘.’". */
export function byteName(byte) {
  return isPrintable(byte) ? `${hexOf(byte)} ‘${String.fromCharCode(byte)}’` : hexOf(byte);
}

export class HexGrid {
  /**
   * @param {HTMLElement} pane the scrolling element
   * @param {{classOf: function(number): string, onPick: function(number): void}} owner
   *   `classOf` gives the classes of the byte at an offset, `onPick` hears of a click on one
   */
  constructor(pane, owner) {
    this.pane = pane;
    this.owner = owner;
    this.parts = [];
    this.starts = [];
    this.lines = [];
    this.digits = 4;
    this.edition = 0; // counts the loads, so that a drawn line is never taken for one of other bytes
    this.perRow = WIDTHS[0];
    this.rows = new VirtualRows(pane, {
      make: () => this.makeRow(),
      draw: (node, index) => this.drawRow(node, index),
    });
    pane.addEventListener("click", (event) => this.pick(event));
    this.widths = new ResizeObserver(() => this.fitWidth());
    this.widths.observe(pane);
  }

  dispose() {
    this.widths.disconnect();
    this.rows.dispose();
  }

  /**
   * @param {{start: number, bytes: Uint8Array}[]} windows ascending, not touching
   * @param {number} size of the whole, in bytes
   */
  load(windows, size) {
    this.edition += 1;
    this.parts = [];
    let at = 0;
    for (const { start, bytes } of windows) {
      if (start > at) this.parts.push({ start: at, end: start, bytes: null });
      at = start + bytes.length;
      this.parts.push({ start, end: at, bytes });
    }
    if (at < size) this.parts.push({ start: at, end: size, bytes: null });
    this.starts = this.parts.map((part) => part.start);
    this.digits = Math.max(4, String(size).length);
    this.kept = undefined;
    this.layOut();
  }

  /** Number the lines of each part. */
  layOut() {
    let line = 0;
    this.lines = this.parts.map((part) => {
      const first = line;
      line += part.bytes ? Math.ceil(part.bytes.length / this.perRow) : 1;
      return first;
    });
    this.rows.kept = undefined;
    this.rows.reset(line);
    if (this.kept !== undefined) this.keep(this.kept);
  }

  /** The byte at an offset; -1 where it is not known. */
  byte(offset) {
    const part = this.parts[lastNotAbove(this.starts, offset)];
    return part?.bytes && offset < part.end ? part.bytes[offset - part.start] : -1;
  }

  /** Bring the line of an offset into the pane, and draw. */
  keep(offset) {
    this.kept = offset;
    const place = lastNotAbove(this.starts, offset);
    const part = this.parts[place];
    if (!part) return;
    const within = part.bytes ? Math.min(offset - part.start, part.bytes.length - 1) : 0;
    this.rows.keep(this.lines[place] + Math.floor(within / this.perRow));
    this.rows.draw();
  }

  /** As many bytes a line as the pane has room for. */
  fitWidth() {
    if (!this.pane.clientWidth) return;
    const before = this.perRow;
    for (const width of WIDTHS) {
      this.perRow = width;
      const probe = this.makeRow();
      this.rows.canvas.append(probe);
      const fits = probe.offsetWidth <= this.pane.clientWidth;
      probe.remove();
      if (fits) break;
    }
    if (this.perRow !== before) this.layOut();
  }

  makeRow() {
    const node = el("div", { class: "unp-hex-row" });
    node.unpOffset = el("span", { class: "unp-hex-offset", text: "0".repeat(this.digits) });
    node.unpHex = el("span", { class: "unp-hex-bytes" });
    node.unpText = el("span", { class: "unp-hex-text", text: " ".repeat(this.perRow) });
    node.unpHex.style.setProperty("--unp-per-row", this.perRow);
    node.append(node.unpOffset, node.unpHex, node.unpText);
    return node;
  }

  /** A line's neighbouring bytes of one kind share an element, and a line that looks the same is left alone. */
  drawRow(node, index) {
    const place = lastNotAbove(this.lines, index);
    const part = this.parts[place];
    const base = part.start + (index - this.lines[place]) * this.perRow;
    const runs = part.bytes ? this.runs(base, Math.min(base + this.perRow, part.end)) : [];
    const key = [this.edition, base, ...runs.flat()].join();
    if (node.unpKey === key) return;
    node.unpKey = key;
    node.classList.toggle("unp-hex-fold", !part.bytes);
    setText(node.unpOffset, part.bytes ? String(base).padStart(this.digits, "0") : "…".padStart(this.digits));
    if (!part.bytes) {
      node.unpHex.replaceChildren(`${(part.end - part.start).toLocaleString("en")} bytes are not shown`);
      node.unpText.replaceChildren();
      return;
    }
    const cells = (write, between) =>
      runs.flatMap(([start, end, name], at) => {
        const text = Array.from(part.bytes.subarray(start - part.start, end - part.start), write).join(between);
        const run = el("span", { class: name, text });
        run.unpRun = [start, end];
        return at && between ? [between, run] : [run];
      });
    node.unpHex.replaceChildren(...cells(hexOf, " "));
    node.unpText.replaceChildren(...cells(asciiOf, ""));
  }

  /** The line from `base` to `end` as [start, end, class] of neighbours that look alike. */
  runs(base, end) {
    const runs = [];
    for (let at = base; at < end; at += 1) {
      const name = this.owner.classOf(at);
      const last = runs[runs.length - 1];
      if (last && last[2] === name) last[1] = at + 1;
      else runs.push([at, at + 1, name]);
    }
    return runs;
  }

  /** The byte under the pointer is told from its place in the run: all are equally wide. */
  pick(event) {
    const run = event.target.unpRun;
    if (!run) return;
    const [start, end] = run;
    const box = event.target.getBoundingClientRect();
    const place = Math.floor(((event.clientX - box.left) / box.width) * (end - start));
    this.owner.onPick(start + Math.max(0, Math.min(place, end - start - 1)));
  }
}
