/**
 * Pins: what a reader or writer still needs, as a document, and what that means, as pure rules. A pin protects backups and dumps by
 * their ids (and so all that their roots name), an interval of WAL, or everything. It lives by a lease or by a time to
 * live of its own; then it is renewed by new objects of the same series, of which the newest counts.
 * docs/format.md section 9.
 */
import * as z from "zod/mini";
import { unreachable } from "../core/assert.ts";
import { leaseTtlSecondsMax } from "../core/limits.ts";
import type { ObjectId } from "../core/object-id.ts";
import { parseWalSegmentName, type WalSegmentName } from "../core/wal-name.ts";
import { countNumber, decodeDocument, encodeDocument, objectIdText } from "./json-document.ts";
import { holderSchema } from "./lease-holder.ts";
import {
  clusterNameOf,
  parseIncarnationName,
  type ClusterName,
  type IncarnationName,
  type ObjectName,
} from "./object-names.ts";

const clusterText = z.pipe(
  z.string().check(z.regex(/^[a-z0-9][a-z0-9_-]{0,39}$/)),
  z.transform((text): ClusterName => clusterNameOf(text)),
);
const incarnationText = z.pipe(
  z.string().check(z.regex(/^[0-9a-f]{16}-[0-9a-f]{32}$/)),
  z.transform((text): IncarnationName => parseIncarnationName(text)),
);
const segmentText = z.pipe(
  z.string().check(z.regex(/^[0-9A-F]{24}$/)),
  z.transform((text): WalSegmentName => parseWalSegmentName(text)),
);

const protection = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("everything") }),
  z.object({
    kind: z.literal("backups"),
    cluster: clusterText,
    incarnation: incarnationText,
    ids: z.array(objectIdText),
  }),
  /** Both segments are of one timeline and included. */
  z.object({
    kind: z.literal("wal"),
    cluster: clusterText,
    incarnation: incarnationText,
    fromSegment: segmentText,
    toSegment: segmentText,
  }),
]);

const pinSchema = z.object({
  version: z.literal(1),
  id: objectIdText,
  series: objectIdText,
  renewal: countNumber,
  purpose: z.string(),
  holder: holderSchema,
  lease: z.nullable(
    z.object({
      cluster: clusterText,
      purpose: z.enum(["backup", "wal", "expire"]),
      epoch: z.int().check(z.positive()),
    }),
  ),
  ttlSeconds: z.number().check(z.positive(), z.maximum(leaseTtlSecondsMax)),
  protects: z.array(protection),
});

/** One object of a pin's series. */
export type PinDocument = z.infer<typeof pinSchema>;
/** What a pin protects. */
export type Protection = PinDocument["protects"][number];

/** The document's bytes. */
export function encodePin(pin: PinDocument): Buffer {
  return encodeDocument(pin);
}

/** Reads a pin. @throws DrError `REPO_ENCODING`. */
export function decodePin(bytes: Uint8Array, name: string): PinDocument {
  return decodeDocument(pinSchema, bytes, `the pin ${name}`);
}

/** True when deleting the object under this name would take something from what is protected. */
export function protectsObject(protection: Protection, name: ObjectName): boolean {
  switch (protection.kind) {
    case "everything":
      return !["lease", "sign", "pin", "pinReleased"].includes(name.type);
    case "backups":
      return (
        (name.type === "root" || name.type === "dump") &&
        name.incarnation === protection.incarnation &&
        protection.ids.includes(name.id)
      );
    case "wal":
      return protectsWal(protection, name);
    default:
      return unreachable(protection);
  }
}

function protectsWal(
  protection: Extract<Protection, { readonly kind: "wal" }>,
  name: ObjectName,
): boolean {
  if (!("incarnation" in name) || name.incarnation !== protection.incarnation) {
    return false;
  }
  // A timeline's history tells how to reach it from another: it is needed whatever the interval.
  if (name.type === "history") {
    return true;
  }
  // Names of one timeline sort as their positions do.
  return (
    "segment" in name &&
    name.segment >= protection.fromSegment &&
    name.segment <= protection.toSegment
  );
}

/** A pin's series as it was seen: its newest object, and whether it was released. */
export type PinSeries = {
  readonly newest: PinDocument;
  readonly released: boolean;
  /** Every object of the series that exists. */
  readonly ids: readonly ObjectId[];
};

/** Groups pins by series, in order of their first object. `released`: ids that a release names. */
export function pinSeries(
  pins: readonly PinDocument[],
  released: ReadonlySet<ObjectId>,
): PinSeries[] {
  const bySeries = new Map<ObjectId, PinDocument[]>();
  for (const pin of pins) {
    bySeries.set(pin.series, [...(bySeries.get(pin.series) ?? []), pin]);
  }
  return [...bySeries.values()].map((members) => {
    const newest = members.reduce((a, b) => (b.renewal > a.renewal ? b : a));
    const ids = members.map(({ id }) => id);
    return { newest, ids, released: released.has(newest.series) };
  });
}
