/**
 * `--sabotage`: removes the newest durable WAL that holds acknowledged commits, to show that a loss is seen and told. It takes
 * the objects of one segment, the newest in which a whole acknowledged commit lies, so that everything before it can
 * still be restored.
 */
import { DrError } from "../../core/errors.ts";
import { type Lsn, addToLsn } from "../../core/lsn.ts";
import { type WalSegmentName, startOfSegment, timelineOfSegment } from "../../core/wal-name.ts";
import type { Acknowledged } from "../../loadtest/acknowledged.ts";
import { type IncarnationPlace, incarnationPrefix } from "../../repository/object-names.ts";
import type { SealedStore } from "../../repository/sealed-store.ts";
import { WalCatalogue } from "../../wal/wal-catalogue.ts";
import type { Sabotage } from "./demo-report.ts";

/** The keys of all objects that hold WAL, by segment. */
async function objectsBySegment(
  sealed: SealedStore,
  place: IncarnationPlace,
  signal: AbortSignal,
): Promise<ReadonlyMap<WalSegmentName, readonly string[]>> {
  const found = new Map<WalSegmentName, string[]>();
  for await (const { key, name } of sealed.listNames(`${incarnationPrefix(place)}wal/`, {
    signal,
  })) {
    if (name?.type === "walSegment" || name?.type === "walPart") {
      const keys = found.get(name.segment) ?? [];
      keys.push(key);
      found.set(name.segment, keys);
    }
  }
  return found;
}

/**
 * Removes them. The receiver must have ended. @throws DrError `USAGE_DEMO_NO_SABOTAGE` when no acknowledged commit lies
 * behind the backups, which a load of seconds always makes.
 */
export async function sabotageWal(options: {
  readonly sealed: SealedStore;
  readonly place: IncarnationPlace;
  readonly acknowledged: Acknowledged;
  /** The newest backup needs all WAL before it. */
  readonly backupStopLsn: Lsn;
  readonly walSegmentBytes: number;
  readonly signal: AbortSignal;
}): Promise<Sabotage> {
  const { sealed, place, acknowledged, backupStopLsn, walSegmentBytes, signal } = options;
  const segments = [...(await objectsBySegment(sealed, place, signal))].toReversed();
  const newestInsert = acknowledged
    .all()
    .reduce<Lsn | undefined>(
      (newest, { insertLsn }) => (newest === undefined || insertLsn > newest ? insertLsn : newest),
      undefined,
    );
  const catalogue = await WalCatalogue.load(sealed, place, { signal });
  for (const [segment, keys] of segments) {
    const fromLsn = startOfSegment(segment, walSegmentBytes);
    const timeline = timelineOfSegment(segment);
    if (newestInsert !== undefined && newestInsert >= fromLsn && fromLsn >= backupStopLsn) {
      const heldTo = catalogue.durableLsn(timeline) ?? fromLsn;
      const end = addToLsn(fromLsn, walSegmentBytes);
      for (const key of keys) {
        await sealed.store.delete(key, { signal });
      }
      return { objects: keys, fromLsn, toLsn: heldTo < end ? heldTo : end };
    }
  }
  throw new DrError("WAL_DEMO_NO_SABOTAGE", {});
}
