/** Which keys each widget takes, for its list of keys: one table, so that a key that is added is added here too. */

const LIST = [
  { keys: ["↓", "↑"], does: "one step on, one back" },
  { keys: ["Home", "End"], does: "first step, last step" },
  { keys: ["Page Down", "Page Up"], does: "one page of the opcode list" },
  { keys: ["↓", "↑", "Page Down", "Page Up"], where: "on the slider", does: "down goes back, up goes on" },
  { keys: ["c"], does: "on to the next call" },
];
const STEPS = [{ keys: ["→", "←"], does: "one step on, one back" }, ...LIST];
const FILES = { keys: ["↓", "↑"], where: "in the list of files", does: "choose the next file, the one before" };

export const KEYS = {
  stepper: [
    ...STEPS,
    { keys: ["Enter"], where: "on a question in predict mode", does: "check your answer" },
  ],
  whatif: [
    { keys: ["↓", "↑"], where: "on a row", does: "next row, row before" },
    { keys: ["Home", "End"], where: "on a row", does: "first row, last row" },
    { keys: ["Enter"], where: "on a row", does: "open it, or close it" },
    { keys: ["Enter"], where: "in the search", does: "take the first opcode found" },
    { keys: ["↓"], where: "in the search", does: "into the list of opcodes" },
    { keys: ["Enter"], where: "in the list, or in the argument", does: "apply the change" },
    { keys: ["Esc"], where: "in an open row", does: "close it and change nothing" },
  ],
  header: [
    FILES,
    { keys: ["→", "←"], where: "on the tabs", does: "next view, view before" },
    { keys: ["Home", "End"], where: "on the tabs", does: "first view, last view" },
    { keys: ["Enter"], where: "on a tab", does: "open the view" },
    { keys: ["→", "←", "↓", "↑"], where: "in the bytes", does: "by byte and by line" },
    { keys: ["Home", "End"], where: "in the bytes", does: "start of the line, end of the line" },
    { keys: ["Page Down", "Page Up"], where: "in the bytes, in the list of parts", does: "one page" },
    { keys: ["↓", "↑"], where: "in the list of parts", does: "next part, part before" },
    { keys: ["Home", "End"], where: "in the list of parts", does: "first part, last part" },
    ...STEPS.map((one) => ({ ...one, where: "in opcodes and stack" })),
  ],
  formats: [
    { keys: ["Enter"], where: "on a column's heading", does: "sort by it; once more: the other way round" },
    { keys: ["Enter"], where: "on a row's button", does: "show or hide its notes and sources" },
    { keys: ["Space"], where: "on a risk", does: "show or hide rows of that risk" },
  ],
  card: [
    { keys: ["↓", "↑"], where: "on the choices", does: "next choice, choice before" },
    { keys: ["Enter"], does: "check your answer" },
  ],
  scan: [FILES, { keys: ["Enter"], where: "on a file or in the path", does: "scan it" }],
  everywhere: [
    { keys: ["Tab", "Shift+Tab"], does: "next part, part before" },
    { keys: ["?"], where: "outside of text fields", does: "this list" },
  ],
};
