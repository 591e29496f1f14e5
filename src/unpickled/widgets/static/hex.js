/**
 * The bytes themselves: offset, hex and text, with the bytes of the current opcode marked.
 *
 * The opcode's own byte is filled, the bytes of its argument are outlined, and the first byte of every
 * other opcode is bold, so that the structure of the stream can be seen. A click on a byte goes to its opcode.
 */
import { attr, el, setText, uid } from "./base.js";
import { VirtualRows } from "./rows.js";

const WIDTHS = [16, 12, 8]; // bytes a line, as many as fit

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

const hexOf = (byte) => byte.toString(16).padStart(2, "0");
const asciiOf = (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·");

const makeBytes = (count, blank) =>
  Array.from({ length: count }, () => el("span", { class: "unp-byte" }, blank));

export class HexView {
  /** @param {function(number): void} onPick called with the step a clicked byte belongs to */
  constructor(onPick) {
    this.onPick = onPick;
    this.bytes = new Uint8Array(0);
    this.offsets = [];
    this.sizes = [];
    this.start = 0;
    this.end = 0;
    this.broken = -1;
    this.perRow = WIDTHS[0];
    const title = uid("bytes");
    this.heading = el("span", { class: "unp-pane-note" });
    this.pane = el("div", { class: "unp-hex", tabindex: "0", role: "region", "aria-labelledby": title });
    this.node = el(
      "div",
      { class: "unp-pane unp-pane-bytes" },
      el(
        "div",
        { class: "unp-pane-head" },
        el("span", { class: "unp-pane-title", id: title, text: "Bytes" }),
        this.heading,
      ),
      this.pane,
    );
    this.rows = new VirtualRows(this.pane, {
      make: () => this.makeRow(),
      draw: (node, index) => this.drawRow(node, index),
    });
    this.pane.addEventListener("click", (event) => this.pick(event));
    this.widths = new ResizeObserver(() => this.fitWidth());
    this.widths.observe(this.pane);
  }

  dispose() {
    this.widths.disconnect();
    this.rows.dispose();
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number[]} offsets of the steps, ascending
   * @param {number[]} sizes of the steps
   * @param {number} broken the offset at which reading failed, or -1
   */
  load(bytes, offsets, sizes, broken) {
    Object.assign(this, { bytes, offsets, sizes, broken, start: 0, end: 0 });
    this.rows.kept = undefined;
    this.rows.reset(Math.ceil(bytes.length / this.perRow));
  }

  /** Mark the bytes of a step and bring its first line into the pane. */
  show(offset, length) {
    this.start = offset;
    this.end = offset + length;
    setText(this.heading, this.sentence(offset, length));
    if (!this.bytes.length) return;
    this.rows.keep(Math.floor(Math.min(offset, this.bytes.length - 1) / this.perRow));
    this.rows.draw();
  }

  sentence(offset, length) {
    if (offset >= this.bytes.length) return `byte ${offset} is not kept here`;
    const first = this.bytes[offset];
    const code =
      `${hexOf(first)} ${first >= 32 && first < 127 ? `‘${String.fromCharCode(first)}’` : ""}`.trim();
    return length > 1
      ? `${offset}–${offset + length - 1}: opcode ${code} and ${length - 1} of argument`
      : `${offset}: opcode ${code}`;
  }

  /** As many bytes a line as the pane has room for. */
  fitWidth() {
    const before = this.perRow;
    for (const width of WIDTHS) {
      this.perRow = width;
      const probe = this.makeRow();
      this.rows.canvas.append(probe);
      const fits = probe.offsetWidth <= this.pane.clientWidth;
      probe.remove();
      if (fits) break;
    }
    const { perRow } = this;
    if (perRow === before) return;
    this.rows.kept = undefined;
    this.rows.reset(Math.ceil(this.bytes.length / perRow));
    this.show(this.start, this.end - this.start);
  }

  makeRow() {
    const node = el("div", { class: "unp-hex-row" });
    node.unpOffset = el("span", { class: "unp-hex-offset" });
    node.unpHex = makeBytes(this.perRow, "  ");
    node.unpText = makeBytes(this.perRow, " ");
    node.append(
      node.unpOffset,
      el("span", { class: "unp-hex-bytes" }, ...node.unpHex),
      el("span", { class: "unp-hex-text" }, ...node.unpText),
    );
    return node;
  }

  drawRow(node, index) {
    const base = index * this.perRow;
    setText(node.unpOffset, String(base).padStart(4, "0"));
    let step = lastNotAbove(this.offsets, base);
    for (let i = 0; i < this.perRow; i += 1) {
      const at = base + i;
      while (step + 1 < this.offsets.length && this.offsets[step + 1] <= at) step += 1;
      const name = this.classOf(at, step);
      this.drawByte(node.unpHex[i], at, name, hexOf);
      this.drawByte(node.unpText[i], at, name, asciiOf);
    }
  }

  /** A byte's cell is touched only where it differs: a line of bytes has many cells. */
  drawByte(cell, at, name, write) {
    const inside = at < this.bytes.length;
    const text = inside ? write(this.bytes[at]) : write === hexOf ? "  " : " ";
    if (cell.unpText !== text) {
      cell.firstChild.data = text;
      cell.unpText = text;
    }
    if (cell.unpName !== name) {
      cell.className = name;
      cell.unpName = name;
    }
    cell.unpAt = inside ? at : undefined;
  }

  classOf(at, step) {
    if (at >= this.bytes.length) return "unp-byte";
    const last = at === this.end - 1 ? " unp-byte-end" : "";
    if (at === this.start && this.end > this.start) return `unp-byte unp-byte-op${last}`;
    if (at > this.start && at < this.end) return `unp-byte unp-byte-arg${last}`;
    if (at === this.broken) return "unp-byte unp-byte-broken";
    if (step < 0 || at >= this.offsets[step] + this.sizes[step]) return "unp-byte unp-byte-unread";
    return this.offsets[step] === at ? "unp-byte unp-byte-first" : "unp-byte";
  }

  pick(event) {
    const at = event.target.unpAt;
    if (at === undefined) return;
    const step = lastNotAbove(this.offsets, at);
    if (step >= 0) this.onPick(step);
  }

  /** Paint the marks of a call in the colour of calls. */
  alarm(kind) {
    attr(this.node, "data-kind", kind);
  }
}
