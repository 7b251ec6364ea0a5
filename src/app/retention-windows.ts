/**
 * What can be restored before retention and after it: the windows of every incarnation, and those that are left when what the decision
 * gives up is gone. Both by the planner's own steps, so that a preview shows what `pra window` would.
 */
import { isDrError } from "../core/errors.ts";
import { type Lsn, addToLsn } from "../core/lsn.ts";
import { segmentAt, segmentStartAt } from "../core/wal-name.ts";
import type { ClusterName, IncarnationPlace } from "../repository/object-names.ts";
import type { StoreCall } from "../repository/object-store.ts";
import { listIncarnations } from "../repository/read-lease.ts";
import type { RetentionDecision } from "../repository/retention.ts";
import { isWalNeeded } from "../repository/retention-wal.ts";
import type { SealedStore } from "../repository/sealed-store.ts";
import type { PlanCatalogue } from "../restore/plan.ts";
import type { KnownSpan, KnownTimeline } from "../restore/wal-knowledge.ts";
import { type Window, windowsIn } from "../restore/window.ts";
import { readIncarnation } from "./plan-catalogue.ts";

/** The windows of one incarnation. */
export type WindowsChange = {
  readonly place: IncarnationPlace;
  readonly before: readonly Window[];
  readonly after: readonly Window[];
};

/** The segments of a span that are kept, as spans. */
function keptSpans(
  span: KnownSpan,
  walSegmentBytes: number,
  keeps: (segmentLsn: Lsn) => boolean,
): KnownSpan[] {
  const kept: { fromLsn: Lsn; toLsn: Lsn; known: KnownSpan["known"] }[] = [];
  for (let at = span.fromLsn; at < span.toLsn;) {
    const segmentLsn = segmentStartAt(at, walSegmentBytes);
    const end = addToLsn(segmentLsn, walSegmentBytes);
    const toLsn = end < span.toLsn ? end : span.toLsn;
    const last = kept.at(-1);
    if (keeps(segmentLsn)) {
      const known = toLsn === span.toLsn ? span.known : undefined;
      if (last?.toLsn === at) {
        last.toLsn = toLsn;
        last.known = known;
      } else {
        kept.push({ fromLsn: at, toLsn, known });
      }
    }
    at = toLsn;
  }
  return kept;
}

/** The catalogue as it is when the decision was carried out. */
function catalogueAfter(
  { backups, wal }: PlanCatalogue,
  place: IncarnationPlace,
  decision: RetentionDecision,
): PlanCatalogue {
  const needs = decision.wal.get(place.incarnation) ?? { kind: "all" };
  const gone = new Set(
    decision.backups.filter(({ kind }) => kind === "give-up").map(({ backup }) => backup.id),
  );
  const timelines = wal.timelines.flatMap((known): KnownTimeline[] => {
    const { timeline } = known;
    const keeps = (lsn: Lsn): boolean =>
      isWalNeeded(needs, {
        ...place,
        type: "walSegment",
        segment: segmentAt(timeline, lsn, wal.walSegmentBytes),
      });
    const spans = known.spans.flatMap((span) => keptSpans(span, wal.walSegmentBytes, keeps));
    return spans.length === 0 ? [] : [{ ...known, spans }];
  });
  const { walSegmentBytes } = wal;
  return {
    backups: backups.filter(({ id }) => !gone.has(id)),
    wal: {
      walSegmentBytes,
      timelines,
      indexAt: (timeline, segmentLsn, call) => wal.indexAt(timeline, segmentLsn, call),
    },
  };
}

/** What is damaged shows no window; `pra list` and `pra verify` tell why. */
async function shownWindows(catalogue: PlanCatalogue, call: StoreCall): Promise<readonly Window[]> {
  try {
    return (await windowsIn(catalogue, { depth: "ends", signal: call.signal })).windows;
  } catch (error) {
    if (isDrError(error) && /^(?:REPO|WAL|KEY)_/.test(error.code)) {
      return [];
    }
    throw error;
  }
}

/** Reads every incarnation once more. @throws DrError as `readIncarnation`. */
export async function windowsChange(
  sealed: SealedStore,
  about: { readonly cluster: ClusterName; readonly decision: RetentionDecision },
  call: StoreCall,
): Promise<readonly WindowsChange[]> {
  const changes: WindowsChange[] = [];
  for await (const place of listIncarnations(sealed, about.cluster, call)) {
    const { catalogue } = await readIncarnation(sealed, place, call);
    const left = catalogueAfter(catalogue, place, about.decision);
    const before = await shownWindows(catalogue, call);
    const after = await shownWindows(left, call);
    changes.push({ place, before, after });
  }
  return changes;
}
