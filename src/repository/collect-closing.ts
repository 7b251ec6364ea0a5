/**
 * What counts of the generations of keys so far, at the moment at which a new one is made. What an earlier closing shut out stays out,
 * and so does what a fenced writer published.
 *
 * WAL is closed by the last segment of each timeline and a few beyond: a push that `archive_command` began before may end after, and
 * nobody can wait for it. Receivers do not write meanwhile: whoever closes holds their lease.
 */
import { type DrError, isDrError } from "../core/errors.ts";
import { closingSegmentsAhead } from "../core/limits.ts";
import { addToLsn } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import {
  segmentAt,
  startOfSegment,
  timelineOfSegment,
  type WalSegmentName,
} from "../core/wal-name.ts";
import { listBackups, listClusters } from "./catalogue.ts";
import { listDumps } from "./dump-catalogue.ts";
import { incarnationPrefix, type IncarnationPlace, timelinePrefix } from "./object-names.ts";
import type { StoreCall } from "./object-store.ts";
import { listIncarnations } from "./read-lease.ts";
import type { Closing, NamedEntry, SealedStore } from "./sealed-store.ts";

type Entry = {
  readonly state: "backup" | "dump" | "damaged" | "fenced";
  readonly id: ObjectId;
  readonly error?: DrError;
};

type WalName = Extract<
  NonNullable<NamedEntry["name"]>,
  { readonly type: "walSegment" | "walPart" }
>;

function counts(entry: Entry): boolean {
  return entry.state !== "fenced" && !isDrError(entry.error, "KEY_GENERATION_CLOSED");
}

/** The size of segments, from an object; undefined for one that tells nothing, or was shut out before. */
async function segmentBytesOf(
  sealed: SealedStore,
  name: WalName,
  call: StoreCall,
): Promise<number | undefined> {
  try {
    return name.type === "walSegment"
      ? (await sealed.segmentFacts(name, call)).walSegmentBytes
      : (await sealed.readPartPositions(name, call)).facts.walSegmentBytes;
  } catch (error) {
    if (isDrError(error) && /^(?:REPO|KEY)_|^STORE_MISSING$/.test(error.code)) {
      return undefined;
    }
    throw error;
  }
}

/** The newest object of each timeline, newest first, until one of them tells its size. */
async function lastSegmentsOf(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall,
): Promise<readonly (readonly [prefix: string, last: WalSegmentName])[]> {
  const byTimeline = new Map<string, WalName[]>();
  for await (const { name } of sealed.listNames(`${incarnationPrefix(place)}wal/`, call)) {
    if (name?.type === "walSegment" || name?.type === "walPart") {
      const prefix = timelinePrefix(place, timelineOfSegment(name.segment));
      byTimeline.set(prefix, [...(byTimeline.get(prefix) ?? []), name].slice(-CANDIDATES_MAX));
    }
  }
  const found: (readonly [string, WalSegmentName])[] = [];
  for (const [prefix, names] of byTimeline) {
    for (const name of names.toReversed()) {
      const bytes = await segmentBytesOf(sealed, name, call);
      if (bytes !== undefined) {
        const start = addToLsn(startOfSegment(name.segment, bytes), closingSegmentsAhead * bytes);
        found.push([prefix, segmentAt(timelineOfSegment(name.segment), start, bytes)]);
        break;
      }
    }
  }
  return found;
}

/** Newest objects of a timeline that may be torn or foreign before one tells its size. */
const CANDIDATES_MAX = 64;

/** Reads the roots and dumps of every cluster, and the names of all WAL. @throws DrError what the store throws. */
export async function collectClosing(sealed: SealedStore, call: StoreCall): Promise<Closing> {
  const accepted = new Set<ObjectId>();
  const lastSegments = new Map<string, WalSegmentName>();
  const take = (entry: Entry): void => {
    if (counts(entry)) {
      accepted.add(entry.id);
    }
  };
  for (const cluster of await listClusters(sealed, call)) {
    for await (const place of listIncarnations(sealed, cluster, call)) {
      for await (const entry of listBackups(sealed, place, call)) {
        take(entry);
      }
      for await (const entry of listDumps(sealed, place, call)) {
        take(entry);
      }
      for (const [prefix, last] of await lastSegmentsOf(sealed, place, call)) {
        lastSegments.set(prefix, last);
      }
    }
  }
  return { accepted, lastSegments };
}
