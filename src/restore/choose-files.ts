/**
 * Which files of a backup a wished table, schema or database needs, told from the backup's own catalogues before anything is restored. The
 * catalogues themselves always come: those with a number given by `initdb`, and those that were rewritten since. Large objects come
 * only with a whole database.
 *
 * It may miss what was renamed or made between the backup and the instant: whoever uses it asks the recovered server, and restores
 * again with what was missing (`also`). It may take too much, which costs a few bytes.
 */
import type { BackupFiles } from "./backup-files.ts";
import { type ClassRow, FIRST_NORMAL_OID, catalogueOid, oidAt } from "./catalogue-rows.ts";
import { Catalogues, databasesNamed } from "./catalogues.ts";
import type { FileSelection } from "./file-selection.ts";
import { type RelationWish, isNamed } from "./relation-wish.ts";

/** What is wanted. */
export type FileWish = {
  readonly database: string;
  readonly relations: RelationWish;
  /** Files that turned out to be needed. */
  readonly also: ReadonlySet<number>;
};

/** What was chosen. */
export type ChosenFiles = {
  /** Undefined: everything, because the backup does not know this database. */
  readonly selection: FileSelection | undefined;
  /** Files of the wanted database that the backup has. */
  readonly inBackup: ReadonlySet<number>;
};

const LARGE_OBJECTS: ReadonlySet<number> = new Set([
  catalogueOid.largeObject,
  catalogueOid.largeObjectIndex,
]);

type Pair = { readonly from: number; readonly to: number };

async function pairs(catalogues: Catalogues, oid: number): Promise<readonly Pair[]> {
  const found: Pair[] = [];
  for await (const row of catalogues.rows(oid)) {
    found.push({ from: oidAt(row, 0), to: oidAt(row, 4) });
  }
  return found;
}

/** Relations that belong to a table, its sequences among them, and what the defaults of its columns refer to. */
async function dependencies(catalogues: Catalogues): Promise<readonly Pair[]> {
  const found: Pair[] = [];
  /** A default belongs to its table and names its sequence by rows of one kind. */
  const ofDefault = new Map<number, number[]>();
  for await (const row of catalogues.rows(catalogueOid.depend)) {
    const [dependent, referenced] = [oidAt(row, 0), oidAt(row, 12)];
    const pair = { from: oidAt(row, 4), to: oidAt(row, 16) };
    if (referenced === catalogueOid.class && dependent === catalogueOid.class) {
      found.push(pair);
    } else if (referenced === catalogueOid.class && dependent === catalogueOid.attributeDefault) {
      ofDefault.set(pair.from, [...(ofDefault.get(pair.from) ?? []), pair.to]);
    }
  }
  for (const relations of ofDefault.values()) {
    relations.forEach((from) => {
      relations.forEach((to) => found.push({ from, to }));
    });
  }
  return found;
}

/** Adds to `wanted` what is joined to it, until nothing more is. */
function spread(wanted: Set<number>, joined: readonly Pair[]): void {
  for (let before = -1; before !== wanted.size;) {
    before = wanted.size;
    joined.forEach(({ from, to }) => {
      if (wanted.has(to)) {
        wanted.add(from);
      }
    });
  }
}

async function wishedOids(
  catalogues: Catalogues,
  classes: readonly ClassRow[],
  wish: RelationWish,
): Promise<ReadonlySet<number>> {
  const namespaces = await catalogues.namespaces();
  const named = classes.filter(({ name, namespace }) =>
    isNamed(wish, { name, schema: namespaces.get(namespace) ?? "" }),
  );
  const wanted = new Set(named.map(({ oid }) => oid));
  spread(wanted, await pairs(catalogues, catalogueOid.inherits));
  const sequences = new Set(classes.filter(({ kind }) => kind === "S").map(({ oid }) => oid));
  for (const { from, to } of await dependencies(catalogues)) {
    if (wanted.has(to) && sequences.has(from)) {
      wanted.add(from);
    }
  }
  const toasts = classes
    .filter(({ oid, toast }) => toast !== 0 && wanted.has(oid))
    .map(({ toast }) => toast);
  toasts.forEach((oid) => wanted.add(oid));
  for (const { from: index, to: table } of await pairs(catalogues, catalogueOid.index)) {
    if (wanted.has(table)) {
      wanted.add(index);
    }
  }
  return wanted;
}

/** Files of one database. */
async function filesIn(
  files: BackupFiles,
  database: number,
  wish: FileWish,
): Promise<ReadonlySet<number>> {
  const catalogues = new Catalogues(files, database, "all");
  const classes = await catalogues.classes();
  const chosen = new Set(wish.also);
  for (const filenode of files.filenodes(database)) {
    if (filenode < FIRST_NORMAL_OID && !LARGE_OBJECTS.has(filenode)) {
      chosen.add(filenode);
    }
  }
  for (const [oid, filenodes] of catalogues.all()) {
    if (!LARGE_OBJECTS.has(oid)) {
      filenodes.forEach((filenode) => chosen.add(filenode));
    }
  }
  const oids = await wishedOids(catalogues, classes, wish.relations);
  classes.forEach(({ oid, filenode }) => {
    if (filenode > 0 && oids.has(oid)) {
      chosen.add(filenode);
    }
  });
  return chosen;
}

/** Chooses. Peak memory: a catalogue's segment, and its rows. @throws DrError `REPO_*`, `STORE_*`. */
export async function chooseFiles(files: BackupFiles, wish: FileWish): Promise<ChosenFiles> {
  const databases = await databasesNamed(files, wish.database, "all");
  const inBackup = new Set<number>();
  const filenodes = new Set<number>();
  for (const database of databases) {
    files.filenodes(database).forEach((filenode) => inBackup.add(filenode));
    if (wish.relations.kind !== "all") {
      (await filesIn(files, database, wish)).forEach((each) => filenodes.add(each));
    }
  }
  if (databases.size === 0) {
    return { selection: undefined, inBackup };
  }
  const all = wish.relations.kind === "all";
  return { selection: { databases, filenodes: all ? undefined : filenodes }, inBackup };
}
