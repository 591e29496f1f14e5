/** The regions of a file and their fields as one row of stretches without a hole: which one is a byte in? */
import { lastNotAbove } from "./hexgrid.js";

/** What the roles of stretches are called. */
export const ROLES = {
  magic: "signature",
  number: "number",
  text: "text",
  pickle: "pickle",
  data: "weights or packed data",
  rest: "filling, or unclaimed",
};

export class Stretches {
  /** @param {{start, end, role, label, fields: Array[]}[]} regions each field is [start, end, role, label, value] */
  constructor(regions) {
    this.regions = regions;
    this.all = regions.flatMap((region, at) => split(region, at));
    this.starts = this.all.map((one) => one.start);
  }

  /**
   * The stretch that an offset lies in.
   * @returns {{start, end, role, label, value, region: number, field: number}} `field` is -1 where there is none
   */
  at(offset) {
    return this.all[Math.max(0, lastNotAbove(this.starts, offset))];
  }
}

function split(region, place) {
  const found = [];
  let at = region.start;
  const between = (end) => {
    if (end > at)
      found.push({ start: at, end, role: region.role, label: region.label, value: "", region: place, field: -1 });
  };
  region.fields.forEach(([start, end, role, label, value], field) => {
    between(start);
    found.push({ start, end, role, label, value, region: place, field });
    at = end;
  });
  between(region.end);
  return found;
}
