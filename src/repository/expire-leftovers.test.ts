/** Clearing leftovers on a repository in memory, beside backups, readers and kills on other hosts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import { isDrError } from "../core/errors.ts";
import { lsnOf } from "../core/lsn.ts";
import { parseWalSegmentName } from "../core/wal-name.ts";
import {
  acceptedNow,
  assertWhole,
  backUp,
  expire,
  keys,
  mayGo,
  options,
  pinBackup,
  ring,
  take,
  ttlSeconds,
} from "../../tests/support/expire-cast.ts";
import {
  never,
  SimulatedRepository,
  testPlace,
  type SimulatedProcess,
} from "../../tests/support/simulated-repository.ts";
import {
  mapKey,
  publishRoot,
  rootName,
  smallRoot,
  storeMap,
} from "../../tests/support/small-root.ts";
import { condemnAndDelete } from "./condemn.ts";
import { expireLeftovers, listLeftovers, type LeftoversExpired } from "./expire-leftovers.ts";
import { objectKey } from "./object-names.ts";
import { observePins } from "./observe-holders.ts";
import { holdPin } from "./pins.ts";
import { SealedStore } from "./sealed-store.ts";
import { putSign, readNewestSign } from "./watch-signs.ts";

configureFailpointsFrom(process.env);

test("maps of a killed backup go, those of good backups stay, and a second run finds nothing", async () => {
  const repository = new SimulatedRepository(1, ring);
  const good = await repository.time.until(backUp(repository.process("a")));
  const killed = repository.process("a");
  const stop = new AbortController();
  const lease = await take(killed, "backup", stop.signal);
  const orphan = await storeMap(killed.sealed, lease.epoch);
  stop.abort();
  const expiring = repository.process("b");
  const planned = await listLeftovers(expiring.sealed, options(expiring));
  assert.ok(!planned.some(({ key }) => key === mapKey(orphan)), "an unseen holder may be alive");
  const done = await expire(repository, expiring);
  assert.ok(done.deleted.some(({ key }) => key === mapKey(orphan)));
  assert.equal(await assertWhole(repository, "after"), 1);
  assert.deepEqual(
    (await acceptedNow(expiring)).map(({ id }) => id),
    [good],
  );
  const data = await keys(repository, "clusters/");
  const again = await expire(repository, expiring);
  assert.deepEqual(await keys(repository, "clusters/"), data);
  assert.ok(again.deleted.every(({ key }) => key.startsWith("leases/")));
  assert.deepEqual(await keys(repository, "condemned/"), []);
});

test("of signs of life the newest stays, whoever left them", async () => {
  const repository = new SimulatedRepository(11, ring);
  const { cluster } = testPlace;
  const sign = {
    watcher: "abcd",
    host: "a",
    at: "2026-01-01T00:00:00.000Z",
    everySeconds: 120,
    open: ["gaps"],
    quiets: [],
    mutedSeconds: 0,
    deadManSeconds: null,
  };
  for (const name of ["a", "b", "a"]) {
    const { sealed } = repository.process(name);
    await putSign(sealed, cluster, { ...sign, host: name }, { signal: never });
  }
  const expiring = repository.process("c");
  const done = await expire(repository, expiring);
  assert.deepEqual(
    done.deleted.filter(({ key }) => key.startsWith("signs/")).map(({ reason }) => reason),
    ["an older sign", "an older sign"],
  );
  const left = await readNewestSign(expiring.sealed, cluster, { signal: never });
  assert.deepEqual(left, { version: 1, cluster, number: 3, ...sign, digests: [] });
});

test("L34 maps of a running backup on another host stay, and its backup is whole", async () => {
  const repository = new SimulatedRepository(2, ring);
  const writer = repository.process("a", -600_000);
  const lease = await take(writer, "backup");
  const map = await storeMap(writer.sealed, lease.epoch);
  const done = await expire(repository, repository.process("b", 600_000));
  assert.ok(!done.deleted.some(({ key }) => key === mapKey(map)));
  await publishRoot(
    writer.sealed,
    smallRoot({ id: writer.sealed.newId(), maps: [map] }),
    lease.epoch,
  );
  await lease.renewNow({ signal: never });
  assert.equal(await assertWhole(repository, "after"), 1);
});

test("L34 a fenced writer's late root is not listed, and goes with its maps", async () => {
  const repository = new SimulatedRepository(3, ring);
  const sleeper = repository.process("a");
  const stop = new AbortController();
  const lease = await take(sleeper, "backup", stop.signal);
  const map = await storeMap(sleeper.sealed, lease.epoch);
  stop.abort();
  await expire(repository, repository.process("b"));
  const id = sleeper.sealed.newId();
  await publishRoot(sleeper.sealed, smallRoot({ id, maps: [map] }), lease.epoch);
  await assert.rejects(lease.renewNow({ signal: never }), { code: "REPO_LEASE_LOST" });
  assert.equal(await assertWhole(repository, "after the late root"), 0);
  const done = await expire(repository, repository.process("b"));
  assert.deepEqual(
    done.deleted.filter(({ key }) => key.includes("/backups/")).map(({ reason }) => reason),
    ["published by a fenced writer"],
  );
});

test("where a root cannot be read, no map of its incarnation is given up", async () => {
  const repository = new SimulatedRepository(4, ring);
  const writer = repository.process("a");
  const id = await repository.time.until(backUp(writer));
  const key = objectKey(rootName(id));
  const bytes = await repository.store.get(key, { signal: never });
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  repository.store.tamper(key, bytes);
  const done = await expire(repository, repository.process("b"));
  assert.ok(done.deleted.every(({ key: gone }) => gone.startsWith("leases/")));
});

test("parts go only when their segment is published and verified, and no pin covers it", async () => {
  const repository = new SimulatedRepository(5, ring);
  const process = repository.process("a");
  const segments = ["000000010000000000000001", "000000010000000000000002"].map(
    parseWalSegmentName,
  );
  const [one, two] = segments;
  assert.ok(one !== undefined && two !== undefined);
  for (const segment of segments) {
    const part = { ...testPlace, type: "walPart", segment, startLsn: lsnOf(0n), epoch: 1 } as const;
    await repository.store.put(objectKey(part), [], { signal: never });
  }
  await repository.store.put(objectKey({ ...testPlace, type: "walSegment", segment: one }), [], {
    signal: never,
  });
  const run = (isVerified: boolean): Promise<LeftoversExpired> =>
    repository.time.until(
      expireLeftovers(process.sealed, {
        ...options(process),
        isVerified: () => Promise.resolve(isVerified),
      }),
    );
  const parts = (): Promise<string[]> =>
    keys(repository, "clusters/").then((all) => all.filter((key) => key.includes(".part/")));
  await run(false);
  assert.equal((await parts()).length, 2);
  const protects = [{ kind: "wal", ...testPlace, fromSegment: one, toSegment: one }] as const;
  const pin = await holdPin(process.sealed, { ...options(process), purpose: "restore", protects });
  await run(true);
  assert.equal((await parts()).length, 2);
  await pin.release({ signal: never });
  await run(true);
  assert.deepEqual(
    (await parts()).map((key) => key.includes(two)),
    [true],
  );
});

test("old leases, released pins and replaced ones go; the newest fence and live pins stay", async () => {
  const repository = new SimulatedRepository(6, ring);
  const reader = repository.process("a");
  const id = await repository.time.until(backUp(reader));
  await repository.time.until(backUp(reader, id));
  const released = await pinBackup(reader, id);
  await released.release({ signal: never });
  const live = await pinBackup(reader, id);
  await repository.time.pass(60_000);
  assert.ok((await keys(repository, "pins/")).length > 3);
  await expire(repository, repository.process("b"));
  const pins = await keys(repository, "pins/");
  assert.ok(pins.length >= 1 && pins.every((key) => !key.endsWith(".released")));
  assert.equal(live.lost.aborted, false);
  const backupLeases = await keys(repository, "leases/main/backup/");
  assert.equal(backupLeases[0], "leases/main/backup/00000002/00000000");
  assert.equal(backupLeases.length, 2);
  assert.equal(await assertWhole(repository, "after"), 2);
  await live.release({ signal: never });
});

test("L43 a pin of a host that vanished is watched by this host's clock, then ignored", async () => {
  const repository = new SimulatedRepository(7, ring);
  const reader = repository.process("a", 600_000);
  const id = await repository.time.until(backUp(reader));
  const stop = new AbortController();
  const { clock, observer } = reader;
  await holdPin(reader.sealed, {
    purpose: "restore",
    ttlSeconds,
    clock,
    observer,
    signal: stop.signal,
    protects: [{ kind: "backups", ...testPlace, ids: [id] }],
  });
  stop.abort();
  const done = await expire(repository, repository.process("b", -600_000));
  assert.deepEqual(
    done.deleted.filter(({ key }) => key.startsWith("pins/")).map(({ reason }) => reason),
    ["its holder is gone"],
  );
});

test("L34 a pin on a backup that a running expiry condemned is refused; when that expiry is dead, it is not", async () => {
  const repository = new SimulatedRepository(8, ring);
  const id = await repository.time.until(backUp(repository.process("a")));
  const expiring = repository.process("b");
  const stop = new AbortController();
  const lease = await take(expiring, "expire", stop.signal);
  const condemned = condemnAndDelete(expiring.sealed, {
    lease,
    clock: expiring.clock,
    signal: stop.signal,
    keys: [{ key: objectKey(rootName(id)), reason: "test" }],
    waitMs: 60_000,
    lookAgain: () => Promise.resolve(new Set()),
  });
  condemned.catch(() => undefined);
  await repository.time.pass(10_000);
  const reader = repository.process("c");
  await assert.rejects(pinBackup(reader, id), (error) => {
    assert.ok(isDrError(error, "REPO_CONDEMNED"));
    assert.equal(
      error.message,
      `${objectKey(rootName(id))} is about to be deleted by an expiry that runs on b`,
    );
    assert.match(error.hint, /Run the command again/);
    return error.retryable;
  });
  stop.abort();
  repository.bury(expiring);
  const pin = await pinBackup(repository.process("b"), id);
  await pin.release({ signal: never });
});

test("a pin on a backup that is gone is refused and leaves nothing that protects", async () => {
  const repository = new SimulatedRepository(9, ring);
  const process = repository.process("a");
  await assert.rejects(pinBackup(process, process.sealed.newId()), { code: "STORE_MISSING" });
  const { pins } = await observePins(process.sealed, {
    signal: never,
    observer: process.observer,
    dead: new Map(),
  });
  assert.deepEqual(
    pins.map(({ live }) => live),
    [false],
  );
});

test("a pin that cannot be renewed is lost, and says so", async () => {
  const repository = new SimulatedRepository(10, ring);
  const reader = repository.process("a");
  const id = await repository.time.until(backUp(reader));
  const pin = await pinBackup(reader, id);
  repository.store.setFaults({ fail: 1 });
  await repository.time.pass(31_000);
  assert.ok(isDrError(pin.lost.reason, "REPO_PIN_LOST"));
  assert.match(pin.lost.reason.message, /for test is lost: no renewal could be written for 30 s/);
  assert.match(pin.lost.reason.hint, /may be deleted/);
});

test("an expiry does not delete while it cannot read a pin", async () => {
  const repository = new SimulatedRepository(11, ring);
  const process = repository.process("a");
  await repository.store.put(`pins/${process.sealed.newId()}`, [Buffer.from("?")], {
    signal: never,
  });
  const orphan = await storeMap(process.sealed, 1);
  await assert.rejects(expire(repository, process), { code: "REPO_NOT_AN_OBJECT" });
  assert.ok((await keys(repository, "clusters/")).includes(mapKey(orphan)));
});

test("L34 a backup that was pinned between the first look and the condemn object is spared by the second look", async () => {
  const repository = new SimulatedRepository(12, ring);
  const id = await repository.time.until(backUp(repository.process("a")));
  const expiring = repository.process("b");
  const lease = await take(expiring, "expire");
  const pin = await pinBackup(repository.process("c"), id);
  const name = rootName(id);
  const done = await repository.time.until(
    condemnAndDelete(expiring.sealed, {
      lease,
      clock: expiring.clock,
      signal: never,
      keys: [{ key: objectKey(name), reason: "test" }],
      waitMs: 11_000,
      lookAgain: () => mayGo(expiring, id),
    }),
  );
  assert.deepEqual([done.deleted.length, done.spared.length], [0, 1]);
  assert.equal(await assertWhole(repository, "after"), 1);
  assert.equal(pin.lost.aborted, false);
});

test("L34 an expiry that slept while it deleted finds its time over and deletes no more", async () => {
  const repository = new SimulatedRepository(13, ring);
  const expiring = repository.process("b");
  const stop = new AbortController();
  const lease = await take(expiring, "expire", stop.signal);
  const maps = [await storeMap(expiring.sealed, 1), await storeMap(expiring.sealed, 1)];
  const condemned = maps.map((id) => ({ key: mapKey(id), reason: "test" }));
  const remove = repository.store.delete.bind(repository.store);
  repository.store.delete = async (key, call) => {
    await remove(key, call);
    // The process stands still: its renewals as well.
    stop.abort();
    await expiring.clock.sleep(31_000, { signal: never });
  };
  const deletion = condemnAndDelete(expiring.sealed, {
    lease,
    clock: expiring.clock,
    signal: never,
    keys: condemned,
    waitMs: 11_000,
    lookAgain: () => Promise.resolve(new Set(condemned.map(({ key }) => key))),
  });
  await assert.rejects(repository.time.until(deletion), { code: "REPO_LEASE_LOST" });
  assert.equal((await keys(repository, "clusters/")).length, 1);
});

/** The process's store answers nothing any more after so many writes, as if it had been killed there. */
function killAfter(process: SimulatedProcess, writes: number): SimulatedProcess {
  let left = writes;
  const store = new Proxy(process.sealed.store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") {
        return value;
      }
      return (...args: unknown[]): unknown => {
        left -= property === "put" || property === "delete" ? 1 : 0;
        if (left < 0) {
          throw new Error("killed");
        }
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
  const { clock, random } = process;
  return { ...process, sealed: new SealedStore({ store, ring, clock, random }) };
}

test("L53 an expiry killed after any of its writes, and run again, comes to the same end", async () => {
  const prepare = async (): Promise<SimulatedRepository> => {
    const repository = new SimulatedRepository(14, ring);
    await repository.time.until(backUp(repository.process("a")));
    const killed = repository.process("a");
    const stop = new AbortController();
    const lease = await take(killed, "backup", stop.signal);
    await storeMap(killed.sealed, lease.epoch);
    await storeMap(killed.sealed, lease.epoch);
    stop.abort();
    const released = await pinBackup(
      killed,
      (await acceptedNow(killed))[0]?.id ?? killed.sealed.newId(),
    );
    await released.release({ signal: never });
    return repository;
  };
  const kept = async (repository: SimulatedRepository): Promise<number> => {
    await expire(repository, repository.process("b"));
    assert.deepEqual(await keys(repository, "condemned/"), []);
    assert.deepEqual(await keys(repository, "pins/"), []);
    return (await keys(repository, "clusters/")).length;
  };
  const whole = await kept(await prepare());
  let killed = 0;
  for (let writes = 0; ; writes += 1) {
    const repository = await prepare();
    const victim = repository.process("b");
    const stop = new AbortController();
    const run = expireLeftovers(killAfter(victim, writes).sealed, options(victim, stop.signal));
    const ended = await repository.time.until(Promise.allSettled([run]));
    stop.abort();
    repository.bury(victim);
    assert.equal(await kept(repository), whole, `killed after ${writes} writes`);
    if (ended[0]?.status === "fulfilled") {
      break;
    }
    killed += 1;
  }
  assert.ok(killed > 10, `${killed} places`);
});
