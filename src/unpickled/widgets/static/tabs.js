/** Tabs by the ARIA pattern, opened by Enter, Space or a click: arrows only move along, since a view may have to be computed. */
import { attr, el, uid } from "./base.js";

export class Tabs {
  /**
   * @param {string} label of the whole list
   * @param {{id: string, label: string, code?: boolean}[]} tabs
   * @param {function(string): void} onOpen called with the id of a tab that the reader opens
   */
  constructor(label, tabs, onOpen) {
    this.onOpen = onOpen;
    this.tabs = tabs.map((tab) => this.make(tab));
    this.list = el(
      "div",
      { class: "unp-tablist", role: "tablist", "aria-label": label },
      ...this.tabs.map((tab) => tab.button),
    );
    this.list.addEventListener("keydown", (event) => this.onKey(event));
    this.node = el("div", { class: "unp-tabs" }, this.list, ...this.tabs.map((tab) => tab.panel));
  }

  make({ id, label, code }) {
    const [buttonId, panelId] = [uid("tab"), uid("panel")];
    const button = el(
      "button",
      { type: "button", class: "unp-tab", role: "tab", id: buttonId, "aria-controls": panelId },
      el(code ? "code" : "span", { text: label }),
    );
    button.addEventListener("click", () => this.onOpen(id));
    const panel = el("div", { class: "unp-tabpanel", role: "tabpanel", id: panelId, "aria-labelledby": buttonId });
    return { id, button, panel };
  }

  /** The panel of a tab. */
  panel(id) {
    return this.tabs.find((tab) => tab.id === id).panel;
  }

  /** Show one tab's panel; the others are hidden, and only this tab is in the order of Tab. */
  open(id) {
    for (const tab of this.tabs) {
      const open = tab.id === id;
      attr(tab.button, "aria-selected", String(open));
      attr(tab.button, "tabindex", open ? "0" : "-1");
      attr(tab.panel, "hidden", !open);
    }
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.tabs.findIndex((tab) => tab.button === document.activeElement);
    const last = this.tabs.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at <= 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    for (const tab of this.tabs) attr(tab.button, "tabindex", tab === this.tabs[to] ? "0" : "-1");
    this.tabs[to].button.focus();
  }
}
