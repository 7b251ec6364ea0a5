/**
 * The alphabet of an SMS (3GPP TS 23.038 section 6.2.1, once GSM 03.38): 7 bits a letter, 160 letters. One letter outside it, an ê or a curly quote,
 * turns the whole message into UCS-2 with 70 letters, or into two messages. So text is brought into the alphabet here, in a way
 * that people read as it was meant. Pure.
 */

/** The basic table in the order of its codes, without escape (0x1b). */
const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/** What costs two: an escape before it. */
const EXTENDED = "\f^{}\\[~]|€";

const septetsOf: ReadonlyMap<string, number> = new Map([
  ...Array.from(BASIC).map((letter) => [letter, 1] as const),
  ...Array.from(EXTENDED).map((letter) => [letter, 2] as const),
]);

/** What has no letter of its own there, and does not come apart into one. */
const SUBSTITUTES: ReadonlyMap<string, string> = new Map([
  ["œ", "oe"],
  ["Œ", "OE"],
  ["ð", "d"],
  ["þ", "th"],
  ["đ", "d"],
  ["Đ", "D"],
  ["ł", "l"],
  ["Ł", "L"],
  ["ı", "i"],
  ["ẞ", "SS"],
  ["«", '"'],
  ["»", '"'],
  ["“", '"'],
  ["”", '"'],
  ["„", '"'],
  ["‹", "'"],
  ["›", "'"],
  ["‘", "'"],
  ["’", "'"],
  ["‚", "'"],
  ["`", "'"],
  ["´", "'"],
  ["′", "'"],
  ["″", '"'],
  ["‐", "-"],
  ["‑", "-"],
  ["‒", "-"],
  ["–", "-"],
  ["—", "-"],
  ["−", "-"],
  ["•", "-"],
  ["·", "."],
  ["…", "..."],
  ["→", "->"],
  ["←", "<-"],
  ["⇒", "=>"],
  ["≤", "<="],
  ["≥", ">="],
  ["≠", "<>"],
  ["≈", "~"],
  ["×", "x"],
  ["÷", "/"],
  ["±", "+-"],
  ["✓", "OK"],
  ["✗", "X"],
  ["°", "o"],
  ["©", "(c)"],
  ["®", "(r)"],
  ["¢", "c"],
  ["µ", "u"],
  ["μ", "u"],
]);

/** How many septets a text takes; undefined when a letter is not in the alphabet. */
export function septets(text: string): number | undefined {
  let count = 0;
  for (const letter of text) {
    const cost = septetsOf.get(letter);
    if (cost === undefined) {
      return undefined;
    }
    count += cost;
  }
  return count;
}

function substitute(letter: string): string {
  if (septetsOf.has(letter)) {
    return letter;
  }
  const known = SUBSTITUTES.get(letter);
  if (known !== undefined) {
    return known;
  }
  if (/[\s\p{Z}\p{Cc}]/u.test(letter)) {
    return " ";
  }
  const parts = Array.from(letter.normalize("NFKD")).filter((part) => !/[\p{M}\p{Cf}]/u.test(part));
  if (parts.length === 0) {
    return "";
  }
  return parts
    .map((part) => (septetsOf.has(part) ? part : (SUBSTITUTES.get(part) ?? "?")))
    .join("");
}

/** The text in the alphabet, on one line: `ê` becomes `e`, `’` becomes `'`; what nothing resembles becomes `?`. */
export function toGsm7(text: string): string {
  return Array.from(text.normalize("NFC"), substitute)
    .join("")
    .replaceAll(/[ \n\r\f]+/g, " ")
    .trim();
}

/** As much of a text in the alphabet as fits, ending with a whole word and "..." when something is missing. */
export function cutToSeptets(text: string, septetsMax: number): string {
  if ((septets(text) ?? Infinity) <= septetsMax) {
    return text;
  }
  const ellipsis = "...".slice(0, septetsMax);
  let left = septetsMax - ellipsis.length;
  let kept = "";
  for (const letter of text) {
    left -= septetsOf.get(letter) ?? Infinity;
    if (left < 0) {
      break;
    }
    kept += letter;
  }
  const isWhole = /[ ]/.test(text.charAt(kept.length));
  const space = kept.lastIndexOf(" ");
  // A single long word, a path say, is cut where it must be.
  const words = isWhole || space < kept.length / 2 ? kept : kept.slice(0, space);
  return words.trimEnd() + ellipsis;
}
