/** Leases on a repository in memory, with simulated hosts, clocks and failures. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import { DrError, errorText, isDrError } from "../core/errors.ts";
import { createKeyRing } from "../pipeline/sealing/key-ring.ts";
import {
  never,
  SimulatedRepository,
  testCluster,
  type SimulatedProcess,
} from "../../tests/support/simulated-repository.ts";
import { acquireLease, awaitLeaseTurn, type Lease } from "./lease.ts";
import { objectKey } from "./object-names.ts";
import { newestEpoch, readNewestLease } from "./read-lease.ts";

configureFailpointsFrom(process.env);

const ring = createKeyRing();
const place = { cluster: testCluster, purpose: "backup" } as const;

function take(process: SimulatedProcess, signal = never, ttlSeconds = 180): Promise<Lease> {
  const { clock, observer, sealed } = process;
  return acquireLease(sealed, { ...place, ttlSeconds, clock, observer, signal });
}

test("a lease is taken, renewed once a minute, released, and taken again with the next epoch", async () => {
  const repository = new SimulatedRepository(1, ring);
  const first = repository.process("a");
  const lease = await take(first);
  assert.equal(lease.epoch, 1);
  await repository.time.pass(10 * 60_000);
  const renewed = await readNewestLease(first.sealed, place, { signal: never });
  assert.equal(renewed?.renewal, 10);
  lease.assertHeld();
  await lease.release({ signal: never });
  assert.throws(() => lease.assertHeld(), { code: "REPO_LEASE_LOST" });
  assert.equal(lease.lost.aborted, false);
  const second = await take(repository.process("b"));
  assert.equal(second.epoch, 2);
});

test("L53 a second start on the same host is refused at once while the first lives, and may go on when it is dead", async () => {
  const repository = new SimulatedRepository(2, ring);
  const first = repository.process("a");
  const stop = new AbortController();
  await take(first, stop.signal);
  const second = repository.process("a");
  await assert.rejects(take(second), (error) => {
    assert.ok(isDrError(error, "REPO_LEASE_HELD"));
    assert.equal(
      error.message,
      `the lease backup of cluster main is held by process ${first.observer.self.pid} on a since 2026-01-01T00:00:00.000Z`,
    );
    assert.match(error.hint, /Wait until it has finished/);
    assert.match(errorText(error, "fr").message, /^le bail backup du cluster main est tenu/);
    assert.match(errorText(error, "fr").hint, /Attendez qu'il ait fini/);
    return true;
  });
  stop.abort();
  repository.bury(first);
  assert.equal((await take(second)).epoch, 2);
  assert.equal(repository.time.elapsedMs, 0);
});

for (const skewMinutes of [-10, 0, 10]) {
  test(`L43 another host takes over after a time to live by its own clock, ${skewMinutes} min off`, async () => {
    const repository = new SimulatedRepository(3, ring);
    const stop = new AbortController();
    await take(repository.process("a"), stop.signal);
    const other = repository.process("b", skewMinutes * 60_000);
    await assert.rejects(repository.time.until(take(other)), { code: "REPO_LEASE_HELD" });
    assert.ok(repository.time.elapsedMs <= 120_000, "a sign of life ends the wait");
    stop.abort();
    const since = repository.time.elapsedMs;
    const lease = await repository.time.until(take(other));
    assert.equal(lease.epoch, 2);
    assert.ok(repository.time.elapsedMs - since >= 180_000);
    assert.ok(repository.time.elapsedMs - since <= 180_001);
  });
}

test("L34 a holder that cannot write for its time to live has lost the lease before another can take it", async () => {
  const repository = new SimulatedRepository(4, ring);
  const lease = await take(repository.process("a"));
  await repository.time.pass(60_000);
  const other = repository.process("b");
  repository.store.setFaults({ fail: 1 });
  await repository.time.pass(179_000);
  assert.equal(lease.lost.aborted, false);
  await repository.time.pass(1_100);
  assert.ok(lease.lost.aborted);
  assert.ok(isDrError(lease.lost.reason, "REPO_LEASE_LOST"));
  assert.equal(
    lease.lost.reason.message,
    "the lease backup of cluster main, epoch 1, is lost: no renewal could be written for 180 s",
  );
  assert.match(lease.lost.reason.hint, /does not count/);
  assert.match(errorText(lease.lost.reason, "fr").hint, /ne compte pas/);
  assert.match(errorText(lease.lost.reason, "fr").message, /est perdu/);
  await assert.rejects(lease.renewNow({ signal: never }), { code: "REPO_LEASE_LOST" });
  repository.store.setFaults({});
  assert.equal((await repository.time.until(take(other))).epoch, 2);
});

test("a few failed renewals do not lose a lease", async () => {
  const repository = new SimulatedRepository(5, ring);
  const lease = await take(repository.process("a"));
  repository.store.setFaults({ fail: 0.6, lostAck: 0.3 });
  await repository.time.pass(30 * 60_000);
  lease.assertHeld();
  repository.store.setFaults({});
  await lease.release({ signal: never });
});

test("L34 a holder that sees a higher epoch has lost the lease", async () => {
  const repository = new SimulatedRepository(6, ring);
  const sleeper = repository.process("a");
  const lease = await take(sleeper);
  repository.bury(sleeper);
  assert.equal((await take(repository.process("a"))).epoch, 2);
  await assert.rejects(lease.renewNow({ signal: never }), (error) => {
    assert.ok(isDrError(error, "REPO_LEASE_LOST"));
    return error.message.endsWith("epoch 2 was taken by another process");
  });
  assert.throws(() => lease.assertHeld(), { code: "REPO_LEASE_LOST" });
  await lease.release({ signal: never });
  assert.equal(await newestEpoch(sleeper.sealed, place, { signal: never }), 2);
});

test("racing contenders get one lease, whatever the store's delays", async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const repository = new SimulatedRepository(seed, ring);
    repository.store.setFaults({ delayMsMax: 50 });
    const contenders = ["a", "b", "c", "c"].map((machine) => take(repository.process(machine)));
    const ended = await repository.time.until(Promise.allSettled(contenders), 3_600_000);
    const won = ended.filter((one) => one.status === "fulfilled");
    const refused = ended.filter(
      (one) => one.status === "rejected" && isDrError(one.reason, "REPO_LEASE_HELD"),
    );
    assert.equal(won.length, 1, `seed ${seed}`);
    assert.equal(refused.length, 3, `seed ${seed}`);
  }
});

test("a contender that slept while epochs came and went does not believe in the one it then creates", async () => {
  const repository = new SimulatedRepository(7, ring);
  const slow = repository.process("a");
  await (await take(repository.process("b"))).release({ signal: never });
  // The contender wants epoch 2, which is taken, released and removed before its put arrives.
  const store = slow.sealed.store;
  const put = store.put.bind(store);
  let waiting = true;
  store.put = async (key, parts, call) => {
    if (waiting && key.endsWith("/00000002/00000000")) {
      waiting = false;
      await (await take(repository.process("b"))).release({ signal: never });
      await (await take(repository.process("b"))).release({ signal: never });
      for (const renewal of [0, 1]) {
        const name = { type: "lease", ...place, epoch: 2, renewal } as const;
        await store.delete(objectKey(name), { signal: never });
      }
    }
    return await put(key, parts, call);
  };
  await assert.rejects(take(slow), { code: "REPO_LEASE_HELD" });
});

test("the newest epoch is found among tens of thousands of renewals with few listings", async () => {
  const repository = new SimulatedRepository(8, ring);
  for (let epoch = 1; epoch <= 3_000; epoch += 1) {
    for (const renewal of [0, 1]) {
      const name = { type: "lease", ...place, epoch, renewal } as const;
      await repository.store.put(objectKey(name), [], { signal: never });
    }
  }
  const { sealed } = repository.process("a");
  let listings = 0;
  const list = repository.store.list.bind(repository.store);
  repository.store.list = (prefix, call) => {
    listings += 1;
    return list(prefix, call);
  };
  assert.equal(await newestEpoch(sealed, place, { signal: never }), 3_000);
  assert.ok(listings < 40, `${listings} listings`);
});

test("a forged lease is nobody's: taking it fails instead of guessing", async () => {
  const repository = new SimulatedRepository(9, ring);
  const stranger = new SimulatedRepository(9);
  await take(stranger.process("x"));
  const key = objectKey({ type: "lease", ...place, epoch: 1, renewal: 0 });
  await repository.store.put(key, [await stranger.store.get(key, { signal: never })], {
    signal: never,
  });
  await assert.rejects(take(repository.process("a")), DrError);
});

test("observing a lease takes nothing", async () => {
  const repository = new SimulatedRepository(10, ring);
  const { clock, observer, sealed } = repository.process("a");
  const options = { ...place, ttlSeconds: 3, clock, observer, signal: never };
  const turn = await awaitLeaseTurn(sealed, options);
  assert.deepEqual(turn, { kind: "free", newest: undefined, nextEpoch: 1 });
  assert.equal(await newestEpoch(sealed, place, { signal: never }), 0);
});

test("aborting stops the renewals, and the lease can still be released", async () => {
  const repository = new SimulatedRepository(11, ring);
  const stop = new AbortController();
  const first = repository.process("a");
  const lease = await take(first, stop.signal);
  stop.abort();
  await repository.time.pass(120_000);
  assert.equal((await readNewestLease(first.sealed, place, { signal: never }))?.renewal, 0);
  await lease.release({ signal: never });
  assert.equal((await take(repository.process("b"))).epoch, 2);
});
