/**
 * A dump: what `pg_dump` said of some databases, as streams in packs, and what was counted beside it in the same snapshot. A dump
 * exists when its document does; the document names every pack, so a dump needs nothing else. docs/format.md section 12.
 *
 * The frames of a stream's packs, pack by pack and in order, are the very bytes that the program wrote.
 */
import * as z from "zod/mini";
import type { ObjectId } from "../core/object-id.ts";
import {
  countNumber as count,
  decodeDocument,
  encodeDocument,
  objectIdText,
} from "./json-document.ts";

const time = z.iso.datetime();
const hash = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const lsn = z.string().check(z.regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/));

const pack = z.object({
  id: objectIdText,
  bytes: count,
  frames: count,
  headerSha256: hash,
  plainBytes: count,
});

const stream = z.object({
  /** `globals`: SQL of `pg_dumpall`. Others are archives: `schema` has all but data, `data` rows and sequences. */
  part: z.enum(["globals", "schema", "data"]),
  /** `data`: the one table of this stream; null = all that have no stream of their own. */
  table: z.nullable(z.object({ schema: z.string(), name: z.string() })),
  bytes: count,
  sha256: hash,
  packs: z.array(pack),
});

/** What was counted in one database, in the dump's own snapshot. Kinds are those of the catalogues. */
const census = z.object({
  objects: z.record(z.string(), count),
  tables: z.array(z.object({ schema: z.string(), name: z.string(), rows: count })),
  sequences: z.array(
    z.object({
      schema: z.string(),
      name: z.string(),
      /** Null when it was never asked for a value. Text: it has 64 bits. */
      lastValue: z.nullable(z.string()),
      ascending: z.boolean(),
    }),
  ),
  extensions: z.array(z.object({ name: z.string(), version: z.string() })),
  /** Owners, with how many objects each has. */
  owners: z.record(z.string(), count),
  /** Every role that an owner, a grant or a policy of this database names. */
  roles: z.array(z.string()),
  invalidConstraints: z.array(z.string()),
  invalidIndexes: z.array(z.string()),
  largeObjects: count,
});

const database = z.object({
  name: z.string(),
  owner: z.string(),
  encoding: z.string(),
  collate: z.string(),
  characterType: z.string(),
  /** `libc`, `icu` or `builtin`. */
  localeProvider: z.string(),
  locale: z.nullable(z.string()),
  sizeBytes: count,
  /** Where the server's WAL ended when the snapshot was taken. */
  snapshotLsn: lsn,
  snapshotAt: time,
  census,
  streams: z.array(stream),
});

const dumpSchema = z.object({
  version: z.literal(1),
  id: objectIdText,
  cluster: z.string(),
  note: z.string(),
  startedAt: time,
  finishedAt: time,
  server: z.object({
    major: z.int(),
    version: z.string(),
    systemId: z.string().check(z.regex(/^\d{1,20}$/)),
    standby: z.boolean(),
  }),
  /** `pg_dump --version`. */
  program: z.object({ major: z.int(), version: z.string() }),
  /** `custom`: archives of `pg_dump -Fc -Z0`. */
  format: z.literal("custom"),
  globals: z.nullable(z.extend(stream, { passwords: z.boolean() })),
  databases: z.array(database),
  totals: z.object({ plainBytes: count, storedBytes: count }),
});

/** A dump; see docs/format.md section 12. */
export type DumpDocument = z.infer<typeof dumpSchema>;
/** One database of a dump. */
export type DumpedDatabase = DumpDocument["databases"][number];
/** One stream of a dump. */
export type DumpStream = DumpedDatabase["streams"][number];
/** A pack that a dump names. */
export type DumpPack = DumpStream["packs"][number];
/** What was counted in a database. */
export type Census = DumpedDatabase["census"];

/** The document's bytes. */
export function encodeDump(dump: DumpDocument): Buffer {
  return encodeDocument(dump);
}

/** Reads the document. @throws DrError `REPO_ENCODING` when it is not a dump. */
export function decodeDump(bytes: Uint8Array): DumpDocument {
  return decodeDocument(dumpSchema, bytes, "a dump");
}

/** Every stream of a dump. */
export function streamsOfDump(dump: DumpDocument): readonly DumpStream[] {
  const globals = dump.globals === null ? [] : [dump.globals];
  return [...globals, ...dump.databases.flatMap(({ streams }) => streams)];
}

/** Every pack that a dump names. */
export function packsOfDump(dump: DumpDocument): readonly (DumpPack & { readonly id: ObjectId })[] {
  return streamsOfDump(dump).flatMap(({ packs }) => packs);
}
