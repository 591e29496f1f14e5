/** Is this answer right, and what is to be said? The same rule as unpickled/content/answers.py, held equal by a test. */

const LONGEST = 500; // characters of a typed answer that are looked at
const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g; // Python's white space

/** A typed answer, reduced to what counts. */
export function normalise(answer) {
  const start = [...answer].slice(0, LONGEST).join("");
  const text = start.normalize("NFKC").toLowerCase().replace(SPACES, " ");
  const bare = (some) => some.replace(/^[ "'`]+|[ "'`]+$/g, "");
  return bare(bare(text).replace(/[.,;!?]+$/, ""));
}

/**
 * @param {Object} item a practice item's fields
 * @param {string} answer a choice's text, or what was typed
 * @returns {{right: boolean, why: string}}
 */
export function judge(item, answer) {
  if (item.kind === "choice") {
    const found = item.choices.find((choice) => choice.text === answer);
    return found ? { right: found.right, why: found.why } : { right: false, why: "" };
  }
  const given = normalise(answer);
  const among = (texts) => texts.some((text) => normalise(text) === given);
  if (among(item.accepted)) return { right: true, why: "" };
  const known = item.wrong.find((wrong) => among(wrong.match));
  return { right: false, why: known ? known.why : "" };
}
