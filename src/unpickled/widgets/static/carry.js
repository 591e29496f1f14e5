/**
 * The learner's progress as a file: one button saves it, one takes in what was saved elsewhere, and one saves a page that
 * says what was completed.
 *
 * Traits read: `file_limit`, `certifies`. Messages to Python: {type: "save", ask}, {type: "certificate", name, ask}, {type:
 * "open", name} with a file's bytes; from Python: {type: "file", name, text, media, note, ask}, {type: "taken", text},
 * {type: "refused", text}. `ask` names the view that is to hand the file over: all views hear of it.
 */
import { askKernel, attr, button, el, isStatic, mountRoot, row, token, uid } from "./base.js";
import { icon } from "./icons.js";
import { Opener } from "./opener.js";

const NO_PROGRESS = "This saved page keeps no progress. Open the lesson in JupyterLab or in the browser.";

class CarryView {
  constructor(model, host) {
    this.model = model;
    const mounted = mountRoot(host, "carry", "Your progress as a file");
    Object.assign(this, { root: mounted.root, say: mounted.say });
    this.save = button("Save my progress to a file", () => this.ask({ type: "save" }), {
      class: "unp-carry-save",
    });
    this.opener = new Opener(model, "Take in a saved file…", {
      onWait: (text) => this.tell(text),
      onProblem: (text) => this.tell(text, "wrong"),
    });
    this.told = el("p", { class: "unp-carry-told", hidden: true });
    const certificate = model.get("certifies") ? this.certificate() : null;
    this.root.append(row("unp-carry-line", this.save, this.opener.node, certificate), this.told);
    const onMessage = (message) => this.onMessage(message);
    model.on("msg:custom", onMessage);
    this.dispose = () => {
      model.off("msg:custom", onMessage);
      mounted.dispose();
    };
  }

  /** A field for the name and its button. The name goes into the page that is saved, and nowhere else. */
  certificate() {
    const id = uid("name");
    const certify = () => this.ask({ type: "certificate", name: this.name.value });
    this.name = el("input", {
      id,
      class: "unp-input",
      type: "text",
      maxlength: 100,
      autocomplete: "name",
      spellcheck: "false",
      on: { keydown: (event) => event.key === "Enter" && !event.isComposing && certify() },
    });
    return el(
      "span",
      { class: "unp-carry-certificate" },
      el("label", { for: id, text: "Name on the certificate (optional)" }),
      this.name,
      button("Certificate", certify, { class: "unp-quiet" }),
    );
  }

  ask(content) {
    if (isStatic(this.model)) {
      this.tell(NO_PROGRESS, "wrong");
      return;
    }
    this.asked?.answered();
    this.mine = token();
    this.asked = askKernel(this.model, { ...content, ask: this.mine }, [], () =>
      this.tell("Python has not answered yet. If another cell is running, this one waits for it.", "wrong"),
    );
  }

  onMessage(message) {
    if (message.type === "file" && message.ask !== this.mine) return;
    this.asked?.answered();
    this.opener.answered();
    if (message.type === "file") {
      handOver(message);
      const where = `Saved as ${message.name}, where your browser keeps downloads.`;
      this.tell([where, message.note].filter(Boolean).join(" "), "fine");
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
function handOver({ name, text, media }) {
  const address = URL.createObjectURL(new Blob([text], { type: media }));
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
