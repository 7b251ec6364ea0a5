import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../core/clock.ts";
import { isDrError } from "../core/errors.ts";
import { SeededRandom } from "../core/random.ts";
import { listAll } from "../repository/object-store.ts";
import { type MemoryFaults, MemoryStore } from "./memory-store.ts";
import { probeStore } from "./probe-store.ts";
import { RetryStore } from "./retry-store.ts";

const { signal } = new AbortController();
const call = { signal };

function makeStore(faults: MemoryFaults = {}, seed = 1): MemoryStore {
  return new MemoryStore({ clock: new ManualClock(), random: new SeededRandom(seed), faults });
}

function unavailable(error: unknown): boolean {
  return isDrError(error, "STORE_UNAVAILABLE") && error.retryable;
}

test("a failed put did nothing; a put with a lost answer did all", async () => {
  const store = makeStore({ fail: 1 });
  await assert.rejects(store.put("a", [Buffer.from("x")], call), unavailable);
  store.setFaults({ lostAck: 1 });
  await assert.rejects(store.put("b", [Buffer.from("x")], call), unavailable);
  store.setFaults({});
  await assert.rejects(store.get("a", call), (error) => isDrError(error, "STORE_MISSING"));
  assert.equal((await store.get("b", call)).toString(), "x");
  assert.equal(await store.put("b", [Buffer.from("x")], call), "identical");
});

test("a crash ends calls under way, keeps what is durable and loses the rest", async () => {
  const store = makeStore();
  await store.put("kept", [Buffer.from("x")], call);
  store.setFaults({ unsynced: 1 });
  await store.put("lied", [Buffer.from("x")], call);
  store.setFaults({ delayMsMax: 10 });
  const underWay = store.put("late", [Buffer.from("x")], call);
  store.crash();
  await assert.rejects(underWay, unavailable);
  store.setFaults({});
  const keys = (await store.list("", call)).entries.map(({ key }) => key);
  assert.deepEqual(keys, ["kept"]);
});

test("a torn put leaves half an object, a flipped bit changes one, and both only when asked for", async () => {
  const clock = new ManualClock();
  const store = new MemoryStore({ clock, random: new SeededRandom(3) });
  store.setFaults({ tear: 1 });
  const underWay = store.put("torn", [Buffer.from("whole object")], call);
  store.crash();
  await assert.rejects(underWay, unavailable);
  assert.equal((await store.get("torn", call)).toString(), "whole ");
  await store.put("whole", [Buffer.alloc(100)], call);
  store.setFaults({ bitFlip: 1 });
  const flipped = await store.get("whole", call);
  const ones = flipped.reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);
  assert.equal(ones, 1);
  store.setFaults({});
  assert.deepEqual(await store.get("whole", call), Buffer.alloc(100));
});

test("L38 a stale listing shows an earlier state, and the same seed shows the same one", async () => {
  const seen = async (): Promise<string[]> => {
    const store = makeStore({}, 5);
    for (const key of ["a", "b", "c", "d", "e", "f"]) {
      await store.put(key, [Buffer.from(key)], call);
    }
    await store.delete("a", call);
    store.setFaults({ staleList: 1 });
    const keys: string[] = [];
    for await (const { key } of listAll(store, "", call)) {
      keys.push(key);
    }
    return keys;
  };
  assert.deepEqual(await seen(), await seen());
  assert.notDeepEqual(await seen(), ["b", "c", "d", "e", "f"]);
});

test("retries wait longer each time, scattered, and stop at their limit", async () => {
  const clock = new ManualClock();
  const random = new SeededRandom(9);
  const waits: number[] = [];
  const store = new RetryStore(makeStore({ fail: 1 }), {
    clock,
    random,
    onRetry: ({ delayMs }) => waits.push(delayMs),
  });
  await assert.rejects(store.get("a", call), unavailable);
  assert.equal(waits.length, 7);
  for (const [index, delayMs] of waits.entries()) {
    assert.ok(delayMs >= 50 * 2 ** index && delayMs <= 100 * 2 ** index);
  }
  assert.equal(
    clock.monotonic(),
    waits.reduce((sum, delayMs) => sum + delayMs, 0),
  );
});

test("an error that does not pass is not repeated, and an abort ends the waiting", async () => {
  let retries = 0;
  const reason = new Error("stop");
  const controller = new AbortController();
  const store = new RetryStore(makeStore({ fail: 0.5 }), {
    clock: new ManualClock(),
    random: new SeededRandom(2),
    onRetry: () => {
      retries += 1;
    },
  });
  await assert.rejects(store.get("absent", call), (error) => isDrError(error, "STORE_MISSING"));
  const steady = new RetryStore(makeStore(), {
    clock: new ManualClock(),
    random: new SeededRandom(2),
  });
  await assert.rejects(steady.get("absent", call), (error) => isDrError(error, "STORE_MISSING"));
  const failing = new RetryStore(makeStore({ fail: 1 }), {
    clock: new ManualClock(),
    random: new SeededRandom(2),
    onRetry: () => controller.abort(reason),
  });
  await assert.rejects(
    failing.get("a", { signal: controller.signal }),
    (error) => error === reason,
  );
  assert.ok(retries <= 7);
});

test("a store that ignores the condition of a put is refused for leases", async () => {
  const inner = makeStore();
  const ignoring = new RetryStore(inner, { clock: new ManualClock(), random: new SeededRandom(1) });
  ignoring.put = async (key, parts) => {
    inner.tamper(key, Buffer.concat(parts));
    return await Promise.resolve("created");
  };
  const probe = await probeStore(ignoring, {
    clock: new ManualClock(),
    random: new SeededRandom(1),
    signal,
  });
  assert.equal(probe.refusesSecondCreate, false);
  assert.equal(probe.oneWinnerInProcess, false);
  assert.deepEqual(probe.leases, { kind: "refused", reason: "create" });
});

test("L38 a listing that repeats its page is refused with STORE_LISTING", async () => {
  const store = makeStore();
  store.list = () => Promise.resolve({ entries: [{ key: "a", sizeBytes: 1 }], more: true });
  await assert.rejects(
    async () => {
      for await (const entry of listAll(store, "", call)) {
        assert.equal(entry.key, "a");
      }
    },
    (error) => isDrError(error, "STORE_LISTING"),
  );
});
