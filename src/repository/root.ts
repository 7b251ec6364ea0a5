/**
 * The root of a backup: one small document from which everything else is found and by which everything is
 * vouched for. A backup exists when its root does. docs/format.md section 8.
 */
import * as z from "zod/mini";
import { type Lsn, formatLsn, parseLsn } from "../core/lsn.ts";
import { type ObjectId, parseObjectId } from "../core/object-id.ts";
import { type TimelineId, timelineOf } from "../core/wal-name.ts";
import { decodeDocument } from "./json-document.ts";

const lsn = z.pipe(
  z.string().check(z.regex(/^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/)),
  z.transform((text): Lsn => parseLsn(text)),
);
const id = z.pipe(
  z.string().check(z.regex(/^[0-9a-f]{32}$/)),
  z.transform((text): ObjectId => parseObjectId(text)),
);
const timeline = z.pipe(
  z.int().check(z.minimum(1), z.maximum(0xffffffff)),
  z.transform((value): TimelineId => timelineOf(value)),
);
const count = z.int().check(z.nonnegative());
const time = z.iso.datetime();
const hash = z.string().check(z.regex(/^[0-9a-f]{64}$/));

const framedObject = z.object({ id, bytes: count, frames: count, headerSha256: hash });
const mapObject = z.extend(framedObject, { sha256: hash });
const packObject = z.extend(framedObject, {
  plainBytes: count,
  liveFrames: count,
  liveBytes: count,
});

const page = z.object({
  tablespace: count,
  database: count,
  group: z.string(),
  map: id,
  frame: count,
  offset: count,
  length: count,
  sha256: hash,
  files: count,
  bytes: count,
});

const server = z.object({
  major: z.int(),
  version: z.string(),
  systemId: z.string().check(z.regex(/^\d{1,20}$/)),
  blockBytes: count,
  walBlockBytes: count,
  walSegmentBytes: count,
  segmentBlocks: count,
  dataChecksums: z.boolean(),
  controlVersion: count,
  catalogVersion: count,
  standby: z.boolean(),
  facts: z.record(z.string(), z.unknown()),
});

const rootSchema = z.object({
  version: z.literal(1),
  id,
  cluster: z.string(),
  kind: z.enum(["full", "incremental"]),
  parent: z.nullable(id),
  predecessor: z.nullable(id),
  label: z.string(),
  note: z.string(),
  startedAt: time,
  finishedAt: time,
  timeline,
  startLsn: lsn,
  stopLsn: lsn,
  walFrom: lsn,
  walTo: lsn,
  server,
  configuration: z.array(z.object({ path: z.string(), content: z.string() })),
  tablespaces: z.array(z.object({ oid: count, location: z.string() })),
  maps: z.array(mapObject),
  packs: z.array(packObject),
  pages: z.array(page),
  totals: z.object({
    files: count,
    totalBlocks: count,
    newBlocks: count,
    clusterBytes: count,
    readBytes: count,
    storedBytes: count,
  }),
  corruptPages: z.array(z.object({ path: z.string(), block: count })),
});

/** What a backup is; see docs/format.md section 8. `facts` is what the server said of itself. */
export type BackupRoot = z.infer<typeof rootSchema>;
/** A map object that a root names. */
export type MapObject = BackupRoot["maps"][number];
/** A pack that a root names, with what of it is in use. */
export type PackObject = BackupRoot["packs"][number];
/** Where a page of files lies. */
export type PageRef = BackupRoot["pages"][number];
/** What is kept of the server. */
export type ServerIdentity = BackupRoot["server"];

/** The document's bytes. */
export function encodeRoot(root: BackupRoot): Buffer {
  const plain = {
    ...root,
    startLsn: formatLsn(root.startLsn),
    stopLsn: formatLsn(root.stopLsn),
    walFrom: formatLsn(root.walFrom),
    walTo: formatLsn(root.walTo),
  };
  return Buffer.from(JSON.stringify(plain));
}

/** Reads the document. @throws DrError `REPO_ENCODING` when it is not a root. */
export function decodeRoot(bytes: Uint8Array): BackupRoot {
  return decodeDocument(rootSchema, bytes, "a backup's root");
}
