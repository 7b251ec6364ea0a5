/**
 * Identifiers of backups, packs and other objects. They sort by the instant of their making, so that "newest" is the end
 * of a listing, and carry 80 random bits, so that hosts which never speak to each other do not collide:
 * a million identifiers in one millisecond collide with probability 2^40 / 2^81 < 10^-12.
 */
import type { Clock } from "./clock.ts";
import { DrError } from "./errors.ts";
import type { Random } from "./random.ts";
import { msOf, type Ms } from "./units.ts";

declare const objectIdBrand: unique symbol;

/** 32 lower-case hexadecimal digits: 12 of Unix milliseconds (48 bits, until the year 10889), 20 random. */
export type ObjectId = string & { readonly [objectIdBrand]: true };

const TIME_DIGITS = 12;
const RANDOM_BYTES = 10;
const TIME_MS_MAX = 2 ** 48 - 1;

/** A new identifier for something made now. */
export function newObjectId(source: { readonly clock: Clock; readonly random: Random }): ObjectId {
  const timeMs = Math.min(Math.max(source.clock.now(), 0), TIME_MS_MAX);
  const time = timeMs.toString(16).padStart(TIME_DIGITS, "0");
  const random = Array.from(source.random.bytes(RANDOM_BYTES), (byte) =>
    byte.toString(16).padStart(2, "0"),
  );
  return `${time}${random.join("")}` as ObjectId;
}

/** @throws DrError `USAGE_OBJECT_ID`. */
export function parseObjectId(text: string): ObjectId {
  if (!/^[0-9a-f]{32}$/.test(text)) {
    throw new DrError("USAGE_OBJECT_ID", { value: text });
  }
  return text as ObjectId;
}

/** When it was made, by the clock of the host that made it. */
export function objectIdTimeMs(id: ObjectId): Ms {
  return msOf(Number.parseInt(id.slice(0, TIME_DIGITS), 16));
}

/** The 16 bytes of an identifier, for headers. */
export function objectIdBytes(id: ObjectId): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, index) =>
    Number.parseInt(id.slice(index * 2, index * 2 + 2), 16),
  );
}

/** The identifier in 16 bytes of a header. @throws DrError `USAGE_OBJECT_ID` for another length. */
export function objectIdFromBytes(bytes: Uint8Array): ObjectId {
  return parseObjectId(Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));
}
