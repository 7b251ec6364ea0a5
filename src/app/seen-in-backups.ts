/**
 * A table that was not there at an instant: in which backups before and after it was. They are looked into without restoring anything, a few
 * of them, for a few seconds: the answer names where to go, and leaves out what it did not find in time.
 */
import { isDrError } from "../core/errors.ts";
import { seenLookMs, seenLooksMax } from "../core/limits.ts";
import type { Lsn } from "../core/lsn.ts";
import type { ObjectId } from "../core/object-id.ts";
import { decodeRoot } from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { type LookedFor, isInBackup } from "../restore/known-relation.ts";
import type { BackupSummary } from "../restore/plan-backup.ts";
import { formatInstant } from "../restore/target-time.ts";
import type { IncarnationView } from "./plan-catalogue.ts";

/** A backup in which it was, and when that backup ended by the clock of the host that took it. */
export type Sighting = { readonly backup: ObjectId; readonly endedAt: string };

/** What was found. */
export type Sightings = {
  readonly before: Sighting | undefined;
  readonly after: Sighting | undefined;
  readonly looked: number;
};

/**
 * The nearest of `count` places at which something holds, as far as `looksMax` looks tell: with doubling steps until one does, then by halves
 * back towards the near end. What comes and goes may be found further away than need be.
 */
export async function nearestSeen(
  count: number,
  looksMax: number,
  isThere: (place: number) => Promise<boolean>,
): Promise<number | undefined> {
  let left = looksMax;
  let absent = -1;
  let found: number | undefined;
  for (let place = 0; found === undefined && absent < count - 1 && left > 0; left -= 1) {
    if (await isThere(place)) {
      found = place;
    } else {
      absent = place;
      place = Math.min(count - 1, 2 * place + 1);
    }
  }
  while (found !== undefined && found - absent > 1 && left > 0) {
    const middle = Math.floor((absent + found) / 2);
    left -= 1;
    if (await isThere(middle)) {
      found = middle;
    } else {
      absent = middle;
    }
  }
  return found;
}

/** Looks on both sides of a position. Rejects only when aborted. */
export async function findSightings(
  sealed: SealedStore,
  view: IncarnationView,
  of: {
    readonly wanted: LookedFor;
    /** Where it was not there. */
    readonly lsn: Lsn;
    readonly signal: AbortSignal;
  },
): Promise<Sightings> {
  const { place } = view;
  const limit = AbortSignal.timeout(seenLookMs);
  const signal = AbortSignal.any([of.signal, limit]);
  let looked = 0;
  const isThere = async ({ id }: BackupSummary): Promise<boolean> => {
    if (limit.aborted) {
      return false;
    }
    try {
      const { content } = await sealed.getWhole({ ...place, type: "root", id }, { signal });
      const found = await isInBackup(
        { sealed, place, root: decodeRoot(content), signal },
        of.wanted,
      );
      looked += 1;
      return found;
    } catch (error) {
      of.signal.throwIfAborted();
      // One that is damaged, or gone by now, tells nothing; `pra verify` tells of it.
      if (limit.aborted || isDrError(error)) {
        return false;
      }
      throw error;
    }
  };
  const nearest = async (backups: readonly BackupSummary[]): Promise<Sighting | undefined> => {
    const found = await nearestSeen(backups.length, seenLooksMax, async (number) => {
      const backup = backups[number];
      return backup !== undefined && (await isThere(backup));
    });
    const backup = found === undefined ? undefined : backups[found];
    return backup === undefined
      ? undefined
      : { backup: backup.id, endedAt: formatInstant(backup.finishedMicros) };
  };
  const ordered = view.catalogue.backups.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const before = ordered.filter(({ stopLsn }) => stopLsn <= of.lsn).toReversed();
  const after = ordered.filter(({ stopLsn }) => stopLsn > of.lsn);
  const [then, later] = [await nearest(before), await nearest(after)];
  return { before: then, after: later, looked };
}
