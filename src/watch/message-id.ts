/** Names of messages and silences: 26 characters of [0-9a-z], time first so that they sort, 80 random bits behind it. */
import type { Random } from "../core/random.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;

/** A new name, for something decided at this instant. */
export function newMessageId(wallMs: number, random: Random): string {
  let rest = Math.max(0, Math.floor(wallMs));
  const time: string[] = [];
  for (let index = 0; index < TIME_CHARACTERS; index += 1) {
    time.unshift(ALPHABET.charAt(rest % ALPHABET.length));
    rest = Math.floor(rest / ALPHABET.length);
  }
  const chance = [...random.bytes(RANDOM_CHARACTERS)].map((byte) => ALPHABET.charAt(byte & 31));
  return [...time, ...chance].join("");
}

/** A short word of the same letters. */
export function shortName(random: Random, length: number): string {
  return [...random.bytes(length)].map((byte) => ALPHABET.charAt(byte & 31)).join("");
}
