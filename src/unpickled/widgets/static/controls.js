/**
 * The way through a trace: first, previous, next, last, the track, the counter, the jump to the next call, and the keys
 * for all of them.
 */
import { attr, button, count, el, row, setText } from "./base.js";
import { glyph, icon } from "./icons.js";
import { Track } from "./track.js";

const NAMED = 2; // functions named on the head

export class StepControls {
  /**
   * @param {{go: function(number): void, forward: function(): void, say: function(string): void}} owner
   *   `go` shows the state after a step, `forward` is what Next does, `say` speaks
   */
  constructor(owner) {
    this.owner = owner;
    this.index = 0;
    const { go } = owner;
    this.track = new Track(go);
    this.first = control("first", "First step", "Home", () => go(0));
    this.previous = control("previous", "Previous step", "ArrowLeft", () => go(this.index - 1));
    this.next = control("next", "Next step", "ArrowRight", () => owner.forward());
    this.next.append(el("span", { text: "Next" }));
    this.next.classList.add("unp-primary");
    this.last = control("last", "Last step", "End", () => go(this.machine.length - 1));
    this.counter = el("span", { class: "unp-counter" });
    this.callText = el("span", {});
    this.nextCall = button("", () => this.goNextCall(), { class: "unp-next-call", "aria-keyshortcuts": "c" });
    this.callSign = el("span", { class: "unp-next-sign" });
    this.nextCall.append(this.callSign, this.callText);
    this.node = row(
      "unp-controls",
      row("unp-step-buttons", this.first, this.previous, this.next, this.last),
      this.track.node,
      this.counter,
      this.nextCall,
    );
  }

  /** @param {import("./machine.js").Machine} machine */
  load(machine) {
    this.machine = machine;
    this.track.load(machine);
  }

  show(index) {
    const { length } = this.machine;
    this.index = index;
    this.track.show(index, length ? this.machine.step(index).name : "");
    setText(this.counter, `${Math.min(index + 1, length)} / ${length}`);
    for (const one of [this.first, this.previous]) attr(one, "aria-disabled", index === 0 || null);
    for (const one of [this.next, this.last]) attr(one, "aria-disabled", index >= length - 1 || null);
    this.showNextCall();
  }

  showNextCall() {
    const { calls, rebuilding } = this.machine;
    const { kind, steps } = this.machine.callsAhead(this.index);
    const left = steps.length;
    const part = this.machine.broken ? " in the part read" : "";
    const words = kind === "rebuild" ? "Next rebuild" : "Next call";
    setText(this.callText, left ? words : `${calls.length ? "No call left" : "No call"}${part}`);
    this.showSign(left || !rebuilding.size ? (left ? kind : "call") : "rebuild");
    attr(this.nextCall, "aria-disabled", left ? null : "true");
    this.nextCall.title = left
      ? `Jump to the next step that ${kind === "rebuild" ? "calls to rebuild data" : "calls code"}: ${left} ahead (c)`
      : `No step ahead${part && `,${part},`} calls code`;
  }

  showSign(kind) {
    if (this.nextCall.dataset.kind === kind) return;
    attr(this.nextCall, "data-kind", kind);
    this.callSign.replaceChildren(icon(kind));
  }

  goNextCall() {
    const { steps } = this.machine.callsAhead(this.index);
    const { calls, broken } = this.machine;
    if (steps.length) this.owner.go(steps[0]);
    else if (broken) this.owner.say(`No call${calls.length ? " is left ahead" : ""} in the part that was read.`);
    else this.owner.say(calls.length ? "No call is left ahead." : "This pickle calls nothing.");
  }

  /**
   * What a key does, or undefined.
   * @param {HTMLElement} target where it was pressed: on the slider up and down are the other way round, and a pane
   *   that scrolls keeps its own
   * @param {number} page steps that PageUp and PageDown go
   */
  keyAction(key, target, page) {
    const { go, forward } = this.owner;
    const slider = target === this.track.slider;
    const along = {
      ArrowRight: forward,
      ArrowLeft: () => go(this.index - 1),
      c: () => this.goNextCall(),
    };
    const list = {
      ArrowDown: () => (slider ? go(this.index - 1) : forward()),
      ArrowUp: () => (slider ? forward() : go(this.index - 1)),
      Home: () => go(0),
      End: () => go(this.machine.length - 1),
      PageDown: () => go(this.index + (slider ? -page : page)),
      PageUp: () => go(this.index + (slider ? page : -page)),
    };
    if (along[key]) return along[key];
    return target.matches(".unp-hex, .unp-pane-scroll") ? undefined : list[key];
  }

  /** Is this a place whose keys are its own? */
  keepsKeys(target) {
    return target.matches("input, textarea, select, summary") && target !== this.track.slider;
  }
}

function control(name, label, keys, action) {
  const made = button("", action, {
    class: "unp-step-button",
    "aria-label": label,
    title: `${label} (${keys})`,
    "aria-keyshortcuts": keys,
  });
  made.append(glyph(name));
  return made;
}

/** What a pickle calls that has no part in rebuilding data: by name where the names are known. */
function foreignWords({ foreign, foreignNames: names }) {
  if (!names.length) return `calls code: ${foreign.length.toLocaleString("en")}`;
  const left = names.length - NAMED;
  return `calls ${names.slice(0, NAMED).join(", ")}${left > 0 ? ` and ${left} more` : ""}`;
}

/** Words on a pickle's head: what it reaches for outside, and whether it was read to its end. */
export function reachChips(machine) {
  const { foreign, rebuilding, imports, broken, length } = machine;
  const chip = (kind, picture, text) => el("span", { class: "unp-chip", "data-kind": kind }, icon(picture), text);
  const chips = [];
  if (foreign.length) chips.push(chip("call", "call", foreignWords(machine)));
  if (rebuilding.size) chips.push(chip("rebuild", "rebuild", `rebuilds data by ${count(rebuilding.size, "call")}`));
  if (imports.length) chips.push(chip("imports", "imports", `imports: ${imports.length.toLocaleString("en")}`));
  const found = chips.length > 0;
  if (broken) chips.push(chip("unread", "unknown", unread(found, length)));
  else if (!found && length) chips.push(chip("fine", "fine", "imports and calls nothing"));
  return chips;
}

/** The warning on a pickle that was not read to its end: what was not found in a part of it may be in the rest. */
function unread(found, steps) {
  if (!steps) return "nothing could be read";
  return found ? "not read to its end" : "not read to its end: no import or call up to there";
}

/** The sentence on a trace that stopped, with its picture. */
export function stoppedAt(error, words) {
  return [
    icon("wrong"),
    el("span", {}, el("strong", { text: `Reading stopped at byte ${error.offset}: ` }), ...words(`${error.problem}. ${error.remedy}`)),
  ];
}

/** "12 steps · 3 pickles": how long a trace is. */
export function lengthOf(machine) {
  return [count(machine.length, "step"), machine.pickles > 1 ? `${machine.pickles} pickles` : ""];
}
