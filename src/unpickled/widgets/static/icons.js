/** The few pictures, drawn as SVG so that no font decides how they look. A shape never stands alone: a word is beside it. */
import { svg } from "./base.js";

const SHAPES = {
  call: ["M8 1.2 15.2 14.4H.8Z", "M8 5.6v4.2M8 11.6v.6"],
  imports: ["M8 1 15 8 8 15 1 8Z", "M8 4.8v5.4M5.8 8.2 8 10.4l2.2-2.2"],
  fine: ["M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z", "M4.8 8.2 7.2 10.6 11.4 5.8"],
  wrong: ["M5 1h6l4 4v6l-4 4H5l-4-4V5Z", "M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2"],
  rebuild: ["M1 3h14v10.4H1Z", "M1 8.2h14M8 3v5.2M4.6 8.2v5.2M11.4 8.2v5.2"],
  half: ["M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z", "M4.6 8h6.8"],
  unknown: ["M2.5 1.5h11v13h-11Z", "M6 6.1c0-2.8 4.2-2.6 4.2 0 0 1.5-2.1 1.6-2.1 3.2M8.1 11.4v.5"],
  skipped: ["M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z", "M3.6 12.4 12.4 3.6"],
};

/**
 * A shape of 16 units: the outline is filled with the current colour, the sign on it cut out.
 * @param {keyof SHAPES} name
 */
export function icon(name) {
  const [outline, sign] = SHAPES[name];
  return svg(
    "svg",
    { class: `unp-icon unp-icon-${name}`, viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" },
    svg("path", { class: "unp-icon-body", d: outline }),
    svg("path", { class: "unp-icon-sign", d: sign }),
  );
}

const GLYPHS = {
  first: "M4 3v10M13 3 6.5 8l6.5 5Z",
  previous: "M11.5 3 5 8l6.5 5Z",
  next: "M4.5 3 11 8l-6.5 5Z",
  last: "M12 3v10M3 3l6.5 5L3 13Z",
  open: "M1.5 13V3h4.6l1.6 2h6.8v8Z",
  down: "M3.5 6 8 10.5 12.5 6",
  up: "M3.5 10.5 8 6l4.5 4.5",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.4 10.4 14 14",
  reset: "M3.2 8a4.8 4.8 0 1 0 1.6-3.6M4.6 1.6v3h3",
};

/** A line drawing for a control, in the current colour. */
export function glyph(name) {
  return svg(
    "svg",
    { class: `unp-glyph unp-glyph-${name}`, viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: GLYPHS[name] }),
  );
}
