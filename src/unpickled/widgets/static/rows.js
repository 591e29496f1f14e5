/**
 * A long list of rows of one height, of which only those in view are in the page.
 *
 * Stepping through ten thousand opcodes must cost the same as stepping through ten, so rows are drawn from
 * a small pool and moved into place. Only the pane itself ever scrolls, never the page around it.
 */
import { el, setText } from "./base.js";

const AROUND = 1; // rows drawn above and below the view, so that a small scroll shows no gap
const MARGIN = 2; // rows kept between the current row and the pane's edge
const UNMEASURED = 22; // pixels: a row's height until the pane is on screen

export class VirtualRows {
  /**
   * @param {HTMLElement} pane the scrolling element
   * @param {{make: function(): HTMLElement, draw: function(HTMLElement, number): void, drawn: (function(): void)?}} rows
   *   `make` builds one empty row, `draw` fills a row for an index, `drawn`, if given, hears that other rows may be in the page
   */
  constructor(pane, rows) {
    this.pane = pane;
    this.rows = rows;
    this.count = 0;
    this.height = 0;
    this.pool = [];
    this.canvas = el("div", { class: "unp-rows", role: "presentation" });
    pane.append(this.canvas);
    pane.addEventListener("scroll", () => this.draw(), { passive: true });
    this.resized = new ResizeObserver(() => this.measure());
    this.resized.observe(pane);
  }

  dispose() {
    this.resized.disconnect();
  }

  /** Show `count` rows from now on. */
  reset(count) {
    this.count = count;
    this.pool.forEach((node) => node.remove());
    this.pool = [];
    this.pane.scrollTop = 0;
    this.measure();
  }

  /** Take the row height from the style sheet (it follows the reader's text size), then draw. */
  measure() {
    const probe = this.rows.make();
    probe.style.visibility = "hidden";
    this.canvas.append(probe);
    this.height = probe.getBoundingClientRect().height || UNMEASURED;
    probe.remove();
    this.canvas.style.height = `${this.count * this.height}px`;
    this.viewHeight = this.pane.clientHeight || 1;
    if (this.kept !== undefined) this.keep(this.kept);
    this.draw();
  }

  /** Bring row `index` into the view, with a little context on both sides, without touching the page's scroll. */
  keep(index) {
    this.kept = index;
    const margin =
      Math.min(MARGIN, Math.max(0, Math.floor(this.viewHeight / this.height / 2) - 1)) * this.height;
    const top = index * this.height;
    const view = this.pane.scrollTop;
    if (top - margin < view) this.pane.scrollTop = Math.max(0, top - margin);
    else if (top + this.height + margin > view + this.viewHeight)
      this.pane.scrollTop = top + this.height + margin - this.viewHeight;
  }

  /** How many whole rows the pane shows: the length of a page for PageUp and PageDown. */
  page() {
    return Math.max(1, Math.floor(this.viewHeight / this.height) - 1);
  }

  /** The element that shows row `index`, if it is drawn. */
  row(index) {
    return this.pool.find((node) => node.unpIndex === index);
  }

  /** Draw the rows in view. A row that leaves is used again for one that comes. */
  draw() {
    if (!this.height) return;
    const first = Math.max(0, Math.floor(this.pane.scrollTop / this.height) - AROUND);
    const last = Math.min(
      this.count,
      Math.ceil((this.pane.scrollTop + this.viewHeight) / this.height) + AROUND,
    );
    const wanted = last - first;
    while (this.pool.length < wanted) {
      const node = this.rows.make();
      this.pool.push(node);
      this.canvas.append(node);
    }
    while (this.pool.length > Math.max(wanted, 0)) this.pool.pop().remove();
    this.pool.sort((a, b) => (a.unpIndex ?? 0) - (b.unpIndex ?? 0));
    const free = this.pool.filter(
      (node) => node.unpIndex === undefined || node.unpIndex < first || node.unpIndex >= last,
    );
    const shown = new Map(
      this.pool.filter((node) => !free.includes(node)).map((node) => [node.unpIndex, node]),
    );
    let above = null;
    for (let index = first; index < last; index += 1) {
      const node = shown.get(index) || this.take(free.pop(), index, above);
      this.place(node);
      this.rows.draw(node, index);
      above = node;
    }
    this.rows.drawn?.();
  }

  /** Use a free row for `index`. It moves behind the row above it in the page too: some readers go by that order. */
  take(node, index, above) {
    node.unpIndex = index;
    if (above) above.after(node);
    else this.canvas.prepend(node);
    return node;
  }

  /** Put a row where its index and the row height of now want it; one drawn before the height was known moves too. */
  place(node) {
    const top = node.unpIndex * this.height;
    if (node.unpTop === top) return;
    node.unpTop = top;
    node.style.transform = `translateY(${top}px)`;
  }
}

/** Fill a cell that may be longer than its column: cut by the style sheet, whole in its tooltip. */
export function setCell(node, text) {
  setText(node, text);
  if (node.title !== text) node.title = text;
}
