/**
 * How many columns a text takes on a terminal. Letters with accents are one column however they are
 * composed, East Asian wide characters and emoji are two, colours and combining marks none. Follows
 * Unicode Standard Annex 11 for the wide ranges.
 */
import { stripVTControlCharacters } from "node:util";

const PLAIN = /^[\x20-\x7e]*$/;
const WIDE =
  /[\u1100-\u115f\u231a\u231b\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;
const EMOJI = /\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u;
const INVISIBLE = /^[\p{Mark}\p{Control}\p{Format}]*$/u;

function characterWidth(character: string): number {
  if (INVISIBLE.test(character)) {
    return 0;
  }
  return WIDE.test(character) || EMOJI.test(character) ? 2 : 1;
}

/** Columns that `text`, one line, takes on a terminal. */
export function displayWidth(text: string): number {
  const bare = stripVTControlCharacters(text);
  if (PLAIN.test(bare)) {
    return bare.length;
  }
  let width = 0;
  for (const { segment } of new Intl.Segmenter("en", { granularity: "grapheme" }).segment(bare)) {
    width += characterWidth(segment);
  }
  return width;
}

/** `text` with spaces added up to `columns`; unchanged when it is wider. */
export function padToWidth(text: string, columns: number, align: "left" | "right"): string {
  const padding = " ".repeat(Math.max(0, columns - displayWidth(text)));
  return align === "left" ? text + padding : padding + text;
}

/** `text` cut to at most `columns`, with an ellipsis where something was cut. */
export function cutToWidth(text: string, columns: number): string {
  if (displayWidth(text) <= columns) {
    return text;
  }
  let kept = "";
  let width = 0;
  for (const { segment } of new Intl.Segmenter("en", { granularity: "grapheme" }).segment(
    stripVTControlCharacters(text),
  )) {
    width += characterWidth(segment);
    if (width > columns - 1) {
      break;
    }
    kept += segment;
  }
  return `${kept}…`;
}

/** `text` in lines of at most `columns`, broken between words; a longer word has a line of its own. */
export function wrapWords(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || displayWidth(last) + 1 + displayWidth(word) > columns) {
      lines.push(word);
    } else {
      lines[lines.length - 1] = `${last} ${word}`;
    }
  }
  return lines;
}
