/** The map beside the bytes: the regions of the file in order, those of the cursor with their fields. A listbox. */
import { attr, el, setText, uid } from "./base.js";
import { setCell, VirtualRows } from "./rows.js";
import { ROLES } from "./stretches.js";

export class RegionMap {
  /** @param {function(number, boolean): void} onPick called with an offset, and whether the whole region was picked */
  constructor(onPick) {
    const title = uid("regions");
    this.onPick = onPick;
    this.items = [];
    this.region = -1;
    this.index = 0;
    this.note = el("span", { class: "unp-pane-note" });
    this.pane = el("div", { class: "unp-regions", role: "listbox", tabindex: "0", "aria-labelledby": title });
    this.node = el(
      "div",
      { class: "unp-pane unp-pane-map" },
      el(
        "div",
        { class: "unp-pane-head" },
        el("span", { class: "unp-pane-title", id: title, text: "What is where" }),
        this.note,
      ),
      this.pane,
    );
    this.rows = new VirtualRows(this.pane, {
      make: () => this.makeRow(),
      draw: (node, at) => this.drawRow(node, at),
      drawn: () => attr(this.pane, "aria-activedescendant", this.rows.row(this.index)?.id),
    });
    this.pane.addEventListener("click", (event) => {
      const picked = event.target.closest("[role=option]");
      if (picked) this.pick(picked.unpIndex);
    });
  }

  dispose() {
    this.rows.dispose();
  }

  /** @param {import("./stretches.js").Stretches} stretches */
  load(stretches) {
    this.stretches = stretches;
    this.region = -1;
    setText(this.note, `${stretches.regions.length.toLocaleString("en")} in order`);
  }

  pick(index) {
    const item = this.items[Math.max(0, Math.min(index, this.items.length - 1))];
    if (item) this.onPick(item.start, !item.field);
  }

  /** Mark the stretch that the cursor is in, or its `whole` region, and open it. */
  show(stretch, whole) {
    if (!stretch) return;
    if (this.region !== stretch.region) this.openRegion(stretch.region);
    const fields = this.stretches.regions[stretch.region].fields.length;
    this.index = stretch.region + (stretch.field >= 0 && fields && !whole ? stretch.field + 1 : 0);
    this.rows.keep(this.index);
    this.rows.draw();
  }

  openRegion(open) {
    const { scrollTop } = this.pane;
    this.region = open;
    this.items = this.stretches.regions.flatMap((region, at) => {
      const own = { start: region.start, end: region.end, role: region.role, label: region.label, value: "" };
      if (at !== open) return [own];
      return [own, ...region.fields.map(([start, end, role, label, value]) => ({ start, end, role, label, value, field: true }))];
    });
    this.rows.kept = undefined;
    this.rows.reset(this.items.length);
    this.pane.scrollTop = scrollTop;
  }

  makeRow() {
    const node = el("div", { class: "unp-region", role: "option", id: uid("region") });
    node.unpSwatch = el("span", { class: "unp-swatch", "aria-hidden": "true" });
    node.unpLabel = el("span", { class: "unp-region-label" });
    node.unpValue = el("code", { class: "unp-region-value" });
    node.unpPlace = el("span", { class: "unp-region-place" });
    node.unpSize = el("span", { class: "unp-region-place unp-region-size" });
    node.append(node.unpSwatch, node.unpLabel, node.unpValue, node.unpPlace, node.unpSize);
    return node;
  }

  drawRow(node, at) {
    const item = this.items[at];
    attr(node, "aria-selected", String(at === this.index));
    attr(node, "aria-setsize", this.items.length);
    attr(node, "aria-posinset", at + 1);
    attr(node, "data-role", item.role);
    attr(node, "data-field", Boolean(item.field));
    node.title = `${ROLES[item.role]}: ${item.label}${item.value && ` = ${item.value}`}`;
    setText(node.unpLabel, item.label);
    setCell(node.unpValue, item.value);
    setText(node.unpPlace, String(item.start));
    setText(node.unpSize, `${(item.end - item.start).toLocaleString("en")} B`);
  }

  /** Move to a neighbour, or to an end. Returns whether the key was one of the list's. */
  onKey(key) {
    const page = this.rows.page();
    const to = {
      ArrowDown: this.index + 1,
      ArrowUp: this.index - 1,
      PageDown: this.index + page,
      PageUp: this.index - page,
      Home: 0,
      End: this.items.length - 1,
    }[key];
    if (to === undefined) return false;
    this.pick(to);
    return true;
  }
}
