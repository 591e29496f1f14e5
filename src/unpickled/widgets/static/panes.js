/**
 * The two panes of the machine's state: its stack, top first, and its memo. What the last step changed is
 * said in a word beside the entry ("new", "changed", "taken"), not by colour alone.
 */
import { attr, count, el, setText, uid } from "./base.js";
import { setCell } from "./rows.js";

const SHOWN = 30; // entries drawn at once; a button shows more
const GHOSTS = 4; // taken entries that are still shown once

/** A pane with a heading, a note beside it and a list that the keyboard can scroll. */
class Pane {
  constructor(kind, title, empty) {
    const id = uid(kind);
    this.limit = SHOWN;
    this.note = el("span", { class: "unp-pane-note" });
    this.empty = el("p", { class: "unp-empty", text: empty });
    this.list = el("ol", { class: "unp-entries" });
    this.more = el("button", {
      type: "button",
      class: "unp-button unp-more",
      on: { click: () => this.showMore() },
    });
    this.scroll = el(
      "div",
      { class: "unp-pane-scroll", tabindex: "0", role: "group", "aria-labelledby": id },
      this.empty,
      this.list,
      this.more,
    );
    this.node = el(
      "div",
      { class: `unp-pane unp-pane-${kind}` },
      el(
        "div",
        { class: "unp-pane-head" },
        el("span", { class: "unp-pane-title", id, text: title }),
        this.note,
      ),
      this.scroll,
    );
  }

  load(machine) {
    this.machine = machine;
    this.limit = SHOWN;
  }

  showMore() {
    this.limit += 200;
    this.show(this.index);
  }

  /** Bring the list to these rows, using again the elements that are there. */
  fill(rows, left) {
    attr(this.empty, "hidden", rows.length > 0);
    attr(this.more, "hidden", left <= 0);
    if (left > 0) setText(this.more, `… ${left.toLocaleString("en")} more: show them`);
    while (this.list.children.length > rows.length) this.list.lastElementChild.remove();
    while (this.list.children.length < rows.length) this.list.append(makeEntry());
    rows.forEach((row, at) => drawEntry(this.list.children[at], row));
  }
}

function makeEntry() {
  const node = el("li", { class: "unp-entry" });
  node.unpKey = el("span", { class: "unp-entry-key" });
  node.unpValue = el("code", { class: "unp-entry-text" });
  node.unpWord = el("span", { class: "unp-entry-word" });
  node.append(node.unpKey, node.unpValue, node.unpWord);
  return node;
}

function drawEntry(node, { key, text, word, type }) {
  attr(node, "data-word", word || null);
  attr(node, "data-type", type);
  setText(node.unpKey, key);
  setCell(node.unpValue, text);
  setText(node.unpWord, word);
}

export class StackPane extends Pane {
  constructor() {
    super("stack", "Stack", "The stack is empty.");
  }

  show(index) {
    this.index = index;
    const { machine } = this;
    const change = machine.change(index, GHOSTS);
    const depth = machine.depth(index);
    const rows = machine
      .top(index, this.limit)
      .map((entry, at) => this.row(entry, depth - at, change, index));
    const ghosts = change.popped.map((entry) => ({
      key: "",
      text: entry.text,
      type: entry.type,
      word: "taken",
    }));
    if (change.took > GHOSTS)
      ghosts.push({ key: "", text: `… and ${change.took - GHOSTS} more`, type: "more", word: "taken" });
    this.fill(
      [...rows.slice(0, change.pushed.size), ...ghosts, ...rows.slice(change.pushed.size)],
      depth - rows.length,
    );
    setText(this.note, depth ? `top first, ${count(depth, "item")}` : "");
    this.scroll.scrollTop = 0;
  }

  row(entry, place, change, index) {
    const isNew = change.pushed.has(entry.node);
    const word = isNew ? "new" : this.machine.changed(entry, index) ? "changed" : "";
    return { key: String(place), text: entry.text, type: entry.type, word };
  }
}

export class MemoPane extends Pane {
  constructor() {
    super("memo", "Memo", "Nothing is remembered yet.");
  }

  show(index) {
    this.index = index;
    const { machine } = this;
    const values = [...machine.memoValues(index)];
    const written = machine.memoWritten(index);
    const read = machine.memoRead(index);
    const from = Math.max(0, values.length - this.limit);
    const rows = values
      .slice(from)
      .reverse()
      .map(([key, value]) => ({
        key: String(key),
        text: machine.text(value, index),
        type: machine.columns.values[value][0],
        word: written.has(key) ? "stored" : key === read ? "read" : "",
      }));
    this.fill(rows, from);
    setText(this.note, values.length ? `newest first, ${count(values.length, "entry", "entries")}` : "");
    this.reveal(rows.findIndex((row) => row.word));
  }

  /** Scroll the pane, and only the pane, to the entry that was read or stored. */
  reveal(at) {
    const node = this.list.children[at];
    if (!node) return;
    const top = node.offsetTop - this.scroll.offsetTop;
    const { scrollTop, clientHeight } = this.scroll;
    if (top < scrollTop || top + node.offsetHeight > scrollTop + clientHeight)
      this.scroll.scrollTop = Math.max(0, top - 8);
  }
}
