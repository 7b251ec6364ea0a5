/**
 * What retention must know of an incarnation's WAL, from its catalogue and its indexes: which stretches there are, how timelines
 * descend from each other, and up to when each branch leads. A time that cannot be told stays unknown, and then nothing of that
 * branch counts as old.
 */
import { isDrError } from "../core/errors.ts";
import { retentionLookBackSegmentsMax } from "../core/limits.ts";
import { type Lsn, LSN_ZERO, addToLsn, lsnOf } from "../core/lsn.ts";
import { segmentStartAt } from "../core/wal-name.ts";
import type { IncarnationPlace } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import type { RetentionTimeline, RetentionWal } from "../repository/retention-view.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import { type Branch, branchesOf } from "../restore/plan-lineage.ts";
import { walKnowledgeOf } from "../restore/wal-knowledge-of-catalogue.ts";
import type { WalKnowledge } from "../restore/wal-knowledge.ts";
import { epochMsOfPgTime } from "../wal/record/wal-event.ts";
import type { TransactionColumns } from "../wal/transaction-columns.ts";
import { WalCatalogue } from "../wal/wal-catalogue.ts";

/** The segments of a branch as far as they are held, newest first. */
function* segmentsBackwards(
  { walSegmentBytes, timelines }: WalKnowledge,
  branch: Branch,
): Generator<{ readonly timeline: Branch["timeline"]; readonly segmentLsn: Lsn }> {
  for (const { timeline, fromLsn, toLsn } of branch.steps.toReversed()) {
    const spans = timelines.find((known) => known.timeline === timeline)?.spans ?? [];
    for (const span of spans.toReversed()) {
      const end = toLsn !== undefined && toLsn < span.toLsn ? toLsn : span.toLsn;
      const from = fromLsn > span.fromLsn ? fromLsn : span.fromLsn;
      if (end <= from) {
        continue;
      }
      const first = segmentStartAt(from, walSegmentBytes);
      let segmentLsn = segmentStartAt(lsnOf(end - 1n), walSegmentBytes);
      for (; segmentLsn >= first; segmentLsn = addToLsn(segmentLsn, -walSegmentBytes)) {
        yield { timeline, segmentLsn };
        if (segmentLsn === LSN_ZERO) {
          return;
        }
      }
    }
  }
}

function newestTime({ timesMicros }: TransactionColumns): bigint | undefined {
  let newest: bigint | undefined;
  for (const time of timesMicros) {
    newest = newest === undefined || time > newest ? time : newest;
  }
  return newest;
}

type Call = StoreCall & { readonly segmentsMax: number };

/** The newest instant to which a branch leads, in milliseconds, as `RetentionTimeline` has it. */
async function newestMsOf(
  knowledge: WalKnowledge,
  branch: Branch,
  call: Call,
): Promise<number | "none" | undefined> {
  const own = knowledge.timelines.find(({ timeline }) => timeline === branch.timeline);
  const claims = (own?.spans ?? []).flatMap(({ known }) =>
    known === undefined ? [] : [epochMsOfPgTime(known.atMicros)],
  );
  let looked = 0;
  for (const { timeline, segmentLsn } of segmentsBackwards(knowledge, branch)) {
    looked += 1;
    const index =
      looked > call.segmentsMax ? undefined : await knowledge.indexAt(timeline, segmentLsn, call);
    if (index === undefined) {
      return undefined;
    }
    const newest = newestTime(index.transactions);
    if (newest !== undefined) {
      return Math.max(epochMsOfPgTime(newest), ...claims);
    }
  }
  return claims.length === 0 ? "none" : Math.max(...claims);
}

/** Reads it. @throws DrError what the store throws; `WAL_HISTORY_INVALID`; `REPO_*` for parts that cannot be believed. */
export async function readRetentionWal(
  sealed: SealedStore,
  place: IncarnationPlace,
  call: StoreCall,
): Promise<RetentionWal> {
  const catalogue = await WalCatalogue.load(sealed, place, call);
  const segmentsMax = retentionLookBackSegmentsMax;
  return await retentionWalOf(walKnowledgeOf(sealed, catalogue), { ...call, segmentsMax });
}

/** The same, from what is known already, looking through so many segments for the last transaction. @throws DrError what the store throws. */
export async function retentionWalOf(knowledge: WalKnowledge, call: Call): Promise<RetentionWal> {
  const timelines: RetentionWal["timelines"][number][] = [];
  for (const branch of branchesOf(knowledge)) {
    const known = knowledge.timelines.find(({ timeline }) => timeline === branch.timeline);
    let newestMs: RetentionTimeline["newestMs"];
    try {
      newestMs = await newestMsOf(knowledge, branch, call);
    } catch (error) {
      // WAL or an index that is damaged tells no time; `pra verify` tells of it.
      if (!isDrError(error) || !/^(?:REPO|WAL|KEY)_/.test(error.code)) {
        throw error;
      }
    }
    const { timeline } = branch;
    timelines.push({ timeline, switches: known?.switches, spans: known?.spans ?? [], newestMs });
  }
  const walSegmentBytes = timelines.length === 0 ? undefined : knowledge.walSegmentBytes;
  return { walSegmentBytes, timelines };
}
