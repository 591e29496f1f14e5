/**
 * A search over the lesson and its glossary. Everything it looks through is in the trait `entries`
 * [{kind, title, where, text, href}]: it asks nobody.
 */
import { attr, count, el, follow, mountRoot, row, setText, uid } from "./base.js";
import { glyph } from "./icons.js";
import { leadInside, safeHref } from "./links.js";

const MOST = 10; // results that are shown
const AROUND = 70; // letters of a text on each side of what was found

/** Words as they are compared: without case and accents. */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** The words that are looked for; what stands in quotation marks is one. */
const wordsOf = (typed) =>
  [...plain(typed).matchAll(/["“„]([^"“”]+)["“”]|[^\s"“”„]+/g)].map(([word, phrase]) => (phrase ?? word).trim().replace(/\s+/g, " ")).filter(Boolean);

/** How well an entry answers the words; 0 where one of them is nowhere in it. */
function score(entry, words) {
  let sum = 0;
  for (const word of words) {
    const title = entry.title_.indexOf(word);
    const text = entry.text_.indexOf(word);
    if (title < 0 && text < 0) return 0;
    if (entry.title_ === word) sum += 40;
    if (title >= 0) sum += title === 0 ? 20 : 12;
    if (text >= 0) sum += 4 + Math.min(3, entry.text_.split(word).length - 1);
  }
  return entry.kind === "term" ? sum * 1.5 : sum;
}

/** A text in pieces, those marked that were looked for; `from` and `to` bound what is shown. */
function marked(text, words) {
  const low = plain(text);
  if (low.length !== text.length) return [text]; // letters that compare by two: show them unmarked
  const hits = [];
  for (let at = 0; at < low.length; ) {
    const word = words.find((one) => low.startsWith(one, at));
    if (word) hits.push([at, at + word.length]);
    at += word ? word.length : 1;
  }
  const pieces = [];
  let done = 0;
  for (const [start, end] of hits) {
    pieces.push(text.slice(done, start), el("mark", { text: text.slice(start, end) }));
    done = end;
  }
  return [...pieces, text.slice(done)].filter((piece) => piece !== "");
}

/** The part of a text around the first of the words. */
function around(text, words) {
  const low = plain(text);
  const at = Math.min(...words.map((word) => low.indexOf(word)).filter((place) => place >= 0));
  if (!Number.isFinite(at)) return text.slice(0, 2 * AROUND) + (text.length > 2 * AROUND ? " …" : "");
  const from = at < AROUND ? 0 : text.indexOf(" ", at - AROUND) + 1 || at;
  const to = at + AROUND < text.length ? text.lastIndexOf(" ", at + AROUND) : text.length;
  const cut = text.slice(from, Math.max(to, at + 1));
  return `${from > 0 ? "… " : ""}${cut}${from + cut.length < text.length ? " …" : ""}`;
}

class SearchView {
  constructor(model, host) {
    this.model = model;
    const mounted = mountRoot(host, "search", "Search the lesson");
    Object.assign(this, { root: mounted.root, say: mounted.say });
    const list = uid("found");
    this.input = el("input", {
      class: "unp-input",
      type: "search",
      placeholder: "Search the lesson and its glossary",
      "aria-label": "Search the lesson and its glossary",
      "aria-controls": list,
      autocomplete: "off",
      spellcheck: "false",
      on: { input: () => this.draw(), keydown: (event) => this.onKey(event) },
    });
    this.told = el("p", { class: "unp-told" });
    this.list = el("ol", { class: "unp-found", id: list });
    this.root.append(row("unp-search", glyph("search"), this.input), this.told, this.list);
    const end = follow(model, ["entries"], () => this.read());
    this.dispose = () => {
      end();
      mounted.dispose();
    };
    this.read();
  }

  read() {
    this.entries = this.model
      .get("entries")
      .map((entry) => ({ ...entry, title_: plain(entry.title), text_: plain(entry.text) }));
    this.draw();
  }

  onKey(event) {
    if (event.key === "Escape" && this.input.value) {
      this.input.value = "";
      this.draw();
      event.stopPropagation();
    }
  }

  draw() {
    const words = wordsOf(this.input.value);
    const found = this.entries
      .map((entry, at) => ({ entry, at, score: words.length ? score(entry, words) : 0 }))
      .filter((one) => one.score > 0)
      .sort((a, b) => b.score - a.score || a.at - b.at);
    const shown = found.slice(0, MOST);
    this.list.replaceChildren(...shown.map(({ entry }) => this.result(entry, words)));
    attr(this.list, "hidden", !shown.length);
    setText(this.told, words.length ? this.sentence(found.length) : "");
    attr(this.told, "hidden", !words.length);
    this.say(words.length ? this.sentence(found.length) : "");
  }

  sentence(all) {
    if (!all) return "Nothing found. Try a shorter word.";
    return all > MOST ? `The ${MOST} best of ${all} places.` : `${count(all, "place")}.`;
  }

  result(entry, words) {
    const link = el("a", { href: safeHref(entry.href) }, ...marked(entry.title, words));
    leadInside(this.model, link, entry.href);
    return el(
      "li",
      {},
      row(
        "unp-found-head",
        link,
        el("span", { class: "unp-found-where", text: entry.kind === "term" ? "Glossary" : entry.where }),
      ),
      el("p", {}, ...marked(around(entry.text, words), words)),
    );
  }
}

function render({ model, el: host }) {
  const view = new SearchView(model, host);
  return () => view.dispose();
}

export default { render };
