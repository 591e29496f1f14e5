/**
 * The progress rail at the top of a notebook: where the learner is in the lesson, what is done, and the exercises here.
 *
 * Traits read: `pages` [{id, title, href, state, number, of}] with state "done", "partly" or "open", `current`,
 * `exercises` [{id, title, done, tried}], `message`. Messages to Python: {type: "reset", exercise};
 * from Python: {type: "heard", exercise}.
 */
import {
  askKernel,
  attr,
  button,
  count,
  el,
  follow,
  isStatic,
  mountRoot,
  row,
  setText,
  uid,
} from "./base.js";
import { glyph, icon } from "./icons.js";
import { leadInside, safeHref } from "./links.js";

const HOME = "•";
const STATES = { done: "done", partly: "partly done", open: "not started" };

/** What stands in a page's dot: its number in the lesson, "3b" beside 3; the start page, which has none, gets a mark. */
const mark = (page, at) => (page.number === "" ? HOME : page.number || String(at + 1));

/** The line beside the dots: "2 of 9: its title" (`of` where the page says it), or the title alone. */
const heading = (page, at, pages) => {
  const counted = page.of || pages.filter((one) => one.number !== "").length;
  return mark(page, at) === HOME ? page.title : `${mark(page, at)} of ${counted}: ${page.title}`;
};

class RailView {
  constructor(model, host) {
    this.model = model;
    this.asked = new Map(); // exercises whose reset Python has not answered yet
    const mounted = mountRoot(host, "rail", "Progress");
    Object.assign(this, { root: mounted.root, say: mounted.say });
    this.build();
    const end = follow(model, ["pages", "current", "exercises", "message"], () => this.draw());
    const onMessage = (message) => this.onMessage(message);
    model.on("msg:custom", onMessage);
    this.dispose = () => {
      end();
      model.off("msg:custom", onMessage);
      mounted.dispose();
    };
    this.draw();
  }

  build() {
    const panel = uid("exercises");
    this.pages = el("ol", { class: "unp-stops" });
    this.here = el("span", { class: "unp-here" });
    this.count = el("span", {});
    this.toggle = button("", () => this.open(this.panel.hidden), {
      class: "unp-quiet unp-rail-toggle",
      "aria-expanded": "false",
      "aria-controls": panel,
    });
    this.toggle.append(this.count, glyph("down"));
    this.panel = el("div", { class: "unp-exercises", id: panel, hidden: true });
    this.message = el("div", { class: "unp-notice", role: "alert" });
    this.root.append(
      row("unp-line", el("nav", { "aria-label": "Pages of the lesson" }, this.pages), this.here, this.toggle),
      this.message,
      this.panel,
    );
  }

  open(show) {
    this.panel.hidden = !show;
    attr(this.toggle, "aria-expanded", String(show));
  }

  draw() {
    const { model } = this;
    const current = model.get("current");
    const pages = model.get("pages");
    const focused = [...this.pages.children].findIndex((stop) => stop.contains(document.activeElement));
    this.pages.replaceChildren(...pages.map((page, at) => this.stop(page, at, current)));
    this.pages.children[focused]?.firstChild.focus({ preventScroll: true });
    const at = pages.findIndex((page) => page.id === current);
    setText(this.here, at < 0 ? "" : heading(pages[at], at, pages));
    this.drawExercises(model.get("exercises"));
    const text = this.problem || model.get("message");
    attr(this.message, "hidden", !text);
    this.message.replaceChildren();
    if (text) this.message.append(icon("wrong"), el("span", { text }));
  }

  stop(page, at, current) {
    const state = STATES[page.state] || STATES.open;
    const name = `${page.title}, ${state}`;
    const link = el(
      "a",
      {
        class: "unp-stop",
        href: safeHref(page.href),
        title: name,
        "aria-label": mark(page, at) === HOME ? name : `${mark(page, at)}. ${name}`,
        "aria-current": page.id === current ? "page" : null,
        "data-state": page.state,
      },
      el(
        "span",
        { class: "unp-stop-dot", "aria-hidden": "true" },
        page.state === "done" ? icon("fine") : page.state === "partly" ? icon("half") : mark(page, at),
      ),
    );
    leadInside(this.model, link, page.href);
    return el("li", {}, link);
  }

  drawExercises(exercises) {
    const done = exercises.filter((exercise) => exercise.done).length;
    attr(this.toggle, "hidden", exercises.length === 0);
    setText(this.count, `${done} of ${count(exercises.length, "exercise")} done`);
    attr(this.toggle, "data-all", exercises.length > 0 && done === exercises.length);
    const focused = this.panel.contains(document.activeElement);
    this.panel.replaceChildren(
      el("ul", { class: "unp-exercise-list" }, ...exercises.map((exercise) => this.exercise(exercise))),
    );
    if (focused) this.toggle.focus({ preventScroll: true });
  }

  exercise({ id, title, done, tried }) {
    const reset = button("", () => this.reset(id, title), {
      class: "unp-quiet unp-reset",
      "aria-label": `Reset: ${title}`,
      "aria-disabled": done || tried ? null : "true",
    });
    reset.append(glyph("reset"), el("span", { text: "Reset" }));
    const state = el(
      "span",
      { class: "unp-chip", "data-kind": done ? "fine" : "plain" },
      done ? icon("fine") : null,
      done ? "done" : tried ? "tried" : "open",
    );
    return el("li", {}, state, el("span", { class: "unp-exercise-title", text: title }), reset);
  }

  reset(exercise, title) {
    const { done, tried } = this.model.get("exercises").find((one) => one.id === exercise);
    if (!done && !tried) return;
    const complain = (text) => {
      this.problem = text;
      this.draw();
    };
    if (isStatic(this.model)) {
      complain("This saved page keeps no progress, so there is nothing to reset here.");
      return;
    }
    this.asked.get(exercise)?.answered();
    const onSilence = () =>
      complain("Python has not answered. If the kernel was restarted, run this cell again, then reset.");
    this.asked.set(exercise, askKernel(this.model, { type: "reset", exercise }, [], onSilence));
    this.say(`Resetting ${title}.`);
  }

  onMessage({ type, exercise }) {
    if (type !== "heard") return;
    this.asked.get(exercise)?.answered();
    this.asked.delete(exercise);
    if (!this.asked.size) this.problem = "";
    this.draw();
  }
}

function render({ model, el: host }) {
  const view = new RailView(model, host);
  return () => view.dispose();
}

export default { render };
