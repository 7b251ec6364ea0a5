/**
 * What every object store must do, as tests: each adapter runs this one function. It asks nothing of an adapter but the port;
 * what only a directory can show (processes that die, full disks) is in `disk-store.test.ts`.
 */
import assert from "node:assert/strict";
import { access, mkdir, open, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { listChildren } from "../../src/repository/list-children.ts";
import { systemClock } from "../../src/core/clock.ts";
import { type ErrorCode, isDrError } from "../../src/core/errors.ts";
import { systemRandom } from "../../src/core/random.ts";
import { listAll, type ObjectStore } from "../../src/repository/object-store.ts";
import { probeStore } from "../../src/stores/probe-store.ts";
import { collectGarbage } from "../support/collect-garbage.ts";

/** A fresh store. `flatMemory`: objects do not live in this process's memory. */
export type StoreUnderTest = {
  readonly store: ObjectStore;
  readonly flatMemory: boolean;
  readonly dispose: () => Promise<void>;
};

const MIB = 1 << 20;

/** For `assert.rejects`: a registered error with this code. */
export function withCode(code: ErrorCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isDrError(error, code), `expected ${code}, got ${String(error)}`);
    return true;
  };
}

async function collectKeys(
  store: ObjectStore,
  prefix: string,
  signal: AbortSignal,
): Promise<string[]> {
  const keys: string[] = [];
  for await (const entry of listAll(store, prefix, { signal })) {
    keys.push(entry.key);
  }
  return keys;
}

const ODD_KEYS = [
  "",
  "/",
  "/a",
  "a/",
  "a//b",
  ".",
  "..",
  "a/../b",
  "a/.",
  ".hidden",
  "a/.b",
  "a b",
  "a\0b",
  "a\\b",
  "é",
  "a:b",
  "a\n",
  "%2e",
  "a".repeat(256),
  `${"a/".repeat(256)}b`,
];

const directories = ["a", "b", "a-b", "a.b", "b_"];
const leaves = ["x", "a-z", "a.z", "a0", "a_", "B", "Z9", "x-1", "x.1", "x1"];
const keyArbitrary = fc
  .tuple(fc.array(fc.constantFrom(...directories), { maxLength: 3 }), fc.constantFrom(...leaves))
  .map(([path, leaf]) => [...path, leaf].join("/"));

/** Registers the tests of the contract under `name`. */
export function objectStoreContract(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the contract of object stores`, () => {
    const signal = new AbortController().signal;
    const call = { signal };
    let under: StoreUnderTest;
    let store: ObjectStore;
    before(async () => {
      under = await makeStore();
      store = under.store;
    });
    after(async () => {
      await under.dispose();
    });
    const stage = async (file: string, bytes: Uint8Array): Promise<string> => {
      const directory = join(await store.stagingDirectory(call), "contract");
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, file), bytes);
      return join(directory, file);
    };

    test("an object is its parts joined, and may be empty", async () => {
      const parts = [Buffer.from("one "), Buffer.alloc(0), Buffer.from("two")];
      await store.put("put/parts", parts, call);
      assert.equal((await store.get("put/parts", call)).toString(), "one two");
      assert.equal(await store.size("put/parts", call), 7);
      await store.put("put/empty", [], call);
      assert.equal((await store.get("put/empty", call)).length, 0);
    });

    test("more parts than one system call takes are all written", async () => {
      const parts = Array.from({ length: 3000 }, (_, index) => Buffer.from(`${index},`));
      await store.put("put/many", parts, call);
      assert.deepEqual(await store.get("put/many", call), Buffer.concat(parts));
    });

    test("L10 the same bytes again are identical", async () => {
      await store.put("put/same", [Buffer.from("same")], call);
      assert.equal(
        await store.put("put/same", [Buffer.from("sa"), Buffer.from("me")], call),
        "identical",
      );
    });

    test("L9 other bytes under a key are refused with STORE_CONFLICT and change nothing", async () => {
      await store.put("put/taken", [Buffer.from("first")], call);
      for (const other of ["other", "first and more", "", "firsT"]) {
        await assert.rejects(
          store.put("put/taken", [Buffer.from(other)], call),
          withCode("STORE_CONFLICT"),
        );
      }
      assert.equal((await store.get("put/taken", call)).toString(), "first");
    });

    test("of sixteen creators with different bytes one wins, and its bytes are there", async () => {
      for (let round = 0; round < 10; round += 1) {
        const key = `race/${round}`;
        const texts = Array.from({ length: 16 }, (_, index) => `creator ${index}`);
        const results = await Promise.allSettled(
          texts.map((text) => store.put(key, [Buffer.from(text)], call)),
        );
        const winners = texts.filter((_, index) => results[index]?.status === "fulfilled");
        assert.equal(winners.length, 1);
        assert.equal((await store.get(key, call)).toString(), winners[0]);
        for (const result of results) {
          assert.ok(
            result.status === "fulfilled" ||
              isDrError(result.reason, "STORE_CONFLICT") ||
              isDrError(result.reason, "STORE_BUSY"),
          );
        }
      }
    });

    test("every range inside an object is exact", async () => {
      const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
      await store.put("range/object", [bytes], call);
      await fc.assert(
        fc.asyncProperty(fc.nat(1000), fc.nat(1000), async (a, b) => {
          const offset = Math.min(a, b);
          const length = Math.max(a, b) - offset;
          const got = await store.get("range/object", { signal, range: { offset, length } });
          assert.deepEqual(got, bytes.subarray(offset, offset + length));
        }),
        { numRuns: 50 },
      );
    });

    test("L39 a range past the end is refused with STORE_SHORT_READ", async () => {
      await store.put("range/short", [Buffer.from("0123456789")], call);
      for (const range of [
        { offset: 5, length: 6 },
        { offset: 10, length: 1 },
        { offset: 50, length: 1 },
        { offset: 0, length: 11 },
      ]) {
        await assert.rejects(
          store.get("range/short", { signal, range }),
          withCode("STORE_SHORT_READ"),
        );
      }
    });

    test("an absent object is STORE_MISSING, also where other keys begin with its name", async () => {
      await store.put("missing/part/object", [Buffer.from("x")], call);
      for (const key of ["missing/none", "missing/part", "missing", "missing/part/object/below"]) {
        await assert.rejects(store.get(key, call), withCode("STORE_MISSING"));
        await assert.rejects(store.size(key, call), withCode("STORE_MISSING"));
      }
    });

    test("deleting is idempotent, and a deleted key can be created again", async () => {
      await store.delete("delete/never/there", call);
      await store.put("delete/a/object", [Buffer.from("one")], call);
      await store.delete("delete/a/object", call);
      await store.delete("delete/a/object", call);
      await assert.rejects(store.get("delete/a/object", call), withCode("STORE_MISSING"));
      assert.deepEqual(await collectKeys(store, "delete/", signal), []);
      await store.put("delete/a/object", [Buffer.from("two")], call);
      assert.equal((await store.get("delete/a/object", call)).toString(), "two");
    });

    test("creating and deleting in one directory at once loses nothing that was acknowledged", async () => {
      const rounds = Array.from({ length: 8 }, (_, index) => index);
      await Promise.all(
        rounds.map(async (index) => {
          for (let round = 0; round < 5; round += 1) {
            const key = `churn/deep/er/${index}-${round}`;
            await store.put(key, [Buffer.from(key)], call);
            assert.equal((await store.get(key, call)).toString(), key);
            await store.delete(key, call);
          }
          await store.put(`churn/deep/er/kept-${index}`, [Buffer.from("kept")], call);
        }),
      );
      assert.deepEqual(
        await collectKeys(store, "churn/", signal),
        rounds.map((index) => `churn/deep/er/kept-${index}`),
      );
    });

    for (const key of ODD_KEYS) {
      test(`the key ${JSON.stringify(key.slice(0, 20))} of ${key.length} characters is refused with STORE_KEY`, async () => {
        await assert.rejects(store.put(key, [Buffer.from("x")], call), withCode("STORE_KEY"));
        await assert.rejects(store.get(key, call), withCode("STORE_KEY"));
        await assert.rejects(store.delete(key, call), withCode("STORE_KEY"));
        assert.throws(() => store.localPath(key), withCode("STORE_KEY"));
      });
    }

    test("L38 a listing is in byte order for every prefix, start and page size", async () => {
      const all = new Set<string>();
      for (const key of fc.sample(keyArbitrary, { numRuns: 60, seed: 7 })) {
        all.add(`list/${key}`);
      }
      await Promise.all([...all].map((key) => store.put(key, [Buffer.from(key)], call)));
      const sorted = [...all].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const prefixes = ["list/", "list", "list/a", "list/a-", "list/a/", "list/b_/a", "list/zzz"];
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...prefixes),
          fc.option(fc.constantFrom(...sorted, "list/a/zz", "list/"), { nil: undefined }),
          fc.integer({ min: 1, max: 9 }),
          async (prefix, startAfter, limit) => {
            const expected = sorted.filter(
              (key) => key.startsWith(prefix) && (startAfter === undefined || key > startAfter),
            );
            const page = await store.list(prefix, {
              signal,
              limit,
              ...(startAfter === undefined ? {} : { startAfter }),
            });
            const got = page.entries.map((entry) => entry.key);
            assert.deepEqual(got, expected.slice(0, got.length));
            assert.equal(page.more, got.length < expected.length);
            assert.ok(got.length > 0 || expected.length === 0);
            assert.ok(page.entries.every((entry) => entry.sizeBytes === entry.key.length));
          },
        ),
        { numRuns: 60 },
      );
      assert.deepEqual(await collectKeys(store, "list/", signal), sorted);
    });

    test("R30 where a store tells folders without a listing, they are those that a listing shows", async () => {
      if (store.folders === undefined) {
        return;
      }
      for (const key of ["b/1", "a/2/3", "a-/1", "a/1", "a0/x", "file"]) {
        await store.put(`folders/${key}`, [Buffer.from(key)], call);
      }
      const listed: string[] = [];
      for await (const child of listChildren(store, "folders/", call)) {
        listed.push(child);
      }
      assert.deepEqual(await store.folders("folders/", call), listed);
      assert.deepEqual(listed, ["a-", "a", "a0", "b"]);
      assert.deepEqual(await store.folders("nothing/", call), []);
    });

    test("an aborted call rejects with the signal's reason and leaves no object", async () => {
      const reason = new Error("stopped by the test");
      const aborted = { signal: AbortSignal.abort(reason) };
      const file = await stage("aborted", Buffer.from("x"));
      for (const attempt of [
        () => store.put("abort/put", [Buffer.from("x")], aborted),
        () => store.putFile(file, "abort/put", aborted),
        () => store.get("abort/put", aborted),
        () => store.size("abort/put", aborted),
        () => store.list("abort/", aborted),
        () => store.delete("abort/put", aborted),
        () => store.stagingDirectory(aborted),
      ]) {
        await assert.rejects(attempt(), (error) => error === reason);
      }
      assert.deepEqual(await collectKeys(store, "abort/", signal), []);
    });

    test("a staged file is published once and is gone then; on a conflict it stays", async () => {
      const first = await stage("first", Buffer.from("staged"));
      await store.putFile(first, "file/object", call);
      await assert.rejects(access(first));
      assert.equal((await store.get("file/object", call)).toString(), "staged");
      const again = await stage("again", Buffer.from("staged"));
      assert.equal(await store.putFile(again, "file/object", call), "identical");
      await assert.rejects(access(again));
      const other = await stage("other", Buffer.from("STAGED"));
      await assert.rejects(store.putFile(other, "file/object", call), withCode("STORE_CONFLICT"));
      await access(other);
      assert.equal((await store.get("file/object", call)).toString(), "staged");
    });

    test("staged files are never listed, and leftovers go when they are old", async () => {
      const leftover = join(await store.stagingDirectory(call), "leftover");
      await writeFile(leftover, "half");
      const listed = await collectKeys(store, "", signal);
      assert.ok(listed.every((key) => !key.includes("leftover")));
      await store.removeLeftovers({ signal, olderThanMs: 3_600_000 });
      await access(leftover);
      await store.removeLeftovers({ signal, olderThanMs: -1000 });
      const kept = await readdir(await store.stagingDirectory(call));
      assert.ok(!kept.includes("leftover") || !(await store.capabilities(call)).localPaths);
    });

    test("100 MiB from a file and back in ranges need no more memory than their buffers", async () => {
      const path = join(await store.stagingDirectory(call), "large");
      const handle = await open(path, "wx");
      const block = Buffer.alloc(MIB);
      for (let index = 0; index < 100; index += 1) {
        block.fill(index);
        await handle.write(block);
      }
      await handle.close();
      const beforeBytes = process.memoryUsage().rss;
      await store.putFile(path, "large/object", call);
      let peakBytes = process.memoryUsage().rss;
      for (let index = 0; index < 100; index += 1) {
        const range = { offset: index * MIB, length: MIB };
        block.fill(index);
        assert.ok((await store.get("large/object", { signal, range })).equals(block));
        if (index % 8 === 0) {
          collectGarbage();
        }
        peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
      }
      if (under.flatMemory) {
        assert.ok(
          peakBytes - beforeBytes < 32 * MIB,
          `grew by ${(peakBytes - beforeBytes) / MIB} MiB`,
        );
      }
      await store.delete("large/object", call);
    });

    test("a path for workers holds the object, where there is one", async () => {
      await store.put("local/object", [Buffer.from("in place")], call);
      const path = store.localPath("local/object");
      assert.equal(path !== undefined, (await store.capabilities(call)).localPaths);
      if (path !== undefined) {
        const handle = await open(path, "r");
        assert.equal((await handle.readFile()).toString(), "in place");
        await handle.close();
      }
    });

    test("an appended object holds what was acknowledged, and has one creator", async () => {
      const { append } = await store.capabilities(call);
      assert.ok(!append || store.openAppend !== undefined);
      if (!append || store.openAppend === undefined) {
        return;
      }
      await using growing = await store.openAppend("append/part", call);
      assert.equal(await store.size("append/part", call), 0);
      growing.appendSync(Buffer.from("one"));
      growing.appendSync(Buffer.alloc(0));
      growing.appendSync(Buffer.from("two"));
      assert.equal(growing.sizeBytes, 6);
      assert.equal((await store.get("append/part", call)).toString(), "onetwo");
      await assert.rejects(store.openAppend("append/part", call), withCode("STORE_CONFLICT"));
      await growing.close();
      await growing.close();
      assert.equal((await store.get("append/part", call)).toString(), "onetwo");
    });

    test("the probe finds a store that keeps the contract fit for leases and leaves nothing, also when answers are lost", async () => {
      for (let round = 0; round < 10; round++) {
        const probe = await probeStore(store, { clock: systemClock, random: systemRandom, signal });
        assert.equal(probe.refusesSecondCreate, true);
        assert.equal(probe.oneWinnerInProcess, true);
        assert.equal(probe.readsAfterWrite, true);
        assert.equal(probe.readsRanges, true);
        assert.equal(probe.listsAfterWrite, true);
        assert.equal(probe.deletes, true);
        assert.deepEqual(await collectKeys(store, "probe/", signal), []);
      }
    });
  });
}
