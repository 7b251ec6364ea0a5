/**
 * Rows of PostgreSQL's catalogues read straight off heap pages: the fixed columns at the beginning of each row version, whoever may see it.
 * With old versions among them that is more than the catalogue says, which is what a search for files wants; a search for what was there
 * takes those that stand. Pure; never throws on damaged pages, whose rows are passed over.
 *
 * Follows src/include/storage/bufpage.h, itemid.h, access/htup_details.h, and the columns in src/include/catalog/pg_class.h,
 * pg_index.h, pg_inherits.h, pg_depend.h, pg_namespace.h, pg_database.h, utils/cache/relmapper.c of PostgreSQL 14 to 18.
 */

const PAGE_HEADER_BYTES = 24;
const TUPLE_HEADER_BYTES = 23;
const NAME_BYTES = 64;
const NORMAL_POINTER = 1;
const MAP_MAGIC = 0x592717;

/** Catalogues by the oid of their table. */
export const catalogueOid = {
  database: 1262,
  class: 1259,
  namespace: 2615,
  index: 2610,
  inherits: 2611,
  depend: 2608,
  attributeDefault: 2604,
  largeObject: 2613,
  largeObjectIndex: 2683,
} as const;

/** Oids from here on were given after `initdb`; FirstNormalObjectId of access/transam.h. */
export const FIRST_NORMAL_OID = 16_384;

/** A relation as a version of its row says. */
export type ClassRow = {
  readonly oid: number;
  readonly name: string;
  readonly namespace: number;
  readonly filenode: number;
  readonly toast: number;
  readonly kind: string;
};

/** Bits of `t_infomask`. */
const XMIN_COMMITTED = 0x0100;
const XMIN_INVALID = 0x0200;
const XMAX_LOCK_ONLY = 0x0080;
const XMAX_INVALID = 0x0800;

/**
 * False for a version that was deleted or replaced, is being so, or was never committed, as far as its own header says: an update leaves
 * another version that stands. Without the states of transactions nobody can say more.
 */
function stands(header: Buffer): boolean {
  const xmax = header.readUInt32LE(4);
  const infomask = header.readUInt16LE(20);
  const isAborted = (infomask & XMIN_INVALID) !== 0 && (infomask & XMIN_COMMITTED) === 0;
  return !isAborted && (xmax === 0 || (infomask & (XMAX_INVALID | XMAX_LOCK_ONLY)) !== 0);
}

/** Which row versions: all that lie there, or those that stand as far as they say themselves. */
export type RowVersions = "all" | "standing";

/** The columns of row versions that lie on the pages, as bytes behind the row's header. */
export function* rowsOn(
  pages: Buffer,
  blockBytes: number,
  versions: RowVersions = "all",
): Generator<Buffer> {
  for (let page = 0; page + blockBytes <= pages.length; page += blockBytes) {
    const lower = pages.readUInt16LE(page + 12);
    if (lower > blockBytes) {
      continue;
    }
    for (let at = PAGE_HEADER_BYTES; at + 4 <= lower; at += 4) {
      const pointer = pages.readUInt32LE(page + at);
      const offset = pointer & 0x7fff;
      const length = pointer >>> 17;
      const normal = ((pointer >>> 15) & 3) === NORMAL_POINTER;
      if (normal && offset + length <= blockBytes && length > TUPLE_HEADER_BYTES) {
        const row = pages.subarray(page + offset, page + offset + length);
        if (versions === "all" || stands(row)) {
          yield row.subarray(Math.min(row.readUInt8(TUPLE_HEADER_BYTES - 1), length));
        }
      }
    }
  }
}

/** An oid at a byte of a row; 0 where the row is shorter. */
export function oidAt(row: Buffer, at: number): number {
  return row.length >= at + 4 ? row.readUInt32LE(at) : 0;
}

/** A `name` column at a byte of a row. */
export function nameAt(row: Buffer, at: number): string {
  const bytes = row.subarray(at, at + NAME_BYTES);
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end < 0 ? bytes.length : end).toString("utf8");
}

/** A row of `pg_class`; undefined when it is too short to be one. 18 has a column more before the last two. */
export function classRow(row: Buffer, major: number): ClassRow | undefined {
  const toastAt = major >= 18 ? 112 : 108;
  const kindAt = toastAt + 7;
  return row.length <= kindAt
    ? undefined
    : {
        oid: oidAt(row, 0),
        name: nameAt(row, 4),
        namespace: oidAt(row, 68),
        filenode: oidAt(row, 88),
        toast: oidAt(row, toastAt),
        kind: String.fromCharCode(row.readUInt8(kindAt)),
      };
}

/** Numbers of files by the oid of their catalogue, from `pg_filenode.map`; empty when it is not one. */
export function mappedFilenodes(map: Buffer | undefined): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  if (map === undefined || map.length < 8 || map.readInt32LE(0) !== MAP_MAGIC) {
    return found;
  }
  const count = map.readInt32LE(4);
  for (let i = 0, at = 8; i < count && at + 8 <= map.length; i++, at += 8) {
    found.set(map.readUInt32LE(at), map.readUInt32LE(at + 4));
  }
  return found;
}
