/**
 * What every widget stands on: building DOM without ever parsing data as markup, the widget's root
 * (theme, keys that must not reach the notebook, one live region), and talking to the kernel.
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. Text goes in as text nodes only, so data can never become markup.
 * @param {string} tag
 * @param {Object} [props] `class`, `text`, `on: {event: handler}`; true/false set or leave out an
 *   attribute; null leaves it out; anything else is an attribute.
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  fill(node, props, children);
  return node;
}

/** The same as `el` for SVG elements. */
export function svg(tag, props = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  fill(node, props, children);
  return node;
}

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "text") node.textContent = value;
    else if (key === "on")
      for (const [type, handler] of Object.entries(value)) node.addEventListener(type, handler);
    else node.setAttribute(key, written(key, value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
}

/** HTML's own attributes are true by being there; ARIA's are true by the word. */
function written(name, value) {
  return value === true && !name.startsWith("aria-") ? "" : String(value);
}

/** Set an attribute, or take it away when the value is null or false. Does nothing when it is so already. */
export function attr(node, name, value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== written(name, value)) node.setAttribute(name, written(name, value));
}

/**
 * Change what is seen without losing the reader's place: where the element with the focus goes, another takes it.
 * @param {function(): void} change
 * @param {function(): HTMLElement} next what has the focus then
 */
export function keepFocus(root, change, next) {
  const at = document.activeElement;
  const ours = root.contains(at);
  change();
  if (ours && (!at.isConnected || at.closest("[hidden]"))) next().focus({ preventScroll: true });
}

/** Set the text of a node only when it differs: an untouched node costs no layout. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

let lastId = 0;

/** An id that no other element of the page has; `aria-*` references need one. */
export function uid(stem) {
  lastId += 1;
  return `unp-${stem}-${lastId}-${Math.random().toString(36).slice(2, 7)}`;
}

/** "1 step", "2 steps". */
export function count(n, one, many = `${one}s`) {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** A size in bytes as people write it. */
export function size(bytes) {
  if (bytes < 1024) return count(bytes, "byte");
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/**
 * Put the widget's root into `host`: themed, named, and closed to the notebook's key commands.
 * @param {HTMLElement} host
 * @param {string} kind the widget's own class, as in `unp-stepper`
 * @param {string} label what a screen reader calls the region
 * @returns {{root: HTMLElement, say: function(string): void, dispose: function(): void}}
 */
export function mountRoot(host, kind, label) {
  const live = el("div", { class: "unp-sr", role: "status", "aria-live": "polite", "aria-atomic": "true" });
  const props = { class: `unp unp-${kind}`, role: "group", "aria-label": label, tabindex: "-1" };
  const root = el("div", props, live); // a click on plain text takes the focus, so that keys stay in here
  host.append(root);
  const unguard = guardKeys(root);
  const unwatch = watchTheme(root);
  const dispose = () => {
    unguard();
    unwatch();
  };
  return { root, say: (text) => announce(live, text), dispose };
}

/** Have a live region say a text. The same text again would be no change to speak of, so it goes and comes back. */
function announce(live, text) {
  if (live.textContent !== text) return setText(live, text);
  setText(live, "");
  return requestAnimationFrame(() => live.textContent || setText(live, text));
}

/**
 * A stray `x` or `d d` in here must not cut a cell out there. JupyterLab hears keys as they bubble up, so they are
 * stopped at the root; Notebook 7 hears them on their way down, before the widget does, and only leaves alone an
 * element that carries Lumino's attribute itself. Ctrl/Cmd+S may pass in both: the browser would offer to save the page.
 */
function guardKeys(root) {
  const saving = (event) => (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s";
  const stop = (event) => saving(event) || event.stopPropagation();
  const mark = (event) => {
    if (root.contains(event.target))
      event.target.toggleAttribute("data-lm-suppress-shortcuts", !saving(event));
  };
  for (const type of ["keydown", "keypress", "keyup"]) {
    root.addEventListener(type, stop);
    window.addEventListener(type, mark, true);
  }
  return () =>
    ["keydown", "keypress", "keyup"].forEach((type) => window.removeEventListener(type, mark, true));
}

/** Keep `data-theme` on the root at light or dark: JupyterLab's word first, then the page's colours, then the system's. */
function watchTheme(root) {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const update = () => attr(root, "data-theme", themeOf(root, system.matches));
  const observer = new MutationObserver(update);
  const attributeFilter = ["data-jp-theme-light", "data-jp-theme-name", "data-theme", "class", "style"];
  for (const node of [document.documentElement, document.body])
    observer.observe(node, { attributes: true, attributeFilter });
  system.addEventListener("change", update);
  update();
  return () => {
    observer.disconnect();
    system.removeEventListener("change", update);
  };
}

function themeOf(root, systemDark) {
  const jupyter = document.body.dataset.jpThemeLight;
  if (jupyter) return jupyter === "false" ? "dark" : "light";
  const page = document.documentElement.dataset.theme || document.body.dataset.theme;
  if (page === "dark" || page === "light") return page;
  const paper = getComputedStyle(root).getPropertyValue("--jp-layout-color1").trim();
  if (paper) return isDark(paper) ? "dark" : "light";
  return systemDark ? "dark" : "light";
}

function isDark(colour) {
  const probe = el("i");
  probe.style.color = colour;
  document.body.append(probe);
  const [r, g, b] = (getComputedStyle(probe).color.match(/[\d.]+/g) || [255, 255, 255]).map(Number);
  probe.remove();
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 128;
}

/** True on a page that was saved without a kernel: nothing can be asked of Python there. */
export function isStatic(model) {
  return model.get("_static") === true;
}

/**
 * Call `handler` at each change of the named traits; the returned function ends it.
 * @param {Object} model anywidget's model
 * @param {string[]} names
 */
export function follow(model, names, handler) {
  for (const name of names) model.on(`change:${name}`, handler);
  return () => names.forEach((name) => model.off(`change:${name}`, handler));
}

/** Write traits back to Python, and quietly not when there is none. */
export function keep(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  try {
    model.save_changes();
  } catch {
    // a saved page: the view keeps working, only Python does not hear of it
  }
}

/** Milliseconds after which a widget says that Python does not answer. */
export const PATIENCE = 6000;

/** What it says then. */
export const SILENCE =
  "Python has not answered yet. If another cell is running, this one waits for it; if the kernel was restarted, run this cell again.";

/** The last of many calls within `wait` ms is the one carried out. `flush()` carries it out now. */
export function lazily(action, wait) {
  let timer = 0;
  const run = () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    action();
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(run, wait);
  };
  later.flush = run;
  return later;
}

/**
 * Send a message to the Python side; `onSilence` runs if `answered()` is not called within `patience` ms.
 * @returns {{answered: function(): void}}
 */
export function askKernel(model, content, buffers, onSilence, patience = PATIENCE) {
  const timer = setTimeout(onSilence, patience);
  try {
    model.send(content, undefined, buffers);
  } catch {
    clearTimeout(timer);
    onSilence();
  }
  return { answered: () => clearTimeout(timer) };
}

/** A name for one question, that no other view of the same widget gives to one of its own. */
export function token() {
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`;
}

/** A group of buttons or links that wraps; null children are left out. */
export function row(className, ...children) {
  return el("div", { class: className }, ...children);
}

/** A button of the house: text, and what it does. */
export function button(text, onClick, props = {}) {
  const { class: extra = "", ...rest } = props;
  return el(
    "button",
    { type: "button", class: `unp-button ${extra}`.trim(), on: { click: onClick }, ...rest },
    text,
  );
}
