/**
 * From the retention decision to the objects that go with it, as a pure step: roots and dumps first, because nothing may be listed whose
 * parts are being deleted; then WAL, each segment before its index, so that what is left of a run that died is found again; then packs and
 * maps that only what is given up names; and the holds of backups and dumps that are gone.
 */
import { guard } from "../core/failpoint.ts";
import type { ObjectId } from "../core/object-id.ts";
import { activeHold, type HoldDocument } from "./holds.ts";
import { objectKey, type IncarnationPlace, type ObjectName } from "./object-names.ts";
import { type DumpDecision, type RetainedDump, decideDumps } from "./retention-dumps.ts";
import { type RetentionDecision, decideRetention } from "./retention.ts";
import type {
  ProofWords,
  RetainedBackup,
  RetentionPolicy,
  RetentionWal,
} from "./retention-view.ts";
import { type WalObjectName, isWalNeeded } from "./retention-wal.ts";

type NameOf<T extends ObjectName["type"]> = Extract<ObjectName, { readonly type: T }>;

/** An object that is there. */
export type Present<Name extends ObjectName> = { readonly name: Name; readonly sizeBytes: number };

/** One backup that counts, as far as retention must know it. */
export type RootFacts = Present<NameOf<"root">> &
  Omit<RetainedBackup, "id" | "hold" | "pinned" | "damaged"> & {
    /** Packs and maps that it names; ids shared with other roots are the same strings. */
    readonly named: readonly ObjectId[];
  };

/** One dump that counts, likewise. */
export type DumpFacts = Present<NameOf<"dump">> &
  Omit<RetainedDump, "id" | "hold" | "pinned" | "whole"> & {
    /** Packs that it names. */
    readonly named: readonly ObjectId[];
  };

/** What retention must know of one incarnation. */
export type RetainedIncarnation = {
  readonly roots: readonly RootFacts[];
  readonly dumps: readonly DumpFacts[];
  /** Packs and maps that are there and that a root or a dump names. */
  readonly named: readonly Present<NameOf<"pack" | "map">>[];
  /** In order of names. */
  readonly walObjects: readonly Present<WalObjectName>[];
  readonly wal: RetentionWal;
};

/** What retention must know of the cluster. */
export type RetentionInput = {
  readonly policy: RetentionPolicy;
  /** The host's clock. */
  readonly nowMs: number;
  /** The newest word on every backup and dump that ever was held. */
  readonly holds: ReadonlyMap<ObjectId, HoldDocument>;
  readonly holdObjects: readonly Present<NameOf<"hold">>[];
  readonly proofs: ProofWords;
};

/** One incarnation, as the decision takes it. */
export type RetentionSource = {
  readonly place: IncarnationPlace;
  readonly unreadableRoots: readonly ObjectId[];
  readonly retained: RetainedIncarnation;
};

/** Backups with their WAL, and dumps, each by itself. */
export type ClusterDecision = RetentionDecision & { readonly dumps: DumpDecision };

function dumpsOf(
  { place, unreadableRoots, retained }: RetentionSource,
  input: RetentionInput,
  isPinned: (name: ObjectName) => boolean,
): Parameters<typeof decideDumps>[0][number] {
  const present = new Set(retained.named.map(({ name }) => name.id));
  const dumps = retained.dumps.map(({ name, sizeBytes: _sizeBytes, named, ...facts }) => ({
    ...facts,
    id: name.id,
    whole: named.every((id) => present.has(id)),
    hold: activeHold(input.holds.get(name.id)),
    pinned: isPinned(name),
  }));
  return { place, unreadableRoots, dumps };
}

/** Decides from what was found. `isPinned`: somebody reads this root or dump, or builds upon it. */
export function decideFrom(
  sources: readonly RetentionSource[],
  input: RetentionInput,
  isPinned: (name: ObjectName) => boolean,
): ClusterDecision {
  const incarnations = sources.map(({ place, unreadableRoots, retained }) => ({
    place,
    unreadableRoots,
    ...retained.wal,
    backups: retained.roots.map(({ name, sizeBytes: _sizeBytes, named: _named, ...facts }) => ({
      ...facts,
      id: name.id,
      hold: activeHold(input.holds.get(name.id)),
      pinned: isPinned(name),
      damaged: input.proofs.damaged.has(name.id),
    })),
  }));
  const dumps = sources.map((source) => dumpsOf(source, input, isPinned));
  return {
    ...decideRetention(
      { incarnations, proofsUnread: input.proofs.unread },
      input.policy,
      input.nowMs,
    ),
    dumps: decideDumps(dumps, input.policy, input.nowMs),
  };
}

/** The reason with which the root of a backup goes that counts. */
export const GIVEN_UP = "given up by retention";
/** The reason with which a dump goes that counts. */
export const DUMP_GIVEN_UP = "a dump given up by retention";

/** Why retention gives something up. */
export type RetentionLeftoverReason =
  | typeof GIVEN_UP
  | typeof DUMP_GIVEN_UP
  | "no kept backup and no instant of the window needs it"
  | "only backups that were given up name it"
  | "only dumps that were given up name it"
  | "of a backup that is gone";

/** One object that goes with the decision. */
export type RetentionLeftover = {
  readonly name: ObjectName;
  readonly key: string;
  readonly reason: RetentionLeftoverReason;
  readonly sizeBytes: number;
};

function leftover(
  { name, sizeBytes }: Present<ObjectName>,
  reason: RetentionLeftoverReason,
): RetentionLeftover {
  return { name, key: objectKey(name), reason, sizeBytes };
}

function idsGivenUp({ backups, dumps }: ClusterDecision): ReadonlySet<ObjectId> {
  return new Set([
    ...backups.flatMap(({ kind, backup }) => (kind === "give-up" ? [backup.id] : [])),
    ...dumps.dumps.flatMap(({ kind, dump }) => (kind === "give-up" ? [dump.id] : [])),
  ]);
}

/** What of one incarnation goes. */
export function* retentionLeftovers(
  { place, retained }: RetentionSource,
  decision: ClusterDecision,
): Generator<RetentionLeftover, void, undefined> {
  const givenUp = idsGivenUp(decision);
  const needed = new Set<ObjectId>();
  const ofDumps = new Set<ObjectId>(retained.dumps.flatMap(({ named }) => named));
  for (const root of [...retained.roots, ...retained.dumps]) {
    const isKept = !givenUp.has(root.name.id);
    if (isKept && (root.name.type === "root" || guard("L37-kept-dump-keeps-packs"))) {
      root.named.forEach((id) => needed.add(id));
    }
  }
  const packs = retained.named
    .filter(({ name }) => !needed.has(name.id))
    .map((one) =>
      leftover(
        one,
        ofDumps.has(one.name.id)
          ? "only dumps that were given up name it"
          : "only backups that were given up name it",
      ),
    );
  if (!guard("L38-roots-first")) {
    yield* packs;
  }
  for (const root of [...retained.roots, ...retained.dumps]) {
    if (givenUp.has(root.name.id)) {
      yield leftover(root, root.name.type === "root" ? GIVEN_UP : DUMP_GIVEN_UP);
    }
  }
  const needs = decision.wal.get(place.incarnation) ?? { kind: "all" };
  for (const one of retained.walObjects) {
    if (!isWalNeeded(needs, one.name) && guard("L37-unneeded-wal-goes")) {
      yield leftover(one, "no kept backup and no instant of the window needs it");
    }
  }
  yield* packs;
}

/** Holds of backups and dumps that are gone. `present`: every root and dump that is there, readable or not. */
export function* strayHolds(
  { holdObjects }: RetentionInput,
  present: ReadonlySet<ObjectId>,
): Generator<RetentionLeftover, void, undefined> {
  for (const one of holdObjects) {
    if (!present.has(one.name.backup)) {
      yield leftover(one, "of a backup that is gone");
    }
  }
}
