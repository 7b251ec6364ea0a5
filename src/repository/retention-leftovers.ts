/**
 * From the retention decision to the objects that go with it, as a pure step: roots first, because nothing may be listed whose parts
 * are being deleted; then WAL, each segment before its index, so that what is left of a run that died is found again; then packs and maps
 * that only the roots given up name; and the holds of backups that are gone.
 */
import { guard } from "../core/failpoint.ts";
import type { ObjectId } from "../core/object-id.ts";
import { activeHold, type HoldDocument } from "./holds.ts";
import { objectKey, type IncarnationPlace, type ObjectName } from "./object-names.ts";
import { type RetentionDecision, decideRetention } from "./retention.ts";
import type { RetainedBackup, RetentionPolicy, RetentionWal } from "./retention-view.ts";
import { type WalObjectName, isWalNeeded } from "./retention-wal.ts";

type NameOf<T extends ObjectName["type"]> = Extract<ObjectName, { readonly type: T }>;

/** An object that is there. */
export type Present<Name extends ObjectName> = { readonly name: Name; readonly sizeBytes: number };

/** One backup that counts, as far as retention must know it. */
export type RootFacts = Present<NameOf<"root">> &
  Omit<RetainedBackup, "id" | "hold" | "pinned"> & {
    /** Packs and maps that it names; ids shared with other roots are the same strings. */
    readonly named: readonly ObjectId[];
  };

/** What retention must know of one incarnation. */
export type RetainedIncarnation = {
  readonly roots: readonly RootFacts[];
  /** Named by dumps as well: these are never given up here. */
  readonly namedByDumps: ReadonlySet<ObjectId>;
  /** Packs and maps that are there and that a root names. */
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
  /** The newest word on every backup that ever was held. */
  readonly holds: ReadonlyMap<ObjectId, HoldDocument>;
  readonly holdObjects: readonly Present<NameOf<"hold">>[];
};

/** One incarnation, as the decision takes it. */
export type RetentionSource = {
  readonly place: IncarnationPlace;
  readonly unreadableRoots: readonly ObjectId[];
  readonly retained: RetainedIncarnation;
};

/** Decides from what was found. `isPinned`: somebody reads this root, or builds upon it. */
export function decideFrom(
  sources: readonly RetentionSource[],
  input: RetentionInput,
  isPinned: (name: ObjectName) => boolean,
): RetentionDecision {
  const incarnations = sources.map(({ place, unreadableRoots, retained }) => ({
    place,
    unreadableRoots,
    ...retained.wal,
    backups: retained.roots.map(({ name, sizeBytes: _sizeBytes, named: _named, ...facts }) => ({
      ...facts,
      id: name.id,
      hold: activeHold(input.holds.get(name.id)),
      pinned: isPinned(name),
    })),
  }));
  return decideRetention({ incarnations }, input.policy, input.nowMs);
}

/** The reason with which the root of a backup goes that counts. */
export const GIVEN_UP = "given up by retention";

/** Why retention gives something up. */
export type RetentionLeftoverReason =
  | typeof GIVEN_UP
  | "no kept backup and no instant of the window needs it"
  | "only backups that were given up name it"
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

/** What of one incarnation goes. */
export function* retentionLeftovers(
  { place, retained }: RetentionSource,
  decision: RetentionDecision,
): Generator<RetentionLeftover, void, undefined> {
  const givenUp = new Set(
    decision.backups.filter(({ kind }) => kind === "give-up").map(({ backup }) => backup.id),
  );
  const needed = new Set<ObjectId>(retained.namedByDumps);
  for (const root of retained.roots) {
    if (!givenUp.has(root.name.id)) {
      root.named.forEach((id) => needed.add(id));
    }
  }
  const packs = retained.named.filter(({ name }) => !needed.has(name.id));
  if (!guard("L38-roots-first")) {
    yield* packs.map((one) => leftover(one, "only backups that were given up name it"));
  }
  for (const root of retained.roots) {
    if (givenUp.has(root.name.id)) {
      yield leftover(root, GIVEN_UP);
    }
  }
  const needs = decision.wal.get(place.incarnation) ?? { kind: "all" };
  for (const one of retained.walObjects) {
    if (!isWalNeeded(needs, one.name) && guard("L37-unneeded-wal-goes")) {
      yield leftover(one, "no kept backup and no instant of the window needs it");
    }
  }
  yield* packs.map((one) => leftover(one, "only backups that were given up name it"));
}

/** Holds of backups of which no root is left. `present`: every root that is there, readable or not. */
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
