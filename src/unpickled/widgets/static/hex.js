/**
 * The stepper's bytes: those of the current opcode marked, and the structure of the stream to be seen.
 *
 * The opcode's own byte is filled, the bytes of its argument are outlined, and the first byte of every
 * other opcode is bold. A click on a byte goes to its opcode.
 */
import { attr, el, setText, uid } from "./base.js";
import { HexGrid, byteName, lastNotAbove } from "./hexgrid.js";

export class HexView {
  /** @param {function(number): void} onPick called with the step a clicked byte belongs to */
  constructor(onPick) {
    this.bytes = new Uint8Array(0);
    this.offsets = [];
    this.sizes = [];
    this.start = 0;
    this.end = 0;
    this.broken = -1;
    const title = uid("bytes");
    this.heading = el("span", { class: "unp-pane-note" });
    this.pane = el("div", { class: "unp-hex", tabindex: "0", role: "group", "aria-labelledby": title });
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
    this.grid = new HexGrid(this.pane, {
      classOf: (at) => this.classOf(at),
      onPick: (at) => {
        const step = lastNotAbove(this.offsets, at);
        if (step >= 0) onPick(step);
      },
    });
  }

  dispose() {
    this.grid.dispose();
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number[]} offsets of the steps, ascending
   * @param {number[]} sizes of the steps
   * @param {number} broken the offset at which reading failed, or -1
   */
  load(bytes, offsets, sizes, broken) {
    Object.assign(this, { bytes, offsets, sizes, broken, start: 0, end: 0 });
    this.grid.load(bytes.length ? [{ start: 0, bytes }] : [], bytes.length);
  }

  /** Mark the bytes of a step and bring its first line into the pane. */
  show(offset, length) {
    this.start = offset;
    this.end = offset + length;
    setText(this.heading, this.sentence(offset, length));
    if (this.bytes.length) this.grid.keep(Math.min(offset, this.bytes.length - 1));
  }

  sentence(offset, length) {
    if (offset >= this.bytes.length) return `byte ${offset} is not kept here`;
    const code = byteName(this.bytes[offset]);
    return length > 1
      ? `${offset}–${offset + length - 1}: opcode ${code} and ${length - 1} of argument`
      : `${offset}: opcode ${code}`;
  }

  classOf(at) {
    if (at === this.start && this.end > this.start) return "unp-byte unp-byte-op";
    if (at > this.start && at < this.end) return "unp-byte unp-byte-arg";
    if (at === this.broken) return "unp-byte unp-byte-broken";
    const step = lastNotAbove(this.offsets, at);
    if (step < 0 || at >= this.offsets[step] + this.sizes[step]) return "unp-byte unp-byte-unread";
    return this.offsets[step] === at ? "unp-byte unp-byte-first" : "unp-byte";
  }

  /** Paint the marks of a call in the colour of calls. */
  alarm(kind) {
    attr(this.node, "data-kind", kind);
  }
}
