/** The "?" of a widget: a short list of its keys in a dialog. Esc closes it, and the focus goes back to where it was. */
import { button, el, uid } from "./base.js";
import { KEYS } from "./keys.js";

/**
 * Give a widget its list of keys, opened by the button or by the key `?` from anywhere in the widget but a text field.
 * @param {HTMLElement} root the widget's root
 * @param {keyof KEYS} widget
 * @returns {HTMLElement} the button, for the widget to put where it has room
 */
export function keyHelp(root, widget) {
  const open = () => {
    const dialog = keyList(widget);
    root.append(dialog); // in the root, which keeps keys from the notebook
    dialog.showModal();
  };
  root.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey || takesText(event.target)) return;
    event.preventDefault();
    open();
  });
  return button("?", open, {
    class: "unp-quiet unp-keys-open",
    title: "Keys (?)",
    "aria-label": "Keys",
    "aria-haspopup": "dialog",
    "aria-keyshortcuts": "?",
  });
}

/** The dialog. It is made when it is asked for, and gone when it is closed. */
function keyList(widget) {
  const title = uid("keys");
  const dialog = el(
    "dialog",
    { class: "unp-keys", "aria-labelledby": title },
    el("p", { class: "unp-keys-title", id: title, text: "Keys" }),
    el("dl", { class: "unp-keys-list" }, ...[...KEYS[widget], ...KEYS.everywhere].map(keyEntry)),
    el("p", { class: "unp-keys-note", text: "They work while the focus is in this part. None of them reaches the notebook." }),
    button("Close", () => dialog.close(), { autofocus: true }),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
  dialog.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation(); // not for the widget behind it
  });
  return dialog;
}

function takesText(target) {
  return target.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=range])");
}

function keyEntry({ keys, where, does }) {
  return el(
    "div",
    {},
    el("dt", {}, ...keys.flatMap((key, at) => [at ? " " : "", el("kbd", { text: key })])),
    el("dd", {}, where ? el("span", { class: "unp-keys-where", text: `${where}: ` }) : "", does),
  );
}
