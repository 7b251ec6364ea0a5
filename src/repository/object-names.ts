/**
 * The name of every object in a repository: built and parsed here and nowhere else, so that what is written is what is
 * looked for, and so that a name that came from a store is either understood whole or refused.
 *
 * Follows docs/format.md, section 2.
 */
import { assert, unreachable } from "../core/assert.ts";
import { DrError } from "../core/errors.ts";
import { lsnOf, type Lsn } from "../core/lsn.ts";
import { objectIdTimeMs, parseObjectId, type ObjectId } from "../core/object-id.ts";
import {
  formatTimeline,
  logOfSegment,
  parseTimeline,
  parseWalSegmentName,
  timelineOfSegment,
  type TimelineId,
  type WalSegmentName,
} from "../core/wal-name.ts";
import type { ObjectKind } from "../pipeline/sealing/object-kind.ts";

declare const clusterBrand: unique symbol;
declare const incarnationBrand: unique symbol;
declare const ledgerWriterBrand: unique symbol;

/** A cluster's name in the repository: `[a-z0-9][a-z0-9_-]{0,39}`. */
export type ClusterName = string & { readonly [clusterBrand]: true };

/** One history of a cluster: 16 hexadecimal digits of the system identifier, `-`, 32 of a random id. */
export type IncarnationName = string & { readonly [incarnationBrand]: true };

/** One process life of a writer: 16 hexadecimal digits of its public key, `-`, 32 of a random id. */
export type LedgerWriterName = string & { readonly [ledgerWriterBrand]: true };

/** What a lease is for. */
export type LeasePurpose = "backup" | "wal" | "expire";

/** One incarnation of one cluster. */
export type IncarnationPlace = {
  readonly cluster: ClusterName;
  readonly incarnation: IncarnationName;
};

/** One member of a union for each type. */
type Named<Type extends string, Fields> = Type extends string
  ? Fields & { readonly type: Type }
  : never;

/** The name of an object, understood. */
export type ObjectName =
  | Named<"format", { readonly number: number }>
  | Named<"keySlot", { readonly generation: number; readonly slot: string }>
  | Named<
      "lease",
      {
        readonly cluster: ClusterName;
        readonly purpose: LeasePurpose;
        readonly epoch: number;
        readonly renewal: number;
      }
    >
  | Named<"pin" | "pinReleased" | "condemn", { readonly id: ObjectId }>
  | Named<
      "hold",
      { readonly cluster: ClusterName; readonly backup: ObjectId; readonly number: number }
    >
  | Named<"settings", { readonly host: string; readonly number: number }>
  | Named<"sign", { readonly cluster: ClusterName; readonly number: number }>
  | Named<"report", { readonly cluster: ClusterName; readonly id: ObjectId }>
  | Named<"ledger", { readonly writer: LedgerWriterName; readonly sequence: number }>
  | Named<"identity", IncarnationPlace & { readonly number: number }>
  | Named<"root" | "pack" | "map" | "dump", IncarnationPlace & { readonly id: ObjectId }>
  | Named<"walSegment" | "walIndex", IncarnationPlace & { readonly segment: WalSegmentName }>
  | Named<
      "walPart",
      IncarnationPlace & {
        readonly segment: WalSegmentName;
        readonly startLsn: Lsn;
        readonly epoch: number;
      }
    >
  | Named<"history", IncarnationPlace & { readonly timeline: TimelineId }>
  | Named<
      "walConflict",
      IncarnationPlace & { readonly segment: WalSegmentName; readonly id: ObjectId }
    >;

const CLUSTER = /^[a-z0-9][a-z0-9_-]{0,39}$/;

function invalid(name: string): DrError {
  return new DrError("REPO_NAME_INVALID", { name: JSON.stringify(name.slice(0, 512)) });
}

/** @throws DrError `REPO_NAME_INVALID`. */
export function clusterNameOf(text: string): ClusterName {
  if (!CLUSTER.test(text)) {
    throw invalid(text);
  }
  return text as ClusterName;
}

/** @throws DrError `REPO_NAME_INVALID`. */
export function parseIncarnationName(text: string): IncarnationName {
  if (!/^[0-9a-f]{16}-[0-9a-f]{32}$/.test(text)) {
    throw invalid(text);
  }
  return text as IncarnationName;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** The name of an incarnation, from the server's system identifier and 16 random bytes. */
export function incarnationNameOf(systemIdentifier: bigint, randomId: Uint8Array): IncarnationName {
  assert(systemIdentifier >= 0n && systemIdentifier < 1n << 64n, "a system identifier has 64 bits");
  assert(randomId.length === 16, "an incarnation's random id has 16 bytes");
  return parseIncarnationName(
    `${systemIdentifier.toString(16).padStart(16, "0")}-${hex(randomId)}`,
  );
}

/** The 16 random bytes of an incarnation, as headers hold them. */
export function incarnationIdBytes(name: IncarnationName): Uint8Array {
  return new Uint8Array(Buffer.from(name.slice(17), "hex"));
}

/** The system identifier of an incarnation. */
export function systemIdentifierOf(name: IncarnationName): bigint {
  return BigInt(`0x${name.slice(0, 16)}`);
}

/** @throws DrError `REPO_NAME_INVALID`. */
export function parseLedgerWriterName(text: string): LedgerWriterName {
  if (!/^[0-9a-f]{16}-[0-9a-f]{32}$/.test(text)) {
    throw invalid(text);
  }
  return text as LedgerWriterName;
}

/** The name of this process as a writer of the ledger. */
export function ledgerWriterNameOf(publicKey: Uint8Array, processId: ObjectId): LedgerWriterName {
  return parseLedgerWriterName(`${hex(publicKey).slice(0, 16)}-${processId}`);
}

function digits(value: number, width: number): string {
  assert(
    Number.isSafeInteger(value) && value >= 0 && value < 10 ** width,
    `${value} is a number of ${width} digits`,
  );
  return String(value).padStart(width, "0");
}

/** Year and month in which an id was made, in UTC. */
function monthOf(id: ObjectId): string {
  const made = new Date(objectIdTimeMs(id));
  return `${digits(made.getUTCFullYear() % 10_000, 4)}${digits(made.getUTCMonth() + 1, 2)}`;
}

function lsnText(lsn: Lsn): string {
  return lsn.toString(16).toUpperCase().padStart(16, "0");
}

/** Everything of an incarnation lies under this prefix. */
export function incarnationPrefix(place: IncarnationPlace): string {
  return `clusters/${place.cluster}/${place.incarnation}/`;
}

/** Prefix of a cluster's incarnations. */
export function clusterPrefix(cluster: ClusterName): string {
  return `clusters/${cluster}/`;
}

/** Prefix of the leases of a cluster for one purpose. */
export function leasePrefix(cluster: ClusterName, purpose: LeasePurpose): string {
  return `leases/${cluster}/${purpose}/`;
}

/** Prefix of the key slots of a generation. */
export function keySlotPrefix(generation: number): string {
  return `keys/${digits(generation, 4)}/`;
}

/** Prefix of the settings that a host saved. @throws DrError `REPO_NAME_INVALID`. */
export function settingsPrefix(host: string): string {
  if (!/^[0-9a-f]{32}$/.test(host)) {
    throw invalid(host);
  }
  return `settings/${host}/`;
}

/** Prefix of the signs of life of a cluster's watchers. */
export function signPrefix(cluster: ClusterName): string {
  return `signs/${cluster}/`;
}

/** Prefix of the reports of a cluster. */
export function reportPrefix(cluster: ClusterName): string {
  return `reports/${cluster}/`;
}

/** Prefix of the holds of a cluster, or of one of its backups. */
export function holdPrefix(cluster: ClusterName, backup?: ObjectId): string {
  return backup === undefined ? `holds/${cluster}/` : `holds/${cluster}/${backup}/`;
}

/** Prefix of all roots of an incarnation. */
export function rootPrefix(place: IncarnationPlace): string {
  return `${incarnationPrefix(place)}backups/`;
}

/** Prefix of all dumps of an incarnation. */
export function dumpPrefix(place: IncarnationPlace): string {
  return `${incarnationPrefix(place)}dumps/`;
}

/** Prefix of all WAL of a timeline: segments, parts, indexes, history. */
export function timelinePrefix(place: IncarnationPlace, timeline: TimelineId): string {
  return `${incarnationPrefix(place)}wal/${formatTimeline(timeline)}/`;
}

/** Prefix of the parts of a segment. */
export function partPrefix(place: IncarnationPlace, segment: WalSegmentName): string {
  return `${objectKey({ ...place, type: "walSegment", segment })}.part/`;
}

function walKey(name: IncarnationPlace, segment: WalSegmentName, folder: string): string {
  const timeline = timelinePrefix(name, timelineOfSegment(segment));
  return `${timeline}${folder}${logOfSegment(segment)}/${segment}`;
}

/** The key under which an object lies in the store. */
export function objectKey(name: ObjectName): string {
  return "incarnation" in name ? incarnationKey(name) : repositoryKey(name);
}

function repositoryKey(name: Exclude<ObjectName, IncarnationPlace>): string {
  switch (name.type) {
    case "format":
      return `format/${digits(name.number, 8)}`;
    case "keySlot":
      if (!CLUSTER.test(name.slot)) {
        throw invalid(name.slot);
      }
      return `${keySlotPrefix(name.generation)}${name.slot}`;
    case "lease":
      return `${leasePrefix(name.cluster, name.purpose)}${digits(name.epoch, 8)}/${digits(name.renewal, 8)}`;
    case "pin":
      return `pins/${name.id}`;
    case "pinReleased":
      return `pins/${name.id}.released`;
    case "condemn":
      return `condemned/${name.id}`;
    case "hold":
      return `${holdPrefix(name.cluster, name.backup)}${digits(name.number, 8)}`;
    case "settings":
      return `${settingsPrefix(name.host)}${digits(name.number, 8)}`;
    case "sign":
      return `${signPrefix(name.cluster)}${digits(name.number, 8)}`;
    case "report":
      return `${reportPrefix(name.cluster)}${monthOf(name.id)}/${name.id}`;
    case "ledger":
      return `ledger/${name.writer}/${digits(name.sequence, 12)}`;
    default:
      return unreachable(name);
  }
}

function incarnationKey(name: Extract<ObjectName, IncarnationPlace>): string {
  switch (name.type) {
    case "identity":
      return `${incarnationPrefix(name)}identity/${digits(name.number, 8)}`;
    case "root":
      return `${rootPrefix(name)}${monthOf(name.id)}/${name.id}`;
    case "dump":
      return `${dumpPrefix(name)}${monthOf(name.id)}/${name.id}`;
    case "pack":
      return `${incarnationPrefix(name)}packs/${name.id.slice(-2)}/${name.id}`;
    case "map":
      return `${incarnationPrefix(name)}maps/${name.id.slice(-2)}/${name.id}`;
    case "walSegment":
      return walKey(name, name.segment, "");
    case "walIndex":
      return walKey(name, name.segment, "index/");
    case "walPart":
      return `${partPrefix(name, name.segment)}${lsnText(name.startLsn)}-${digits(name.epoch, 8)}`;
    case "history":
      return `${timelinePrefix(name, name.timeline)}${formatTimeline(name.timeline)}.history`;
    case "walConflict":
      return `${incarnationPrefix(name)}conflicts/${name.segment}-${name.id}`;
    default:
      return unreachable(name);
  }
}

/** The kind of the object that lies under a name. */
export function kindOfName(name: ObjectName): ObjectKind {
  if (name.type === "pinReleased") {
    return "pin";
  }
  return name.type === "walConflict" ? "walSegment" : name.type;
}

type Reader = (parts: readonly string[]) => ObjectName | undefined;

function numberIn(text: string | undefined, width: number): number | undefined {
  return text !== undefined && text.length === width && /^[0-9]+$/.test(text)
    ? Number(text)
    : undefined;
}

const readLease: Reader = ([cluster = "", purpose, epochText, renewalText]) => {
  const epoch = numberIn(epochText, 8);
  const renewal = numberIn(renewalText, 8);
  if (epoch === undefined || renewal === undefined) {
    return undefined;
  }
  if (purpose !== "backup" && purpose !== "wal" && purpose !== "expire") {
    return undefined;
  }
  return { type: "lease", cluster: clusterNameOf(cluster), purpose, epoch, renewal };
};

const readPin: Reader = ([text = ""]) =>
  text.endsWith(".released")
    ? { type: "pinReleased", id: parseObjectId(text.slice(0, -".released".length)) }
    : { type: "pin", id: parseObjectId(text) };

const readFormat: Reader = ([text]) => {
  const number = numberIn(text, 8);
  return number === undefined ? undefined : { type: "format", number };
};

const readKeySlot: Reader = ([generationText, slot = ""]) => {
  const generation = numberIn(generationText, 4);
  return generation === undefined ? undefined : { type: "keySlot", generation, slot };
};

const readHold: Reader = ([cluster = "", backup = "", numberText]) => {
  const number = numberIn(numberText, 8);
  return number === undefined
    ? undefined
    : { type: "hold", cluster: clusterNameOf(cluster), backup: parseObjectId(backup), number };
};

const readSettings: Reader = ([host = "", numberText]) => {
  const number = numberIn(numberText, 8);
  return number === undefined ? undefined : { type: "settings", host, number };
};

const readSign: Reader = ([cluster = "", numberText]) => {
  const number = numberIn(numberText, 8);
  return number === undefined
    ? undefined
    : { type: "sign", cluster: clusterNameOf(cluster), number };
};

const readReport: Reader = ([cluster = "", , id = ""]) => ({
  type: "report",
  cluster: clusterNameOf(cluster),
  id: parseObjectId(id),
});

const readLedger: Reader = ([writer = "", sequenceText]) => {
  const sequence = numberIn(sequenceText, 12);
  return sequence === undefined
    ? undefined
    : { type: "ledger", writer: parseLedgerWriterName(writer), sequence };
};

function readWal(place: IncarnationPlace, parts: readonly string[]): ObjectName | undefined {
  const [, second = "", third = "", fourth = ""] = parts;
  if (second.endsWith(".history")) {
    return { ...place, type: "history", timeline: parseTimeline(second.slice(0, 8)) };
  }
  if (second === "index") {
    return { ...place, type: "walIndex", segment: parseWalSegmentName(fourth) };
  }
  if (!third.endsWith(".part")) {
    return { ...place, type: "walSegment", segment: parseWalSegmentName(third) };
  }
  const segment = parseWalSegmentName(third.slice(0, -".part".length));
  const match = /^([0-9A-F]{16})-([0-9]{8})$/.exec(fourth);
  if (match === null) {
    return undefined;
  }
  const startLsn = lsnOf(BigInt(`0x${match[1]}`));
  return { ...place, type: "walPart", segment, startLsn, epoch: Number(match[2]) };
}

const readOfIncarnation: Reader = ([cluster = "", incarnation = "", folder = "", ...rest]) => {
  const place: IncarnationPlace = {
    cluster: clusterNameOf(cluster),
    incarnation: parseIncarnationName(incarnation),
  };
  const [first = "", second = ""] = rest;
  switch (folder) {
    case "identity": {
      const number = numberIn(first, 8);
      return number === undefined ? undefined : { ...place, type: "identity", number };
    }
    case "backups":
      return { ...place, type: "root", id: parseObjectId(second) };
    case "dumps":
      return { ...place, type: "dump", id: parseObjectId(second) };
    case "packs":
      return { ...place, type: "pack", id: parseObjectId(second) };
    case "maps":
      return { ...place, type: "map", id: parseObjectId(second) };
    case "conflicts": {
      const segment = parseWalSegmentName(first.slice(0, 24));
      return { ...place, type: "walConflict", segment, id: parseObjectId(first.slice(25)) };
    }
    case "wal":
      return readWal(place, rest);
    default:
      return undefined;
  }
};

const readers: ReadonlyMap<string, Reader> = new Map([
  ["format", readFormat],
  ["keys", readKeySlot],
  ["leases", readLease],
  ["pins", readPin],
  ["condemned", ([text = ""]) => ({ type: "condemn", id: parseObjectId(text) }) as const],
  ["holds", readHold],
  ["settings", readSettings],
  ["signs", readSign],
  ["reports", readReport],
  ["ledger", readLedger],
  ["clusters", readOfIncarnation],
]);

/**
 * The name of an object, from the key under which it lies. Whatever a reader above lets pass by mistake, a key that is
 * not exactly what its name builds is refused.
 * @throws DrError `REPO_NAME_INVALID`.
 */
export function parseObjectKey(key: string): ObjectName {
  const name = tryParseObjectKey(key);
  if (name === undefined) {
    throw invalid(key);
  }
  return name;
}

/** As `parseObjectKey`; undefined for what is no object's key. */
export function tryParseObjectKey(key: string): ObjectName | undefined {
  const [folder = "", ...rest] = key.split("/");
  try {
    const name = readers.get(folder)?.(rest);
    return name !== undefined && objectKey(name) === key ? name : undefined;
  } catch (error) {
    if (error instanceof DrError) {
      return undefined;
    }
    throw error;
  }
}
