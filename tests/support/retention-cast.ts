/** A small cluster in a store, for tests of expire with retention: backups a day apart, each with WAL of its own day and maps. */
import { addToLsn, lsnOf } from "../../src/core/lsn.ts";
import type { ObjectId } from "../../src/core/object-id.ts";
import { parseObjectId } from "../../src/core/object-id.ts";
import {
  type WalSegmentName,
  segmentAt,
  startOfSegment,
  timelineOf,
  timelineOfSegment,
} from "../../src/core/wal-name.ts";
import {
  type ExpireLeftoversOptions,
  type LeftoversExpired,
  expireLeftovers,
} from "../../src/repository/expire-leftovers.ts";
import { incarnationPrefix, objectKey } from "../../src/repository/object-names.ts";
import type { RetentionRules } from "../../src/repository/retention-inventory.ts";
import type { RetentionPolicy, RetentionWal } from "../../src/repository/retention-view.ts";
import { SealedStore } from "../../src/repository/sealed-store.ts";
import { options, take } from "./expire-cast.ts";
import { never, testPlace, type SimulatedProcess } from "./simulated-repository.ts";
import { publishRoot, smallRoot, storeMap } from "./small-root.ts";

const SEGMENT_BYTES = 16 * 1024 * 1024;
const DAY_MS = 86_400_000;
const one = timelineOf(1);

/** Ten days, one backup: nothing else. */
export const tenDays: RetentionPolicy = {
  days: 10,
  minBackups: 1,
  daily: 0,
  weekly: 0,
  monthly: 0,
  yearly: 0,
};

/** The segment of a day; day 0 has the second one. */
export function segmentOfDay(day: number): WalSegmentName {
  return segmentAt(one, lsnOf(BigInt(day + 1) * BigInt(SEGMENT_BYTES)), SEGMENT_BYTES);
}

/** The key of a day's segment. */
export function segmentKey(day: number): string {
  return objectKey({ ...testPlace, type: "walSegment", segment: segmentOfDay(day) });
}

/** The instant of a day's backup. */
export function dayMs(firstMs: number, day: number): number {
  return firstMs + day * DAY_MS;
}

/** One backup of the cast. */
export type CastBackup = { readonly id: ObjectId; readonly maps: readonly ObjectId[] };

/**
 * A backup a day from `firstMs` on; each names its own map and that of the backup before it, as an increment does. WAL objects are
 * names only: expire reads none.
 */
export async function daysOfBackups(
  process: SimulatedProcess,
  about: { readonly firstMs: number; readonly days: number },
): Promise<readonly CastBackup[]> {
  const { sealed } = process;
  const lease = await take(process, "backup");
  const made: CastBackup[] = [];
  for (let day = 0; day < about.days; day += 1) {
    const startedAtMs = dayMs(about.firstMs, day);
    const time = startedAtMs.toString(16).padStart(12, "0");
    const id = parseObjectId(`${time}${day.toString(16).padStart(20, "0")}`);
    const own = await storeMap(sealed, lease.epoch);
    const maps = [own, ...(made.at(-1)?.maps.slice(0, 1) ?? [])];
    const startLsn = startOfSegment(segmentOfDay(day), SEGMENT_BYTES);
    const stopLsn = addToLsn(startLsn, 1000);
    const root = {
      ...smallRoot({ id, maps, startedAt: new Date(startedAtMs).toISOString() }),
      startLsn,
      stopLsn,
      walFrom: startLsn,
      walTo: stopLsn,
      finishedAt: new Date(startedAtMs + 60_000).toISOString(),
    };
    for (const type of ["walSegment", "walIndex"] as const) {
      const key = objectKey({ ...testPlace, type, segment: segmentOfDay(day) });
      await sealed.store.put(key, [Buffer.alloc(10)], { signal: never });
    }
    await publishRoot(sealed, root, lease.epoch);
    made.push({ id, maps });
  }
  await lease.release({ signal: never });
  return made;
}

/** What the names of segments tell; the newest instant is `newestMs`. */
export function rules(
  process: SimulatedProcess,
  policy: RetentionPolicy,
  newestMs: number,
  damaged: ReadonlySet<string> = new Set(),
  unread = 0,
): RetentionRules {
  return {
    policy,
    now: () => process.clock.now(),
    readProofWords: () => Promise.resolve({ damaged, unread }),
    readWal: async (place): Promise<RetentionWal> => {
      const spans: { fromLsn: ReturnType<typeof lsnOf>; toLsn: ReturnType<typeof lsnOf> }[] = [];
      const prefix = `${incarnationPrefix(place)}wal/`;
      for await (const { name } of process.sealed.listNames(prefix, { signal: never })) {
        if (name?.type === "walSegment" && timelineOfSegment(name.segment) === one) {
          const fromLsn = startOfSegment(name.segment, SEGMENT_BYTES);
          const toLsn = addToLsn(fromLsn, SEGMENT_BYTES);
          const last = spans.at(-1);
          if (last?.toLsn === fromLsn) {
            last.toLsn = toLsn;
          } else {
            spans.push({ fromLsn, toLsn });
          }
        }
      }
      const timelines =
        spans.length === 0 ? [] : [{ timeline: one, switches: [], spans, newestMs }];
      return { walSegmentBytes: SEGMENT_BYTES, timelines };
    },
  };
}

/** One run of expire with retention. */
export function expireWith(
  process: SimulatedProcess,
  retention: RetentionRules,
  more: Partial<ExpireLeftoversOptions> = {},
): Promise<LeftoversExpired> {
  return expireLeftovers(process.sealed, { ...options(process), retention, ...more });
}

/** The process with a store in which `change` replaces methods. */
export function withStore(
  process: SimulatedProcess,
  change: Partial<SimulatedProcess["sealed"]["store"]>,
): SimulatedProcess {
  const inner = process.sealed.store;
  const store = new Proxy(inner, {
    get(target, property) {
      const own: unknown = Reflect.get(change, property);
      const value: unknown = own ?? Reflect.get(target, property, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  const { clock, random } = process;
  const sealed = new SealedStore({ store, ring: process.sealed.ring, clock, random });
  return { ...process, sealed };
}
