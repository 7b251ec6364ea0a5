/**
 * Which files of a backup a partial restore brings with their content. Everything that is no relation of a database always comes: what is
 * shared, transaction states, settings. A relation that is not wanted is laid as a hole of its length: replay then finds pages without
 * content there, which it passes over, and never has to fill up a file that begins in its middle. Pure.
 *
 * Nothing but what was wanted may be believed on such a copy. It is for servers that are thrown away.
 * Follows XLogReadBufferExtended in src/backend/access/transam/xlogutils.c of PostgreSQL.
 */
import { type RelationFile, classifyPath } from "../source/classify-path.ts";

/** What is wanted of the databases. */
export type FileSelection = {
  /** Databases of which something is wanted, by oid. */
  readonly databases: ReadonlySet<number>;
  /** Relations of these by the number of their files; undefined: all of them. */
  readonly filenodes: ReadonlySet<number> | undefined;
};

/** True for a relation whose content comes along. What fills an unlogged relation at the end of replay always does. */
export function isWantedRelation(
  { databases, filenodes }: FileSelection,
  { databaseOid, fork, relfilenode }: RelationFile,
): boolean {
  if (databaseOid === 0 || fork === "init") {
    return true;
  }
  return databases.has(databaseOid) && (filenodes === undefined || filenodes.has(relfilenode));
}

/** The same by a file's place. */
export function isWantedFile(
  selection: FileSelection,
  file: { readonly tablespaceOid: number; readonly path: string },
): boolean {
  const found = classifyPath(file);
  return found.kind !== "relation" || isWantedRelation(selection, found.relation);
}
