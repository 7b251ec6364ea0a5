/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum PostgreSQL puts on each WAL record, on
 * `pg_control` and in its backup manifest (`src/include/port/pg_crc32c.h`). It finds damage and the
 * end of WAL; it authenticates nothing and must never stand in for a seal. Node has CRC-32 (zlib's
 * polynomial) but not this one, hence tables: eight bytes a step ("slicing-by-8"), 8 KiB of tables.
 */

const REVERSED_POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

/** `tables[slice * 256 + byte]`: what `byte` becomes after `slice` further zero bytes. */
function buildTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) {
      value = (value & 1) === 1 ? (value >>> 1) ^ REVERSED_POLYNOMIAL : value >>> 1;
    }
    tables[byte] = value;
  }
  for (let index = 256; index < tables.length; index++) {
    const previous = tables[index - 256] ?? 0;
    tables[index] = (previous >>> 8) ^ (tables[previous & 0xff] ?? 0);
  }
  return tables;
}

const TABLES = buildTables();
const [T0, T1, T2, T3, T4, T5, T6, T7] = [0, 1, 2, 3, 4, 5, 6, 7].map((slice) =>
  TABLES.subarray(slice * 256, slice * 256 + 256),
) as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

/**
 * The CRC-32C of `bytes[start, end)`, an unsigned 32-bit number. `seed` is the CRC of what came
 * before, so that `crc32c(b, crc32c(a)) === crc32c(a followed by b)`; 0 starts afresh. Allocates nothing.
 */
export function crc32c(bytes: Uint8Array, seed = 0, start = 0, end = bytes.length): number {
  let crc = ~seed;
  let at = start;
  const wholeEnd = end - 7;
  // The bound checks `?? 0` would cost a third of the speed; every index below is provably in range.
  while (at < wholeEnd) {
    const low =
      crc ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24));
    crc =
      (T7[low & 0xff] as number) ^
      (T6[(low >>> 8) & 0xff] as number) ^
      (T5[(low >>> 16) & 0xff] as number) ^
      (T4[low >>> 24] as number) ^
      (T3[bytes[at + 4] as number] as number) ^
      (T2[bytes[at + 5] as number] as number) ^
      (T1[bytes[at + 6] as number] as number) ^
      (T0[bytes[at + 7] as number] as number);
    at += 8;
  }
  while (at < end) {
    crc = (crc >>> 8) ^ (T0[(crc ^ (bytes[at] as number)) & 0xff] as number);
    at++;
  }
  return ~crc >>> 0;
}
