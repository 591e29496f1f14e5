"""What must hold of every widget on a page that is open: as lists of faults, so that one run tells them all."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe

from .learner import OPEN

ROOTS = f"{OPEN} .unp"

CUT = """roots => {
  const faults = [];
  const told = (what, node) => faults.push(`${what}: ${node.outerHTML.slice(0, 160)}`);
  const scrolls = (node) => /auto|scroll/.test(getComputedStyle(node).overflowX);
  const scrollsWithin = (node, root) => {
    let above = node;
    while (above !== root) {
      above = above.parentElement;
      if (scrolls(above)) return true;
    }
    return false;
  };
  const isMeant = (style) =>  // cut by the style sheet, with the whole in a tooltip, or drawn over the rest
    style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none" || style.position === "absolute";
  for (const root of document.querySelectorAll(roots)) {
    const frame = root.getBoundingClientRect();
    const paper = root.closest(".jp-OutputArea-output").getBoundingClientRect();
    if (frame.right > paper.right + 1) told("wider than its place", root);
    for (const node of root.querySelectorAll("*")) {
      const style = getComputedStyle(node);
      const box = node.getBoundingClientRect();
      if (!box.width || node.closest(".unp-sr, svg") || style.visibility === "hidden") continue;
      const hides = (way) => /hidden|clip/.test(way) && !isMeant(style);
      if (hides(style.overflowX) && node.scrollWidth > node.clientWidth + 1) told("cut", node);
      if (hides(style.overflowY) && node.scrollHeight > node.clientHeight + 2) told("cut below", node);
      if (box.right > frame.right + 1 && !scrollsWithin(node, root)) told("outside", node);
    }
  }
  return faults;
}"""

SEEN = """roots => {
  const node = document.activeElement;
  if (!node.closest(roots)) return "out";
  const here = node.outerHTML.slice(0, 160);
  const drawn = (one) => {
    const { outlineStyle, outlineWidth } = one ? getComputedStyle(one) : { outlineStyle: "none" };
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  };
  if (![node, node.closest("label"), node.closest(".unp-pane")].some(drawn)) return `no outline: ${here}`;
  const box = node.getBoundingClientRect();
  const shown = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return shown ? "" : `not in sight: ${here}`;
}"""

MOVING = """roots => {
  const faults = [];
  for (const node of document.querySelectorAll(`${roots}, ${roots} *`))
    for (const part of [null, "::before", "::after"]) {
      const { animationName, transitionDuration } = getComputedStyle(node, part);
      const slow = transitionDuration.split(", ").some((time) => parseFloat(time) > 0.01);
      if (animationName !== "none" || slow) faults.push(`moves: ${node.outerHTML.slice(0, 160)}`);
    }
  return faults;
}"""

# What others say, of an empty notebook too: the site's tools, which are in this environment and in no learner's; and
# Notebook 7, twice, the second time only where JupyterLab has left a workspace with a command of its own.
TOLD_BY_OTHERS = (
    "console: Error: Shared module @jupyterlite/services doesn't exist",
    "error: Cannot read properties of undefined (reading 'schema')",
    "error: Command 'filebrowser:open-path' not registered.",
)

STOPS = "a[href], button, input:not([type=file]), select, textarea, summary, [tabindex='0']"


def broken_rules(page) -> list[str]:
    """What axe finds inside the widgets of the page in front, contrast included."""
    if not page.locator(ROOTS).count():
        return []
    found = Axe().run(page, context=ROOTS, options={"resultTypes": ["violations"]})
    return [found.generate_report()] if found.violations_count else []


def cut(page) -> list[str]:
    """What is cut off, pushed out of its widget, or wider than the page has room for."""
    return page.evaluate(CUT, ROOTS)


def moving(page) -> list[str]:
    """What moves although the reader has asked for no motion."""
    return page.evaluate(MOVING, ROOTS)


CELLS = """open => [...document.querySelectorAll(`${open} .jp-Cell`)].map((cell) =>
  [...cell.classList].filter((name) => /Cell$|-mod-rendered/.test(name)).join(" "))"""

STRAY = (
    "x",
    "d",
    "d",
    "a",
    "b",
    "m",
    "Enter",
)  # cut it, delete it, one above, one below, Markdown, its source


def lost_focus(page) -> list[str]:
    """Where Tab, from each widget's first stop on, goes to a place that is not seen.

    Stray keys are pressed at the first stop of each, and before that after a click beside all of them; the notebook
    must have the same cells after them. (Most cells with a widget cannot be deleted: `a` and `m` tell more than `d`.)
    """
    faults, cells = [], page.evaluate(CELLS, OPEN)
    for root in page.locator(ROOTS).all():
        stops = root.locator(STOPS).locator("visible=true")
        if not stops.count():
            continue
        root.click(position={"x": 4, "y": 4})  # its margin, where nothing is to be pressed
        for key in STRAY:
            page.keyboard.press(key)
        stops.first.focus()
        if not stops.first.evaluate("node => node.matches('input, a')"):
            for key in STRAY[:-1]:  # Enter would press a button
                page.keyboard.press(key)
        if page.evaluate(CELLS, OPEN) != cells:
            return [*faults, f"a key has reached the notebook from {root.get_attribute('class')}"]
        for _ in range(15):
            told = page.evaluate(SEEN, ROOTS)
            if told == "out":
                break
            faults += [told] if told else []
            page.keyboard.press("Tab")
    return faults


def own(troubles) -> list[str]:
    """The errors that are not known to be somebody else's."""
    return [told for told in troubles if not told.startswith(TOLD_BY_OTHERS)]


def silent(troubles) -> list[str]:
    """Those of the others that are always heard, and were not: an exemption that nothing needs any more."""
    return [known for known in TOLD_BY_OTHERS[:2] if not any(t.startswith(known) for t in troubles)]
