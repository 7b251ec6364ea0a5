/** Dumps for tests: documents that are valid, of packs that others store. */
import type { ObjectId } from "../../src/core/object-id.ts";
import { type DumpDocument, encodeDump } from "../../src/repository/dump-document.ts";
import type { SealedStore } from "../../src/repository/sealed-store.ts";
import { never, testPlace } from "./simulated-repository.ts";

const HASH = "0".repeat(64);

/** What may be said of one. */
export type SmallDump = {
  readonly id: ObjectId;
  readonly packs: readonly ObjectId[];
  readonly atMs?: number;
  readonly databases?: readonly string[];
};

/** A dump that lasted a minute, with one stream in each database, all of the same packs. */
export function smallDump({
  id,
  packs,
  atMs = Date.UTC(2026, 0, 1),
  databases = ['a "b" = c'],
}: SmallDump): DumpDocument {
  const at = new Date(atMs).toISOString();
  const named = packs.map((pack) => ({
    id: pack,
    bytes: 1,
    frames: 1,
    headerSha256: HASH,
    plainBytes: 1,
  }));
  return {
    version: 1,
    id,
    cluster: testPlace.cluster,
    note: "",
    startedAt: at,
    finishedAt: new Date(atMs + 60_000).toISOString(),
    server: { major: 15, version: "15.1", systemId: "4660", standby: false },
    program: { major: 15, version: "15.1" },
    format: "custom",
    globals: null,
    databases: databases.map((name) => ({
      name,
      owner: "o",
      encoding: "UTF8",
      collate: "C",
      characterType: "C",
      localeProvider: "libc",
      locale: null,
      sizeBytes: 1,
      snapshotLsn: "0/1",
      snapshotAt: at,
      census: {
        objects: {},
        tables: [],
        sequences: [],
        extensions: [],
        owners: {},
        roles: [],
        invalidConstraints: [],
        invalidIndexes: [],
        largeObjects: 0,
      },
      streams: [{ part: "schema", table: null, bytes: 1, sha256: HASH, packs: named }],
    })),
    totals: { plainBytes: 1, storedBytes: 1 },
  };
}

/** Publishes one. */
export async function publishDump(
  sealed: SealedStore,
  epoch: number,
  about: Partial<SmallDump> = {},
): Promise<DumpDocument> {
  const dump = smallDump({ id: sealed.newId(), packs: [sealed.newId()], ...about });
  const name = { ...testPlace, type: "dump", id: dump.id } as const;
  await sealed.putWhole(name, encodeDump(dump), { epoch, signal: never });
  return dump;
}
