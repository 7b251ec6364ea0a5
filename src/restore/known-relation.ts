/**
 * Whether a backup has a database, or a table or schema of it, told from its own catalogues without restoring anything. What was being made or
 * dropped while the backup was taken may be told wrong: it names where to look next.
 */
import { LocalObjects } from "../repository/local-objects.ts";
import type { IncarnationPlace } from "../repository/object-names.ts";
import type { BackupRoot } from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { BackupFiles } from "./backup-files.ts";
import { Catalogues, databasesNamed } from "./catalogues.ts";
import { openSources } from "./open-sources.ts";
import { type RelationWish, isNamed } from "./relation-wish.ts";

/** Tables, partitioned tables and materialised views: what can be wished for. */
const WISHED_KINDS: ReadonlySet<string> = new Set(["r", "p", "m"]);

/** What is looked for; with the wish for all: the database itself. */
export type LookedFor = { readonly database: string; readonly relations: RelationWish };

async function hasRelation(
  files: BackupFiles,
  database: number,
  relations: RelationWish,
): Promise<boolean> {
  const catalogues = new Catalogues(files, database, "standing");
  const classes = await catalogues.classes();
  const namespaces = await catalogues.namespaces();
  return classes.some(
    ({ kind, name, namespace }) =>
      WISHED_KINDS.has(kind) &&
      isNamed(relations, { name, schema: namespaces.get(namespace) ?? "" }),
  );
}

/**
 * Looks. Reads the backup's maps, and of its packs what the catalogues lie in. Peak memory: about 150 bytes a relation file, and a
 * catalogue's segment. @throws DrError `REPO_*`, `STORE_*`, `KEY_*`.
 */
export async function isInBackup(
  of: {
    readonly sealed: SealedStore;
    readonly place: IncarnationPlace;
    readonly root: BackupRoot;
    readonly signal: AbortSignal;
  },
  { database, relations }: LookedFor,
): Promise<boolean> {
  await using local = new LocalObjects(of.sealed.store, of);
  const sources = await openSources({ ...of, checkDigests: false }, local);
  await using _maps = sources.maps;
  const files = new BackupFiles(of.root, sources);
  for (const oid of await databasesNamed(files, database, "standing")) {
    if (relations.kind === "all" || (await hasRelation(files, oid, relations))) {
      return true;
    }
  }
  return false;
}
