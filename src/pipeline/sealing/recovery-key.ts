/**
 * The recovery key as a person prints, keeps and types it: 256 random bits and a CRC-24, as 8 groups of 7
 * characters of Crockford's base 32, which has no I, L, O and U. Reading is tolerant where eyes err (O for 0, I and L
 * for 1, case, spaces, hyphens) and strict elsewhere. What was typed never appears in an error.
 *
 * The CRC finds every single wrong character and every exchange of two neighbours (bursts of up to 24 bits);
 * a wrong group or two exchanged groups pass with probability 2^-24, and then the key does not open the slot.
 */
import { assert } from "../../core/assert.ts";
import { DrError } from "../../core/errors.ts";
import { secretSource, type SecretSource } from "./key-ring.ts";
import { KEY_BYTES } from "./raw-keys.ts";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUPS = 8;
const GROUP_CHARACTERS = 7;
const CHARACTERS = GROUPS * GROUP_CHARACTERS;
const CHECK_BYTES = 3;
const CRC24_POLYNOMIAL = 0x1864cfb;
const CRC24_INITIAL = 0xb704ce;

/** CRC-24 of RFC 9580, section 6.1. */
function crc24(bytes: Uint8Array): number {
  let crc = CRC24_INITIAL;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) {
      crc <<= 1;
      if ((crc & 0x1000000) !== 0) {
        crc ^= CRC24_POLYNOMIAL;
      }
    }
  }
  return crc & 0xffffff;
}

/** The printable form of 32 secret bytes. */
export function formatRecoveryKey(secret: Uint8Array): string {
  assert(secret.length === KEY_BYTES, "a recovery key has 32 bytes");
  const bytes = Buffer.alloc(KEY_BYTES + CHECK_BYTES);
  bytes.set(secret, 0);
  bytes.writeUIntBE(crc24(secret), KEY_BYTES, CHECK_BYTES);
  const digits = Array.from({ length: CHARACTERS }, (_, index) => {
    const bit = index * 5;
    const pair = (bytes.readUInt8(bit >> 3) << 8) | (bytes[(bit >> 3) + 1] ?? 0);
    return ALPHABET.charAt((pair >> (11 - (bit & 7))) & 31);
  }).join("");
  const groups = Array.from({ length: GROUPS }, (_, group) =>
    digits.slice(group * GROUP_CHARACTERS, (group + 1) * GROUP_CHARACTERS),
  );
  return groups.join("-");
}

/** A new recovery key, printable. It is a secret. */
export function createRecoveryKey(random: SecretSource = secretSource): string {
  return formatRecoveryKey(Uint8Array.from(random.bytes(KEY_BYTES)));
}

/**
 * The 32 secret bytes of a typed recovery key. @throws DrError `KEY_RECOVERY_LENGTH`, `KEY_RECOVERY_CHARACTER`,
 * `KEY_RECOVERY_MISTYPED` when its check characters do not fit.
 */
export function parseRecoveryKey(text: string): Uint8Array {
  const typed = text.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  if (typed.length !== CHARACTERS) {
    throw new DrError("KEY_RECOVERY_LENGTH", { found: typed.length, expected: CHARACTERS });
  }
  const bytes = Buffer.alloc(KEY_BYTES + CHECK_BYTES);
  for (let index = 0; index < CHARACTERS; index++) {
    const value = ALPHABET.indexOf(typed.charAt(index));
    if (value < 0) {
      const group = Math.floor(index / GROUP_CHARACTERS) + 1;
      throw new DrError("KEY_RECOVERY_CHARACTER", { group });
    }
    const bit = index * 5;
    const shifted = value << (11 - (bit & 7));
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (shifted >> 8);
    if ((bit >> 3) + 1 < bytes.length) {
      bytes[(bit >> 3) + 1] = (bytes[(bit >> 3) + 1] ?? 0) | (shifted & 0xff);
    }
  }
  const secret = new Uint8Array(bytes.subarray(0, KEY_BYTES));
  if (bytes.readUIntBE(KEY_BYTES, CHECK_BYTES) !== crc24(secret)) {
    throw new DrError("KEY_RECOVERY_MISTYPED", {});
  }
  return secret;
}
