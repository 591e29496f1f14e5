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

export class HexView {
  /** @param {function(number): void} onPick called with the step a clicked byte belongs to */
  constructor(onPick) {
    this.onPick = onPick;
    this.bytes = new Uint8Array(0);
    this.edition = 0; // counts the loads, so that a drawn line is never taken for one of other bytes
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
    this.edition += 1;
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
    node.unpOffset = el("span", { class: "unp-hex-offset", text: "0000" });
    node.unpHex = el("span", { class: "unp-hex-bytes" });
    node.unpText = el("span", { class: "unp-hex-text", text: " ".repeat(this.perRow) });
    node.unpHex.style.setProperty("--unp-per-row", this.perRow);
    node.append(node.unpOffset, node.unpHex, node.unpText);
    return node;
  }

  /** A line's neighbouring bytes of one kind share an element, and a line that looks the same is left alone. */
  drawRow(node, index) {
    const base = index * this.perRow;
    const runs = this.runs(base, Math.min(base + this.perRow, this.bytes.length));
    const key = [this.edition, ...runs.flat()].join();
    if (node.unpKey === key) return;
    node.unpKey = key;
    setText(node.unpOffset, String(base).padStart(4, "0"));
    const cells = (write, between) =>
      runs.flatMap(([start, end, name], place) => {
        const run = el("span", {
          class: name,
          text: Array.from(this.bytes.subarray(start, end), write).join(between),
        });
        run.unpRun = [start, end];
        return place && between ? [between, run] : [run];
      });
    node.unpHex.replaceChildren(...cells(hexOf, " "));
    node.unpText.replaceChildren(...cells(asciiOf, ""));
  }

  /** The line from `base` to `end` as [start, end, class] of neighbours that look alike. */
  runs(base, end) {
    const runs = [];
    let step = lastNotAbove(this.offsets, base);
    for (let at = base; at < end; at += 1) {
      while (step + 1 < this.offsets.length && this.offsets[step + 1] <= at) step += 1;
      const name = this.classOf(at, step);
      const last = runs[runs.length - 1];
      if (last && last[2] === name) last[1] = at + 1;
      else runs.push([at, at + 1, name]);
    }
    return runs;
  }

  classOf(at, step) {
    if (at === this.start && this.end > this.start) return "unp-byte unp-byte-op";
    if (at > this.start && at < this.end) return "unp-byte unp-byte-arg";
    if (at === this.broken) return "unp-byte unp-byte-broken";
    if (step < 0 || at >= this.offsets[step] + this.sizes[step]) return "unp-byte unp-byte-unread";
    return this.offsets[step] === at ? "unp-byte unp-byte-first" : "unp-byte";
  }

  /** The byte under the pointer is told from its place in the run: all are equally wide. */
  pick(event) {
    const run = event.target.unpRun;
    if (!run) return;
    const [start, end] = run;
    const box = event.target.getBoundingClientRect();
    const place = Math.floor(((event.clientX - box.left) / box.width) * (end - start));
    const step = lastNotAbove(this.offsets, start + Math.max(0, Math.min(place, end - start - 1)));
    if (step >= 0) this.onPick(step);
  }

  /** Paint the marks of a call in the colour of calls. */
  alarm(kind) {
    attr(this.node, "data-kind", kind);
  }
}
