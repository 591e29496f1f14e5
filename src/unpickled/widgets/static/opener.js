/**
 * The learner's own file: chosen in the browser, sent to Python as bytes, answered there. A file that is too large
 * is refused here, before it is read, and a page without a kernel says that it has none.
 */
import { SILENCE, askKernel, button, el, isStatic, size } from "./base.js";
import { glyph } from "./icons.js";

export class Opener {
  /**
   * @param {Object} model with the trait `file_limit` in bytes
   * @param {string} label the button's text
   * @param {{onWait: function(string): void, onProblem: function(string): void}} listener
   */
  constructor(model, label, listener) {
    this.model = model;
    this.listener = listener;
    this.busy = false; // from sending a file to Python's answer
    this.input = el("input", {
      type: "file",
      hidden: true,
      tabindex: "-1",
      "aria-label": label,
      on: { change: () => this.take() },
    });
    this.button = button("", () => this.choose(), { class: "unp-quiet unp-open" });
    this.button.append(glyph("open"), el("span", { text: label }));
    this.node = el("span", { class: "unp-opener" }, this.button, this.input);
  }

  choose() {
    if (isStatic(this.model)) {
      this.listener.onProblem(
        "This saved page has no Python behind it, so it cannot read a file. Open the lesson in JupyterLab to try your own.",
      );
      return;
    }
    this.input.click();
  }

  async take() {
    const [file] = this.input.files;
    this.input.value = "";
    if (!file) return;
    const limit = this.model.get("file_limit");
    if (file.size > limit) {
      this.listener.onProblem(
        `${file.name} has ${size(file.size)}; at most ${size(limit)} are taken here. Choose a smaller file.`,
      );
      return;
    }
    this.listener.onWait(`Reading ${file.name} …`);
    try {
      this.send(file.name, await file.arrayBuffer());
    } catch {
      this.listener.onProblem(`${file.name} could not be read by the browser. Choose it again.`);
    }
  }

  send(name, buffer) {
    this.busy = true;
    this.asked = askKernel(this.model, { type: "open", name }, [buffer], () => this.silent());
  }

  silent() {
    this.busy = false;
    this.listener.onProblem(SILENCE);
  }

  /** To be called when Python has answered. */
  answered() {
    this.busy = false;
    this.asked?.answered();
  }
}
