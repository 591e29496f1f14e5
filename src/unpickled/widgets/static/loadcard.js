/** What `torch.load(path, weights_only=True)` made of a file, in its child: loaded, refused at a name, or failed. */
import { count, el, row } from "./base.js";
import { icon } from "./icons.js";

const OUTCOMES = {
  loaded: ["fine", "PyTorch met nothing that weights_only=True refuses."],
  refused: ["skipped", "PyTorch's restricted unpickler stopped before it built anything from that name."],
  failed: ["wrong", "No object came of it, and nothing was refused by name."],
};

/** @param {Object} found a `WeightsOnly` record, its path cut to the name */
export function loadCard(found) {
  const [picture, text] = OUTCOMES[found.outcome] || OUTCOMES.failed;
  return el(
    "div",
    { class: "unp-load", "data-outcome": found.outcome },
    el("code", { class: "unp-load-call", text: `torch.load(${JSON.stringify(found.path)}, weights_only=True)` }),
    row(
      "unp-load-line",
      el("span", { class: "unp-badge unp-load-badge" }, icon(picture), el("span", { text: found.outcome })),
      found.named ? el("code", { class: "unp-load-named", text: found.named }) : null,
      el("span", { class: "unp-load-said", text: loadSentence(found) }),
    ),
    el("p", { class: "unp-load-text", text }),
    loadFacts(found),
    found.outcome === "loaded"
      ? el("p", { class: "unp-load-caveat", text: "Loaded is not the same as harmless: this loader has had holes of its own." })
      : null,
  );
}

function loadSentence({ outcome, message, tensors, others }) {
  if (outcome !== "loaded") return message ? `${message[0].toUpperCase()}${message.slice(1)}.`.replace(/\.\.$/, ".") : "";
  const rest = others.length ? ` and ${count(others.length, "other value")}` : "";
  return `It came back with ${count(tensors, "tensor")}${rest}.`;
}

function loadFacts({ error, others, seconds, isolation }) {
  const pairs = [
    ["Exception", error],
    ["Other values", others.join(", ")],
    ["Time in torch.load", isolation ? `${seconds < 0.01 ? "< 0.01" : seconds.toFixed(2)} s` : ""],
    ["Child", isolation || "none: it was not tried"],
  ].filter(([, value]) => value);
  return el("dl", { class: "unp-load-facts" }, ...pairs.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]));
}
