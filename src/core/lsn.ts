/**
 * Positions in the write-ahead log. An LSN is a 64-bit byte offset; PostgreSQL prints it as two
 * hexadecimal halves without padding ("0/16B3748"), so its text must never be compared as text.
 *
 * Follows src/include/access/xlogdefs.h and src/backend/utils/adt/pg_lsn.c of PostgreSQL.
 */
import { DrError } from "./errors.ts";

declare const lsnBrand: unique symbol;

/** A position in the write-ahead log, in bytes from its beginning. Never negative, below 2^64. */
export type Lsn = bigint & { readonly [lsnBrand]: true };

const LSN_MAX = (1n << 64n) - 1n;

/** The position before everything; PostgreSQL's InvalidXLogRecPtr. */
export const LSN_ZERO = 0n as Lsn;

/** Makes an LSN of a byte offset. @throws DrError `USAGE_LSN` outside 0 .. 2^64-1. */
export function lsnOf(offset: bigint): Lsn {
  if (offset < 0n || offset > LSN_MAX) {
    throw new DrError("USAGE_LSN", { value: offset.toString() });
  }
  return offset as Lsn;
}

/** Reads PostgreSQL's text form, "16/B374D848". @throws DrError `USAGE_LSN`. */
export function parseLsn(text: string): Lsn {
  const match = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text);
  if (match === null) {
    throw new DrError("USAGE_LSN", { value: text });
  }
  return ((BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`)) as Lsn;
}

/** PostgreSQL's text form: upper case, no padding. */
export function formatLsn(lsn: Lsn): string {
  const high = (lsn >> 32n).toString(16).toUpperCase();
  const low = (lsn & 0xffffffffn).toString(16).toUpperCase();
  return `${high}/${low}`;
}

/** The position `bytes` further on. */
export function addToLsn(lsn: Lsn, bytes: number | bigint): Lsn {
  return lsnOf(lsn + BigInt(bytes));
}

/** Bytes from `from` to `to`; negative when `to` lies before `from`. Exact below 2^53. */
export function lsnDistanceBytes(from: Lsn, to: Lsn): number {
  return Number(to - from);
}

/** The later of two positions. */
export function laterLsn(a: Lsn, b: Lsn): Lsn {
  return a > b ? a : b;
}
