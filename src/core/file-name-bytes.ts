/**
 * File names of a data directory as text, without losing a byte. Linux allows any byte but "/" and NUL in
 * a name, so names are not always UTF-8; a byte that is not becomes the lone surrogate U+DC80 + (byte - 0x80),
 * which valid UTF-8 can never produce, and turns back into that byte. Never use `Buffer.from(name)` to
 * create such a file: it would write U+FFFD instead.
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const SURROGATE = 0xdc00;

/** Length of the valid UTF-8 sequence at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const piece = bytes.subarray(at, at + length);
  try {
    strict.decode(piece);
    return piece.length === length ? length : 0;
  } catch {
    return 0;
  }
}

/** A name's bytes as text; lossless. */
export function decodeFileName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    let text = "";
    for (let at = 0; at < bytes.length;) {
      const length = sequenceLength(bytes, at);
      text +=
        length > 0
          ? strict.decode(bytes.subarray(at, at + length))
          : String.fromCharCode(SURROGATE + (bytes[at] ?? 0));
      at += Math.max(length, 1);
    }
    return text;
  }
}

/** The bytes `decodeFileName` read. */
export function encodeFileName(name: string): Buffer {
  if (!/[\uDC80-\uDCFF]/.test(name)) {
    return Buffer.from(name);
  }
  const parts: Buffer[] = [];
  for (const character of name) {
    const code = character.charCodeAt(0);
    const escaped = character.length === 1 && code >= 0xdc80 && code <= 0xdcff;
    parts.push(escaped ? Buffer.from([code - SURROGATE]) : Buffer.from(character));
  }
  return Buffer.concat(parts);
}

/** A path for calls of the operating system: bytes where text would lose some. */
export function systemPath(path: string): string | Buffer {
  return /[\uDC80-\uDCFF]/.test(path) ? encodeFileName(path) : path;
}
