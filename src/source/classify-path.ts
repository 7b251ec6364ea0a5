/**
 * Which relation a file of the data directory belongs to, and whether its pages carry checksums. A file
 * taken for a relation that is not one would be reported as corrupt; one not recognised would go
 * unverified.
 *
 * Follows src/common/relpath.c, parse_filename_for_nontemp_relation in src/backend/storage/file/reinit.c,
 * and the file lists of src/backend/backup/basebackup.c of PostgreSQL.
 */

/** A relation's forks, by their suffix. */
export type Fork = "main" | "fsm" | "vm" | "init";

/** The relation a file holds a segment of. */
export type RelationFile = {
  /** 1663 pg_default, 1664 pg_global, else a tablespace of the user. */
  readonly tablespaceOid: number;
  /** 0 for shared relations. */
  readonly databaseOid: number;
  readonly relfilenode: number;
  readonly fork: Fork;
  readonly segment: number;
};

/** What a file is. `checksummed`: its whole blocks carry page checksums when the cluster has them on. */
export type PathClass =
  | { readonly kind: "relation"; readonly relation: RelationFile; readonly checksummed: true }
  | { readonly kind: "temporary"; readonly checksummed: false }
  | { readonly kind: "other"; readonly checksummed: false };

const DEFAULT_TABLESPACE = 1663;
const GLOBAL_TABLESPACE = 1664;
const OID_MAX = 0xffffffff;

const other: PathClass = { kind: "other", checksummed: false };
const temporary: PathClass = { kind: "temporary", checksummed: false };

/** Digits without a leading zero, up to 2^32 - 1; reinit.c refuses anything else. */
function oidOf(digits: string): number | undefined {
  const value = Number(digits);
  return /^[1-9]\d{0,9}$/.test(digits) && value <= OID_MAX ? value : undefined;
}

type Directory = { readonly tablespaceOid: number; readonly databaseOid: number };

function directoryOf(parts: readonly string[], tablespaceOid: number): Directory | undefined {
  const [first = "", second = ""] = parts;
  if (tablespaceOid === 0) {
    if (first === "global" && parts.length === 1) {
      return { tablespaceOid: GLOBAL_TABLESPACE, databaseOid: 0 };
    }
    const databaseOid = first === "base" && parts.length === 2 ? oidOf(second) : undefined;
    return databaseOid === undefined
      ? undefined
      : { tablespaceOid: DEFAULT_TABLESPACE, databaseOid };
  }
  const versioned = /^PG_\d+_\d+$/.test(first) && parts.length === 2;
  const databaseOid = versioned ? oidOf(second) : undefined;
  return databaseOid === undefined ? undefined : { tablespaceOid, databaseOid };
}

function isTemporary(parts: readonly string[], name: string, inDatabase: boolean): boolean {
  return (
    name.startsWith("pgsql_tmp") ||
    parts.some((part) => part.startsWith("pgsql_tmp")) ||
    (inDatabase && /^t\d+_\d+(?:_(?:fsm|vm|init))?(?:\.\d+)?$/.test(name))
  );
}

/**
 * Classifies a path as the sources give it: relative to the data directory (`tablespaceOid` 0) or to the
 * tablespace's location. Pure; never throws.
 */
export function classifyPath(entry: {
  readonly tablespaceOid: number;
  readonly path: string;
}): PathClass {
  const parts = entry.path.split("/");
  const name = parts.pop() ?? "";
  const directory = directoryOf(parts, entry.tablespaceOid);
  if (isTemporary(parts, name, directory !== undefined && directory.databaseOid !== 0)) {
    return temporary;
  }
  const match = /^(\d+)(?:_(fsm|vm|init))?(?:\.([1-9]\d*))?$/.exec(name);
  const relfilenode = oidOf(match?.[1] ?? "");
  const segment = Number(match?.[3] ?? "0");
  if (directory === undefined || relfilenode === undefined || segment > OID_MAX) {
    return other;
  }
  const suffix = match?.[2];
  const fork: Fork = suffix === "fsm" || suffix === "vm" || suffix === "init" ? suffix : "main";
  return {
    kind: "relation",
    relation: { ...directory, relfilenode, fork, segment },
    checksummed: true,
  };
}
