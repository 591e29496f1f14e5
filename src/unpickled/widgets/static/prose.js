/** The little Markdown that prompts and hints use (paragraphs, `code`, indented code blocks), made into elements, never parsed as HTML. */
import { el } from "./base.js";

/**
 * @param {string} text paragraphs parted by empty lines; a block indented by four spaces is code
 * @returns {HTMLElement[]}
 */
export function prose(text) {
  return text
    .trim()
    .split(/\n[ \t]*\n/)
    .map((block) =>
      /^ {4}/.test(block)
        ? el("pre", { class: "unp-code", tabindex: "0" }, el("code", { text: block.replace(/^ {4}/gm, "") }))
        : el("p", {}, ...inline(block)),
    );
}

/** A line's text and `code` as nodes. */
export function inline(text) {
  return text
    .split("`")
    .map((part, at) =>
      at % 2 ? el("code", { text: part }) : document.createTextNode(part.replace(/\s*\n\s*/g, " ")),
    );
}
