/**
 * The scoreboard: a card for each scanner, what the run shows, a heat map by class, and the files of a class on demand.
 *
 * Traits read: `board` as `unpickled scoreboard --json` prints it, `words` {outcome: {…}, truth: {…}} with what each
 * means; `level` of its heading. Trait kept: `shown`, the ids of the classes whose files are shown. It only draws; nothing is asked of Python.
 */
import { attr, count, el, follow, keep, mountRoot, uid } from "./base.js";
import { glyph } from "./icons.js";

const OUTCOMES = [
  { name: "caught", key: "caught", sign: "●" },
  { name: "missed", key: "missed", sign: "✖" },
  { name: "false alarm", key: "false_alarm", sign: "▲" },
  { name: "rightly quiet", key: "quiet", sign: "○" },
  { name: "not judged", key: "not_judged", sign: "◇" },
];
const TRUTHS = {
  "calls code": "Files that call code",
  "carries code": "Files that carry code",
  "points outside": "Files that point outside of their folder",
  "plain data": "Files of plain data",
  "nobody can judge": "Files that nobody can judge",
};

class BoardView {
  constructor(model, host) {
    this.model = model;
    const mounted = mountRoot(host, "board", "Scoreboard");
    this.root = mounted.root;
    this.body = el("div", {});
    this.root.append(this.body);
    const end = follow(model, ["board", "words"], () => this.draw());
    this.dispose = () => {
      end();
      mounted.dispose();
    };
    this.draw();
  }

  draw() {
    const board = this.model.get("board");
    this.level = this.model.get("level");
    this.scanners = board.scanners.filter((one) => !one.absent);
    this.files = new Map();
    for (const file of board.files) this.files.set(file.class, [...(this.files.get(file.class) || []), file]);
    this.answers = new Map(board.answers.map((one) => [`${one.file} ${one.scanner}`, one]));
    this.body.replaceChildren(
      this.head(board),
      el("div", { class: "unp-cards" }, ...board.scanners.map((one) => this.card(one))),
      ...(board.lessons.length
        ? [this.part("What this run shows", el("ul", { class: "unp-lessons" }, ...board.lessons.map(lesson)))]
        : []),
      this.part("By class of file", this.map(board)),
      this.part("What the words mean", this.legend()),
    );
  }

  head(board) {
    const facts = [
      count(board.files.length, "harmless file"),
      count(board.classes.length, "class", "classes"),
      count(this.scanners.length, "scanner"),
      ...(board.python ? [`Python ${board.python}`] : []),
      `${Math.round(board.seconds)} seconds`,
    ];
    const elsewhere = board.isolation.startsWith("recorded ");
    return el(
      "div",
      { class: "unp-board-head" },
      el(`h${this.level}`, { class: "unp-board-title", text: "Scoreboard" }),
      el("p", { class: "unp-board-facts", text: facts.join(" · ") }),
      elsewhere ? el("p", { class: "unp-board-recorded", text: recordedAs(board.isolation) }) : null,
    );
  }

  card(scanner) {
    const name = el(`h${this.level + 1}`, { text: scanner.title });
    const works = el("p", { class: "unp-works", text: capital(scanner.works) });
    if (scanner.absent) {
      const remedy = el("p", {}, `Not asked: ${scanner.absent}. To have it asked: `, scanner.remedy);
      return el("section", { class: "unp-card-absent" }, name, remedy, works);
    }
    const version = el("span", { class: "unp-version", text: scanner.version });
    const { totals } = scanner;
    return el(
      "section",
      {},
      name,
      version,
      bar(totals),
      el("ul", { class: "unp-counts" }, ...OUTCOMES.map((one) => counted(one, totals))),
      works,
    );
  }

  part(title, content) {
    return el("section", { class: "unp-part" }, el(`h${this.level + 1}`, { text: title }), content);
  }

  map(board) {
    const head = el(
      "tr",
      {},
      el("th", { scope: "col", text: "Class" }),
      el("th", { scope: "col", class: "unp-files-count", text: "Files" }),
      ...this.scanners.map((one) => el("th", { scope: "col" }, ...breakable(one.title))),
    );
    const table = el("table", { class: "unp-heat" }, el("thead", {}, head));
    for (const truth of Object.keys(TRUTHS)) {
      const rows = board.classes.filter((one) => one.truth === truth);
      if (rows.length) table.append(this.group(truth, rows));
    }
    return el("div", { class: "unp-heat-frame", tabindex: "0", role: "group", "aria-label": "Heat map by class" }, table);
  }

  group(truth, rows) {
    const span = String(this.scanners.length + 2);
    const title = el("th", { scope: "rowgroup", colspan: span }, el("strong", { text: TRUTHS[truth] }));
    title.append(el("span", { class: "unp-truth", text: ` ${this.model.get("words").truth[truth]}` }));
    return el("tbody", {}, el("tr", { class: "unp-group" }, title), ...rows.flatMap((one) => this.rows(one)));
  }

  rows(row) {
    const id = uid("class");
    const files = this.files.get(row.id) || [];
    const shown = this.model.get("shown").includes(row.id);
    const detail = el("tr", { class: "unp-detail", id, hidden: !shown });
    if (shown) detail.append(this.detail(files));
    const toggle = el(
      "button",
      {
        type: "button",
        class: "unp-disclose",
        "aria-expanded": String(shown),
        "aria-controls": id,
        on: { click: () => this.toggle(row, toggle, detail) },
      },
      glyph("down"),
      el("span", { text: row.title }),
    );
    const cells = this.scanners.map((one) => heat(row.tallies[one.id], one.title));
    const line = el(
      "tr",
      {},
      el("th", { scope: "row" }, toggle),
      el("td", { class: "unp-files-count", text: String(files.length) }),
      ...cells,
    );
    return [line, detail];
  }

  toggle(row, button, detail) {
    const show = detail.hidden;
    if (show && !detail.childElementCount) detail.append(this.detail(this.files.get(row.id) || []));
    detail.hidden = !show;
    attr(button, "aria-expanded", String(show));
    const others = this.model.get("shown").filter((one) => one !== row.id);
    keep(this.model, { shown: show ? [...others, row.id] : others });
  }

  detail(files) {
    return el(
      "td",
      { colspan: String(this.scanners.length + 2) },
      el("ul", { class: "unp-file-list" }, ...files.map((file) => this.file(file))),
    );
  }

  file(file) {
    const told = this.scanners.map((one) => this.told(one, this.answers.get(`${file.id} ${one.id}`)));
    return el(
      "li",
      {},
      el("p", {}, el("code", { class: "unp-file-name", text: file.name }), ` ${file.teaches}`),
      el("dl", {}, ...told.flat()),
    );
  }

  told(scanner, answer) {
    const exit = answer.exit === null ? "" : `, exit ${answer.exit}`;
    const said = el("span", { class: "unp-said", text: `(${answer.word}${exit}) ` });
    const outcome = OUTCOMES.find((one) => one.name === answer.outcome);
    return [
      el("dt", { text: scanner.title }),
      el("dd", {}, tag(outcome, answer.outcome), " ", said, answer.reason),
    ];
  }

  legend() {
    const { outcome } = this.model.get("words");
    const entries = OUTCOMES.map((one) => [
      el("dt", {}, tag(one, one.name)),
      el("dd", { text: outcome[one.name] }),
    ]);
    return el("dl", { class: "unp-legend" }, ...entries.flat());
  }
}

const recordedAs = (isolation) => `${capital(isolation)} Not every scanner can run in a browser.`;

const lesson = (one) => el("li", { text: one.text });

const capital = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

/** A word with its sign; the colour only repeats what they say. */
function tag(outcome, text) {
  return el(
    "span",
    { class: "unp-tag", "data-outcome": outcome.name },
    el("span", { "aria-hidden": "true", text: outcome.sign }),
    ` ${text}`,
  );
}

/** The counts as one bar; the words beside it say the same. */
function bar(tally) {
  const parts = OUTCOMES.filter((one) => tally[one.key]).map((one) =>
    el("span", { "data-outcome": one.name, style: `flex-grow: ${tally[one.key]}` }),
  );
  return el("div", { class: "unp-bar-of", "aria-hidden": "true" }, ...parts);
}

function counted(outcome, totals) {
  const silent = outcome.key === "not_judged" && totals.silent;
  return el(
    "li",
    {},
    tag(outcome, outcome.name),
    el("strong", { text: String(totals[outcome.key]) }),
    silent ? el("span", { class: "unp-silent", text: `${totals.silent} of them with exit 0` }) : null,
  );
}

/** A band in its own colour for each outcome, so that no outcome colours the others; the bar tells their proportion. */
function heat(tally, scanner) {
  const there = OUTCOMES.filter((one) => tally[one.key]);
  const bands = there.map((one) =>
    el("span", { class: "unp-heat-band", "data-outcome": one.name }, tag(one, `${tally[one.key]} ${one.name}`)),
  );
  const whole = there.length > 1 ? bar(tally) : null;
  return el("td", { class: "unp-heat-cell", "data-title": scanner }, el("span", { class: "unp-heat-bands" }, ...bands), whole);
}

/** A name that may break after an underscore and before an equals sign, and nowhere else. */
function breakable(name) {
  return name.split(/(?<=_)|(?==)/).flatMap((part, at) => (at ? [el("wbr", {}), part] : [part]));
}

function render({ model, el: host }) {
  const view = new BoardView(model, host);
  return () => view.dispose();
}

export default { render };
