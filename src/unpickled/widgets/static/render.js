/**
 * How a value reads as text at a step: the rules written down in unpickled/pickles/render.py, followed one by one.
 * A test holds both sides equal on many traces at every step.
 */

const DEPTH = 4; // whatever holds others is an ellipsis this deep
const ENTRIES = 8; // of each container
const LENGTH = 200; // code points in all

/** Collects pieces, and says when there are more than can be shown. */
class Pieces {
  constructor() {
    this.whole = "";
  }

  add(piece) {
    this.whole += piece;
  }

  /** Every code point has at most two UTF-16 units, so past twice the length nothing more can be seen. */
  get full() {
    return this.whole.length > 2 * LENGTH;
  }
}

/** At most 200 code points: a longer text is its first 199 and an ellipsis. */
export function cut(text) {
  if (text.length <= LENGTH) return text;
  const points = [...text];
  return points.length > LENGTH ? `${points.slice(0, LENGTH - 1).join("")}…` : text;
}

/**
 * The text of a value as it was after `step`.
 * @param {Array[]} values the rows of `Trace.columns()["values"]`
 * @param {number} id a value's number
 * @param {number} step
 */
export function describe(values, id, step) {
  const row = values[id];
  if (row[0] === "atom") return row[1];
  const out = new Pieces();
  write(out, values, id, step, 0);
  return cut(out.whole);
}

const FLAT = {
  atom: (row) => row[1],
  mark: () => "MARK",
  global: (row) => `${row[1]}.${row[2]}`,
  ext: (row) => `extension code ${row[1]}`,
  buffer: (row) => `buffer ${row[1]}`,
};

const NESTED = {
  tuple: (out, row, inner) => {
    out.add("(");
    entries(
      out,
      row[1].map((id) => [id]),
      row[2],
      inner,
    );
    out.add(row[2] === 1 ? ",)" : ")");
  },
  frozenset: (out, row, inner) => {
    out.add("frozenset(");
    if (row[2]) {
      out.add("{");
      entries(
        out,
        row[1].map((id) => [id]),
        row[2],
        inner,
      );
      out.add("}");
    }
    out.add(")");
  },
  list: (out, row, inner, step) => {
    out.add("[");
    logged(out, row[1], row[2], step, inner);
    out.add("]");
  },
  dict: (out, row, inner, step) => {
    out.add("{");
    logged(out, row[1], row[2], step, inner);
    out.add("}");
  },
  set: (out, row, inner, step) => {
    if (!totalOf(row[1], row[2], step)) {
      out.add("set()");
      return;
    }
    out.add("{");
    logged(out, row[1], row[2], step, inner);
    out.add("}");
  },
  call: (out, row, inner, step) => {
    out.add(`result of ${cut(`${row[1]}(${row[2]})`)}`);
    if (!totalOf(row[3], row[4], step)) return;
    out.add(" with {");
    logged(out, row[3], row[4], step, inner);
    out.add("}");
  },
  persistent: (out, row, inner) => {
    out.add("persistent id ");
    inner(row[1]);
  },
  readonly: (out, row, inner) => {
    out.add("read-only ");
    inner(row[1]);
  },
};

function write(out, values, id, step, depth) {
  const row = values[id];
  const flat = FLAT[row[0]];
  if (flat) out.add(flat(row));
  else if (depth >= DEPTH) out.add("…");
  else NESTED[row[0]](out, row, (other) => write(out, values, other, step, depth + 1), step);
}

/** How many entries of a log were made at or before `step`. */
function seen(log, step) {
  if (!log.length || log[log.length - 1][0] <= step) return log.length;
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (log[middle][0] <= step) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many entries there were at `step`: those of the log, or more where not all were kept (`[step, total]`). */
function totalOf(log, totals, step) {
  const known = seen(totals, step);
  return known ? totals[known - 1][1] : seen(log, step);
}

function logged(out, log, totals, step, inner) {
  const shown = log.slice(0, Math.min(seen(log, step), ENTRIES)).map((entry) => entry.slice(1));
  entries(out, shown, totalOf(log, totals, step), inner);
}

/** At most eight, joined; each is [v], [key, v], or of a result ["state", v], ["append", v], ["item", key, v]. */
function entries(out, list, total, inner) {
  const shown = list.slice(0, ENTRIES);
  for (let at = 0; at < shown.length && !out.full; at += 1) {
    const entry = shown[at];
    if (at) out.add(", ");
    if (entry[0] === "state") out.add("state ");
    const parts = typeof entry[0] === "string" ? entry.slice(1) : entry;
    if (parts.length === 2) {
      inner(parts[0]);
      out.add(": ");
    }
    inner(parts[parts.length - 1]);
  }
  if (total > shown.length) out.add(`${shown.length ? ", " : ""}… ${total - shown.length} more`);
}
