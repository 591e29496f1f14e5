// Measures the slide that is shown, as `layout_checks.py` asks: words outside of their box, words on words, small words,
// words that hardly stand out, pictures without words. Returns what is wrong with it, the worst of each kind.
() => {
  const slide = document.querySelector(".slides > section.present .slide");
  const hidden = (node) => node.closest("[aria-hidden=true]") !== null;
  const said = (text) => text.trim().replace(/\s+/g, " ");
  const at = (element) => Number(element.closest("[data-line]")?.dataset.line) || 0;

  const channels = (colour) => {
    const [r, g, b, a = 1] = (colour.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
    return { r, g, b, a };
  };
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a),
    g: top.g * top.a + under.g * (1 - top.a),
    b: top.b * top.a + under.b * (1 - top.a),
    a: 1,
  });
  const ground = (element) => {
    if (!element) return { r: 255, g: 255, b: 255, a: 1 };
    const own = channels(getComputedStyle(element).backgroundColor);
    return own.a === 1 ? own : over(own, ground(element.parentElement));
  };
  // https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
  const light = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (element) => {
    const style = getComputedStyle(element);
    const under = ground(element);
    const ink = channels(element instanceof SVGElement ? style.fill : style.color);
    const [bright, dark] = [light(over(ink, under)), light(under)].sort((one, other) => other - one);
    return (bright + 0.05) / (dark + 0.05);
  };

  const words = [];
  const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = said(walker.currentNode.data);
    if (!text || hidden(element) || element.closest("desc, title, style, script")) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const svg = element instanceof SVGElement;
    const boxes = svg ? [element.getBoundingClientRect()] : [...range.getClientRects()];
    const scale = svg ? element.getScreenCTM().a : 1;
    words.push({ element, text, boxes, size: parseFloat(getComputedStyle(element).fontSize) * scale });
  }

  const found = [];
  const worst = (kind, list, amount) => {
    const [first] = list.sort((one, other) => amount(other) - amount(one));
    if (first) found.push({ kind, line: at(first.element), amount: amount(first), text: first.text, other: first.other || "" });
  };

  // A line of writing is taller than its letters: a fifth of its size may stand over an edge
  const outside = ({ element, boxes, size }) => {
    let most = 0;
    for (let box = element; box; box = box === slide ? null : box.parentElement) {
      if (!box.matches(".slide, .body, footer, h2, td, .panel, .lines, .keep, .quote, .words, .cards > li, .recap, svg")) continue;
      const edge = box.getBoundingClientRect();
      for (const own of boxes) {
        const slack = size / 5;
        const past = [own.right - edge.right, edge.left - own.left, own.bottom - edge.bottom - slack, edge.top - own.top - slack];
        most = Math.max(most, ...past);
      }
    }
    return most;
  };
  const below = ({ element }) => {
    const body = element.parentElement;
    const end = body.getBoundingClientRect().bottom - parseFloat(getComputedStyle(body).paddingBottom);
    return element.getBoundingClientRect().bottom - end;
  };
  const blocks = [...slide.querySelectorAll(".body > *")].map((element) => ({ element, text: said(element.textContent) }));
  const out = words.map((one) => ({ ...one, past: outside(one) }));
  const low = blocks.map((one) => ({ ...one, past: below(one) }));
  const past = [out, low].map((list) => list.filter((one) => one.past > 1)).find((list) => list.length);
  worst("outside", past || [], (one) => one.past);

  const covers = (one, other) =>
    one.boxes.some((a) =>
      other.boxes.some((b) => {
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        return wide > 2 && tall > Math.min(one.size, other.size) * 0.4;
      }),
    );
  words.forEach((one, number) => {
    const other = words.slice(number + 1).find((next) => covers(one, next));
    if (other) one.other = other.text;
  });
  worst("covered", words.filter((one) => one.other), () => 1);
  worst("small", words.filter((one) => one.size < 17.95), (one) => -one.size);
  worst("faint", words.filter((one) => contrast(one.element) < 4.495), (one) => -contrast(one.element));

  const named = (picture) =>
    (picture.getAttribute("alt") ?? "").trim() ||
    (picture.getAttribute("aria-label") ?? "").trim() ||
    said(picture.querySelector(":scope > desc, :scope > title")?.textContent ?? "");
  const pictures = [...slide.querySelectorAll("img, svg, canvas, video, figure, [role=img]")]
    .filter((picture) => !hidden(picture) && !named(picture))
    .map((element) => ({ element, text: element.cloneNode(false).outerHTML.slice(0, 80) }));
  worst("wordless", pictures, () => 1);
  return found;
}
