/**
 * The catalogues of a backup's databases, read from its files before anything is restored: which database a name means, which relations
 * there are, and where the catalogues themselves lie. Copied while the server wrote, so it answers where to look, never what is true.
 *
 * Peak memory: a catalogue's segment, and its rows.
 */
import { selectionCatalogueBytesMax } from "../core/limits.ts";
import type { BackupFiles } from "./backup-files.ts";
import {
  type ClassRow,
  FIRST_NORMAL_OID,
  type RowVersions,
  catalogueOid,
  classRow,
  mappedFilenodes,
  nameAt,
  oidAt,
  rowsOn,
} from "./catalogue-rows.ts";

/** Reads one database's catalogues. */
export class Catalogues {
  readonly #files: BackupFiles;
  readonly #database: number;
  readonly #versions: RowVersions;
  readonly #filenodes = new Map<number, Set<number>>();

  constructor(files: BackupFiles, database: number, versions: RowVersions) {
    this.#files = files;
    this.#database = database;
    this.#versions = versions;
  }

  #note(oid: number, filenode: number): void {
    const known = this.#filenodes.get(oid) ?? new Set<number>();
    this.#filenodes.set(oid, known.add(filenode));
  }

  /** Relations by the versions of their rows; also learns where the other catalogues lie. @throws DrError `REPO_*`, `STORE_*`. */
  async classes(): Promise<readonly ClassRow[]> {
    const map = mappedFilenodes(await this.#files.relationMap(this.#database));
    map.forEach((filenode, oid) => {
      this.#note(oid, filenode);
    });
    const classes: ClassRow[] = [];
    for await (const row of this.rows(catalogueOid.class)) {
      const found = classRow(row, this.#files.shape.major);
      if (found !== undefined) {
        classes.push(found);
        if (found.oid < FIRST_NORMAL_OID && found.filenode > 0) {
          this.#note(found.oid, found.filenode);
        }
      }
    }
    return classes;
  }

  /** Names of schemas by oid, where `classes` was asked before. @throws DrError `REPO_*`, `STORE_*`. */
  async namespaces(): Promise<ReadonlyMap<number, string>> {
    const names = new Map<number, string>();
    for await (const row of this.rows(catalogueOid.namespace)) {
      names.set(oidAt(row, 0), nameAt(row, 4));
    }
    return names;
  }

  /** Where a catalogue may lie: as `initdb` laid it, or where it was rewritten to. */
  #filenodesOf(oid: number): ReadonlySet<number> {
    return new Set([oid, ...(this.#filenodes.get(oid) ?? [])]);
  }

  /** Row versions of a catalogue. */
  async *rows(oid: number): AsyncGenerator<Buffer, void, undefined> {
    for (const filenode of this.#filenodesOf(oid)) {
      if (this.#files.sizeBytes(this.#database, filenode) <= selectionCatalogueBytesMax) {
        for await (const pages of this.#files.relation(this.#database, filenode)) {
          yield* rowsOn(pages, this.#files.shape.blockBytes, this.#versions);
        }
      }
    }
  }

  /** Rewritten catalogues. */
  all(): Iterable<readonly [number, ReadonlySet<number>]> {
    return this.#filenodes;
  }
}

/** Oids of the databases of a name of which the backup has files. @throws DrError `REPO_*`, `STORE_*`. */
export async function databasesNamed(
  files: BackupFiles,
  name: string,
  versions: RowVersions,
): Promise<ReadonlySet<number>> {
  const shared = mappedFilenodes(await files.relationMap(0));
  const filenode = shared.get(catalogueOid.database) ?? catalogueOid.database;
  const found = new Set<number>();
  for await (const pages of files.relation(0, filenode)) {
    for (const row of rowsOn(pages, files.shape.blockBytes, versions)) {
      if (nameAt(row, 4) === name && files.hasDatabase(oidAt(row, 0))) {
        found.add(oidAt(row, 0));
      }
    }
  }
  return found;
}
