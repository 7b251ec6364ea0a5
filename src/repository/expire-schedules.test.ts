/**
 * Expire beside everything else, in many interleavings: each seed draws the instants, the store's delays and the sizes.
 * Whatever happens, every backup that counts keeps all it names.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import { isDrError } from "../core/errors.ts";
import type { ObjectId } from "../core/object-id.ts";
import {
  acceptedNow,
  assertWhole,
  backUp,
  mayGo,
  options,
  pinBackup,
  ring,
  take,
} from "../../tests/support/expire-cast.ts";
import {
  never,
  SimulatedRepository,
  type SimulatedProcess,
} from "../../tests/support/simulated-repository.ts";
import { publishRoot, rootName, smallRoot, storeMap } from "../../tests/support/small-root.ts";
import { condemnAndDelete } from "./condemn.ts";
import { expireLeftovers } from "./expire-leftovers.ts";
import { objectKey } from "./object-names.ts";

configureFailpointsFrom(process.env);

/** Retires one backup in two phases, as retention does, unless somebody needs it. */
async function retire(process: SimulatedProcess, id: ObjectId): Promise<void> {
  const { sealed, clock } = process;
  const key = objectKey(rootName(id));
  const look = (): Promise<ReadonlySet<string>> => mayGo(process, id);
  await using lease = await take(process, "expire");
  if ((await look()).size > 0) {
    const condemned = [{ key, reason: "retention" }];
    const waitMs = 11_000;
    await condemnAndDelete(sealed, {
      lease,
      clock,
      signal: never,
      keys: condemned,
      waitMs,
      lookAgain: look,
    });
  }
}

/** Pins the newest backup and reads its maps one after the other. */
async function read(process: SimulatedProcess): Promise<void> {
  const newest = (await acceptedNow(process)).at(-1);
  if (newest === undefined) {
    return;
  }
  await using pin = await pinBackup(process, newest.id);
  for (const key of newest.maps) {
    await process.clock.sleep(process.random.fraction() * 30_000, { signal: never });
    if (!pin.lost.aborted) {
      await process.sealed.store.size(key, { signal: never }).catch((error: unknown) => {
        throw new Error(`read lost ${key}`, { cause: error });
      });
    }
  }
}

const EXPECTED = ["REPO_LEASE_HELD", "REPO_LEASE_LOST", "REPO_CONDEMNED"];

/** One schedule: backups, a stalled backup, readers, retention and expiries, begun at random instants on four hosts. */
async function schedule(seed: number): Promise<{ deleted: number; accepted: number }> {
  const repository = new SimulatedRepository(seed, ring);
  const { random, time } = repository;
  const first = await time.until(backUp(repository.process("a")));
  repository.store.setFaults({ delayMsMax: 400 });
  let deleted = 0;
  const acts: (() => Promise<void>)[] = [
    async () => void (await backUp(repository.process("a", -600_000), first)),
    async () => void (await backUp(repository.process("c"))),
    async () => {
      // A backup that stalls, so that others believe it dead, and then goes on as if nothing had been.
      const sleeper = repository.process("b");
      const stop = new AbortController();
      const lease = await take(sleeper, "backup", stop.signal);
      const map = await storeMap(sleeper.sealed, lease.epoch);
      stop.abort();
      await sleeper.clock.sleep(random.fraction() * 150_000, { signal: never });
      const id = sleeper.sealed.newId();
      await publishRoot(sleeper.sealed, smallRoot({ id, maps: [map] }), lease.epoch);
    },
    () => read(repository.process("d")),
    () => retire(repository.process("d", 600_000), first),
    async () => {
      const process = repository.process("d", 600_000);
      const done = await expireLeftovers(process.sealed, options(process));
      deleted += done.deleted.length;
    },
    async () => {
      const process = repository.process("a");
      const done = await expireLeftovers(process.sealed, options(process));
      deleted += done.deleted.length;
    },
  ];
  const running = acts.map(async (act) => {
    await time.clock().sleep(random.fraction() * 120_000, { signal: never });
    try {
      await act();
    } catch (error) {
      const gone = isDrError(error, "STORE_MISSING") && String(error).includes("/backups/");
      if (!gone && !(isDrError(error) && EXPECTED.includes(error.code))) {
        throw error;
      }
    }
  });
  await time.until(Promise.all(running), 3_600_000);
  repository.store.setFaults({});
  const accepted = await assertWhole(repository, `seed ${seed}`);
  await time.until(
    expireLeftovers(repository.process("e").sealed, options(repository.process("e"))),
  );
  assert.equal(await assertWhole(repository, `seed ${seed}, after a last expiry`), accepted);
  return { deleted, accepted };
}

const SCHEDULES = process.env["PRA_TEST_LONG"] === undefined ? 150 : 1_000;

test(`L34 in ${SCHEDULES} schedules of backups, readers, retention and expiry on several hosts nothing needed is deleted`, async (context) => {
  let deleted = 0;
  let accepted = 0;
  const from = 1;
  for (let seed = from; seed < from + SCHEDULES; seed += 1) {
    const result = await schedule(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error });
    });
    deleted += result.deleted;
    accepted += result.accepted;
  }
  context.diagnostic(`seeds from ${from}: ${deleted} objects deleted, ${accepted} backups whole`);
  assert.ok(deleted > SCHEDULES && accepted > SCHEDULES, "the schedules do something");
});
