/**
 * The relation files of a backup as it describes them, and the content of the few that are looked into before anything is restored. What is
 * read here was copied while the server wrote: pages may be torn between two states, so it answers where to look, never what is true.
 *
 * Memory: about 150 bytes a relation.
 */
import type { MapReader } from "../repository/map/map-reader.ts";
import { type PageEntry, PageReader } from "../repository/map/page.ts";
import type { BackupRoot } from "../repository/root.ts";
import { classifyPath } from "../source/classify-path.ts";
import { type FileSelection, isWantedFile } from "./file-selection.ts";
import type { PackReader } from "./pack-reader.ts";

/** The main fork of one relation, segment by segment. */
type Segments = Map<number, PageEntry>;

/** See the file's comment. */
export class BackupFiles {
  /** How its catalogues are to be read. */
  readonly shape: { readonly major: number; readonly blockBytes: number };
  readonly #root: BackupRoot;
  readonly #maps: MapReader;
  readonly #packs: PackReader;
  readonly #named = new Map<string, PageEntry>();
  /** By database, then by number; 0 is what is shared. */
  readonly #relations = new Map<number, Map<number, Segments>>();

  constructor(root: BackupRoot, sources: { readonly maps: MapReader; readonly packs: PackReader }) {
    const { major, blockBytes } = root.server;
    this.shape = { major, blockBytes };
    this.#root = root;
    this.#maps = sources.maps;
    this.#packs = sources.packs;
    for (const { tablespaceOid, entry } of this.#entries()) {
      this.#add(tablespaceOid, entry);
    }
  }

  *#entries(): Generator<{ readonly tablespaceOid: number; readonly entry: PageEntry }> {
    for (const page of this.#root.pages) {
      for (const entry of new PageReader(Buffer.from(this.#maps.item(page))).entries()) {
        yield { tablespaceOid: page.tablespace, entry };
      }
    }
  }

  #add(tablespaceOid: number, entry: PageEntry): void {
    const { name: path } = entry;
    const { kind, ...found } = classifyPath({ tablespaceOid, path });
    if (kind === "relation" && "relation" in found) {
      const { databaseOid, relfilenode, fork, segment } = found.relation;
      const relations = this.#relations.get(databaseOid) ?? new Map<number, Segments>();
      this.#relations.set(databaseOid, relations);
      const segments: Segments = relations.get(relfilenode) ?? new Map<number, PageEntry>();
      relations.set(relfilenode, segments);
      if (fork === "main") {
        segments.set(segment, entry);
      }
    } else if (/(^|\/)pg_filenode\.map$/.test(path)) {
      this.#named.set(path, entry);
    }
  }

  /** Numbers of the relations of a database; in whatever tablespace they lie. */
  filenodes(database: number): ReadonlySet<number> {
    return new Set(this.#relations.get(database)?.keys());
  }

  /** Bytes of the files that come with their content; the others are holes and take none. */
  contentBytes(selection: FileSelection): number {
    let bytes = 0;
    for (const { tablespaceOid, entry } of this.#entries()) {
      const { type, name: path, sizeBytes } = entry;
      bytes += type === "file" && isWantedFile(selection, { tablespaceOid, path }) ? sizeBytes : 0;
    }
    return bytes;
  }

  /** True when the backup has something of this database. */
  hasDatabase(database: number): boolean {
    return this.#relations.has(database);
  }

  /** Bytes of a relation's main fork; 0 when the backup has none. */
  sizeBytes(database: number, filenode: number): number {
    const segments = this.#relations.get(database)?.get(filenode)?.values() ?? [];
    return [...segments].reduce((sum, entry) => sum + entry.sizeBytes, 0);
  }

  /** Content of a relation, segment by segment. Peak memory: a segment. @throws DrError `REPO_*`, `STORE_*`. */
  async *relation(database: number, filenode: number): AsyncGenerator<Buffer, void, undefined> {
    const segments = this.#relations.get(database)?.get(filenode) ?? new Map<number, PageEntry>();
    for (const [, entry] of [...segments].sort(([a], [b]) => a - b)) {
      yield await this.#packs.content(entry, this.#maps);
    }
  }

  /** Where the rewritten catalogues of a database lie, its `pg_filenode.map`; 0: the shared ones. */
  async relationMap(database: number): Promise<Buffer | undefined> {
    const suffix = database === 0 ? "global/pg_filenode.map" : `/${database}/pg_filenode.map`;
    for (const [name, entry] of this.#named) {
      if (name === suffix || (database !== 0 && name.endsWith(suffix))) {
        return await this.#packs.content(entry, this.#maps);
      }
    }
    return undefined;
  }
}
