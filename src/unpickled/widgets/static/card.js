/**
 * A practice card: choose or type an answer, learn at once why it is right or wrong, take hints that stay, try again.
 *
 * Traits read: `item`. Kept in Python: `state` {tries, solved, done, hints, answer, tried, unheard, refused}. Messages to
 * Python: {type: "checked", correct, tries, check} at each check (a trait would not do: while Python is busy, of several
 * changes only the last reaches it); from Python: {type: "heard", check, correct}, when it is written down, and {type:
 * "refused", check, text}, when it cannot be. `unheard` names the checks that are not written down, and `refused` {check,
 * text} why, where Python has said so: for every view, later ones too, and a saved page.
 */
import {
  PATIENCE,
  attr,
  button,
  count,
  el,
  follow,
  isStatic,
  keep,
  keepFocus,
  mountRoot,
  row,
  setText,
  token,
  uid,
} from "./base.js";
import { glyph, icon } from "./icons.js";
import { judge, normalise } from "./judge.js";
import { keyHelp } from "./keyhelp.js";
import { inline, prose } from "./prose.js";

const SILENT =
  "Not yet written down: Python has not answered. If another cell is running, it waits for that; if the kernel was restarted, run this cell again and answer anew.";

/** The second click of a double click, or a key that is held down, presses nothing: what it would press has only just come. */
const once = (action) => (event) => event.detail > 1 || action();
const held = (event) => event.repeat && event.key === "Enter" && event.preventDefault();

class CardView {
  constructor(model, host) {
    this.model = model;
    this.item = model.get("item");
    const mounted = mountRoot(host, "card", "Practice");
    Object.assign(this, { root: mounted.root, say: mounted.say });
    this.build();
    const end = follow(model, ["state"], () => this.draw());
    this.waits = new Map(); // checks that Python has not answered yet: a timer, or null where it was too long
    const onMessage = (message) => this.onMessage(message);
    model.on("msg:custom", onMessage);
    this.dispose = () => {
      end();
      this.waits.forEach((timer) => clearTimeout(timer));
      model.off("msg:custom", onMessage);
      mounted.dispose();
    };
    this.draw();
  }

  get state() {
    return this.model.get("state");
  }

  build() {
    const prompt = uid("prompt");
    this.badge = el("span", { class: "unp-card-badge" });
    this.missing = el("span", { class: "unp-card-missing" });
    this.check = el("button", { type: "submit", class: "unp-button unp-primary", text: "Check" });
    this.again = button("", once(() => this.retry()), { class: "unp-quiet" });
    this.again.append(glyph("reset"), el("span", { text: "Try again" }));
    this.hint = button("", once(() => this.takeHint()), { class: "unp-quiet" });
    this.notice = el("div", { class: "unp-notice", role: "alert", hidden: true });
    this.reply = el("div", { class: "unp-reply" });
    this.hints = el("ol", { class: "unp-hints" });
    this.form = el(
      "form",
      { class: "unp-card-form", novalidate: true, on: { submit: (event) => this.onCheck(event), keydown: held } },
      this.item.kind === "choice" ? this.buildChoices(prompt) : this.buildField(prompt),
      row("unp-card-actions", this.check, this.again, this.hint, this.missing, keyHelp(this.root, "card")),
    );
    this.root.append(
      row("unp-card-head", el("span", { class: "unp-card-kind", text: "Practice" }), this.badge),
      el("div", { class: "unp-prompt", id: prompt }, ...prose(this.item.prompt)),
      this.form,
      this.notice,
      this.reply,
      this.hints,
    );
  }

  buildChoices(prompt) {
    const name = uid("choice");
    this.choices = this.item.choices.map((choice) => {
      const why = el("span", { class: "unp-choice-why", id: uid("why") });
      const input = el("input", { type: "radio", name, value: choice.text, "aria-describedby": why.id });
      const label = el(
        "label",
        { class: "unp-choice" },
        input,
        el(
          "span",
          { class: "unp-choice-body" },
          el("span", { class: "unp-choice-text" }, ...inline(choice.text)),
        ),
      );
      return { choice, input, node: el("div", { class: "unp-choice-line" }, label, why), why };
    });
    return el(
      "div",
      { class: "unp-choices unp-choices-tall", role: "radiogroup", "aria-labelledby": prompt },
      ...this.choices.map(({ node }) => node),
    );
  }

  buildField(prompt) {
    this.field = el("input", {
      class: "unp-input unp-answer",
      type: "text",
      maxlength: "500",
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
      "aria-labelledby": prompt,
      placeholder: "Your answer",
    });
    return this.field;
  }

  answer() {
    if (this.field) return this.field.value.trim();
    const chosen = this.choices.find(({ input }) => input.checked);
    return chosen ? chosen.choice.text : "";
  }

  onCheck(event) {
    event.preventDefault();
    const answer = this.answer();
    if (this.state.done) return;
    if (this.field ? !normalise(answer) : !answer) return void this.askForOne();
    setText(this.missing, "");
    const { right, why } = judge(this.item, answer);
    const { tries, solved, tried, unheard = [] } = this.state;
    const before = tried.some((old) => this.same(old, answer));
    const counts = right || !before;
    const check = counts && !isStatic(this.model) ? token() : "";
    const next = {
      ...this.state,
      answer,
      tries: counts ? tries + 1 : tries,
      solved: solved || right,
      done: right,
      tried: before ? tried : [...tried, answer],
      unheard: check ? [...unheard, check] : unheard,
    };
    keep(this.model, { state: next });
    if (check) this.tell({ type: "checked", correct: right, tries: next.tries, check });
    const because = why.replace(/^Right[.:] /, "");
    this.say(right ? `Right. ${because} ${this.item.explain}` : `Not right yet. ${why || this.nudge()}`);
  }

  /** Python writes the progress down; as long as it is silent, nothing is. */
  tell(message) {
    try {
      this.model.send(message);
    } catch {
      this.tooLong(message.check);
    }
  }

  /** Every view hears of every check. Once a right answer is written down, no earlier one matters any more. */
  onMessage({ type, check, correct, text }) {
    const { unheard = [], refused = [] } = this.state;
    if (type === "heard") {
      const left = correct ? [] : unheard.filter((one) => one !== check);
      if (left.length !== unheard.length) this.wait(left, refused);
    } else if (type === "refused" && !refused.some((one) => one.check === check))
      this.wait(unheard, [...refused, { check, text }]);
  }

  /** Keep which checks are not written down, and of these the reasons. */
  wait(unheard, refused) {
    const reasons = refused.filter(({ check }) => unheard.includes(check));
    keep(this.model, { state: { ...this.state, unheard, refused: reasons } });
  }

  tooLong(check) {
    clearTimeout(this.waits.get(check));
    this.waits.set(check, null);
    this.drawNotice(this.state);
  }

  /** An empty answer is no try: say what is wanted, and go there. */
  askForOne() {
    const text = this.field ? `Type an answer first. ${this.expected()}`.trim() : "Choose an answer first.";
    setText(this.missing, text);
    this.say(text);
    (this.field || this.choices[0].input).focus({ preventScroll: true });
  }

  /** The kind of answer that is wanted, as a sentence. */
  expected() {
    return this.item.expects ? `Expected here: ${this.item.expects}.` : "";
  }

  same(one, other) {
    return this.field ? normalise(one) === normalise(other) : one === other;
  }

  nudge() {
    const next = this.state.hints < this.item.hints.length ? "A hint may help." : "Look at the hints again.";
    return `${this.expected()} ${next}`.trim();
  }

  retry() {
    keep(this.model, { state: { ...this.state, done: false, answer: "", tried: [] } });
    this.choices?.forEach(({ input }) => (input.checked = false));
    (this.field || this.choices[0].input).focus({ preventScroll: true });
  }

  takeHint() {
    const hints = Math.min(this.state.hints + 1, this.item.hints.length);
    keep(this.model, { state: { ...this.state, hints } });
    this.say(`Hint ${hints}: ${this.item.hints[hints - 1]}`);
  }

  /** The button that was pressed may be gone by that: the one that comes in its place is where the reader is then. */
  draw() {
    const { state } = this;
    keepFocus(
      this.root,
      () => this.drawAll(state),
      () => (state.done ? this.again : this.check),
    );
  }

  drawAll(state) {
    this.drawBadge(state);
    attr(this.root, "data-done", state.done);
    attr(this.check, "hidden", state.done);
    attr(this.again, "hidden", !state.done);
    if (this.field) this.drawField(state);
    else this.drawChoices(state);
    this.drawReply(state);
    this.drawHints(state);
    this.drawNotice(state);
  }

  /**
   * A check that waits gets a moment before anything is said of it, in a view or on a page that has only just come, too.
   * One that was refused waits no more. Of several the last that there is something to say of is told.
   */
  drawNotice({ unheard = [], refused = [] }) {
    if (isStatic(this.model)) return;
    const reasons = new Map(refused.map(({ check, text }) => [check, `Not written down. ${text}`]));
    for (const [check, timer] of this.waits) {
      if (unheard.includes(check) && !reasons.has(check)) continue;
      clearTimeout(timer);
      this.waits.delete(check);
    }
    for (const check of unheard) {
      if (reasons.has(check) || this.waits.has(check)) continue;
      this.waits.set(
        check,
        setTimeout(() => this.tooLong(check), PATIENCE),
      );
    }
    const told = unheard.map((check) => reasons.get(check) ?? (this.waits.get(check) === null ? SILENT : ""));
    const text = told.findLast(Boolean) ?? "";
    if (text === this.notice.textContent) return;
    setText(this.notice, text);
    attr(this.notice, "data-kind", text === SILENT ? "wait" : null);
    attr(this.notice, "hidden", !text);
  }

  drawBadge({ tries, solved }) {
    const tried = tries ? count(tries, "try", "tries") : "not tried yet";
    const text = solved ? `solved, ${tried}` : tried;
    this.badge.replaceChildren(
      el(
        "span",
        { class: "unp-chip", "data-kind": solved ? "fine" : "plain" },
        solved ? icon("fine") : null,
        text,
      ),
    );
  }

  /** What was answered here or in another view; what is being typed stays. */
  drawField({ answer, done }) {
    if (answer !== this.drawn) this.field.value = answer;
    this.drawn = answer;
    attr(this.field, "readonly", done);
  }

  /** As in a field: what is being chosen stays. */
  drawChoices({ answer, tried, done }) {
    const other = answer !== this.drawn;
    this.drawn = answer;
    for (const { choice, input, node, why } of this.choices) {
      if (other) input.checked = choice.text === answer;
      input.disabled = done && !choice.right;
      const shown = done || tried.includes(choice.text);
      attr(node, "data-right", shown ? String(choice.right) : null);
      attr(why, "hidden", !shown);
      why.replaceChildren();
      if (shown) why.append(icon(choice.right ? "fine" : "wrong"), el("span", {}, ...inline(choice.why)));
    }
  }

  /** Drawn anew only when it says something else: what a reader has marked in it stays, and so below. */
  drawReply({ answer, done, tried, hints }) {
    const said = JSON.stringify([answer, done, tried, hints]);
    if (said === this.said) return;
    this.said = said;
    attr(this.reply, "hidden", !tried.length);
    attr(this.reply, "data-right", String(done));
    this.reply.replaceChildren();
    if (!tried.length) return;
    const { why } = judge(this.item, answer);
    const head = el(
      "p",
      { class: "unp-reply-head" },
      icon(done ? "fine" : "wrong"),
      done ? "Right" : "Not right yet",
    );
    if (done) this.reply.append(head, ...prose(this.item.explain));
    else if (this.field) this.reply.append(head, el("p", {}, ...inline(why || this.nudge())));
    else this.reply.append(head);
  }

  drawHints({ hints }) {
    const { length } = this.item.hints;
    attr(this.hint, "hidden", hints >= length);
    setText(this.hint, hints ? `Another hint (${length - hints} left)` : `Hint (${length})`);
    attr(this.hints, "hidden", !hints);
    if (this.hints.childElementCount === hints) return;
    this.hints.replaceChildren(
      ...this.item.hints
        .slice(0, hints)
        .map((hint, at) =>
          el(
            "li",
            {},
            el("span", { class: "unp-hint-number", text: `Hint ${at + 1}` }),
            el("span", {}, ...inline(hint)),
          ),
        ),
    );
  }
}

function render({ model, el: host }) {
  const view = new CardView(model, host);
  return () => view.dispose();
}

export default { render };
