/** Expire with retention on a repository in memory: what goes, in which order, beside readers and holds, with a store that fails. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { configureFailpointsFrom } from "../files/failpoint-effects.ts";
import {
  acceptedNow,
  keys,
  options,
  pinBackup,
  ring,
  take,
} from "../../tests/support/expire-cast.ts";
import {
  type CastBackup,
  daysOfBackups,
  expireWith,
  rules,
  segmentKey,
  tenDays,
  withStore,
} from "../../tests/support/retention-cast.ts";
import {
  never,
  SimulatedRepository,
  testCluster,
  testPlace,
  type SimulatedProcess,
} from "../../tests/support/simulated-repository.ts";
import { mapKey, rootName } from "../../tests/support/small-root.ts";
import { isDrError } from "../core/errors.ts";
import { type ObjectId, parseObjectId } from "../core/object-id.ts";
import { activeHold, putHold, readHold } from "./holds.ts";
import { objectKey } from "./object-names.ts";
import { GIVEN_UP } from "./retention-leftovers.ts";
import type { RetentionRules } from "./retention-inventory.ts";
import { holdPin } from "./pins.ts";
import { SealedStore } from "./sealed-store.ts";
import { MemoryStore } from "../stores/memory-store.ts";

configureFailpointsFrom(process.env);

/** The simulation begins on 1 January 2026: thirty days before it. */
const FIRST_MS = Date.UTC(2025, 11, 2);
const DAYS = 30;
const NEWEST_MS = Date.UTC(2025, 11, 31, 23);
/** Ten days back from the beginning of the year lie the backups from 22 December on; the base is that of the 21st, day 19. */
const BASE = 19;

type Cast = {
  readonly repository: SimulatedRepository;
  readonly backups: readonly CastBackup[];
  readonly expiring: SimulatedProcess;
  readonly retention: RetentionRules;
};

async function cast(seed: number): Promise<Cast> {
  const repository = new SimulatedRepository(seed, ring);
  const writer = repository.process("a");
  const backups = await repository.time.until(
    daysOfBackups(writer, { firstMs: FIRST_MS, days: DAYS }),
  );
  const expiring = repository.process("b");
  return { repository, backups, expiring, retention: rules(expiring, tenDays, NEWEST_MS) };
}

async function rootsLeft(process: SimulatedProcess): Promise<readonly ObjectId[]> {
  return (await acceptedNow(process)).map(({ id }) => id);
}

function idAt(backups: readonly CastBackup[], day: number): ObjectId {
  return backups[day]?.id ?? parseObjectId("0".repeat(32));
}

/** Each listed backup has its maps and its WAL. */
async function assertRestorable({ repository, backups, expiring }: Cast): Promise<void> {
  const stored = new Set(await keys(repository, "clusters/"));
  for (const { id, maps } of await acceptedNow(expiring)) {
    const day = backups.findIndex((backup) => backup.id === id);
    const needed = [...maps, segmentKey(day)];
    assert.deepEqual(
      needed.filter((key) => !stored.has(key)),
      [],
      `backup of day ${day}`,
    );
  }
}

/** What is left when all is as the policy says, of days from `BASE` on. */
async function assertExpired(all: Cast, also: readonly number[] = []): Promise<void> {
  const { repository, backups, expiring } = all;
  const days = [...also, ...Array.from({ length: DAYS - BASE }, (_, n) => BASE + n)];
  assert.deepEqual(
    await rootsLeft(expiring),
    days.map((day) => idAt(backups, day)),
  );
  const stored = await keys(repository, "clusters/");
  const segments = stored.filter((key) => /wal\/0{7}1\/0{8}\//.test(key));
  assert.deepEqual(segments, days.map(segmentKey));
  assert.equal(stored.filter((key) => key.includes("/index/")).length, days.length);
  const maps = new Set(days.flatMap((day) => backups[day]?.maps.map(mapKey) ?? []));
  assert.deepEqual(new Set(stored.filter((key) => key.includes("/maps/"))), maps);
  await assertRestorable(all);
}

test("L37 what is older than the window goes with its WAL and what only it named, and a second run finds nothing", async () => {
  const all = await cast(1);
  const { repository, expiring, retention } = all;
  const done = await repository.time.until(expireWith(expiring, retention));
  assert.equal(done.deleted.filter(({ reason }) => reason === GIVEN_UP).length, BASE);
  const order = done.deleted.map(({ key }) =>
    ["/backups/", "/wal/", "/maps/"].findIndex((folder) => key.includes(folder)),
  );
  const ofData = order.filter((place) => place >= 0);
  assert.deepEqual(
    ofData,
    ofData.toSorted((a, b) => a - b),
  );
  assert.ok(done.deleted.every(({ sizeBytes = 1 }) => sizeBytes > 0));
  await assertExpired(all);
  assert.equal(done.decision?.backups.length, DAYS);
  const again = await repository.time.until(expireWith(expiring, retention));
  assert.ok(again.deleted.every(({ key }) => key.startsWith("leases/")));
  await assertExpired(all);
});

test("L36 a base that a proof found damaged stays together with the newest before it that is whole, and the WAL between", async () => {
  const all = await cast(21);
  const { repository, backups, expiring } = all;
  const damaged = new Set([idAt(backups, BASE)]);
  const retention = rules(expiring, tenDays, NEWEST_MS, damaged);
  await repository.time.until(expireWith(expiring, retention));
  await assertExpired(all, [BASE - 1]);
});

test("L36 while results of proofs cannot be read no backup is given up, and retention goes on when they can", async () => {
  const all = await cast(22);
  const { repository, backups, expiring, retention } = all;
  const unread = rules(expiring, tenDays, NEWEST_MS, new Set(), 2);
  const done = await repository.time.until(expireWith(expiring, unread));
  assert.deepEqual(
    done.deleted.filter(({ key }) => key.startsWith("clusters/")),
    [],
  );
  const reasons = done.decision?.backups.map(({ reasons: own }) => own.at(-1)?.kind);
  assert.deepEqual(new Set(reasons?.slice(0, BASE)), new Set(["proofs-unread"]));
  assert.deepEqual(
    await rootsLeft(expiring),
    backups.map(({ id }) => id),
  );
  await repository.time.until(expireWith(expiring, retention));
  await assertExpired(all);
});

test("L34 a backup that another host pins between the two looks is spared with its WAL and all it names", async () => {
  const all = await cast(2);
  const { repository, backups, expiring, retention } = all;
  const run = expireWith(expiring, retention);
  const reader = repository.process("c", 600_000);
  let pinned = false;
  const put = repository.store.put.bind(repository.store);
  repository.store.put = async (key, parts, call) => {
    if (key.startsWith("condemned/") && !pinned) {
      pinned = true;
      // Before the condemn object is there, and after the first look.
      void (await pinBackup(reader, idAt(backups, 5)));
    }
    return await put(key, parts, call);
  };
  const done = await repository.time.until(run);
  assert.ok(pinned);
  assert.ok(done.spared.some(({ key }) => key === segmentKey(5)));
  await assertExpired(all, [5]);
});

test("L34 what a dead reader had pinned goes; what a living one has pinned stays, whatever its clock says", async () => {
  const all = await cast(3);
  const { repository, backups, expiring, retention } = all;
  const living = repository.process("c", -600_000);
  await pinBackup(living, idAt(backups, 3));
  const dead = repository.process("d", 600_000);
  const stop = new AbortController();
  await holdPin(dead.sealed, {
    ...options(dead, stop.signal),
    purpose: "restore",
    protects: [{ kind: "backups", ...testPlace, ids: [idAt(backups, 4)] }],
  });
  stop.abort();
  await repository.time.until(expireWith(expiring, retention));
  await assertExpired(all, [3]);
});

test("L34 the parent of a running increment on another host stays until its lease is over", async () => {
  const all = await cast(4);
  const { repository, backups, expiring, retention } = all;
  const writer = repository.process("a");
  const lease = await repository.time.until(take(writer, "backup"));
  await pinBackup(writer, idAt(backups, 7), lease);
  await repository.time.until(expireWith(expiring, retention));
  await assertExpired(all, [7]);
  await lease.release({ signal: never });
  await repository.time.until(expireWith(expiring, retention));
  await assertExpired(all);
});

test("L36 a held increment keeps its WAL and all it names, until it is released or its end has come", async () => {
  const all = await cast(5);
  const { repository, backups, expiring, retention } = all;
  const { sealed } = expiring;
  const at = { ...testPlace, atMs: NEWEST_MS };
  const word = { state: "held", reason: "audit", actor: "dba@a" } as const;
  const over = new Date(NEWEST_MS).toISOString();
  await putHold(
    sealed,
    { ...at, backup: idAt(backups, 2) },
    { ...word, until: null },
    { signal: never },
  );
  await putHold(
    sealed,
    { ...at, backup: idAt(backups, 9) },
    { ...word, until: over },
    { signal: never },
  );
  await repository.time.until(expireWith(expiring, retention));
  await assertExpired(all, [2]);
  const released = await putHold(
    sealed,
    { ...at, backup: idAt(backups, 2) },
    { ...word, state: "released", until: null },
    { signal: never },
  );
  assert.equal(released.number, 2);
  assert.equal(activeHold(released), undefined);
  await repository.time.until(expireWith(expiring, retention));
  await assertExpired(all);
  await repository.time.until(expireWith(expiring, retention));
  assert.deepEqual(await keys(repository, "holds/"), []);
});

test("L36 with one full backup and two increments and a minimum of two, the two newest stay, whole", async () => {
  const repository = new SimulatedRepository(6, ring);
  const firstMs = Date.UTC(2025, 5, 1);
  const backups = await repository.time.until(
    daysOfBackups(repository.process("a"), { firstMs, days: 3 }),
  );
  const expiring = repository.process("b");
  // A day between each: the third one's grace has passed, the window is empty but for its last day.
  const policy = { ...tenDays, days: 1, minBackups: 2 };
  const retention = rules(expiring, policy, firstMs);
  await repository.time.until(expireWith(expiring, retention));
  const left = await rootsLeft(expiring);
  assert.ok(left.includes(idAt(backups, 1)) && left.includes(idAt(backups, 2)));
  await assertRestorable({ repository, backups, expiring, retention });
});

test("L36 a hold that is written while an expiry is between its looks keeps the backup", async () => {
  const all = await cast(11);
  const { repository, backups, expiring, retention } = all;
  const person = repository.process("c");
  const put = repository.store.put.bind(repository.store);
  let said = false;
  repository.store.put = async (key, parts, call) => {
    if (key.startsWith("condemned/") && !said) {
      said = true;
      const at = { ...testPlace, backup: idAt(backups, 6), atMs: NEWEST_MS };
      const word = { state: "held", reason: "audit", until: null, actor: "dba@c" } as const;
      await using _pin = await pinBackup(person, at.backup);
      await putHold(person.sealed, at, word, { signal: never });
    }
    return await put(key, parts, call);
  };
  await repository.time.until(expireWith(expiring, retention));
  await assertExpired(all, [6]);
});

test("when what is going to be deleted cannot be recorded, nothing is deleted", async () => {
  const { repository, expiring, retention } = await cast(12);
  const onDelete = (): Promise<void> => Promise.reject(new Error("no ledger"));
  await assert.rejects(
    repository.time.until(expireWith(expiring, retention, { onDelete })),
    /no ledger/,
  );
  assert.equal((await rootsLeft(expiring)).length, DAYS);
});

test("L53 an expiry with retention, killed after any third of its writes and run again, comes to the same end", async () => {
  let killed = 0;
  for (let writes = 1; ; writes += 3) {
    const all = await cast(13);
    const { repository, expiring, retention } = all;
    const victim = repository.process("b");
    let left = writes;
    const count = <T>(act: () => Promise<T>): Promise<T> => {
      left -= 1;
      return left < 0 ? Promise.reject(new Error("killed")) : act();
    };
    const { store } = repository;
    const dying = withStore(victim, {
      put: (key, parts, call) => count(() => store.put(key, parts, call)),
      delete: (key, call) => count(() => store.delete(key, call)),
    });
    const stop = new AbortController();
    const run = expireWith(dying, rules(victim, tenDays, NEWEST_MS), { signal: stop.signal });
    const [ended] = await repository.time.until(Promise.allSettled([run]));
    stop.abort();
    repository.bury(victim);
    await assertRestorable(all);
    await repository.time.until(expireWith(expiring, retention));
    await repository.time.until(expireWith(expiring, retention));
    await assertExpired(all);
    assert.deepEqual(await keys(repository, "condemned/"), []);
    if (ended.status === "fulfilled") {
      break;
    }
    killed += 1;
  }
  assert.ok(killed > 20, `${killed} places`);
});

test("a hold that cannot be read stops the expiry before anything is condemned", async () => {
  const { repository, backups, expiring, retention } = await cast(7);
  const name = { type: "hold", cluster: testCluster, backup: idAt(backups, 2), number: 1 } as const;
  await repository.store.put(objectKey(name), [Buffer.from("?")], { signal: never });
  await assert.rejects(repository.time.until(expireWith(expiring, retention)), {
    code: "REPO_NOT_AN_OBJECT",
  });
  assert.equal((await rootsLeft(expiring)).length, DAYS);
  assert.deepEqual(await keys(repository, "condemned/"), []);
});

test("a hold that is copied to another backup is refused with REPO_OBJECT_MISPLACED", async () => {
  const { repository, backups, expiring } = await cast(8);
  const at = { ...testPlace, backup: idAt(backups, 2), atMs: NEWEST_MS };
  const word = { state: "held", reason: "audit", until: null, actor: "dba@a" } as const;
  await putHold(expiring.sealed, at, word, { signal: never });
  const from = { type: "hold", cluster: testCluster, backup: at.backup, number: 1 } as const;
  const to = { ...from, backup: idAt(backups, 3) };
  const bytes = await repository.store.get(objectKey(from), { signal: never });
  await repository.store.put(objectKey(to), [bytes], { signal: never });
  await assert.rejects(readHold(expiring.sealed, to, { signal: never }), {
    code: "REPO_OBJECT_MISPLACED",
  });
});

test("L43 a clock ten years ahead deletes no more than an honest one", async () => {
  const all = await cast(9);
  const { repository } = all;
  const wrong = repository.process("b", 3650 * 86_400_000);
  await repository.time.until(expireWith(wrong, rules(wrong, tenDays, NEWEST_MS)));
  await assertExpired(all);
});

test("L38 a root that cannot be deleted keeps what it names; the next run comes to the end", async () => {
  const all = await cast(10);
  const { repository, backups, expiring, retention } = all;
  const key = objectKey(rootName(idAt(backups, 8)));
  const remove = repository.store.delete.bind(repository.store);
  const failing = withStore(expiring, {
    delete: async (wanted, call) => {
      if (wanted === key) {
        throw new Error("denied");
      }
      await remove(wanted, call);
    },
  });
  await assert.rejects(repository.time.until(expireWith(failing, retention)), /denied/);
  await assertRestorable(all);
  repository.bury(failing);
  await repository.time.until(expireWith(expiring, retention));
  await repository.time.until(expireWith(expiring, retention));
  await assertExpired(all);
});

test("L38 with pages of three, answers that are lost and calls that fail, reruns come to the same end and lose nothing", async () => {
  for (let seed = 20; seed < 24; seed += 1) {
    const repository = new SimulatedRepository(seed, ring);
    const store = new MemoryStore({
      clock: repository.time.clock(),
      random: repository.random,
      pageSize: 3,
    });
    const of = (process: SimulatedProcess): SimulatedProcess => {
      const { clock, random } = process;
      return { ...process, sealed: new SealedStore({ store, ring, clock, random }) };
    };
    const backups = await repository.time.until(
      daysOfBackups(of(repository.process("a")), { firstMs: FIRST_MS, days: DAYS }),
    );
    let failures = 0;
    for (let done = false; !done;) {
      const expiring = of(repository.process("b"));
      const all = {
        repository: Object.assign(Object.create(repository) as SimulatedRepository, { store }),
        backups,
        expiring,
        retention: rules(expiring, tenDays, NEWEST_MS),
      };
      store.setFaults({ fail: 0.002, lostAck: 0.01 });
      try {
        const { more } = await repository.time.until(expireWith(expiring, all.retention));
        done = !more;
      } catch (error) {
        assert.ok(isDrError(error) && error.code.startsWith("STORE_"), String(error));
        failures += 1;
        repository.bury(expiring);
      }
      store.setFaults({});
      await assertRestorable(all);
      if (done) {
        await repository.time.until(expireWith(expiring, all.retention));
        await assertExpired(all);
      }
    }
    assert.ok(failures > 0, `seed ${seed}`);
  }
});
