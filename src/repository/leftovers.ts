/**
 * What killed runs left behind, as a pure decision. An object is a leftover only when it is certain that nobody can come
 * to need it: its writer's epoch is over and no root names it, or something newer replaces it. Ages play no part, for
 * clocks of hosts differ. Where a root cannot be read, what it needs is unknown, and nothing of its
 * incarnation is given up. Which good backups and dumps are given up `retention.ts` and `retention-dumps.ts` decide; what goes with them
 * is a leftover too.
 */
import type { ObjectId } from "../core/object-id.ts";
import { guard } from "../core/failpoint.ts";
import { COVERED_PART } from "./condemn-document.ts";
import { objectKey, type IncarnationPlace, type ObjectName } from "./object-names.ts";
import { protectsObject, type PinSeries } from "./pin-rules.ts";
import {
  type ClusterDecision,
  type RetainedIncarnation,
  type RetentionInput,
  type RetentionLeftoverReason,
  decideFrom,
  retentionLeftovers,
  strayHolds,
} from "./retention-leftovers.ts";

type NameOf<T extends ObjectName["type"]> = Extract<ObjectName, { readonly type: T }>;

/** One pin series, and whether its maker may still read: decided from its lease, its process, its renewals. */
export type ObservedPin = PinSeries & { readonly live: boolean };

/** What was found of one incarnation. Packs and maps that a root names are left out. */
export type IncarnationInventory = {
  readonly place: IncarnationPlace;
  /** Roots and dumps published by fenced writers. */
  readonly fencedRoots: readonly NameOf<"root" | "dump">[];
  /** Roots and dumps that are there and could not be opened. */
  readonly unreadableRoots: readonly ObjectId[];
  /** Packs and maps that no root names, with the epoch in their header; undefined when it could not be read. */
  readonly unreferenced: readonly {
    readonly name: NameOf<"pack" | "map">;
    readonly sizeBytes: number;
    readonly epoch: number | undefined;
  }[];
  /** Parts whose segment is published, and whether that was read back whole. */
  readonly coveredParts: readonly {
    readonly name: NameOf<"walPart">;
    readonly verified: boolean;
  }[];
  /** What retention must know; undefined when it takes no part. */
  readonly retained: RetainedIncarnation | undefined;
};

/** Everything that the decision rests on. */
export type Inventory = {
  /** Highest epoch of the `backup` lease whose holder can publish no root any more; 0 = none. */
  readonly overEpoch: number;
  readonly incarnations: readonly IncarnationInventory[];
  readonly leases: readonly NameOf<"lease">[];
  readonly signs: readonly NameOf<"sign">[];
  readonly pins: readonly ObservedPin[];
  /** Releases whose pins are gone already. */
  readonly strayReleases: readonly ObjectId[];
  /** Condemn objects of earlier epochs of this cluster's `expire` lease. */
  readonly endedCondemns: readonly ObjectId[];
  /** Undefined: no backup or dump that counts is given up. */
  readonly retention: RetentionInput | undefined;
};

/** Why something is a leftover. */
export type LeftoverReason =
  | "published by a fenced writer"
  | "no backup names it and its writer's epoch is over"
  | typeof COVERED_PART
  | "an older renewal"
  | "an older epoch"
  | "an older sign"
  | "released or replaced"
  | "its holder is gone"
  | "of an ended expiry"
  | RetentionLeftoverReason;

/** One object that nobody needs. */
export type Leftover = {
  readonly name: ObjectName;
  readonly key: string;
  readonly reason: LeftoverReason;
  /** Where a listing told it. */
  readonly sizeBytes?: number;
};

function leftover(name: ObjectName, reason: LeftoverReason): Leftover {
  return { name, key: objectKey(name), reason };
}

function* ofIncarnation(
  found: IncarnationInventory,
  overEpoch: number,
): Generator<Leftover, void, undefined> {
  for (const name of found.fencedRoots) {
    yield leftover(name, "published by a fenced writer");
  }
  if (found.unreadableRoots.length === 0) {
    for (const { name, epoch, sizeBytes } of found.unreferenced) {
      // Epoch 0 is no epoch: whoever writes without a lease cannot be told from somebody who still needs it.
      const over = epoch !== undefined && epoch > 0 && epoch <= overEpoch;
      if (over || !guard("L34-running-backup")) {
        const reason = "no backup names it and its writer's epoch is over";
        yield { ...leftover(name, reason), sizeBytes };
      }
    }
  }
  for (const { name, verified } of found.coveredParts) {
    if (verified) {
      yield leftover(name, COVERED_PART);
    }
  }
}

/** Keeps of each lease the newest epoch's renewal 0, which is a fence for readers, and its newest renewal. */
function* ofLeases(leases: readonly NameOf<"lease">[]): Generator<Leftover, void, undefined> {
  const newest = new Map<string, NameOf<"lease">>();
  for (const lease of leases) {
    const which = `${lease.cluster}/${lease.purpose}`;
    const best = newest.get(which);
    const isNewer =
      best === undefined ||
      lease.epoch > best.epoch ||
      (lease.epoch === best.epoch && lease.renewal > best.renewal);
    newest.set(which, isNewer ? lease : best);
  }
  for (const lease of leases) {
    const best = newest.get(`${lease.cluster}/${lease.purpose}`);
    if (best !== undefined && lease.epoch < best.epoch) {
      yield leftover(lease, "an older epoch");
    } else if (best !== undefined && lease.renewal !== 0 && lease.renewal < best.renewal) {
      yield leftover(lease, "an older renewal");
    }
  }
}

/** The newest sign of life is the one that is read. */
function* ofSigns(signs: readonly NameOf<"sign">[]): Generator<Leftover, void, undefined> {
  const newest = signs.reduce((highest, { number }) => Math.max(highest, number), 0);
  for (const sign of signs.filter(({ number }) => number < newest)) {
    yield leftover(sign, "an older sign");
  }
}

function* ofPins(pins: readonly ObservedPin[]): Generator<Leftover, void, undefined> {
  for (const { newest, released, live, ids } of pins) {
    for (const id of ids) {
      if (released || id !== newest.id) {
        yield leftover({ type: "pin", id }, "released or replaced");
      } else if (!live) {
        yield leftover({ type: "pin", id }, "its holder is gone");
      }
    }
    if (released) {
      yield leftover({ type: "pinReleased", id: newest.series }, "released or replaced");
    }
  }
}

/** What live pins protect. */
function protectorOf({ pins }: Inventory): (name: ObjectName) => boolean {
  const protections = pins
    .filter(({ live, released }) => live && !released)
    .flatMap(({ newest }) => newest.protects);
  return (name) => protections.some((protection) => protectsObject(protection, name));
}

/** What retention makes of the inventory; undefined when it takes no part. */
export function retentionOf(inventory: Inventory): ClusterDecision | undefined {
  const { retention, incarnations } = inventory;
  if (retention === undefined) {
    return undefined;
  }
  const sources = incarnations.flatMap(({ place, unreadableRoots, retained }) =>
    retained === undefined ? [] : [{ place, unreadableRoots, retained }],
  );
  return decideFrom(sources, retention, protectorOf(inventory));
}

/** Roots of every incarnation first. */
function* ofRetention(
  { incarnations, retention }: Inventory,
  decision: ClusterDecision | undefined,
): Generator<Leftover, void, undefined> {
  if (decision === undefined || retention === undefined) {
    return;
  }
  const present = new Set<ObjectId>();
  for (const { place, unreadableRoots, fencedRoots, retained } of incarnations) {
    if (retained !== undefined) {
      yield* retentionLeftovers({ place, unreadableRoots, retained }, decision);
      retained.roots.forEach(({ name }) => present.add(name.id));
      retained.dumps.forEach(({ name }) => present.add(name.id));
    }
    unreadableRoots.forEach((id) => present.add(id));
    fencedRoots.forEach(({ id }) => present.add(id));
  }
  yield* strayHolds(retention, present);
}

function* candidates(
  inventory: Inventory,
  decision: ClusterDecision | undefined,
): Generator<Leftover, void, undefined> {
  yield* ofRetention(inventory, decision);
  for (const found of inventory.incarnations) {
    yield* ofIncarnation(found, inventory.overEpoch);
  }
  yield* ofLeases(inventory.leases);
  yield* ofSigns(inventory.signs);
  yield* ofPins(inventory.pins);
  for (const id of inventory.strayReleases) {
    yield leftover({ type: "pinReleased", id }, "released or replaced");
  }
  for (const id of inventory.endedCondemns) {
    yield leftover({ type: "condemn", id }, "of an ended expiry");
  }
}

/**
 * What may go, in the order in which to delete it: roots before what they name, pins before their releases, condemn objects
 * last. Nothing that a live pin protects is in it, and nothing twice.
 */
export function leftoversOf(inventory: Inventory): Leftover[] {
  const isProtected = protectorOf(inventory);
  const decision = retentionOf(inventory);
  const seen = new Set<string>();
  return [...candidates(inventory, decision)].filter(({ name, key }) => {
    const goes = !seen.has(key) && (name.type === "condemn" || !isProtected(name));
    seen.add(key);
    return goes;
  });
}
