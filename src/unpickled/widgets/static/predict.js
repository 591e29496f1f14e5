/**
 * Predict mode: before a step is taken, the learner says how deep the stack will be and what will be on top.
 * The question and its wrong answers come from the trace itself; the order of the answers is fixed for each step.
 */
import { attr, button, count, el, row, setText, uid } from "./base.js";
import { icon } from "./icons.js";
import { inline } from "./prose.js";

const CHOICES = 4;
const FILLERS = ["None", "{}", "[]", "()", "MARK"];
const NOTHING = "nothing: the stack is empty";

/**
 * The question about the step after `index`.
 * @param {import("./machine.js").Machine} machine
 * @returns {{step: number, depths: number[], depth: number, tops: string[], top: string}}
 */
export function question(machine, index) {
  const step = index + 1;
  const depth = machine.depth(step);
  const now = machine.startsFresh(step) ? 0 : machine.depth(index);
  const depths = [...new Set([depth, now, now + 1, Math.max(now - 1, 0), now + 2])]
    .slice(0, CHOICES)
    .sort((a, b) => a - b);
  const top = topText(machine, step);
  const wrong = plausible(machine, index, step).filter(
    (text, at, all) => text !== top && all.indexOf(text) === at,
  );
  const tops = inFixedOrder([top, ...wrong.slice(0, CHOICES - 1)], step);
  return { step, depths, depth, tops, top };
}

function topText(machine, index) {
  const [entry] = machine.top(index, 1);
  return entry ? entry.text : NOTHING;
}

/** Wrong answers worth thinking about, the most tempting first. */
function plausible(machine, index, step) {
  const [first, second, third] = machine.top(index, 3).map((entry) => entry.text);
  const next = machine.step(step);
  const guesses = [];
  if (next.calls && second) guesses.push(second);
  if (first) guesses.push(first);
  if (next.arg !== null && next.arg !== undefined) guesses.push(String(next.arg));
  if (second) guesses.push(second);
  if (first && second) guesses.push(`(${second}, ${first})`);
  if (third) guesses.push(third);
  if (first) guesses.push(`(${first},)`, `[${first}]`);
  return [...guesses, ...FILLERS];
}

/** A shuffle that gives each step its own order, the same at every visit. */
function inFixedOrder(texts, seed) {
  const weight = (text) =>
    [...`${seed}:${text}`].reduce((sum, letter) => (sum * 33 + letter.codePointAt(0)) >>> 0, 5381);
  return texts
    .map((text) => [weight(text), text])
    .sort((a, b) => a[0] - b[0])
    .map(([, text]) => text);
}

export class Predictor {
  /**
   * @param {{onAnswer: function(boolean): void, onSkip: function(): void}} listener `onAnswer` is told whether
   *   both guesses were right and must then take the step; `onSkip` takes it without a guess
   */
  constructor(listener) {
    this.listener = listener;
    this.tally = el("span", { class: "unp-predict-tally" });
    this.lead = el("p", { class: "unp-predict-lead", id: uid("lead") });
    this.depths = el("div", { class: "unp-choices unp-choices-short" });
    this.tops = el("div", { class: "unp-choices" });
    this.missing = el("span", { class: "unp-predict-missing", role: "alert" });
    this.aid = el(
      "details",
      { class: "unp-predict-aid" },
      el("summary", { text: "What does this opcode do?" }),
      el("p", {}),
    );
    this.form = el(
      "form",
      {
        class: "unp-predict-form",
        novalidate: true,
        "aria-labelledby": this.lead.id,
        on: { submit: (event) => this.check(event) },
      },
      this.lead,
      row(
        "unp-predict-questions",
        group("What is on top of the stack then?", this.tops),
        group("How many items are on it then?", this.depths),
      ),
      this.aid,
      row(
        "unp-predict-actions",
        el("button", { type: "submit", class: "unp-button unp-primary", text: "Check my guess" }),
        button("Just show me", () => this.listener.onSkip(), { class: "unp-quiet" }),
        this.missing,
      ),
    );
    this.verdict = el("div", { class: "unp-predict-verdict" });
    this.node = el(
      "div",
      { class: "unp-predict" },
      el(
        "div",
        { class: "unp-predict-head" },
        el("span", { class: "unp-predict-title", text: "Predict" }),
        this.tally,
      ),
      this.form,
      this.verdict,
    );
    this.node.hidden = true;
  }

  /** Ask about the step after `index`. */
  ask(machine, index) {
    this.machine = machine;
    this.question = question(machine, index);
    const next = machine.step(this.question.step);
    const name = el("code", { class: "unp-predict-op", text: next.name });
    this.lead.replaceChildren(`Step ${next.index + 1} will be `, name);
    if (next.arg !== null && next.arg !== undefined) this.lead.append(" ", el("code", { text: next.arg }));
    this.lead.append(". Guess first, then see.");
    this.aid.lastElementChild.replaceChildren(...inline(next.explain));
    this.aid.open = false;
    fillChoices(this.tops, uid("top"), this.question.tops);
    fillChoices(this.depths, uid("depth"), this.question.depths.map(String));
    setText(this.missing, "");
    this.form.hidden = false;
    this.verdict.hidden = true;
    this.node.hidden = false;
  }

  /** Move the focus to the first answer, as after pressing Next by keyboard. */
  focus() {
    this.form.querySelector("input")?.focus({ preventScroll: true });
  }

  /** True while a question is open. */
  get asking() {
    return !this.node.hidden && !this.form.hidden;
  }

  hide() {
    this.node.hidden = true;
  }

  check(event) {
    event.preventDefault();
    const top = chosen(this.tops);
    const depth = chosen(this.depths);
    if (top === null || depth === null) {
      setText(
        this.missing,
        top === null ? "Choose what will be on top." : "Choose how many items there will be.",
      );
      return;
    }
    const { question: asked } = this;
    const right = { top: top === asked.top, depth: Number(depth) === asked.depth };
    this.showVerdict(right, top, depth);
    this.listener.onAnswer(right.top && right.depth, this.summary(right));
  }

  showVerdict(right, top, depth) {
    const { question: asked, machine } = this;
    const good = right.top && right.depth;
    const step = machine.step(asked.step);
    const line = (isRight, yours, truth, label) =>
      el(
        "li",
        { "data-right": String(isRight) },
        icon(isRight ? "fine" : "wrong"),
        el(
          "span",
          {},
          `${label}: `,
          el("code", { text: truth }),
          isRight ? ", as you said." : ", not ",
          isRight ? null : el("code", { text: yours }),
          isRight ? null : ".",
        ),
      );
    this.verdict.replaceChildren(
      el("p", { class: "unp-predict-result" }, icon(good ? "fine" : "wrong"), good ? "Right" : "Not quite"),
      el(
        "ul",
        { class: "unp-predict-lines" },
        line(right.top, top, asked.top, "On top"),
        line(right.depth, depth, String(asked.depth), "Items"),
      ),
      el(
        "p",
        { class: "unp-predict-why" },
        ...inline(`\`${step.name}\` ${sum(machine, asked.step)} ${step.explain}`),
      ),
    );
    attr(this.verdict, "data-right", String(good));
    this.form.hidden = true;
    this.verdict.hidden = false;
  }

  summary(right) {
    if (right.top && right.depth) return "Right, both guesses.";
    if (right.top) return "Half right: the top is, the number of items is not.";
    return right.depth
      ? "Half right: the number of items is, the top is not."
      : "Not quite: neither guess is right.";
  }

  /** @param {{right: number, asked: number}} tally */
  showTally({ right, asked }) {
    setText(this.tally, asked ? `${right} of ${asked} right` : "no guess yet");
  }
}

/** The sum behind the number of items: "took 2 of 6 items and put 1 back, so there are 5." */
function sum(machine, index) {
  const { took, pushed } = machine.change(index, 0);
  const before = machine.startsFresh(index) ? 0 : machine.depth(index - 1);
  const after = machine.depth(index);
  if (!took && !pushed.size) return before ? `left all ${before} as they were.` : "left the stack empty.";
  const taken = took ? `took ${took} of ${count(before, "item")}` : `found ${count(before, "item")}`;
  const put = pushed.size ? `put ${pushed.size} on` : "put none back";
  return `${taken} and ${put}: ${after} now.`;
}

function group(legend, choices) {
  return el("fieldset", { class: "unp-fieldset" }, el("legend", { text: legend }), choices);
}

function fillChoices(host, name, texts) {
  host.replaceChildren(
    ...texts.map((text) =>
      el(
        "label",
        { class: "unp-choice" },
        el("input", { type: "radio", name, value: text }),
        el("span", { class: "unp-choice-text", text }),
      ),
    ),
  );
}

function chosen(host) {
  const input = host.querySelector("input:checked");
  return input ? input.value : null;
}
