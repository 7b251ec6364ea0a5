/** Who acts in the tests of expire: backups, readers, retention and expiries on simulated hosts, and the judge. */
import assert from "node:assert/strict";
import type { ObjectId } from "../../src/core/object-id.ts";
import { randomInteger } from "../../src/core/random.ts";
import { createKeyRing } from "../../src/pipeline/sealing/key-ring.ts";
import { expireLeftovers, type LeftoversExpired } from "../../src/repository/expire-leftovers.ts";
import { acceptedRoots } from "../../src/repository/fencing.ts";
import { acquireLease, type Lease, type LeaseOptions } from "../../src/repository/lease.ts";
import { objectKey, rootPrefix } from "../../src/repository/object-names.ts";
import { listAll } from "../../src/repository/object-store.ts";
import { observePins } from "../../src/repository/observe-holders.ts";
import { protectsObject, type Protection } from "../../src/repository/pin-rules.ts";
import { holdPin, type Pin } from "../../src/repository/pins.ts";
import { readFence } from "../../src/repository/read-lease.ts";
import { decodeRoot } from "../../src/repository/root.ts";
import {
  never,
  testCluster,
  testPlace,
  type SimulatedProcess,
  type SimulatedRepository,
} from "./simulated-repository.ts";
import { mapKey, publishRoot, rootName, smallRoot, storeMap } from "./small-root.ts";

/** Keys of every test. */
export const ring = createKeyRing();
/** Short, so that watching is. */
export const ttlSeconds = 30;

/** How a process works. */
export function options(process: SimulatedProcess, signal = never): Omit<LeaseOptions, "purpose"> {
  const { clock, observer } = process;
  return { cluster: testCluster, ttlSeconds, clock, observer, signal };
}

/** Takes a lease. */
export function take(
  process: SimulatedProcess,
  purpose: "backup" | "expire",
  signal = never,
): Promise<Lease> {
  return acquireLease(process.sealed, { ...options(process, signal), purpose });
}

/** Pins one backup. */
export function pinBackup(process: SimulatedProcess, id: ObjectId, lease?: Lease): Promise<Pin> {
  const protects: Protection[] = [{ kind: "backups", ...testPlace, ids: [id] }];
  return holdPin(process.sealed, { ...options(process), purpose: "test", protects, lease });
}

/** What is stored. */
export async function keys(repository: SimulatedRepository, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of listAll(repository.store, prefix, { signal: never })) {
    found.push(key);
  }
  return found;
}

/** Takes a backup of a few maps, upon a parent when there is one. */
export async function backUp(process: SimulatedProcess, parent?: ObjectId): Promise<ObjectId> {
  const lease = await take(process, "backup");
  try {
    const inherited: ObjectId[] = [];
    if (parent !== undefined) {
      await pinBackup(process, parent, lease);
      const { content } = await process.sealed.getWhole(rootName(parent), { signal: never });
      inherited.push(...decodeRoot(content).maps.map(({ id }) => id));
    }
    const id = process.sealed.newId();
    const maps: ObjectId[] = [];
    for (let count = randomInteger(process.random, { from: 1, to: 3 }); count > 0; count -= 1) {
      await process.clock.sleep(process.random.fraction() * 20_000, { signal: never });
      maps.push(await storeMap(process.sealed, lease.epoch));
    }
    await lease.renewNow({ signal: never });
    await publishRoot(
      process.sealed,
      smallRoot({ id, maps: [...inherited, ...maps] }),
      lease.epoch,
    );
    await lease.renewNow({ signal: never });
    return id;
  } finally {
    await lease.release({ signal: never });
  }
}

/** Runs an expiry to its end in simulated time. */
export function expire(
  repository: SimulatedRepository,
  process: SimulatedProcess,
): Promise<LeftoversExpired> {
  return repository.time.until(expireLeftovers(process.sealed, options(process)));
}

/** The backups that count now, oldest first. */
export async function acceptedNow(
  process: SimulatedProcess,
): Promise<{ id: ObjectId; maps: string[] }[]> {
  const { sealed } = process;
  const roots: { id: ObjectId; epoch: number; maps: string[] }[] = [];
  for await (const { name } of sealed.listNames(rootPrefix(testPlace), { signal: never })) {
    if (name?.type === "root") {
      const { content, ticket } = await sealed.getWhole(name, { signal: never });
      const maps = decodeRoot(content).maps.map(({ id }) => mapKey(id));
      roots.push({ id: name.id, epoch: ticket.epoch, maps });
    }
  }
  const fence = await readFence(sealed, testCluster, { signal: never });
  return acceptedRoots(roots, { incarnation: testPlace.incarnation, fence });
}

/** Every backup that counts has all it names; answers how many there are. */
export async function assertWhole(
  repository: SimulatedRepository,
  message: string,
): Promise<number> {
  const stored = new Set(await keys(repository, "clusters/"));
  const accepted = await acceptedNow(repository.process("judge"));
  for (const { id, maps } of accepted) {
    const missing = maps.filter((key) => !stored.has(key));
    assert.deepEqual(missing, [], `${message}: backup ${id} lost maps`);
  }
  return accepted.length;
}

/** The root, unless a pin protects it now. */
export async function mayGo(process: SimulatedProcess, id: ObjectId): Promise<ReadonlySet<string>> {
  const { sealed, observer } = process;
  const name = rootName(id);
  const { pins } = await observePins(sealed, { signal: never, observer, dead: new Map() });
  const pinned = pins.some(
    ({ live, newest }) => live && newest.protects.some((one) => protectsObject(one, name)),
  );
  return new Set(pinned ? [] : [objectKey(name)]);
}
