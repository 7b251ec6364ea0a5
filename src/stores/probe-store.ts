/**
 * What a store does when it is asked, as opposed to what its name promises: some answer success to a conditional write that they
 * ignored. `init` and `check` run this; leases are refused where exclusive creation was not seen to work,
 * because two holders of one lease are two histories of one cluster.
 */
import type { Clock } from "../core/clock.ts";
import { isDrError } from "../core/errors.ts";
import { probeRaceCreators, probeRacesTwoProcesses } from "../core/limits.ts";
import { newObjectId } from "../core/object-id.ts";
import type { Random } from "../core/random.ts";
import {
  listAll,
  type ObjectStore,
  type PutResult,
  type StoreCapabilities,
} from "../repository/object-store.ts";
import { leaseSafetyOf } from "./disk/file-system-type.ts";
import type { Race, RaceOutcome } from "./disk/race.ts";

/** `file-system`: SMB, FUSE and their like; `create`: exclusive creation failed; `race`: NFS without a won race. */
export type LeaseVerdict =
  | { readonly kind: "allowed" }
  | { readonly kind: "refused"; readonly reason: "file-system" | "create" | "race" };

/** Each fact as seen. `clockSkewMs`: the store's clock minus ours, give or take the length of one put. */
export type StoreProbe = {
  readonly capabilities: StoreCapabilities;
  readonly refusesSecondCreate: boolean;
  readonly oneWinnerInProcess: boolean;
  readonly twoProcesses?: RaceOutcome;
  readonly readsAfterWrite: boolean;
  readonly readsRanges: boolean;
  readonly listsAfterWrite: boolean;
  readonly deletes: boolean;
  readonly clockSkewMs?: number;
  readonly leases: LeaseVerdict;
};

export type ProbeOptions = {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** For directories: `raceTwoProcesses`. Without it a network file system is refused for leases. */
  readonly race?: (race: Race) => Promise<RaceOutcome>;
};

type Probing = { readonly store: ObjectStore; readonly prefix: string } & ProbeOptions;

/** Undefined when the store refused because other bytes are there, or are being written there. */
async function tryPut(probing: Probing, key: string, text: string): Promise<PutResult | undefined> {
  try {
    return await probing.store.put(`${probing.prefix}${key}`, [Buffer.from(text)], probing);
  } catch (error) {
    if (isDrError(error, "STORE_CONFLICT") || isDrError(error, "STORE_BUSY")) {
      return undefined;
    }
    throw error;
  }
}

/** Undefined when the object is absent or shorter than the range. */
async function tryGet(
  probing: Probing,
  key: string,
  range?: { readonly offset: number; readonly length: number },
): Promise<string | undefined> {
  try {
    const call = { signal: probing.signal, ...(range === undefined ? {} : { range }) };
    return (await probing.store.get(`${probing.prefix}${key}`, call)).toString("latin1");
  } catch (error) {
    if (isDrError(error, "STORE_MISSING") || isDrError(error, "STORE_SHORT_READ")) {
      return undefined;
    }
    throw error;
  }
}

async function oneWinner(probing: Probing): Promise<boolean> {
  const creators = Array.from({ length: probeRaceCreators }, (_, index) => `creator ${index}`);
  const results = await Promise.all(creators.map((text) => tryPut(probing, "race", text)));
  // Identical: its own, of which the answer was lost.
  const winners = creators.filter((_, index) => results[index] !== undefined);
  return winners.length === 1 && (await tryGet(probing, "race")) === winners[0];
}

async function keysSeen(probing: Probing): Promise<ReadonlyMap<string, number | undefined>> {
  const seen = new Map<string, number | undefined>();
  for await (const entry of listAll(probing.store, probing.prefix, probing)) {
    seen.set(entry.key.slice(probing.prefix.length), entry.modifiedAtMs);
  }
  return seen;
}

async function removeAll(probing: Probing): Promise<boolean> {
  try {
    for (const key of (await keysSeen(probing)).keys()) {
      await probing.store.delete(`${probing.prefix}${key}`, probing);
    }
    return (await keysSeen(probing)).size === 0;
  } catch (error) {
    // Credentials that may only add are a fine thing for a production host: an observation, not a failure.
    if (isDrError(error)) {
      return false;
    }
    throw error;
  }
}

function leaseVerdict(
  capabilities: StoreCapabilities,
  seen: { readonly createsOnce: boolean; readonly twoProcesses: RaceOutcome | undefined },
): LeaseVerdict {
  if (!seen.createsOnce) {
    return { kind: "refused", reason: "create" };
  }
  if (capabilities.kind !== "disk") {
    return { kind: "allowed" };
  }
  const safety = leaseSafetyOf(capabilities.fileSystem ?? "");
  if (safety === "refused") {
    return { kind: "refused", reason: "file-system" };
  }
  const raceNeeded = safety === "race-probe" || capabilities.createdBy === "trailer";
  const race = seen.twoProcesses;
  const raceWon = race !== undefined && race.wonOnce === race.keys;
  return raceNeeded && !raceWon ? { kind: "refused", reason: "race" } : { kind: "allowed" };
}

async function raceWhereNeeded(
  probing: Probing,
  capabilities: StoreCapabilities,
): Promise<RaceOutcome | undefined> {
  const local =
    capabilities.kind !== "disk" ||
    (leaseSafetyOf(capabilities.fileSystem ?? "") !== "race-probe" &&
      capabilities.createdBy !== "trailer");
  if (local || probing.race === undefined) {
    return undefined;
  }
  const { store, signal, prefix } = probing;
  return await probing.race({
    store,
    signal,
    prefix: `${prefix}processes/`,
    keys: probeRacesTwoProcesses,
  });
}

/**
 * Writes a few objects under `probe/<id>/`, looks, and deletes them where it may. Aborted or failed: they stay, small and
 * harmless. @throws DrError of the store when it cannot be used at all.
 */
export async function probeStore(store: ObjectStore, options: ProbeOptions): Promise<StoreProbe> {
  const probing: Probing = { ...options, store, prefix: `probe/${newObjectId(options)}/` };
  const capabilities = await store.capabilities(options);
  const beforeMs = options.clock.now();
  const created = await tryPut(probing, "first", "first bytes");
  const afterMs = options.clock.now();
  const readsAfterWrite =
    created !== undefined && (await tryGet(probing, "first")) === "first bytes";
  const second = await tryPut(probing, "first", "other bytes");
  const refusesSecondCreate =
    second === undefined && (await tryGet(probing, "first")) === "first bytes";
  const same = await tryPut(probing, "first", "first bytes");
  const oneWinnerInProcess = await oneWinner(probing);
  const readsRanges =
    (await tryGet(probing, "first", { offset: 6, length: 5 })) === "bytes" &&
    (await tryGet(probing, "first", { offset: 6, length: 6 })) === undefined;
  const seen = await keysSeen(probing);
  const modifiedAtMs = seen.get("first");
  const twoProcesses = await raceWhereNeeded(probing, capabilities);
  const createsOnce = refusesSecondCreate && oneWinnerInProcess && same === "identical";
  return {
    capabilities,
    refusesSecondCreate,
    oneWinnerInProcess,
    ...(twoProcesses === undefined ? {} : { twoProcesses }),
    readsAfterWrite,
    readsRanges,
    listsAfterWrite: seen.has("first") && seen.has("race"),
    ...(modifiedAtMs === undefined
      ? {}
      : { clockSkewMs: Math.round(modifiedAtMs - (beforeMs + afterMs) / 2) }),
    leases: leaseVerdict(capabilities, { createsOnce, twoProcesses }),
    deletes: await removeAll(probing),
  };
}
