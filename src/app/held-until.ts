/**
 * Until which instant everything that was committed is certainly held, for exposure. Three witnesses, and the latest of them counts: what a
 * receiver was told ("nothing beyond E at that instant"), the last commit in a published segment, and the newest backup, which holds
 * what was committed before it began. A site without a receiver has the last two. Instants are those of the server's clock, but for a
 * backup's, which are its host's.
 */
import { isDrError } from "../core/errors.ts";
import { exposureSegmentsMax } from "../core/look-limits.ts";
import { type Lsn, lsnOf } from "../core/lsn.ts";
import { type WalSegmentName, segmentAt, segmentStartAt } from "../core/wal-name.ts";
import type { BackupRoot } from "../repository/root.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { lastCommit } from "../wal/segment-index.ts";
import { decodeSegmentIndex } from "../wal/segment-index-codec.ts";
import type { TimelineWal, WalCatalogue } from "../wal/wal-catalogue.ts";

type Call = { readonly signal: AbortSignal };

const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1);

function msOfMicros(micros: bigint): number {
  return Number(micros / 1000n) + POSTGRES_EPOCH_MS;
}

async function lastCommitIn(
  sealed: SealedStore,
  catalogue: WalCatalogue,
  segment: WalSegmentName,
  call: Call,
): Promise<number | undefined> {
  try {
    const name = { ...catalogue.place, type: "walIndex", segment } as const;
    const { content } = await sealed.getWhole(name, call);
    const commit = lastCommit(decodeSegmentIndex(content));
    return commit && msOfMicros(commit.timeMicros);
  } catch (error) {
    // A segment whose index is still to be written, or was never: the one before may tell.
    if (isDrError(error, "STORE_MISSING")) {
      return undefined;
    }
    throw error;
  }
}

/** Looks back from the end of what is published, a few segments: on an idle server none of them has a commit. */
async function newestCommitMs(
  sealed: SealedStore,
  catalogue: WalCatalogue,
  wal: TimelineWal,
  call: Call,
): Promise<number | undefined> {
  const { timeline, walSegmentBytes } = wal;
  const last = wal.published.at(-1);
  let toLsn: Lsn | undefined = last?.toLsn;
  for (let looked = 0; looked < exposureSegmentsMax; looked += 1) {
    if (last === undefined || toLsn === undefined || toLsn <= last.fromLsn) {
      return undefined;
    }
    const startLsn = segmentStartAt(lsnOf(toLsn - 1n), walSegmentBytes);
    const segment = segmentAt(timeline, startLsn, walSegmentBytes);
    const commitMs = await lastCommitIn(sealed, catalogue, segment, call);
    if (commitMs !== undefined) {
      return commitMs;
    }
    toLsn = startLsn;
  }
  return undefined;
}

/** Milliseconds since 1970; undefined when nothing tells. @throws DrError `REPO_*`, `STORE_*`. */
export async function heldUntilMs(
  about: {
    readonly sealed: SealedStore;
    readonly catalogue: WalCatalogue;
    readonly wal: TimelineWal;
    readonly newest: BackupRoot | undefined;
  },
  call: Call,
): Promise<number | undefined> {
  const { sealed, catalogue, wal, newest } = about;
  const { timeline } = wal;
  const durableLsn = catalogue.durableLsn(timeline);
  const claim = catalogue.knownAt(timeline);
  const backedUp =
    newest?.timeline === timeline && durableLsn !== undefined && newest.stopLsn <= durableLsn;
  const witnesses = [
    claim && msOfMicros(claim.knownAt),
    await newestCommitMs(sealed, catalogue, wal, call),
    backedUp ? Date.parse(newest.startedAt) : undefined,
  ].filter((witness) => witness !== undefined);
  return witnesses.length === 0 ? undefined : Math.max(...witnesses);
}
