/**
 * Text for a terminal: lines that are too wide are broken between words, and go on below the value they belong to. What people copy
 * stays one line, however wide: a terminal that folds it still copies it whole.
 */
import { displayWidth, wrapWords } from "./display-width.ts";

/** Commands, settings and addresses. */
const COPIED = /psql |:\/\/|restore_command|ALTER SYSTEM/;

/** "  Name   ", "  ✓ 1  ": what stands before a value, with at least two spaces behind it. */
const BEFORE_VALUE = /^\s*\S(?:.*?\S)??\s{2,}(?=\S)/;

function fitLine(line: string, columns: number): string {
  if (displayWidth(line) <= columns || COPIED.test(line)) {
    return line;
  }
  const blank = /^\s*/.exec(line)?.[0] ?? "";
  const before = BEFORE_VALUE.exec(line)?.[0] ?? blank;
  const start = displayWidth(before) <= columns / 2 ? before : blank;
  const indent = " ".repeat(displayWidth(start));
  const words = wrapWords(line.slice(start.length), columns - indent.length);
  return words.map((part, index) => `${index === 0 ? start : indent}${part}`).join("\n");
}

/** The text in lines of at most `columns`, as far as words allow; undefined: as it is. */
export function fitLines(text: string, columns: number | undefined): string {
  return columns === undefined
    ? text
    : text
        .split("\n")
        .map((line) => fitLine(line, columns))
        .join("\n");
}
