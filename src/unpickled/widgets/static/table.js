/**
 * The weight-format table: filter by risk, search, sort by a column, and the notes and sources of a row on demand.
 *
 * Traits read: `rows` [{id, name, extensions, pickle, risk, risk_text, notes, detail, sources: [{id, title,
 * publisher, url}], corrected: {lesson_said, true_today} | null, seen: {tries: [{what, call, expect, reason, happened,
 * word, expected}], state, holds, with, when}}], `risks` [{id, word}] from worst to best.
 * `message`. Kept in Python: `view` {risks, text, sort, down, open}.
 */
import { attr, button, count, el, follow, keep, lazily, mountRoot, row, setText, uid } from "./base.js";
import { glyph, icon } from "./icons.js";
import { keyHelp } from "./keyhelp.js";
import { link, riskBadge } from "./badges.js";
import { seenBriefly, seenInFull, seenPlace, seenWords } from "./seen.js";

const COLUMNS = [
  { id: "name", title: "Format" },
  { id: "pickle", title: "Pickle inside?", short: "Pickle?" },
  { id: "risk", title: "Can loading run code?", short: "Runs code?" },
  { id: "notes", title: "In short" },
  { id: "seen", title: "Seen here" },
];
const PICKLE_ORDER = ["Yes", "Partially", "Conditionally", "No"];

class FormatTableView {
  constructor(model, host) {
    this.model = model;
    const others = document.querySelectorAll(".unp-formats").length; // a page may show the table twice
    const mounted = mountRoot(host, "formats", others ? `Weight-file formats, ${others + 1}` : "Weight-file formats");
    Object.assign(this, { root: mounted.root, say: mounted.say, view: { ...model.get("view") } });
    this.remember = lazily(() => keep(model, { view: this.view }), 200);
    this.build();
    const end = follow(model, ["rows", "message"], () => this.draw());
    this.dispose = () => {
      this.remember.flush();
      end();
      mounted.dispose();
    };
    this.draw();
  }

  build() {
    this.search = el("input", {
      class: "unp-input",
      type: "search",
      placeholder: "Search, e.g. .npy",
      "aria-label": "Search the formats",
      autocomplete: "off",
      on: { input: () => this.change({ text: this.search.value }) },
    });
    this.search.value = this.view.text;
    this.filters = el("div", { class: "unp-filters", role: "group", "aria-label": "Show risk" });
    this.shown = el("span", { class: "unp-shown" });
    this.body = el("tbody", {});
    this.heads = COLUMNS.map((column) => this.head(column));
    this.none = el("p", { class: "unp-empty" });
    this.message = el("div", { class: "unp-notice", role: "alert" });
    this.root.append(
      this.message,
      row(
        "unp-bar",
        row("unp-search", glyph("search"), this.search),
        this.filters,
        row("unp-count", this.shown, keyHelp(this.root, "formats")),
      ),
      row(
        "unp-table-frame",
        el(
          "table",
          { class: "unp-table" },
          el("caption", { class: "unp-sr", text: "Weight-file formats and their risk" }),
          el("thead", {}, el("tr", {}, ...this.heads)),
          this.body,
        ),
      ),
      this.none,
    );
  }

  head(column) {
    const press = el(
      "button",
      { type: "button", class: "unp-sort", on: { click: () => this.sortBy(column.id) } },
      el("span", { class: column.short ? "unp-sort-long" : "", text: column.title }),
      column.short ? el("span", { class: "unp-sort-short", text: column.short }) : "",
      el("span", { class: "unp-sort-sign", "aria-hidden": "true" }),
    );
    return el("th", { scope: "col", "data-column": column.id }, press);
  }

  sortBy(id) {
    const { sort, down } = this.view;
    if (sort !== id) this.change({ sort: id, down: false });
    else if (!down) this.change({ down: true });
    else this.change({ sort: "", down: false });
    const { title } = COLUMNS.find((column) => column.id === id);
    this.say(
      this.view.sort
        ? `Sorted by ${title}, ${this.view.down ? "descending" : "ascending"}.`
        : "In the lesson's order.",
    );
  }

  toggleRisk(id) {
    const risks = this.view.risks.includes(id)
      ? this.view.risks.filter((risk) => risk !== id)
      : [...this.view.risks, id];
    this.change({ risks });
  }

  change(values) {
    const before = this.found().length;
    Object.assign(this.view, values);
    this.draw();
    this.remember();
    const { length } = this.found();
    if (length !== before || "text" in values || "risks" in values) this.say(this.shownText(length));
  }

  shownText(shown) {
    return `${shown} of ${count(this.model.get("rows").length, "format")} shown`;
  }

  /** The rows that pass search and filter, in order. */
  found() {
    const { risks, text, sort, down } = this.view;
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = this.model.get("rows").filter((format) => {
      const hay = [
        format.name,
        ...format.extensions,
        format.pickle,
        format.risk_text,
        format.notes,
        format.detail,
        ...seenWords(format.seen),
      ]
        .join(" ")
        .toLowerCase();
      return (!risks.length || risks.includes(format.risk)) && words.every((word) => hay.includes(word));
    });
    if (sort) rows.sort((a, b) => this.compare(a, b, sort) * (down ? -1 : 1));
    return rows;
  }

  compare(a, b, sort) {
    if (sort === "risk") return this.riskPlace(a) - this.riskPlace(b);
    if (sort === "seen") return seenPlace(a.seen) - seenPlace(b.seen);
    if (sort === "pickle") return PICKLE_ORDER.indexOf(a.pickle) - PICKLE_ORDER.indexOf(b.pickle);
    return a[sort].replace(/^\W+/, "").localeCompare(b[sort].replace(/^\W+/, ""), "en");
  }

  riskPlace(format) {
    return this.model.get("risks").findIndex((risk) => risk.id === format.risk);
  }

  draw() {
    const told = this.model.get("message");
    attr(this.message, "hidden", !told);
    this.message.replaceChildren(...(told ? [icon("wrong"), el("span", { text: told })] : []));
    this.drawFilters();
    const rows = this.found();
    this.body.replaceChildren(...rows.flatMap((format) => this.rowsOf(format)));
    setText(this.shown, this.shownText(rows.length));
    attr(this.none, "hidden", rows.length > 0);
    this.none.replaceChildren(
      "No format fits. ",
      button("Show all", () => this.showAll(), { class: "unp-quiet" }),
    );
    this.heads.forEach((head) => {
      const active = head.dataset.column === this.view.sort;
      attr(head, "aria-sort", active ? (this.view.down ? "descending" : "ascending") : null);
      setText(head.querySelector(".unp-sort-sign"), active ? (this.view.down ? "▼" : "▲") : "↕");
    });
  }

  showAll() {
    this.search.value = "";
    this.change({ risks: [], text: "" });
    this.search.focus();
  }

  drawFilters() {
    const rows = this.model.get("rows");
    if (!this.filters.childElementCount) {
      for (const risk of this.model.get("risks")) {
        const press = button("", () => this.toggleRisk(risk.id), {
          class: "unp-quiet unp-toggle unp-filter",
          "data-risk": risk.id,
        });
        press.append(riskBadge(risk.id, risk.word), el("span", { class: "unp-filter-count" }));
        this.filters.append(press);
      }
    }
    for (const press of this.filters.children) {
      const { risk } = press.dataset;
      attr(press, "aria-pressed", String(this.view.risks.includes(risk)));
      setText(press.lastElementChild, String(rows.filter((format) => format.risk === risk).length));
    }
  }

  rowsOf(format) {
    const open = this.view.open.includes(format.id);
    const id = uid("detail");
    const press = el(
      "button",
      {
        type: "button",
        class: "unp-disclose",
        "aria-expanded": String(open),
        "aria-controls": id,
        on: { click: () => this.toggleRow(format.id) },
      },
      glyph("down"),
      el("span", { text: format.name }),
    );
    const { word } = this.model.get("risks").find((risk) => risk.id === format.risk);
    const cell = (title, ...content) => el("td", { "data-title": title }, ...content);
    const main = el(
      "tr",
      { class: "unp-format", "data-format": format.id, "data-open": open },
      el("th", { scope: "row" }, press),
      cell("Pickle inside?", format.pickle),
      cell(
        "Can loading run code?",
        riskBadge(format.risk, word),
        el("span", { class: "unp-risk-text", text: withoutWord(format.risk_text, word) }),
      ),
      cell("In short", format.notes),
      cell("Seen here", ...seenBriefly(format.seen)),
    );
    const detail = el(
      "tr",
      { class: "unp-detail", id, hidden: !open },
      el("td", { colspan: String(COLUMNS.length) }, ...this.detail(format)),
    );
    return [main, detail];
  }

  detail(format) {
    const parts = [el("p", { class: "unp-detail-text", text: format.detail }), ...seenInFull(format.seen)];
    if (format.corrected) {
      parts.push(
        el(
          "p",
          { class: "unp-corrected" },
          el("strong", { text: "Corrected. " }),
          `The lesson said: “${format.corrected.lesson_said}” True today: ${format.corrected.true_today}`,
        ),
      );
    }
    const sources = format.sources.map((source) =>
      el("li", {}, link(source.url, source.title), source.publisher ? `, ${source.publisher}` : ""),
    );
    if (sources.length)
      parts.push(
        el("p", { class: "unp-detail-title", text: sources.length === 1 ? "Source" : "Sources" }),
        el("ul", { class: "unp-sources" }, ...sources),
      );
    return parts;
  }

  toggleRow(id) {
    const open = this.view.open.includes(id)
      ? this.view.open.filter((other) => other !== id)
      : [...this.view.open, id];
    this.change({ open });
    this.body
      .querySelector(`[data-format="${CSS.escape(id)}"] .unp-disclose`)
      ?.focus({ preventScroll: true });
  }
}

/** The badge has said the word already: "Low: no code" is "No code" beside it. */
function withoutWord(text, word) {
  const start = `${word}: `;
  if (!text.startsWith(start)) return text;
  return text.slice(start.length, start.length + 1).toUpperCase() + text.slice(start.length + 1);
}

function render({ model, el: host }) {
  const view = new FormatTableView(model, host);
  return () => view.dispose();
}

export default { render };
