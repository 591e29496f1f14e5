/** Files to choose from, as radio buttons; and the bar that says that something is awaited. */
import { attr, el, size, uid } from "./base.js";

export class FileChoices {
  /**
   * @param {function(string): void} onChoose called with the id of the file that was chosen
   * @param {string} [question] the group's name
   */
  constructor(onChoose, question = "Which file?") {
    this.onChoose = onChoose;
    this.group = uid("file");
    this.list = el("div", { class: "unp-files" });
    this.node = el("fieldset", { class: "unp-fieldset" }, el("legend", { text: question }), this.list);
  }

  /** @param {{id: string, label: string, size: number, note: string}[]} files */
  draw(files, chosen) {
    if (this.files !== files) {
      this.files = files;
      this.list.replaceChildren(...files.map((file) => this.choice(file)));
    }
    for (const input of this.list.querySelectorAll("input")) input.checked = input.value === chosen;
    attr(this.list, "hidden", files.length === 0);
  }

  choice(file) {
    const input = el("input", {
      type: "radio",
      name: this.group,
      value: file.id,
      on: { change: () => this.onChoose(file.id) },
    });
    const facts = [file.size >= 0 ? size(file.size) : "", file.note].filter(Boolean).join(" · ");
    return el(
      "label",
      { class: "unp-choice unp-file" },
      input,
      el(
        "span",
        { class: "unp-file-text" },
        el("code", { class: "unp-file-name", text: file.label }),
        el("span", { class: "unp-file-note", text: facts }),
      ),
    );
  }
}

/** A moving bar with words beside it: its last child takes the words. */
export function waitingBar(words = "") {
  return el(
    "div",
    { class: "unp-scanning" },
    el("span", { class: "unp-scanning-bar", "aria-hidden": "true" }),
    el("span", { class: "unp-scanning-text", text: words }),
  );
}
