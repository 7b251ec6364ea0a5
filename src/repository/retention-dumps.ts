/**
 * Which dumps are kept and which are given up: a pure decision by the rules of backups, apart from theirs (requirement R22). A dump brings
 * back no instant but its own, and nothing leads from one to another. So there is no base, and who is compared with whom follows from
 * what is in it: of each database, and of roles and tablespaces, the newest dumps that hold it stay, so many as the policy
 * says, and so does the newest of each period. Whoever dumps one database every hour thus loses no other's last dump (loss class 36), and
 * neither does a database that was dropped: its newest dumps are all that is left of it.
 *
 * Dumps are counted over all incarnations of a cluster, and their days are counted back by the instants at which dumps ended.
 */
import { guard } from "../core/failpoint.ts";
import type { ObjectId } from "../core/object-id.ts";
import type { IncarnationPlace } from "./object-names.ts";
import {
  type OwnKeepReason,
  type RankKeepReason,
  type RetentionWindow,
  type SharedGiveUpReason,
  byTime,
  keptAmong,
  ownReasons,
  sharedGiveUpReasons,
  windowOf,
} from "./retention-rules.ts";
import type { RetainedRecord, RetentionPolicy } from "./retention-view.ts";

/** A database by its name; null = roles and tablespaces. */
export type DumpContent = string | null;

/** One dump that counts. */
export type RetainedDump = RetainedRecord & {
  readonly contents: readonly DumpContent[];
  /** Every pack that it names is there. */
  readonly whole: boolean;
};

/** The dumps of one incarnation. */
export type DumpIncarnation = {
  readonly place: IncarnationPlace;
  readonly dumps: readonly RetainedDump[];
  /** Roots and dumps that are there and cannot be read. */
  readonly unreadableRoots: readonly ObjectId[];
};

/** Why a dump is kept; `contents`: of what it is the newest. */
export type DumpKeepReason =
  OwnKeepReason | (RankKeepReason & { readonly contents: readonly DumpContent[] });

/** What becomes of a dump. */
export type DumpVerdict = {
  readonly place: IncarnationPlace;
  readonly dump: RetainedDump;
} & (
  | { readonly kind: "keep"; readonly reasons: readonly DumpKeepReason[] }
  | { readonly kind: "give-up"; readonly reasons: readonly SharedGiveUpReason[] }
);

/** The whole decision on dumps, oldest first. */
export type DumpDecision = RetentionWindow & { readonly dumps: readonly DumpVerdict[] };

type Candidate = {
  readonly place: IncarnationPlace;
  readonly record: RetainedDump;
  readonly restorable: boolean;
  /** Dumps are read back when they are made, and not proved. */
  readonly damaged: false;
  readonly keep: OwnKeepReason[];
  /** By their text: the same rank or period counts for several contents. */
  readonly ranks: Map<
    string,
    { readonly reason: RankKeepReason; readonly contents: DumpContent[] }
  >;
};

/** Those that hold a content, for each. */
function byContent(candidates: readonly Candidate[]): ReadonlyMap<DumpContent, Candidate[]> {
  const found = new Map<DumpContent, Candidate[]>();
  for (const one of candidates) {
    const contents = guard("L36-dumps-by-database") ? new Set(one.record.contents) : [null];
    for (const content of contents) {
      const holding = found.get(content) ?? [];
      holding.push(one);
      found.set(content, holding);
    }
  }
  return found;
}

function verdictOf(
  { place, record: dump, keep, ranks }: Candidate,
  policy: RetentionPolicy,
  window: RetentionWindow,
): DumpVerdict {
  const ranked = [...ranks.values()].map(({ reason, contents }) => ({ ...reason, contents }));
  const reasons = [...keep, ...ranked];
  return reasons.length > 0
    ? { kind: "keep", place, dump, reasons }
    : { kind: "give-up", place, dump, reasons: sharedGiveUpReasons(dump, policy, window) };
}

/** Decides. `nowMs`: the host's clock. */
export function decideDumps(
  incarnations: readonly DumpIncarnation[],
  policy: RetentionPolicy,
  nowMs: number,
): DumpDecision {
  const all = incarnations.flatMap(({ dumps }) => dumps);
  const window = windowOf(all, policy, nowMs);
  const candidates = incarnations
    .flatMap(({ place, dumps, unreadableRoots }) =>
      dumps.map((record): Candidate => {
        const keep = ownReasons(record, unreadableRoots, window);
        const ranks: Candidate["ranks"] = new Map();
        return { place, record, restorable: record.whole, damaged: false, keep, ranks };
      }),
    )
    .toSorted((a, b) => byTime(a.record, b.record));
  for (const [content, holding] of byContent(candidates)) {
    for (const { one, reason } of keptAmong(holding, policy)) {
      const key = JSON.stringify(reason);
      const known = one.ranks.get(key) ?? { reason, contents: [] };
      known.contents.push(content);
      one.ranks.set(key, known);
    }
  }
  return { ...window, dumps: candidates.map((one) => verdictOf(one, policy, window)) };
}
