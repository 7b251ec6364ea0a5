/** The contract of object stores on each adapter that needs nothing but this machine. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../src/core/clock.ts";
import { SeededRandom } from "../../src/core/random.ts";
import { configureFailpointsFrom } from "../../src/files/failpoint-effects.ts";
import { DiskStore } from "../../src/stores/disk-store.ts";
import { MemoryStore } from "../../src/stores/memory-store.ts";
import { RetryStore } from "../../src/stores/retry-store.ts";
import { objectStoreContract, type StoreUnderTest } from "./object-store-contract.ts";

configureFailpointsFrom(process.env);
const signal = new AbortController().signal;

async function diskStore(options: { readonly hardLinks?: "none" }): Promise<StoreUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), "pra-disk-store-"));
  const store = await DiskStore.open(
    { root: join(directory, "repository"), create: true, ...options },
    { signal },
  );
  return {
    store,
    flatMemory: true,
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
}

objectStoreContract("a directory", () => diskStore({}));

objectStoreContract("a directory without hard links", () => diskStore({ hardLinks: "none" }));

objectStoreContract("memory", () => {
  const store = new MemoryStore({ pageSize: 3 });
  return Promise.resolve({ store, flatMemory: false, dispose: () => store[Symbol.asyncDispose]() });
});

objectStoreContract("memory that fails, behind retries", () => {
  const seed = Date.now() % 1_000_000;
  process.stdout.write(`# seed ${seed}\n`);
  const random = new SeededRandom(seed);
  const clock = new ManualClock();
  const faults = { fail: 0.1, lostAck: 0.1, delayMsMax: 50, shortRead: 0.05 };
  const inner = new MemoryStore({ clock, random, faults, pageSize: 3 });
  const store = new RetryStore(inner, { clock, random, attemptsMax: 20 });
  return Promise.resolve({ store, flatMemory: false, dispose: () => inner[Symbol.asyncDispose]() });
});
