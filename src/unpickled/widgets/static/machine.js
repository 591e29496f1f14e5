/**
 * The columns of a recorded trace (`Trace.columns()` in unpickled/pickles), and the stack and memo at any step.
 *
 * The stack after a step is a node of a persistent linked list, so any step is reached in the time it takes to
 * show it: nothing is replayed. Containers grow by a log of `[step, …]` entries; what a container holds at
 * a step is the part of its log up to that step.
 */
import { describe } from "./render.js";

export class Machine {
  /**
   * @param {Object} columns see `Trace.columns()`
   * @param {{rebuilding: number[], foreign: string[]}} [known] the steps whose call has its part in rebuilding data
   *   alone, and what all others call; without it, every call counts as one that does not
   */
  constructor(columns, { rebuilding = [], foreign = [] } = {}) {
    this.columns = columns;
    this.steps = columns.steps;
    this.length = columns.steps.offset.length;
    this.broken = Boolean(columns.error); // not read to its end: what it does after the last step is not known
    this.depths = depthsOf(columns.nodes.parent);
    this.memoCursor = null;
    this.rebuilding = new Set(rebuilding);
    this.foreignNames = foreign;
    this.calls = this.where((step) => this.steps.calls[step] !== null);
    this.foreign = this.calls.filter((step) => !this.rebuilding.has(step));
    this.imports = this.where((step) => this.steps.imports[step] !== null);
    this.pickles = this.length ? this.steps.pickle[this.length - 1] + 1 : 0;
  }

  where(test) {
    const found = [];
    for (let step = 0; step < this.length; step += 1) if (test(step)) found.push(step);
    return found;
  }

  /** All that is to be said of one step, in one object. */
  step(index) {
    const { offset, size, op, arg, pickle, imports, calls } = this.steps;
    return {
      index,
      offset: offset[index],
      size: size[index],
      name: this.columns.names[op[index]],
      explain: this.columns.explain[op[index]],
      arg: arg[index],
      pickle: pickle[index],
      imports: imports[index],
      calls: calls[index],
      depth: this.depth(index),
    };
  }

  /** "call", "rebuild" (a call too), "imports" or "": the kinds of step that reach outside the pickle. */
  kind(index) {
    if (this.steps.calls[index] !== null) return this.rebuilding.has(index) ? "rebuild" : "call";
    return this.steps.imports[index] !== null ? "imports" : "";
  }

  /** The steps after `index` that call code, and of what kind: the calls that only rebuild data wait for all others. */
  callsAhead(index) {
    const after = (steps) => steps.filter((step) => step > index);
    const steps = after(this.foreign);
    return steps.length ? { kind: "call", steps } : { kind: "rebuild", steps: after(this.calls) };
  }

  /** True for the first step of each pickle of a stream that holds several. */
  startsPickle(index) {
    return this.pickles > 1 && (index === 0 || this.steps.pickle[index] !== this.steps.pickle[index - 1]);
  }

  /** The stack's length after a step; marks count. -1 as index is the state before the first step. */
  depth(index) {
    return this.depths[this.nodeAt(index)];
  }

  nodeAt(index) {
    return index < 0 ? 0 : this.steps.stack[index];
  }

  /**
   * The topmost entries of the stack after a step, top first.
   * @returns {{node: number, text: string, mark: boolean}[]} at most `most` of them
   */
  top(index, most) {
    const entries = [];
    for (
      let node = this.nodeAt(index);
      node > 0 && entries.length < most;
      node = this.columns.nodes.parent[node]
    ) {
      entries.push(this.entry(node, index));
    }
    return entries;
  }

  entry(node, index) {
    const value = this.columns.nodes.value[node];
    return { node, value, text: this.text(value, index), type: this.columns.values[value][0] };
  }

  /** The whole stack after a step as texts, bottom first: the same as Python's `Trace.stack(index)`. */
  stack(index) {
    return this.top(index, Infinity)
      .map((entry) => entry.text)
      .reverse();
  }

  /** The memo after a step as `Map(index → text)`: the same as Python's `Trace.memo(index)`. */
  memo(index) {
    return new Map([...this.memoValues(index)].map(([key, value]) => [key, this.text(value, index)]));
  }

  /** The memo after a step as `Map(index → value id)`, in the order of first writing. */
  memoValues(index) {
    const log = this.columns.memo;
    const pickle = index < 0 ? 0 : this.steps.pickle[index];
    let cursor = this.memoCursor;
    if (!cursor || cursor.pickle !== pickle || cursor.index > index) {
      cursor = { pickle, at: 0, values: new Map() };
      while (cursor.at < log.step.length && this.steps.pickle[log.step[cursor.at]] < pickle) cursor.at += 1;
    }
    for (; cursor.at < log.step.length && log.step[cursor.at] <= index; cursor.at += 1) {
      cursor.values.set(log.index[cursor.at], log.value[cursor.at]);
    }
    cursor.index = index;
    this.memoCursor = cursor;
    return cursor.values;
  }

  /** The memo indices written by exactly this step. */
  memoWritten(index) {
    const log = this.columns.memo;
    const written = new Set();
    for (let at = lowerBound(log.step, index); at < log.step.length && log.step[at] === index; at += 1)
      written.add(log.index[at]);
    return written;
  }

  /** The memo index that this step fetched from, or null: only the GET opcodes read the memo. */
  memoRead(index) {
    const name = this.columns.names[this.steps.op[index]];
    return name && name.endsWith("GET") ? Number(this.steps.arg[index]) : null;
  }

  /** What a value reads like at a step. */
  text(value, index) {
    return describe(this.columns.values, value, index);
  }

  /**
   * What a step did to the stack.
   * @returns {{pushed: Set<number>, popped: {node: number, text: string, type: string}[], took: number}}
   *   `pushed`: nodes that are new; `popped`: the topmost entries that it took away, top first, as they read
   *   before the step (at most `most`); `took`: how many it took in all
   */
  change(index, most) {
    const { parent } = this.columns.nodes;
    let now = this.nodeAt(index);
    let before = this.startsFresh(index) ? 0 : this.nodeAt(index - 1);
    const pushed = new Set();
    const popped = [];
    let took = 0;
    while (now !== before) {
      if (now > before) {
        pushed.add(now);
        now = parent[now];
      } else {
        if (popped.length < most) popped.push(this.entry(before, index - 1));
        took += 1;
        before = parent[before];
      }
    }
    return { pushed, popped, took };
  }

  startsFresh(index) {
    return index > 0 && this.steps.pickle[index] !== this.steps.pickle[index - 1];
  }

  /** True when an entry that was on the stack before this step reads differently after it. */
  changed(entry, index) {
    return index > 0 && this.text(entry.value, index - 1) !== entry.text;
  }
}

function depthsOf(parent) {
  const depths = new Int32Array(parent.length);
  for (let node = 1; node < parent.length; node += 1) depths[node] = depths[parent[node]] + 1;
  return depths;
}

function lowerBound(list, value) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
