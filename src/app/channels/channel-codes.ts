/**
 * Codes that a person reads in a test message and types back. Letters and digits that nobody takes for another, in two groups of four; 31^8 of
 * them, which is no key: they lie salted and hashed slowly, count for a week, and a few wrong ones end them all.
 */
import { scrypt, timingSafeEqual } from "node:crypto";
import type { Random } from "../../core/random.ts";
import type { SentCode } from "./channel-records.ts";

/** Without 0 and O, 1, I and L. */
const ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const CODE_LENGTH = 8;
const HASH_BYTES = 32;
const SALT_BYTES = 16;

/** A new code: `K7QF-2MWD`. */
export function newCode(random: Random): string {
  const letters: string[] = [];
  while (letters.length < CODE_LENGTH) {
    for (const byte of random.bytes(CODE_LENGTH)) {
      // 248 is 8 times 31: a byte beyond it would make some letters likelier.
      if (byte < 248 && letters.length < CODE_LENGTH) {
        letters.push(ALPHABET.charAt(byte % ALPHABET.length));
      }
    }
  }
  return `${letters.slice(0, 4).join("")}-${letters.slice(4).join("")}`;
}

/** What was typed, as it was sent: lower case, blanks and a missing hyphen do not count. Undefined when it cannot be a code. */
export function typedCode(text: string): string | undefined {
  const letters = text.toUpperCase().replaceAll(/[\s-]/g, "");
  const fits =
    letters.length === CODE_LENGTH && Array.from(letters).every((one) => ALPHABET.includes(one));
  return fits ? `${letters.slice(0, 4)}-${letters.slice(4)}` : undefined;
}

/** A salt for the codes of one test. */
export function newSalt(random: Random): string {
  return Buffer.from(random.bytes(SALT_BYTES)).toString("base64");
}

/** 50 ms of work, so that whoever reads the file does not read the codes. */
export function hashCode(code: string, salt: string): Promise<string> {
  return new Promise((resolve, reject) => {
    scrypt(code, Buffer.from(salt, "base64"), HASH_BYTES, (error, key) => {
      if (error === null) {
        resolve(key.toString("base64"));
      } else {
        reject(error);
      }
    });
  });
}

/** The code among those that were sent. */
export async function findCode(
  code: string,
  codes: readonly SentCode[],
): Promise<SentCode | undefined> {
  for (const salt of new Set(codes.map((one) => one.salt))) {
    const hash = Buffer.from(await hashCode(code, salt), "base64");
    const found = codes.find((one) => {
      const own = Buffer.from(one.hash, "base64");
      return one.salt === salt && own.length === hash.length && timingSafeEqual(own, hash);
    });
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}
