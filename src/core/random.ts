/**
 * The port for chance. Identifiers, back-off and tests draw from here, so that a failing run can be repeated from the
 * seed it printed. Keys and nonces never do: sealing takes them from the cryptographic library itself,
 * and a seeded source must not come near them.
 */
import { assert } from "./assert.ts";

export interface Random {
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
  /** A number from 0 (included) to 1 (excluded). */
  fraction(): number;
}

/** Unpredictable bytes of the operating system. At most 65,536 a call. */
export const systemRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  fraction: () => Math.random(),
};

/**
 * The same sequence for the same seed, for tests and simulations. SplitMix32 steps with the 32-bit finaliser
 * constants 0x21f0aaad and 0x735a2d97; good enough to spread choices, worthless as a secret.
 */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    assert(Number.isSafeInteger(seed), "a seed is a whole number");
    this.#state = seed >>> 0;
  }

  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#next() & 0xff);
  }

  fraction(): number {
    return this.#next() / 0x1_0000_0000;
  }
}

/** A whole number from `from` to `to`, both included. */
export function randomInteger(
  random: Random,
  range: { readonly from: number; readonly to: number },
): number {
  return range.from + Math.floor(random.fraction() * (range.to - range.from + 1));
}
