/**
 * Keys, ids and mutations for the tests of sealing. Drawn from a seed, so that known answers stay what they are; nothing
 * outside tests may import this.
 */
import { SeededRandom } from "../../core/random.ts";
import { parseObjectId, type ObjectId } from "../../core/object-id.ts";
import { isDrError } from "../../core/errors.ts";
import { createKeyRing, type FullKeyRing } from "./key-ring.ts";

/** A full ring that is the same for the same seed. */
export function testRing(seed: number): FullKeyRing {
  return createKeyRing(new SeededRandom(seed));
}

/** An id that is the same for the same number. */
export function testObjectId(number: number): ObjectId {
  return parseObjectId(`0192a4b7c5d0${number.toString(16).padStart(20, "0")}`);
}

/** The random id of an incarnation. */
export function testIncarnation(seed: number): Uint8Array {
  return new SeededRandom(seed).bytes(16);
}

/** A copy with one bit turned. */
export function withBitFlipped(bytes: Uint8Array, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return copy;
}

/** The code of the `DrError` with which `act` fails; a plain text when it fails otherwise or not at all. */
export async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    return isDrError(error) ? error.code : `not a DrError: ${String(error)}`;
  }
  return "no error";
}
