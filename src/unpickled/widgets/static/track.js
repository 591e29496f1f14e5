/**
 * The way through the trace: a slider, and above it a strip that shows from far where code is imported and called.
 */
import { attr, count, el } from "./base.js";
import { icon } from "./icons.js";

const PLACES = 240; // marks that lie closer than a 240th of the strip are drawn as one

export class Track {
  /** @param {function(number): void} onMove called with a step's index */
  constructor(onMove) {
    this.marks = el("div", { class: "unp-track-marks", "aria-hidden": "true" });
    this.slider = el("input", {
      class: "unp-slider",
      type: "range",
      min: "0",
      step: "1",
      "aria-label": "Step",
      on: { input: () => onMove(Number(this.slider.value)) },
    });
    this.marks.addEventListener("click", (event) => {
      const mark = event.target.closest("[data-step]");
      if (mark) onMove(Number(mark.dataset.step));
    });
    this.node = el("div", { class: "unp-track" }, this.marks, this.slider);
  }

  /** @param {import("./machine.js").Machine} machine */
  load(machine) {
    this.machine = machine;
    const last = Math.max(machine.length - 1, 0);
    this.slider.max = String(last);
    this.slider.disabled = machine.length < 2;
    this.marks.replaceChildren();
    this.scatter(starts(machine), "pickle", () => "a new pickle starts");
    this.scatter(machine.imports, "imports", (step) => `imports ${machine.steps.imports[step]}`);
    this.scatter([...machine.rebuilding], "rebuild", (step) => `calls to rebuild data: ${machine.steps.calls[step]}`);
    this.scatter(machine.foreign, "call", (step) => `calls code: ${machine.steps.calls[step]}`);
  }

  scatter(steps, kind, title) {
    const last = Math.max(this.machine.length - 1, 1);
    const taken = new Set();
    for (const step of steps) {
      const place = Math.round((step / last) * PLACES);
      if (taken.has(place)) continue;
      taken.add(place);
      const mark = el(
        "span",
        { class: `unp-mark unp-mark-${kind}`, "data-step": step, title: `Step ${step + 1}: ${title(step)}` },
        kind === "pickle" ? null : icon(kind),
      );
      mark.style.left = `${(step / last) * 100}%`;
      this.marks.append(mark);
    }
  }

  show(index, name) {
    this.slider.value = String(index);
    const last = Math.max(this.machine.length - 1, 1);
    this.node.style.setProperty("--unp-at", `${(index / last) * 100}%`);
    const words = this.machine.length
      ? `step ${index + 1} of ${this.machine.length}: ${name}`
      : count(0, "step");
    attr(this.slider, "aria-valuetext", words);
  }
}

function starts(machine) {
  return machine.where((step) => step > 0 && machine.startsPickle(step));
}
