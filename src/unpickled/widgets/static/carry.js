/**
 * The learner's progress as a file: one button saves it, one takes in what was saved elsewhere.
 *
 * Trait read: `file_limit`. Messages to Python: {type: "save"}, {type: "open", name} with a file's bytes; from Python:
 * {type: "file", name, text}, {type: "taken", text}, {type: "refused", text}.
 */
import { askKernel, attr, button, el, isStatic, mountRoot, row } from "./base.js";
import { icon } from "./icons.js";
import { Opener } from "./opener.js";

const NO_PROGRESS = "This saved page keeps no progress. Open the lesson in JupyterLab or in the browser.";

class CarryView {
  constructor(model, host) {
    this.model = model;
    const mounted = mountRoot(host, "carry", "Your progress as a file");
    Object.assign(this, { root: mounted.root, say: mounted.say });
    this.save = button("Save my progress to a file", () => this.ask(), { class: "unp-carry-save" });
    this.opener = new Opener(model, "Take in a saved file…", {
      onWait: (text) => this.tell(text),
      onProblem: (text) => this.tell(text, "wrong"),
    });
    this.told = el("p", { class: "unp-carry-told", hidden: true });
    this.root.append(row("unp-carry-line", this.save, this.opener.node), this.told);
    const onMessage = (message) => this.onMessage(message);
    model.on("msg:custom", onMessage);
    this.dispose = () => {
      model.off("msg:custom", onMessage);
      mounted.dispose();
    };
  }

  ask() {
    if (isStatic(this.model)) {
      this.tell(NO_PROGRESS, "wrong");
      return;
    }
    this.asked = askKernel(this.model, { type: "save" }, [], () =>
      this.tell("Python has not answered yet. If another cell is running, this one waits for it.", "wrong"),
    );
  }

  onMessage(message) {
    this.asked?.answered();
    this.opener.answered();
    if (message.type === "file") {
      handOver(message.name, message.text);
      this.tell(`Saved as ${message.name}, where your browser keeps downloads.`, "fine");
    } else if (message.type === "taken") this.tell(message.text, "fine");
    else if (message.type === "refused") this.tell(message.text, "wrong");
  }

  tell(text, kind = "") {
    attr(this.told, "hidden", !text);
    attr(this.told, "data-kind", kind || null);
    this.told.replaceChildren(...(kind ? [icon(kind)] : []), el("span", { text }));
    this.say(text);
  }
}

/** Let the browser save a text as a file. */
function handOver(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = el("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function render({ model, el: host }) {
  const view = new CarryView(model, host);
  return () => view.dispose();
}

export default { render };
