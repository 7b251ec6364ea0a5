/** Without hard links: whose unfinished object blocks its key, and for how long. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { isDrError } from "../../src/core/errors.ts";
import { markWriter } from "../../src/stores/disk/writer-marks.ts";
import { DiskStore } from "../../src/stores/disk-store.ts";
import { withCode } from "./object-store-contract.ts";

const KEY = "one/deep/object";
const call = { signal: new AbortController().signal };
const content = Buffer.alloc(5000, "content ");
const roots: string[] = [];

after(async () => {
  for (const root of roots) {
    await rm(root, { recursive: true });
  }
});

/** A store without hard links in which an object has been begun and not ended. */
async function withUnfinished(): Promise<{ store: DiskStore; path: string; staging: string }> {
  const root = await mkdtemp(join(tmpdir(), "pra-unfinished-"));
  roots.push(root);
  const store = await DiskStore.open({ root, create: true, hardLinks: "none" }, call);
  const staging = await store.stagingDirectory(call);
  const path = join(store.location, KEY);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content.subarray(0, 1000));
  return { store, path, staging };
}

/** The mark of a process that is not there any more. */
async function markOfDead(staging: string, pid: number): Promise<string> {
  const own = await markWriter(staging, KEY);
  const dead = own.replace(/-\d+-(\w+-\w+)$/, `-${pid}-$1`);
  await rename(own, dead);
  return dead;
}

test("L6 an unfinished object whose writer is unknown blocks its key for ten minutes", async () => {
  const { store, path, staging } = await withUnfinished();
  await assert.rejects(store.put(KEY, [content], call), withCode("STORE_BUSY"));
  await utimes(path, new Date(0), new Date(0));
  assert.equal(await store.put(KEY, [content], call), "created");
  assert.ok((await store.get(KEY, call)).equals(content));
  assert.deepEqual(await readdir(staging), []);
});

test("L6 an unfinished object blocks its key while one of its writers may live, here or elsewhere", async () => {
  const { store, staging } = await withUnfinished();
  await markOfDead(staging, 999_999_999);
  const own = await markWriter(staging, KEY);
  await assert.rejects(store.put(KEY, [content], call), withCode("STORE_BUSY"));
  const elsewhere = own.replace(/(writing-\w+)-\w+-\w+-/, "$1-other-other-");
  await rename(own, elsewhere);
  await assert.rejects(store.put(KEY, [content], call), withCode("STORE_BUSY"));
  await rm(elsewhere);
  assert.equal(await store.put(KEY, [content], call), "created");
  assert.deepEqual(await readdir(staging), []);
});

test("L6 a finished object stays, whatever marks of the dead lie beside it", async () => {
  const { store, path, staging } = await withUnfinished();
  await rm(path);
  await store.put(KEY, [content], call);
  await markOfDead(staging, 999_999_999);
  assert.equal(await store.put(KEY, [content], call), "identical");
  await assert.rejects(store.put(KEY, [content.subarray(1)], call), withCode("STORE_CONFLICT"));
  assert.ok((await store.get(KEY, call)).equals(content));
});

test("L6 of many that want to take an unfinished object over from the dead one at most does at a time", async () => {
  const { store, staging } = await withUnfinished();
  for (const pid of [999_999_997, 999_999_998, 999_999_999]) {
    await markOfDead(staging, pid);
  }
  const puts = Array.from({ length: 8 }, () => store.put(KEY, [content], call));
  const results = await Promise.allSettled(puts);
  for (const each of results) {
    assert.ok(each.status === "fulfilled" || isDrError(each.reason, "STORE_BUSY"));
  }
  // All may have met and withdrawn; then it is still there to be taken over.
  const last = await store.put(KEY, [content], call);
  const ends = [
    ...results.flatMap((each) => (each.status === "fulfilled" ? [each.value] : [])),
    last,
  ];
  assert.equal(ends.filter((end) => end === "created").length, 1);
  assert.ok((await store.get(KEY, call)).equals(content));
  assert.deepEqual(await readdir(staging), []);
});
